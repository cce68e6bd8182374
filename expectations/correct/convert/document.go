package convert

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/value"
)

// toJSON converts to a document. Its numbers keep all their digits.
func toJSON(v value.Value) (value.Value, error) {
	switch v.Kind() {
	case value.JSON, value.String:
		if !json.Valid([]byte(v.Str())) {
			return v, refused("it is no JSON document")
		}
		return value.JSONValue(v.Str()), nil
	case value.List:
		text, err := appendJSON(nil, v)
		if err != nil {
			return v, err
		}
		return value.JSONValue(string(text)), nil
	default:
		return v, unlike(v)
	}
}

// appendJSON appends a value as JSON text.
func appendJSON(dst []byte, v value.Value) ([]byte, error) {
	switch v.Kind() {
	case value.Null:
		return append(dst, "null"...), nil
	case value.Bool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case value.Int, value.Uint, value.Decimal:
		return append(dst, v.Text()...), nil
	case value.Double:
		if math.IsNaN(v.Double()) || math.IsInf(v.Double(), 0) {
			return dst, refused("JSON has no such number")
		}
		return strconv.AppendFloat(dst, v.Double(), 'g', -1, 64), nil
	case value.String:
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v.Str()); err != nil {
			return dst, refused("it is no JSON document")
		}
		return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...), nil
	case value.JSON:
		return append(dst, v.Str()...), nil
	case value.List:
		dst = append(dst, '[')
		for i, x := range v.List() {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = appendJSON(dst, x); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	default:
		return dst, unlike(v)
	}
}

// toList converts a list element by element, or a JSON array.
func (c *Converter) toList(v value.Value) (value.Value, error) {
	switch v.Kind() {
	case value.List:
		if c.elem == nil {
			return v, unlike(v)
		}
		out := make([]value.Value, len(v.List()))
		for i, x := range v.List() {
			var err error
			if out[i], err = c.elem.element(x); err != nil {
				return v, err
			}
		}
		return value.ListValue(c.elem.to.Type, out...), nil
	case value.JSON:
		if c.to.Type.Elem == nil {
			return v, unlike(v)
		}
		return fromArray(v.Str(), *c.to.Type.Elem)
	default:
		return v, unlike(v)
	}
}

// element converts one element of a list.
func (c *Converter) element(v value.Value) (value.Value, error) {
	if v.IsNull() {
		return v, nil
	}
	return c.bring(v)
}

// fromArray reads a JSON array as a list.
func fromArray(text string, elem value.Type) (value.Value, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var items []json.RawMessage
	if err := d.Decode(&items); err != nil {
		return value.Value{}, refused("it is no JSON array")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return value.Value{}, refused("it is no JSON array")
	}
	out := make([]value.Value, len(items))
	for i, raw := range items {
		v, err := fromJSON(raw, elem)
		if err != nil {
			return v, err
		}
		out[i] = v
	}
	return value.ListValue(elem, out...), nil
}

// fromJSON reads an element of a JSON array as a value of a type.
func fromJSON(raw json.RawMessage, t value.Type) (value.Value, error) {
	text := strings.TrimSpace(string(raw))
	switch {
	case text == "null":
		return value.NullValue(), nil
	case t.Kind == value.JSON:
		return value.JSONValue(text), nil
	case t.Kind == value.List && t.Elem != nil:
		return fromArray(text, *t.Elem)
	case t.Kind == value.Bool && (text == "true" || text == "false"):
		return value.BoolValue(text == "true"), nil
	case t.Kind == value.String && text[0] == '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return value.Value{}, refused("it is no JSON array")
		}
		return value.StringValue(s), nil
	case strings.ContainsRune("-0123456789", rune(text[0])):
		d, err := value.ParseDec(text)
		if err != nil {
			return value.Value{}, refused("an element is too large a number")
		}
		n := value.DecimalValue(d)
		switch t.Kind {
		case value.Int:
			return toInt(n)
		case value.Uint:
			return toUint(n)
		case value.Decimal:
			return n, nil
		case value.Double:
			return toDouble(n, false)
		default:
		}
	}
	return value.Value{}, refused("an element is not of type " + t.String())
}
