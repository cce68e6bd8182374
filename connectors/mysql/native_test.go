package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// loadNative makes a table of MySQL's own types, collations and impossible dates.
func loadNative(t *testing.T, is TestServer, dsn string) query.Dataset {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	exec := func(s string) {
		t.Helper()
		if _, err := c.ExecContext(context.Background(), s); err != nil {
			t.Fatalf("%.200s: %v", s, err)
		}
	}
	exec("SET SESSION sql_mode = 'ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'")
	exec(`CREATE TABLE native (id int PRIMARY KEY,
		latin varchar(40) CHARACTER SET latin1 COLLATE latin1_swedish_ci, mb3 varchar(40) CHARACTER SET utf8mb3, ascii_ char(10) CHARACTER SET ascii, bin varchar(40) COLLATE utf8mb4_bin,
		exact varchar(40) COLLATE ` + is.Exact + `, e enum('new','Paid','päid','') CHARACTER SET latin1, st set('x','y'),
		ui int unsigned, tu tinyint unsigned, nn smallint NOT NULL, y year, b10 bit(10), b64 bit(64), flag tinyint(1), bb bit(1),
		m decimal(10,2), q decimal(20,4) NOT NULL, du decimal(12,3) unsigned, fl float, bin3 binary(3),
		dn date NOT NULL, dt datetime(6), dtn datetime NOT NULL, ts timestamp NULL, tsn timestamp(3) NOT NULL, tm time(3)` + is.Pick("", ", u uuid, a4 inet4, a6 inet6 NOT NULL") + ")")
	text := []string{"NULL", "''", "'a'", "'a '", "'A'", "'é'", "'e'", "'ß'", "'new'", "'Paid'", "'1'", "'päid'"}
	ints := []string{"NULL", "0", "1", "2", "255", "7", "100"}
	dates := []string{
		"'0000-00-00'", "'2024-02-30 10:00:00'", "'2024-00-10'", "'2024-01-00'", "'2024-02-29 23:59:59.999999'", "'0001-01-01'",
		"'9999-12-31 23:59:59.9'", "'1970-01-01 00:00:01'", "'2024-05-05 12:00:00'",
	}
	instants := []string{"'0000-00-00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'2024-05-05 12:00:00'"}
	times := []string{"NULL", "'-838:59:59'", "'838:59:59'", "'12:00:00.5'", "'-00:00:00.001'"}
	decs := []string{"0", "1.5", "-1.5", "99999999.99", "0.01", "3"}
	uuids := []string{"'00000000-0000-0000-0000-000000000000'", "'FFEEDDCC-0000-1000-0000-000000000001'", "'11223344-ffff-4fff-ffff-ffffffffffff'"}
	addresses := []string{"'10.0.0.1'", "'9.255.255.255'", "'::'", "'2001:db8::1'", "'::ffff:10.0.0.1'"}
	r := rand.New(rand.NewPCG(7, 7))
	pick := func(vs []string) string { return vs[r.IntN(len(vs))] }
	or := func(s string) string {
		if r.IntN(6) == 0 {
			return "NULL"
		}
		return s
	}
	for id := range 60 {
		n := func(s string) string { return strings.ReplaceAll(s, "NULL", "0") }
		exec(fmt.Sprintf("INSERT IGNORE INTO native VALUES (%d, %s)", id, strings.Join([]string{
			pick(text), pick(text), or("'ab'"), pick(text), pick(text), pick(text), or("'y,x'"),
			or("4294967295"), pick(ints), n(pick(ints)), or("2024"), pick(ints), or("18446744073709551615"), pick(ints), or("1"),
			or(pick(decs)), pick(decs), or("1.125"), or("0.1"), or("x'6100ff'"),
			pick(dates), or(pick(dates)), pick(dates), or(pick(instants)), pick(instants), pick(times),
		}, ", ")+is.Pick("", ", "+or(pick(uuids))+", "+or(pick(addresses[:2]))+", "+pick(addresses[2:]))))
	}
	return query.Dataset{Name: "native", Table: "native", Key: []string{"id"}, Columns: map[string]query.ColumnOptions{"flag": {Type: "bool"}, "bb": {Type: "bool"}}}
}

func TestParityOfNativeTypes(t *testing.T) {
	t.Parallel()
	EachServer(t, func(t *testing.T, is TestServer) {
		t.Parallel()
		dsn := testDatabase(t, is, "COLLATE "+is.Folding)
		table := loadNative(t, is, dsn)
		view := table
		view.Table, view.Query = "", "SELECT * FROM native -- all of it"
		for _, zone := range []string{"", "UTC", "+02:00", "-09:30"} {
			for _, d := range []query.Dataset{table, view} {
				t.Run(zone+" "+d.Table, func(t *testing.T) {
					t.Parallel()
					d := d
					d.Timezone = zone
					p := newParity(t, openTest(t, dsn), d)
					var errs int
					for i := range p.data.Cols {
						for r := range p.data.N {
							if p.data.Cols[i].IsErr(r) {
								errs++
							}
						}
					}
					if errs < 20 {
						t.Errorf("%d cells in error: the rows prove too little", errs)
					}
					all := p.every()
					r := rand.New(rand.NewPCG(11, 3))
					r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
					p.check(t, all[:4000])
					p.check(t, p.nested(r, all, 1500))
					p.report(t)
				})
			}
		}
	})
}

// A naive timestamp of a zone with rules is never pushed down, but read.
func TestNamedZone(t *testing.T) {
	t.Parallel()
	EachServer(t, func(t *testing.T, is TestServer) {
		t.Parallel()
		dsn := testDatabase(t, is, "")
		d := loadNative(t, is, dsn)
		d.Timezone = "Europe/Berlin"
		p := newParity(t, openTest(t, dsn), d)
		c, i := p.rel.Schema.Column("dt")
		if c.Type.Kind != value.Timestamp {
			t.Fatalf("dt is %s", c.Type)
		}
		col := &query.Column{Index: i, Col: c}
		e := op(query.OpEq, value.Bool, col, col)
		if r := p.src.Caps().Expr(p.rel, e); r == nil || r.Reason != is.Name+": naive timestamp of a named time zone" {
			t.Errorf("refused with %v", r)
		}
		idCol, at := p.rel.Schema.Column("id")
		id := &query.Column{Index: at, Col: idCol}
		for _, m := range []*query.MonotonicCheck{
			{From: p.rel, Column: col, OrderBy: []*query.Column{id}},
			{From: p.rel, Column: id, OrderBy: []*query.Column{id, col}},
		} {
			if r := p.src.Caps().Set(m); r == nil || r.Reason != is.Name+": naive timestamp of a named time zone" {
				t.Errorf("monotonic is refused with %v", r)
			}
		}
		if r := p.src.Caps().Set(&query.MonotonicCheck{From: p.rel, Column: id, OrderBy: []*query.Column{id}}); r != nil {
			t.Errorf("monotonic of ints is refused with %v", r)
		}
	})
}
