package diff_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

func TestZZSmallPages(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	tb := numbers(5000)
	left, right := tb.source(t, "l", r), tb.source(t, "r", r)
	l := &faulty{Source: left.Source}
	rt := &faulty{Source: right.Source, caps: func(c *query.Caps) { c.UnorderedFaster = true }}
	left.Source, right.Source = l, rt
	s := align(t, left, right, diff.AlignOptions{TempDir: t.TempDir()})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	res, err := diff.Run(ctx, s, nil, nil)
	t.Logf("%+v %v", res, err)
}

func TestZZDigestWhere(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	tb := table{
		cols: []value.Column{
			{Name: "k", Type: value.Of(value.Int), NotNull: true}, {Name: "c", Type: value.Of(value.Int)}, {Name: "w", Type: value.Of(value.Int)},
		},
		key: []string{"k"},
	}
	for k := range 2000 {
		w := cell{Value: value.IntValue(int64(k % 10))}
		if k%10 == 0 {
			w = cell{}
		}
		tb.rows = append(tb.rows, []cell{{Value: value.IntValue(int64(k))}, {Value: value.IntValue(r.Int64N(3))}, w})
	}
	other := tb
	other.rows = append([][]cell(nil), tb.rows...)
	row := append([]cell(nil), tb.rows[777]...)
	row[1] = cell{Value: value.IntValue(99)}
	other.rows[777] = row
	col := &query.Column{Index: 2, Col: tb.cols[2]}
	over := &query.Call{Op: query.OpGt, Typ: value.Of(value.Bool), Args: []query.Expr{col, &query.Literal{Val: value.IntValue(0), Typ: value.Of(value.Int)}}}
	store := sqliteStore(t)
	left, _ := store.put(t, "zl", &tb)
	right, _ := store.put(t, "zr", &other)
	right.Source = &faulty{Source: right.Source, refuse: true}
	left.Where, right.Where = over, over
	s := align(t, left, right, diff.AlignOptions{Columns: []string{"c"}, Strategy: diff.Digest, TempDir: t.TempDir()})
	res, err := diff.Run(t.Context(), s, nil, nil)
	t.Logf("%+v %v", res, err)
}
