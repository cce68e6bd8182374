// Package baseline judges a run's figures by those of the runs before it: a metric's value, an expectation's failing rate, the rows of a dataset,
// the duration of the run.
package baseline

import (
	"context"
	"time"

	"github.com/assay-dev/assay/expectations/result"
)

// Series names a series of figures of one job, a figure a run.
type Series struct {
	Of result.TrendOf
	ID string // the expectation's id, or the dataset's name; empty for the run's duration
}

// Point is the figure of one run.
type Point struct {
	Run     string // its ID
	At      time.Time
	Value   float64        // a rate in 0..1, rows, milliseconds, or the metric's value: exact numbers are rounded to float64, which is what statistics are formed on
	Verdict result.Verdict // of the expectation; the run's, where the series is of none
	// Mark is what people have said of the point.
	Mark Mark
}

// Mark says what is to be thought of a point.
type Mark string

// The marks.
const (
	Unmarked  Mark = ""
	Forgotten Mark = "forgotten" // never to be learned from: an incident
	Accepted  Mark = "accepted"  // the new normal: what came before it is not learned from
)

// Request asks for the latest points of a series: none older than Since (a hard bound), and at most Limit of them.
type Request struct {
	Series Series
	Since  time.Time
	Limit  int
}

// Store holds the figures of past runs.
type Store interface {
	// Points returns what each request asks for of runs of the job that started before the given time, oldest first. One call reads all series of a run.
	Points(ctx context.Context, job string, before time.Time, requests []Request) ([][]Point, error)
}
