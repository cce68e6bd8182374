package run_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
)

// endless yields more rows than anybody waits for.
const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT i AS id, i AS k FROM n"

// A run that is cancelled while rows or partners are read ends soon, says so, and leaves nothing running; also where it has begun to spill.
func TestCancelledJoin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.db")
	tb := connectortest.Table{
		Name: "few", Key: []string{"id"}, Columns: []connectortest.Column{{Name: "id", Type: value.Of(value.Int), NotNull: true}},
		Rows: [][]connectortest.Cell{{cellOf(value.IntValue(1))}, {cellOf(value.IntValue(2))}},
	}
	few := connectortest.LoadSQLite(t, path, tb)
	connectortest.NoLeaks(t) // but the loader's connection
	many := query.Dataset{Query: endless, Key: []string{"id"}, Columns: map[string]query.ColumnOptions{"id": {Type: "int"}, "k": {Type: "int"}}}
	for _, c := range []struct {
		name, rows, partner string
		memory              int64
		after               time.Duration
	}{
		{"rows", "many", "few", 0, 200 * time.Millisecond},
		{"partners", "few", "many", 0, 100 * time.Millisecond},
		{"spilling", "few", "many", 1 << 20, 500 * time.Millisecond},
		{"both", "many", "many", 1 << 20, 500 * time.Millisecond},
		{"at once", "many", "few", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			sets := map[string]query.Dataset{"few": few, "many": many}
			s := joinsByID("p.id > 0", named(sets[c.rows], "rows"), named(sets[c.partner], "p"))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var opened atomic.Int32
			began := time.Now()
			rep, found := run.Run(ctx, s, run.Options{
				Now: time.Unix(0, 0), FailureRows: 10, Plan: plan.Options{JoinMemory: c.memory, TempDir: t.TempDir()},
				Open: sqliteAt(path),
				Progress: func(e run.Event) {
					if e.Step == "describe" {
						if opened.Add(1) == 2 {
							time.AfterFunc(c.after, cancel)
						}
					}
				},
			})
			if found.HasErrors() {
				t.Fatal(found)
			}
			if took := time.Since(began); took > c.after+time.Minute {
				t.Errorf("it took %v to end", took)
			}
			e := rep.Expectations[0]
			if e.Verdict != result.Error || e.Counts != nil {
				t.Errorf("%s: %s, %+v", e.Verdict, e.Message, e.Counts)
			}
			if !errors.Is(ctx.Err(), context.Canceled) {
				t.Error("it ended by itself")
			}
		})
	}
}

// A partner that fails ends the reading of another one on another connection, however long that would take.
func TestFailedPartnerEndsOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.db")
	id := []connectortest.Column{{Name: "id", Type: value.Of(value.Int)}}
	one := []connectortest.Cell{cellOf(value.IntValue(1))}
	rows := connectortest.LoadSQLite(t, path, connectortest.Table{Name: "rows", Columns: id, Rows: [][]connectortest.Cell{one}})
	twice := connectortest.LoadSQLite(t, path, connectortest.Table{Name: "twice", Columns: id, Rows: [][]connectortest.Cell{one, one}})
	connectortest.NoLeaks(t) // but the loader's connection
	many := query.Dataset{Query: endless, Key: []string{"id"}, Columns: map[string]query.ColumnOptions{"id": {Type: "int"}, "k": {Type: "int"}}}
	s := joinsByID("true", named(rows, "rows"), named(twice, "twice"), named(many, "many"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	rep, found := run.Run(ctx, s, run.Options{
		Now: time.Unix(0, 0), FailureRows: 10, Plan: plan.Options{JoinMemory: 1 << 20, TempDir: t.TempDir()},
		Open: sqliteAt(path),
	})
	if found.HasErrors() {
		t.Fatal(found)
	}
	if e := rep.Expectations[0]; ctx.Err() != nil || e.Verdict != result.Error || !strings.Contains(e.Message, "twice is not unique") {
		t.Errorf("%s: %s, %v", e.Verdict, e.Message, ctx.Err())
	}
}
