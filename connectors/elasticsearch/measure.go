package elasticsearch

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// exactDoubles is the bound under which every integer is a double, and so is every partial sum of integers.
const exactDoubles = 1 << 53

// mostDistinct is how many different values one request lists.
const mostDistinct = 10_000

// planValue plans a sum, a sum of squares, a least or greatest value or a distinct count of a column.
func planValue(comp *compiler, m query.Measure, where truth, name string) (*plan, *query.Refusal) {
	col, ok := m.Arg.(*query.Column)
	if !ok {
		return nil, refuse(m.Arg, "computed operand")
	}
	f, r := comp.comparable(col)
	if r != nil {
		return nil, r
	}
	present := existsClause(f.asked)
	used := and(where.t, present)
	void := or(where.undecided(), and(where.t, not(present)))
	nulls, r := anyNull(comp, m.Nulls, void)
	if r != nil {
		return nil, r
	}
	byNull, errored := and(void, nulls), and(where.undecided(), not(nulls))
	p := &plan{asks: []*clause{used, byNull, errored}, aggName: name}
	read, r := p.own(f, m, used)
	if r != nil {
		return nil, r
	}
	p.outputs = func(c *counts, own json.RawMessage) ([]value.Value, error) {
		n := c.count(used)
		v := value.NullValue()
		if n > 0 || m.Kind == query.MeasureDistinct {
			var err error
			if v, err = read(own, n); err != nil {
				return nil, err
			}
		}
		return append([]value.Value{v}, ints(n, c.count(byNull), c.count(errored))...), nil
	}
	return p, nil
}

// own gives the measure an aggregation of its own over the used documents, and returns how its answer is read.
func (p *plan) own(f *field, m query.Measure, used *clause) (func(own json.RawMessage, n int64) (value.Value, error), *query.Refusal) {
	over := func(name string, body map[string]any) {
		p.agg = map[string]any{"filter": used.query(), "aggs": map[string]any{"of": map[string]any{name: body}}}
	}
	switch m.Kind {
	case query.MeasureSum, query.MeasureSumSquares:
		if f.class != classLong && f.class != classDouble {
			return nil, refuse(m.Arg, "a sum of a field of type "+f.typ)
		}
		squares := m.Kind == query.MeasureSumSquares
		if squares {
			over("extended_stats", map[string]any{"field": f.asked})
		} else {
			over("stats", map[string]any{"field": f.asked})
		}
		return func(own json.RawMessage, n int64) (value.Value, error) { return readSum(f, own, n, squares) }, nil
	case query.MeasureDistinct:
		if f.class != classKeyword && f.class != classLong && f.class != classBool {
			return nil, refuse(m.Arg, "a distinct count of a field of type "+f.typ)
		}
		over("terms", map[string]any{"field": f.asked, "size": mostDistinct + 1})
		return func(own json.RawMessage, _ int64) (value.Value, error) { return readDistinct(own) }, nil
	}
	if f.class == classFloat || f.class == classBool {
		return nil, refuse(m.Arg, "an extreme of a field of type "+f.typ)
	}
	greatest := m.Kind == query.MeasureMax
	over("top_hits", extreme(f, greatest))
	return func(own json.RawMessage, _ int64) (value.Value, error) {
		return readExtreme(f, m.Arg.Type(), own, greatest)
	}, nil
}

// readDistinct counts the listed values; a full list may have left some out.
func readDistinct(own json.RawMessage) (value.Value, error) {
	var out struct {
		Of struct {
			Buckets []struct{} `json:"buckets"`
		} `json:"of"`
	}
	if err := decodeJSON("read a distinct count", own, &out); err != nil {
		return value.Value{}, err
	}
	n := len(out.Of.Buckets)
	if n > mostDistinct {
		return value.Value{}, &connectors.InexactError{Reason: "elasticsearch: more than 10,000 distinct values"}
	}
	return value.IntValue(int64(n)), nil
}

// readSum reads a sum; that of integers is refused where a double could have rounded it.
func readSum(f *field, own json.RawMessage, n int64, squares bool) (value.Value, error) {
	var out struct {
		Of struct {
			Min     json.Number `json:"min"`
			Max     json.Number `json:"max"`
			Sum     json.Number `json:"sum"`
			Squares json.Number `json:"sum_of_squares"`
		} `json:"of"`
	}
	if err := decodeJSON("read a sum", own, &out); err != nil {
		return value.Value{}, err
	}
	text := out.Of.Sum.String()
	if squares {
		text = out.Of.Squares.String()
	}
	sum, err := value.ParseDec(text)
	if f.class == classDouble { // infinite past the range of double, which the server writes as a text
		x, err := strconv.ParseFloat(text, 64)
		return value.DoubleValue(x), err
	}
	if err != nil {
		return value.Value{}, err
	}
	low, err := value.ParseDec(out.Of.Min.String())
	if err != nil {
		return value.Value{}, err
	}
	high, err := value.ParseDec(out.Of.Max.String())
	if err != nil {
		return value.Value{}, err
	}
	most := low.Abs()
	if high.Abs().Cmp(most) > 0 {
		most = high.Abs()
	}
	if squares {
		most = most.Mul(most)
	}
	if most.Mul(value.DecFromInt(n)).Cmp(value.DecFromInt(exactDoubles)) >= 0 {
		return value.Value{}, &connectors.InexactError{Reason: "elasticsearch: a sum of integers that may pass 2^53"}
	}
	return value.DecimalValue(sum), nil
}

// sameMilli bounds how many documents of the extreme millisecond are read for their further digits.
const sameMilli = 100

// extreme asks for the document with the least or greatest value: its _source has all digits.
func extreme(f *field, greatest bool) map[string]any {
	order, size := "asc", 1
	if greatest {
		order = "desc"
	}
	if f.class == classMillis {
		size = sameMilli
	}
	var source any = newDecoder([]*field{f}, nil).paths()
	if f.class == classKeyword {
		source = true // filtering would rewrite a number in it
	}
	return map[string]any{
		"size": size, "_source": source, "sort": []any{map[string]any{f.asked: map[string]any{"order": order}}},
	}
}

func readExtreme(f *field, typ value.Type, own json.RawMessage, greatest bool) (value.Value, error) {
	var out struct {
		Of json.RawMessage `json:"of"`
	}
	if err := decodeJSON("read an extreme", own, &out); err != nil {
		return value.Value{}, err
	}
	var p page
	if err := frame(&scanner{data: out.Of}, &p); err != nil {
		return value.Value{}, err
	}
	if len(p.hits) == 0 {
		return value.NullValue(), nil
	}
	same := 1
	for same < len(p.hits) && slices.Equal(p.hits[same].sort, p.hits[0].sort) {
		same++
	}
	if f.class == classMillis && same == sameMilli {
		return value.Value{}, &connectors.InexactError{Reason: "elasticsearch: many documents in the extreme millisecond"}
	}
	d := newDecoder([]*field{f}, []value.Type{typ})
	var b value.Batch
	if err := d.batch(&b, p.hits[:same], true, -1); err != nil {
		return value.Value{}, err
	}
	best := value.NullValue()
	v := &b.Cols[0]
	for i := range b.N {
		if v.Nulls.Get(i) || v.Errs.Get(i) {
			return value.Value{}, &connectors.InexactError{Reason: "elasticsearch: an extreme that _source does not hold"}
		}
		x := valueAt(v, i)
		if best.IsNull() || (f.class == classMillis && x.Time().After(best.Time()) == greatest) {
			best = x
		}
	}
	return best, nil
}

// valueAt returns element i of a vector of a scalar type that fields are compared by.
func valueAt(v *value.Vector, i int) value.Value {
	switch v.Type.Kind {
	case value.Int:
		return value.IntValue(v.Ints[i])
	case value.Uint:
		return value.UintValue(v.Uints[i])
	case value.Double:
		return value.DoubleValue(v.Floats[i])
	case value.Timestamp:
		return value.TimestampValue(unixTime(v.Ints[i], v.Nanos[i]))
	}
	return value.StringValue(string(v.Bytes(i)))
}
