package value

import (
	"math"
	"time"
)

// Value is one value of any kind: a literal, a cell of a failing row, a metric.
// The zero Value is null. It is immutable.
type Value struct {
	kind Kind
	num  uint64 // Bool (0, 1), Int, Uint, Double (bits), Duration (ns), Timestamp (Unix seconds)
	nsec int32  // Timestamp: nanoseconds within the second, 0 to 999,999,999
	str  string // String, Bytes, JSON (text)
	dec  *Dec
	list []Value
	elem Type // List
}

// NullValue returns the null value.
func NullValue() Value { return Value{} }

// BoolValue returns a Bool.
func BoolValue(b bool) Value {
	if b {
		return Value{kind: Bool, num: 1}
	}
	return Value{kind: Bool}
}

// IntValue returns an Int.
func IntValue(i int64) Value { return Value{kind: Int, num: uint64(i)} } //nolint:gosec // two's complement, kept as bits

// UintValue returns a Uint.
func UintValue(u uint64) Value { return Value{kind: Uint, num: u} }

// DoubleValue returns a Double.
func DoubleValue(f float64) Value { return Value{kind: Double, num: math.Float64bits(f)} }

// DecimalValue returns a Decimal.
func DecimalValue(d Dec) Value { return Value{kind: Decimal, dec: &d} }

// StringValue returns a String.
func StringValue(s string) Value { return Value{kind: String, str: s} }

// BytesValue returns a Bytes that copies b.
func BytesValue(b []byte) Value { return Value{kind: Bytes, str: string(b)} }

// JSONValue returns a JSON document from its text, which is not validated here.
func JSONValue(text string) Value { return Value{kind: JSON, str: text} }

// TimestampValue returns the instant of t.
func TimestampValue(t time.Time) Value {
	return Value{kind: Timestamp, num: uint64(t.Unix()), nsec: int32(t.Nanosecond())} //nolint:gosec // two's complement, kept as bits
}

// LocalTimestampValue returns the wall clock of t, as if it were UTC.
func LocalTimestampValue(t time.Time) Value {
	v := TimestampValue(t)
	v.kind = LocalTimestamp
	return v
}

// DurationValue returns a Duration.
func DurationValue(d time.Duration) Value { return Value{kind: Duration, num: uint64(d)} } //nolint:gosec // two's complement, kept as bits

// ListValue returns a List of elements of type elem.
func ListValue(elem Type, vs ...Value) Value { return Value{kind: List, list: vs, elem: elem} }

// Kind returns the value's kind; Null for null.
func (v Value) Kind() Kind { return v.kind }

// Type returns the value's type.
func (v Value) Type() Type {
	if v.kind == List {
		return ListOf(v.elem)
	}
	return Of(v.kind)
}

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.kind == Null }

// Bool returns the value of a Bool.
func (v Value) Bool() bool { return v.num != 0 }

// Int returns the value of an Int.
func (v Value) Int() int64 { return int64(v.num) } //nolint:gosec // two's complement, kept as bits

// Uint returns the value of a Uint.
func (v Value) Uint() uint64 { return v.num }

// Double returns the value of a Double.
func (v Value) Double() float64 { return math.Float64frombits(v.num) }

// Decimal returns the value of a Decimal, zero for any other kind.
func (v Value) Decimal() Dec {
	if v.dec == nil {
		return Dec{}
	}
	return *v.dec
}

// Str returns the content of a String or Bytes, or the text of a JSON document.
func (v Value) Str() string { return v.str }

// Time returns a Timestamp in UTC, or a LocalTimestamp as if it were UTC.
func (v Value) Time() time.Time { return time.Unix(int64(v.num), int64(v.nsec)).UTC() } //nolint:gosec // two's complement, kept as bits

// Duration returns the value of a Duration.
func (v Value) Duration() time.Duration { return time.Duration(v.num) } //nolint:gosec // two's complement, kept as bits

// List returns the elements of a List; the caller must not change them.
func (v Value) List() []Value { return v.list }
