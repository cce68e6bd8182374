package postgres

import (
	"fmt"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// TestResolution finds what columns can tell apart, of tables, domains, arrays and queries.
func TestResolution(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	digits := func(n int8) value.Resolution { return value.Resolution{Known: true, Digits: n} }
	instant := func(n int8) value.Resolution { return value.Resolution{Known: true, Digits: n, From2000: true} }
	tests := []struct {
		typ   string
		want  value.Resolution
		shape value.Shape
	}{
		{typ: "numeric"},
		{typ: "numeric(10,2)", want: digits(2)},
		{typ: "numeric(10)", want: digits(0)},
		{typ: "numeric(3,-2)", want: digits(-2)},
		{typ: "numeric(5,100)", want: digits(100)},
		{typ: "numeric(1000,500)"},
		{typ: ns + ".money2", want: digits(2)},
		{typ: "numeric(8,3)[]", want: digits(3)},
		{typ: "real", want: value.Resolution{Single: true}},
		{typ: "double precision"},
		{typ: "int"},
		{typ: "timestamp", want: instant(6)},
		{typ: "timestamp(0)", want: instant(0)},
		{typ: "timestamptz(3)", want: instant(3)},
		{typ: "timestamptz[]", want: instant(6)},
		{typ: "time", want: digits(6)},
		{typ: "time(2)", want: digits(2)},
		{typ: "interval", want: digits(6)},
		{typ: "interval(1)", want: digits(1)},
		{typ: "interval day to second", want: digits(6)},
		{typ: "interval second(4)", want: digits(4)},
		{typ: "date", shape: value.Date},
		{typ: "date[]", shape: value.Date},
		{typ: "uuid", shape: value.UUID},
		{typ: "text"},
	}
	run(t, c, `CREATE DOMAIN `+ns+`.money2 AS numeric(12,2)`)
	ddl, out := "", ""
	for i, tt := range tests {
		if i > 0 {
			ddl, out = ddl+", ", out+", "
		}
		ddl += fmt.Sprintf("c%d %s", i, tt.typ)
		out += fmt.Sprintf("NULL::%s AS c%d", tt.typ, i)
	}
	run(t, c, `CREATE TABLE `+ns+`.t (`+ddl+`)`, `CREATE VIEW `+ns+`.v AS SELECT * FROM `+ns+`.t`)
	s := openDSN(t, dsn)
	for _, d := range []query.Dataset{{Name: "t", Table: ns + ".t"}, {Name: "v", Table: ns + ".v"}, {Name: "q", Query: "SELECT " + out}} {
		rel := describe(t, s, d)
		if len(rel.Schema.Columns) != len(tests) {
			t.Fatalf("%s: %d columns", d.Name, len(rel.Schema.Columns))
		}
		for i, col := range rel.Schema.Columns {
			if tt := tests[i]; col.Resolution != tt.want || col.Shape != tt.shape {
				t.Errorf("%s: %s is %+v of shape %d, want %+v and %d", d.Name, tt.typ, col.Resolution, col.Shape, tt.want, tt.shape)
			}
		}
	}
}
