package run

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// judgeComparison forms the verdict of a comparison and its part of the report.
func (r *runner) judgeComparison(it *plan.Item, n *numbers, out *result.Expectation) {
	if n.comparison == nil {
		out.Verdict, out.Message = result.Error, "could not be evaluated: the comparison did not run"
		return
	}
	res := &n.comparison.res
	out.Compare = Compared(it.Compare, res)
	out.Failures = append(out.Failures, n.comparison.sample.List()...)
	if s := n.comparison.drawn; s != nil && !s.whole {
		s.report(it, out)
		return
	}
	c := &out.Compare.Counts
	j := judgeKeys(c, it.Spec)
	out.Verdict, out.Message, out.Rate = j.verdict, j.message, j.rate
	undecided := out.Compare.WhereUndecided
	out.Counts = &result.Counts{True: j.passed, False: j.failed, WhereUndecided: undecided}
	if undecided > 0 {
		out.Message += fmt.Sprintf("; where is undecided for %s", diag.Plural(undecided, "row"))
	}
	if alone := oneSided(it.Compare.Findings); alone > 0 {
		out.Message += fmt.Sprintf("; %s of one side only not compared", diag.Plural(alone, "column"))
	}
	out.Ran.Reasons = n.comparison.reasons()
	if s := n.comparison.drawn; s != nil {
		out.Compare.Sample = s.section(nil)
		out.Message += "; " + out.Compare.Sample.Sentence
	} else if it.Compare.Unsampled != "" {
		out.Message += "; all rows were compared: " + it.Compare.Unsampled
	}
}

func oneSided(fs []diff.Finding) (n int64) {
	for _, f := range fs {
		if f.Code == diff.CodeSourceOnly || f.Code == diff.CodeTargetOnly {
			n++
		}
	}
	return n
}

// Compared is what a comparison found, as reports have it.
func Compared(item *plan.CompareItem, res *diff.Result) *result.Compare {
	c := &result.Compare{
		Source: item.Spec.Left.Name, Target: item.Spec.Right.Name, Key: []string{}, Strategy: string(res.Choice.Strategy), Reason: res.Choice.Reason,
		Counts: result.CompareCounts{
			Identical: res.Counts.Identical, Changed: res.Counts.Changed, Missing: res.Counts.Missing, Extra: res.Counts.Extra,
			DuplicateKey: res.Counts.DuplicateKey, InFlight: res.Counts.InFlight, Unsettled: res.Counts.Unsettled,
			SourceRows: res.Counts.LeftRows, TargetRows: res.Counts.RightRows,
		},
		Columns: map[string]int64{}, Bound: res.Bound, Findings: []result.Finding{},
		WhereUndecided: res.Reads[0].WhereUndecided + res.Reads[1].WhereUndecided,
	}
	for _, k := range item.Spec.Key {
		c.Key = append(c.Key, k.Name)
	}
	for i := range item.Compared {
		n := int64(0)
		if i < len(res.Columns) {
			n = res.Columns[i]
		}
		c.Columns[item.Names[i]] = n
	}
	order := make([]int, item.Compared)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return item.Position(a) - item.Position(b) })
	for _, i := range order {
		c.Order = append(c.Order, item.Names[i])
	}
	for _, f := range item.Findings {
		c.Findings = append(c.Findings, result.Finding{Code: f.Code, Column: f.Column, Text: f.Text})
	}
	return c
}

// judgeKeys forms the verdict: a key whose rows agree, at first sight or later, counts as true, one that differs as false, and one that
// changed whenever it was read as neither; what that leaves open is inconclusive.
func judgeKeys(c *result.CompareCounts, e *spec.Expectation) judgement {
	j := judgement{passed: c.Identical + c.InFlight, failed: c.Different(), verdict: result.Pass}
	total := j.passed + j.failed
	if total+c.Unsettled == 0 {
		j.message = "no rows on either side"
		if e.OnEmpty == spec.EmptyFail {
			j.verdict, j.message = result.Fail, "no rows on either side, and on_empty is fail"
		}
		return j
	}
	if total > 0 {
		rate := float64(j.passed) / float64(total)
		j.rate = &rate
	}
	keys := diag.Group(total) + " keys"
	if total == 1 {
		keys = "1 key"
	}
	switch {
	case e.MaxFailures != nil:
		j.message = fmt.Sprintf("%s of %s differ, at most %s may", diag.Group(j.failed), keys, diag.Group(*e.MaxFailures))
	case e.Mostly != nil && total > 0:
		j.message = fmt.Sprintf("%s of %s agree, %s must", rateBeside(j.passed, total, *e.Mostly), keys, percentOf(*e.Mostly))
	default:
		j.message = fmt.Sprintf("%s of %s differ", diag.Group(j.failed), keys)
	}
	switch {
	case total == 0:
		j.message = "nothing could be told"
	case j.failed > 0:
		j.message += ": " + classes(c)
	case total == 1:
		j.message = "the one key agrees"
	default:
		j.message = "all " + keys + " agree"
	}
	best, worst := allowed(j.passed+c.Unsettled, j.failed, e), allowed(j.passed, j.failed+c.Unsettled, e)
	switch {
	case !best:
		j.verdict = result.Fail
	case !worst:
		j.verdict = result.Inconclusive
	}
	if c.InFlight > 0 {
		j.message += fmt.Sprintf("; %s in flight had caught up when read again", diag.Group(c.InFlight))
	}
	if c.Unsettled > 0 {
		j.message += fmt.Sprintf("; nothing is known of %s that changed whenever it was read", diag.Plural(c.Unsettled, "key"))
	}
	return j
}

// allowed reports whether so many keys that agree and that differ hold the expectation, exactly.
func allowed(passed, failed int64, e *spec.Expectation) bool {
	switch {
	case e.MaxFailures != nil:
		return failed <= *e.MaxFailures
	case e.Mostly != nil:
		return value.DecFromInt(passed).Cmp(e.Mostly.Mul(value.DecFromInt(passed+failed))) >= 0
	}
	return failed == 0
}

// classes are the counts of what differs: "5 changed, 2 missing in the target, 1 extra there".
func classes(c *result.CompareCounts) string {
	var parts []string
	for _, x := range []struct {
		n    int64
		what string
	}{{c.Changed, "changed"}, {c.Missing, "missing"}, {c.Extra, "extra"}, {c.DuplicateKey, "repeated"}} {
		if x.n > 0 {
			parts = append(parts, diag.Group(x.n)+" "+x.what)
		}
	}
	return strings.Join(parts, ", ")
}

// method says how the rows were compared.
func (c *comparison) method() string { return string(c.res.Choice.Strategy) }

// reasons say why, and how each side was read where that is not in the order of its key.
func (c *comparison) reasons() []string {
	var out []string
	if c.res.Choice.Reason != "" {
		out = append(out, c.res.Choice.Reason)
	}
	if s := c.res.Settled; s != nil && s.Candidates > 0 {
		out = append(out, fmt.Sprintf("%s that differed at first: read again %s, the last after %s", diag.Plural(s.Candidates, "key"),
			diag.Plural(int64(s.Sweeps), "time"), diag.Duration(s.Took.Round(time.Millisecond))))
	}
	for i, side := range []string{"source", "target"} {
		r := &c.res.Reads[i]
		if r.Method == diff.ByServer || r.Method == diff.ByDigest || r.Method == "" {
			continue // as the strategy has it
		}
		text := side + " by " + string(r.Method)
		if r.Method == diff.BySort {
			text = side + " " + string(r.Method)
		}
		if r.Reason != "" {
			text += ": " + r.Reason
		}
		out = append(out, text)
	}
	return out
}
