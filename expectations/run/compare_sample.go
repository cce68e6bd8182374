package run

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/sample"
	"github.com/assay-dev/assay/expectations/spec"
)

// sampledComparison is a comparison that is judged by rows drawn at random.
type sampledComparison struct {
	// whole says that a sample would have been all rows, which were compared therefore; nothing else is set then but wanted.
	whole  bool
	wanted int64
	opts   Sampling
	seed   string
	detect float64
	res    diff.SampleResult
	ways   [2]*wayAudit
}

// wayAudit judges one direction by what its rows show: of the source those that differ are failures, of the target those that the source has not. What
// differs otherwise is met in both directions, and counted in the first.
type wayAudit struct {
	side   canon.Side
	rule   sample.Rule
	opts   Sampling
	conf   float64 // of this direction
	where  bool    // it is evaluated here, so that rows drawn may be left out
	design query.SampleDesign
	tol    sample.Tolerance
	// refused says why nothing can be judged.
	refused string

	failed, drawn, unsettled int64
	other                    int64 // of the target: differ, although the source has the key
	growing                  *sample.Sequential
	weighted                 *sample.Weighted
	look                     int64 // the number of rows at which weighted is judged again
	classes                  map[diff.Class]*classTally
}

// classTally counts the rows drawn of a class.
type classTally struct {
	n int64
	// weighted is set where rows have unequal chances, or where what they show may have ended the drawing.
	weighted *sample.Weighted
}

// estimated are the classes that are estimated of a side, whether they were met or not.
var estimated = [2][]diff.Class{{diff.Changed, diff.Missing}, {diff.Extra}}

// ruleOf is what an expectation tolerates.
func ruleOf(e *spec.Expectation, detect float64) (sample.Rule, error) {
	rule := sample.Rule{MaxFailures: e.MaxFailures, Detect: detect}
	if e.Detect != nil {
		r, ok := new(big.Rat).SetString(e.Detect.String())
		if !ok {
			return rule, fmt.Errorf("detect: %s is no number", e.Detect)
		}
		rule.Detect, _ = r.Float64()
	}
	if e.Mostly != nil {
		r, ok := new(big.Rat).SetString(e.Mostly.String())
		if !ok {
			return rule, fmt.Errorf("mostly: %s is no number", e.Mostly)
		}
		rule.Mostly = r
	}
	return rule, nil
}

// begin is told how rows are drawn.
func (a *wayAudit) begin(d query.SampleDesign, rows int) (err error) {
	a.design = d
	if err := a.tolerance(0); err != nil || a.refused != "" {
		return err
	}
	switch {
	case d.Weighted:
		a.weighted, err = sample.NewWeighted(d.LargestWeight)
	case a.opts.EarlyStop:
		a.growing, err = sample.NewSequential(sample.Plan{Rows: int64(rows), Population: a.population(), Tolerance: a.tol, Confidence: a.conf})
	}
	return err
}

// tolerance makes rates of the rule; the number of rows is known where all of them were drawn.
func (a *wayAudit) tolerance(all int64) error {
	n := a.population()
	if all > 0 {
		n = all
	}
	var err error
	a.refused = ""
	a.tol, err = a.rule.Tolerance(n)
	if errors.Is(err, sample.ErrCountUnknown) {
		a.refused, err = err.Error(), nil
	}
	return err
}

// population is the number of rows that are drawn from and judged, where it is known; else 0.
func (a *wayAudit) population() int64 {
	if !a.design.RowsExact || a.design.Rows <= 0 || a.design.Replacement || a.where {
		return 0
	}
	return a.design.Rows
}

// take counts draws.
func (a *wayAudit) take(draws []diff.Draw) error {
	failedBefore, drawnBefore := a.failed, a.drawn
	for i := range draws {
		d := &draws[i]
		if d.Class == diff.Unsettled {
			a.unsettled++
			continue
		}
		a.drawn++
		differs := d.Class != diff.Identical && d.Class != diff.InFlight
		fails := differs && (a.side == canon.Left || d.Alone)
		switch {
		case fails:
			a.failed++
		case differs:
			a.other++
		}
		if a.weighted != nil {
			if err := a.weighted.Add(d.Weight, fails); err != nil {
				return fmt.Errorf("weigh a row drawn: %w", err)
			}
		}
		if err := a.class(d); err != nil {
			return err
		}
	}
	if a.growing != nil && a.growing.Next() > 0 {
		if _, err := a.growing.Add(a.failed-failedBefore, a.drawn-drawnBefore); err != nil {
			return fmt.Errorf("judge rows drawn: %w", err)
		}
	}
	return nil
}

// class counts a draw for the estimates.
func (a *wayAudit) class(d *diff.Draw) error {
	if a.classes == nil {
		a.classes = map[diff.Class]*classTally{}
		for _, class := range [...]diff.Class{diff.Changed, diff.Missing, diff.Extra, diff.DuplicateKey} {
			t := &classTally{}
			largest := a.design.LargestWeight
			if !a.design.Weighted {
				largest = 1
			}
			if a.design.Weighted || a.opts.EarlyStop {
				var err error
				if t.weighted, err = sample.NewWeighted(largest); err != nil {
					return fmt.Errorf("weigh rows drawn: %w", err)
				}
			}
			a.classes[class] = t
		}
	}
	for class, t := range a.classes {
		if class == d.Class {
			t.n++
		}
		if t.weighted == nil {
			continue
		}
		if err := t.weighted.Add(d.Weight, class == d.Class); err != nil {
			return fmt.Errorf("weigh a row drawn: %w", err)
		}
	}
	return nil
}

// decided says that more rows of this side change nothing.
func (a *wayAudit) decided() bool {
	switch {
	case a.refused != "":
		return false
	case a.tol.Strict() && a.failed+a.other > 0:
		return true
	case a.growing != nil:
		return a.growing.Next() == 0
	case a.weighted != nil && a.drawn >= a.look:
		a.look = a.drawn + a.drawn/4 + 1 // it may be judged at any time, which takes long
		j, err := a.weighted.Judge(a.tol, a.conf)
		return err == nil && j.Verdict != sample.Inconclusive
	}
	return false
}

// judge judges the rows drawn, as they are, with `more` of them failing beside those that do.
func (a *wayAudit) judge(all bool, more int64) (sample.Judgement, error) {
	switch {
	case a.weighted != nil && more == 0:
		return a.weighted.Judge(a.tol, a.conf)
	case a.growing != nil && more == 0:
		return a.growing.Finish(), nil
	case a.weighted != nil || a.growing != nil:
		return sample.Judgement{Verdict: sample.Inconclusive, Interval: sample.Interval{High: 1}, Confidence: a.conf}, nil
	}
	c := sample.Count{Failed: a.failed + more, Drawn: a.drawn + a.unsettled, Population: a.population()}
	if all {
		c.Population = c.Drawn
	}
	return sample.Judge(c, a.tol, a.conf)
}

// compareSampled runs one comparison of a suite by rows drawn at random.
func (r *runner) compareSampled(ctx context.Context, p *plan.Plan, it *plan.Item, sink func(*diff.Difference) error) (*sampledComparison, error) {
	s := &sampledComparison{opts: r.opts.Sampling, wanted: int64(it.Compare.Sample.Rows), seed: r.seed()}
	rule, err := ruleOf(it.Spec, s.opts.Detect)
	if err != nil {
		return nil, err
	}
	s.detect = rule.Detect
	if rule.Detect == 0 {
		s.detect = sample.DefaultDetect
	}
	release, err := r.both(ctx, p, it)
	if err != nil {
		return nil, err
	}
	defer release()
	r.progress(Event{Dataset: it.ID, Step: "sample", Total: 2 * s.wanted})
	designs, err := diff.PlanSample(ctx, it.Compare.Spec, it.Compare.Sample)
	if err != nil {
		return nil, r.sideFailure(p, it, err)
	}
	if designs[0].Method == query.SampleAll && designs[1].Method == query.SampleAll {
		s.whole = true
		return s, nil
	}
	for i, side := range [2]*diff.Side{&it.Compare.Spec.Left, &it.Compare.Spec.Right} {
		s.ways[i] = &wayAudit{side: canon.Side(i), rule: rule, opts: s.opts, conf: sample.EachWay(s.opts.Confidence)}
		s.ways[i].where = side.Where != nil && side.Source.Caps().Expr(side.Relation, side.Where) != nil
	}
	o := it.Compare.Sample
	o.MaxTime = s.opts.MaxTime
	o.Begin = func(from canon.Side, d query.SampleDesign) error { return s.ways[from].begin(d, o.Rows) }
	o.Take = func(from canon.Side, draws []diff.Draw) (bool, error) {
		if err := s.ways[from].take(draws); err != nil {
			return false, err
		}
		return s.opts.EarlyStop && s.enough(from), nil
	}
	s.res, err = diff.Sample(ctx, it.Compare.Spec, o, func(d diff.Difference) error { return sink(&d) }, func(p diff.Progress) {
		if p.Waiting > 0 {
			r.progress(Event{Dataset: it.ID, Step: "reading again", Rows: p.Waiting, Total: -1})
			return
		}
		r.progress(Event{Dataset: it.ID, Step: "sample", Rows: p.LeftRows + p.RightRows, Total: 2 * s.wanted})
	})
	return s, r.sideFailure(p, it, err)
}

// drew notes how many rows of the datasets were drawn.
func (r *runner) drew(it *plan.Item, s *sampledComparison) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for side := range s.res.Ways {
		r.drawn[it.Datasets[side]] += s.res.Ways[side].Drawn
	}
}

// enough says that no more rows of a side are needed: it is decided, or the whole comparison is, by a difference where none may be.
func (s *sampledComparison) enough(from canon.Side) bool {
	a := s.ways[from]
	if a.decided() {
		return true
	}
	first := s.ways[canon.Left]
	return from == canon.Right && first.refused == "" && first.tol.Strict() && first.failed > 0
}

// finish takes the designs as they were at the end, and the rules that they allow.
func (s *sampledComparison) finish() error {
	for side, a := range s.ways {
		w := &s.res.Ways[side]
		if w.Design.Method != "" {
			a.design = w.Design
		}
		if a.growing != nil { // it has been told the number of rows
			continue
		}
		all := int64(0)
		if w.All {
			all = w.Judged
		}
		if err := a.tolerance(all); err != nil {
			return err
		}
	}
	return nil
}

// agreeing is the share of keys that agree, of all keys of both sides, where so much of the source differs, of which so much is missing, and so much of the target is extra.
//
// With S rows of the source, of which d·S differ and m·S are missing, and T of the target, of which e·T are extra, both sides share S(1-m) = T(1-e) keys. All
// keys are S + e·T, and S(1-d) of them agree: a share of (1-d)(1-e)/(1-e·m).
func agreeing(d, m, e float64) float64 {
	if e*m >= 1 {
		return 0
	}
	return math.Max(0, (1-d)*(1-e)/(1-e*m))
}
