package value

import "time"

// zoneMargin is more than any clock has ever been set forward or back at once.
const zoneMargin = 26 * time.Hour

// TimeIn returns the instant at which clocks in loc show what wall says as if it were UTC. An hour that clocks skip counts from
// before the gap (02:30 is half an hour after it began), of an hour that they show twice it is the later: the standard time of most
// zones, as PostgreSQL has it. time.Date promises neither, and its choice differs between zones east and west of Greenwich.
func TimeIn(wall time.Time, loc *time.Location) time.Time {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), loc)
	start, end := t.ZoneBounds()
	if (start.IsZero() || t.Sub(start) > zoneMargin) && (end.IsZero() || end.Sub(t) > zoneMargin) {
		return t
	}
	before, after := at(wall, loc, -zoneMargin), at(wall, loc, zoneMargin)
	switch {
	case before.Equal(after):
		return t
	case shows(after, wall):
		if shows(before, wall) && before.After(after) {
			return before
		}
		return after
	case shows(before, wall):
		return before
	case shows(t, wall):
		return t // between two changes that are close together
	}
	return before
}

// at reads wall by the offset that loc has so long from then.
func at(wall time.Time, loc *time.Location, away time.Duration) time.Time {
	utc := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), time.UTC)
	_, offset := utc.Add(away).In(loc).Zone()
	return utc.Add(-time.Duration(offset) * time.Second).In(loc)
}

// shows reports whether the clocks of t's zone show wall.
func shows(t, wall time.Time) bool {
	return t.Hour() == wall.Hour() && t.Minute() == wall.Minute() && t.Second() == wall.Second() && t.Day() == wall.Day()
}
