package diff_test

import (
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diff"
)

// TestDigestParallel hashes large tables of one PostgreSQL: on several connections where there are some, on one a side where there are none to
// spare, and never waits for itself.
func TestDigestParallel(t *testing.T) {
	dsn := connectortest.PostgresDatabase(t, connectortest.LocaleC)
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	const rows = 600_000
	for _, s := range []string{
		fmt.Sprintf("CREATE TABLE l AS SELECT i AS id, i %% 1000 AS n FROM generate_series(1, %d) i", rows), "ALTER TABLE l ADD PRIMARY KEY (id)",
		"CREATE TABLE r (LIKE l INCLUDING ALL)", "INSERT INTO r SELECT * FROM l",
		"UPDATE r SET n = n + 1 WHERE id IN (1, 300000)", fmt.Sprintf("DELETE FROM r WHERE id IN (2, %d)", rows), fmt.Sprintf("INSERT INTO r VALUES (0, 0), (%d, 1)", rows+1),
		"VACUUM ANALYZE l", "VACUUM ANALYZE r",
	} {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"0 extra", "1 changed", "2 missing", "300000 changed", fmt.Sprint(rows, " missing"), fmt.Sprint(rows+1, " extra")}
	compare := func(src, other connectors.Source) diff.Result {
		l, r := side(t, src, query.Dataset{Name: "left", Table: "l", Key: []string{"id"}}), side(t, other, query.Dataset{Name: "right", Table: "r", Key: []string{"id"}})
		var found []string
		res, err := diff.Run(t.Context(), align(t, l, r, diff.AlignOptions{Strategy: diff.Digest}), func(d diff.Difference) error {
			found = append(found, fmt.Sprint(d.Key[0].Int(), " ", d.Class))
			return nil
		}, nil)
		if err != nil || !slices.Equal(found, want) || res.Counts.Identical != rows-4 || res.Choice.Strategy != diff.Digest {
			t.Errorf("found %v, %+v, %v", found, res, err)
		}
		return res
	}
	open := func(conns int) connectors.Source {
		src, err := postgres.Open(t.Context(), connectors.Config{Name: "live", Params: map[string]string{"dsn": dsn}, MaxConns: conns})
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	four, two := open(4), open(2)
	if got := compare(four, two).Digest.Hashers; got != [2]int{4, 2} {
		t.Errorf("of four and two connections %v hashed at the same time", got)
	}
	for _, s := range []connectors.Source{four, two} {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	for conns, most := range map[int][2]int{6: {2, 2}, 3: {2, 1}, 2: {1, 1}} {
		src := open(conns)
		if got := compare(src, src).Digest.Hashers; got != most {
			t.Errorf("of %d connections %v hashed at the same time, not %v", conns, got, most)
		}
		if conns == 6 { // others want connections too
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() { compare(src, src) })
			}
			wg.Wait()
		}
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	}
}
