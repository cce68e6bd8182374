package elasticsearch_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// TestKeyOrderOfNulls reads documents in the order of keys whose columns miss here and there, beside the greatest integers, for which the
// server takes what is missing: nulls stand behind everything, whichever column of the key they are in.
func TestKeyOrderOfNulls(t *testing.T) {
	some := []value.Value{
		value.IntValue(math.MinInt64), value.IntValue(1), value.IntValue(1<<53 + 1), value.IntValue(1 << 53), value.IntValue(math.MaxInt64 - 1),
		value.IntValue(math.MaxInt64),
		{},
		value.IntValue(1<<53 + 2),
	}
	tb := connectortest.Table{Name: "nulls", Key: []string{"id"}, Columns: []connectortest.Column{
		{Name: "id", Type: value.Of(value.Int)}, {Name: "a", Type: value.Of(value.Int)}, {Name: "b", Type: value.Of(value.Int)}, {Name: "w", Type: value.Of(value.String)},
	}}
	words := []value.Value{value.StringValue("x"), {}, value.StringValue("y")}
	for i := range 500 { // more than a page
		tb.Rows = append(tb.Rows, []connectortest.Cell{
			{Value: value.IntValue(int64(i))}, {Value: some[i%len(some)]}, {Value: some[i/len(some)%len(some)]}, {Value: words[i%3]},
		})
	}
	servers(t, func(t *testing.T, url string, _ connectortest.Engine) {
		src := open(t, url)
		defer func() { _ = src.Close() }()
		rel := connectortest.Relation(t, src, connectortest.LoadElasticsearch(t, url, tb))
		for _, key := range [][]string{{"a", "id"}, {"a", "b", "id"}, {"w", "b", "id"}, {"w", "a", "b", "id"}, {"b", "w", "a", "id"}} {
			t.Run(strings.Join(key, ","), func(t *testing.T) {
				want := slices.Clone(tb.Rows)
				slices.SortFunc(want, func(x, y []connectortest.Cell) int {
					for _, name := range key {
						if c := nullsBehind(x[tb.Index(name)].Value, y[tb.Index(name)].Value); c != 0 {
							return c
						}
					}
					return 0
				})
				r := rel
				r.Dataset.Key = key
				got := connectortest.ReadAll(t, src, query.Select{From: r, Columns: connectortest.Cols(t, r, "id"), OrderByKey: true, BatchRows: 7}, 7)
				if len(got) != len(want) {
					t.Fatalf("%d rows, want %d", len(got), len(want))
				}
				for i := range want {
					if g, w := got[i][0].Int(), want[i][0].Value.Int(); g != w {
						t.Fatalf("position %d: row %s, want row %s", i, show(tb.Rows[g]), show(want[i]))
					}
				}
			})
		}
	})
}

// nullsBehind compares two values, nulls last.
func nullsBehind(x, y value.Value) int {
	switch {
	case x.IsNull() || y.IsNull():
		return map[bool]int{true: 1}[x.IsNull()] - map[bool]int{true: 1}[y.IsNull()]
	case x.Kind() == value.String:
		return strings.Compare(x.Str(), y.Str())
	case x.Int() < y.Int():
		return -1
	case x.Int() > y.Int():
		return 1
	}
	return 0
}

func show(row []connectortest.Cell) string {
	var cells []string
	for _, c := range row {
		cells = append(cells, c.Value.Text())
	}
	return fmt.Sprint(cells)
}
