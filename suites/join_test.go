package suites_test

import (
	"testing"

	"github.com/assay-dev/assay/suites"
)

const joined = `connections: {shop: {driver: postgres, dsn: "${DSN}"}, copy: {driver: mysql, dsn: "${DSN}"}}
datasets:
  orders:
    connection: shop
    table: orders
    expectations:
      - expect: row.total >= c.floor
        join: {c: {dataset: customers, key: row.customer_id}}
  customers: {connection: copy, table: customers}
  rates: {connection: copy, query: select 1, key: [currency, day]}
expectations:
  - id: name-in-sync
    dataset: orders
    join:
      customer: {dataset: customers, key: row.customer_id, optional: true}
      rate: {dataset: rates, key: [row.currency, 'date(row.at)']}
      other: {dataset: rates, key: {currency: row.currency, "valid day": row.day}}
    expect: row.customer_name == customer.name
    show: [customer.name, total]
  - id: plain
    dataset: orders
    expect: row.a == row.b
`

func TestJoins(t *testing.T) {
	s, out := one(t, joined, suites.Options{Env: env})
	if out != "" {
		t.Fatal(out)
	}
	if len(s.Expectations) != 3 {
		t.Fatalf("%d expectations", len(s.Expectations))
	}
	if e := s.Expectations[0]; e.Dataset != "orders" || len(e.Joins) != 1 || e.Joins[0].Alias.Value != "c" || !e.Joins[0].Positional || e.Joins[0].Optional {
		t.Errorf("nested: %+v", e)
	}
	e := s.Expectations[1]
	if e.ID != "name-in-sync" || e.Dataset != "orders" || len(e.Joins) != 3 || len(e.Show) != 2 {
		t.Fatalf("got %+v", e)
	}
	c, r, o := e.Joins[0], e.Joins[1], e.Joins[2]
	if c.Alias.Value != "customer" || c.Alias.At.Line != 15 || c.Dataset.Value != "customers" || !c.Optional || c.Keys[0].Value.Value != "row.customer_id" || c.Keys[0].Value.Origin.Col != 43 {
		t.Errorf("customer: %+v", c)
	}
	if len(r.Keys) != 2 || !r.Positional || r.Keys[1].Value.Value != "date(row.at)" || r.Keys[1].Value.Origin.Line != 16 || r.KeyAt.Col != 35 {
		t.Errorf("rate: %+v", r)
	}
	if len(o.Keys) != 2 || o.Positional || o.Keys[1].Column.Value != "valid day" || o.Keys[1].Column.At.Col != 61 || o.Keys[1].Value.Value != "row.day" {
		t.Errorf("other: %+v", o)
	}
	if e := s.Expectations[2]; e.ID != "plain" || e.Dataset != "orders" || e.Joins != nil {
		t.Errorf("plain: %+v", e)
	}
}
