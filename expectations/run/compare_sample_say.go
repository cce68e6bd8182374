package run

import (
	"strings"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/sample"
	"github.com/assay-dev/assay/expectations/spec"
)

// say puts a conclusion into a sentence, without a full stop.
func (s *sampledComparison) say(c *conclusion, e *spec.Expectation) string {
	if s.empty() {
		if e.OnEmpty == spec.EmptyFail {
			return "no rows on either side, and on_empty is fail"
		}
		return "no rows on either side"
	}
	var parts []string
	sure := true
	for side := range s.ways {
		parts = append(parts, s.sayWay(canon.Side(side), c))
		sure = sure && s.res.Ways[side].All
	}
	if !sure {
		parts = append(parts, "with "+sample.Confidence(s.opts.Confidence)+" confidence")
	}
	tol := s.ways[canon.Left].tol
	switch {
	case e.MaxFailures != nil && *e.MaxFailures > 0:
		parts = append(parts, "at most "+diag.Plural(*e.MaxFailures, "key")+" may")
	case !tol.Strict() && e.Mostly != nil:
		parts = append(parts, percentOf(*e.Mostly)+" of all keys must agree")
	case c.verdict == result.Inconclusive:
		parts = append(parts, sample.Percent(s.detect)+" is looked for")
	}
	if c.need > 0 {
		if s.different() == 0 {
			parts = append(parts, diag.Plural(c.need, "row")+" each way would decide if none differs")
		} else {
			parts = append(parts, diag.Plural(c.need, "row")+" each way would decide if these rates held")
		}
	}
	parts = append(parts, s.sayRest()...)
	text := strings.Join(parts, "; ")
	if c.verdict == result.Inconclusive {
		return "inconclusive: " + text
	}
	return text
}

// sayRest says what else happened.
func (s *sampledComparison) sayRest() []string {
	var parts []string
	for side, a := range s.ways {
		w := &s.res.Ways[side]
		if w.Ended == diff.EndedTime {
			parts = append(parts, "the time allowed was up after "+diag.Plural(w.Drawn, sideWords[side]+" row"))
		}
		if a.unsettled > 0 {
			parts = append(parts, "nothing is known of "+diag.Plural(a.unsettled, sideWords[side]+" row")+" that changed whenever read")
		}
		if w.Undecided > 0 {
			parts = append(parts, "where is undecided for "+diag.Plural(w.Undecided, sideWords[side]+" row")+" drawn")
		}
	}
	if n := s.res.Counts.InFlight; n > 0 {
		parts = append(parts, diag.Group(n)+" in flight had caught up when read again")
	}
	return parts
}

// sayWay says what one direction shows: "12 of 10,000 source rows drawn differ (10 changed, 2 missing): between 0.06 % and 0.2 % of rows".
func (s *sampledComparison) sayWay(side canon.Side, c *conclusion) string {
	a, w, j := s.ways[side], &s.res.Ways[side], &c.ways[side]
	name := sideWords[side]
	if a.nothing() {
		switch {
		case w.All:
			return "the " + name + " has no rows"
		case w.Drawn > 0:
			return "none of " + diag.Plural(w.Drawn, name+" row") + " drawn is one to compare"
		}
		return "no " + name + " row was drawn, which does not show that there is none"
	}
	of := diag.Plural(a.drawn+a.unsettled, name+" row")
	if w.All {
		of = "all " + of
	} else {
		of += " drawn"
	}
	verbs := [2][2]string{{"differs", "differ"}, {"is extra", "are extra"}}[side]
	n := w.Counts
	counts := result.CompareCounts{Changed: n.Changed, Missing: n.Missing, Extra: n.Extra, DuplicateKey: n.DuplicateKey}
	beside := ""
	if side == canon.Right {
		counts.Extra, beside = 0, "beside " // the extra ones are what is spoken of
	}
	seen := "none"
	if a.failed > 0 {
		seen = diag.Group(a.failed)
	}
	verb := verbs[0]
	if a.failed > 1 {
		verb = verbs[1]
	}
	text := seen + " of " + of + " " + verb
	if which := classes(&counts); which != "" {
		text += " (" + beside + which + ")"
	}
	if w.All {
		return text
	}
	limit := a.tol.Limit
	if j.Verdict == sample.Fail {
		limit = a.tol.Rate
	}
	return text + ": " + j.Interval.Say(limit) + " of rows"
}

// sayEstimate says what one class comes to.
func sayEstimate(e *result.ClassEstimate, all bool) string {
	what := map[result.Class]string{result.Changed: "changed", result.Missing: "missing", result.Extra: "extra", result.DuplicateKey: "with a duplicate key"}[e.Class]
	of := " of " + e.Of + " rows"
	where := sample.Interval{Low: e.Low, High: e.High}.Say(0)
	if e.Rows != nil {
		where += rowsBetween(*e.RowsLow, *e.RowsHigh)
	}
	switch {
	case all && e.Rows != nil:
		return what + ": " + sample.Percent(e.Rate) + of + " (" + diag.Plural(*e.Rows, "row") + ")"
	case all:
		return what + ": " + sample.Percent(e.Rate) + of
	case e.Rate == 0:
		return what + ": none of the " + e.Of + " rows drawn (" + where + "), with " + sample.Confidence(e.Confidence) + " confidence"
	}
	return what + ": " + sample.Percent(e.Rate) + of + " (" + where + "), with " + sample.Confidence(e.Confidence) + " confidence"
}

// rowsBetween says bounds in rows.
func rowsBetween(low, high int64) string {
	if low == 0 {
		return ", at most " + diag.Plural(high, "row")
	}
	return ", " + diag.Group(low) + " to " + diag.Plural(high, "row")
}
