package connectortest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
)

// FlightColumn is a column of the flights data.
type FlightColumn struct {
	Name string
	// Kind is "int", "text" or "time"; every column but id may hold nulls (an empty field).
	Kind string
}

// FlightColumns are the columns of data/flights.csv.gz in their order.
func FlightColumns() []FlightColumn {
	var out []FlightColumn
	for s := range strings.FieldsSeq("id year month day dep_time sched_dep_time dep_delay arr_time sched_arr_time arr_delay carrier:text flight tailnum:text origin:text dest:text air_time distance hour minute time_hour:time") {
		name, kind, ok := strings.Cut(s, ":")
		if !ok {
			kind = "int"
		}
		out = append(out, FlightColumn{name, kind})
	}
	return out
}

// flightsTimeout bounds the loading of the flights.
const flightsTimeout = 10 * time.Minute

// Flights returns the rows of data/flights.csv.gz as text, nulls as nil; the header is not among them.
func Flights(t testing.TB) [][]*string {
	t.Helper()
	f, err := os.Open(filepath.Join(Shared(t), "data", "flights.csv.gz"))
	if err != nil {
		t.Fatalf("open the flights: %v", err)
	}
	defer func() { _ = f.Close() }() // only read
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatalf("read the flights: %v", err)
	}
	r := csv.NewReader(z)
	header, err := r.Read()
	if err != nil {
		t.Fatalf("read the flights: %v", err)
	}
	for i, c := range FlightColumns() {
		if header[i] != c.Name {
			t.Fatalf("the flights' column %d is %s, not %s", i, header[i], c.Name)
		}
	}
	var rows [][]*string
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatalf("read the flights: %v", err)
		}
		row := make([]*string, len(rec))
		for i := range rec {
			if rec[i] != "" {
				row[i] = &rec[i]
			}
		}
		rows = append(rows, row)
	}
}

func flightDDL(types map[string]string, tail string) string {
	var b strings.Builder
	for i, c := range FlightColumns() {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.Name + " " + types[c.Kind])
	}
	return "(" + b.String() + tail + ")"
}

// FlightsPostgres loads rows into a new table of the database and returns its name; it is dropped at the end of the test.
func FlightsPostgres(t testing.TB, dsn string, rows [][]*string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), flightsTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatalf("connect to load the flights: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	name := Unique("flights")
	ddl := flightDDL(map[string]string{"int": "integer", "text": "text", "time": "timestamp"}, "")
	if _, err := conn.Exec(ctx, "create table "+name+" "+ddl); err != nil {
		t.Fatalf("create the flights: %v", err)
	}
	t.Cleanup(func() { exec(t, openDB(t, "pgx", dsn), "drop table "+name) })
	if _, err := conn.PgConn().CopyFrom(ctx, bytes.NewReader(flightsText(rows)), "copy "+name+" from stdin"); err != nil {
		t.Fatalf("load the flights: %v", err)
	}
	if _, err := conn.Exec(ctx, "vacuum analyze "+name); err != nil {
		t.Fatalf("analyze the flights: %v", err)
	}
	return name
}

// FlightsMySQL loads rows into a new table of the database and returns its name; it is dropped at the end of the test.
func FlightsMySQL(t testing.TB, dsn string, rows [][]*string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), flightsTimeout)
	defer cancel()
	db := openDB(t, "mysql", dsn)
	name := Unique("flights")
	exec(t, db, "create table "+name+" "+flightDDL(map[string]string{"int": "int", "text": "varchar(40)", "time": "datetime"}, "")+" character set utf8mb4")
	t.Cleanup(func() { exec(t, openDB(t, "mysql", dsn), "drop table "+name) })
	allowLocalInfile(t, db)
	mysql.RegisterReaderHandler(name, func() io.Reader { return bytes.NewReader(flightsText(rows)) })
	defer mysql.DeregisterReaderHandler(name)
	res, err := db.ExecContext(ctx, "load data local infile 'Reader::"+name+"' into table "+name+" character set utf8mb4")
	if err != nil {
		t.Fatalf("load the flights: %v", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != int64(len(rows)) {
		t.Fatalf("%d of %d flights were loaded: %v", n, len(rows), err)
	}
	return name
}

// FlightsSQLite loads rows into the table flights of a new database file and returns the file's path.
func FlightsSQLite(t testing.TB, rows [][]*string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), flightsTimeout)
	defer cancel()
	path := filepath.Join(t.TempDir(), "flights.db")
	db := openDB(t, "sqlite", "file:"+path)
	exec(t, db, "create table flights "+flightDDL(map[string]string{"int": "integer", "text": "text", "time": "timestamp"}, ""))
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatalf("load the flights: %v", err)
	}
	const at = 500
	for from := 0; from < len(rows); from += at {
		if _, err := tx.ExecContext(ctx, flightsInsert(rows[from:min(from+at, len(rows))])); err != nil {
			t.Fatalf("load the flights: %v", err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatalf("load the flights: %v", err)
	}
	return path
}

// FlightsElasticsearch loads rows into a new index and returns its name; it is deleted at the end of the test.
func FlightsElasticsearch(t testing.TB, url string, rows [][]*string) string {
	t.Helper()
	index := Unique("flights")
	props := map[string]any{}
	cols := FlightColumns()
	for _, c := range cols {
		switch c.Kind {
		case "int":
			props[c.Name] = map[string]any{"type": "integer"}
		case "text":
			props[c.Name] = map[string]any{"type": "keyword"}
		default:
			props[c.Name] = map[string]any{"type": "date", "format": "strict_date_time_no_millis"}
		}
	}
	body, err := json.Marshal(map[string]any{
		"settings": map[string]any{"number_of_shards": 2, "number_of_replicas": 0, "refresh_interval": "-1"},
		"mappings": map[string]any{"dynamic": "strict", "properties": props},
	})
	if err != nil {
		t.Fatalf("load the flights: %v", err)
	}
	request(t, http.MethodPut, url+"/"+index, body)
	t.Cleanup(func() { request(t, http.MethodDelete, url+"/"+index, nil) })
	const docs = 5000
	for from := 0; from < len(rows); from += docs {
		var reply struct {
			Errors bool `json:"errors"`
		}
		if err := json.Unmarshal(request(t, http.MethodPost, url+"/"+index+"/_bulk?filter_path=errors", flightsBulk(rows[from:min(from+docs, len(rows))])), &reply); err != nil || reply.Errors {
			t.Fatalf("load the flights: bulk errors: %v", err)
		}
	}
	request(t, http.MethodPost, url+"/"+index+"/_refresh", nil)
	return index
}

// FlightTime reads a value of the column time_hour, which is UTC.
func FlightTime(s string) (time.Time, error) { return time.ParseInLocation(time.DateTime, s, time.UTC) }
