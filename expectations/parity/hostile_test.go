package parity

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/value"
)

// The sizes of the table: the second columns go through all their values once too, and then
// rows are drawn from everything.
const (
	mixedRows = 64
	longText  = 1 << 20
)

// hostileTable is connectortest's table with a second column of every kind, whose values meet those of
// the first in another order, a column with a text of 1 MB, and further rows that mix it all.
// It is the same on every call.
func hostileTable(t testing.TB) connectortest.Table {
	t.Helper()
	tb := connectortest.HostileTable()
	tb.Name = "parity"
	r := rand.New(rand.NewPCG(3, 14))
	add := func(name, like string, more ...value.Value) {
		at := tb.Index(like)
		if at < 0 {
			t.Fatalf("the hostile table has no column %s", like)
		}
		c := tb.Columns[at]
		c.Name = name
		tb.Columns = append(tb.Columns, c)
		vs := append(distinct(tb, at), more...)
		r.Shuffle(len(vs), func(i, j int) { vs[i], vs[j] = vs[j], vs[i] })
		for n, row := range tb.Rows {
			v := vs[n%len(vs)]
			if n == 0 || n%13 == 7 {
				v = value.NullValue()
			}
			tb.Rows[n] = append(row, connectortest.Cell{Value: v})
		}
	}
	add("b2", "b")
	add("u2", "u")
	add("d2", "d", value.DoubleValue(1e308), value.DoubleValue(-0.1), value.DoubleValue(100.5))
	add("dec2", "dec", exactNumbers(t, "0.3", "-3", "0.33333333333333333333", "1e3", "2.50")...)
	add("s2", "s", texts("abc", "12", "-12", "9223372036854775807", "9223372036854775808", "1.5", "1e400", ".5", "+7", "0b1", "TRUE", "t", "2024-02-29T12:00:00Z",
		"2024-02-30T12:00:00Z", "1h30m", "-0.5s", "Straße", "STRASSE", "a\tb", "'quoted'", "日本語", "\u0345", "ǅ",
		// not UTF-8: a stray octet, a sequence cut short, a surrogate, an overlong slash
		"a\xffc", "\xc3", "a\xed\xa0\x80c", "\xc0\xaf")...)
	add("by2", "by", value.BytesValue([]byte("\xc3\x28")), value.BytesValue([]byte("é")))
	add("ts2", "ts", instants(t, "2024-03-10T07:30:00Z", "2024-11-03T05:30:00Z", "2024-11-03T06:30:00Z", "2016-12-31T23:59:59Z", "2024-05-05T12:00:00.000001Z")...)
	add("lt2", "lt")
	add("tod2", "tod")
	add("j2", "j", documents(`{"a": 1, "a": 2}`, `{"n": 123456789012345678901234567890}`, `{"a": "1"}`, `{"a": [1, null, "x"]}`, `{"a": {"b": {"c": null}}}`,
		`{"a": true}`, `{"a": -2.5}`, strings.Repeat(`[`, 90)+strings.Repeat(`]`, 90))...)
	amounts := exactNumbers(t, "0", "1.5", "-1.5", "0.01", "3", "100", "9999999999.99", "-9999999999.99", "12.34", "-0.01", "2.5")
	for n, name := range []string{"amount", "amount2"} {
		tb.Columns = append(tb.Columns, connectortest.Column{Name: name, Type: value.Of(value.Decimal), Native: map[connectortest.Engine]string{
			connectortest.EnginePostgres: "numeric(12,2)", connectortest.EngineMySQL: "decimal(12,2)",
		}})
		for i, row := range tb.Rows {
			v := amounts[(i*(n+1)+n)%len(amounts)]
			if i == 0 || (i+n)%9 == 5 {
				v = value.NullValue()
			}
			tb.Rows[i] = append(row, connectortest.Cell{Value: v})
		}
	}
	big := connectortest.Column{Name: "big", Type: value.Of(value.String), Native: map[connectortest.Engine]string{connectortest.EngineMySQL: "longtext"}}
	tb.Columns = append(tb.Columns, big)
	for n, row := range tb.Rows {
		v := value.StringValue([...]string{"", "needle", "hay", "abc"}[n%4])
		switch n {
		case 0:
			v = value.NullValue()
		case 5:
			v = value.StringValue(strings.Repeat("hay ", longText/4-2) + "needle")
		}
		tb.Rows[n] = append(row, connectortest.Cell{Value: v})
	}
	mix(&tb, r)
	addZoned(t, &tb)
	return tb
}

// distinct returns the values that stand in a column, each once, without nulls.
func distinct(tb connectortest.Table, col int) []value.Value {
	seen := map[string]bool{}
	var out []value.Value
	for _, row := range tb.Rows {
		c := row[col]
		if k := c.Text(); !c.IsNull() && !c.Err() && !seen[k] {
			seen[k] = true
			out = append(out, c.Value)
		}
	}
	return out
}

// mix appends rows of values drawn from all of each column's, a ninth of them null, and rows in
// which nearly everything is null.
func mix(tb *connectortest.Table, r *rand.Rand) {
	lists := make([][]value.Value, len(tb.Columns))
	for c := range tb.Columns {
		lists[c] = distinct(*tb, c)
	}
	key := tb.Index("id")
	for n := range mixedRows {
		row := make([]connectortest.Cell, len(tb.Columns))
		nulls := 9
		if n%16 == 15 {
			nulls = 1
		}
		for c := range row {
			v := lists[c][r.IntN(len(lists[c]))]
			if nulls == 1 && r.IntN(5) > 0 || nulls > 1 && r.IntN(nulls) == 0 || len(v.Str()) > 10_000 {
				v = value.NullValue()
			}
			row[c] = connectortest.Cell{Value: v}
		}
		row[key] = connectortest.Cell{Value: value.IntValue(int64(len(tb.Rows)))}
		tb.Rows = append(tb.Rows, row)
	}
}

// fitTo is connectortest.Fit and what concerns the columns that this table has of its own.
func fitTo(tb connectortest.Table, e connectortest.Engine) connectortest.Table {
	if e == connectortest.EngineElasticsearch {
		tb = without(tb, "big") // beyond what a keyword holds
	}
	if e != connectortest.EngineMemory {
		tb = without(tb, zonedColumn) // of a dataset of its own: see zoned
	}
	out := connectortest.Fit(tb, e)
	refused := map[connectortest.Engine]string{
		connectortest.EngineMySQL:   "123456789012345678901234567890", // its JSON keeps numbers as doubles beyond 64 bits: another document
		connectortest.EngineMariaDB: strings.Repeat("[", 33),          // its check takes no deeper document
	}[e]
	if refused != "" {
		at := out.Index("j2")
		for _, row := range out.Rows {
			if strings.Contains(row[at].Str(), refused) {
				row[at] = connectortest.Cell{}
			}
		}
	}
	return out
}

// without returns the table without a column.
func without(tb connectortest.Table, name string) connectortest.Table {
	at := tb.Index(name)
	if at < 0 {
		return tb
	}
	out := connectortest.Table{Name: tb.Name, Key: tb.Key}
	out.Columns = append(append(out.Columns, tb.Columns[:at]...), tb.Columns[at+1:]...)
	for _, row := range tb.Rows {
		out.Rows = append(out.Rows, append(append([]connectortest.Cell{}, row[:at]...), row[at+1:]...))
	}
	return out
}

func exactNumbers(t testing.TB, ss ...string) []value.Value {
	t.Helper()
	out := make([]value.Value, len(ss))
	for i, s := range ss {
		d, err := value.ParseDec(s)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = value.DecimalValue(d)
	}
	return out
}

func instants(t testing.TB, ss ...string) []value.Value {
	t.Helper()
	out := make([]value.Value, len(ss))
	for i, s := range ss {
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = value.TimestampValue(at)
	}
	return out
}

func texts(ss ...string) []value.Value {
	out := make([]value.Value, len(ss))
	for i, s := range ss {
		out[i] = value.StringValue(s)
	}
	return out
}

func documents(ss ...string) []value.Value {
	out := make([]value.Value, len(ss))
	for i, s := range ss {
		out[i] = value.JSONValue(s)
	}
	return out
}

// TestHostileTable holds the table to what the suite promises of it.
func TestHostileTable(t *testing.T) {
	tb := hostileTable(t)
	allNull := 0
	for _, row := range tb.Rows {
		nulls := 0
		for _, c := range row {
			if c.IsNull() {
				nulls++
			}
		}
		if nulls == len(row)-1 {
			allNull++
		}
	}
	if allNull == 0 {
		t.Error("no row is null in every column")
	}
	for c := range tb.Columns {
		if vs := distinct(tb, c); len(vs) < 2 {
			t.Errorf("column %s has %d values", tb.Columns[c].Name, len(vs))
		}
	}
	has := func(col string, ok func(value.Value) bool, what string) {
		if !slices.ContainsFunc(distinct(tb, tb.Index(col)), ok) {
			t.Errorf("column %s holds no %s", col, what)
		}
	}
	for _, col := range []string{"d", "d2"} {
		has(col, func(v value.Value) bool { return math.IsNaN(v.Double()) }, "NaN")
		has(col, func(v value.Value) bool { return math.IsInf(v.Double(), 1) }, "infinity")
		has(col, func(v value.Value) bool { return v.Double() == 0 && math.Signbit(v.Double()) }, "negative zero")
	}
	for _, s := range []string{"", " ", "%", "_", `\`, "'", "\x00", "\n", "\x1b", "😀", "é", "e\u0301", "ß", "ı", "ς", "12abc", " 12", "1e3", "NaN"} {
		has("s", func(v value.Value) bool { return s != "" && strings.Contains(v.Str(), s) || v.Str() == s }, "text with "+s)
	}
	has("s2", func(v value.Value) bool { return !utf8.ValidString(v.Str()) }, "text that is not UTF-8")
	has("i", func(v value.Value) bool { return v.Int() == math.MinInt64 }, "smallest int")
	has("big", func(v value.Value) bool { return len(v.Str()) > longText/2 }, "long text")
	has("tod", func(v value.Value) bool { return v.Duration() == 24*time.Hour }, "24:00:00")
}
