package result

import "time"

// TrendOf is what the figures of a Trend are.
type TrendOf string

// What trends are of.
const (
	TrendObserved    TrendOf = "observed"     // the value of a metric expectation
	TrendFailureRate TrendOf = "failure_rate" // false / (true + false) of an expectation of rows or a comparison
	TrendRows        TrendOf = "rows"         // of a dataset
	TrendDuration    TrendOf = "duration_ms"  // of the run
)

// Trend is a figure of this run beside those of the runs before it.
type Trend struct {
	Of TrendOf `json:"of"`
	// Points are the latest, oldest first; the last is this run's.
	Points []TrendPoint `json:"points"`
	// Baseline is what they say of this run's; nil where none was asked for.
	Baseline *Baseline `json:"baseline,omitempty"`
}

// TrendPoint is the figure of one run.
type TrendPoint struct {
	Run     string    `json:"run"`
	At      time.Time `json:"at"`
	Value   float64   `json:"value"`
	Verdict Verdict   `json:"verdict"`
	// Left says why the point was not learned from ("forgotten", "excluded", "before accepted"); empty where it was.
	Left string `json:"left,omitempty"`
}

// Shape is how a figure departs from its history.
type Shape string

// The shapes.
const (
	ShapeNone  Shape = ""
	ShapeSpike Shape = "spike" // a point apart from those before it
	ShapeShift Shape = "shift" // points have lain at another level for some runs
	ShapeDrift Shape = "drift" // a slow change that goes on
)

// Baseline is what the history says of a figure.
type Baseline struct {
	// Verdict is pass, fail, inconclusive where the figure is an estimate that may lie on either side, or skipped while too little is known.
	Verdict Verdict `json:"verdict"`
	Shape   Shape   `json:"shape,omitempty"`
	// Asked says that the suite has it: the expectation's verdict is the worse of its own and this one. What nobody asked for changes no verdict.
	Asked bool `json:"asked,omitempty"`
	// Expected lies in the middle of the band from Low to High; all nil while too little is known.
	Expected *float64 `json:"expected"`
	Low      *float64 `json:"low"`
	High     *float64 `json:"high"`
	// Learned is the number of points the band was formed of, of those of the same season; Needed the least that would do.
	Learned int    `json:"learned"`
	Needed  int    `json:"needed"`
	Season  string `json:"season,omitempty"` // "hour of day", "day of week", ...
	Method  string `json:"method"`           // how the band was formed, in words
	Message string `json:"message"`          // one sentence
}

// Since is how an expectation stands to the last run of the job.
type Since string

// How an expectation stands to the last run.
const (
	SinceUnknown Since = ""              // there is no run before this one
	SinceAdded   Since = "added"         // the last run did not have it
	SinceNew     Since = "new"           // it fails, or cannot be evaluated, and did not
	SinceFixed   Since = "fixed"         // it failed and passes
	SinceStill   Since = "still_failing" // it failed and fails
	SinceSame    Since = "same"          // it passed and passes
)

// Failing is the unbroken row of runs, this one the last, in which an expectation failed or could not be evaluated.
type Failing struct {
	Run  string    `json:"run"` // the first of them
	At   time.Time `json:"at"`
	Runs int       `json:"runs"`
}

// Previous is the run of the same job before this one.
type Previous struct {
	ID      string    `json:"id"`
	Start   time.Time `json:"start"`
	Verdict Verdict   `json:"verdict"`
	// New, Fixed, Still and Gone count expectations; Gone are those that this run has no longer.
	New   int `json:"new"`
	Fixed int `json:"fixed"`
	Still int `json:"still_failing"`
	Gone  int `json:"gone"`
}
