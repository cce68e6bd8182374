package connectortest

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
)

// tpchTimeout bounds the loading of one table of six million rows.
const tpchTimeout = 15 * time.Minute

// TPCHPostgres loads the first rows of a table into a new table of the database and returns its name; it is dropped at the end of the test.
func TPCHPostgres(t testing.TB, dsn string, tb *TPCHTable, rows int) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), tpchTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatalf("connect to load %s: %v", tb.Name, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	name := Unique(tb.Name)
	if _, err := conn.Exec(ctx, "create table "+name+" "+tb.DDL()); err != nil {
		t.Fatalf("create %s: %v", tb.Name, err)
	}
	t.Cleanup(func() { exec(t, openDB(t, "pgx", dsn), "drop table "+name) })
	if _, err := conn.PgConn().CopyFrom(ctx, &tpchText{table: tb, rows: rows}, "copy "+name+" from stdin"); err != nil {
		t.Fatalf("load %s: %v", tb.Name, err)
	}
	if _, err := conn.Exec(ctx, "vacuum analyze "+name); err != nil {
		t.Fatalf("analyze %s: %v", tb.Name, err)
	}
	return name
}

// TPCHMySQL does the same in MySQL or MariaDB, by LOAD DATA LOCAL.
func TPCHMySQL(t testing.TB, dsn string, tb *TPCHTable, rows int) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), tpchTimeout)
	defer cancel()
	db := openDB(t, "mysql", dsn)
	name := Unique(tb.Name)
	exec(t, db, "create table "+name+" "+tb.DDL()+" character set utf8mb4")
	t.Cleanup(func() { exec(t, openDB(t, "mysql", dsn), "drop table "+name) })
	allowLocalInfile(t, db)
	mysql.RegisterReaderHandler(name, func() io.Reader { return &tpchText{table: tb, rows: rows} })
	defer mysql.DeregisterReaderHandler(name)
	if _, err := db.ExecContext(ctx, "load data local infile 'Reader::"+name+"' into table "+name+" character set utf8mb4"); err != nil {
		t.Fatalf("load %s: %v", tb.Name, err)
	}
	exec(t, db, "analyze table "+name)
	return name
}

// allowLocalInfile has the server take LOAD DATA LOCAL; the test server is ours, and its user may set it.
func allowLocalInfile(t testing.TB, db *sql.DB) {
	t.Helper()
	exec(t, db, "set global local_infile = 1")
}

// TPCHElasticsearch loads the first rows of a table into a new index and returns its name; it is deleted at the end of the
// test. Integers are longs, decimals double (the test distribution has no scaled_float), dates date, texts keyword; the _id is the key's parts joined by "-".
func TPCHElasticsearch(t testing.TB, url string, tb *TPCHTable, rows int) string {
	t.Helper()
	index := Unique(tb.Name)
	props := map[string]any{}
	quoted := make([]bool, len(tb.Columns))
	for i, c := range tb.Columns {
		switch base, _, _ := strings.Cut(c.Type, "("); base {
		case "bigint", "int":
			props[c.Name] = map[string]any{"type": "long"}
		case "decimal":
			props[c.Name] = map[string]any{"type": "double"}
		case "date":
			props[c.Name], quoted[i] = map[string]any{"type": "date", "format": "strict_date"}, true
		default:
			props[c.Name], quoted[i] = map[string]any{"type": "keyword"}, true
		}
	}
	body, err := json.Marshal(map[string]any{
		"settings": map[string]any{"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"},
		"mappings": map[string]any{"dynamic": "strict", "properties": props},
	})
	if err != nil {
		t.Fatalf("load %s: %v", tb.Name, err)
	}
	request(t, http.MethodPut, url+"/"+index, body)
	t.Cleanup(func() { request(t, http.MethodDelete, url+"/"+index, nil) })
	const docs = 10_000
	var cells [][]byte
	for from := 0; from < rows; from += docs {
		var b bytes.Buffer
		for i := from; i < min(from+docs, rows); i++ {
			cells = tb.Cells(i, cells)
			b.WriteString(`{"index":{"_id":"`)
			b.WriteString(TPCHID(tb, cells))
			b.WriteString("\"}}\n{")
			first := true
			for c, cell := range cells {
				if cell == nil {
					continue
				}
				if !first {
					b.WriteByte(',')
				}
				first = false
				b.WriteString(strconv.Quote(tb.Columns[c].Name) + ":")
				if quoted[c] {
					b.WriteString(strconv.Quote(string(cell)))
				} else {
					b.Write(cell)
				}
			}
			b.WriteString("}\n")
		}
		var reply struct {
			Errors bool `json:"errors"`
		}
		if err := json.Unmarshal(request(t, http.MethodPost, url+"/"+index+"/_bulk?filter_path=errors", b.Bytes()), &reply); err != nil || reply.Errors {
			t.Fatalf("load %s: bulk errors: %v", tb.Name, err)
		}
	}
	request(t, http.MethodPost, url+"/"+index+"/_refresh", nil)
	return index
}

// TPCHID is the _id of a row.
func TPCHID(tb *TPCHTable, cells [][]byte) string {
	var parts []string
	for _, k := range tb.Key {
		for i, c := range tb.Columns {
			if c.Name == k {
				parts = append(parts, string(cells[i]))
			}
		}
	}
	return strings.Join(parts, "-")
}

// tpchText yields the rows in the text format that COPY and LOAD DATA share: tabs, line breaks, \N for null. No cell holds
// a character that it would have to escape.
type tpchText struct {
	table *TPCHTable
	rows  int
	at    int
	cells [][]byte
	buf   bytes.Buffer
}

// Read implements io.Reader.
func (r *tpchText) Read(p []byte) (int, error) {
	for r.buf.Len() < len(p) && r.at < r.rows {
		r.cells = r.table.Cells(r.at, r.cells)
		r.at++
		for i, c := range r.cells {
			if i > 0 {
				r.buf.WriteByte('\t')
			}
			if c == nil {
				r.buf.WriteString(`\N`)
			} else {
				r.buf.Write(c)
			}
		}
		r.buf.WriteByte('\n')
	}
	if r.buf.Len() == 0 {
		return 0, io.EOF
	}
	n, err := r.buf.Read(p)
	if err != nil {
		return n, fmt.Errorf("rows of %s: %w", r.table.Name, err)
	}
	return n, nil
}
