package postgres

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/guarded"
	"github.com/assay-dev/assay/connectors/value"
)

// wire says how the values of a column travel: as one array a column, in binary: of elements of the column's own type where that is simple, else of texts that the server reads.
type wire struct {
	col  value.Column
	meta *columnMeta
	// elem is the type of the array's elements and name its name.
	elem uint32
	name string
	zone *time.Location // of naive timestamps
	// append appends the element's bytes.
	append func(w *wire, b []byte, v value.Value) ([]byte, error)
}

var errNUL = errors.New("PostgreSQL keeps no text with a NUL")

// newWire chooses how a column's values travel.
func newWire(col value.Column) (*wire, error) {
	m, ok := col.Meta.(*columnMeta)
	if !ok || m.family == famNone || m.family == famTID {
		return nil, fmt.Errorf("column %s of type %s can be neither guarded nor written", col.Name, col.Native)
	}
	w := &wire{col: col, meta: m, elem: oidText, name: "text", append: appendText}
	if m.expr != "" {
		return w, nil
	}
	set := func(oid uint32, name string, f func(*wire, []byte, value.Value) ([]byte, error)) {
		w.elem, w.name, w.append = oid, name, f
	}
	switch m.family {
	case famBool:
		set(oidBool, "bool", appendBool)
	case famInt2:
		set(oidInt2, "int2", appendInt(2))
	case famInt4:
		set(oidInt4, "int4", appendInt(4))
	case famInt8:
		set(oidInt8, "int8", appendInt(8))
	case famOID:
		set(oidOID, "oid", appendInt(-4))
	case famFloat4:
		set(oidFloat4, "float4", appendDouble)
	case famFloat8:
		set(oidFloat8, "float8", appendDouble)
	case famNumeric:
		set(oidNumeric, "numeric", appendNumeric)
	case famBytea:
		set(oidBytea, "bytea", appendText)
	case famTimestamptz:
		set(oidTimestamptz, "timestamptz", appendTime)
	case famTimestamp:
		set(oidTimestamp, "timestamp", appendTime)
	case famDate:
		set(oidDate, "date", appendTime)
	case famTime:
		set(oidTime, "time", appendSpan)
	case famInterval:
		set(oidInterval, "interval", appendSpan)
	case famUUID:
		set(oidUUID, "uuid", appendUUID)
	case famArray:
		w.append = appendList
	default: // texts
	}
	if col.Zone != "" {
		zone, err := value.LoadZone(col.Zone)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", col.Name, err)
		}
		w.zone = zone
	}
	return w, nil
}

// array encodes the values, null for null. bad is the position of the one that the column cannot have, -1 for none.
func (w *wire) array(n int, at func(i int) value.Value) (out []byte, bad int, err error) {
	out = make([]byte, 0, 20+n*12)
	out = binary.BigEndian.AppendUint32(out, 1) // dimensions
	out = binary.BigEndian.AppendUint32(out, 1) // there may be nulls
	out = binary.BigEndian.AppendUint32(out, w.elem)
	out = binary.BigEndian.AppendUint32(out, uint32(n)) //nolint:gosec // rows of a batch
	out = binary.BigEndian.AppendUint32(out, 1)         // lower bound
	for i := range n {
		v := at(i)
		if v.IsNull() {
			out = append(out, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		if err := guarded.Fit(&w.col, v); err != nil {
			return nil, i, err
		}
		start := len(out)
		out = append(out, 0, 0, 0, 0)
		if out, err = w.append(w, out, v); err != nil {
			return nil, i, fmt.Errorf("column %s: %w", w.col.Name, err)
		}
		binary.BigEndian.PutUint32(out[start:], uint32(len(out)-start-4)) //nolint:gosec // of one value
	}
	return out, -1, nil
}

func appendBool(_ *wire, b []byte, v value.Value) ([]byte, error) {
	if v.Bool() {
		return append(b, 1), nil
	}
	return append(b, 0), nil
}

// appendInt appends integers of so many bytes; a negative number stands for unsigned ones.
func appendInt(size int) func(*wire, []byte, value.Value) ([]byte, error) {
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	switch size {
	case 2:
		low, high = math.MinInt16, math.MaxInt16
	case 4:
		low, high = math.MinInt32, math.MaxInt32
	case -4:
		low, high = 0, math.MaxUint32
	}
	return func(_ *wire, b []byte, v value.Value) ([]byte, error) {
		i := v.Int()
		if i < low || i > high {
			return b, errors.New("the number is out of its range")
		}
		switch size {
		case 2:
			return binary.BigEndian.AppendUint16(b, uint16(i)), nil //nolint:gosec // tested
		case 8:
			return binary.BigEndian.AppendUint64(b, uint64(i)), nil //nolint:gosec // two's complement
		default:
			return binary.BigEndian.AppendUint32(b, uint32(i)), nil //nolint:gosec // tested
		}
	}
}

func appendDouble(w *wire, b []byte, v value.Value) ([]byte, error) {
	if w.elem == oidFloat4 {
		return binary.BigEndian.AppendUint32(b, math.Float32bits(float32(v.Double()))), nil
	}
	return binary.BigEndian.AppendUint64(b, math.Float64bits(v.Double())), nil
}

// appendNumeric appends what numeric_recv of PostgreSQL's numeric.c reads: see decodeNumeric.
func appendNumeric(_ *wire, b []byte, v value.Value) ([]byte, error) {
	var buf [48]byte
	text := v.Decimal().AppendText(buf[:0])
	sign := uint16(numericPositive)
	if len(text) > 0 && text[0] == '-' {
		sign, text = numericNegative, text[1:]
	}
	point := bytes.IndexByte(text, '.')
	whole, fraction := text, []byte(nil)
	if point >= 0 {
		whole, fraction = text[:point], text[point+1:]
	}
	if len(whole) > math.MaxInt16 || len(fraction) > 16383 {
		return b, errors.New("the number has more digits than PostgreSQL keeps")
	}
	groups := (len(whole) + 3) / 4
	start := len(b)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	n, weight := 0, groups-1
	digit := func(d uint16) {
		if d == 0 && n == 0 { // leading zeros
			weight--
			return
		}
		b = binary.BigEndian.AppendUint16(b, d)
		n++
	}
	for i := len(whole) - 4*(groups-1); len(whole) > 0; i = 4 {
		digit(base10000(whole[:i]))
		whole = whole[i:]
	}
	for rest := fraction; len(rest) > 0; rest = rest[min(4, len(rest)):] {
		d := base10000(rest[:min(4, len(rest))])
		for range 4 - min(4, len(rest)) {
			d *= 10
		}
		digit(d)
	}
	for n > 0 && b[len(b)-1] == 0 && b[len(b)-2] == 0 {
		b, n = b[:len(b)-2], n-1
	}
	if n == 0 {
		weight = 0
	}
	binary.BigEndian.PutUint16(b[start:], uint16(n))               //nolint:gosec // bounded above
	binary.BigEndian.PutUint16(b[start+2:], uint16(int16(weight))) //nolint:gosec // two's complement
	binary.BigEndian.PutUint16(b[start+4:], sign)                  // of a zero too: PostgreSQL has no -0 and reads it as 0
	binary.BigEndian.PutUint16(b[start+6:], uint16(len(fraction))) //nolint:gosec // bounded above
	return b, nil
}

// base10000 reads up to four digits.
func base10000(digits []byte) uint16 {
	n := uint16(0)
	for _, d := range digits {
		n = n*10 + uint16(d-'0')
	}
	return n
}

// appendText appends what travels as its own bytes.
func appendText(w *wire, b []byte, v value.Value) ([]byte, error) {
	s := v.Str()
	if v.Kind() != value.Bytes && strings.IndexByte(s, 0) >= 0 {
		return b, errNUL
	}
	if err := w.length(s); err != nil {
		return b, err
	}
	return append(b, s...), nil
}

// length refuses a text that the server would shorten without a word: blanks at the end of char(n), or beyond the length of varchar(n), and long names.
func (w *wire) length(s string) error {
	const header = 4
	m := w.meta
	switch {
	case m.expr != "":
	case m.family == famBpchar && strings.HasSuffix(s, " "):
		return errors.New("char(n) keeps no blanks at the end")
	case (m.family == famBpchar || m.oid == oidVarchar) && m.mod >= header && len(s) > int(m.mod-header) && utf8.RuneCountInString(s) > int(m.mod-header):
		return fmt.Errorf("%s is too short for the text", w.col.Native)
	case m.oid == oidName && len(s) > 63:
		return errors.New("a name has at most 63 bytes")
	}
	return nil
}

func appendUUID(_ *wire, b []byte, v value.Value) ([]byte, error) {
	s := v.Str()
	if !isUUID(s) {
		return b, errors.New("the text is no UUID in lower case with hyphens")
	}
	return hex.AppendDecode(b, []byte(strings.ReplaceAll(s, "-", "")))
}

// micros are the microseconds of a time since 2000.
func (w *wire) micros(v value.Value) (int64, error) {
	at := v.Time()
	if at.Nanosecond()%nanosPerMicro != 0 {
		return 0, errors.New("PostgreSQL keeps microseconds")
	}
	if w.zone != nil && v.Kind() == value.Timestamp && w.meta.family == famTimestamp {
		local := at.In(w.zone)
		_, offset := local.Zone()
		at = at.Add(time.Duration(offset) * time.Second)
		if !value.TimeIn(at, w.zone).Equal(v.Time()) {
			return 0, fmt.Errorf("the clock of %s does not tell this instant from another one", w.col.Zone)
		}
	}
	return (at.Unix()-epoch)*microsPerSecond + int64(at.Nanosecond()/nanosPerMicro), nil
}

func appendTime(w *wire, b []byte, v value.Value) ([]byte, error) {
	us, err := w.micros(v)
	if err != nil {
		return b, err
	}
	if w.elem == oidDate {
		return binary.BigEndian.AppendUint32(b, uint32(int32(us/microsPerDay))), nil //nolint:gosec // within the years 1 to 9999
	}
	return binary.BigEndian.AppendUint64(b, uint64(us)), nil //nolint:gosec // two's complement
}

// appendSpan appends times of day, and intervals without days and months.
func appendSpan(w *wire, b []byte, v value.Value) ([]byte, error) {
	d := int64(v.Duration())
	us := d / nanosPerMicro
	switch {
	case d%nanosPerMicro != 0:
		return b, errors.New("PostgreSQL keeps microseconds")
	case w.elem == oidTime && (us < 0 || us > microsPerDay):
		return b, errors.New("the column holds times of day, 00:00:00 to 24:00:00")
	}
	b = binary.BigEndian.AppendUint64(b, uint64(us)) //nolint:gosec // two's complement
	if w.elem == oidInterval {
		b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	}
	return b, nil
}

// appendList appends a list as the text of an array.
func appendList(w *wire, b []byte, v value.Value) ([]byte, error) {
	b = append(b, '{')
	for i, e := range v.List() {
		if i > 0 {
			b = append(b, ',')
		}
		if e.IsNull() {
			b = append(b, "NULL"...)
			continue
		}
		text, err := w.text(e)
		if err != nil {
			return b, err
		}
		b = append(b, '"')
		b = append(b, arrayEscapes.Replace(text)...)
		b = append(b, '"')
	}
	return append(b, '}'), nil
}

var arrayEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// text writes an element of a list as the server reads it.
func (w *wire) text(v value.Value) (string, error) {
	switch v.Kind() {
	case value.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case value.Double:
		return doubleText(v.Double()), nil
	case value.Bytes:
		return `\x` + hex.EncodeToString([]byte(v.Str())), nil
	case value.String, value.JSON:
		if strings.IndexByte(v.Str(), 0) >= 0 {
			return "", errNUL
		}
		if w.meta.elemf == famBpchar && strings.HasSuffix(v.Str(), " ") {
			return "", errors.New("char(n) keeps no blanks at the end")
		}
		return v.Str(), nil
	case value.Timestamp, value.LocalTimestamp:
		at := v.Time()
		if at.Nanosecond()%nanosPerMicro != 0 {
			return "", errors.New("PostgreSQL keeps microseconds")
		}
		text := at.Format("2006-01-02 15:04:05.999999")
		if v.Kind() == value.Timestamp && w.meta.elemf != famDate {
			text += "+00"
		}
		return text, nil
	case value.Duration:
		d := int64(v.Duration())
		if d%nanosPerMicro != 0 || d < 0 || d/nanosPerMicro > microsPerDay {
			return "", errors.New("the column holds times of day, 00:00:00 to 24:00:00, in microseconds")
		}
		return fmt.Sprintf("%02d:%02d:%02d.%06d", d/3_600e9, d/60e9%60, d/1e9%60, d/1e3%1e6), nil
	default:
		return v.Text(), nil
	}
}
