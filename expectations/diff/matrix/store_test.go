package matrix

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql" // tables are made past the connectors
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	es8 "github.com/assay-dev/assay/connectors/elasticsearch"
	mysqlc "github.com/assay-dev/assay/connectors/mysql"
	pgc "github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/query"
	sqlitec "github.com/assay-dev/assay/connectors/sqlite"
)

// perTable bounds the columns of a table: MySQL's rows hold 64 KiB.
const perTable = 25

// column is a side of an entry in its engine: where it is stored.
type column struct {
	side

	name  string // "" until it is placed
	rel   query.Relation
	cells []string // literals by row; those behind them are null
}

// server is an engine with what is stored in it.
type server struct {
	source connectors.Source
	make   func(t *testing.T, columns []*column) query.Dataset
}

// servers opens all engines, empty; what they hold is dropped at the end of the test.
func servers(t *testing.T) map[engine]*server {
	t.Helper()
	pgDSN, myDSN, url := connectortest.PostgresDatabase(t, connectortest.LocaleICU), connectortest.MySQLDatabase(t), connectortest.Elasticsearch(t)
	file := filepath.Join(t.TempDir(), "matrix.db")
	p := database(t, "pgx", pgDSN, "SET TIME ZONE 'UTC'", "CREATE TYPE mood AS ENUM ('happy', 'sad', 'so, so')")
	s := database(t, "sqlite", "file:"+file, "CREATE TABLE none (k INTEGER)")
	return map[engine]*server{
		postgres:      {source: open(t, pgc.Open, "dsn", pgDSN), make: tables(p, postgres)},
		mysql:         mysqlServer(t, mysql, myDSN),
		sqlite:        {source: open(t, sqlitec.Open, "path", file), make: tables(s, sqlite)},
		elasticsearch: {source: open(t, es8.Open, "url", url), make: indices(url)},
	}
}

func mysqlServer(t *testing.T, e engine, dsn string) *server {
	t.Helper()
	d := database(t, "mysql", dsn, "SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES'")
	return &server{source: open(t, mysqlc.Open, "dsn", dsn), make: tables(d, e)}
}

// database opens a database past the connectors, with one session that the first statements set up.
func database(t *testing.T, driver, dsn string, first ...string) *sql.DB {
	t.Helper()
	d, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	d.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = d.Close() })
	for _, s := range first {
		run(t, d, s)
	}
	return d
}

func open(t *testing.T, o connectors.Opener, key, v string) connectors.Source {
	t.Helper()
	s, err := o(t.Context(), connectors.Config{Name: "matrix", Params: map[string]string{key: v}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func run(t testing.TB, db *sql.DB, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		t.Fatalf("%v\n%s", err, statement)
	}
}

// place stores columns and fills in where they are.
func place(t *testing.T, all map[engine]*server, columns []*column) {
	t.Helper()
	type group struct {
		e    engine
		zone string
	}
	byGroup, order := map[group][]*column{}, []group{}
	for _, c := range columns {
		g := group{c.engine, c.zone}
		if byGroup[g] == nil {
			order = append(order, g)
		}
		byGroup[g] = append(byGroup[g], c)
	}
	for _, g := range order {
		cols := byGroup[g]
		for len(cols) > 0 {
			n := min(len(cols), perTable)
			if g.e == elasticsearch {
				n = len(cols)
			}
			for i, c := range cols[:n] {
				c.name = fmt.Sprintf("c%d", i)
			}
			d := all[g.e].make(t, cols[:n])
			d.Timezone, d.Key, d.Columns = g.zone, []string{"k"}, map[string]query.ColumnOptions{}
			for _, c := range cols[:n] {
				d.Columns[c.name] = c.opts
			}
			rel := connectortest.Relation(t, all[g.e].source, d)
			for _, c := range cols[:n] {
				c.rel = rel
			}
			cols = cols[n:]
		}
	}
}

func most(columns []*column) int {
	n := 0
	for _, c := range columns {
		n = max(n, len(c.cells))
	}
	return n
}

// tables makes tables by SQL.
func tables(db *sql.DB, e engine) func(t *testing.T, columns []*column) query.Dataset {
	count := 0
	return func(t *testing.T, columns []*column) query.Dataset {
		t.Helper()
		count++
		name := fmt.Sprintf("t%d", count)
		ddl := []string{"k int PRIMARY KEY"}
		for _, c := range columns {
			ddl = append(ddl, c.name+" "+strings.TrimPrefix(c.typ, "@")+null(e, c.typ))
		}
		run(t, db, "CREATE TABLE "+name+" ("+strings.Join(ddl, ", ")+")")
		for k := range most(columns) {
			names, cells := []string{"k"}, []string{fmt.Sprint(k)}
			for _, c := range columns {
				if k < len(c.cells) && !c.generated() {
					names, cells = append(names, c.name), append(cells, c.literal(c.cells[k]))
				}
			}
			run(t, db, "INSERT INTO "+name+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(cells, ", ")+")")
		}
		return query.Dataset{Name: name, Table: name}
	}
}

// null lets a TIMESTAMP of MySQL hold nulls.
func null(e engine, typ string) string {
	if (e == mysql || e == mariadb) && strings.HasPrefix(typ, "timestamp") {
		return " NULL"
	}
	return ""
}

// indices makes indices of Elasticsearch.
func indices(url string) func(t *testing.T, columns []*column) query.Dataset {
	return func(t *testing.T, columns []*column) query.Dataset {
		t.Helper()
		index := connectortest.Unique("matrix_")
		fields := []string{`"k":{"type":"long"}`}
		for _, c := range columns {
			typ := c.typ
			if !strings.HasPrefix(typ, "{") {
				typ = `{"type":"` + typ + `"}`
			}
			fields = append(fields, `"`+c.name+`":`+typ)
		}
		send(t, http.MethodPut, url+"/"+index, `{"settings":{"number_of_shards":1,"number_of_replicas":0},"mappings":{"dynamic":"strict","properties":{`+strings.Join(fields, ",")+`}}}`)
		t.Cleanup(func() { send(t, http.MethodDelete, url+"/"+index, "") })
		var b bytes.Buffer
		for k := range most(columns) {
			cells := []string{fmt.Sprintf(`"k":%d`, k)}
			for _, c := range columns {
				if k < len(c.cells) {
					cells = append(cells, `"`+c.name+`":`+c.literal(c.cells[k]))
				}
			}
			fmt.Fprintf(&b, "{\"index\":{\"_id\":\"%d\"}}\n{%s}\n", k, strings.ReplaceAll(strings.Join(cells, ","), "\n", " "))
		}
		if b.Len() == 0 {
			return query.Dataset{Name: index, Index: index}
		}
		if reply := send(t, http.MethodPost, url+"/"+index+"/_bulk?refresh=true", b.String()); !bytes.Contains(reply, []byte(`"errors":false`)) {
			t.Fatalf("bulk: %.3000s", reply)
		}
		return query.Dataset{Name: index, Index: index}
	}
}

func send(t testing.TB, method, url, body string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("%s %s: %d %v %.500s", method, url, res.StatusCode, err, out)
	}
	return out
}
