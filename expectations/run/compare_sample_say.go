package run

import (
	"math"
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
	if c.fact {
		parts = s.sayFact(e)
	}
	sure := true
	for side := range s.ways {
		parts = append(parts, s.sayWay(canon.Side(side), c))
		sure = sure && s.res.Ways[side].All
	}
	tol := s.ways[canon.Left].tol
	mostly := !tol.Strict() && e.MaxFailures == nil && e.Mostly != nil
	if known := c.interval.Low > 0 || c.interval.High < 1; mostly && known && !math.IsNaN(c.rate) {
		limit := tol.Limit
		if c.verdict == result.Fail {
			limit = tol.Rate
		}
		parts = append(parts, "so "+c.interval.Say(1-limit)+" of all keys agree")
	}
	if !sure {
		parts = append(parts, "with "+sample.Confidence(s.opts.Confidence)+" confidence")
	}
	switch {
	case e.MaxFailures != nil && *e.MaxFailures > 0:
		if !c.fact {
			parts = append(parts, "at most "+diag.Plural(*e.MaxFailures, "key")+" may")
		}
	case mostly && tol.Rate < tol.Limit && c.verdict != result.Fail:
		parts = append(parts, percentOf(*e.Mostly)+" must, and "+sample.Percent(s.detect)+" that do not is looked for")
	case mostly:
		parts = append(parts, percentOf(*e.Mostly)+" must")
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

// sayFact says why rows drawn are enough to fail, whatever share of all rows they stand for: nothing where what is said of the source, or of extra rows of the
// target, says so by itself.
func (s *sampledComparison) sayFact(e *spec.Expectation) []string {
	n := &s.res.Counts
	met := result.CompareCounts{Changed: n.Changed, Missing: n.Missing, Extra: n.Extra, DuplicateKey: n.DuplicateKey}
	keys := diag.Plural(s.different(), "key") + " drawn " + differs(s.different()) + " (" + classes(&met) + ")"
	switch {
	case e.MaxFailures != nil && *e.MaxFailures > 0:
		return []string{keys + ", and of all keys at most " + diag.Group(*e.MaxFailures) + " may"}
	case s.ways[canon.Left].failed+s.ways[canon.Right].failed == 0:
		return []string{keys + ", and none may"}
	}
	return nil
}

func differs(n int64) string {
	if n == 1 {
		return "differs"
	}
	return "differ"
}

// sayRest says what else happened.
func (s *sampledComparison) sayRest() []string {
	var parts []string
	for side, a := range s.ways {
		w := &s.res.Ways[side]
		if w.Ended == diff.EndedTime {
			parts = append(parts, timeUp(s.opts.MaxTime, w.Drawn, sideWords[side]+" row", w.Design.Linear))
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

// sayWay says what one direction shows: "12 of 10,000 source rows drawn differ (10 changed, 2 missing): between 0.06 % and 0.2 % of rows". Of the target it
// speaks of extra rows, and then of those that differ otherwise: "none of 10,000 target rows drawn is extra: at most 0.06 % of rows, but 9 differ (9 changed)".
func (s *sampledComparison) sayWay(side canon.Side, c *conclusion) string {
	a, w, j := s.ways[side], &s.res.Ways[side], &c.ways[side]
	name := sideWords[side]
	if a.nothing() {
		switch {
		case w.All:
			return "the " + name + " has no rows"
		case w.Drawn == 0 && w.Ended == diff.EndedTime:
			return "nothing is known of the " + name // sayRest says why
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
	if side == canon.Right {
		counts.Extra = 0 // it is what is spoken of
	}
	seen := "none"
	if a.failed > 0 {
		seen = diag.Group(a.failed)
	}
	verb := verbs[0]
	if a.failed > 1 {
		verb = verbs[1]
	}
	text, which := seen+" of "+of+" "+verb, classes(&counts)
	if which != "" && side == canon.Left {
		text += " (" + which + ")"
	}
	if !w.All {
		limit := a.tol.Limit
		if j.Verdict == sample.Fail {
			limit = a.tol.Rate
		}
		text += ": " + j.Interval.Say(limit) + " of rows"
	}
	if which != "" && side == canon.Right {
		but := ", and " + diag.Group(a.other) + " more "
		if a.failed == 0 {
			but = ", but " + diag.Group(a.other) + " "
		}
		text += but + differs(a.other) + " (" + which + ")"
	}
	return text
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
