package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/expectations/result"
)

// TestSampleOfChangingTable draws from a table that others empty by half and fill again, all the time. A sample sees one state: what holds of every row at
// every moment holds of all rows drawn, and each row drawn is its own partner.
func TestSampleOfChangingTable(t *testing.T) {
	for _, c := range []struct{ driver, sql, dsn, rows string }{
		{"postgres", "pgx", connectortest.PostgresDatabase(t, connectortest.LocaleC), "select i, i %% 100, i %% 4, repeat('x', 300) from generate_series(%d, %d) i"},
		{"mysql", "mysql", connectortest.MySQLDatabase(t), "with recursive n(i) as (select %d union all select i + 1 from n where i < %d) select i, i %% 100, i %% 4, repeat('x', 300) from n"},
	} {
		t.Run(c.driver, func(t *testing.T) {
			db, err := sql.Open(c.sql, c.dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			do := func(ctx context.Context, text string) error {
				_, err := db.ExecContext(ctx, text)
				return err
			}
			insert := func(from, to int) string { return "insert into changing " + fmt.Sprintf(c.rows, from, to) }
			if err := do(t.Context(), "create table changing (id int primary key, amount int not null, quarter int not null, pad text not null)"); err != nil {
				t.Fatal(err)
			}
			const block, blocks = 900, 22 // a block within the recursion that MySQL allows
			for b := range blocks {
				if err := do(t.Context(), insert(b*block, (b+1)*block-1)); err != nil {
					t.Fatal(err)
				}
			}
			ctx, stop := context.WithCancel(t.Context())
			var changes atomic.Int64
			ended := make(chan error, 1)
			go func() {
				r := rand.New(rand.NewPCG(1, 2))
				next := blocks
				var err error
				for ctx.Err() == nil && err == nil {
					b := r.IntN(next)
					if err = do(ctx, fmt.Sprintf("delete from changing where id between %d and %d", b*block, (b+1)*block-1)); err != nil {
						break
					}
					changes.Add(1)
					if r.IntN(2) == 0 { // another one grows it at the end
						b, next = next, next+1
					}
					if err = do(ctx, insert(b*block, (b+1)*block-1)); err != nil {
						break
					}
					changes.Add(1)
				}
				if ctx.Err() != nil {
					err = nil
				}
				ended <- err
			}()
			over := sync.OnceValue(func() error {
				stop()
				return <-ended
			})
			defer func() { _ = over() }() // where the test ends before
			drawn, changed := int64(0), 0
			dir := t.TempDir()
			suite := filepath.Join(dir, "suite.yaml")
			text := fmt.Sprintf(`version: 1
suite: changing
connections: {db: {driver: %s, dsn: %q}}
datasets:
  changing:
    connection: db
    table: changing
    key: [id]
    expectations:
      - {id: holds, expect: row.amount == row.id %% 100}
      - {id: selected, expect: row.amount == 7, where: row.amount == 7}
      - {id: joined, join: {c: {dataset: changing, key: row.id}}, expect: c.amount == row.amount}
`, c.driver, c.dsn)
			if err := os.WriteFile(suite, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			for seed := range 8 {
				before := changes.Load()
				var out, errs bytes.Buffer
				args := []string{"run", suite, "--sample", "700", "--seed", fmt.Sprint(seed), "--format", "json", "--state", dir}
				if seed%2 == 1 {
					args = append(args, "--stratify", "quarter")
				}
				if code := Do(args, nil, &out, &errs); code != exitOK {
					t.Fatalf("seed %d: exit code %d\n%s\n%s", seed, code, &out, &errs)
				}
				if changes.Load() > before {
					changed++
				}
				var rep struct {
					Expectations []struct {
						ID      string
						Verdict result.Verdict
						Message string
						Sample  struct{ Drawn int64 }
					}
				}
				if err := json.Unmarshal(out.Bytes(), &rep); err != nil {
					t.Fatal(err)
				}
				for _, e := range rep.Expectations {
					if e.Verdict != result.Pass && e.Verdict != result.Inconclusive || e.Sample.Drawn == 0 || e.Sample.Drawn > 700 {
						t.Errorf("seed %d: %s: %s, %d drawn: %s", seed, e.ID, e.Verdict, e.Sample.Drawn, e.Message)
					}
					drawn += e.Sample.Drawn
				}
			}
			if err := over(); err != nil {
				t.Error(err)
			}
			if changed < 4 || drawn < 8*3*100 {
				t.Errorf("the table changed during %d of 8 runs, %d rows drawn", changed, drawn)
			}
		})
	}
}
