package suites_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites"
)

const compared = `connections: {shop: {driver: postgres, dsn: "${DSN}"}, copy: {driver: mysql, dsn: "${DSN}"}}
datasets:
  orders: {connection: shop, table: orders, key: id}
  sales: {connection: copy, table: sales, key: order_no}
expectations:
  - compare: {source: orders, target: sales}
  - id: in-sync
    compare: {source: orders, target: sales}
    columns:
      total: {tolerance: 0.01}
      rate: {tolerance: {rel: 1e-9}}
      weight: {tolerance: {ulp: 4}}
      net: {tolerance: {abs: 0.5}}
      seen_at: {tolerance: 1m30s, precision: 1ms}
      day: {precision: 1d}
      at: {precision: 1s}
      name: {normalize: [nfc, trim, casefold]}
      nick: {normalize: trim}
      email: {expect: source.email.lowerAscii() == target.email}
      tags: {unordered: true, empty_is_null: true}
    map: {id: order_no, total: amount}
    ignore: [note]
    key: [id]
    where: {source: row.total > 0, target: row.amount > 0}
    settle: 5s
    strategy: merge
    mostly: 99%
    severity: warning
    tags: nightly
    show: total
    owner: finance
  - id: both
    compare: {source: orders, target: orders}
    where: {source: row.a == 1, target: row.a == 2}
  - id: all
    compare: {source: orders, target: sales}
    where: row.total > 0
`

func TestComparison(t *testing.T) {
	s, out := one(t, compared, suites.Options{Env: env})
	if out != "" {
		t.Fatal(out)
	}
	if len(s.Expectations) != 4 {
		t.Fatalf("%d expectations", len(s.Expectations))
	}
	if e := s.Expectations[0]; e.ID != "orders.compare.sales" || e.Severity != spec.Error || e.At.Line != 6 || e.At.Col != 5 || e.Compare.Source.Value != "orders" || e.Compare.Target.At.Col != 39 {
		t.Errorf("got %+v of %+v", e.Compare, e)
	}
	e := s.Expectations[1]
	c := e.Compare
	zero, milli := int8(0), int8(3)
	want := map[string]canon.Options{
		"total":   {Tolerance: canon.Tolerance{Abs: value.NewDec(1, 2), Set: true}},
		"rate":    {Tolerance: canon.Tolerance{Rel: 1e-9, Set: true}},
		"weight":  {Tolerance: canon.Tolerance{ULP: 4, Set: true}},
		"net":     {Tolerance: canon.Tolerance{Abs: value.NewDec(5, 1), Set: true}},
		"seen_at": {Tolerance: canon.Tolerance{Abs: value.NewDec(90, 0), Set: true}, Digits: &milli},
		"day":     {PrecisionSeconds: 86400},
		"at":      {Digits: &zero},
		"name":    {Normalize: []canon.Normal{canon.NFC, canon.Trim, canon.Casefold}},
		"nick":    {Normalize: []canon.Normal{canon.Trim}},
		"email":   {},
		"tags":    {Unordered: true, EmptyIsNull: true},
	}
	if len(c.Columns) != len(want) {
		t.Errorf("%d columns", len(c.Columns))
	}
	for _, col := range c.Columns {
		if diff := cmp.Diff(want[col.Name.Value], col.Options, cmp.Comparer(func(a, b value.Dec) bool { return a.Cmp(b) == 0 })); diff != "" {
			t.Errorf("%s: %s", col.Name.Value, diff)
		}
		if (col.Expect.Value != "") != (col.Name.Value == "email") || len(col.Places) == 0 || col.Name.At.Col != 7 {
			t.Errorf("%s: %+v", col.Name.Value, col)
		}
	}
	if len(c.Map) != 2 || c.Map[1].Source.Value != "total" || c.Map[1].Target.Value != "amount" || c.Map[1].Target.At.Line != 21 {
		t.Errorf("map: %+v", c.Map)
	}
	if len(c.Ignore) != 1 || c.Ignore[0].Value != "note" || len(c.Key) != 1 || c.Key[0].Value != "id" || c.Settle != 5*time.Second || c.Strategy != "merge" {
		t.Errorf("got %+v", c)
	}
	if c.WhereSource.Value != "row.total > 0" || c.WhereTarget.Value != "row.amount > 0" || c.WhereTarget.Places[0].Col != 44 || e.Where.Value != "" {
		t.Errorf("where: %+v, %+v", c.WhereSource, c.WhereTarget)
	}
	if e.ID != "in-sync" || e.Mostly == nil || e.Severity != spec.Warning || e.Owner != "finance" || len(e.Tags) != 1 || len(e.Show) != 1 {
		t.Errorf("got %+v", e)
	}
	if c := s.Expectations[3].Compare; c.WhereSource.Value != "row.total > 0" || c.WhereTarget.Value != c.WhereSource.Value {
		t.Errorf("where of both sides: %+v", c)
	}
}
