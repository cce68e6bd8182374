package sqlite_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/sqlite"
)

func TestRebuildConformance(t *testing.T) {
	path := file(t)
	db, err := sql.Open("sqlite", "file:"+fileURL(path)+"?_pragma=busy_timeout(60000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	connectortest.RunRebuild(t, connectortest.RebuildHarness{
		DB: func(testing.TB) *sql.DB { return db },
		Open: func(t testing.TB, writable bool) connectors.Source {
			s, err := sqlite.Open(t.Context(), connectors.Config{Name: "files", Params: map[string]string{"path": path}, Writable: writable})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Quote: func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }, Identity: "INTEGER PRIMARY KEY AUTOINCREMENT",
		Extra: []string{`ALTER TABLE %s ADD COLUMN pid int REFERENCES %s (id)`, `ALTER TABLE %s DROP COLUMN pid`, `ALTER TABLE %s ADD COLUMN more text GENERATED ALWAYS AS (name || '!')`},
		Describe: func(t testing.TB, table string) []string {
			t.Helper()
			rows, err := db.QueryContext(t.Context(), "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema WHERE tbl_name = ?1 ORDER BY 1", table)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = rows.Close() }()
			var out []string
			for rows.Next() {
				var s string
				if err := rows.Scan(&s); err != nil {
					t.Fatal(err)
				}
				out = append(out, s)
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
			return out
		},
		Obstacles: map[string][]string{
			"re_view":    {`CREATE VIEW re_view AS SELECT id FROM %s`},
			"re_trigger": {`CREATE TRIGGER re_trigger AFTER INSERT ON %s BEGIN SELECT 1; END`},
			"re_child":   {`CREATE TABLE re_child (pid int REFERENCES %s (id))`},
			"re_other":   {`CREATE TABLE re_o (id int)`, `CREATE TRIGGER re_other AFTER INSERT ON re_o BEGIN DELETE FROM %s; END`},
		},
		Undo: map[string][]string{
			"re_view": {`DROP VIEW re_view`}, "re_trigger": {`DROP TRIGGER re_trigger`}, "re_child": {`DROP TABLE re_child`}, "re_other": {`DROP TABLE re_o`},
		},
	})
}
