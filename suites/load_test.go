package suites_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites"
)

// tree is files by name.
type tree map[string]string

// load writes the files into a folder of their own, loads the named ones, and returns what is wrong with the folder's name left out.
func load(t *testing.T, files tree, opts suites.Options, names ...string) (*suites.Set, diag.List, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	paths := make([]string, len(names))
	for i, n := range names {
		paths[i] = filepath.Join(dir, n)
	}
	set, list := suites.Load(context.Background(), opts, paths...)
	var b strings.Builder
	if err := diag.Print(&b, list, set.Sources()); err != nil {
		t.Fatal(err)
	}
	return set, list, strings.ReplaceAll(b.String(), dir+string(filepath.Separator), "")
}

func one(t *testing.T, text string, opts suites.Options) (spec.Suite, string) {
	t.Helper()
	set, _, out := load(t, tree{"s.yaml": text}, opts, "s.yaml")
	if len(set.Suites) != 1 {
		return spec.Suite{}, out
	}
	return set.Suites[0], out
}

func env(name string) (string, bool) {
	v, ok := map[string]string{"DSN": "postgres://u:p@h/db", "HOST": "h", "EMPTY": "", "NESTED": "${DSN}", "ZONE": "UTC"}[name]
	return v, ok
}

const full = `version: 1
suite: shop
vars:
  limit: 3
  share: 0.5
  region: EU
  strict: true
  list: [a, b]
  day: {type: timestamp, default: 2024-01-31}
  money: {type: decimal, default: "0.10"}
connections:
  shop: {driver: postgres, dsn: "${DSN}", timezone: Europe/Berlin, timeout: 30s, max_conns: 2, writable: true}
  search: {driver: elasticsearch, url: "http://${HOST}:9200/$${x}", api_key: abc}
datasets:
  orders:
    connection: shop
    table: public.orders
    key: [id, line]
    updated_at: updated_at
    columns:
      flag: {type: bool}
      tags: {array: true, absent: error}
    types: {qty: int}
    expectations:
      - not_null: [id, customer_id]
      - id: total-adds-up
        expect: row.total == row.price * row.qty
        where: row.status != "cancelled"
        mostly: 99.9%
        severity: warning
        on_null: fail
        on_empty: fail
        message: wrong total
        message_expression: '"order " + string(row.id)'
        tags: [money, daily]
        show: [id, total]
        owner: finance
        description: totals add up
      - in_set: {column: status, values: [new, paid], mostly: 0.95, severity: info}
      - expect: row.qty > 0
        max_failures: 3
  customers: {connection: shop, query: "select 1", key: id}
  found: {connection: search, index: orders}
expectations:
  - id: counts-agree
    metric: orders.count()
    expect: metric == found.count()
`

func TestLoad(t *testing.T) {
	s, out := one(t, full, suites.Options{Env: env})
	if out != "" {
		t.Fatal(out)
	}
	if s.Name != "shop" || len(s.Digest) != 64 || filepath.Base(s.File) != "s.yaml" {
		t.Errorf("got %q %q %q", s.Name, s.Digest, s.File)
	}
	c := s.Connections[0]
	if c.Driver != "postgres" || c.Params["dsn"] != "postgres://u:p@h/db" || c.Timezone != "Europe/Berlin" || c.Timeout.Seconds() != 30 ||
		c.MaxConns != 2 || !c.Writable || len(c.Params) != 1 || c.At.Line != 12 || c.At.Col != 3 {
		t.Errorf("got %+v", c)
	}
	if d := cmp.Diff(map[string]string{"url": "http://h:9200/${x}", "api_key": "abc"}, s.Connections[1].Params); d != "" {
		t.Error(d)
	}
	o := s.Datasets[0]
	if o.Name != "orders" || o.Table != "public.orders" || o.Timezone != "Europe/Berlin" || o.UpdatedAt != "updated_at" || o.At.Line != 15 {
		t.Errorf("got %+v", o)
	}
	if d := cmp.Diff([]string{"id", "line"}, o.Key); d != "" {
		t.Error(d)
	}
	wantCols := map[string]query.ColumnOptions{"flag": {Type: "bool"}, "tags": {AbsentIsError: true, Array: true}, "qty": {Type: "int"}}
	if d := cmp.Diff(wantCols, o.Columns); d != "" {
		t.Error(d)
	}
	for k, line := range map[string]int{"table": 17, "key": 18, "connection": 16, "columns.flag": 21, "columns.qty": 23} {
		if o.Places[k].Line != line {
			t.Errorf("%s stands at %v, want line %d", k, o.Places[k], line)
		}
	}
	if id, line := o.Places["key.id"], o.Places["key.line"]; id.Col != 11 || line.Col != 15 {
		t.Errorf("the key's columns stand at %v and %v", id, line)
	}
	if d := cmp.Diff([]string{"id"}, s.Datasets[1].Key); d != "" || s.Datasets[1].Query != "select 1" {
		t.Error(d)
	}
	checkVars(t, s.Vars)
	checkExpectations(t, s.Expectations)
}

func checkVars(t *testing.T, vars map[string]value.Value) {
	t.Helper()
	if vars["limit"].Int() != 3 || vars["share"].Double() != 0.5 || vars["region"].Str() != "EU" || !vars["strict"].Bool() {
		t.Errorf("got %v", vars)
	}
	if l := vars["list"].List(); len(l) != 2 || l[1].Str() != "b" {
		t.Errorf("got %v", l)
	}
	if v := vars["day"]; v.Kind() != value.Timestamp || v.Time().Format("2006-01-02") != "2024-01-31" {
		t.Errorf("got %v", v)
	}
	if v := vars["money"]; v.Kind() != value.Decimal || v.Decimal().String() != "0.1" {
		t.Errorf("got %v", v)
	}
}

func checkExpectations(t *testing.T, es []spec.Expectation) {
	t.Helper()
	var ids []string
	for _, e := range es {
		ids = append(ids, e.ID)
	}
	want := []string{
		"orders.not_null.id", "orders.not_null.customer_id", "total-adds-up", "orders.in_set.status", "orders.expect.6c8eb4b1", "counts-agree",
	}
	if d := cmp.Diff(want, ids); d != "" {
		t.Fatal(d)
	}
	e := es[2]
	if e.Dataset != "orders" || e.Expect.Value != "row.total == row.price * row.qty" || e.Where.Value != `row.status != "cancelled"` ||
		e.Mostly.Cmp(value.NewDec(999, 3)) != 0 || e.Severity != spec.Warning || e.OnNull != spec.NullFail || e.OnEmpty != spec.EmptyFail ||
		e.Message != "wrong total" || e.MessageExpression.Value != `"order " + string(row.id)` || e.Owner != "finance" ||
		e.Description != "totals add up" || len(e.Tags) != 2 || len(e.Show) != 2 || e.MaxFailures != nil {
		t.Errorf("got %+v", e)
	}
	if e.Places["where"].Line != 28 || e.Places["mostly"].Col != 17 {
		t.Errorf("got %v", e.Places)
	}
	set := es[3]
	if set.Named == nil || set.Named.Args["values"].List[1].Text != "paid" || set.Mostly.Cmp(value.NewDec(95, 2)) != 0 || set.Severity != spec.Info {
		t.Errorf("got %+v", set)
	}
	if _, ok := set.Named.Args["mostly"]; ok {
		t.Error("mostly was left among the arguments")
	}
	if es[4].MaxFailures == nil || *es[4].MaxFailures != 3 || es[4].Severity != spec.Error || es[4].OnNull != spec.NullSkip {
		t.Errorf("got %+v", es[4])
	}
	if m := es[5]; m.Dataset != "" || m.Metric.Value != "orders.count()" || m.Expect.Value != "metric == found.count()" {
		t.Errorf("got %+v", m)
	}
}

func TestLoadComposes(t *testing.T) {
	files := tree{
		"assay.yaml": "connections: {shop: {driver: postgres, dsn: x}}\nvars: {a: 1}\n",
		"main.yaml":  "suite: all\ninclude: [parts/*.yaml, more.yaml]\n",
		"parts/a.yaml": "include: ../common.yaml\ndatasets: {a: {connection: shop, table: a, expectations: [{not_null: id}]}}\n" +
			"expectations: [{expect: a.count() == b.count()}]\n",
		"parts/b.yaml": "include: ../common.yaml\ndatasets: {b: {connection: shop, table: b}}\n",
		"common.yaml":  "vars: {b: 2}\n",
		"more.yaml":    "\ufeffdatasets:\r\n  c: {connection: shop, table: c}\r\n",
	}
	set, _, out := load(t, files, suites.Options{}, "main.yaml")
	if out != "" || len(set.Suites) != 1 {
		t.Fatal(out)
	}
	s := set.Suites[0]
	if s.Name != "all" || len(s.Datasets) != 3 || len(s.Expectations) != 2 || len(s.Vars) != 2 || len(s.Connections) != 1 {
		t.Errorf("got %+v", s)
	}
	files["common.yaml"] += "# a change\n"
	changed, _, _ := load(t, files, suites.Options{}, "main.yaml")
	if changed.Suites[0].Digest == s.Digest {
		t.Error("the digest does not see an included file")
	}
	again, _, _ := load(t, files, suites.Options{}, "main.yaml")
	if changed.Suites[0].Digest != again.Suites[0].Digest {
		t.Error("the digest depends on the folder")
	}
	set, _, out = load(t, tree{"x/a.yaml": "version: 1", "x/b.yml": "version: 1", "x/assay.yaml": "version: 1", "x/c.txt": ""}, suites.Options{}, "x")
	if out != "" || len(set.Suites) != 2 || set.Suites[0].Name != "a" {
		t.Errorf("%v %s", set.Suites, out)
	}
	set, _, out = load(t, tree{"a1.yaml": "version: 1", "a2.yaml": "version: 1", "b.yaml": "version: 1"}, suites.Options{}, "a*.yaml")
	if out != "" || len(set.Suites) != 2 {
		t.Errorf("%v %s", set.Suites, out)
	}
}

func TestLoadVars(t *testing.T) {
	s, out := one(t, full, suites.Options{Env: env, Vars: map[string]string{
		"limit": "7", "region": "US", "list": "x, y,z", "money": "12.345678901234567890", "strict": "False", "day": "2025-02-03T04:05:06Z",
	}})
	if out != "" {
		t.Fatal(out)
	}
	if s.Vars["limit"].Int() != 7 || s.Vars["region"].Str() != "US" || len(s.Vars["list"].List()) != 3 || s.Vars["strict"].Bool() ||
		s.Vars["money"].Decimal().String() != "12.34567890123456789" || s.Vars["day"].Time().Year() != 2025 {
		t.Errorf("got %v", s.Vars)
	}
}

func TestLoadMergesAnchors(t *testing.T) {
	s, out := one(t, `
connections: {shop: &c {driver: postgres, dsn: a}, other: {<<: *c, dsn: b}}
datasets:
  a: {connection: shop, table: a, expectations: &checks [{not_null: id}]}
  b: {connection: other, table: b, expectations: *checks}
`, suites.Options{})
	if out != "" {
		t.Fatal(out)
	}
	if s.Connections[1].Driver != "postgres" || s.Connections[1].Params["dsn"] != "b" || len(s.Expectations) != 2 || s.Expectations[1].ID != "b.not_null.id" {
		t.Errorf("got %+v", s)
	}
}

func TestIDsAreStable(t *testing.T) {
	ids := func(expect, where string) string {
		s, out := one(t, "connections: {c: {driver: x}}\ndatasets:\n  a:\n    connection: c\n    table: a\n    expectations:\n"+
			"      - expect: "+expect+"\n        where: "+where+"\n", suites.Options{})
		if out != "" {
			t.Fatal(out)
		}
		return s.Expectations[0].ID
	}
	first := ids("row.a > 0", "row.b")
	if first != ids("row.a  >  0", "row.b") || first != ids("'row.a > 0'", "|\n          row.b") {
		t.Error("layout changes the id")
	}
	if first == ids("row.a > 1", "row.b") || first == ids("row.a > 0", "row.c") {
		t.Error("two expressions share an id")
	}
}
