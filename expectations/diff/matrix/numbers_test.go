package matrix

import (
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

const (
	maxInt  = "9223372036854775807"
	minInt  = "-9223372036854775808"
	maxUint = "18446744073709551615"
)

func integers() []entry {
	small := func(lo, hi string) ([][2]string, [][2]string) {
		return join(alike("0", "1", "-1", lo, hi), two(nothing, nothing)), two("0", "1", "1", "-1", "0", nothing, nothing, "0", hi, lo)
	}
	pair := func(l, r side, lo, hi string) entry {
		same, differ := small(lo, hi)
		return entry{l: l, r: r, same: same, differ: differ}
	}
	return []entry{
		pair(pg("smallint"), my("smallint"), "-32768", "32767"),
		pair(pg("smallint"), my("tinyint"), "-128", "127"),
		pair(pg("integer"), my("int"), "-2147483648", "2147483647"),
		pair(pg("integer"), my("mediumint"), "-8388608", "8388607"),
		pair(pg("bigint"), my("bigint"), minInt, maxInt),
		pair(pg("bigint"), es("long"), minInt, maxInt),
		pair(pg("integer"), es("integer"), "-2147483648", "2147483647"),
		pair(pg("smallint"), es("short"), "-32768", "32767"),
		pair(my("tinyint"), es("byte"), "-128", "127"),
		pair(pg("bigint"), sl("INTEGER"), minInt, maxInt),
		pair(my("bigint"), sl("BIGINT"), minInt, maxInt),
		pair(sl("INTEGER"), es("long"), minInt, maxInt),
		{l: pg("bigint"), r: my("bigint unsigned"), same: alike("0", maxInt), differ: two(maxInt, "9223372036854775808", "-1", maxUint, "0", nothing)},
		{l: pg("numeric(20,0)"), r: my("bigint unsigned"), same: alike("0", maxInt, "9223372036854775808", maxUint), differ: two("18446744073709551614", maxUint, "-1", maxUint, "0", nothing)},
		{l: pg("numeric"), r: my("bigint unsigned"), same: two(maxUint, maxUint, "1.000", "1"), differ: two("1.5", "1", "1.5", "2", "-1", "1")},
		{l: pg("bigint"), r: my("int unsigned"), same: alike("0", "4294967295"), differ: two("-1", "4294967295")},
		{l: pg("oid"), r: my("int unsigned"), same: alike("0", "4294967295"), differ: two("1", "4294967295")},
		{l: pg("smallint"), r: my("year"), same: alike("1901", "2024", "2155"), differ: two("24", "2024")},
		{l: pg("integer"), r: my("bit(8)"), same: two("5", "=b'00000101'", "255", "=b'11111111'"), differ: two("5", "=b'00000100'", "0", nothing)},
		{l: pg("numeric(20,0)"), r: my("bit(64)"), same: two(maxUint, "="+maxUint), differ: two("0", "="+maxUint)},
		{
			l: pg("int GENERATED ALWAYS AS (k * 2) STORED"), r: my("int GENERATED ALWAYS AS (k * 2 + (k >= 3)) VIRTUAL"),
			same: two("", "", "", "", "", ""), differ: two("", "", "", ""),
		},
		{
			l: my("int GENERATED ALWAYS AS (k + 1) STORED"), r: sl("INT GENERATED ALWAYS AS (k + 1 + (k >= 2)) VIRTUAL"),
			same: two("", "", "", ""), differ: two("", "", "", ""),
		},
		{
			l: pg("integer"), r: my("int"), say: "tolerance: 2", o: within(canon.Tolerance{Abs: value.NewDec(2, 0)}),
			same: two("1", "3", "-1", "1"), differ: two("1", "4", "1", nothing),
		},
	}
}

func within(t canon.Tolerance) canon.Options {
	t.Set = true
	return canon.Options{Tolerance: t}
}

func bools() []entry {
	same, differ := two("true", "1", "false", "0", nothing, nothing), two("true", "0", "false", "1", "false", nothing)
	return []entry{
		{l: pg("boolean"), r: my("boolean"), same: same, differ: join(differ, two("true", "2", "true", "-1"))},
		{l: pg("boolean"), r: my("tinyint(1)").as("bool"), same: join(same, two("true", "2")), differ: differ},
		{l: pg("boolean"), r: my("bit(1)"), same: two("true", "=b'1'", "false", "=b'0'"), differ: two("true", "=b'0'", "false", nothing)},
		{l: pg("boolean"), r: es("boolean"), same: alike("true", "false"), differ: two("true", "false", "false", nothing)},
		{l: pg("boolean"), r: sl("BOOLEAN"), same: same, differ: differ},
		{l: my("boolean"), r: es("boolean"), same: exchanged(same[:2]), differ: two("0", "true", "2", "true", nothing, "false")},
		{l: my("boolean"), r: sl("BOOLEAN"), same: alike("0", "1"), differ: two("2", "1", "0", "1")},
		{l: sl("BOOLEAN"), r: es("boolean"), same: exchanged(same[:2]), differ: two("0", "true")},
		{l: pg("smallint"), r: pg("boolean"), same: exchanged(same), differ: two("2", "true", "-1", "true")},
	}
}

func decimals() []entry {
	same := alike("0", "1.10", "-1.10", "99999999.99", "0.01", "-0.01")
	differ := two("1.10", "1.11", "0.01", "-0.01", "0.00", nothing, "99999999.99", "99999999.98")
	big := "12345678901234567890123456789012345.0123456789"
	return []entry{
		{l: pg("numeric(10,2)"), r: my("decimal(10,2)"), same: same, differ: differ},
		{l: pg("numeric(10,2)"), r: sl("TEXT").as("decimal"), same: join(same, two("1.10", "1.1", "1.10", "+01.100", "100", "1e2")), differ: differ},
		{l: pg("numeric(10,2)"), r: sl("DECIMAL(10,2)"), same: same, differ: differ},
		{l: pg("numeric(10,2)"), r: es("keyword").as("decimal"), same: join(same, two("1.10", "1.1")), differ: differ},
		{l: my("decimal(10,2)"), r: es("double"), same: same, differ: differ},
		{l: pg("numeric(10,2)"), r: es("double"), same: join(same, two("2.68", "2.675", "2.67", "2.675", "3.14", "3.14159")), differ: join(differ, two("3.15", "3.14159"))},
		{l: pg("numeric(45,10)"), r: my("decimal(65,10)"), same: alike(big, "-"+big), differ: two(big, "12345678901234567890123456789012345.0123456788", big, "12345678901234567890123456789012346.0123456789")},
		{l: pg("numeric(45,10)"), r: es("keyword").as("decimal"), same: alike(big), differ: two(big, "12345678901234567890123456789012345.0123456788")},
		{l: pg("numeric"), r: my("decimal(65,30)"), same: alike("0.000000000000000000000000000001", "1e20"), differ: two("0.000000000000000000000000000001", "0", "0.000000000000000000000000000001", "0.000000000000000000000000000002")},
		{l: pg("numeric"), r: sl("TEXT").as("decimal"), same: two("1e-40", "1e-40", "1.5", "1.500", "1e100", "1e100"), differ: two("1e-40", "0", "NaN", "0", "NaN", "NaN", "1", "one")},
		{l: pg("numeric(12,6)"), r: my("decimal(10,2)"), same: two("1.005", "1.01", "-1.005", "-1.01", "1.004999", "1.00", "2.5", "2.50"), differ: two("1.005", "1.00", "1.004999", "1.01", "1.01", "1.02")},
		{l: my("decimal(12,6)"), r: pg("numeric(10,-2)"), same: two("150", "150", "149.999999", "100", "-150", "-200"), differ: two("150", "100", "149.999999", "200")},
		{l: my("decimal(10,2)"), r: es("long"), same: two("5.00", "5", "-5", "-5"), differ: two("5.50", "5", "5.50", "6", "5", "-5")},
		{l: pg("numeric(10,2)"), r: pg("integer"), same: two("5.00", "5"), differ: two("5.5", "6", "5.5", "5")},
		{
			l: pg("numeric(10,4)"), r: my("decimal(10,4)"), say: "tolerance: 0.01", o: within(canon.Tolerance{Abs: value.NewDec(1, 2)}),
			same: two("1.00", "1.01", "-0.005", "0.005"), differ: two("1.00", "1.0101"),
		},
	}
}

func doubles() []entry {
	const third, singleThird = "0.3333333333333333", "0.33333334"
	return []entry{
		{
			l: pg("double precision"), r: my("double"),
			same:   join(alike("0", "0.1", third, "1e300", "-1.7976931348623157e308", "2.2250738585072014e-308", "5e-324", "9007199254740993", "123456789.12345678"), two("-0", "0", "0", "-0.0", nothing, nothing)),
			differ: two("0.1", "0.10000000000000002", third, "0.33333333333333337", "NaN", "0", "Infinity", "1.7976931348623157e308", "NaN", nothing, "5e-324", "0", "1", "-1"),
		},
		{l: pg("double precision"), r: pg("double precision"), same: alike("NaN", "Infinity", "-Infinity", "0.1"), differ: two("NaN", "Infinity", "Infinity", "-Infinity", "NaN", "0")},
		{l: pg("double precision"), r: es("double"), same: alike("0.1", third, "1e300", "5e-324", "-1.5"), differ: two("0.1", "0.10000000000000002", "NaN", "=null", "1", "2")},
		{l: pg("double precision"), r: sl("REAL"), same: join(alike("0.1", third, "1e300"), two("Infinity", "=9e999", "-Infinity", "=-9e999", "2", "2")), differ: two("0.1", "0.10000000000000002", "NaN", nothing, "Infinity", "=-9e999")},
		{l: my("double"), r: es("double"), same: alike("0.1", third, "1e300"), differ: two("0.1", "0.10000000000000002")},
		{l: my("double"), r: sl("DOUBLE PRECISION"), same: alike("0.1", third, "1e300"), differ: two("0.1", "0.10000000000000002")},
		{
			l: pg("real"), r: my("float"), same: join(alike("0", "0.1", singleThird, "3.4e38", "-1.1754944e-38", "16777216"), two("-0", "0")),
			differ: two("0.1", "0.10000001", singleThird, "0.33333337", "16777216", "16777218", "NaN", "0", "Infinity", "3.4e38"),
		},
		{l: pg("real"), r: my("double"), same: two("0.1", "0.1", "0.1", "0.10000000149011612", singleThird, third, singleThird, singleThird), differ: two("0.1", "0.10000001", singleThird, "0.3333334")},
		{l: my("float"), r: pg("double precision"), same: two("0.1", "0.1", singleThird, third, "16777216", "16777217"), differ: two("0.1", "0.1001", "16777216", "16777218", "0", "NaN")},
		{l: pg("real"), r: es("float"), same: two("0.1", "0.1", "0.1", "0.10000000149011612", singleThird, singleThird), differ: two("0.1", "0.1000001", "1", "2")},
		{l: pg("double precision"), r: es("float"), same: alike("0.1", third), differ: two("0.1", "0.1000001")},
		{l: pg("double precision"), r: es("half_float"), same: alike("0.1", "1.5"), differ: two("0.1", "0.11")},
		{l: my("float"), r: sl("REAL"), same: two("0.1", "0.1", singleThird, third), differ: two("0.1", "0.1000001")},
		{l: pg("bigint"), r: my("double"), same: alike("0", "9007199254740992", "-9007199254740992", "4611686018427387904"), differ: two("9007199254740993", "9007199254740992", maxInt, "9223372036854775808", "1", "1.5")},
		{l: pg("bigint"), r: es("double"), same: alike("0", "9007199254740992"), differ: two("9007199254740993", "9007199254740992", "1", "1.5")},
		{l: my("bigint unsigned"), r: pg("double precision"), same: alike("9223372036854775808"), differ: two(maxUint, "18446744073709551616", "1", "NaN", "0", "Infinity")},
		{
			l: pg("double precision"), r: my("decimal(10,2)"), same: two("2.675", "2.68", "2.675", "2.67", "0.125", "0.13", "-0.125", "-0.13", "3.14159", "3.14", "0.1", "0.1", "0.004", "0"),
			differ: two("3.14159", "3.15", "0.125", "0.12", "0.006", "0", "NaN", "0", "Infinity", "99999999.99"),
		},
		{l: pg("double precision"), r: pg("numeric"), same: two("0.1", "0.1", third, "0.33333333333333331", "1e22", "1e22"), differ: two("0.1", "0.1000000000000001", third, "0.333333333333333", "1", "1.0000001")},
		{
			l: pg("real"), r: my("decimal(20,10)"), same: two("0.1", "0.1", "0.1", "0.1000000015", singleThird, "0.3333333433", singleThird, singleThird, "16777216", "16777216"),
			differ: two("0.1", "0.1000001", singleThird, "0.333333", "16777216", "16777218"),
		},
		{l: my("float"), r: pg("numeric(6,3)"), same: two("0.00188", "0.002", "100.98", "100.98", "0.0025", "0.003", "0.0025", "0.002"), differ: two("0.00188", "0.001", "100.98", "100.981")},
		{
			l: pg("double precision"), r: my("double"), say: "tolerance: 0.01", o: within(canon.Tolerance{Abs: value.NewDec(1, 2)}),
			same: two("0.31", "0.30", "1e15", "1e15", "-0.005", "0.005"), differ: two("0.31", "0.299", "NaN", "0", "1", "-1"),
		},
		{
			l: pg("double precision"), r: my("double"), say: "tolerance: {rel: 1e-9}", o: within(canon.Tolerance{Rel: 1e-9}),
			same: two("1e300", "1.0000000005e300"), differ: two("1", "1.000000002"),
		},
		{
			l: pg("double precision"), r: my("double"), say: "tolerance: {ulp: 4}", o: within(canon.Tolerance{ULP: 4}),
			same: two("0.3", "0.30000000000000004", "1", "1.0000000000000009"), differ: two("1", "1.0000000000000011", "0", "1e-320"),
		},
	}
}
