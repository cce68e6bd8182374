package suites_test

import (
	"reflect"
	"testing"

	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites"
)

const fixes = `connections: {shop: {driver: postgres, dsn: "${DSN}"}, copy: {driver: mysql, dsn: "${DSN}"}}
corrections: {mode: selective, max_changes: 7, max_fraction: 5%, rate: 100, risk: 'change.rows < 3 ? "low" : "high"'}
datasets:
  orders: {connection: shop, table: orders, key: id}
  copies: {connection: copy, table: copies, key: id}
expectations:
  - id: short
    compare: {source: orders, target: copies}
    fix: source
  - id: long
    compare: {source: orders, target: copies}
    fix:
      columns: {stock: source, price: {newest: updated_at}, note: {prefer: target}, tags: manual, own: target}
      missing: ignore
      extra: soft
      soft: {column: deleted_at}
      duplicates: {oldest: id}
  - id: rows
    dataset: orders
    join: {customer: {dataset: copies, key: row.customer_id}}
    expect: row.name == customer.name
    fix: {row.name: customer.name, seen: null, n: 1}
    risk: '"medium"'
`

func TestFixes(t *testing.T) {
	s, out := one(t, fixes, suites.Options{Env: env})
	if out != "" {
		t.Fatal(out)
	}
	c := s.Corrections
	if c.Mode != "selective" || c.MaxChanges != 7 || c.MaxFraction != 0.05 || c.Rate != 100 || c.Risk.Value == "" {
		t.Errorf("corrections: %+v", c)
	}
	short, long, rows := s.Expectations[0].Fix, s.Expectations[1].Fix, s.Expectations[2]
	if short.To != spec.ToSource || short.Missing != spec.MissingInsert || short.Extra != spec.ExtraDelete || short.Columns != nil || short.At.Line != 9 {
		t.Errorf("short: %+v", short)
	}
	var owners []string
	for _, o := range long.Columns {
		owners = append(owners, o.Name.Value+" "+string(o.Owner.Kind)+" "+string(o.Owner.Side)+o.Owner.Version.Value)
	}
	if want := []string{"stock side source", "price newest updated_at", "note prefer target", "tags manual ", "own side target"}; !reflect.DeepEqual(owners, want) {
		t.Errorf("owners: %q", owners)
	}
	if long.To != spec.ToTarget || long.Missing != spec.MissingIgnore || long.Extra != spec.ExtraSoft || long.Soft.Column.Value != "deleted_at" || long.Soft.Value.Value != "now" {
		t.Errorf("long: %+v", long)
	}
	if long.Duplicates.Keep != spec.KeepOldest || long.Duplicates.By.Value != "id" {
		t.Errorf("duplicates: %+v", long.Duplicates)
	}
	set := rows.Fix.Set
	if len(set) != 3 || set[0].Column.Value != "name" || set[0].Value.Value != "customer.name" || set[0].Value.Origin.Col != 21 || set[1].Value.Value != "null" || set[2].Value.Value != "1" {
		t.Errorf("rows: %+v", set)
	}
	if rows.Risk.Value != `"medium"` || s.Expectations[0].Risk.Value != "" {
		t.Errorf("risk: %q", rows.Risk.Value)
	}
}

func TestCorrectionsUnsaid(t *testing.T) {
	s, out := one(t, "datasets:\n", suites.Options{Env: env})
	if c := s.Corrections; out != "" || c.Mode != "" || c.MaxChanges != spec.DefaultMaxChanges || c.MaxFraction != 1 || c.Rate != 0 {
		t.Errorf("%s%+v", out, c)
	}
}
