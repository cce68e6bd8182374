package eval_test

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
	"pgregory.net/rapid"
)

// cell draws a cell: a value of the kind, nil for null or bad{}.
func cell(k value.Kind) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 9).Draw(t, "hole") {
		case 0, 1:
			return nil
		case 2:
			return bad{}
		}
		switch k {
		case value.Bool:
			return bo(rapid.Bool().Draw(t, "bool"))
		case value.Int:
			return i(rapid.SampledFrom([]int64{0, 1, 1, 2, -3, math.MaxInt64, math.MinInt64}).Draw(t, "int"))
		case value.Uint:
			return u(rapid.SampledFrom([]uint64{0, 1, 7, math.MaxUint64}).Draw(t, "uint"))
		case value.Double:
			return f(rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1.5, -2, 1e10}).Draw(t, "double"))
		case value.Decimal:
			return d(rapid.SampledFrom([]string{"0", "1.5", "1.50", "-0.001", "9223372036854775807", "-99999999999999999999.5", "1e-80", "1e30"}).Draw(t, "decimal"))
		case value.String:
			return s(rapid.SampledFrom([]string{"", "a", "b", "é", "a\x00"}).Draw(t, "string"))
		case value.Timestamp:
			return ts(rapid.SampledFrom([]string{"2020-01-01T00:00:00Z", "2020-01-01T00:00:00.000000001Z", "1900-01-01T00:00:00Z"}).Draw(t, "timestamp"))
		default:
			return value.DurationValue(1)
		}
	})
}

// fill makes a batch of rows of cells.
func fill(cols []*query.Column, rows [][]any) *value.Batch {
	b := value.NewBatch(types(cols)...)
	for _, r := range rows {
		for c := range cols {
			switch v := r[c].(type) {
			case value.Value:
				b.Cols[c].AppendValue(v)
			case nil:
				b.Cols[c].AppendNull()
			default:
				b.Cols[c].AppendErr()
			}
		}
		b.N++
	}
	return b
}

func drawRows(t *rapid.T, cols []*query.Column, limit int) [][]any {
	rows := make([][]any, rapid.IntRange(0, limit).Draw(t, "rows"))
	for n := range rows {
		for _, c := range cols {
			rows[n] = append(rows[n], cell(c.Col.Type.Kind).Draw(t, c.Col.Name))
		}
	}
	return rows
}

// truth is a Bool cell as a condition: true, false or undecided.
type truth int

const (
	isFalse truth = iota
	isTrue
	isUndecided
)

func truthOf(x any) truth {
	v, ok := x.(value.Value)
	switch {
	case !ok:
		return isUndecided
	case v.Bool():
		return isTrue
	}
	return isFalse
}

func isBad(x any) bool { _, ok := x.(bad); return ok }

// The columns of the aggregates under test: condition, where, skip, two that tell nulls, one of each kind, and the group.
const (
	cArg = iota
	cWhere
	cSkip
	cNull1
	cNull2
	cInt
	cUint
	cDouble
	cDecimal
	cString
	cTime
	cGroup
)

func aggregateColumns() []*query.Column {
	return columns(value.Bool, value.Bool, value.Bool, value.Int, value.String, value.Int, value.Uint, value.Double, value.Decimal, value.String, value.Timestamp, value.String)
}

// naive computes a measure over rows, a row at a time, and returns its outputs as outcome texts.
func naive(m query.Measure, rows [][]any) []string {
	at := func(e query.Expr, row []any) any { return row[e.(*query.Column).Index] }
	var c [6]int64
	var vals []value.Value
	for _, row := range rows {
		anyNull := slices.ContainsFunc(m.Nulls, func(n *query.Column) bool { return row[n.Index] == nil })
		where := isTrue
		if m.Where != nil {
			where = truthOf(at(m.Where, row))
		}
		if m.Kind == query.MeasureTally {
			switch {
			case where == isUndecided:
				c[4]++
			case where == isFalse:
			case m.Skip != nil && truthOf(at(m.Skip, row)) == isTrue:
				c[5]++
			default:
				switch truthOf(at(m.Arg, row)) {
				case isTrue:
					c[0]++
				case isFalse:
					c[1]++
				case isUndecided:
					c[2]++
					if anyNull {
						c[3]++
					}
				}
			}
			continue
		}
		if where == isFalse {
			continue
		}
		var arg any = value.BoolValue(true)
		if m.Arg != nil {
			arg = at(m.Arg, row)
		}
		switch {
		case where == isUndecided || isBad(arg):
			if anyNull {
				c[1]++
			} else {
				c[2]++
			}
		case arg == nil:
			if anyNull {
				c[1]++
			}
		default:
			c[0]++
			vals = append(vals, arg.(value.Value))
		}
	}
	ints := func(n int) (out []string) {
		for _, x := range c[:n] {
			out = append(out, want(i(x)))
		}
		return out
	}
	switch m.Kind {
	case query.MeasureTally:
		return ints(6)
	case query.MeasureCount:
		return ints(3)
	}
	return append([]string{naiveValue(m, vals)}, ints(3)...)
}

func naiveValue(m query.Measure, vals []value.Value) string {
	if m.Kind == query.MeasureDistinct {
		n := 0
		for x := range vals {
			if !slices.ContainsFunc(vals[:x], func(v value.Value) bool { return value.Equal(v, vals[x]) }) {
				n++
			}
		}
		return want(i(int64(n)))
	}
	if len(vals) == 0 {
		return "null"
	}
	slices.SortStableFunc(vals, func(a, b value.Value) int { c, _ := value.Compare(a, b); return c })
	switch m.Kind {
	case query.MeasureMin:
		return want(vals[0])
	case query.MeasureMax:
		return want(vals[len(vals)-1])
	case query.MeasureQuantile:
		for n, v := range vals {
			if float64(n+1)/float64(len(vals)) >= m.Q {
				return want(v)
			}
		}
	case query.MeasureSum, query.MeasureSumSquares:
		sum := new(big.Rat)
		for _, v := range vals {
			x, _ := new(big.Rat).SetString(v.Text())
			if m.Kind == query.MeasureSumSquares {
				x.Mul(x, x)
			}
			sum.Add(sum, x)
		}
		return "decimal " + sum.RatString()
	}
	return "?"
}

// ratText turns an outcome of a decimal into the form of naiveValue.
func ratText(text string) string {
	if rest, ok := cut(text, "decimal "); ok {
		x, _ := new(big.Rat).SetString(rest)
		return "decimal " + x.RatString()
	}
	return text
}

func cut(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && s[:len(prefix)] == prefix {
		return s[len(prefix):], true
	}
	return s, false
}

func drawMeasure(t *rapid.T, cols []*query.Column) query.Measure {
	var m query.Measure
	if rapid.Bool().Draw(t, "where") {
		m.Where = cols[cWhere]
	}
	m.Nulls = [][]*query.Column{nil, {cols[cNull1]}, {cols[cNull1], cols[cNull2]}}[rapid.IntRange(0, 2).Draw(t, "nulls")]
	m.Kind = rapid.SampledFrom([]query.MeasureKind{
		query.MeasureTally, query.MeasureCount, query.MeasureSum, query.MeasureMin, query.MeasureMax, query.MeasureSumSquares, query.MeasureDistinct, query.MeasureQuantile,
	}).Draw(t, "kind")
	args := []int{cInt, cUint, cDouble, cDecimal, cString, cTime}
	switch m.Kind {
	case query.MeasureTally:
		args = []int{cArg}
		if rapid.Bool().Draw(t, "skip") {
			m.Skip = cols[cSkip]
		}
	case query.MeasureCount:
		return m
	case query.MeasureSum, query.MeasureSumSquares:
		args = []int{cInt, cUint, cDecimal}
	case query.MeasureMin, query.MeasureMax:
		args = []int{cInt, cUint, cDecimal, cString, cTime} // of -0 and 0 either is the least
	case query.MeasureQuantile:
		args = []int{cInt, cUint, cDecimal, cString, cTime}
		m.Q = rapid.SampledFrom([]float64{0.01, 0.25, 0.5, 0.75, 1}).Draw(t, "q")
	}
	m.Arg = cols[rapid.SampledFrom(args).Draw(t, "arg")]
	return m
}

func TestAggregatorAgreesWithLoops(t *testing.T) {
	cols := aggregateColumns()
	rapid.Check(t, func(t *rapid.T) {
		q := query.Aggregate{Measures: []query.Measure{drawMeasure(t, cols), drawMeasure(t, cols), drawMeasure(t, cols)}}
		grouped := rapid.Bool().Draw(t, "grouped")
		if grouped {
			q.GroupBy = []query.Expr{cols[cGroup]}
		}
		rows := drawRows(t, cols, 150)
		// The rows come in three parts, two by Add and one by Merge.
		a, err := eval.NewAggregator(q, cols)
		if err != nil {
			t.Fatal(err)
		}
		b, err := eval.NewAggregator(q, cols)
		if err != nil {
			t.Fatal(err)
		}
		x := rapid.IntRange(0, len(rows)).Draw(t, "x")
		y := rapid.IntRange(x, len(rows)).Draw(t, "y")
		for _, step := range []func() error{
			func() error { return a.Add(fill(cols, rows[:x])) }, func() error { return a.Add(fill(cols, rows[x:y])) },
			func() error { return b.Add(fill(cols, rows[y:])) }, func() error { return a.Merge(b) },
		} {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		out, err := a.Result()
		if err != nil {
			t.Fatal(err)
		}
		groups, order := map[string][][]any{"": rows}, []string{""}
		if grouped {
			groups, order = map[string][][]any{}, nil
			for _, r := range rows {
				k := want(r[cGroup])
				if groups[k] == nil {
					order = append(order, k)
				}
				groups[k] = append(groups[k], r)
			}
		}
		if out.N != len(order) {
			t.Fatalf("%d groups, want %d", out.N, len(order))
		}
		for n, k := range order {
			col := 0
			if grouped {
				if got := outcome(&out.Cols[0], n); got != k {
					t.Fatalf("group %d is %q, want %q", n, got, k)
				}
				col = 1
			}
			for _, m := range q.Measures {
				for o, w := range naive(m, groups[k]) {
					if got, w := ratText(outcome(&out.Cols[col], n)), ratText(w); got != w {
						t.Fatalf("group %q, measure %d of %v, output %d: %s, want %s", k, m.Kind, m.Arg, o, got, w)
					}
					col++
				}
			}
		}
	})
}

func TestDoubleMeasures(t *testing.T) {
	cols := columns(value.Double)
	q := query.Aggregate{}
	for _, k := range []query.MeasureKind{query.MeasureSum, query.MeasureSumSquares, query.MeasureStddev, query.MeasureMin, query.MeasureMax, query.MeasureDistinct} {
		q.Measures = append(q.Measures, query.Measure{Kind: k, Arg: cols[0]})
	}
	q.Measures = append(q.Measures, query.Measure{Kind: query.MeasureQuantile, Arg: cols[0], Q: 0.5})
	run := func(parts ...[]any) []string {
		var sum *eval.Aggregator
		for _, p := range parts {
			a, err := eval.NewAggregator(q, cols)
			if err != nil {
				t.Fatal(err)
			}
			rows := make([][]any, len(p))
			for n := range p {
				rows[n] = []any{p[n]}
			}
			if err := a.Add(fill(cols, rows)); err != nil {
				t.Fatal(err)
			}
			if sum == nil {
				sum = a
			} else if err := sum.Merge(a); err != nil {
				t.Fatal(err)
			}
		}
		out, err := sum.Result()
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for c := range out.Cols {
			texts = append(texts, outcome(&out.Cols[c], 0))
		}
		return texts
	}
	zero := math.Copysign(0, -1)
	for _, c := range []struct {
		parts [][]any
		want  []string
	}{
		{[][]any{{f(1), f(2), f(3)}, {f(4), nil, bad{}}}, []string{
			"double 10", "int 4", "int 0", "int 1", "double 30", "int 4", "int 0", "int 1", "double 1.2909944487358056", "int 4", "int 0", "int 1",
			"double 1", "int 4", "int 0", "int 1", "double 4", "int 4", "int 0", "int 1", "int 4", "int 4", "int 0", "int 1", "double 2", "int 4", "int 0", "int 1",
		}},
		{[][]any{{f(5)}}, []string{
			"double 5", "int 1", "int 0", "int 0", "double 25", "int 1", "int 0", "int 0", "null", "int 1", "int 0", "int 0",
			"double 5", "int 1", "int 0", "int 0", "double 5", "int 1", "int 0", "int 0", "int 1", "int 1", "int 0", "int 0", "double 5", "int 1", "int 0", "int 0",
		}},
		{[][]any{{f(nan), f(-inf)}, {f(nan), f(zero), f(0)}}, []string{
			"double NaN", "int 5", "int 0", "int 0", "double NaN", "int 5", "int 0", "int 0", "double NaN", "int 5", "int 0", "int 0",
			"double -Inf", "int 3", "int 0", "int 2", "double -0", "int 3", "int 0", "int 2", "int 3", "int 5", "int 0", "int 0", "double -0", "int 3", "int 0", "int 2",
		}},
		{[][]any{{nil}}, []string{
			"null", "int 0", "int 0", "int 0", "null", "int 0", "int 0", "int 0", "null", "int 0", "int 0", "int 0",
			"null", "int 0", "int 0", "int 0", "null", "int 0", "int 0", "int 0", "int 0", "int 0", "int 0", "int 0", "null", "int 0", "int 0", "int 0",
		}},
	} {
		if got := run(c.parts...); !slices.Equal(got, c.want) {
			t.Errorf("%v:\n got %q\nwant %q", c.parts, got, c.want)
		}
	}
}

func TestAggregatorRefuses(t *testing.T) {
	cols := columns(value.String, value.Double, value.Bool)
	for name, m := range map[string]query.Measure{
		"sum of strings": {Kind: query.MeasureSum, Arg: cols[0]}, "stddev of strings": {Kind: query.MeasureStddev, Arg: cols[0]},
		"tally of a double": {Kind: query.MeasureTally, Arg: cols[1]}, "where of a string": {Kind: query.MeasureCount, Where: cols[0]},
		"quantile 0": {Kind: query.MeasureQuantile, Arg: cols[1]}, "quantile 1.5": {Kind: query.MeasureQuantile, Arg: cols[1], Q: 1.5}, "no argument": {Kind: query.MeasureMin},
	} {
		if _, err := eval.NewAggregator(query.Aggregate{Measures: []query.Measure{m}}, cols); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
