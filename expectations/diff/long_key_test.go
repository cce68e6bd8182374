package diff_test

import (
	"database/sql"
	"fmt"
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diff"
)

// TestLongKeys compares tables by a text that MariaDB neither sorts nor groups as a whole: it is sorted and hashed here, and keys that differ
// beyond the beginning that the server compares are two.
func TestLongKeys(t *testing.T) {
	dsn := connectortest.MariaDBDatabase(t)
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, s := range []string{
		"CREATE TABLE l (k mediumtext, v int)", "CREATE TABLE r (k mediumtext, v int)",
		"INSERT INTO l VALUES ('a', 1), ('b', 2), ('c', 3), (NULL, 4), ('d', 5), ('d', 5)",
		"INSERT INTO l SELECT concat(repeat('x', 70000), n), n FROM (SELECT 1 AS n UNION SELECT 2 UNION SELECT 3) AS three",
		"INSERT INTO r SELECT k, CASE WHEN k = 'b' OR v = 3 AND length(k) > 9 THEN -1 ELSE v END FROM l WHERE k IS NULL OR k <> 'c'",
	} {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	src := opened(t, mysql.Open, "dsn", dsn)
	want := []string{"b changed", "c missing", "d duplicate_key", "x…3 changed"}
	for _, strategy := range []diff.Strategy{diff.Merge, diff.Digest} {
		t.Run(string(strategy), func(t *testing.T) {
			l, r := side(t, src, query.Dataset{Name: "left", Table: "l", Key: []string{"k"}}), side(t, src, query.Dataset{Name: "right", Table: "r", Key: []string{"k"}})
			s := align(t, l, r, diff.AlignOptions{Strategy: strategy, TempDir: t.TempDir()})
			var found []string
			res, err := diff.Run(t.Context(), s, func(d diff.Difference) error {
				k := d.Key[0].Str()
				if len(k) > 9 {
					k = k[:1] + "…" + k[len(k)-1:]
				}
				found = append(found, fmt.Sprint(k, " ", d.Class))
				return nil
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(found, want) || res.Counts.Identical != 4 || res.Choice.Strategy != strategy {
				t.Errorf("found %q, %+v", found, res)
			}
		})
	}
}
