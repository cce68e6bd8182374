package mysql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// TestResolution finds what columns can tell apart, of tables and of queries.
func TestResolution(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "")
		digits := func(n int8) value.Resolution { return value.Resolution{Known: true, Digits: n} }
		tests := []struct {
			typ       string
			want      value.Resolution
			shape     value.Shape
			tableOnly bool // the metadata of a result does not say it
		}{
			{typ: "decimal(10,2)", want: digits(2)},
			{typ: "decimal", want: digits(0)},
			{typ: "decimal(65,30) unsigned", want: digits(30)},
			{typ: "float", want: value.Resolution{Single: true}},
			{typ: "float(30)"}, // a double
			{typ: "double"},
			{typ: "datetime", want: digits(0)},
			{typ: "datetime(6)", want: digits(6)},
			{typ: "timestamp(3) null", want: digits(3)},
			{typ: "time", want: digits(0)},
			{typ: "time(4)", want: digits(4)},
			{typ: "date", shape: value.Date},
			{typ: "tinyint(1)", shape: value.Flag, tableOnly: true},
			{typ: "boolean", shape: value.Flag, tableOnly: true},
			{typ: "tinyint"},
			{typ: "bit(1)", shape: value.Flag, tableOnly: true},
			{typ: "bit(2)"},
			{typ: "varchar(9)"},
			{typ: "year"},
		}
		var ddl []string
		for i, tt := range tests {
			ddl = append(ddl, fmt.Sprintf("c%d %s", i, tt.typ))
		}
		run(t, db, "CREATE TABLE t ("+strings.Join(ddl, ", ")+")", "CREATE VIEW v AS SELECT * FROM t")
		src := open(t, dsn)
		for _, d := range []query.Dataset{{Table: "t"}, {Table: "v"}, {Name: "q", Query: "SELECT * FROM t"}} {
			s, err := src.Describe(t.Context(), d)
			if err != nil || len(s.Columns) != len(tests) {
				t.Fatalf("%d columns: %v", len(s.Columns), err)
			}
			for i, c := range s.Columns {
				tt := tests[i]
				tt.want.Truncates = is.Maria && strings.Contains(tt.typ, "time")
				if d.Query != "" && tt.tableOnly {
					tt.shape = value.Plain
				}
				if c.Resolution != tt.want || c.Shape != tt.shape {
					t.Errorf("%s%s: %s is %+v of shape %d, want %+v and %d", d.Table, d.Name, tt.typ, c.Resolution, c.Shape, tt.want, tt.shape)
				}
			}
		}
	})
}
