package elasticsearch

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/value"
)

// encode appends the JSON of a value that is not null as documents hold it in the field. old is the JSON that the document holds there now, nil for none: its
// form is kept where the value allows it. What the field cannot hold exactly is an error.
func (f *field) encode(b []byte, v value.Value, old []byte) ([]byte, error) {
	if f.list {
		if v.Kind() != value.List {
			return nil, f.misfit(v)
		}
		b = append(b, '[')
		for i, e := range v.List() {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = f.encodeOne(b, e, old); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	}
	return f.encodeOne(b, v, old)
}

func (f *field) misfit(v value.Value) error {
	return fmt.Errorf("a value of type %s cannot be written into a field of type %s", v.Kind(), orObject(f.typ))
}

func (f *field) encodeOne(b []byte, v value.Value, old []byte) ([]byte, error) {
	if v.IsNull() { // within an array
		return append(b, "null"...), nil
	}
	if v.Kind() != f.codec.kind() {
		return nil, f.misfit(v)
	}
	switch f.codec {
	case codecBool:
		return quotedLike(b, strconv.AppendBool(nil, v.Bool()), old), nil
	case codecInt:
		return quotedLike(b, strconv.AppendInt(nil, v.Int(), 10), old), nil
	case codecUint:
		return quotedLike(b, strconv.AppendUint(nil, v.Uint(), 10), old), nil
	case codecDouble:
		text, err := doubleText(v.Double(), old)
		if err != nil {
			return nil, err
		}
		return quotedLike(b, text, old), nil
	case codecDecimal:
		text := []byte(v.Decimal().String())
		if f.typ == "keyword" || f.typ == "text" {
			return append(append(append(b, '"'), text...), '"'), nil
		}
		return quotedLike(b, text, old), nil
	case codecString:
		if !utf8.ValidString(v.Str()) {
			return nil, errors.New("a text that is not UTF-8 cannot be written into a document")
		}
		return appendText(b, v.Str()), nil
	case codecBytes:
		return append(base64.StdEncoding.AppendEncode(append(b, '"'), []byte(v.Str())), '"'), nil
	case codecTime:
		return f.encodeTime(b, v.Time(), old)
	case codecJSON:
		if !json.Valid([]byte(v.Str())) {
			return nil, errors.New("a text that is not JSON cannot be written into a document")
		}
		return append(b, oneLine([]byte(v.Str()))...), nil
	}
	return nil, f.misfit(v)
}

// quotedLike appends a number or a boolean, within quotes where the old one has them.
func quotedLike(b, text, old []byte) []byte {
	if len(old) > 2 && old[0] == '"' {
		return append(append(append(b, '"'), text...), '"')
	}
	return append(b, text...)
}

// doubleText is the shortest text that reads back as x, with a fraction where the old one has one.
func doubleText(x float64, old []byte) ([]byte, error) {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil, fmt.Errorf("JSON has no %v", x)
	}
	format := byte('f')
	if abs := math.Abs(x); abs != 0 && (abs < 1e-6 || abs >= 1e21) { // as ECMAScript writes numbers
		format = 'e'
	}
	text := strconv.AppendFloat(nil, x, format, -1, 64)
	if format == 'f' && (bytes.ContainsAny(old, ".eE") || x == 0 && math.Signbit(x)) && bytes.IndexByte(text, '.') < 0 {
		text = append(text, ".0"...) // -0 without a point would be the integer 0
	}
	return text, nil
}

// oneLine replaces line ends by blanks: JSON has them between its tokens only, and a request of many documents has each on a line.
func oneLine(doc []byte) []byte {
	if !bytes.ContainsAny(doc, "\r\n") {
		return doc
	}
	out := bytes.Clone(doc)
	for i, c := range out {
		if c == '\n' || c == '\r' {
			out[i] = ' '
		}
	}
	return out
}
