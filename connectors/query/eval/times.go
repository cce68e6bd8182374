package eval

import (
	"math"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// mixedTimeKernel is the arithmetic of a time with a duration; nil where there is none.
func mixedTimeKernel(op query.Op, args []*node) (kernel, value.Type) {
	ka, kb := args[0].typ.Kind, args[1].typ.Kind
	switch {
	case isTime(ka) && kb == value.Duration && op == query.OpAdd:
		return timeShift(0, 1, false), args[0].typ
	case isTime(ka) && kb == value.Duration && op == query.OpSub:
		return timeShift(0, 1, true), args[0].typ
	case ka == value.Duration && isTime(kb) && op == query.OpAdd:
		return timeShift(1, 0, false), args[1].typ
	}
	return nil, value.Type{}
}

func isTime(k value.Kind) bool { return k == value.Timestamp || k == value.LocalTimestamp }

// timeShift adds (or subtracts) the duration in args[d] to the time in args[t].
func timeShift(t, d int, sub bool) kernel {
	return func(nd *node, n int) {
		e := nd.strict(n)
		a, b := nd.args[t], nd.args[d]
		am, bm := a.mask(), b.mask()
		secs, nanos := grow(nd.vec.Ints, n), grow(nd.vec.Nanos, n)
		for i := range secs {
			dur := b.vec.Ints[i&bm]
			if sub {
				if dur == math.MinInt64 { // cel-go negates first
					e.Set(i)
				}
				dur = -dur
			}
			s, ns, ok := shift(a.vec.Ints[i&am], a.vec.Nanos[i&am], dur)
			secs[i], nanos[i] = s, ns
			if !ok {
				e.Set(i)
			}
		}
		nd.vec.Ints, nd.vec.Nanos = secs, nanos
	}
}

// shift adds d nanoseconds, false where the result leaves the years 1 to 9999.
func shift(sec int64, nsec int32, d int64) (int64, int32, bool) {
	sec, ok := addInt(sec, d/1e9)
	ns := int64(nsec) + d%1e9
	switch {
	case ns < 0:
		ns += 1e9
		sec--
	case ns >= 1e9:
		ns -= 1e9
		sec++
	}
	return sec, int32(ns), ok && sec >= value.MinUnix && sec <= value.MaxUnix //nolint:gosec // 0 <= ns < 1e9
}

// timeDiffKernel is Timestamp - Timestamp: an error beyond 292 years, as cel-go has it.
func timeDiffKernel(nd *node, n int) {
	e := nd.strict(n)
	a, b := nd.args[0], nd.args[1]
	am, bm := a.mask(), b.mask()
	out := grow(nd.vec.Ints, n)
	for i := range out {
		d, ok := subInt(a.vec.Ints[i&am], b.vec.Ints[i&bm])
		ns := int64(a.vec.Nanos[i&am]) - int64(b.vec.Nanos[i&bm])
		scaled, okMul := mulInt(d, 1e9)
		sum, okAdd := addInt(scaled, ns)
		out[i] = sum
		if !ok || !okMul || !okAdd {
			e.Set(i)
		}
	}
	nd.vec.Ints = out
}

// partKernel returns the part of a time, or of a duration, that op names.
func partKernel(op query.Op, args []*node) (kernel, error) {
	kind := args[0].typ.Kind
	if kind == value.Duration {
		f := durationPart(op)
		if f == nil || len(args) != 1 {
			return nil, mismatch(op, args)
		}
		return func(nd *node, n int) {
			nd.strict(n)
			out, x, m := grow(nd.vec.Ints, n), nd.args[0].vec.Ints, nd.args[0].mask()
			for i := range out {
				out[i] = f(time.Duration(x[i&m]))
			}
			nd.vec.Ints = out
		}, nil
	}
	if !isTime(kind) {
		return nil, mismatch(op, args)
	}
	loc := time.UTC
	if len(args) == 2 {
		if args[1].typ.Kind != value.String || !args[1].isConst() {
			return nil, mismatch(op, args)
		}
		zone, err := value.LoadZone(string(args[1].vec.Bytes(0)))
		if err != nil {
			return noZoneKernel, nil //nolint:nilerr // CEL: an unknown zone is an error of every row
		}
		loc = zone
	}
	f := timePart(op)
	utc := clockPart(op)
	return func(nd *node, n int) {
		nd.strict(n)
		a := nd.args[0]
		out, s, ns, m := grow(nd.vec.Ints, n), a.vec.Ints, a.vec.Nanos, a.mask()
		if utc != nil && loc == time.UTC {
			for i := range out {
				out[i] = utc(s[i&m], ns[i&m])
			}
		} else {
			for i := range out {
				out[i] = f(time.Unix(s[i&m], int64(ns[i&m])).In(loc))
			}
		}
		nd.vec.Ints = out
	}, nil
}

// noZoneKernel makes every row an error.
func noZoneKernel(nd *node, n int) {
	nd.strict(n)
	nd.errs = filled(&nd.errBuf, n)
	nd.vec.Ints = grow(nd.vec.Ints, n)
}

func timePart(op query.Op) func(time.Time) int64 {
	switch op {
	case query.OpFullYear:
		return func(t time.Time) int64 { return int64(t.Year()) }
	case query.OpMonth:
		return func(t time.Time) int64 { return int64(t.Month()) - 1 }
	case query.OpDate:
		return func(t time.Time) int64 { return int64(t.Day()) }
	case query.OpDayOfMonth:
		return func(t time.Time) int64 { return int64(t.Day()) - 1 }
	case query.OpDayOfWeek:
		return func(t time.Time) int64 { return int64(t.Weekday()) }
	case query.OpDayOfYear:
		return func(t time.Time) int64 { return int64(t.YearDay()) - 1 }
	case query.OpHours:
		return func(t time.Time) int64 { return int64(t.Hour()) }
	case query.OpMinutes:
		return func(t time.Time) int64 { return int64(t.Minute()) }
	case query.OpSeconds:
		return func(t time.Time) int64 { return int64(t.Second()) }
	default: // OpMilliseconds
		return func(t time.Time) int64 { return int64(t.Nanosecond() / 1e6) }
	}
}

// clockPart is timePart in UTC where no calendar is needed, else nil.
func clockPart(op query.Op) func(sec int64, nsec int32) int64 {
	switch op {
	case query.OpDayOfWeek:
		return func(s int64, _ int32) int64 { return floorMod(floorDiv(s, 86400)+4, 7) } // 1970-01-01 was a Thursday
	case query.OpHours:
		return func(s int64, _ int32) int64 { return floorMod(s, 86400) / 3600 }
	case query.OpMinutes:
		return func(s int64, _ int32) int64 { return floorMod(s, 3600) / 60 }
	case query.OpSeconds:
		return func(s int64, _ int32) int64 { return floorMod(s, 60) }
	case query.OpMilliseconds:
		return func(_ int64, ns int32) int64 { return int64(ns / 1e6) }
	}
	return nil
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }

// durationPart goes through a double for hours, minutes and seconds, as cel-go does.
func durationPart(op query.Op) func(time.Duration) int64 {
	switch op {
	case query.OpHours:
		return func(d time.Duration) int64 { return int64(d.Hours()) }
	case query.OpMinutes:
		return func(d time.Duration) int64 { return int64(d.Minutes()) }
	case query.OpSeconds:
		return func(d time.Duration) int64 { return int64(d.Seconds()) }
	case query.OpMilliseconds:
		return func(d time.Duration) int64 { return d.Milliseconds() }
	}
	return nil
}
