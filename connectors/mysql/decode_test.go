package mysql_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// open opens the connector on the test server.
func open(t *testing.T, dsn string) connectors.Source {
	t.Helper()
	src, err := mysql.Open(t.Context(), connectors.Config{Name: "test", Params: map[string]string{"dsn": dsn}})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := src.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return src
}

// database creates a database of the test's own and returns a DSN for it and a writable connection in it.
func database(t *testing.T, is mysql.TestServer, options string) (string, *sql.Conn) {
	t.Helper()
	dsn := is.DSN
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	name := connectortest.Unique("mysql")
	run(t, conn, "CREATE DATABASE "+name+" "+options)
	t.Cleanup(func() {
		if _, err := conn.ExecContext(context.Background(), "DROP DATABASE "+name); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
		_ = conn.Close()
	})
	run(t, conn, "USE "+name)
	run(t, conn, "SET SESSION sql_mode = '', time_zone = '+00:00'")
	at := strings.LastIndex(dsn, "/")
	return dsn[:at+1] + name, conn
}

func run(t *testing.T, c *sql.Conn, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := c.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%.300s: %v", s, err)
		}
	}
}

// read returns all rows of a select, cell by cell.
func read(t *testing.T, src connectors.Source, q query.Select) [][]connectortest.Cell {
	t.Helper()
	rows, err := src.Select(t.Context(), q)
	if err != nil {
		t.Fatalf("select: %v", err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Errorf("close rows: %v", err)
		}
	}()
	var out [][]connectortest.Cell
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatalf("next: %v", err)
		}
		if b == nil {
			return out
		}
		for r := range b.N {
			var row []connectortest.Cell
			for c := range b.Cols {
				row = append(row, connectortest.At(&b.Cols[c], r))
			}
			out = append(out, row)
		}
	}
}

// column describes and reads one column of a table in the order of id.
func column(t *testing.T, src connectors.Source, d query.Dataset, name string) []connectortest.Cell {
	t.Helper()
	rel := connectortest.Relation(t, src, d)
	d.Key = []string{"id"}
	rel.Dataset = d
	var out []connectortest.Cell
	for _, row := range read(t, src, query.Select{From: rel, Columns: connectortest.Cols(t, rel, name), OrderByKey: true}) {
		out = append(out, row[0])
	}
	return out
}

func TestDecodesEveryType(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "")
		src := open(t, dsn)
		odd := connectortest.Cell{Raw: "error"}
		null := connectortest.Cell{}
		of := func(vs ...value.Value) []connectortest.Cell {
			var out []connectortest.Cell
			for _, v := range vs {
				out = append(out, connectortest.Cell{Value: v})
			}
			return out
		}
		dec := func(s string) value.Value {
			d, err := value.ParseDec(s)
			if err != nil {
				t.Fatal(err)
			}
			return value.DecimalValue(d)
		}
		at := func(s string) value.Value {
			ts, err := time.Parse(time.RFC3339Nano, s)
			if err != nil {
				t.Fatal(err)
			}
			return value.TimestampValue(ts)
		}
		local := func(s string) value.Value { return value.LocalTimestampValue(at(s).Time()) }
		mixed := func(v value.Value, more ...connectortest.Cell) []connectortest.Cell { return append(of(v), more...) }
		zero, number := negativeZero(), "1.5" // MariaDB stores no negative zero, and JSON as it was written
		if is.Maria {
			zero, number = 0, "1.50"
		}
		str, num := value.StringValue, value.IntValue
		cases := []struct {
			declared, values string // values without a NULL, which every case gets at its end
			option           string
			want             []connectortest.Cell
		}{
			{"tinyint(1)", "-128; 127; 0", "", of(num(-128), num(127), num(0))},
			{"tinyint(1)", "-1; 1; 0", "bool", of(value.BoolValue(true), value.BoolValue(true), value.BoolValue(false))},
			{"tinyint unsigned", "255", "", of(num(255))},
			{"smallint", "-32768; 32767", "", of(num(-32768), num(32767))},
			{"mediumint unsigned", "16777215", "", of(num(16777215))},
			{"int unsigned zerofill", "4294967295; 7", "", of(num(4294967295), num(7))},
			{"bigint", "-9223372036854775808; 9223372036854775807", "", of(num(-1<<63), num(1<<63-1))},
			{"bigint unsigned", "18446744073709551615; 0", "", of(value.UintValue(1<<64-1), value.UintValue(0))},
			{"bit(1)", "1; 0", "bool", of(value.BoolValue(true), value.BoolValue(false))},
			{"bit(10)", "513", "", of(num(513))},
			{"bit(64)", "18446744073709551615", "", of(value.UintValue(1<<64 - 1))},
			{"float", "0.1; 16777217; -3.4e38; 1e-45", "", of(value.DoubleValue(float64(float32(0.1))), value.DoubleValue(16777216), value.DoubleValue(float64(float32(-3.4e38))), value.DoubleValue(float64(float32(1e-45))))},
			{"double", "0.1; -0.0e0; 5e-324; 1.7976931348623157e308; 9007199254740993", "", of(value.DoubleValue(0.1), value.DoubleValue(zero), value.DoubleValue(5e-324), value.DoubleValue(1.7976931348623157e308), value.DoubleValue(9007199254740992))},
			{"decimal(65,30)", "99999999999999999999999999999999999.999999999999999999999999999999; -0.000000000000000000000000000001; 1.50", "", of(dec("99999999999999999999999999999999999.999999999999999999999999999999"), dec("-0.000000000000000000000000000001"), dec("1.5"))},
			{"char(5)", "'ab  '; ' a'", "", of(str("ab"), str(" a"))},
			{"varchar(20)", "'ab  '; 'é😀'; '\\0x'; ''", "", of(str("ab  "), str("é😀"), str("\x00x"), str(""))},
			{"varchar(20) character set latin1", "'é'; 'a '", "", of(str("é"), str("a "))},
			{"text character set utf16", "'é😀'", "", of(str("é😀"))},
			{"longtext", "repeat('x', 1000000)", "", of(str(strings.Repeat("x", 1000000)))},
			{"binary(3)", "'a'; x'ff00'", "", of(value.BytesValue([]byte("a\x00\x00")), value.BytesValue([]byte("\xff\x00\x00")))},
			{"varbinary(9)", "x'00ff'; ''", "", of(value.BytesValue([]byte("\x00\xff")), value.BytesValue(nil))},
			{"blob", "x'c328'", "", of(value.BytesValue([]byte("\xc3\x28")))},
			{"date", "'2024-02-29'; '1000-01-01'; '9999-12-31'; '0001-01-01'; '0000-00-00'; '2024-00-10'; '2024-01-00'", "", append(of(at("2024-02-29T00:00:00Z"), at("1000-01-01T00:00:00Z"), at("9999-12-31T00:00:00Z"), at("0001-01-01T00:00:00Z")), odd, odd, odd)},
			{"datetime(6)", "'2024-03-10 02:30:00.123456'; '0000-00-00 00:00:00'", "", mixed(local("2024-03-10T02:30:00.123456Z"), odd)},
			{"datetime", "'1969-12-31 23:59:59'; '2024-02-00 10:00:00'", "", mixed(local("1969-12-31T23:59:59Z"), odd)},
			{"timestamp(3)", "'2024-01-01 00:00:00.123'; '2038-01-19 03:14:07'; '0000-00-00 00:00:00'", "", append(of(at("2024-01-01T00:00:00.123Z"), at("2038-01-19T03:14:07Z")), odd)},
			{"time(6)", "'-838:59:59'; '838:59:58.999999'; '24:00:00'; '-00:00:00.000001'", "", of(value.DurationValue(-(838*time.Hour + 59*time.Minute + 59*time.Second)), value.DurationValue(838*time.Hour+59*time.Minute+58*time.Second+999999*time.Microsecond), value.DurationValue(24*time.Hour), value.DurationValue(-time.Microsecond))},
			{"year", "2024; 1901", "", of(num(2024), num(1901))},
			{"json", `'{"a": [1, 1.50, 12345678901234567890, null]}'; 'null'; '"é"'`, "", of(value.JSONValue(`{"a": [1, `+number+`, 12345678901234567890, null]}`), value.JSONValue("null"), value.JSONValue(`"é"`))},
			{"enum('new','Paid','')", "'Paid'; 'nonsense'", "", of(str("Paid"), str(""))},
			{"set('x','y')", "'y,x'; ''", "", of(str("x,y"), str(""))},
		}
		for i, c := range cases {
			table := "t" + string(rune('a'+i/26)) + string(rune('a'+i%26))
			run(t, db, "CREATE TABLE "+table+" (id int AUTO_INCREMENT PRIMARY KEY, c "+c.declared+" NULL)")
			for v := range strings.SplitSeq(c.values+"; NULL", "; ") {
				run(t, db, "INSERT INTO "+table+" (c) VALUES ("+v+")")
			}
			d := query.Dataset{Name: table, Table: table, Columns: map[string]query.ColumnOptions{"c": {Type: c.option}}}
			got := column(t, src, d, "c")
			want := append(slices.Clip(c.want), null)
			if len(got) != len(want) {
				t.Fatalf("%s: %d rows, want %d", c.declared, len(got), len(want))
			}
			for j := range want {
				if !connectortest.Same(got[j], want[j]) {
					t.Errorf("%s, value %d: %s, want %s", c.declared, j, got[j], want[j])
				}
			}
		}
	})
}

func negativeZero() float64 {
	z := 0.0
	return -z
}
