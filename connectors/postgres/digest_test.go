package postgres

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// encodings runs what Digest would hash.
func encodings(src connectors.Source) connectortest.Encoder {
	s, _ := src.(*Source)
	return func(ctx context.Context, q digest.Request, beside *query.Column) (*value.Batch, error) {
		st, err := sqlgen.Encodings(dialect{}, q, beside)
		if err != nil {
			return nil, err
		}
		return s.all(ctx, "encode", bind(st, []output{outputOf(beside), {typ: value.Of(value.Bytes)}}))
	}
}

// required are the classes and kinds that a table must have had, with the number of forms at least.
func required(t *testing.T, r connectortest.DigestReport, atLeast map[string]int) {
	t.Helper()
	for k, n := range atLeast {
		if r.Forms[k] < n {
			t.Errorf("%d forms of %s were compared, want %d: %v", r.Forms[k], k, n, r.Forms)
		}
	}
	for reason, cols := range r.Refusals {
		switch {
		case strings.HasPrefix(reason, "postgres: encoding of "), strings.HasPrefix(reason, "postgres: normalised text"), strings.HasPrefix(reason, "postgres: bytes beside a UUID"),
			strings.HasPrefix(reason, "postgres: timestamp without time zone in a named zone"):
		default:
			t.Errorf("refused: %s: %v", reason, cols)
		}
	}
}

func TestDigestHostile(t *testing.T) {
	dsn := connectortest.PostgresDatabase(t, connectortest.LocaleICU)
	s := openDSN(t, dsn)
	d := connectortest.LoadPostgres(t, dsn, connectortest.Fit(connectortest.HostileTable(), connectortest.EnginePostgres))
	r := connectortest.CheckDigest(t, s, d, "id", encodings(s))
	t.Log(r.Forms)
	required(t, r, map[string]int{"0/bool": 2, "1/int": 2, "2/decimal": 10, "3/double": 4, "5/string": 2, "6/bytes": 2, "7/string": 2, "8/timestamp": 50, "9/local timestamp": 50, "10/duration": 50})
}

func TestDigestNative(t *testing.T) {
	dsn := connectortest.PostgresDatabase(t, connectortest.LocaleICU)
	column := func(name string, values ...string) []string { return append([]string{name}, values...) }
	texts := []string{"'a'", "'A'", "'á'", "'ab '", "''", "'<null>'", "'x|y'", "'v1:a'", "e'\\n'", "'😀'"}
	uuids := []string{
		"'0f0e0d0c-0b0a-4908-8706-050403020100'", "'0F0E0D0C-0B0A-4908-8706-050403020100'", "'0f0e0d0c0b0a49088706050403020100'", "'{0F0e0d0c-0b0a-4908-8706-050403020100}'",
		"'urn:uuid:0f0e0d0c-0b0a-4908-8706-050403020100'", "'URN:Uuid:0F0E0D0C0B0A49088706050403020100'", "'{0f0e0d0c0b0a49088706050403020100'", "'0f0e0d0c-0b0a-4908-8706-05040302010'", "'0f0e0d0c-0b0a49088706050403020100'",
		"'not a uuid'", "''", "e'0f0e0d0c-0b0a-4908-8706-050403020100\\n'", "' 0f0e0d0c-0b0a-4908-8706-050403020100'", "'gf0e0d0c-0b0a-4908-8706-050403020100'", "'{urn:uuid:0f0e0d0c-0b0a-4908-8706-050403020100}'", "'{}'",
	}
	halves := []string{"'2024-07-01 12:00:00.5'", "'2024-07-01 12:00:00.0005'", "'1999-07-01 12:00:00.5'", "'1999-07-01 12:00:00.0005'", "'1969-12-31 23:59:59.5'", "'1969-12-31 23:59:59.9995'", "'1960-01-01 00:00:00.000001'", "'1970-01-01 00:00:00'", "'1970-01-01 00:00:00.000001'"}
	for name, cols := range map[string][][]string{
		"numbers": {
			column("sm int2", "32767", "-32768", "0", "7", "-1"), column("oi oid", "4294967295", "0", "7"), column("i8 int8", "'-9223372036854775808'", "9223372036854775807", "0", "-1", "3"),
			column("num numeric(10,2)", "'NaN'", "99999999.99", "-99999999.99", "0", "1.5", "0.05", "-0.05", "0.005", "100"), column("wide numeric", "'NaN'", "'Infinity'", "'1e-300'", "'1e300'", "0.5", "-0.5", "1.50", "'-1e20'", "0.000", "-0.45", "50", "-150", "149.999"),
			column("big numeric(20,-2)", "100", "12345", "0", "-50"), column("f4 float4", "'NaN'", "'Infinity'", "0.1", "'-0'", "'1e-45'", "'3.4e38'", "1e6", "1e5", "123456", "1234567", "1e-4", "1e-5", "33554432", "8388609"), column("f8 float8", oddDoubles()...),
			column("tod time", "'24:00:00'", "'00:00'", "'12:34:56.789'", "'12:34:56.5'", "'12:34:56.0005'", "'00:00:00.000001'"), column("tod3 time(3)", "'12:34:56.789'", "'12:34:56.5'"),
			column("iv interval", "'1 day'", "'24:00:00'", "'1 month'", "'106751 days'", "'106752 days'", "'-1 microsecond'", "'-0.5 s'", "'0.5 s'", "'-0.0005 s'", "'-1.9995 s'", "'-7 s'", "'2147483647 days 999999:00:00'"),
		},
		"texts": {
			column("nm name", texts...), column("en mood", "'sad'", "'ok'", "'Happy'"), column("nd text COLLATE nd", texts...), column(`vc varchar(10) COLLATE "en-x-icu"`, texts...),
			column("c char(9)", texts...), column(`cc text COLLATE "C"`, texts...), column("d text", texts...), column("ip inet", "'10.0.0.1'", "'10.0.0.0/8'", "'::1'"),
			column("u uuid", uuids[0], "'ffffffff-ffff-ffff-ffff-ffffffffffff'"), column("ut text", uuids...), column("uc char(50) COLLATE nd", uuids...), column("by bytea", `'\x00ff'`, `''`, `'\x0f0e0d0c0b0a49088706050403020100'`),
			column("li int[]", "'{1,2}'"), column("j jsonb", "'{}'"),
		},
		"times": {
			column("dt date", "'infinity'", "'2024-02-29'", "'5874897-12-31'", "'0001-12-31 BC'", "'9999-12-31'", "'10000-01-01'", "'0001-01-01'", "'1970-01-01'"),
			column("ts timestamptz", append(halves, instants...)...), column("lt timestamp", append(halves, instants...)...), column("t3 timestamptz(3)", append(halves, "'2024-07-01 12:00:00.25'")...), column("t0 timestamp(0)", halves...),
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := openDSN(t, dsn)
			d := nativeTable(t, dsn, cols)
			for _, zone := range []string{"", "UTC", "-09:30", "Asia/Kolkata"} {
				if zone != "" && name != "times" {
					continue
				}
				d.Timezone = zone
				required(t, connectortest.CheckDigest(t, s, d, "id", encodings(s)), nil)
			}
		})
	}
}

// oddDoubles are literals at which layouts and roundings differ.
func oddDoubles() []string {
	out := []string{
		"'NaN'", "'Infinity'", "'-Infinity'", "'-0'", "'5e-324'", "'2.2250738585072014e-308'", "1e15", "1e14", "123456789012345", "1234567890123456", "0.0001", "0.00001", "1e22", "1e23", "9007199254740993",
		"'3.4028235677973362e38'", "'3.4028235677973366e38'", "'7.006492321624085e-46'", "'7.006492321624087e-46'", "9223372036854775808", "'-9223372036854775808'", "9223372036854774784", "18446744073709551615", "18446744073709549568", "0.5", "'1.7976931348623157e308'",
	}
	r := rand.New(rand.NewPCG(1, 2))
	for len(out) < 59 {
		out = append(out, fmt.Sprintf("'%v'", math.Float64frombits(r.Uint64()&^(1<<62))))
	}
	return out
}

// TestDigestDoubles compares texts of doubles where the shortest may lie in the middle of two numbers, and elsewhere.
func TestDigestDoubles(t *testing.T) {
	dsn := connectortest.Postgres(t)
	r := rand.New(rand.NewPCG(3, 4))
	var rows []string
	for i := range 4000 {
		f := math.Float64frombits(r.Uint64())
		g := math.Float32frombits(r.Uint32())
		switch i % 4 {
		case 0:
			f, g = math.Ldexp(r.Float64(), 53+r.IntN(90)), float32(math.Ldexp(r.Float64(), 24+r.IntN(35)))
		case 1: // few digits, and the numbers beside
			f = math.Float64frombits(math.Float64bits(float64(r.IntN(1000))*math.Pow10(13+r.IntN(12))) + uint64(r.IntN(3)))
			g = math.Float32frombits(math.Float32bits(float32(r.IntN(1000))*float32(math.Pow10(5+r.IntN(8)))) + uint32(r.IntN(3)))
		case 2:
			f, g = math.Trunc(math.Ldexp(r.Float64(), r.IntN(70))), float32(math.Trunc(math.Ldexp(r.Float64(), r.IntN(35))))
		}
		rows = append(rows, fmt.Sprintf("(%d, '%v', '%v')", i, f, g))
	}
	c := admin(t, dsn)
	ns := scratch(t, c)
	run(t, c, "CREATE TABLE "+ns+".f (id int PRIMARY KEY, f8 float8, f4 float4)", "INSERT INTO "+ns+".f VALUES "+strings.NewReplacer("+Inf", "Infinity", "-Inf", "-Infinity").Replace(strings.Join(rows, ", ")))
	s := openDSN(t, dsn)
	required(t, connectortest.CheckDigest(t, s, query.Dataset{Name: "f", Table: ns + ".f", Key: []string{"id"}}, "id", encodings(s)), map[string]int{"3/double": 10})
}
