package baseline

import "time"

// Season says what in the time of a run its figure depends on. Times are UTC.
type Season string

// The seasons. Daily is a pattern that repeats every day, by the hour; weekly one that repeats every week, by the day; both tells each hour of the week apart.
const (
	SeasonAuto   Season = "auto"
	SeasonNone   Season = "none"
	SeasonDaily  Season = "daily"
	SeasonWeekly Season = "weekly"
	SeasonBoth   Season = "both"
)

// seasonTurns is a figure that differs every other run, whatever the time. Nobody can name it: it is found.
const seasonTurns Season = "turns"

// Direction says which departures fail.
type Direction string

// The directions.
const (
	Both Direction = "both"
	Up   Direction = "up"
	Down Direction = "down"
)

// Against is what a change is measured from.
type Against string

// What changes are measured from.
const (
	Last    Against = "last"    // the last run that did not fail
	Average Against = "average" // the mean of the latest runs that did not fail
	Weekday Against = "weekday" // the last run on the same day of the week that did not fail
)

// Change bounds the change of a figure from one run to another. It takes the place of the band.
type Change struct {
	Against Against
	// Within is the largest change, as a share of what it is measured from: 0.2.
	Within float64
	// Runs is the number of runs that are averaged.
	Runs int
}

// Span is a stretch of time whose runs are not learned from, To not included. A zero From or To is open.
type Span struct {
	From, To time.Time
	Reason   string
}

// Settings say how a figure is judged. Defaults are those of Default.
type Settings struct {
	Season     Season
	Direction  Direction
	Deviation  float64 // half of the band's width, in standard deviations of what is usual
	MinHistory int     // the least number of runs to learn from; of those in the same season where Season names one
	Window     time.Duration
	Exclude    []Span
	Change     *Change // nil where the band judges
}

// The defaults.
const (
	DefaultDeviation  = 3
	DefaultMinHistory = 7
	DefaultRuns       = 7                    // of an average
	DefaultWindow     = 365 * 24 * time.Hour // no run is read that is older
)

// Default returns the settings of a figure about which nothing is said.
func Default() Settings {
	return Settings{Season: SeasonAuto, Direction: Both, Deviation: DefaultDeviation, MinHistory: DefaultMinHistory, Window: DefaultWindow}
}

// with fills in what s leaves open.
func (s Settings) withDefaults() Settings {
	d := Default()
	if s.Season == "" {
		s.Season = d.Season
	}
	if s.Direction == "" {
		s.Direction = d.Direction
	}
	if s.Deviation <= 0 {
		s.Deviation = d.Deviation
	}
	if s.MinHistory <= 0 {
		s.MinHistory = d.MinHistory
	}
	if s.Window <= 0 {
		s.Window = d.Window
	}
	return s
}

// slot returns the part of the season that a time falls in, counted from 0.
func (s Season) slot(t time.Time) int {
	t = t.UTC()
	switch s {
	case SeasonDaily:
		return t.Hour()
	case SeasonWeekly:
		return int(t.Weekday())
	case SeasonBoth:
		return int(t.Weekday())*24 + t.Hour()
	case SeasonAuto, SeasonNone, seasonTurns:
	}
	return 0
}

// slots is the number of parts.
func (s Season) slots() int {
	switch s {
	case SeasonDaily:
		return 24
	case SeasonWeekly:
		return 7
	case SeasonBoth:
		return 7 * 24
	case seasonTurns:
		return 2
	case SeasonAuto, SeasonNone:
	}
	return 1
}

// period is the time after which the season comes again.
func (s Season) period() time.Duration {
	if s == SeasonDaily {
		return 24 * time.Hour
	}
	return 7 * 24 * time.Hour
}

// words names what the season goes by.
func (s Season) words() string {
	switch s {
	case SeasonDaily:
		return "hour of day"
	case SeasonWeekly:
		return "day of week"
	case SeasonBoth:
		return "hour of week"
	case seasonTurns:
		return "every other run"
	case SeasonAuto, SeasonNone:
	}
	return ""
}

// same says of which runs the slot of a time is: "on Mondays", "at 14 h UTC".
func (s Season) same(t time.Time) string {
	t = t.UTC()
	switch s {
	case SeasonDaily:
		return "at " + t.Format("15") + " h UTC"
	case SeasonWeekly:
		return "on " + t.Weekday().String() + "s"
	case SeasonBoth:
		return "on " + t.Weekday().String() + "s at " + t.Format("15") + " h UTC"
	case seasonTurns:
		return "every other time"
	case SeasonAuto, SeasonNone:
	}
	return ""
}
