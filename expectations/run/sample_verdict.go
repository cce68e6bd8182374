package run

import (
	"strconv"
	"time"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/sample"
)

// mode is what result.Run.Mode says.
func (r *runner) mode() string {
	if r.opts.Plan.Sample != nil {
		return "sample"
	}
	return "full"
}

// seed is that of the run's samples, "" for none.
func (r *runner) seed() string {
	if s := r.opts.Plan.Sample; s != nil {
		return strconv.FormatUint(s.Seed, 10)
	}
	return ""
}

// judgeSample forms the entry of a row expectation that was judged by rows drawn at random.
func (r *runner) judgeSample(it *plan.Item, n *numbers, out *result.Expectation) {
	d := n.drawn
	counts := n.counts
	out.Counts, out.Sample = &counts, r.sampleOf(d)
	passed, failed := tallied(counts, it.Spec)
	out.Sample.Judged = passed + failed
	out.Failures = append(out.Failures, n.failures...)
	defer func() {
		if n := counts.WhereUndecided; n > 0 {
			out.Message += "; where is undecided for " + diag.Plural(n, "row")
		}
	}()
	if d.all {
		j := judge(counts, it.Spec)
		out.Verdict, out.Rate, out.Message = j.verdict, j.rate, j.message+" (all rows were read)"
		if d.worst != "" {
			out.Message += "; " + d.worst
		}
		return
	}
	if d.refused != "" {
		out.Verdict, out.Message = result.Skipped, d.refused
		return
	}
	if passed+failed == 0 {
		r.judgeNothing(n, out)
		return
	}
	r.judged(d.judgement, out)
	r.sayTimeUp(d, out)
}

// judgeNothing is the verdict where no row drawn was judged: nothing is known, unless there are no rows to draw.
func (r *runner) judgeNothing(n *numbers, out *result.Expectation) {
	d := n.drawn
	out.Verdict = result.Inconclusive
	switch {
	case d.rows == 0 && d.ended == endedTime:
		out.Message = "inconclusive: " + timeUp(r.opts.Sampling.MaxTime, 0, "row", d.design.Linear)
	case d.rows == 0:
		out.Message = "inconclusive: no row was drawn, which does not show that there is none"
	default:
		out.Message = "inconclusive: none of " + diag.Plural(d.rows, "row") + " drawn is one that the expectation judges"
	}
}

func verdictOf(v sample.Verdict) result.Verdict {
	switch v {
	case sample.Pass:
		return result.Pass
	case sample.Fail:
		return result.Fail
	case sample.Inconclusive:
	}
	return result.Inconclusive
}

// sampleOf describes how rows were drawn.
func (r *runner) sampleOf(d *drawn) *result.Sample {
	s := &result.Sample{
		Method: string(d.design.Method), Reason: d.design.Reason, Seed: r.seed(), Wanted: d.wanted, Drawn: d.rows, RowsExact: d.design.RowsExact,
		Looked: d.design.Looked, Linear: d.design.Linear, All: d.all, Detect: d.detect, Ended: d.ended, Strata: d.strata,
	}
	if d.design.Rows >= 0 {
		rows := d.design.Rows
		s.Rows = &rows
	}
	return s
}

// sayTimeUp adds that the drawing ended early, where it did.
func (r *runner) sayTimeUp(d *drawn, out *result.Expectation) {
	if d.ended == endedTime {
		out.Message += "; " + timeUp(r.opts.Sampling.MaxTime, d.rows, "row", d.design.Linear)
	}
}

// timeUp says that the time limit ended the drawing after so many rows of a kind, and what to do where that were none. linear says that the first comes when
// all have been looked at.
func timeUp(limit time.Duration, rows int64, kind string, linear bool) string {
	if rows > 0 {
		return "--max-time " + limit.String() + " was up after " + diag.Plural(rows, kind)
	}
	text := "no " + kind + " was drawn within --max-time " + limit.String() + ": allow more time"
	if linear {
		text += ", for all rows are looked at before the first is drawn"
	}
	return text
}
