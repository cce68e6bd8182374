package run

import (
	"fmt"
	"strings"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// counts are the rows as reports count them: a row whose key cannot be computed is undecided; one whose key is null is skipped, or
// undecided by null where on_null counts those.
func (j *joinOutcome) counts(e *spec.Expectation) result.Counts {
	c := j.tally
	c.SkippedNull = 0 // of the tally: rows without a partner, which are told apart
	c.Undecided += j.keyErrs
	if e.OnNull == spec.NullSkip || e.OnNull == "" {
		c.SkippedNull = j.nullKeys
	} else {
		c.Undecided, c.UndecidedByNull = c.Undecided+j.nullKeys, c.UndecidedByNull+j.nullKeys
	}
	return c
}

// without are the rows that lack a partner.
func (j *joinOutcome) without(job *plan.JoinJob) *result.Orphans {
	o := &result.Orphans{Failing: j.orphans, NullKeys: j.nullKeys, Aliases: map[string]int64{}}
	o.Skipped = j.tally.SkippedNull - j.orphans - j.keyErrs - j.nullKeys
	for i, p := range job.Partners {
		o.Aliases[p.Alias] = j.byAlias[i]
	}
	return o
}

// judge forms the verdict: an orphan counts as false.
func (j *joinOutcome) judge(e *spec.Expectation) judgement {
	c := j.counts(e)
	c.False += j.orphans
	return judge(c, e)
}

// judgeJoin forms the verdict of a joined expectation and its part of the report.
func (r *runner) judgeJoin(it *plan.Item, n *numbers, out *result.Expectation) {
	if n.joined == nil {
		out.Verdict, out.Message = result.Error, "could not be evaluated: the join did not run"
		return
	}
	job, f := it.Join.Job, n.joined
	v := f.judge(it.Spec)
	c := f.counts(it.Spec)
	out.Counts, out.Verdict, out.Rate, out.Message, out.Orphans = &c, v.verdict, v.rate, v.message, f.without(job)
	out.Ran.Reasons = f.reasons
	if n.drawn != nil {
		r.judgeDrawnJoin(it, n, v, out)
	}
	out.Failures = append(out.Failures, sampleJoined(f.failing, f.lonely, r.opts.FailureRows)...)
	if o := out.Orphans; o.Failing > 0 {
		out.Message += "; among them " + diag.Plural(o.Failing, "orphan") + " (" + orphanText(job, it, f) + ")"
	}
	if out.Orphans.Skipped > 0 {
		out.Message += "; " + diag.Plural(out.Orphans.Skipped, "row") + " without an optional partner skipped"
	}
	if c.SkippedNull > 0 && v.passed+v.failed > 0 {
		out.Message += "; " + diag.Plural(c.SkippedNull, "row") + " with a null key skipped"
	}
	if c.WhereUndecided > 0 && v.passed+v.failed > 0 {
		out.Message += fmt.Sprintf("; where is undecided for %s", diag.Plural(c.WhereUndecided, "row"))
	}
	if n.failuresErr != nil {
		out.Message += "; failing rows could not be fetched: " + r.ofItem(it, n.failuresErr).Error()
	}
}

// orphanText says of which partners there are none: "without customer", or "3 without customer, 1 without product".
func orphanText(job *plan.JoinJob, it *plan.Item, f *joinOutcome) string {
	var parts []string
	for i, p := range job.Partners {
		if f.byAlias[i] > 0 && !it.Join.Optional[i] {
			parts = append(parts, fmt.Sprintf("%s without %s", diag.Group(f.byAlias[i]), p.Alias))
		}
	}
	if len(parts) == 1 {
		_, text, _ := strings.Cut(parts[0], " ")
		return text
	}
	return strings.Join(parts, ", ")
}

// sampleJoined keeps limit rows, a share of both kinds where there are both, in turn: whoever shows a few shows both.
func sampleJoined(values, orphans []result.Failure, limit int) []result.Failure {
	share := max(limit/2, limit-len(values))
	orphans = orphans[:min(len(orphans), share)]
	values = values[:min(len(values), limit-len(orphans))]
	var out []result.Failure
	for len(values)+len(orphans) > 0 {
		if len(values) > 0 {
			out, values = append(out, values[0]), values[1:]
		}
		if len(orphans) > 0 {
			out, orphans = append(out, orphans[0]), orphans[1:]
		}
	}
	return out
}

// ran says where and how the rows met their partners.
func (j *joinOutcome) ran() (where, method string) {
	method = string(j.method)
	if j.items > 1 {
		method += " shared by " + diag.Plural(int64(j.items), "expectation")
	}
	if j.method == plan.JoinServer {
		return onServer, method
	}
	return "here", method
}
