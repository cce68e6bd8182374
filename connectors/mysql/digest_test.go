package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// digestSource opens the server's source.
func digestSource(t *testing.T, dsn string) *Source {
	t.Helper()
	opened, err := Open(t.Context(), connectors.Config{Name: "digest", Params: map[string]string{"dsn": dsn}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	s, ok := opened.(*Source)
	if !ok {
		t.Fatal("another source")
	}
	return s
}

// encodings runs what Digest would hash.
func (s *Source) encodings(ctx context.Context, q digest.Request, beside *query.Column) (*value.Batch, error) {
	st, err := sqlgen.Encodings(s.dialect(), q, beside)
	if err != nil {
		return nil, err
	}
	dec, err := decoders(query.Select{Columns: []*query.Column{beside}})
	if err != nil {
		return nil, err
	}
	bytes := value.Of(value.Bytes)
	return s.gather(ctx, "encode", st, append(dec, decoder{typ: bytes}), []value.Type{beside.Col.Type, bytes})
}

// required fails unless so many forms of each class and kind were compared, and for any reason to refuse one that is not known.
func required(t *testing.T, r connectortest.DigestReport, atLeast map[string]int) {
	t.Helper()
	for k, n := range atLeast {
		if r.Forms[k] < n {
			t.Errorf("%d forms of %s were compared, want %d: %v", r.Forms[k], k, n, r.Forms)
		}
	}
	for reason, cols := range r.Refusals {
		_, reason, _ = strings.Cut(reason, ": ")
		switch {
		case strings.HasPrefix(reason, "encoding of "), reason == "normalised text", reason == "bytes beside a UUID", reason == "operand of type json", reason == "naive timestamp of a named time zone":
		default:
			t.Errorf("refused: %s: %v", reason, cols)
		}
	}
}

func TestDigestHostile(t *testing.T) {
	EachServer(t, func(t *testing.T, is TestServer) {
		s := digestSource(t, is.DSN)
		d := connectortest.LoadMySQL(t, is.DSN, connectortest.Fit(connectortest.HostileTable(), is.Engine))
		required(t, connectortest.CheckDigest(t, s, d, "id", s.encodings), map[string]int{
			"0/bool": 2, "1/int": 2, "2/decimal": 10, "3/int": 2, "5/string": 2, "6/bytes": 2, "7/string": 2, "8/timestamp": 50, "9/local timestamp": 50, "10/duration": 50,
		})
	})
}

func TestDigestNative(t *testing.T) {
	EachServer(t, func(t *testing.T, is TestServer) {
		dsn := testDatabase(t, is, "COLLATE "+is.Folding)
		s := digestSource(t, dsn)
		d := loadNative(t, is, dsn)
		for _, zone := range []string{"", "UTC", "-09:30", "Asia/Kolkata"} {
			d.Timezone = zone
			required(t, connectortest.CheckDigest(t, s, d, "id", s.encodings), map[string]int{"1/uint": 2, "2/decimal": 20})
		}
	})
}

func TestDigestOddities(t *testing.T) {
	EachServer(t, func(t *testing.T, is TestServer) {
		db, err := sql.Open("mysql", is.DSN)
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(1)
		defer func() { _ = db.Close() }()
		name := connectortest.Unique("digest_odd")
		exec := func(s string) {
			t.Helper()
			if _, err := db.ExecContext(context.WithoutCancel(t.Context()), s); err != nil {
				t.Fatalf("%.200s: %v", s, err)
			}
		}
		defer exec("DROP TABLE IF EXISTS " + name)
		exec("SET SESSION sql_mode = '', time_zone = '+00:00'")
		exec("CREATE TABLE " + name + ` (id int PRIMARY KEY, z int(8) zerofill, zd decimal(12,3) zerofill, m decimal(20,6), w decimal(65,30), u varchar(60) COLLATE utf8mb4_bin, ul varchar(60) CHARACTER SET latin1,
			b16 binary(16), vb varbinary(40), blob_ longblob, dt datetime(6), ts timestamp(6) NULL, tm time(6), d date, ucs varchar(20) CHARACTER SET ucs2, y year)`)
		uuids := []string{
			"0f0e0d0c-0b0a-4908-8706-050403020100", "0F0E0D0C-0B0A-4908-8706-050403020100", "0f0e0d0c0b0a49088706050403020100", "{0F0e0d0c-0b0a-4908-8706-050403020100}",
			"urn:uuid:0f0e0d0c-0b0a-4908-8706-050403020100", "URN:Uuid:0F0E0D0C0B0A49088706050403020100", "{0f0e0d0c0b0a49088706050403020100", "0f0e0d0c-0b0a-4908-8706-05040302010", "0f0e0d0c-0b0a49088706050403020100",
			"not a uuid", "", `0f0e0d0c-0b0a-4908-8706-050403020100\n`, " 0f0e0d0c-0b0a-4908-8706-050403020100", "gf0e0d0c-0b0a-4908-8706-050403020100", "{urn:uuid:0f0e0d0c-0b0a-4908-8706-050403020100}", "{}", "ſ", "x|y",
		}
		decs := []string{"-0.0004", "0", "-0.0", "0.5", "-0.5", "1.5", "2.500", "-0.45", "100", "1000000.000001", "149.999", "0.000001"}
		times := []string{"2024-07-01 12:00:00.5", "2024-07-01 12:00:00.0005", "1999-07-01 12:00:00.5", "1999-07-01 12:00:00.0005", "1969-12-31 23:59:59.5", "1969-12-31 23:59:59.9995", "1960-01-01 00:00:00.000001", "1970-01-01 00:00:00", "1970-01-01 00:00:00.000001", "9999-12-31 23:59:59.999999", "0001-01-01 00:00:00"}
		spans := []string{"12:34:56.5", "-12:34:56.5", "00:00:00.0005", "-00:00:00.0005", "-00:00:00.000001", "838:59:59", "-838:59:59", "00:00:01.9995", "-00:00:07"}
		for i := range 40 {
			row := []string{fmt.Sprint(i), fmt.Sprint(i * 37 % 99), decs[i%len(decs)], decs[(i+3)%len(decs)], decs[(i+5)%len(decs)], "'" + uuids[i%len(uuids)] + "'", "'" + strings.ReplaceAll(uuids[(i+7)%len(uuids)], "ſ", "ÿ") + "'"}
			row = append(row, fmt.Sprintf("x'%032x'", i), fmt.Sprintf("x'%02x00ff'", i), "NULL", "'"+times[i%len(times)]+"'", "'"+times[i%8]+"'", "'"+spans[i%len(spans)]+"'", "'"+times[i%len(times)][:10]+"'", "'é😀ß'", fmt.Sprint(1990+i))
			if i%9 == 0 {
				for c := 1; c < len(row); c++ {
					row[c] = "NULL"
				}
			}
			exec("INSERT INTO " + name + " VALUES (" + strings.Join(row, ", ") + ")")
		}
		exec("UPDATE " + name + " SET zd = 1.5 WHERE id % 3 = 0")
		s := digestSource(t, is.DSN)
		for _, zone := range []string{"", "+05:30"} {
			required(t, connectortest.CheckDigest(t, s, query.Dataset{Table: name, Timezone: zone}, "id", s.encodings), map[string]int{"1/int": 10, "2/decimal": 20, "7/bytes": 2, "7/string": 4, "10/duration": 50})
		}
	})
}

// TestDigestTooLong hashes a row that is longer than the server builds texts: it must not count as one that is hashed.
func TestDigestTooLong(t *testing.T) {
	EachServer(t, func(t *testing.T, is TestServer) {
		s := digestSource(t, is.DSN)
		// With what is put before it, the second text is longer than a packet.
		d := query.Dataset{Name: "long", Query: "SELECT 1 AS id, CAST('a' AS CHAR(10)) AS s UNION ALL SELECT 2, REPEAT('x', @@max_allowed_packet - 10)", Key: []string{"id"}}
		schema, err := s.Describe(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		rel := query.Relation{Dataset: d, Schema: schema}
		q := digest.Request{From: rel, Cells: connectortest.DigestCells(t, schema)}
		sums, err := s.Digest(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if sums[0].Rows != 2 || sums[0].Hashed != 1 || sums[0].Equal(&sums[0]) {
			t.Errorf("%+v", sums[0])
		}
	})
}
