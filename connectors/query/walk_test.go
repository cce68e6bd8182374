package query_test

import (
	"testing"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

func TestWalk(t *testing.T) {
	col := func(rel, index int) *query.Column {
		return &query.Column{Rel: rel, Index: index, Col: value.Column{Name: "c", Type: value.Of(value.Int)}}
	}
	num := func(i int64) query.Expr {
		return &query.Literal{Val: value.IntValue(i), Typ: value.Of(value.Int), At: query.Span{Start: int(i)}}
	}
	call := func(op query.Op, args ...query.Expr) *query.Call {
		return &query.Call{Op: op, Typ: value.Of(value.Bool), Args: args}
	}
	local := &query.Local{Cols: []*query.Column{col(0, 3), col(0, 0)}, Typ: value.Of(value.Bool)}
	e := call(query.OpAnd, call(query.OpLt, col(0, 0), num(1)), call(query.OpLt, col(1, 0), col(0, 0)), local)
	var got []int
	for _, c := range query.Columns(e, nil, col(0, 2)) {
		got = append(got, c.Rel*10+c.Index)
	}
	if len(got) != 4 || got[0] != 0 || got[1] != 10 || got[2] != 3 || got[3] != 2 {
		t.Errorf("columns %v", got)
	}
	if !query.HasLocal(e) || query.HasLocal(e.Args[0]) {
		t.Error("HasLocal")
	}
	if s := query.String(e.Args[0]); s != "lt(c#0, int:1)" {
		t.Errorf("String: %s", s)
	}
	other := call(query.OpLt, col(0, 0), &query.Literal{Val: value.IntValue(1), Typ: value.Of(value.Int)})
	if !query.Equal(e.Args[0], other) {
		t.Error("equal apart from spans, yet different")
	}
	for _, f := range []query.Expr{
		call(query.OpLe, col(0, 0), num(1)), call(query.OpLt, col(0, 1), num(1)), call(query.OpLt, col(1, 0), num(1)), call(query.OpLt, col(0, 0), num(2)),
		call(query.OpLt, col(0, 0), &query.Literal{Val: value.UintValue(1), Typ: value.Of(value.Uint)}),
		call(query.OpLt, col(0, 0), &query.Literal{Typ: value.Of(value.Int)}), call(query.OpLt, col(0, 0)), col(0, 0), nil,
	} {
		if query.Equal(e.Args[0], f) {
			t.Errorf("%s equals %s", query.String(e.Args[0]), query.String(f))
		}
	}
	if l := *local; query.Equal(local, &l) || !query.Equal(local, local) {
		t.Error("a local equals itself only")
	}
}
