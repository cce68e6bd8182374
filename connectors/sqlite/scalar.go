package sqlite

import (
	"math"
	"math/bits"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// scalar computes an operator over non-null values; ok is false for CEL's error.
type scalar func(args []value.Value) (value.Value, bool)

// scalarOf returns the function of op for operands of the kinds whose letters are given, nil
// where CEL or SQLite has none. The dialect asks it before it writes a call, and the
// registered functions when they run.
func scalarOf(op query.Op, kinds string) scalar {
	switch {
	case op >= query.OpAdd && op <= query.OpAbs:
		return arithmetic(op, kinds)
	case op >= query.OpSize && op <= query.OpReverse:
		return textual(op, kinds)
	case op >= query.OpToInt && op <= query.OpToDuration:
		return conversion(op, kinds)
	case op >= query.OpFullYear && op <= query.OpMilliseconds:
		return timePart(op, kinds)
	case op >= query.OpGreatest && op <= query.OpIsFinite:
		return mathematical(op, kinds)
	}
	return nil
}

func arithmetic(op query.Op, kinds string) scalar {
	if len(kinds) == 1 {
		return unary(op, kinds[0])
	}
	switch kinds {
	case "ii":
		return ints(op)
	case "uu":
		return uints(op)
	case "dd":
		return doubles(op)
	case "mm", "im", "mi", "um", "mu", "dm", "md":
		return decimals(op, kinds)
	case "ss", "yy":
		if op != query.OpAdd {
			return nil
		}
		return func(a []value.Value) (value.Value, bool) {
			if kinds == "yy" {
				return value.BytesValue([]byte(a[0].Str() + a[1].Str())), true
			}
			return value.StringValue(a[0].Str() + a[1].Str()), true
		}
	}
	return times(op, kinds)
}

func unary(op query.Op, kind byte) scalar {
	if op != query.OpNeg && op != query.OpAbs {
		return nil
	}
	neg := op == query.OpNeg
	switch kind {
	case 'i':
		return func(a []value.Value) (value.Value, bool) {
			i := a[0].Int()
			if neg || i < 0 {
				return value.IntValue(-i), i != math.MinInt64
			}
			return a[0], true
		}
	case 'n':
		return func(a []value.Value) (value.Value, bool) {
			d := a[0].Duration()
			if neg || d < 0 {
				return value.DurationValue(-d), d != math.MinInt64
			}
			return a[0], true
		}
	case 'd':
		return func(a []value.Value) (value.Value, bool) {
			if neg {
				return value.DoubleValue(-a[0].Double()), true
			}
			return value.DoubleValue(math.Abs(a[0].Double())), true
		}
	case 'm':
		return func(a []value.Value) (value.Value, bool) {
			if neg {
				return value.DecimalValue(a[0].Decimal().Neg()), true
			}
			return value.DecimalValue(a[0].Decimal().Abs()), true
		}
	}
	return nil
}

func ints(op query.Op) scalar {
	return func(a []value.Value) (value.Value, bool) {
		x, y := a[0].Int(), a[1].Int()
		z, ok := checked(op, x, y)
		return value.IntValue(z), ok
	}
}

// checked is 64-bit arithmetic, ok false on overflow and on division by zero.
func checked(op query.Op, x, y int64) (z int64, ok bool) {
	switch op {
	case query.OpAdd:
		z = x + y
		return z, (z > x) == (y > 0)
	case query.OpSub:
		z = x - y
		return z, (z < x) == (y > 0)
	case query.OpMul:
		if x == 0 || y == 0 {
			return 0, true
		}
		z = x * y
		return z, (x != -1 || y != math.MinInt64) && (y != -1 || x != math.MinInt64) && z/y == x
	case query.OpDiv, query.OpMod:
		if y == 0 || x == math.MinInt64 && y == -1 {
			return 0, false
		}
		if op == query.OpDiv {
			return x / y, true
		}
		return x % y, true
	default:
		return 0, false
	}
}

func uints(op query.Op) scalar {
	return func(a []value.Value) (value.Value, bool) {
		x, y := a[0].Uint(), a[1].Uint()
		switch op {
		case query.OpAdd:
			return value.UintValue(x + y), x+y >= x
		case query.OpSub:
			return value.UintValue(x - y), y <= x
		case query.OpMul:
			hi, lo := bits.Mul64(x, y)
			return value.UintValue(lo), hi == 0
		case query.OpDiv, query.OpMod:
			if y == 0 {
				return value.Value{}, false
			}
			if op == query.OpDiv {
				return value.UintValue(x / y), true
			}
			return value.UintValue(x % y), true
		default:
			return value.Value{}, false
		}
	}
}

func doubles(op query.Op) scalar {
	if op == query.OpMod {
		return nil
	}
	return func(a []value.Value) (value.Value, bool) {
		x, y := a[0].Double(), a[1].Double()
		switch op {
		case query.OpAdd:
			return value.DoubleValue(x + y), true
		case query.OpSub:
			return value.DoubleValue(x - y), true
		case query.OpMul:
			return value.DoubleValue(x * y), true
		default:
			return value.DoubleValue(x / y), true
		}
	}
}

func asDecimal(v value.Value) (value.Dec, bool) {
	switch v.Kind() {
	case value.Int:
		return value.DecFromInt(v.Int()), true
	case value.Uint:
		return value.DecFromUint(v.Uint()), true
	case value.Double:
		d, err := value.DecFromFloat(v.Double())
		return d, err == nil
	default:
		return v.Decimal(), true
	}
}

func decimals(op query.Op, _ string) scalar {
	return func(a []value.Value) (value.Value, bool) {
		x, okX := asDecimal(a[0])
		y, okY := asDecimal(a[1])
		if !okX || !okY {
			return value.Value{}, false
		}
		var z value.Dec
		ok := true
		switch op {
		case query.OpAdd:
			z = x.Add(y)
		case query.OpSub:
			z = x.Sub(y)
		case query.OpMul:
			z = x.Mul(y)
		case query.OpDiv:
			z, ok = x.Quo(y)
		default:
			z, ok = x.Rem(y)
		}
		return value.DecimalValue(z), ok
	}
}

// times is the arithmetic of times and durations.
func times(op query.Op, kinds string) scalar {
	switch {
	case kinds == "nn" && (op == query.OpAdd || op == query.OpSub):
		return func(a []value.Value) (value.Value, bool) {
			z, ok := checked(op, int64(a[0].Duration()), int64(a[1].Duration()))
			return value.DurationValue(time.Duration(z)), ok
		}
	case (kinds == "tn" || kinds == "ln") && (op == query.OpAdd || op == query.OpSub):
		return func(a []value.Value) (value.Value, bool) {
			d := a[1].Duration()
			if op == query.OpSub {
				if d == math.MinInt64 {
					return value.Value{}, false
				}
				d = -d
			}
			return shift(a[0], d)
		}
	case (kinds == "nt" || kinds == "nl") && op == query.OpAdd:
		return func(a []value.Value) (value.Value, bool) { return shift(a[1], a[0].Duration()) }
	case (kinds == "tt" || kinds == "ll") && op == query.OpSub:
		return func(a []value.Value) (value.Value, bool) {
			x, y := a[0].Time(), a[1].Time()
			secs, ok := checked(query.OpMul, x.Unix()-y.Unix(), int64(time.Second))
			if !ok {
				return value.Value{}, false
			}
			d, ok := checked(query.OpAdd, secs, int64(x.Nanosecond()-y.Nanosecond()))
			return value.DurationValue(time.Duration(d)), ok
		}
	}
	return nil
}

func shift(t value.Value, d time.Duration) (value.Value, bool) {
	at := t.Time().Add(d)
	if t.Kind() == value.LocalTimestamp {
		return value.LocalTimestampValue(at), inYears(at)
	}
	return value.TimestampValue(at), inYears(at)
}

func conversion(op query.Op, kinds string) scalar {
	if len(kinds) != 1 {
		return nil
	}
	k := kinds[0]
	switch op {
	case query.OpToInt:
		return toInt(k)
	case query.OpToUint:
		return toUint(k)
	case query.OpToDouble:
		return toDouble(k)
	case query.OpToDecimal:
		return toDecimal(k)
	case query.OpToString:
		return toString(k)
	case query.OpToBytes:
		if k == 's' || k == 'y' {
			return func(a []value.Value) (value.Value, bool) { return value.BytesValue([]byte(a[0].Str())), true }
		}
	case query.OpToBool:
		switch k {
		case 'b':
			return same
		case 's':
			return func(a []value.Value) (value.Value, bool) {
				b, err := strconv.ParseBool(a[0].Str())
				return value.BoolValue(b), err == nil
			}
		}
	case query.OpToTimestamp:
		switch k {
		case 't':
			return same
		case 's':
			return func(a []value.Value) (value.Value, bool) {
				t, err := value.ParseTimestamp(a[0].Str())
				return value.TimestampValue(t), err == nil
			}
		case 'i':
			return func(a []value.Value) (value.Value, bool) {
				i := a[0].Int()
				return value.TimestampValue(time.Unix(i, 0)), i >= value.MinUnix && i <= value.MaxUnix
			}
		}
	case query.OpToDuration:
		switch k {
		case 'n':
			return same
		case 's':
			return func(a []value.Value) (value.Value, bool) {
				d, err := value.ParseDuration(a[0].Str())
				return value.DurationValue(d), err == nil
			}
		}
	default:
	}
	return nil
}

func same(a []value.Value) (value.Value, bool) { return a[0], true }

func toInt(k byte) scalar {
	switch k {
	case 'i':
		return same
	case 'u':
		return func(a []value.Value) (value.Value, bool) {
			return value.IntValue(int64(a[0].Uint())), a[0].Uint() <= math.MaxInt64 //nolint:gosec // tested
		}
	case 'd':
		return func(a []value.Value) (value.Value, bool) {
			f := a[0].Double()
			if math.IsNaN(f) || f <= math.MinInt64 || f >= math.MaxInt64 {
				return value.Value{}, false
			}
			return value.IntValue(int64(f)), true
		}
	case 'm':
		return func(a []value.Value) (value.Value, bool) {
			i, ok := a[0].Decimal().Int64()
			return value.IntValue(i), ok
		}
	case 's':
		return func(a []value.Value) (value.Value, bool) {
			i, err := strconv.ParseInt(a[0].Str(), 10, 64)
			return value.IntValue(i), err == nil
		}
	case 't':
		return func(a []value.Value) (value.Value, bool) { return value.IntValue(a[0].Time().Unix()), true }
	}
	return nil
}

func toUint(k byte) scalar {
	switch k {
	case 'u':
		return same
	case 'i':
		return func(a []value.Value) (value.Value, bool) {
			return value.UintValue(uint64(a[0].Int())), a[0].Int() >= 0 //nolint:gosec // tested
		}
	case 'd':
		return func(a []value.Value) (value.Value, bool) {
			f := a[0].Double()
			if math.IsNaN(f) || f < 0 || f >= 1<<64 {
				return value.Value{}, false
			}
			return value.UintValue(uint64(f)), true
		}
	case 's':
		return func(a []value.Value) (value.Value, bool) {
			u, err := strconv.ParseUint(a[0].Str(), 10, 64)
			return value.UintValue(u), err == nil
		}
	}
	return nil
}

func toDouble(k byte) scalar {
	switch k {
	case 'd':
		return same
	case 'i':
		return func(a []value.Value) (value.Value, bool) { return value.DoubleValue(float64(a[0].Int())), true }
	case 'u':
		return func(a []value.Value) (value.Value, bool) { return value.DoubleValue(float64(a[0].Uint())), true }
	case 'm':
		return func(a []value.Value) (value.Value, bool) { return value.DoubleValue(a[0].Decimal().Float()), true }
	case 's':
		return func(a []value.Value) (value.Value, bool) {
			f, err := strconv.ParseFloat(a[0].Str(), 64)
			return value.DoubleValue(f), err == nil
		}
	}
	return nil
}

func toDecimal(k byte) scalar {
	switch k {
	case 'm', 'i', 'u', 'd':
		return func(a []value.Value) (value.Value, bool) {
			d, ok := asDecimal(a[0])
			return value.DecimalValue(d), ok
		}
	case 's':
		return func(a []value.Value) (value.Value, bool) {
			d, err := value.ParseDec(a[0].Str())
			return value.DecimalValue(d), err == nil
		}
	}
	return nil
}

func toString(k byte) scalar {
	switch k {
	case 's':
		return same
	case 'b', 'i', 'u', 'd', 'm', 't':
		return func(a []value.Value) (value.Value, bool) { return value.StringValue(a[0].Text()), true }
	case 'y':
		return func(a []value.Value) (value.Value, bool) {
			return value.StringValue(a[0].Str()), utf8.ValidString(a[0].Str())
		}
	case 'n':
		// As cel-go: through a double.
		return func(a []value.Value) (value.Value, bool) {
			return value.StringValue(strconv.FormatFloat(a[0].Duration().Seconds(), 'f', -1, 64) + "s"), true
		}
	}
	return nil
}

func timePart(op query.Op, kinds string) scalar {
	switch kinds {
	case "n":
		return durationPart(op)
	case "t", "l", "ts", "ls":
	default:
		return nil
	}
	return func(a []value.Value) (value.Value, bool) {
		t := a[0].Time()
		if len(a) == 2 {
			loc, err := value.LoadZone(a[1].Str())
			if err != nil {
				return value.Value{}, false
			}
			t = t.In(loc)
		}
		return value.IntValue(int64(partOf(op, t))), true
	}
}

func partOf(op query.Op, t time.Time) int {
	switch op {
	case query.OpFullYear:
		return t.Year()
	case query.OpMonth:
		return int(t.Month()) - 1
	case query.OpDate:
		return t.Day()
	case query.OpDayOfMonth:
		return t.Day() - 1
	case query.OpDayOfWeek:
		return int(t.Weekday())
	case query.OpDayOfYear:
		return t.YearDay() - 1
	case query.OpHours:
		return t.Hour()
	case query.OpMinutes:
		return t.Minute()
	case query.OpSeconds:
		return t.Second()
	default:
		return t.Nanosecond() / 1e6
	}
}

func durationPart(op query.Op) scalar {
	var f func(time.Duration) int64
	switch op {
	case query.OpHours:
		f = func(d time.Duration) int64 { return int64(d.Hours()) }
	case query.OpMinutes:
		f = func(d time.Duration) int64 { return int64(d.Minutes()) }
	case query.OpSeconds:
		f = func(d time.Duration) int64 { return int64(d.Seconds()) }
	case query.OpMilliseconds:
		f = time.Duration.Milliseconds
	default:
		return nil
	}
	return func(a []value.Value) (value.Value, bool) { return value.IntValue(f(a[0].Duration())), true }
}

func mathematical(op query.Op, kinds string) scalar {
	switch op {
	case query.OpGreatest, query.OpLeast:
		if kinds == "" || strings.Trim(kinds, kinds[:1]) != "" || strings.IndexByte("iudmn", kinds[0]) < 0 {
			return nil
		}
		return extreme(op)
	case query.OpSign:
		return sign(kinds)
	default:
	}
	if kinds != "d" {
		return nil
	}
	return func(a []value.Value) (value.Value, bool) {
		f := a[0].Double()
		switch op {
		case query.OpCeil:
			return value.DoubleValue(math.Ceil(f)), true
		case query.OpFloor:
			return value.DoubleValue(math.Floor(f)), true
		case query.OpRound:
			return value.DoubleValue(math.Round(f)), true
		case query.OpTrunc:
			return value.DoubleValue(math.Trunc(f)), true
		case query.OpIsNaN:
			return value.BoolValue(math.IsNaN(f)), true
		case query.OpIsInf:
			return value.BoolValue(math.IsInf(f, 0)), true
		default:
			return value.BoolValue(!math.IsInf(f, 0) && !math.IsNaN(f)), true
		}
	}
}

func extreme(op query.Op) scalar {
	want := 1
	if op == query.OpLeast {
		want = -1
	}
	return func(a []value.Value) (value.Value, bool) {
		best := a[0]
		for _, v := range a[1:] {
			c, ok := value.Compare(v, best)
			if !ok {
				return value.Value{}, false
			}
			if c == want {
				best = v
			}
		}
		return best, true
	}
}

func sign(kinds string) scalar {
	switch kinds {
	case "i":
		return func(a []value.Value) (value.Value, bool) {
			i := a[0].Int()
			return value.IntValue(i>>63 | int64(uint64(-i)>>63)), true //nolint:gosec // the sign bit
		}
	case "u":
		return func(a []value.Value) (value.Value, bool) { return value.UintValue(min(a[0].Uint(), 1)), true }
	case "m":
		return func(a []value.Value) (value.Value, bool) {
			return value.DecimalValue(value.DecFromInt(int64(a[0].Decimal().Sign()))), true
		}
	case "d":
		return func(a []value.Value) (value.Value, bool) {
			switch f := a[0].Double(); {
			case f > 0:
				return value.DoubleValue(1), true
			case f < 0:
				return value.DoubleValue(-1), true
			case f == 0:
				return value.DoubleValue(0), true
			default:
				return a[0], true
			}
		}
	}
	return nil
}

// compile returns the regular expression of a pattern.
func compile(pattern string) (*regexp.Regexp, error) { return regexp.Compile(pattern) }
