package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

const (
	accounts = 3000
	money    = accounts * 1000
)

// bank makes a table of accounts between which a writer moves money, new accounts taking it over from old ones, until the returned
// function is called: whoever sees one state sees always the same sum.
func bank(t *testing.T, dsn, table string) (moves func() int64, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var n int64
	done := make(chan error, 1)
	go func() {
		r := rand.New(rand.NewPCG(1, 2))
		for next := accounts + 1; ; next++ {
			amount := r.IntN(50)
			_, err := w.Exec(ctx, fmt.Sprintf(`BEGIN; UPDATE %[1]s SET amount = amount - %[2]d WHERE id = %[3]d; UPDATE %[1]s SET amount = amount + %[2]d WHERE id = %[4]d; `+
				`WITH gone AS (DELETE FROM %[1]s WHERE id = (SELECT min(id) FROM %[1]s) RETURNING amount) INSERT INTO %[1]s SELECT %[5]d, amount FROM gone; COMMIT`,
				table, amount, next-1-r.IntN(accounts/2), next-1-r.IntN(accounts/2), next), pgx.QueryExecModeSimpleProtocol)
			if err != nil {
				done <- err
				return
			}
			mu.Lock()
			n++
			mu.Unlock()
		}
	}()
	moves = func() int64 {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
	return moves, func() {
		cancel()
		if err := <-done; ctx.Err() == nil {
			t.Errorf("the writer failed: %v", err)
		}
		_ = w.Close(context.Background())
	}
}

// partSums asks each source for the sum of its own part of the ids, all at once, and returns the sum of sums and the number of rows.
func partSums(t *testing.T, rel query.Relation, sources []connectors.Source) (sum, rows int64) {
	t.Helper()
	id, amount := &query.Column{Index: 0, Col: rel.Schema.Columns[0]}, &query.Column{Index: 1, Col: rel.Schema.Columns[1]}
	sums, counts := make([]int64, len(sources)), make([]int64, len(sources))
	var wait sync.WaitGroup
	for i, src := range sources {
		wait.Go(func() {
			time.Sleep(time.Duration(i) * 30 * time.Millisecond) // the writer goes on meanwhile
			n := int64(len(sources))
			part := &query.Call{Op: query.OpEq, Typ: value.Of(value.Bool), Args: []query.Expr{
				&query.Call{Op: query.OpMod, Typ: value.Of(value.Int), Args: []query.Expr{id, &query.Literal{Typ: value.Of(value.Int), Val: value.IntValue(n)}}},
				&query.Literal{Typ: value.Of(value.Int), Val: value.IntValue(int64(i))},
			}}
			r, err := src.Select(t.Context(), query.Select{From: rel, Columns: []*query.Column{amount}, Branches: []query.Branch{{Where: part}}})
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = r.Close() }()
			for {
				b, err := r.Next(t.Context())
				if err != nil {
					t.Error(err)
				}
				if b == nil {
					return
				}
				for _, a := range b.Cols[0].Ints[:b.N] {
					sums[i] += a
				}
				counts[i] += int64(b.N)
			}
		})
	}
	wait.Wait()
	for i := range sums {
		sum, rows = sum+sums[i], rows+counts[i]
	}
	return sum, rows
}

// snapshots returns a snapshot and what shares it.
func snapshots(ctx context.Context, src *Source, n int) ([]connectors.Source, error) {
	first, err := src.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	one, ok := first.(connectors.SharedSnapshot)
	if !ok {
		return nil, errors.New("a snapshot that cannot be shared")
	}
	more, err := one.Share(ctx, n-1)
	return append([]connectors.Source{first}, more...), err
}

// TestShare reads parts of a table on several connections while a writer moves money between the parts: shared, they see one state;
// apart, they do not, or the test proves nothing.
func TestShare(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	table := quote(scratch(t, c)) + ".accounts"
	run(t, c, "CREATE TABLE "+table+" (id int PRIMARY KEY, amount int NOT NULL)", fmt.Sprintf("INSERT INTO %s SELECT g, 1000 FROM generate_series(1, %d) g", table, accounts))
	src := open(t, connectors.Config{Name: "pg", Params: map[string]string{"dsn": dsn}, MaxConns: 4})
	rel := describe(t, src, query.Dataset{Table: table})
	moves, stop := bank(t, dsn, table)
	defer stop()
	const n, rounds = 3, 20
	torn := 0
	for range rounds {
		before := moves()
		shared, err := snapshots(t.Context(), src, n)
		if err != nil {
			t.Fatal(err)
		}
		if len(shared) != n {
			t.Fatalf("%d sources, want %d", len(shared), n)
		}
		sum, rows := partSums(t, rel, shared)
		again, _ := partSums(t, rel, shared)
		if sum != money || again != money || rows != accounts {
			t.Errorf("%d rows of a sum of %d, then %d: they see several states", rows, sum, again)
		}
		if moves() == before {
			t.Error("nothing was written meanwhile")
		}
		// In whatever order they end, the others go on.
		if err := shared[0].Close(); err != nil {
			t.Error(err)
		}
		if sum, _ := partSums(t, rel, shared[1:]); sum != money {
			t.Errorf("the rest sees a sum of %d", sum)
		}
		for _, s := range shared[1:] {
			_ = s.Close()
		}

		var apart []connectors.Source
		for range n {
			s, err := src.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			apart = append(apart, s)
		}
		if sum, rows := partSums(t, rel, apart); sum != money || rows != accounts {
			torn++
		}
		for _, s := range apart {
			_ = s.Close()
		}
	}
	if torn < rounds/4 {
		t.Errorf("snapshots that are not shared were torn %d times of %d only", torn, rounds)
	}
}

// A pool that has fewer connections gives fewer sources, rather than wait for itself.
func TestShareWithinThePool(t *testing.T) {
	t.Parallel()
	src := open(t, connectors.Config{Name: "pg", Params: map[string]string{"dsn": connectortest.Postgres(t)}, MaxConns: 3})
	held, err := src.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 2} {
		shared, err := snapshots(t.Context(), src, want+3*(want-1))
		if err != nil || len(shared) != want {
			t.Errorf("%d sources, want %d: %v", len(shared), want, err)
		}
		for _, s := range shared {
			_ = s.Close()
		}
	}
	if n := src.run.(*pooled).pool.Stat().AcquiredConns(); n != 1 {
		t.Errorf("%d connections are still held, want that of the other snapshot", n)
	}
	if none, err := src.Share(t.Context(), 5); err != nil || len(none) != 0 {
		t.Errorf("of what is no snapshot: %v %v", none, err)
	}
	if err := held.Close(); err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := snapshots(ended, src, 2); err == nil {
		t.Error("a call that nobody waits for gives sources")
	}
}
