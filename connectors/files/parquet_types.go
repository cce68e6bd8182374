package files

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/assay-dev/assay/connectors/value"
)

// leafType is what the values of a leaf mean and how they are read.
type leafType struct {
	typ    value.Type
	shape  value.Shape
	res    value.Resolution
	mayErr bool
	decode func(*value.Vector, parquet.Value)
}

func plain(k value.Kind, decode func(*value.Vector, parquet.Value)) leafType {
	return leafType{typ: value.Of(k), decode: decode}
}

// leafTypeOf reads a leaf's logical type, or its older converted type, or takes the physical type as it is.
func leafTypeOf(e *format.SchemaElement) (t leafType, native, unusable string) {
	physical := e.Type.V
	native = physical.String()
	logical := e.LogicalType.Value
	if logical == nil && e.ConvertedType.Valid {
		logical = modern(e)
	}
	if logical != nil {
		native += " " + logical.String()
	}
	if e.ConvertedType.Valid && e.ConvertedType.V == deprecated.Interval && logical == nil {
		return t, native + " INTERVAL", "an interval of months and days is no duration"
	}
	if logical == nil {
		t = physicalType(physical)
	} else {
		t, unusable = logicalType(logical, physical, e.TypeLength.V)
	}
	if t.decode == nil && unusable == "" {
		unusable = "the type " + native + " is not supported"
	}
	return t, native, unusable
}

// modern returns the logical type that a converted type is.
func modern(e *format.SchemaElement) format.LogicalTypeValue {
	ints := func(bits int8, signed bool) format.LogicalTypeValue {
		return &format.IntType{BitWidth: bits, IsSigned: signed}
	}
	switch e.ConvertedType.V {
	case deprecated.UTF8:
		return &format.StringType{}
	case deprecated.Enum:
		return &format.EnumType{}
	case deprecated.Json:
		return &format.JsonType{}
	case deprecated.Bson:
		return &format.BsonType{}
	case deprecated.Decimal:
		return &format.DecimalType{Scale: e.Scale.V, Precision: e.Precision.V}
	case deprecated.Date:
		return &format.DateType{}
	case deprecated.TimeMillis:
		return &format.TimeType{IsAdjustedToUTC: true, Unit: parquet.Millisecond.TimeUnit()}
	case deprecated.TimeMicros:
		return &format.TimeType{IsAdjustedToUTC: true, Unit: parquet.Microsecond.TimeUnit()}
	case deprecated.TimestampMillis:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: parquet.Millisecond.TimeUnit()}
	case deprecated.TimestampMicros:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: parquet.Microsecond.TimeUnit()}
	case deprecated.Uint8:
		return ints(8, false)
	case deprecated.Uint16:
		return ints(16, false)
	case deprecated.Uint32:
		return ints(32, false)
	case deprecated.Uint64:
		return ints(64, false)
	case deprecated.Int8:
		return ints(8, true)
	case deprecated.Int16:
		return ints(16, true)
	case deprecated.Int32:
		return ints(32, true)
	case deprecated.Int64:
		return ints(64, true)
	}
	return nil
}

func physicalType(p format.Type) leafType {
	switch p {
	case format.Boolean:
		return plain(value.Bool, func(v *value.Vector, x parquet.Value) { v.AppendBool(x.Boolean()) })
	case format.Int32:
		return plain(value.Int, func(v *value.Vector, x parquet.Value) { v.AppendInt(int64(x.Int32())) })
	case format.Int64:
		return plain(value.Int, func(v *value.Vector, x parquet.Value) { v.AppendInt(x.Int64()) })
	case format.Float:
		t := plain(value.Double, func(v *value.Vector, x parquet.Value) { v.AppendDouble(float64(x.Float())) })
		t.res.Single = true
		return t
	case format.Double:
		return plain(value.Double, func(v *value.Vector, x parquet.Value) { v.AppendDouble(x.Double()) })
	case format.ByteArray, format.FixedLenByteArray:
		return plain(value.Bytes, func(v *value.Vector, x parquet.Value) { v.AppendBytes(x.ByteArray()) })
	case format.Int96:
		return int96Type()
	}
	return leafType{}
}

func logicalType(l format.LogicalTypeValue, p format.Type, length int32) (t leafType, unusable string) {
	binaries := p == format.ByteArray || p == format.FixedLenByteArray
	switch l := l.(type) {
	case *format.StringType, *format.EnumType:
		if binaries {
			t = plain(value.String, appendText)
			t.mayErr = true
		}
	case *format.JsonType:
		if binaries {
			t = plain(value.JSON, appendDocument)
			t.mayErr = true
		}
	case *format.BsonType:
		return physicalType(p), ""
	case *format.UUIDType:
		if p == format.FixedLenByteArray && length == 16 {
			t = plain(value.String, appendUUID)
			t.shape = value.UUID
		}
	case *format.IntType:
		return intType(l, p), ""
	case *format.DecimalType:
		return decimalType(l, p), ""
	case *format.DateType:
		if p == format.Int32 {
			t = plain(value.Timestamp, func(v *value.Vector, x parquet.Value) { v.AppendTimestamp(int64(x.Int32())*86400, 0) })
			t.shape, t.mayErr = value.Date, true
		}
	case *format.TimeType:
		if per, digits, ok := unit(l.Unit); ok && (p == format.Int32) == (digits == 3) {
			t = plain(value.Duration, func(v *value.Vector, x parquet.Value) { v.AppendInt(integer(x, p) * (1_000_000_000 / per)) })
			t.res = value.Resolution{Known: true, Digits: digits}
		}
	case *format.TimestampType:
		if per, digits, ok := unit(l.Unit); ok && p == format.Int64 {
			t = timestampType(per, digits, l.IsAdjustedToUTC)
		}
	case *format.Float16Type:
		if p == format.FixedLenByteArray && length == 2 {
			t = plain(value.Double, func(v *value.Vector, x parquet.Value) {
				v.AppendDouble(half(binary.LittleEndian.Uint16(x.ByteArray())))
			})
		}
	case *format.NullType:
		// A column that holds nothing is told by the type of its nulls, which is none.
		t = plain(value.String, func(v *value.Vector, _ parquet.Value) { v.AppendErr() })
		t.mayErr = true
	case *format.GeometryType, *format.GeographyType:
		return t, "geometry has no type in expressions"
	}
	return t, ""
}

// intType: an unsigned integer of 64 bits is a uint, all others fit an int.
func intType(l *format.IntType, p format.Type) leafType {
	switch {
	case l.IsSigned && (p == format.Int32 || p == format.Int64):
		return physicalType(p)
	case p == format.Int32:
		return plain(value.Int, func(v *value.Vector, x parquet.Value) { v.AppendInt(int64(x.Uint32())) })
	case p == format.Int64:
		return plain(value.Uint, func(v *value.Vector, x parquet.Value) { v.AppendUint(x.Uint64()) })
	}
	return leafType{}
}

func integer(x parquet.Value, p format.Type) int64 {
	if p == format.Int32 {
		return int64(x.Int32())
	}
	return x.Int64()
}

func decimalType(l *format.DecimalType, p format.Type) leafType {
	if l.Scale < 0 || l.Scale > 1000 {
		return leafType{}
	}
	var t leafType
	switch p {
	case format.Int32, format.Int64:
		t = plain(value.Decimal, func(v *value.Vector, x parquet.Value) { v.AppendDecimal(value.NewDec(integer(x, p), l.Scale)) })
	case format.ByteArray, format.FixedLenByteArray:
		t = plain(value.Decimal, func(v *value.Vector, x parquet.Value) { v.AppendDecimal(unscaled(x.ByteArray(), l.Scale)) })
	default:
		return t
	}
	t.res = value.Resolution{Known: true, Digits: int8(min(l.Scale, math.MaxInt8))}
	return t
}

// unscaled reads the two's complement of a decimal's digits, most significant byte first.
func unscaled(b []byte, scale int32) value.Dec {
	neg := len(b) > 0 && b[0]&0x80 != 0
	for len(b) > 8 && (neg && b[0] == 0xFF && b[1]&0x80 != 0 || b[0] == 0 && b[1]&0x80 == 0) {
		b = b[1:] // sign alone
	}
	if len(b) <= 8 {
		var n int64
		if neg {
			n = -1
		}
		for _, c := range b {
			n = n<<8 | int64(c)
		}
		return value.NewDec(n, scale)
	}
	n := new(big.Int).SetBytes(b)
	if neg {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	return value.DecFromBig(n, scale)
}

// unit returns how many of the unit make a second, and the digits behind the point.
func unit(u format.TimeUnit) (per int64, digits int8, ok bool) {
	switch u.Value.(type) {
	case *format.MilliSeconds:
		return 1000, 3, true
	case *format.MicroSeconds:
		return 1_000_000, 6, true
	case *format.NanoSeconds:
		return 1_000_000_000, 9, true
	}
	return 0, 0, false
}

// timestampType reads counts since 1970: of instants where the file says so, else of a wall clock.
func timestampType(per int64, digits int8, instant bool) leafType {
	k := value.LocalTimestamp
	if instant {
		k = value.Timestamp
	}
	t := plain(k, func(v *value.Vector, x parquet.Value) {
		n := x.Int64()
		sec, rest := n/per, n%per
		if rest < 0 {
			sec, rest = sec-1, rest+per
		}
		v.AppendTimestamp(sec, int32(rest*(1_000_000_000/per))) //nolint:gosec // below 1e9
	})
	t.mayErr, t.res = true, value.Resolution{Known: true, Digits: digits, Truncates: true}
	return t
}

// int96Type reads the timestamps of old writers: nanoseconds of the day, and the Julian day. The type says nothing of a zone.
func int96Type() leafType {
	const unixEpoch = 2440588 // the Julian day of 1970-01-01
	t := plain(value.LocalTimestamp, func(v *value.Vector, x parquet.Value) {
		n := x.Int96()
		nanos := int64(n[1])<<32 | int64(n[0])
		sec := (int64(n[2])-unixEpoch)*86400 + nanos/1_000_000_000
		if nanos < 0 {
			v.AppendErr()
			return
		}
		v.AppendTimestamp(sec, int32(nanos%1_000_000_000))
	})
	t.mayErr, t.res = true, value.Resolution{Known: true, Digits: 9, Truncates: true}
	return t
}

func appendText(v *value.Vector, x parquet.Value) {
	if b := x.ByteArray(); utf8.Valid(b) {
		v.AppendBytes(b)
		return
	}
	v.AppendErr()
}

func appendDocument(v *value.Vector, x parquet.Value) {
	if b := x.ByteArray(); utf8.Valid(b) && json.Valid(b) {
		v.AppendBytes(b)
		return
	}
	v.AppendErr()
}

func appendUUID(v *value.Vector, x parquet.Value) {
	b := x.ByteArray()
	v.AppendString(fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16]))
}

// half reads an IEEE 754 binary16.
func half(u uint16) float64 {
	exp, frac := int(u>>10&0x1F), float64(u&0x3FF)
	var f float64
	switch exp {
	case 0:
		f = math.Ldexp(frac, -24)
	case 0x1F:
		f = math.Inf(1)
		if frac != 0 {
			f = math.NaN()
		}
	default:
		f = math.Ldexp(frac+1024, exp-25)
	}
	if u&0x8000 != 0 {
		return -f
	}
	return f
}
