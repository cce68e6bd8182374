package sqlite_test

import (
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// A column declared DATE is midnight UTC, as on every engine; the dataset's zone is for the clocks beside it.
func TestDatesAreMidnightUTC(t *testing.T) {
	path := file(t)
	write(t, path, `CREATE TABLE d (id INTEGER PRIMARY KEY, day DATE, at DATETIME, txt TEXT)`,
		`INSERT INTO d VALUES (1, '2024-07-01', '2024-07-01', '2024-07-01')`)
	src := open(t, path, 0, 0)
	defer func() { _ = src.Close() }()
	for _, zone := range []string{"", "Europe/Berlin"} {
		rel := connectortest.Relation(t, src, query.Dataset{
			Table: "d", Timezone: zone, Columns: map[string]query.ColumnOptions{"txt": {Type: "date"}},
		})
		for _, name := range []string{"day", "txt"} {
			col := connectortest.Col(t, rel, name)
			if col.Col.Type.Kind != value.Timestamp {
				t.Errorf("zone %q: %s is %s", zone, name, col.Col.Type)
			}
			rows := connectortest.ReadAll(t, src, query.Select{From: rel, Columns: []*query.Column{col}}, 0)
			if got := rows[0][0].Text(); got != "2024-07-01T00:00:00Z" {
				t.Errorf("zone %q: %s is read as %s", zone, name, got)
			}
		}
	}
}
