package postgres

import (
	"fmt"
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// TestUnguarded asks for measures without guards over each hostile row alone: either the answer is the evaluator's, or the
// statement raises or doubts itself.
func TestUnguarded(t *testing.T) {
	dsn := connectortest.PostgresDatabase(t, connectortest.LocaleC)
	tb := connectortest.Fit(connectortest.HostileTable(), connectortest.EnginePostgres)
	s := openDSN(t, dsn)
	rel := describe(t, s, connectortest.LoadPostgres(t, dsn, tb))
	sn, err := s.Snapshot(t.Context()) // what raises costs a savepoint there, not a connection
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sn.Close() })
	s, _ = sn.(*Source)
	// The same naive times as instants of UTC, whose form without guards is another.
	zoned := rel
	zoned.Schema.Columns = slices.Clone(rel.Schema.Columns)
	for i := range zoned.Schema.Columns {
		if c := &zoned.Schema.Columns[i]; c.Type.Kind == value.LocalTimestamp {
			c.Type, c.Zone = value.Of(value.Timestamp), "UTC"
		}
	}
	asked := map[string]bool{}
	(&unguarded{s: s, rel: rel, asked: asked}).check(t, 200)
	(&unguarded{s: s, rel: zoned, asked: asked}).check(t, 100)
}

// unguarded counts what came of comparisons.
type unguarded struct {
	s               *Source
	rel             query.Relation
	agreed, doubted int
	// asked holds the SQL of the expressions that were compared: where none of the instants that are naive there is named,
	// asking it of the same rows again tells nothing.
	asked map[string]bool
}

// check compares the expressions, at least so many.
func (u *unguarded) check(t *testing.T, least int) {
	t.Helper()
	cols := columns(u.rel)
	rows := readAll(t, u.s, query.Select{From: u.rel, Columns: cols, OrderByKey: true})[0]
	ids := -1
	for i, c := range cols {
		if c.Col.Name == "id" {
			ids = i
		}
	}
	var cases []parityCase
	for n, e := range parityExprs(u.rel) {
		if n%7 != 0 && (n%4 != 0 || e.Type().Kind == value.Bool) || !u.differs(e) { // all of them take minutes
			continue
		}
		p, err := eval.Compile([]query.Expr{e}, cols)
		if err != nil {
			continue
		}
		out, err := p.Run(rows)
		if err != nil {
			t.Fatalf("%s: %v", query.String(e), err)
		}
		var v value.Vector
		v.Reset(out[0].Type)
		for i := range out[0].N {
			v.AppendFrom(out[0], i)
		}
		cases = append(cases, parityCase{e, &v})
	}
	for i := range rows.N {
		rel := u.rel
		rel.Dataset = query.Dataset{Name: "row", Query: fmt.Sprintf("SELECT * FROM %s WHERE id = %s", u.rel.Dataset.Table, rows.Cols[ids].Value(i).Text())}
		for start := 0; start < len(cases); start += 100 {
			u.compare(t, rel, i, cases[start:min(start+100, len(cases))])
		}
	}
	t.Logf("%d expressions without guards: %d cells agree, %d are in doubt", len(cases), u.agreed, u.doubted)
	if len(cases) < least || u.agreed < 10*u.doubted || u.doubted == 0 {
		t.Errorf("%d expressions, %d cells agree, %d are in doubt: that proves nothing", len(cases), u.agreed, u.doubted)
	}
}

func (u *unguarded) request(rel query.Relation, cases []parityCase) query.Aggregate {
	q := query.Aggregate{From: rel}
	for _, c := range cases {
		kind := query.MeasureMax
		if c.e.Type().Kind == value.Bool {
			kind = query.MeasureTally
		}
		q.Measures = append(q.Measures, query.Measure{Kind: kind, Arg: c.e})
	}
	return q
}

// differs reports whether leaving the guards out changes anything that was not asked yet.
func (u *unguarded) differs(e query.Expr) bool {
	q := u.request(u.rel, []parityCase{{e: e}})
	guarded, err := sqlgen.Aggregate(dialect{}, q)
	if err != nil {
		return false
	}
	bare, ok := sqlgen.Unguarded(dialect{}, q)
	if !ok || bare.Statement.Text == guarded.Statement.Text {
		return false
	}
	sql := fmt.Sprint(bare.Statement.Text, bare.Statement.Args)
	zoned := slices.ContainsFunc(query.Columns(e), func(c *query.Column) bool { return c.Col.Zone != "" })
	again := u.asked[sql] && !zoned
	u.asked[sql] = true
	return !again
}

// compare halves the cases until those that raise or are in doubt stand alone.
func (u *unguarded) compare(t *testing.T, rel query.Relation, row int, cases []parityCase) {
	t.Helper()
	q := u.request(rel, cases)
	p, ok := sqlgen.Unguarded(dialect{}, q)
	if !ok {
		t.Fatal("cases that are refused together")
	}
	raw, err := u.s.measure(t.Context(), "unguarded", p)
	if err != nil && !raised(err) {
		t.Fatal(err)
	}
	if err != nil || p.Doubtful(raw) {
		if len(cases) == 1 {
			u.doubted++
			return
		}
		half := len(cases) / 2
		u.compare(t, rel, row, cases[:half])
		u.compare(t, rel, row, cases[half:])
		return
	}
	got, at := p.Result(raw), 0
	for n, c := range cases {
		decided := !c.want.IsErr(row) && !c.want.IsNull(row)
		want, have := "undecided", "undecided"
		if decided {
			want = c.want.Value(row).Text()
		}
		switch first := &got.Cols[at]; {
		case c.e.Type().Kind == value.Bool:
			if first.Ints[0] == 1 {
				have = "true"
			} else if got.Cols[at+1].Ints[0] == 1 {
				have = "false"
			}
		case first.IsErr(0):
			have = "a cell in error"
		case !first.IsNull(0):
			have = first.Value(0).Text()
		}
		if u.agreed++; want != have && !(want == "NaN" && have == "undecided") { // a greatest is over numbers
			t.Errorf("%s, row %d: server %.80s without guards, here %.80s", query.String(c.e), row, have, want)
		}
		at += len(q.Measures[n].Outputs())
	}
}
