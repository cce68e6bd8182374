package run

import (
	"errors"
	"fmt"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/sample"
	"github.com/assay-dev/assay/expectations/spec"
)

// audit judges one row expectation by rows drawn at random. It is in one of three forms: rows equally likely and a fixed number of them, likewise and
// looked at as they come, or rows of unequal chances.
type audit struct {
	item   *plan.Item
	runs   float64 // detect of the run
	detect float64 // of the item
	tol    sample.Tolerance
	// refused is why the sample cannot be judged, unless it breaks the rule outright.
	refused string
	conf    float64

	counts result.Counts // so far, or when growing ended
	design query.SampleDesign
	rows   int64
	ended  bool

	growing  *sample.Sequential // nil unless rows are looked at as they come
	weighted *sample.Weighted   // nil unless rows have unequal chances
	prog     *eval.Program      // of weighted: fails, holds
}

func (d *drawing) newAudit(it *plan.Item) (*audit, error) {
	o := d.x.r.opts.Sampling
	a := &audit{item: it, conf: o.Confidence, runs: o.Detect, detect: o.Detect, design: d.design}
	if it.Spec.Detect != nil {
		a.detect = it.Spec.Detect.Float()
	}
	var err error
	a.tol, err = toleranceOf(it.Spec, o.Detect, a.population())
	if errors.Is(err, sample.ErrCountUnknown) {
		a.refused, err = err.Error(), nil
	}
	if err != nil || a.refused != "" {
		return a, err
	}
	switch {
	case a.design.Weighted:
		if a.weighted, err = sample.NewWeighted(a.design.LargestWeight); err != nil {
			return nil, err
		}
		a.prog, err = eval.Compile([]query.Expr{plan.FailingCondition(it), plan.HoldingCondition(it)}, d.cols)
	case o.EarlyStop && d.job.Strata == nil:
		a.growing, err = sample.NewSequential(sample.Plan{Rows: int64(d.job.Query.N), Population: a.population(), Tolerance: a.tol, Confidence: a.conf})
	}
	return a, err
}

// population is the number of rows that the item judges, where it is known and judges all of those drawn from; else 0.
func (a *audit) population() int64 { return populationOf(a.item, a.design) }

// add takes a batch, the weights of its rows where they have any, and the counts with it.
func (a *audit) add(b *value.Batch, weights []float64, counts result.Counts) error {
	if a.growing != nil && a.ended {
		return nil
	}
	a.rows += int64(b.N)
	passedBefore, failedBefore := tallied(a.counts, a.item.Spec)
	a.counts = counts
	passed, failed := tallied(counts, a.item.Spec)
	switch {
	case a.weighted != nil:
		vs, err := a.prog.Run(b)
		if err != nil {
			return err
		}
		for i := range b.N {
			fails, holds := vs[0].Bools[i] && !vs[0].Errs.Get(i), vs[1].Bools[i] && !vs[1].Errs.Get(i)
			if fails || holds {
				if err := a.weighted.Add(weights[i], fails); err != nil {
					return err
				}
			}
		}
	case a.growing != nil:
		var err error
		a.ended, err = a.growing.Add(failed-failedBefore, passed+failed-passedBefore-failedBefore)
		if err != nil {
			return err
		}
	}
	return nil
}

// decided says that more rows change nothing.
func (a *audit) decided() bool {
	switch {
	case a.refused != "":
		_, failed := tallied(a.counts, a.item.Spec)
		return a.item.Spec.MaxFailures != nil && failed > *a.item.Spec.MaxFailures
	case a.growing != nil:
		return a.ended
	case a.weighted != nil:
		j, err := a.weighted.Judge(a.tol, a.conf)
		return err == nil && j.Verdict != sample.Inconclusive
	}
	return false
}

// finish judges the rows drawn.
func (a *audit) finish(s *drawn) error {
	passed, failed := tallied(a.counts, a.item.Spec)
	err := a.informed(s.design)
	if err != nil {
		return err
	}
	switch most := a.item.Spec.MaxFailures; {
	case a.refused != "" && failed > *most && !a.design.Replacement:
		s.judgement = sample.Judgement{
			Verdict: sample.Fail, Certain: true, Failed: failed, Drawn: passed + failed, Rate: float64(failed) / float64(passed+failed), Confidence: a.conf,
			Interval: sample.Count{Failed: failed, Drawn: passed + failed}.Interval(a.conf), Method: sample.ClopperPearson,
			Sentence: factText(failed, passed+failed, *most),
		}
	case a.refused != "":
		s.refused = a.refused
	case a.weighted != nil:
		s.judgement, err = a.weighted.Judge(a.tol, a.conf)
	case a.growing != nil:
		s.judgement = a.growing.Finish()
	default:
		s.judgement, err = sample.Judge(sample.Count{Failed: failed, Drawn: passed + failed, Population: a.population()}, a.tol, a.conf)
	}
	return err
}

// informed takes the design as it was at the end, where nothing was decided by what it was at the start: that a file was read tells how many rows it has.
func (a *audit) informed(d query.SampleDesign) (err error) {
	if a.growing != nil || a.weighted != nil || d.Weighted {
		return nil
	}
	a.design, a.refused = d, ""
	if a.tol, err = toleranceOf(a.item.Spec, a.runs, a.population()); errors.Is(err, sample.ErrCountUnknown) {
		a.refused, err = err.Error(), nil
	}
	return err
}

// factText says that more of the rows drawn fail than of all may.
func factText(failed, drawn, most int64) string {
	return fmt.Sprintf("%s of %s drawn fail already, and of all rows at most %s may", diag.Group(failed), diag.Plural(drawn, "row"), diag.Group(most))
}

// toleranceOf is what an expectation tolerates, as rates. The run's detect stands in for one of its own; population is the exact number of rows judged, 0
// where nobody knows.
func toleranceOf(e *spec.Expectation, detect float64, population int64) (sample.Tolerance, error) {
	rule, err := ruleOf(e, detect)
	if err != nil {
		return sample.Tolerance{}, err
	}
	return rule.Tolerance(population)
}
