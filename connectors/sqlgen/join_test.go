package sqlgen_test

import (
	"errors"
	"testing"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

func joined(rel, index int, name string) *query.Column {
	return &query.Column{Rel: rel, Index: index, Col: value.Column{Name: name, Type: value.Of(value.Int)}}
}

// The key is compared strictly, guards and all: no null and no bad cell is anybody's partner. Joined columns stand under their alias.
func TestJoins(t *testing.T) {
	bad := &query.Column{Rel: 2, Index: 0, Col: value.Column{Name: "y", Type: value.Of(value.Int), MayErr: true}}
	from := query.Relation{Dataset: query.Dataset{Table: "orders"}, Joins: []query.Join{
		{Relation: query.Relation{Dataset: query.Dataset{Table: "s.customers"}}, On: []query.JoinKey{{Left: colA, Right: joined(1, 0, "id")}}},
		{Relation: query.Relation{Dataset: query.Dataset{Query: "select 1;"}}, On: []query.JoinKey{
			{Left: colX, Right: bad},
			{Left: fn(query.OpAdd, value.Int, colA, lit(1)), Right: joined(2, 1, "z")},
		}},
	}}
	const want = "SELECT count(*) AS c0,\n  count(t1.\"v\") AS c1,\n  count(*) FILTER (WHERE t1.\"v\" < $1::int) AS c2\n" +
		"FROM \"orders\" AS t\nLEFT JOIN \"s\".\"customers\" AS t1 ON t.\"a\" = t1.\"id\"\n" +
		"LEFT JOIN (select 1\n) AS t2 ON good(t.\"x\") = good(t2.\"y\") AND t.\"a\" + $2::int = t2.\"z\""
	plan, err := sqlgen.Aggregate(ansi{}, query.Aggregate{From: from, Measures: []query.Measure{
		{Kind: query.MeasureCount}, {Kind: query.MeasureCount, Where: is(query.OpLt, joined(1, 2, "v"), lit(5)), Nulls: []*query.Column{joined(1, 2, "v")}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if plan.Statement.Text != want {
		t.Errorf("got\n%s\nwant\n%s", plan.Statement.Text, want)
	}
	st, err := sqlgen.Select(ansi{}, query.Select{From: from, Columns: []*query.Column{colA, joined(1, 2, "v")}, Branches: []query.Branch{{Where: is(query.OpEq, joined(2, 1, "z"), null), Limit: 3}}})
	if err != nil {
		t.Fatal(err)
	}
	const rows = "SELECT t.\"a\" AS c0, t1.\"v\" AS c1\nFROM \"orders\" AS t\nLEFT JOIN \"s\".\"customers\" AS t1 ON t.\"a\" = t1.\"id\"\n" +
		"LEFT JOIN (select 1\n) AS t2 ON good(t.\"x\") = good(t2.\"y\") AND t.\"a\" + $1::int = t2.\"z\"\nWHERE t2.\"z\" IS NULL\nLIMIT 3"
	if st.Text != rows {
		t.Errorf("got\n%s\nwant\n%s", st.Text, rows)
	}
	if r := sqlgen.Caps(ansi{}).Join(from); r != nil {
		t.Errorf("refused: %s", r.Reason)
	}
	from.Joins[0].On = nil
	var refusal *query.Refusal
	if _, err := sqlgen.Select(ansi{}, query.Select{From: from, Columns: []*query.Column{colA}}); !errors.As(err, &refusal) || sqlgen.Caps(ansi{}).Join(from) == nil {
		t.Errorf("a join without a key: %v", err)
	}
	from.Joins[0].On = []query.JoinKey{{Left: &query.Local{Cols: []*query.Column{colA}, Typ: value.Of(value.Int), Reason: "list"}, Right: joined(1, 0, "id")}}
	if r := sqlgen.Caps(ansi{}).Join(from); r == nil {
		t.Error("a key that only we can compute is not refused")
	}
}
