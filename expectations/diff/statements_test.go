package diff_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// counted is a source that counts what it is asked, its snapshots included.
type counted struct {
	connectors.Source
	asked *atomic.Int64
}

func (c *counted) Snapshot(ctx context.Context) (connectors.Source, error) {
	s, err := c.Source.(connectors.Snapshotter).Snapshot(ctx)
	return &counted{s, c.asked}, err
}

func (c *counted) Select(ctx context.Context, q query.Select) (connectors.Rows, error) {
	c.asked.Add(1)
	return c.Source.Select(ctx, q)
}

func (c *counted) Aggregate(ctx context.Context, q query.Aggregate) (*value.Batch, error) {
	c.asked.Add(1)
	return c.Source.Aggregate(ctx, q)
}

func (c *counted) DigestStatements(q digest.Request) ([]query.Statement, error) {
	return c.Source.(connectors.Digester).DigestStatements(q)
}

func (c *counted) Digest(ctx context.Context, q digest.Request) ([]digest.Sum, error) {
	c.asked.Add(1)
	return c.Source.(connectors.Digester).Digest(ctx, q)
}

func (c *counted) Repeats(ctx context.Context, q digest.Request) ([]int64, error) {
	c.asked.Add(1)
	return c.Source.(connectors.Digester).Repeats(ctx, q)
}

func (c *counted) Cut(ctx context.Context, q digest.Cut) (*value.Batch, error) {
	c.asked.Add(1)
	return c.Source.(connectors.Digester).Cut(ctx, q)
}

// TestStatements holds that a comparison says how many statements it sent to each side: counts, cuts, hashes and re-reads included.
func TestStatements(t *testing.T) {
	const rows = 12_000 // not so few that auto measures nothing
	path := filepath.Join(t.TempDir(), "counted.db")
	load := func(name string, wrong int64) query.Dataset {
		tb := connectortest.Table{Name: name, Key: []string{"id"}, Columns: []connectortest.Column{
			{Name: "id", Type: value.Of(value.Int)}, {Name: "n", Type: value.Of(value.Int)},
		}}
		for i := range int64(rows) {
			n := i
			if i%4000 == 17 {
				n += wrong
			}
			tb.Rows = append(tb.Rows, []connectortest.Cell{{Value: value.IntValue(i)}, {Value: value.IntValue(n)}})
		}
		return connectortest.LoadSQLite(t, path, tb)
	}
	left, right := load("l", 0), load("r", 1)
	for name, c := range map[string]struct {
		o     diff.AlignOptions
		where bool
		least int64 // of each side
		most  int64
	}{
		"merge":              {o: diff.AlignOptions{Strategy: diff.Merge}, least: 1, most: 1},
		"merge of some rows": {o: diff.AlignOptions{Strategy: diff.Merge}, where: true, least: 2, most: 2},
		"digest":             {o: diff.AlignOptions{Strategy: diff.Digest}, least: 3, most: 30},
		"auto":               {o: diff.AlignOptions{}, least: 4, most: 30},
		"settle":             {o: diff.AlignOptions{Strategy: diff.Merge, Settle: 10 * time.Millisecond}, least: 8, most: 60},
	} {
		t.Run(name, func(t *testing.T) {
			var asked [2]atomic.Int64
			sides := [2]diff.Side{}
			for i, d := range []query.Dataset{left, right} {
				sides[i] = side(t, &counted{opened(t, sqlite.Open, "path", path), &asked[i]}, d)
				if _, at := sides[i].Relation.Schema.Column("n"); c.where {
					col := &query.Column{Index: at, Col: sides[i].Relation.Schema.Columns[at]}
					sides[i].Where = &query.Call{Op: query.OpGe, Args: []query.Expr{col, &query.Literal{Val: value.IntValue(0), Typ: col.Col.Type}}, Typ: value.Of(value.Bool)}
				}
			}
			s := align(t, sides[0], sides[1], c.o)
			res, err := diff.Run(t.Context(), s, nil, nil)
			if err != nil || res.Counts.Changed != 3 {
				t.Fatalf("%+v, %v", res.Counts, err)
			}
			for i, r := range res.Reads {
				if r.Statements != asked[i].Load() || r.Statements < c.least || r.Statements > c.most {
					t.Errorf("%d statements are told and %d were sent, of %d to %d", r.Statements, asked[i].Load(), c.least, c.most)
				}
			}
		})
	}
}
