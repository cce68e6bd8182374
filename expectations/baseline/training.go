package baseline

import (
	"time"
)

// Why points are left out.
const (
	leftForgotten = "forgotten"
	leftExcluded  = "excluded"
	leftAccepted  = "before accepted"
	leftWindow    = "before the window"
	leftValue     = "no number"
	leftLater     = "not before this run"
	// leftApart says that a point was out of line with its neighbours, so that it does not count.
	leftApart = "apart"
	// leftLevel says that the figure has had another level since.
	leftLevel = "before a shift"
	// leftDrift says that a slow change is on that is too young to be normal.
	leftDrift = "of a drift"
	// leftFailed and leftNotMeasured are of points that a change is not measured from.
	leftFailed      = "failed"
	leftNotMeasured = "not measured from"
)

// training is what is learned from, oldest first.
type training struct {
	at    []time.Time
	hours []float64 // since the first
	y     []float64
	index []int // of the point in the history
	left  []string
	runs  int // points of the history that came before the run, learned from or not
}

// learn chooses the points of the history, oldest first, that are learned from when a figure of the given time is judged.
func learn(s Settings, history []Point, now time.Time) training {
	n := len(history)
	t := training{left: make([]string, n), at: make([]time.Time, 0, n), hours: make([]float64, 0, n), y: make([]float64, 0, n), index: make([]int, 0, n)}
	accepted := -1
	for i := range history {
		if history[i].Mark == Accepted && history[i].At.Before(now) {
			accepted = i
		}
	}
	since := now.Add(-s.Window)
	for i := range history {
		p := &history[i]
		if p.At.Before(now) {
			t.runs = i + 1
		}
		if why := leftOut(s, p, now, since); why != "" {
			t.left[i] = why
			continue
		}
		if i < accepted {
			t.left[i] = leftAccepted
			continue
		}
		if len(t.at) == 0 {
			t.hours = append(t.hours, 0)
		} else {
			t.hours = append(t.hours, p.At.Sub(t.at[0]).Hours())
		}
		t.at, t.y, t.index = append(t.at, p.At), append(t.y, p.Value), append(t.index, i)
	}
	return t
}

// turn says whether the run of a point took turns with the one that is judged, or with the one before it: 0 or 1.
func (t *training) turn(i int) int { return (t.runs - t.index[i]) % 2 }

func leftOut(s Settings, p *Point, now, since time.Time) string {
	switch {
	case !p.At.Before(now):
		return leftLater
	case p.At.Before(since):
		return leftWindow
	case p.Mark == Forgotten:
		return leftForgotten
	case !finite(p.Value):
		return leftValue
	}
	for _, x := range s.Exclude {
		if x.Holds(p.At) {
			return leftExcluded
		}
	}
	return ""
}

// Holds reports whether a time lies in the span.
func (x Span) Holds(t time.Time) bool {
	return (x.From.IsZero() || !t.Before(x.From)) && (x.To.IsZero() || t.Before(x.To))
}
