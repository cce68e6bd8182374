package result

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// JSON tells null, truth values, numbers and text apart; a report has more types. What is written beside the cells ("types") brings them back, so that
// a report that was read says, in every form, what the original said. Of its sentences, only bytes that are no UTF-8 are lost.

// typeOf is the name of the type of c where its JSON does not tell it, "" otherwise.
func typeOf(c Cell) string {
	if hasBytes(c.Value) {
		return escapedType(strings.ReplaceAll(c.Type().String(), " ", "_"))
	}
	switch c.Kind() {
	case value.Null, value.Bool, value.String:
		return ""
	case value.Int:
		if i := c.Int(); i <= maxSafeInt && i >= -maxSafeInt {
			return ""
		}
	case value.Double:
		if f := c.Double(); !math.IsNaN(f) && !math.IsInf(f, 0) && (f != math.Trunc(f) || math.Abs(f) >= 1e21) {
			return "" // it has a fraction or an exponent
		}
	case value.List:
		if t := c.Type(); t.Elem != nil && t.Elem.Kind == value.String {
			return ""
		}
	default:
	}
	return strings.ReplaceAll(c.Type().String(), " ", "_")
}

// UnmarshalJSON implements json.Unmarshaler. The type is the one that the JSON shows: whole numbers are ints, other numbers doubles.
func (c *Cell) UnmarshalJSON(b []byte) error {
	v, err := read(b, "")
	c.Value = v
	return err
}

// read reads a cell of a type; "" for the one that the JSON shows.
func read(b []byte, name string) (value.Value, error) {
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return value.Value{}, errors.New("a value is missing")
	}
	switch b[0] {
	case 'n':
		return value.NullValue(), nil
	case 't', 'f':
		return value.BoolValue(b[0] == 't'), nil
	case '[':
		return readList(b, name)
	case '{':
		return value.Value{}, errors.New("an object is no value")
	case '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return value.Value{}, fmt.Errorf("read a value: %w", err)
		}
		return readText(s, name)
	}
	return readText(string(b), number10(string(b), name))
}

// number10 is the type of a number of JSON.
func number10(s, name string) string {
	switch {
	case name != "":
		return name
	case strings.ContainsAny(s, ".eE"), s == "-0":
		return "double"
	}
	if _, err := strconv.ParseInt(s, 10, 64); err == nil {
		return "int"
	}
	if _, err := strconv.ParseUint(s, 10, 64); err == nil {
		return "uint"
	}
	return "double"
}

func readList(b []byte, name string) (value.Value, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(b, &items); err != nil {
		return value.Value{}, fmt.Errorf("read a list: %w", err)
	}
	of, typed := strings.CutPrefix(name, "list(")
	of = strings.TrimSuffix(of, ")")
	elem, ok := typeNamed(of)
	if typed && !ok {
		return value.Value{}, fmt.Errorf("there is no type %q", name)
	}
	if !typed {
		of, elem = "", value.Of(value.String)
	}
	vs := make([]value.Value, len(items))
	for i, item := range items {
		v, err := read(item, of)
		if err != nil {
			return value.Value{}, err
		}
		if vs[i] = v; !typed && !v.IsNull() {
			elem = v.Type()
		}
	}
	return value.ListValue(elem, vs...), nil
}

// typeNamed is the type of that name, as typeOf has it.
func typeNamed(name string) (value.Type, bool) {
	if of, ok := strings.CutPrefix(name, "list("); ok {
		elem, ok := typeNamed(strings.TrimSuffix(of, ")"))
		return value.ListOf(elem), ok
	}
	for k := range value.List {
		if strings.ReplaceAll(k.String(), " ", "_") == strings.TrimPrefix(name, escapedPrefix) {
			return value.Of(k), true
		}
	}
	return value.Type{}, false
}

// readText reads the canonical text of a value.
func readText(s, name string) (v value.Value, err error) {
	switch name {
	case "", "string":
		return value.StringValue(s), nil
	case "json":
		return value.JSONValue(s), nil
	case escapedPrefix + "string":
		s, err := unescape(s)
		return value.StringValue(s), err
	case escapedPrefix + "json":
		s, err := unescape(s)
		return value.JSONValue(s), err
	case "int":
		i, err := strconv.ParseInt(s, 10, 64)
		return value.IntValue(i), err
	case "uint":
		u, err := strconv.ParseUint(s, 10, 64)
		return value.UintValue(u), err
	case "double":
		f, err := strconv.ParseFloat(s, 64)
		return value.DoubleValue(f), err
	case "decimal":
		d, err := value.ParseDec(s)
		return value.DecimalValue(d), err
	case "bytes":
		b, err := hex.DecodeString(s)
		return value.BytesValue(b), err
	case "timestamp":
		t, err := time.Parse(time.RFC3339Nano, s)
		return value.TimestampValue(t), err
	case "local_timestamp":
		t, err := time.Parse("2006-01-02T15:04:05.999999999", s)
		return value.LocalTimestampValue(t), err
	case "duration":
		return readDuration(s)
	}
	return v, fmt.Errorf("there is no type %q", name)
}

// readDuration reads seconds, exactly: "-0.5s".
func readDuration(s string) (value.Value, error) {
	seconds, ok := new(big.Rat).SetString(strings.TrimSuffix(s, "s"))
	if !ok || !strings.HasSuffix(s, "s") || strings.ContainsAny(s, "eE/") {
		return value.Value{}, fmt.Errorf("%q is no duration", s)
	}
	ns := seconds.Mul(seconds, big.NewRat(1e9, 1))
	if !ns.IsInt() || !ns.Num().IsInt64() {
		return value.Value{}, fmt.Errorf("%q is no duration of nanoseconds", s)
	}
	return value.DurationValue(time.Duration(ns.Num().Int64())), nil
}

// retype brings back the type of a cell that was read without it.
func retype(c *Cell, name string) error {
	if name == "" || c.IsNull() {
		return nil
	}
	b, err := c.MarshalJSON()
	if err == nil {
		c.Value, err = read(b, name)
	}
	return err
}

type plainFailure Failure

// places are the maps of cells, by the name that Types has for them.
func places(f *Failure) [4]struct {
	name  string
	cells map[string]Cell
} {
	return [4]struct {
		name  string
		cells map[string]Cell
	}{{"key", f.Key}, {"values", f.Values}, {"before", f.Before}, {"after", f.After}}
}

// MarshalJSON implements json.Marshaler.
func (f Failure) MarshalJSON() ([]byte, error) {
	f.Types = nil
	for _, p := range places(&f) {
		for column, c := range p.cells {
			if t := typeOf(c); t != "" {
				if f.Types == nil {
					f.Types = map[string]string{}
				}
				f.Types[p.name+"."+column] = t
			}
		}
	}
	return marshal(plainFailure(f))
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *Failure) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, (*plainFailure)(f)); err != nil {
		return err
	}
	for _, p := range places(f) {
		for column, c := range p.cells {
			t := f.Types[p.name+"."+column]
			if t == "" {
				continue
			}
			if err := retype(&c, t); err != nil {
				return fmt.Errorf("%s of column %q: %w", p.name, column, err)
			}
			p.cells[column] = c
		}
	}
	f.Types = nil
	return nil
}

type plainMetric Metric

// MarshalJSON implements json.Marshaler.
func (m Metric) MarshalJSON() ([]byte, error) {
	m.Type = typeOf(m.Value)
	return marshal(plainMetric(m))
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *Metric) UnmarshalJSON(b []byte) error {
	err := json.Unmarshal(b, (*plainMetric)(m))
	if err == nil {
		err = retype(&m.Value, m.Type)
	}
	m.Type = ""
	return err
}

type plainStratum Stratum

// MarshalJSON implements json.Marshaler.
func (s Stratum) MarshalJSON() ([]byte, error) {
	s.Type = typeOf(s.Name)
	return marshal(plainStratum(s))
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *Stratum) UnmarshalJSON(b []byte) error {
	err := json.Unmarshal(b, (*plainStratum)(s))
	if err == nil {
		err = retype(&s.Name, s.Type)
	}
	s.Type = ""
	return err
}

type plainExpectation Expectation

// MarshalJSON implements json.Marshaler.
func (e Expectation) MarshalJSON() ([]byte, error) {
	e.ObservedType = typeOf(e.Observed)
	return marshal(plainExpectation(e))
}

// UnmarshalJSON implements json.Unmarshaler.
func (e *Expectation) UnmarshalJSON(b []byte) error {
	err := json.Unmarshal(b, (*plainExpectation)(e))
	if err == nil {
		err = retype(&e.Observed, e.ObservedType)
	}
	if e.ObservedType = ""; err == nil && e.Compare != nil && e.Counts != nil {
		e.Compare.WhereUndecided = e.Counts.WhereUndecided
	}
	if err != nil && e.ID != "" {
		err = fmt.Errorf("expectation %s: %w", e.ID, err)
	}
	return err
}
