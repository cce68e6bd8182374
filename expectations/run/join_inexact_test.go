package run_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/expectations/spec"
)

// inexactSets is a source whose data at hand let no set-level check be answered exactly.
type inexactSets struct {
	connectors.Source

	asked atomic.Int32
}

// CheckSet implements connectors.SetChecker.
func (s *inexactSets) CheckSet(context.Context, query.SetCheck) (query.SetResult, error) {
	s.asked.Add(1)
	return query.SetResult{}, &connectors.InexactError{Reason: "test: these data"}
}

// A key that a source cannot show to be unique is read, and no other one is asked for then.
func TestInexactCheckOfPartners(t *testing.T) {
	path := filepath.Join(t.TempDir(), "i.db")
	id := []connectortest.Column{{Name: "id", Type: value.Of(value.Int)}}
	var sets []query.Dataset
	for _, name := range []string{"rows", "p", "q"} {
		d := connectortest.LoadSQLite(t, path, connectortest.Table{Name: name, Columns: id, Rows: [][]connectortest.Cell{{cellOf(value.IntValue(1))}}})
		sets = append(sets, named(d, name))
	}
	s := joinsByID("p.id == q.id", sets...)
	s.Connections = []spec.Connection{{Name: "a", Driver: "sqlite"}}
	for i := range s.Datasets {
		s.Datasets[i].Connection = "a"
	}
	var source *inexactSets
	rep, found := run.Run(t.Context(), s, run.Options{
		Now: time.Unix(0, 0), Plan: plan.Options{TempDir: t.TempDir()},
		Open: func(ctx context.Context, c *spec.Connection) (connectors.Source, error) {
			src, err := sqliteAt(path)(ctx, c)
			source = &inexactSets{Source: src}
			return source, err
		},
	})
	if found.HasErrors() {
		t.Fatal(found)
	}
	e := rep.Expectations[0]
	why := 0
	for _, r := range e.Ran.Reasons {
		if r == "test: these data" {
			why++
		}
	}
	if e.Verdict != result.Pass || e.Ran.Method != "hash join" || source.asked.Load() != 1 || why != 1 {
		t.Errorf("%s by %s, asked %d times, because %q", e.Verdict, e.Ran.Method, source.asked.Load(), e.Ran.Reasons)
	}
}
