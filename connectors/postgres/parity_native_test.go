package postgres

import (
	"fmt"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
)

// nativeTable makes a table of PostgreSQL's own types, each column with its hostile values and nulls.
func nativeTable(t *testing.T, dsn string, columns [][]string) query.Dataset {
	t.Helper()
	c := admin(t, dsn)
	ns := scratch(t, c)
	run(t, c, `SET search_path = `+ns, `CREATE TYPE mood AS ENUM ('sad', 'ok', 'Happy')`,
		`CREATE COLLATION nd (provider = icu, locale = 'und-u-ks-level1', deterministic = false)`)
	ddl := `CREATE TABLE x (id int PRIMARY KEY`
	for _, col := range columns {
		ddl += ", " + col[0]
	}
	run(t, c, ddl+")")
	for i := range 60 {
		row := fmt.Sprint(i)
		for n, col := range columns {
			values := append(append([]string(nil), col[1:]...), "NULL")
			row += ", " + values[(i*(n+1)+i/7)%len(values)]
		}
		run(t, c, `INSERT INTO x VALUES (`+row+`)`)
	}
	return query.Dataset{Name: "x", Table: ns + ".x", Key: []string{"id"}}
}

var instants = []string{
	"'2024-07-01 12:00:00.25'", "'2024-03-31 02:30:00'", "'2024-10-27 02:30:00'", "'2024-10-27 01:59:59.999999'", "'0001-01-01 00:00:00'", "'0001-01-01 05:30:00'", "'0001-01-01 05:29:59'", "'0001-01-01 00:53:27'", "'0001-01-01 00:53:28'",
	"'9999-12-31 23:59:59.999999'", "'9999-12-31 18:30:00'", "'10000-01-01 05:29:59.999999'", "'10000-01-01 05:30:00'", "'10000-01-01 00:59:59'", "'10000-01-01 01:00:00'", "'infinity'", "'-infinity'", "'294276-12-31 23:59:59'", "'4713-01-01 00:00:00 BC'", "'1969-12-31 23:59:59.5'",
}

func TestParityNative(t *testing.T) {
	dsn := connectortest.PostgresDatabase(t, connectortest.LocaleICU)
	texts := []string{"'a'", "'A'", "'á'", "'ab '", "''", "'b'", "'B'", "'ß'", "'SS'"}
	column := func(name string, values ...string) []string { return append([]string{name}, values...) }
	tables := map[string][][]string{
		"numbers": {
			column("sm int2", "32767", "-32768", "0", "7", "-1"), column("oi oid", "4294967295", "0", "7"), column("i8 int8", "'-9223372036854775808'", "9223372036854775807", "0", "-1", "3"),
			column("num numeric(10,2)", "'NaN'", "99999999.99", "-99999999.99", "0", "1.5"), column("wide numeric", "'NaN'", "'Infinity'", "'1e-300'", "'1e300'", "0.5", "'-1e20'"),
			column("f4 float4", "'NaN'", "'Infinity'", "0.1", "'-0'", "'1e-45'", "'3.4e38'"), column("iv interval", "'1 day'", "'24:00:00'", "'1 month'", "'106751 days'", "'106752 days'", "'-1 microsecond'", "'1 mon -30 days'", "'-106751 days -23:47:16.854775'", "'-106751 days -23:47:16.854776'", "'2147483647 days 999999:00:00'"),
			column("tod time", "'24:00:00'", "'00:00'", "'12:34:56.789'"),
		},
		"texts": {
			column("nm name", texts...), column("en mood", "'sad'", "'ok'", "'Happy'"), column("nd text COLLATE nd", texts...), column(`vc varchar(10) COLLATE "en-x-icu"`, texts...),
			column("c char(5)", texts...), column(`cc text COLLATE "C"`, texts...), column("d text", texts...), column("ip inet", "'10.0.0.1'", "'10.0.0.0/8'", "'::1'"),
			column("u uuid", "'0f0e0d0c-0b0a-4908-8706-050403020100'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"), column("li int[]", "'{1,2}'", "'{}'", "'{{1}}'", "'{NULL}'"), column("ln numeric[]", "'{1}'", "'{NaN}'", "'{NULL,Infinity}'", "'{}'"),
		},
		"times": {column("dt date", "'infinity'", "'2024-02-29'", "'5874897-12-31'", "'0001-12-31 BC'", "'9999-12-31'", "'10000-01-01'", "'0001-01-01'"), column("ts timestamptz", instants...), column("lt timestamp", instants...)},
	}
	for name, cols := range tables {
		t.Run(name, func(t *testing.T) {
			s := openDSN(t, dsn)
			d := nativeTable(t, dsn, cols)
			zones := []string{""}
			if name == "times" {
				zones = []string{"", "UTC", "+05:30", "Europe/Berlin"}
			}
			for _, zone := range zones {
				t.Run(strings.ReplaceAll(zone, "/", "_"), func(t *testing.T) {
					d.Timezone = zone
					parity(t, s, describe(t, s, d))
				})
			}
		})
	}
}
