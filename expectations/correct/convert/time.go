package convert

import (
	"time"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// toTime converts instants, wall clocks, days and durations, and brings them to what the column keeps.
func (c *Converter) toTime(v value.Value) (value.Value, error) {
	if (v.Kind() == value.Duration) != (c.to.Type.Kind == value.Duration) {
		return v, unlike(v)
	}
	switch v.Kind() {
	case value.Duration:
		return canon.Keep(&c.to, v), nil
	case value.Timestamp, value.LocalTimestamp:
	default:
		return v, unlike(v)
	}
	t := v.Time()
	if c.form.Class == canon.Local {
		// What is the same is the wall clock: of an instant, in the zone that is declared for its column.
		from, err := zoneOf(&c.from)
		if err != nil {
			return v, err
		}
		to, err := zoneOf(&c.to)
		if err != nil {
			return v, err
		}
		t = wall(t, from)
		if to != nil {
			t = value.TimeIn(t, to)
		}
	}
	out := value.TimestampValue(t)
	if c.to.Type.Kind == value.LocalTimestamp {
		out = value.LocalTimestampValue(t)
	}
	out = canon.Keep(&c.to, out)
	if c.to.Shape == value.Date && !midnight(out.Time()) {
		return v, refused("it is not a whole day")
	}
	if out.Kind() == value.Timestamp {
		return out, c.zoned(out.Time())
	}
	return out, nil
}

// zoned refuses an instant that the naive column could not give back: its zone shows the same wall clock twice.
func (c *Converter) zoned(t time.Time) error {
	zone, err := zoneOf(&c.to)
	if err != nil || zone == nil {
		return err
	}
	if !value.TimeIn(wall(t, zone), zone).Equal(t) {
		return refused("the clocks of " + c.to.Zone + " show that time twice, and the column keeps no zone")
	}
	return nil
}

// zoneOf is the zone in which a naive column is read, nil for another column.
func zoneOf(c *value.Column) (*time.Location, error) {
	if c.Zone == "" || c.Shape == value.Date {
		return nil, nil //nolint:nilnil // there is none
	}
	z, err := value.LoadZone(c.Zone)
	if err != nil {
		return nil, refused("the time zone " + c.Zone + " is not known")
	}
	return z, nil
}

// wall is what the clocks of a zone show at t, as if it were UTC.
func wall(t time.Time, zone *time.Location) time.Time {
	if zone == nil {
		return t
	}
	l := t.In(zone)
	return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), l.Nanosecond(), time.UTC)
}

func midnight(t time.Time) bool {
	return t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 && t.Nanosecond() == 0
}
