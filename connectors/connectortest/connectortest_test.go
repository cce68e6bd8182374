package connectortest_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
)

// TestHostile guards the table against values that did not parse and against columns without nulls.
func TestHostile(t *testing.T) {
	tb := connectortest.HostileTable()
	for c, col := range tb.Columns[1:] {
		nulls, values := 0, map[string]bool{}
		for _, row := range tb.Rows {
			if row[c+1].IsNull() {
				nulls++
			} else {
				values[row[c+1].String()] = true
			}
		}
		if nulls < 2 || nulls > len(tb.Rows)/2 || len(values) < 2 {
			t.Errorf("column %s has %d nulls and %d values in %d rows", col.Name, nulls, len(values), len(tb.Rows))
		}
		for r := 1; r <= len(values) && col.Name != "b"; r++ {
			if tb.Rows[r][c+1].IsNull() {
				t.Errorf("column %s, row %d is null: a value did not parse", col.Name, r)
			}
		}
	}
}

// TestLoad loads the hostile table into every engine and asks the engine for the count.
func TestLoad(t *testing.T) {
	count := func(t *testing.T, driver, dsn string, d query.Dataset, want int) {
		t.Helper()
		db, err := sql.Open(driver, dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		var n int
		if err := db.QueryRowContext(t.Context(), "select count(*) from "+d.Table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n != want {
			t.Errorf("%d rows, want %d", n, want)
		}
	}
	fit := func(e connectortest.Engine) connectortest.Table {
		return connectortest.Fit(connectortest.HostileTable(), e)
	}
	t.Run("postgres", func(t *testing.T) {
		for _, l := range []connectortest.Locale{connectortest.LocaleC, connectortest.LocaleICU} {
			dsn := connectortest.PostgresDatabase(t, l)
			tb := fit(connectortest.EnginePostgres)
			count(t, "pgx", dsn, connectortest.LoadPostgres(t, dsn, tb), len(tb.Rows))
		}
	})
	t.Run("mysql", func(t *testing.T) {
		dsn, tb := connectortest.MySQL(t), fit(connectortest.EngineMySQL)
		count(t, "mysql", dsn, connectortest.LoadMySQL(t, dsn, tb), len(tb.Rows))
	})
	t.Run("mariadb", func(t *testing.T) {
		dsn, tb := connectortest.MariaDB(t), fit(connectortest.EngineMariaDB)
		count(t, "mysql", dsn, connectortest.LoadMySQL(t, dsn, tb), len(tb.Rows))
	})
	t.Run("sqlite", func(t *testing.T) {
		path, tb := filepath.Join(t.TempDir(), "x.db"), fit(connectortest.EngineSQLite)
		count(t, "sqlite", path, connectortest.LoadSQLite(t, path, tb), len(tb.Rows))
	})
	t.Run("elasticsearch", func(t *testing.T) {
		url, tb := connectortest.Elasticsearch(t), fit(connectortest.EngineElasticsearch)
		if d := connectortest.LoadElasticsearch(t, url, tb); d.Index == "" {
			t.Error("no index")
		}
	})
}
