package lang

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/assay-dev/assay/connectors/value"
)

// celTypes are the checker's types of the kinds that have just one.
var celTypes = map[value.Kind]*types.Type{
	value.Bool: types.BoolType, value.Int: types.IntType, value.Uint: types.UintType, value.Double: types.DoubleType,
	value.Decimal: decimalType, value.String: types.StringType, value.Bytes: types.BytesType, value.Timestamp: types.TimestampType,
	value.LocalTimestamp: localType, value.Duration: types.DurationType, value.Null: types.NullType,
}

// celType returns the checker's type of a value of type t that cannot be null.
func celType(t value.Type) *types.Type {
	if c, ok := celTypes[t.Kind]; ok {
		return c
	}
	if t.Kind != value.List {
		return types.DynType
	}
	if t.Elem == nil {
		return types.NewListType(types.DynType)
	}
	return types.NewListType(columnType(*t.Elem))
}

// columnType returns the checker's type of a column: nullable whatever the schema says,
// so that a suite means the same on every engine.
func columnType(t value.Type) *types.Type {
	c := celType(t)
	switch c.Kind() {
	case types.BoolKind, types.IntKind, types.UintKind, types.DoubleKind, types.StringKind, types.BytesKind:
		return types.NewNullableType(c)
	}
	return c // timestamp, duration and opaque types compare with null as they are; lists are coerced
}

// valueType returns the logical type of a checked type, nullable or not; JSON for whatever has none.
func valueType(t *types.Type) value.Type {
	if p := t.Parameters(); t.Kind() == types.ListKind && len(p) == 1 {
		return value.ListOf(valueType(p[0]))
	}
	for k, c := range celTypes {
		if c.Kind() == t.Kind() && c.TypeName() == t.TypeName() {
			return value.Of(k)
		}
	}
	return value.Of(value.JSON)
}

// celValue returns v as cel-go sees it.
func celValue(v value.Value) ref.Val {
	switch v.Kind() {
	case value.Null:
		return types.NullValue
	case value.Bool:
		return types.Bool(v.Bool())
	case value.Int:
		return types.Int(v.Int())
	case value.Uint:
		return types.Uint(v.Uint())
	case value.Double:
		return types.Double(v.Double())
	case value.Decimal:
		return newDecimal(v.Decimal())
	case value.String:
		return types.String(v.Str())
	case value.Bytes:
		return types.Bytes(v.Str())
	case value.Timestamp:
		return types.Timestamp{Time: v.Time()}
	case value.LocalTimestamp:
		return local{v.Time()}
	case value.Duration:
		return types.Duration{Duration: v.Duration()}
	case value.List:
		vs := v.List()
		out := make([]ref.Val, len(vs))
		for i := range vs {
			out[i] = celValue(vs[i])
		}
		return types.NewRefValList(types.DefaultTypeAdapter, out)
	case value.JSON:
		doc, err := parseJSON(v.Str())
		if err != nil {
			return types.NewErr("not a JSON document: %v", err)
		}
		return doc
	}
	return types.NewErr("no value of kind %s", v.Kind())
}

// parseJSON reads a document. A number without fraction and exponent that fits is an int, every
// other a double; of a repeated key the last one counts.
func parseJSON(text string) (ref.Val, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		return nil, fmt.Errorf("decode JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("decode JSON: text after the document")
	}
	return jsonVal(doc), nil
}

func jsonVal(doc any) ref.Val {
	switch d := doc.(type) {
	case nil:
		return types.NullValue
	case bool:
		return types.Bool(d)
	case string:
		return types.String(d)
	case json.Number:
		if !strings.ContainsAny(d.String(), ".eE") {
			if i, err := strconv.ParseInt(d.String(), 10, 64); err == nil {
				return types.Int(i)
			}
		}
		f, err := d.Float64()
		if err != nil {
			return types.NewErr("the JSON number %s is outside double", d)
		}
		return types.Double(f)
	case []any:
		out := make([]ref.Val, len(d))
		for i := range d {
			out[i] = jsonVal(d[i])
		}
		return types.NewRefValList(types.DefaultTypeAdapter, out)
	case map[string]any:
		out := make(map[ref.Val]ref.Val, len(d))
		for k, v := range d {
			out[types.String(k)] = jsonVal(v)
		}
		return types.NewRefValMap(types.DefaultTypeAdapter, out)
	}
	return types.NewErr("no JSON value: %T", doc)
}

// goValue returns what cel-go computed as a value.
func goValue(v ref.Val) (value.Value, error) {
	switch n := v.(type) {
	case types.Null:
		return value.NullValue(), nil
	case types.Bool:
		return value.BoolValue(bool(n)), nil
	case types.Int:
		return value.IntValue(int64(n)), nil
	case types.Uint:
		return value.UintValue(uint64(n)), nil
	case types.Double:
		return value.DoubleValue(float64(n)), nil
	case types.String:
		return value.StringValue(string(n)), nil
	case types.Bytes:
		return value.BytesValue([]byte(n)), nil
	case types.Timestamp:
		return value.TimestampValue(n.Time), nil
	case types.Duration:
		return value.DurationValue(n.Duration), nil
	case decimal:
		if n.special != nil {
			return value.Value{}, errors.New("a double that is not a finite number has no decimal")
		}
		return value.DecimalValue(n.d), nil
	case local:
		return value.LocalTimestampValue(n.t), nil
	case *types.Optional:
		if !n.HasValue() {
			return value.NullValue(), nil
		}
		return goValue(n.GetValue())
	case *types.Err:
		return value.Value{}, n
	case traits.Lister:
		return goList(n)
	case traits.Mapper:
		doc, err := plain(n)
		if err != nil {
			return value.Value{}, err
		}
		text, err := json.Marshal(doc)
		if err != nil {
			return value.Value{}, fmt.Errorf("write JSON: %w", err)
		}
		return value.JSONValue(string(text)), nil
	}
	return value.Value{}, fmt.Errorf("a value of type %s cannot be a result", v.Type().TypeName())
}

func goList(l traits.Lister) (value.Value, error) {
	var out []value.Value
	elem := value.Of(value.JSON)
	for it := l.Iterator(); it.HasNext() == types.True; {
		v, err := goValue(it.Next())
		if err != nil {
			return value.Value{}, err
		}
		if elem.Kind == value.JSON && !v.IsNull() {
			elem = v.Type()
		}
		out = append(out, v)
	}
	return value.ListValue(elem, out...), nil
}

// plain returns v as encoding/json writes it.
func plain(v ref.Val) (any, error) {
	switch n := v.(type) {
	case traits.Mapper:
		out := map[string]any{}
		for it := n.Iterator(); it.HasNext() == types.True; {
			k := it.Next()
			e, err := plain(n.Get(k))
			if err != nil {
				return nil, err
			}
			out[fmt.Sprint(k.Value())] = e
		}
		return out, nil
	case traits.Lister:
		var out []any
		for it := n.Iterator(); it.HasNext() == types.True; {
			e, err := plain(it.Next())
			if err != nil {
				return nil, err
			}
			out = append(out, e)
		}
		return out, nil
	case types.Null:
		return nil, nil //nolint:nilnil // JSON's null
	case decimal:
		return n.d.String(), nil
	case types.Timestamp:
		return n.Time.UTC().Format(time.RFC3339Nano), nil
	case types.Duration:
		return n.Duration.String(), nil
	case *types.Err:
		return nil, n
	}
	return v.Value(), nil
}
