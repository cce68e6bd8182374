package postgres

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/value"
)

// decoder appends the binary form of one non-null cell to a vector. A malformed cell is an error; one
// that its logical type cannot hold becomes an error element.
type decoder func(v *value.Vector, b []byte) error

// epoch is 2000-01-01 in Unix seconds: where PostgreSQL's times begin.
const epoch = 946_684_800

const (
	microsPerSecond = 1_000_000
	nanosPerMicro   = 1_000
	secondsPerDay   = 86_400
	microsPerDay    = secondsPerDay * microsPerSecond
)

// decoderOptions is what a decoder depends on beside the type.
type decoderOptions struct {
	zone *time.Location // of naive timestamps, nil to leave them local
	raw  bool           // the database's encoding is SQL_ASCII: text may not be UTF-8
}

// familyOf returns how the result type oid is read; enums and other types without a fixed number are read as meta says.
func familyOf(oid uint32, meta *columnMeta) (fam, elem family) {
	if b, ok := builtins[oid]; ok && b.text == "" {
		return b.family, famNone
	}
	if meta != nil && meta.oid == oid {
		return meta.family, meta.elemf
	}
	return famNone, famNone
}

// newDecoder returns the decoder of a family; elem is that of an array's elements.
func newDecoder(fam, elem family, elemType value.Type, o decoderOptions) (decoder, error) {
	switch fam {
	case famArray:
		inner, err := newDecoder(elem, famNone, value.Type{}, o)
		if err != nil {
			return nil, err
		}
		return arrayDecoder(inner, elemType), nil
	case famTimestamp:
		if o.zone != nil && o.zone != time.UTC {
			return zonedDecoder(o.zone), nil
		}
		return decodeTimestamp, nil
	case famText:
		if o.raw {
			return decodeRawText, nil
		}
		return decodeText, nil
	case famBpchar:
		return bpcharDecoder(o.raw), nil
	default:
		if d, ok := decoders[fam]; ok {
			return d, nil
		}
		return nil, fmt.Errorf("no decoder for family %d", fam)
	}
}

var decoders = map[family]decoder{
	famBool: decodeBool, famInt2: decodeInt2, famInt4: decodeInt4, famInt8: decodeInt8, famOID: decodeOID,
	famFloat4: decodeFloat4, famFloat8: decodeFloat8, famNumeric: decodeNumeric, famBytea: decodeText,
	famTimestamptz: decodeTimestamp, famDate: decodeDate, famTime: decodeTime, famInterval: decodeInterval,
	famUUID: decodeUUID, famJSON: decodeText, famJSONB: decodeJSONB, famTID: decodeTID,
}

type malformedError struct {
	what string
	size int
}

func (e *malformedError) Error() string {
	return fmt.Sprintf("malformed %s of %d bytes from the server", e.what, e.size)
}

func malformed(what string, b []byte) error { return &malformedError{what, len(b)} }

func decodeBool(v *value.Vector, b []byte) error {
	if len(b) != 1 {
		return malformed("bool", b)
	}
	v.AppendBool(b[0] != 0)
	return nil
}

func decodeInt2(v *value.Vector, b []byte) error {
	if len(b) != 2 {
		return malformed("int2", b)
	}
	v.AppendInt(int64(int16(binary.BigEndian.Uint16(b)))) //nolint:gosec // two's complement
	return nil
}

func decodeInt4(v *value.Vector, b []byte) error {
	if len(b) != 4 {
		return malformed("int4", b)
	}
	v.AppendInt(int64(int32(binary.BigEndian.Uint32(b)))) //nolint:gosec // two's complement
	return nil
}

func decodeInt8(v *value.Vector, b []byte) error {
	if len(b) != 8 {
		return malformed("int8", b)
	}
	v.AppendInt(int64(binary.BigEndian.Uint64(b))) //nolint:gosec // two's complement
	return nil
}

func decodeOID(v *value.Vector, b []byte) error {
	if len(b) != 4 {
		return malformed("oid", b)
	}
	v.AppendInt(int64(binary.BigEndian.Uint32(b)))
	return nil
}

func decodeTID(v *value.Vector, b []byte) error {
	if len(b) != 6 {
		return malformed("tid", b)
	}
	v.AppendInt(int64(binary.BigEndian.Uint32(b))<<16 | int64(binary.BigEndian.Uint16(b[4:])))
	return nil
}

func decodeFloat4(v *value.Vector, b []byte) error {
	if len(b) != 4 {
		return malformed("float4", b)
	}
	v.AppendDouble(float64(math.Float32frombits(binary.BigEndian.Uint32(b))))
	return nil
}

func decodeFloat8(v *value.Vector, b []byte) error {
	if len(b) != 8 {
		return malformed("float8", b)
	}
	v.AppendDouble(math.Float64frombits(binary.BigEndian.Uint64(b)))
	return nil
}

func decodeText(v *value.Vector, b []byte) error {
	v.AppendBytes(b)
	return nil
}

func decodeRawText(v *value.Vector, b []byte) error {
	if !utf8.Valid(b) {
		v.AppendErr()
		return nil
	}
	v.AppendBytes(b)
	return nil
}

// bpcharDecoder drops the blanks that pad char(n): they are not data.
func bpcharDecoder(raw bool) decoder {
	next := decodeText
	if raw {
		next = decodeRawText
	}
	return func(v *value.Vector, b []byte) error {
		for len(b) > 0 && b[len(b)-1] == ' ' {
			b = b[:len(b)-1]
		}
		return next(v, b)
	}
}

// splitMicros returns seconds and nanoseconds of microseconds, rounding towards the past.
func splitMicros(us int64) (sec int64, nanos int32) {
	sec, us = us/microsPerSecond, us%microsPerSecond
	if us < 0 {
		sec, us = sec-1, us+microsPerSecond
	}
	return sec, int32(us * nanosPerMicro)
}

// decodeTimestamp reads microseconds since 2000; the infinities lie outside the years that AppendTimestamp takes.
func decodeTimestamp(v *value.Vector, b []byte) error {
	if len(b) != 8 {
		return malformed("timestamp", b)
	}
	sec, nanos := splitMicros(int64(binary.BigEndian.Uint64(b))) //nolint:gosec // two's complement
	v.AppendTimestamp(sec+epoch, nanos)
	return nil
}

// zonedDecoder reads a wall clock in zone as an instant.
func zonedDecoder(zone *time.Location) decoder {
	return func(v *value.Vector, b []byte) error {
		if len(b) != 8 {
			return malformed("timestamp", b)
		}
		sec, nanos := splitMicros(int64(binary.BigEndian.Uint64(b))) //nolint:gosec // two's complement
		sec += epoch
		if sec < value.MinUnix-secondsPerDay || sec > value.MaxUnix+secondsPerDay {
			v.AppendErr()
			return nil
		}
		t := value.TimeIn(time.Unix(sec, 0).UTC(), zone)
		v.AppendTimestamp(t.Unix(), nanos)
		return nil
	}
}

// decodeDate reads days since 2000; the infinities lie outside the years that AppendTimestamp takes.
func decodeDate(v *value.Vector, b []byte) error {
	if len(b) != 4 {
		return malformed("date", b)
	}
	days := int64(int32(binary.BigEndian.Uint32(b))) //nolint:gosec // two's complement
	v.AppendTimestamp(days*secondsPerDay+epoch, 0)
	return nil
}

func decodeTime(v *value.Vector, b []byte) error {
	if len(b) != 8 {
		return malformed("time", b)
	}
	us := int64(binary.BigEndian.Uint64(b)) //nolint:gosec // two's complement
	if us < 0 || us > microsPerDay {
		return malformed("time", b)
	}
	v.AppendInt(us * nanosPerMicro)
	return nil
}

// decodeInterval reads microseconds, days and months. A month has no length, so it makes an error element.
func decodeInterval(v *value.Vector, b []byte) error {
	if len(b) != 16 {
		return malformed("interval", b)
	}
	us := int64(binary.BigEndian.Uint64(b))                 //nolint:gosec // two's complement
	days := int64(int32(binary.BigEndian.Uint32(b[8:])))    //nolint:gosec // two's complement
	months := int64(int32(binary.BigEndian.Uint32(b[12:]))) //nolint:gosec // two's complement
	const most = math.MaxInt64 / nanosPerMicro
	span := days * microsPerDay // < 2^31 * 2^37
	sum := span + us
	if months != 0 || (span > 0 && us > 0 && sum < 0) || (span < 0 && us < 0 && sum >= 0) || sum > most || sum < -most {
		v.AppendErr()
		return nil
	}
	v.AppendInt(sum * nanosPerMicro)
	return nil
}

func decodeUUID(v *value.Vector, b []byte) error {
	if len(b) != 16 {
		return malformed("uuid", b)
	}
	var text [36]byte
	hex.Encode(text[:8], b[:4])
	hex.Encode(text[9:13], b[4:6])
	hex.Encode(text[14:18], b[6:8])
	hex.Encode(text[19:23], b[8:10])
	hex.Encode(text[24:], b[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	v.AppendBytes(text[:])
	return nil
}

// decodeJSONB drops the version byte before the text.
func decodeJSONB(v *value.Vector, b []byte) error {
	if len(b) < 1 || b[0] != 1 {
		return malformed("jsonb", b)
	}
	v.AppendBytes(b[1:])
	return nil
}

// arrayDecoder reads one-dimensional arrays, whatever their lower bound. An element that is an error, or a
// second dimension, makes the whole cell one.
func arrayDecoder(elem decoder, elemType value.Type) decoder {
	scratch := new(value.Vector)
	return func(v *value.Vector, b []byte) error {
		if len(b) < 12 {
			return malformed("array", b)
		}
		dims := binary.BigEndian.Uint32(b)
		if dims == 0 {
			v.AppendList([]value.Value{})
			return nil
		}
		if dims > 1 {
			v.AppendErr()
			return nil
		}
		if len(b) < 20 {
			return malformed("array", b)
		}
		n, rest := int(binary.BigEndian.Uint32(b[12:])), b[20:]
		if n > len(rest)/4 {
			return malformed("array", b)
		}
		list := make([]value.Value, 0, n)
		scratch.Reset(elemType)
		for range n {
			if len(rest) < 4 {
				return malformed("array", b)
			}
			size := int(int32(binary.BigEndian.Uint32(rest))) //nolint:gosec // -1 is null
			rest = rest[4:]
			if size < 0 {
				scratch.AppendNull()
				continue
			}
			if size > len(rest) {
				return malformed("array", b)
			}
			if err := elem(scratch, rest[:size]); err != nil {
				return err
			}
			rest = rest[size:]
		}
		for i := range n {
			if scratch.IsErr(i) {
				v.AppendErr()
				return nil
			}
			list = append(list, scratch.Value(i))
		}
		v.AppendList(list)
		return nil
	}
}
