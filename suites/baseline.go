package suites

import (
	"math"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/suites/schema"
)

// baseline decodes how an expectation's figure is held against the runs before; nil where it is not.
func (b *builder) baseline(o *object) *baseline.Settings {
	if !o.has("baseline") {
		return nil
	}
	n := o.pairs["baseline"].value
	if n.Kind != yaml.MappingNode {
		o.bad("baseline", "write baseline: {season: weekly, deviation: 3}, or baseline: {} for what is usual", "baseline is a map of keys, not %s", kindName(n))
		return nil
	}
	sub, ok := b.object(o.file, n, schema.Baseline(), o.keyAt("baseline"))
	if !ok || sub.broken {
		return nil
	}
	s := baseline.Default()
	if v := sub.enum("season"); v != "" {
		s.Season = baseline.Season(v)
	}
	if v := sub.enum("direction"); v != "" {
		s.Direction = baseline.Direction(v)
	}
	if d, ok := sub.number("deviation"); ok {
		if s.Deviation = d; d <= 0 || d > 100 {
			sub.bad("deviation", "3 is usual: three standard deviations", "deviation is a number above 0 and at most 100")
		}
	}
	if i, ok := sub.count("min_history"); ok {
		if s.MinHistory = int(min(i, math.MaxInt32)); i < 2 {
			sub.bad("min_history", "7 is usual", "nothing can be learned from fewer than 2 runs")
		}
	}
	if d, ok := sub.duration("window"); ok {
		if s.Window = d; d <= 0 {
			sub.bad("window", "write 90d", "no run is as young as that")
		}
	}
	s.Exclude = b.exclude(sub)
	s.Change = b.change(sub)
	return &s
}

// change decodes a bound on change, which takes the place of the band.
func (b *builder) change(o *object) *baseline.Change {
	if !o.has("change") {
		return nil
	}
	c, ok := b.object(o.file, o.pairs["change"].value, schema.Change(), o.keyAt("change"))
	if !ok || c.broken {
		return nil
	}
	for _, k := range []string{"season", "deviation"} {
		if _, both := o.pairs[k]; both {
			b.list.Errorf("bad-value", o.keyAt(k), "leave it out, or leave change out", "%s says nothing beside change, which is judged without a band", k)
		}
	}
	out := &baseline.Change{Against: baseline.Against(c.enum("against")), Runs: baseline.DefaultRuns}
	out.Within = c.share("within")
	if n, ok := c.count("runs"); ok {
		if out.Runs = int(min(n, math.MaxInt32)); n == 0 {
			c.bad("runs", "7 is usual", "the mean of no run is nothing")
		}
		if out.Against != baseline.Average {
			b.list.Errorf("bad-value", c.keyAt("runs"), "against: average", "runs goes with against: average")
		}
	}
	return out
}

// exclude decodes stretches of time that are not learned from.
func (b *builder) exclude(o *object) []baseline.Span {
	var out []baseline.Span
	for _, n := range o.items("exclude") {
		s, ok := b.object(o.file, n, schema.Excluded(), o.file.span(n))
		if !ok || s.broken {
			continue
		}
		span := baseline.Span{Reason: s.str("reason")}
		var okFrom, okTo bool
		span.From, _, okFrom = s.moment("from")
		if s.has("to") {
			var wholeDay bool
			if span.To, wholeDay, okTo = s.moment("to"); wholeDay {
				span.To = span.To.AddDate(0, 0, 1)
			}
			if okFrom && okTo && !span.To.After(span.From) {
				s.bad("to", "", "the stretch ends before it begins")
			}
		}
		out = append(out, span)
	}
	return out
}

// moment returns a day, in UTC, or a point in time.
func (o *object) moment(key string) (at time.Time, day, ok bool) {
	text := strings.TrimSpace(o.str(key))
	if text == "" {
		return time.Time{}, false, false
	}
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		return at, true, true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), false, true
		}
	}
	o.bad(key, "write 2026-11-01, or 2026-11-01T14:30:00Z", "%s is not a day, or a point in time with its zone", quote(text))
	return time.Time{}, false, false
}

// share returns a number of 0 or more, or a percentage, which may be above 100 %.
func (o *object) share(key string) float64 {
	text := strings.TrimSpace(o.str(key))
	if text == "" {
		return 0
	}
	digits, percent := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v >= 0) || math.IsInf(v, 0) || !percent && v > 1 {
		o.bad(key, "write 20% or 0.2", "%s is not a share", quote(text))
		return 0
	}
	return v
}

// number returns a number.
func (o *object) number(key string) (float64, bool) {
	if !o.has(key) {
		return 0, false
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(o.str(key)), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		o.bad(key, "", "%s is a number", key)
		return 0, false
	}
	return v, true
}
