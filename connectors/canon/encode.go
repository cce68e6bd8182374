package canon

import (
	"encoding/hex"
	"math"
	"strconv"

	"github.com/assay-dev/assay/connectors/value"
)

// Append appends the canonical encoding of a cell to dst. Encodings can be put one behind the other: no two different sequences of
// cells have one. For a digestible form the encodings of a cell of the source and one of the target are the same bytes exactly
// where Equal says that the cells are the same.
//
//	null                 n
//	value                v, the number of octets of the text in decimal digits, a colon, the text
//	cell in error        el of the source, er of the target
//	text no document     x, then as a value (Document: the cell is no JSON; it equals no document)
//
// The text of a value, by class:
//
//	Bool       0 or 1
//	Integer    decimal digits, - before a negative number; a bool as 0 or 1
//	Number     decimal text: -12.5, 0.5, 100; no exponent, no +, no zero at the end of a fraction, no point behind a whole number,
//	           one 0 before the point of a fraction, 0 for zero. Where Scaled, rounded to Scale digits half away from zero before that
//	Double     shortest digits that read back as the number (as the binary32 where Single) and do not lie in the middle of two, laid out as PostgreSQL does: plain notation where
//	           the power of ten of the first digit is -4 to 14 (Single: -4 to 5), else 1e+15, 1.5e-05 with two digits of exponent at least; 0 for both zeros;
//	           NaN, Infinity, -Infinity. Beside an integer column: a whole number below 2^64 in magnitude as an Integer
//	Text       the text itself, normalised where Options say so
//	Bytes      lower-case hexadecimal of the octets; of text, those of its UTF-8
//	UUID       32 lower-case hexadecimal digits; what is no UUID as its own octets
//	Instant    the number of units since 1970-01-01 00:00 UTC in decimal digits, as an Integer. A unit is 10^-d seconds, d being Options.Digits
//	           where that is less than Digits, 0 where Options.PrecisionSeconds is set, else Digits: 6 makes microseconds. The time is first brought to Digits
//	           (Truncates, From2000), then cut to the precision, towards the past (a multiple of PrecisionSeconds)
//	Local      the same of the wall clock, as if it were UTC; an instant with a declared zone is turned back to its wall clock
//	Span       the same of the duration; Digits rounds half away from zero or cuts towards zero, a precision cuts downwards
//	Document   the canonical JSON text: see appendDocument
//	Sequence   the encodings of the elements one behind the other, in bytewise order where Unordered
//
// Mixed has no encoding of this kind (see Digestible): there, and where there is a tolerance, bytes say of which cells the values are
// identical, but equal ones may have different bytes.
func (f *Form) Append(dst []byte, v *value.Vector, side Side, i int) []byte {
	switch f.tier(v, i) {
	case 1:
		return append(dst, 'n')
	case 2:
		if side == Left {
			return append(dst, "el"...)
		}
		return append(dst, "er"...)
	}
	switch f.Class {
	case Text, Document, Sequence, Bytes, UUID:
		return f.appendLong(dst, v, side, i)
	default:
	}
	// Numbers are short but for a few: their length is known only behind them.
	var buf [64]byte
	text := f.appendShort(buf[:0], v, side, i)
	return appendFramed(dst, text)
}

// appendFramed appends a value with its length.
func appendFramed(dst, text []byte) []byte {
	dst = append(dst, 'v')
	dst = strconv.AppendInt(dst, int64(len(text)), 10)
	dst = append(dst, ':')
	return append(dst, text...)
}

func (f *Form) appendLong(dst []byte, v *value.Vector, side Side, i int) []byte {
	switch f.Class {
	case Bytes:
		b := v.Bytes(i)
		dst = append(dst, 'v')
		dst = strconv.AppendInt(dst, int64(2*len(b)), 10)
		dst = append(dst, ':')
		return hex.AppendEncode(dst, b)
	case UUID:
		u, ok := uuid(v, i)
		if !ok {
			return appendFramed(dst, v.Bytes(i))
		}
		return hex.AppendEncode(append(dst, "v32:"...), u[:])
	case Text:
		if !f.normal {
			return appendFramed(dst, v.Bytes(i))
		}
	default:
	}
	s := f.scratch.get()
	defer f.scratch.put(s)
	switch f.Class {
	case Text:
		return appendFramed(dst, f.text(s.a, v.Bytes(i)))
	case Sequence:
		s.a = f.appendSequence(s.a[:0], v, side, i)
		return appendFramed(dst, s.a)
	default:
	}
	var ok bool
	if s.a, ok = document(s.a[:0], v, i); ok {
		return appendFramed(dst, s.a)
	}
	dst = append(dst, 'x')
	if v.Type.Kind == value.List {
		return appendFramed(dst, v.Value(i).AppendText(nil))
	}
	return appendFramed(dst, v.Bytes(i))
}

// appendShort appends the text of a number or a time.
func (f *Form) appendShort(dst []byte, v *value.Vector, side Side, i int) []byte {
	switch f.Class {
	case Bool, Integer:
		n, big := integer(v, i)
		if big {
			return strconv.AppendUint(dst, uint64(n), 10) //nolint:gosec // stored so
		}
		return strconv.AppendInt(dst, n, 10)
	case Number:
		return f.number(v, i).AppendText(dst)
	case Double:
		return f.appendDouble(dst, v, i)
	case Mixed:
		if v.Type.Kind == value.Double {
			return appendLaidOut(dst, v.Floats[i], f.Single)
		}
		return v.Decs[i].AppendText(dst)
	case Instant, Local:
		sec, nanos := f.instant(v, side, i)
		return appendUnits(dst, sec, nanos, f.step())
	case Span:
		return strconv.AppendInt(dst, f.span(v, i), 10)
	default:
		return dst
	}
}

func (f *Form) appendDouble(dst []byte, v *value.Vector, i int) []byte {
	switch v.Type.Kind {
	case value.Int:
		return strconv.AppendInt(dst, v.Ints[i], 10)
	case value.Uint:
		return strconv.AppendUint(dst, v.Uints[i], 10)
	default:
	}
	x := v.Floats[i]
	if f.Left.Type.Kind != f.Right.Type.Kind && math.Abs(x) < 1<<64 && x == math.Trunc(x) {
		return strconv.AppendFloat(dst, x+0, 'f', 0, 64) // -0 + 0 is 0
	}
	return appendLaidOut(dst, x, f.Single)
}

// appendLaidOut appends a double as PostgreSQL's float8out and float4out do, but for -0.
func appendLaidOut(dst []byte, x float64, single bool) []byte {
	switch {
	case math.IsNaN(x):
		return append(dst, "NaN"...)
	case x == 0:
		return append(dst, '0')
	}
	bits, most := 64, 15
	if single {
		if x = toSingle(x); math.Abs(x) <= math.MaxFloat32 {
			bits, most = 32, 6
		}
	}
	switch {
	case math.IsInf(x, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(x, -1):
		return append(dst, "-Infinity"...)
	case x == 0:
		return append(dst, '0') // less than the least binary32
	}
	at := len(dst)
	dst = strconv.AppendFloat(dst, x, 'e', -1, bits)
	e := len(dst) - 1
	for dst[e] != 'e' {
		e--
	}
	exp, _ := strconv.Atoi(string(dst[e+1:]))
	if exp < -4 || exp >= most {
		return appendDecided(dst[:at], dst[at:], x, bits)
	}
	return strconv.AppendFloat(dst[:at], x, 'f', -1, bits)
}

// appendUnits appends sec + nanos in units of 10^-digits seconds.
func appendUnits(dst []byte, sec int64, nanos int32, digits int8) []byte {
	n := nanos / units[digits]
	per := nanosPerSecond / units[digits]
	if sec < 0 && n > 0 { // -1 s + 0.75 s is -0.25 s
		sec, n = sec+1, per-n
		if sec == 0 {
			dst = append(dst, '-')
		}
	}
	if sec == 0 {
		return strconv.AppendInt(dst, int64(n), 10)
	}
	dst = strconv.AppendInt(dst, sec, 10)
	if digits == 0 {
		return dst
	}
	at := len(dst)
	dst = strconv.AppendInt(dst, int64(n)+int64(per), 10) // a leading 1 keeps the zeros
	return append(dst[:at], dst[at+1:]...)
}
