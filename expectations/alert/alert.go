// Package alert holds a run against rules that say when somebody is to be told: it judges what the report has, the trends included, and reads nothing else.
package alert

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// The names of the rules, as suites and alerts have them.
const (
	RuleInconsistency = "inconsistency"
	RuleDuration      = "duration"
	RuleRows          = "rows"
	RuleCorrections   = "corrections"
	RuleErrors        = "errors"
	RuleLag           = "lag"
)

// The levels of an alert.
const (
	Warning  = "warning"
	Critical = "critical"
)

// Rules are the rules of a suite with their thresholds. Off rules never fire.
type Rules struct {
	Inconsistency Inconsistency
	Duration      Duration
	Rows          Rows
	Corrections   Corrections
	Errors        Errors
	Lag           Lag
}

// Inconsistency bounds the share of rows that are false, of all row and compare expectations together, in 0..1.
type Inconsistency struct {
	Off               bool
	Warning, Critical float64 // a rate above it fires
}

// Duration bounds how long a run takes by the median of the runs before it.
type Duration struct {
	Off     bool
	Times   float64       // of the median; a run that took more fires
	AtLeast time.Duration // a shorter run never does: its time is noise
}

// Rows bounds how few rows a dataset has: the band of its baseline, and while that learns a share of the median of the runs before.
type Rows struct {
	Off   bool
	Below float64 // share of the median, in 0..1
}

// Corrections bounds how many rows are corrected by the median of the runs before that corrected any.
type Corrections struct {
	Off     bool
	Times   float64
	AtLeast int64 // fewer corrected rows never fire
}

// Errors bounds the number of evaluations that failed, of expectations and of rows.
type Errors struct {
	Off   bool
	Above int64
}

// Lag bounds the age of the newest row.
type Lag struct {
	Off   bool
	Above time.Duration // 0: the target of each expectation about freshness, which is its own
}

// Past is what the rules ask of the runs before that no trend of the report holds.
type Past struct {
	Fixed []float64 // rows corrected, a run each
}

const (
	// leastPast is how many runs make a median that a run is held against.
	leastPast = 3
	// mostOfRule bounds the alerts of one rule: a message of thousands is read by nobody.
	mostOfRule = 20
	// messageBytes bounds one alert's sentence.
	messageBytes = 1000
)

// Default returns the rules of a suite that says nothing.
func Default() Rules {
	return Rules{
		Inconsistency: Inconsistency{Warning: 0.001, Critical: 0.01},
		Duration:      Duration{Times: 2, AtLeast: time.Second},
		Rows:          Rows{Below: 0.5},
		Corrections:   Corrections{Times: 3, AtLeast: 10},
	}
}

// Evaluate returns the rules that fire for a run whose trends are known, by rule in a fixed order, the critical first. It is never nil.
func Evaluate(rep *result.Report, past Past, r Rules) []result.Alert {
	out := []result.Alert{}
	for _, list := range [][]result.Alert{
		errorsOf(rep, r.Errors), inconsistency(rep, r.Inconsistency), rows(rep, r.Rows), lag(rep, r.Lag), duration(rep, r.Duration), corrections(rep, past, r.Corrections),
	} {
		slices.SortStableFunc(list, func(a, b result.Alert) int { return weight(a.Level) - weight(b.Level) })
		if more := len(list) - mostOfRule; more > 0 {
			last := result.Alert{Rule: list[0].Rule, Level: list[mostOfRule-1].Level, Message: "and " + diag.Plural(int64(more+1), "more alert") + " of this rule"}
			list = append(list[:mostOfRule-1], last)
		}
		out = append(out, list...)
	}
	for i := range out {
		out[i].Message = result.BoundText(out[i].Message, messageBytes)
	}
	return out
}

func weight(level string) int {
	if level == Critical {
		return 0
	}
	return 1
}

// errorsOf says what could not be evaluated: expectations, once for those that share a cause, and rows.
func errorsOf(rep *result.Report, r Errors) []result.Alert {
	if r.Off {
		return nil
	}
	type cause struct {
		first string
		n     int64
	}
	var messages []string
	failed, total := map[string]*cause{}, int64(0)
	var undecided []result.Alert
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		if e.Verdict == result.Error {
			c := failed[e.Message]
			if c == nil {
				c = &cause{first: e.ID}
				failed[e.Message] = c
				messages = append(messages, e.Message)
			}
			c.n++
			total++
			continue
		}
		if e.Counts == nil {
			continue
		}
		if n := e.Counts.Undecided - e.Counts.UndecidedByNull; n > 0 {
			total += n
			undecided = append(undecided, result.Alert{
				Rule: RuleErrors, Level: Warning, Expectation: e.ID, Message: fmt.Sprintf("%s: %s could not be evaluated", e.ID, diag.Plural(n, "row")),
			})
		}
	}
	if total <= r.Above {
		return nil
	}
	var out []result.Alert
	for _, m := range messages {
		c := failed[m]
		a := result.Alert{Rule: RuleErrors, Level: Critical, Expectation: c.first, Message: c.first + " could not be evaluated: " + m}
		if c.n > 1 {
			a.Message = fmt.Sprintf("%s could not be evaluated, %s the first: %s", diag.Plural(c.n, "expectation"), c.first, m)
		}
		out = append(out, a)
	}
	return append(out, undecided...)
}

func inconsistency(rep *result.Report, r Inconsistency) []result.Alert {
	rate := rep.Summary.Inconsistency
	if r.Off || rate == nil {
		return nil
	}
	a := result.Alert{Rule: RuleInconsistency}
	bound := r.Critical
	switch {
	case *rate > r.Critical:
		a.Level = Critical
	case *rate > r.Warning:
		a.Level, bound = Warning, r.Warning
	default:
		return nil
	}
	a.Message = fmt.Sprintf("%s of the judged rows are false: above %s", diag.Percent(*rate), diag.Percent(bound))
	return []result.Alert{a}
}

func rows(rep *result.Report, r Rows) []result.Alert {
	if r.Off {
		return nil
	}
	var out []result.Alert
	for i := range rep.Datasets {
		d := &rep.Datasets[i]
		if d.Rows == nil || d.Trend == nil {
			continue
		}
		now := float64(*d.Rows)
		a := result.Alert{Rule: RuleRows, Level: Warning, Dataset: d.Name}
		if *d.Rows == 0 {
			a.Level = Critical // there were rows, or nothing fires
		}
		if b := d.Trend.Baseline; b != nil && b.Expected != nil {
			if b.Verdict == result.Fail && now < *b.Expected {
				a.Message = d.Name + ": fewer rows than its runs before have: " + b.Message
				out = append(out, a)
			}
			continue
		}
		if middle, ok := median(before(d.Trend)); ok && now < r.Below*middle {
			a.Message = fmt.Sprintf("%s: %s, below %s of the %s that its runs before have in the middle", d.Name, diag.Plural(*d.Rows, "row"), diag.Percent(r.Below), figure(middle))
			out = append(out, a)
		}
	}
	return out
}

// lag is the age of the newest row that an expectation about freshness found, beyond what it allows.
func lag(rep *result.Report, r Lag) []result.Alert {
	if r.Off {
		return nil
	}
	var out []result.Alert
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		if !aboutLag(e) {
			continue
		}
		age, known := ageOf(e)
		late := e.Verdict == result.Fail
		if r.Above > 0 && known {
			late = age > r.Above
		}
		if !late {
			continue
		}
		a := result.Alert{Rule: RuleLag, Level: Warning, Expectation: e.ID}
		if e.Severity == result.SeverityError {
			a.Level = Critical
		}
		switch {
		case known && r.Above > 0:
			a.Message = fmt.Sprintf("%s: the newest row is %s old, more than %s", e.ID, diag.Duration(age), diag.Duration(r.Above))
		case known:
			a.Message = fmt.Sprintf("%s: the newest row is %s old, over its target: %s", e.ID, diag.Duration(age), e.Message)
		default:
			a.Message = e.ID + ": over its target: " + e.Message
		}
		out = append(out, a)
	}
	return out
}

// aboutLag reports whether an expectation is about how late its data are: the named one, or one that carries a tag for it.
func aboutLag(e *result.Expectation) bool {
	return e.Name == "fresh" || slices.Contains(e.Tags, "fresh") || slices.Contains(e.Tags, "lag")
}

// ageOf is the span of time that a metric expectation observed; none where its column is masked.
func ageOf(e *result.Expectation) (time.Duration, bool) {
	if e.Observed.Kind() == value.Duration {
		return e.Observed.Duration(), true
	}
	for i := range e.Metrics {
		if v := e.Metrics[i].Value; v.Kind() == value.Duration {
			return v.Duration(), true
		}
	}
	return 0, false
}

func duration(rep *result.Report, r Duration) []result.Alert {
	if r.Off || rep.Trend == nil || rep.Run.DurationMS < r.AtLeast.Milliseconds() {
		return nil
	}
	middle, ok := median(before(rep.Trend))
	if !ok || float64(rep.Run.DurationMS) <= r.Times*middle {
		return nil
	}
	ms := func(f float64) string { return diag.Duration(time.Duration(f) * time.Millisecond) }
	return []result.Alert{{Rule: RuleDuration, Level: Warning, Message: fmt.Sprintf("the run took %s, more than %s times the %s that the runs before took in the middle",
		ms(float64(rep.Run.DurationMS)), strconv.FormatFloat(r.Times, 'g', -1, 64), ms(middle))}}
}

func corrections(rep *result.Report, past Past, r Corrections) []result.Alert {
	fixed := rep.Summary.RecordsFixed
	if r.Off || fixed < r.AtLeast {
		return nil
	}
	middle, ok := median(slices.DeleteFunc(slices.Clone(past.Fixed), func(f float64) bool { return f <= 0 }))
	if !ok || float64(fixed) <= r.Times*middle {
		return nil
	}
	return []result.Alert{{Rule: RuleCorrections, Level: Warning, Message: fmt.Sprintf("%s corrected, more than %s times the %s of the runs before in the middle",
		diag.Plural(fixed, "row"), strconv.FormatFloat(r.Times, 'g', -1, 64), figure(middle))}}
}

// before are the figures of the runs before this one that may be learned from. Runs that could not evaluate something ended early, or read less.
func before(t *result.Trend) []float64 {
	var out []float64
	for _, p := range t.Points[:max(len(t.Points)-1, 0)] {
		if p.Left == "" && p.Verdict != result.Error {
			out = append(out, p.Value)
		}
	}
	return out
}

// median is the middle of values, false of too few.
func median(values []float64) (float64, bool) {
	if len(values) < leastPast {
		return 0, false
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2, true
}

func figure(f float64) string { return diag.GroupDigits(strconv.FormatFloat(f, 'f', -1, 64)) }
