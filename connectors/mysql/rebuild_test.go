package mysql

import (
	"database/sql"
	"regexp"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
)

// Abandon leaves a rebuild as a killed program does.
func (r *rebuild) Abandon() { _ = r.correction.Close() }

func TestRebuildConformance(t *testing.T) { rebuildConformance(t, connectortest.MySQL(t)) }

func TestRebuildConformanceMariaDB(t *testing.T) { rebuildConformance(t, connectortest.MariaDB(t)) }

func rebuildConformance(t *testing.T, dsn string) {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	changing := regexp.MustCompile("AUTO_INCREMENT=[0-9]+ |CONSTRAINT .*_(chk_[0-9]+|c)` CHECK")
	tag := connectortest.Unique("x")
	connectortest.RunRebuild(t, connectortest.RebuildHarness{
		DB: func(testing.TB) *sql.DB { return db },
		Open: func(t testing.TB, write bool) connectors.Source {
			s, err := Open(t.Context(), connectors.Config{Name: "my", Params: map[string]string{"dsn": dsn}, Writable: write})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Quote: ident, Identity: "int NOT NULL AUTO_INCREMENT PRIMARY KEY",
		Extra: []string{"ALTER TABLE %s COMMENT 'about it', ROW_FORMAT = DYNAMIC", "ALTER TABLE %s MODIFY note varchar(50) CHARACTER SET latin1 COMMENT 'a note'"},
		Describe: func(t testing.TB, table string) []string {
			t.Helper()
			var name, text string
			if err := db.QueryRowContext(t.Context(), "SHOW CREATE TABLE "+ident(table)).Scan(&name, &text); err != nil {
				t.Fatal(err)
			}
			return strings.Split(changing.ReplaceAllString(text, ""), "\n")
		},
		Obstacles: map[string][]string{
			"re_view_" + tag:  {"CREATE VIEW re_view_" + tag + " AS SELECT id FROM %s"},
			"re_trig_" + tag:  {"CREATE TRIGGER re_trig_" + tag + " BEFORE INSERT ON %s FOR EACH ROW SET NEW.note = NEW.note"},
			"re_child_" + tag: {"CREATE TABLE re_child_" + tag + " (pid int, FOREIGN KEY (pid) REFERENCES %s (id))"},
			"re_own_" + tag:   {"ALTER TABLE %s ADD CONSTRAINT re_own_" + tag + " FOREIGN KEY (`n n`) REFERENCES %s (id)"},
		},
		Undo: map[string][]string{
			"re_view_" + tag: {"DROP VIEW re_view_" + tag}, "re_trig_" + tag: {"DROP TRIGGER re_trig_" + tag}, "re_child_" + tag: {"DROP TABLE re_child_" + tag},
			"re_own_" + tag: {"ALTER TABLE %s DROP FOREIGN KEY re_own_" + tag},
		},
	})
}
