package run_test

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/expectations/spec"
)

// One wide partner that all rows have is not held once for each of them.
func TestWidePartner(t *testing.T) {
	const rows, width = 300, 2 << 20
	path := filepath.Join(t.TempDir(), "w.db")
	cols := []connectortest.Column{{Name: "id", Type: value.Of(value.Int), NotNull: true}, {Name: "p", Type: value.Of(value.Int)}, {Name: "doc", Type: value.Of(value.String)}}
	row := func(id int64, doc string) []connectortest.Cell {
		return []connectortest.Cell{cellOf(value.IntValue(id)), cellOf(value.IntValue(7)), cellOf(value.StringValue(doc))}
	}
	many, one := connectortest.Table{Name: "many", Key: []string{"id"}, Columns: cols}, connectortest.Table{Name: "one", Key: []string{"id"}, Columns: cols}
	for i := range int64(rows) {
		many.Rows = append(many.Rows, row(i, "x"))
	}
	one.Rows = append(one.Rows, row(7, strings.Repeat("x", width)))
	s := &spec.Suite{
		Name: "wide",
		Expectations: []spec.Expectation{{
			ID: "x", Dataset: "many", Severity: spec.Error, Expect: diag.Text{Value: "p.doc.startsWith(row.doc) && row.id != 123"},
			Joins: []spec.Join{{Alias: spec.Name{Value: "p"}, Dataset: spec.Name{Value: "one"}, Keys: []spec.JoinKey{{Column: spec.Name{Value: "id"}, Value: diag.Text{Value: "row.p"}}}}},
		}},
	}
	for _, tb := range []connectortest.Table{many, one} {
		d := connectortest.LoadSQLite(t, path, tb)
		d.Name = tb.Name
		s.Connections = append(s.Connections, spec.Connection{Name: tb.Name, Driver: "sqlite"})
		s.Datasets = append(s.Datasets, spec.Dataset{Dataset: d, Connection: tb.Name})
	}
	for method, memory := range map[string]int64{"hash join": 0, "sort-merge join": 1 << 20} {
		t.Run(method, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			rep, found := run.Run(t.Context(), s, run.Options{
				Now: time.Unix(0, 0), FailureRows: 10, Plan: plan.Options{JoinMemory: memory, TempDir: t.TempDir()},
				Open: sqliteAt(path),
			})
			if found.HasErrors() {
				t.Fatal(found)
			}
			runtime.ReadMemStats(&after)
			e := rep.Expectations[0]
			if e.Ran.Method != method || e.Verdict != result.Fail || e.Counts == nil || e.Counts.True != rows-1 || e.Counts.False != 1 || len(e.Failures) != 1 {
				t.Errorf("%s by %s: %s, %+v", e.Verdict, e.Ran.Method, e.Message, e.Counts)
			}
			// All rows with the partner's text would be 600 MiB.
			if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 250 {
				t.Errorf("%d MiB were allocated", took)
			}
		})
	}
}
