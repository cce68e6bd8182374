package diff

import (
	"testing"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// TestRangesOfLongKeys holds that however many columns the key is cut by, one statement over all ranges binds no more values than servers take.
func TestRangesOfLongKeys(t *testing.T) {
	const sqlite = 32_766
	for columns := 1; columns <= 16; columns++ {
		var cols []*query.Column
		types := make([]value.Type, columns)
		for k := range types {
			types[k] = value.Of(value.Int)
			cols = append(cols, &query.Column{Index: k, Col: value.Column{Name: "k", Type: types[k]}})
		}
		row := value.NewBatch(types...)
		row.AppendRow(func() (cells []value.Value) {
			for range types {
				cells = append(cells, value.IntValue(7))
			}
			return cells
		}()...)
		at := &cut{at: [2]*bound{{side: canon.Left, row: row}, {side: canon.Right, row: row}}}
		n := rangesOf(1<<40, columns)
		if n < firstRanges {
			t.Fatalf("%d columns: only %d ranges", columns, n)
		}
		segs := make([]segment, n)
		for i := range segs {
			segs[i] = segment{lo: at, hi: at}
		}
		bound := 0
		for _, e := range steps(segs, canon.Left, cols) {
			query.Walk(e, func(e query.Expr) bool {
				if _, ok := e.(*query.Literal); ok {
					bound++
				}
				return true
			})
		}
		if bound > sqlite || bound < int(n)-1 {
			t.Errorf("%d columns: %d ranges bind %d values", columns, n, bound)
		}
	}
}
