package baseline_test

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/result"
)

// method says whether a figure is out of line.
type method struct {
	name  string
	alarm func(history []baseline.Point, now baseline.Point) bool
}

func methods() []method {
	return []method{
		{"assay", ours},
		{"mean ± 3 sigma", meanSigma},
		{"z-score 3, 14 days", fourteenDays},
	}
}

func ours(history []baseline.Point, now baseline.Point) bool {
	j := baseline.Judge(baseline.Settings{}, history, baseline.Figure{At: now.At, Value: now.Value})
	return j.Verdict == result.Fail
}

func meanSigma(history []baseline.Point, now baseline.Point) bool {
	var sum, ss float64
	n := float64(len(history))
	if n < 2 {
		return false
	}
	for _, p := range history {
		sum += p.Value
	}
	for _, p := range history {
		ss += (p.Value - sum/n) * (p.Value - sum/n)
	}
	return math.Abs(now.Value-sum/n) > 3*math.Sqrt(ss/(n-1))
}

// fourteenDays is what elementary does by default, but that the tested point is not in its own training, which would make it blinder.
func fourteenDays(history []baseline.Point, now baseline.Point) bool {
	since := now.At.Add(-14 * day)
	for len(history) > 0 && history[0].At.Before(since) {
		history = history[1:]
	}
	return meanSigma(history, now)
}

// score counts what a method finds of events, and of series without any.
type score struct{ found, missed, false_, quiet int }

func (s score) recall() float64 { return float64(s.found) / float64(s.found+s.missed) }

func (s score) precision() float64 {
	if s.found+s.false_ == 0 {
		return math.NaN()
	}
	return float64(s.found) / float64(s.found+s.false_)
}

func (s score) falseRate(runs int) float64 {
	return float64(s.false_) / float64(s.false_+s.quiet) / float64(runs)
}

// judge runs a method over n series with the event, and as many without.
func (m method) judge(w *world, e event, from uint64, n int) score {
	var s score
	any := func(history, after []baseline.Point) bool {
		h := append([]baseline.Point{}, history...)
		for _, p := range after {
			if m.alarm(h, p) {
				return true
			}
			h = append(h, p)
		}
		return false
	}
	for seed := from; seed < from+uint64(n); seed++ {
		history, plain, hit := w.series(seed, e)
		if any(history, hit) {
			s.found++
		} else {
			s.missed++
		}
		if any(history, plain) {
			s.false_++
		} else {
			s.quiet++
		}
	}
	return s
}

func TestTune(t *testing.T) {
	if os.Getenv("TUNE") == "" {
		t.Skip()
	}
	n := 400
	var b strings.Builder
	for _, w := range worlds() {
		for _, e := range []event{spike(4), spike(5), shift(4), driftOf(0.3)} {
			fmt.Fprintf(&b, "%-30s %-20s", w.name, e.name)
			for _, m := range methods()[:1] {
				s := m.judge(&w, e, 1, n)
				fmt.Fprintf(&b, "  %.3f %.3f fa %.4f |", s.recall(), s.precision(), s.falseRate(e.runs))
			}
			b.WriteString("\n")
		}
	}
	fmt.Println(b.String())
}
