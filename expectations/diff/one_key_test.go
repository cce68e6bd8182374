package diff_test

import (
	"database/sql"
	"fmt"
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diff"
)

// TestOneKeyOfMillions compares tables in which one key has a million rows and more: it is one difference with the numbers of its rows,
// the keys beside it are what they are, and no more than a few of its rows are ever held.
func TestOneKeyOfMillions(t *testing.T) {
	dsn := connectortest.PostgresDatabase(t, connectortest.LocaleC)
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	const left, right = 1_500_000, 1_000_000
	for _, s := range []string{
		"CREATE TABLE l (k bigint, v text)", "CREATE TABLE r (k bigint, v text)",
		fmt.Sprintf("INSERT INTO l SELECT 7, repeat('x', 50) FROM generate_series(1, %d)", left),
		fmt.Sprintf("INSERT INTO r SELECT 7, repeat('x', 50) FROM generate_series(1, %d)", right),
		"INSERT INTO l VALUES (6, 'a'), (8, 'b'), (9, 'c'), (NULL, 'd')", "INSERT INTO r VALUES (6, 'a'), (8, 'B'), (10, 'c'), (NULL, 'd')",
		"CREATE INDEX ON l (k)", "CREATE INDEX ON r (k)", "ANALYZE l", "ANALYZE r",
	} {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	src := opened(t, postgres.Open, "dsn", dsn)
	want := []string{fmt.Sprintf("7 duplicate_key %d %d", left, right), "8 changed 1 1", "9 missing 1 0", "10 extra 0 1"}
	for _, strategy := range []diff.Strategy{diff.Merge, diff.Digest} {
		t.Run(string(strategy), func(t *testing.T) {
			l, r := side(t, src, query.Dataset{Name: "left", Table: "l", Key: []string{"k"}}), side(t, src, query.Dataset{Name: "right", Table: "r", Key: []string{"k"}})
			s := align(t, l, r, diff.AlignOptions{Strategy: strategy, MemoryBytes: 8 << 20, TempDir: t.TempDir()})
			var found []string
			var res diff.Result
			most := peak(t, func() {
				var err error
				res, err = diff.Run(t.Context(), s, func(d diff.Difference) error {
					found = append(found, fmt.Sprint(d.Key[0].Int(), " ", d.Class, " ", d.LeftRows, " ", d.RightRows))
					return nil
				}, nil)
				if err != nil {
					t.Error(err)
				}
			})
			if !slices.Equal(found, want) || res.Counts.Identical != 2 || res.Counts.LeftRows != left+4 || res.Counts.RightRows != right+4 || res.Choice.Strategy != strategy {
				t.Errorf("found %q, %+v", found, res)
			}
			t.Logf("%d MB", most>>20)
			if most > 100<<20 { // of 8 MB that may be buffered; the rows of the key are more than 150 MB
				t.Errorf("it took %d MB", most>>20)
			}
		})
	}
}
