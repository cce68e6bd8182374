package fix_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
)

// TestKeysOfTexts corrects rows whose keys careless programs take for one another.
func TestKeysOfTexts(t *testing.T) {
	keys := []string{"abc", "ABC", "aBc", "", " ", "ab%", "a_c", `a\c`, "'", `"`, "''; --", "a\nb", "😀", "é", "e\u0301", "ß", "ss", "12", "012", "null", "<null>", "x|y", "x", strings.Repeat("ü", 60)}
	es := engines(t)
	for i := range len(es) - 1 {
		from, to := &es[i], &es[i+1]
		t.Run(from.name+" and "+to.name, func(t *testing.T) {
			cols := []connectortest.Column{
				{Name: "k", Type: value.Of(value.String), NotNull: true, Native: map[connectortest.Engine]string{connectortest.EngineMySQL: "varchar(100) collate utf8mb4_0900_bin"}},
				{Name: "n", Type: value.Of(value.Int), NotNull: true},
				{Name: "v", Type: value.Of(value.Int)},
			}
			key, times, keys := []string{"k", "n"}, 2, keys
			if to.name == "elasticsearch" { // nothing says how its _id follows from several columns, and it is never empty
				key, times, keys = key[:1], 1, slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return k == "" })
			}
			a := connectortest.Table{Name: "a", Key: key, Columns: cols}
			b := connectortest.Table{Name: "b", Key: key, Columns: cols}
			var want seeds
			row := func(k string, n, v int) []connectortest.Cell {
				return []connectortest.Cell{{Value: value.StringValue(k)}, {Value: value.IntValue(int64(n))}, {Value: value.IntValue(int64(v))}}
			}
			for n, k := range keys {
				for m := range times {
					switch (n + m) % 4 {
					case 0:
						want.missing++
						a.Rows = append(a.Rows, row(k, m, n))
					case 1:
						want.extra++
						b.Rows = append(b.Rows, row(k, m, n))
					case 2:
						want.changed++
						a.Rows, b.Rows = append(a.Rows, row(k, m, n)), append(b.Rows, row(k, m, -n))
					default:
						a.Rows, b.Rows = append(a.Rows, row(k, m, n)), append(b.Rows, row(k, m, n))
					}
				}
			}
			x := newPairing(t, from, to, a, b, spec.Fix{To: spec.ToTarget, Missing: spec.MissingInsert, Extra: spec.ExtraDelete})
			p := x.find()
			if got := p.counted(); got != want {
				t.Errorf("%+v changes, want %+v; refused:\n%s", got, want, p.refused())
			}
			x.apply(p)
			if c := x.find(); len(c.changes) != 0 || c.report.Expectations[0].Verdict != "pass" {
				t.Errorf("left:\n%s%s", c.lines(), c.refused())
			}
		})
	}
}

// TestTwinsOnServers keeps one of several rows with one key on each engine.
func TestTwinsOnServers(t *testing.T) {
	es := engines(t)
	source := &es[2]
	for i := range es {
		to := &es[i]
		t.Run(to.name, func(t *testing.T) {
			num := func(n int64) connectortest.Cell { return connectortest.Cell{Value: value.IntValue(n)} }
			a := connectortest.Table{Name: "a", Key: []string{"k"}, Columns: []connectortest.Column{{Name: "k", Type: value.Of(value.Int), NotNull: true}, {Name: "v", Type: value.Of(value.Int)}}}
			b := connectortest.Table{Name: "b", Key: []string{"id"}, Columns: []connectortest.Column{
				{Name: "id", Type: value.Of(value.Int), NotNull: true}, {Name: "k", Type: value.Of(value.Int)}, {Name: "v", Type: value.Of(value.Int)}, {Name: "at", Type: value.Of(value.Int)},
			}}
			for k := range int64(5) {
				a.Rows = append(a.Rows, []connectortest.Cell{num(k), num(k)})
				for n := range k {
					b.Rows = append(b.Rows, []connectortest.Cell{num(10*k + n), num(k), num(k + n - 1), num(n)})
				}
			}
			x := newPairing(t, source, to, a, b, spec.Fix{
				To: spec.ToTarget, Missing: spec.MissingIgnore, Extra: spec.ExtraDelete, Duplicates: spec.Duplicates{Keep: spec.KeepNewest, By: spec.Name{Value: "at"}},
			})
			x.suite.Expectations[0].Compare.Ignore = []spec.Name{{Value: "id"}, {Value: "at"}}
			p := x.find()
			if got, want := p.counted(), (seeds{changed: 3, extra: 6}); got != want {
				t.Errorf("%+v changes, want %+v:\n%s%s", got, want, p.lines(), p.refused())
			}
			x.apply(p)
			if c := x.find(); len(c.changes) != 0 || c.report.Expectations[0].Compare.Counts.DuplicateKey != 0 || c.report.Expectations[0].Compare.Counts.Identical != 4 {
				t.Errorf("left:\n%s%s%+v", c.lines(), c.refused(), c.report.Expectations[0].Compare.Counts)
			}
		})
	}
}

// TestRowsOnServers corrects rows that fail, alone and beside their partners on another engine.
func TestRowsOnServers(t *testing.T) {
	es := engines(t)
	for i := range es {
		own, partner := &es[i], &es[(i+2)%len(es)]
		t.Run(own.name+" with "+partner.name, func(t *testing.T) {
			num := func(n int) connectortest.Cell { return connectortest.Cell{Value: value.IntValue(int64(n))} }
			text := func(s string) connectortest.Cell { return connectortest.Cell{Value: value.StringValue(s)} }
			orders := connectortest.Table{Name: "a", Key: []string{"id"}, Columns: []connectortest.Column{
				{Name: "id", Type: value.Of(value.Int), NotNull: true}, {Name: "customer", Type: value.Of(value.Int)}, {Name: "name", Type: value.Of(value.String)}, {Name: "v", Type: value.Of(value.Int)},
			}}
			customers := connectortest.Table{Name: "b", Key: []string{"id"}, Columns: []connectortest.Column{{Name: "id", Type: value.Of(value.Int), NotNull: true}, {Name: "name", Type: value.Of(value.String)}}}
			for n := range 40 {
				name := fmt.Sprintf("name %d", n%7)
				if n%5 == 0 {
					name = "old"
				}
				orders.Rows = append(orders.Rows, []connectortest.Cell{num(n), num(n % 7), text(name), num(n%4 - 1)})
			}
			for n := range 6 { // the last one has no partner
				customers.Rows = append(customers.Rows, []connectortest.Cell{num(n), text(fmt.Sprintf("name %d", n))})
			}
			x := newPairing(t, own, partner, orders, customers, spec.Fix{})
			cel := func(s string) diag.Text { return diag.Text{Value: s} }
			set := func(column, value string) *spec.Fix {
				return &spec.Fix{Set: []spec.Assignment{{Column: spec.Name{Value: column}, Value: cel(value)}}, Places: map[string]diag.Span{}}
			}
			x.suite.Expectations = []spec.Expectation{
				{
					ID: "name", Dataset: "a", Severity: spec.Error, OnNull: spec.NullSkip, Expect: cel("row.name == c.name"), Places: map[string]diag.Span{}, Fix: set("name", "c.name"),
					Joins: []spec.Join{{Alias: spec.Name{Value: "c"}, Dataset: spec.Name{Value: "b"}, Keys: []spec.JoinKey{{Column: spec.Name{Value: "id"}, Value: cel("row.customer")}}}},
				},
				{ID: "v", Dataset: "a", Severity: spec.Error, OnNull: spec.NullSkip, Expect: cel("row.v >= 0"), Places: map[string]diag.Span{}, Fix: set("v", "-row.v")},
			}
			p := x.find()
			// 10 rows fail by v, 7 by name, one by both; 5 rows are of customer 6, who is not there.
			if got, want := p.counted(), (seeds{changed: 16}); got != want {
				t.Errorf("%+v changes, want %+v:\n%s%s", got, want, p.lines(), p.refused())
			}
			is(t, "refused", p.refused(), "name: 5 the row has no partner to take a value from")
			x.apply(p)
			if c := x.find(); len(c.changes) != 0 {
				t.Errorf("left:\n%s%s", c.lines(), c.refused())
			}
		})
	}
}
