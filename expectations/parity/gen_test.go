package parity

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// kind is a type that the generator makes expressions of.
type kind int

const (
	kBool kind = iota
	kInt
	kUint
	kDouble
	kDecimal
	kString
	kBytes
	kTime
	kSpan
	kLocal
)

// schema has two or three columns of every scalar kind, a list and a document.
func schema() []value.Column {
	c := func(name string, k value.Kind) value.Column { return value.Column{Name: name, Type: value.Of(k)} }
	cols := []value.Column{
		c("b1", value.Bool), c("b2", value.Bool), c("i1", value.Int), c("i2", value.Int), c("i3", value.Int),
		c("u1", value.Uint), c("u2", value.Uint), c("f1", value.Double), c("f2", value.Double),
		c("m1", value.Decimal), c("m2", value.Decimal), c("m3", value.Decimal), c("s1", value.String), c("s2", value.String), c("s3", value.String),
		c("y1", value.Bytes), c("y2", value.Bytes), c("t1", value.Timestamp), c("t2", value.Timestamp),
		c("p1", value.Duration), c("p2", value.Duration), c("l1", value.LocalTimestamp), c("l2", value.LocalTimestamp),
		{Name: "tags", Type: value.ListOf(value.Of(value.String))},
		c("doc", value.JSON),
	}
	for i := range cols {
		if strings.HasSuffix(cols[i].Name, "1") {
			cols[i].MayErr = true
		}
	}
	return cols
}

// kindOf are the generator's kinds by logical type.
var kindOf = map[value.Kind]kind{
	value.Bool: kBool, value.Int: kInt, value.Uint: kUint, value.Double: kDouble, value.Decimal: kDecimal,
	value.String: kString, value.Bytes: kBytes, value.Timestamp: kTime, value.Duration: kSpan, value.LocalTimestamp: kLocal,
}

// gen draws expressions.
type gen struct {
	r    *rand.Rand
	cols map[kind][]string // the columns to draw from
	tags bool              // there is a list called tags and a document called doc
}

// use takes the columns of a schema.
func (g *gen) use(cols []value.Column) {
	g.cols, g.tags = map[kind][]string{}, false
	for i := range cols {
		if k, ok := kindOf[cols[i].Type.Kind]; ok && cols[i].Name != "id" {
			g.cols[k] = append(g.cols[k], cols[i].Name)
		}
		g.tags = g.tags || cols[i].Name == "tags"
	}
}

func (g *gen) pick(ss ...string) string { return ss[g.r.IntN(len(ss))] }
func (g *gen) col(k kind) string {
	if len(g.cols[k]) == 0 {
		return g.literal(k)
	}
	return "row." + g.pick(g.cols[k]...)
}
func (g *gen) one(n int) bool                  { return g.r.IntN(n) == 0 }
func (g *gen) paren(s string) string           { return "(" + s + ")" }
func (g *gen) kinds(ks ...kind) kind           { return ks[g.r.IntN(len(ks))] }
func (g *gen) scalar() kind                    { return kind(g.r.IntN(int(kLocal) + 1)) }
func (g *gen) two(k kind, d int) (a, b string) { return g.expr(k, d-1), g.expr(k, d-1) }

// expr draws an expression of a kind, at most d deep.
func (g *gen) expr(k kind, d int) string {
	if d <= 0 || g.one(6) {
		if g.one(3) && k != kLocal {
			return g.literal(k)
		}
		return g.col(k)
	}
	if g.one(12) && k != kLocal {
		a, b := g.two(k, d)
		return fmt.Sprintf("(%s ? %s : %s)", g.expr(kBool, d-1), a, b)
	}
	switch k {
	case kBool:
		return g.bool(d)
	case kInt:
		return g.int(d)
	case kUint:
		return g.uint(d)
	case kDouble:
		return g.double(d)
	case kDecimal:
		return g.decimal(d)
	case kString:
		return g.string(d)
	case kBytes:
		a, b := g.two(k, d)
		return g.pick(g.paren(a+" + "+b), "bytes("+g.expr(kString, d-1)+")", "bytes("+a+")")
	case kTime:
		return g.time(d)
	case kSpan:
		return g.span(d)
	}
	return g.col(k)
}

func (g *gen) bool(d int) string {
	switch g.r.IntN(22) {
	case 0, 1, 2:
		a, b := g.two(kBool, d)
		return g.paren(a + g.pick(" && ", " || ") + b)
	case 3:
		return "!" + g.paren(g.expr(kBool, d-1))
	case 4, 5, 6, 7:
		a, b := g.two(g.scalar(), d)
		return g.paren(a + g.pick(" == ", " != ", " < ", " <= ", " > ", " >= ") + b)
	case 8, 9:
		// numbers of different kinds
		ks := []kind{kInt, kUint, kDouble, kDecimal}
		a, b := g.expr(ks[g.r.IntN(4)], d-1), g.expr(ks[g.r.IntN(4)], d-1)
		return g.paren(a + g.pick(" == ", " != ", " < ", " <= ", " > ", " >= ") + b)
	case 10:
		return g.paren(g.expr(g.scalar(), d-1) + g.pick(" == ", " != ") + "null")
	case 11, 12:
		k := g.kinds(kInt, kDouble, kDecimal, kString, kUint, kBool, kTime)
		var ls []string
		for range 1 + g.r.IntN(4) {
			switch {
			case g.one(8):
				ls = append(ls, "null")
			case g.one(10):
				ls = append(ls, g.col(k))
			default:
				ls = append(ls, g.literal(k))
			}
		}
		return g.paren(g.expr(k, d-1) + " in [" + strings.Join(ls, ", ") + "]")
	case 13, 14:
		a, b := g.two(kString, d)
		return a + g.pick(".contains(", ".startsWith(", ".endsWith(") + b + ")"
	case 15:
		return g.expr(kString, d-1) + ".matches(" + g.pick(patterns...) + ")"
	case 16:
		return g.pick("math.isNaN", "math.isInf", "math.isFinite") + "(" + g.expr(kDouble, d-1) + ")"
	case 17:
		return "bool(" + g.expr(kString, d-1) + ")"
	case 18:
		return g.expr(kString, d-1) + "." + g.pick("isEmail", "isUri", "isUuid", "isIp", "isHostname", "isUriRef", "isIpPrefix") + "()"
	case 19:
		if !g.tags {
			return g.expr(kString, d-1) + ".isUuid()"
		}
		return g.pick("row.tags.exists(x, x == "+g.expr(kString, d-1)+")", "row.tags.all(x, x != null)",
			"("+g.expr(kString, d-1)+" in row.tags)", "(row.tags == null)", "(row.doc == null)", "(row.tags.size() > 1)")
	case 20:
		if !g.tags {
			return "has(row.s1)"
		}
		return g.pick("(row.doc.a == "+g.expr(g.kinds(kInt, kString, kDecimal, kDouble), d-1)+")", "(row.doc.a > "+g.expr(g.kinds(kInt, kDouble), d-1)+")",
			"has(row.doc.a)", "has(row.s1)", "row.doc.b", "(dyn("+g.expr(kInt, d-1)+") == "+g.expr(kDouble, d-1)+")")
	default:
		return g.expr(kDouble, d-1) + g.pick(".isNan()", ".isFinite()", ".isInf()")
	}
}

func (g *gen) int(d int) string {
	a, b := g.two(kInt, d)
	s := g.expr(kString, d-1)
	switch g.r.IntN(14) {
	case 0, 1, 2, 3:
		return g.paren(a + g.pick(" + ", " - ", " * ", " / ", " % ") + b)
	case 4:
		return "-" + g.paren(a)
	case 5:
		return g.pick("abs(", "math.abs(", "math.sign(", "int(") + a + ")"
	case 6:
		return g.pick("math.greatest(", "math.least(") + a + ", " + b + ")"
	case 7:
		return g.pick("size("+s+")", "size("+g.expr(kBytes, d-1)+")", s+".size()", g.tagsSize(s))
	case 8:
		return "int(" + g.expr(g.kinds(kDouble, kUint, kString, kDecimal, kTime, kSpan), d-1) + ")"
	case 9, 10:
		zone := g.pick("", "", `"Europe/Berlin"`, `"+05:30"`, `"America/New_York"`, `"UTC"`)
		return g.expr(kTime, d-1) + "." + g.pick("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear",
			"getHours", "getMinutes", "getSeconds", "getMilliseconds") + "(" + zone + ")"
	case 11:
		return g.expr(kSpan, d-1) + "." + g.pick("getHours", "getMinutes", "getSeconds", "getMilliseconds") + "()"
	case 12:
		return s + g.pick(".indexOf(", ".lastIndexOf(") + g.expr(kString, d-1) + ")"
	default:
		return s + g.pick(".indexOf(", ".lastIndexOf(") + g.expr(kString, d-1) + ", " + g.small() + ")"
	}
}

func (g *gen) tagsSize(s string) string {
	if g.tags {
		return "size(row.tags)"
	}
	return "size(" + s + ")"
}

func (g *gen) uint(d int) string {
	a, b := g.two(kUint, d)
	switch g.r.IntN(6) {
	case 0, 1, 2:
		return g.paren(a + g.pick(" + ", " - ", " * ", " / ", " % ") + b)
	case 3:
		return g.pick("math.sign(", "uint(") + a + ")"
	case 4:
		return g.pick("math.greatest(", "math.least(") + a + ", " + b + ")"
	default:
		return "uint(" + g.expr(g.kinds(kDouble, kInt, kString), d-1) + ")"
	}
}

func (g *gen) double(d int) string {
	a, b := g.two(kDouble, d)
	switch g.r.IntN(9) {
	case 0, 1, 2:
		return g.paren(a + g.pick(" + ", " - ", " * ", " / ") + b)
	case 3:
		return "-" + g.paren(a)
	case 4:
		return g.pick("abs(", "math.abs(", "math.sign(", "double(") + a + ")"
	case 5:
		return g.pick("math.greatest(", "math.least(") + a + ", " + b + ")"
	case 6:
		return g.pick("math.ceil(", "math.floor(", "math.round(", "math.trunc(") + a + ")"
	case 7:
		return g.paren(a + g.pick(" + ", " * ", " - ", " / ") + strconv.Itoa(g.r.IntN(5)))
	default:
		return "double(" + g.expr(g.kinds(kInt, kUint, kString, kDecimal), d-1) + ")"
	}
}

func (g *gen) decimal(d int) string {
	a, b := g.two(kDecimal, d)
	switch g.r.IntN(8) {
	case 0, 1, 2:
		return g.paren(a + g.pick(" + ", " - ", " * ", " / ", " % ") + b)
	case 3:
		return g.pick("abs(", "-(", "decimal(") + a + ")"
	case 4, 5:
		other := g.expr(g.kinds(kInt, kDouble, kUint), d-1)
		if g.one(2) {
			a, other = other, a
		}
		return g.paren(a + g.pick(" + ", " - ", " * ", " / ") + other)
	case 6:
		return fmt.Sprintf("(%s ? %s : %s)", g.expr(kBool, d-1), a, g.expr(g.kinds(kInt, kUint), d-1))
	default:
		return "decimal(" + g.expr(g.kinds(kInt, kUint, kString, kDouble), d-1) + ")"
	}
}

func (g *gen) string(d int) string {
	a, b := g.two(kString, d)
	switch g.r.IntN(9) {
	case 0, 1:
		return g.paren(a + " + " + b)
	case 2:
		return a + g.pick(".lowerAscii()", ".upperAscii()", ".trim()", ".reverse()")
	case 3:
		return a + ".substring(" + g.small() + ")"
	case 4:
		return a + ".substring(" + g.small() + ", " + g.small() + ")"
	case 5:
		return a + ".charAt(" + g.small() + ")"
	case 6:
		return a + ".replace(" + b + ", " + g.literal(kString) + ")"
	case 7:
		return g.pick("("+a+".split("+g.literal(kString)+").size() > 1 ? "+a+" : "+b+")", "string("+a+")")
	default:
		return "string(" + g.expr(g.kinds(kInt, kUint, kDouble, kDecimal, kBool, kBytes, kTime, kSpan), d-1) + ")"
	}
}

func (g *gen) time(d int) string {
	a := g.expr(kTime, d-1)
	switch g.r.IntN(5) {
	case 0, 1:
		return g.paren(a + g.pick(" + ", " - ") + g.expr(kSpan, d-1))
	case 2:
		return g.paren(g.expr(kSpan, d-1) + " + " + a)
	case 3:
		return "timestamp(" + g.expr(g.kinds(kString, kInt), d-1) + ")"
	default:
		return g.pick("now", "timestamp("+a+")")
	}
}

func (g *gen) span(d int) string {
	a, b := g.two(kSpan, d)
	switch g.r.IntN(5) {
	case 0, 1:
		return g.paren(a + g.pick(" + ", " - ") + b)
	case 2:
		return g.paren(g.expr(kTime, d-1) + " - " + g.expr(kTime, d-1))
	case 3:
		return "duration(" + g.expr(kString, d-1) + ")"
	default:
		return "abs(" + a + ")"
	}
}

// small draws a position.
func (g *gen) small() string {
	if g.one(6) {
		return g.col(kInt)
	}
	return strconv.Itoa(g.r.IntN(7) - 1)
}

// patterns are regular expressions that stores read differently from Go.
var patterns = []string{
	`"^a"`, `"b$"`, `"."`, `"^.$"`, `"\\w+"`, `"(?i)straße"`, `"\\d{2,3}"`, `"[[:alpha:]]"`, `"a|é"`, `"^$"`, `"(?s).\\n"`, `"\\s"`, `"\\pL"`, `"x*"`, `"\\bab\\b"`,
}

// literal draws a literal of a kind.
func (g *gen) literal(k kind) string {
	v := g.value(k)
	switch k {
	case kBool:
		return strconv.FormatBool(v.Bool())
	case kInt:
		if v.Int() == math.MinInt64 {
			return "(-9223372036854775808)"
		}
		return g.signed(strconv.FormatInt(v.Int(), 10))
	case kUint:
		return strconv.FormatUint(v.Uint(), 10) + "u"
	case kDouble:
		f := v.Double()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return `double("` + strconv.FormatFloat(f, 'g', -1, 64) + `")`
		}
		s := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		if len(s) > 40 {
			s = strconv.FormatFloat(f, 'e', -1, 64)
		}
		return g.signed(s)
	case kDecimal:
		return `decimal("` + v.Decimal().String() + `")`
	case kString:
		return celQuote(v.Str())
	case kBytes:
		return "b" + strings.ReplaceAll(celQuote(v.Str()), `\u00`, `\x`)
	case kTime:
		return `timestamp("` + v.Time().Format(time.RFC3339Nano) + `")`
	case kSpan:
		return `duration("` + v.Duration().String() + `")`
	}
	return "null"
}

func (g *gen) signed(s string) string {
	if s[0] == '-' {
		return "(" + s + ")"
	}
	return s
}

// celQuote writes a text as CEL does, octet by octet where it is not UTF-8.
func celQuote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

var (
	ints    = []int64{0, 1, -1, 2, 3, 7, 10, 100, -5, math.MaxInt64, math.MinInt64, math.MaxInt32, math.MinInt32, 1 << 53, 1<<53 + 1, 3037000500, 1700000000, -62135596800, 253402300799}
	uints   = []uint64{0, 1, 2, 3, 10, math.MaxUint64, math.MaxInt64, 1 << 63, 1 << 53, 1<<53 + 1, math.MaxUint32}
	doubles = []float64{
		0, math.Copysign(0, -1), 1, -1, 0.1, 0.2, 0.3, 2.5, -2.5, 1.5, 1e15, 1e300, -1e300, 1 << 53, 9.223372036854775807e18, -9.223372036854775808e18,
		1.8446744073709552e19, math.SmallestNonzeroFloat64, math.MaxFloat64, math.NaN(), math.Inf(1), math.Inf(-1), 3, 7.25, 1e-7, 123456789.125,
	}
	decimals = []string{"0", "1", "-1", "0.1", "0.2", "0.3", "0.30", "3", "2.5", "-2.5", "99999999999999999999999999999999999999", "0.00000000000000000001", "12345678901234567890.123456789", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e30", "7.25", "100"}
	strs     = []string{
		"", " ", "a", "ab", "abc", "ABC", "aé", "e\u0301", "é", "straße", "STRASSE", "ı", "İ", "Σ", "ς", "12", "12abc", " 12", "1e3", "NaN", "-0.0", "0x10", "%", "_", "\\", "'", "\"", "a\nb", "\t", "\x00", "a\x00b", "😀", "😀b", "שלום", "true", "false", "T",
		"2024-02-29T12:00:00Z", "2024-02-30T00:00:00Z", "24h", "1.5s", "-90m", "trailing  ", "\u00a0x\u2003", "x@example.com", "https://example.com/a?b#c", "127.0.0.1", "::1", "10.0.0.0/8", "example.com:80", "9c5b94b1-35ad-49bb-b118-8e8fc24abf80", "abcabcabc", "1_000", "+5", "99999999999999999999",
	}
	times = []time.Time{
		time.Unix(0, 0), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Date(1582, 10, 10, 0, 0, 0, 0, time.UTC),
		time.Date(1900, 2, 28, 23, 59, 59, 0, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 500000000, time.UTC), time.Date(2024, 2, 29, 12, 30, 15, 123456789, time.UTC),
		time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC), time.Date(2025, 10, 26, 0, 30, 0, 1000, time.UTC), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	spans = []time.Duration{0, 1, -1, time.Second, -90 * time.Second, 24 * time.Hour, 1500 * time.Millisecond, math.MaxInt64, math.MinInt64, 36*time.Hour + 5*time.Minute, -time.Microsecond, 876000 * time.Hour}
	docs  = []string{`{"a": 1, "b": true}`, `{"a": "x"}`, `{"a": 2.5, "b": null}`, `{}`, `[]`, `null`, `{"a": {"c": 1}}`, `{"a": 9007199254740993}`, `{"a": null, "b": "true"}`, `"text"`, `3`}
)

// value draws a value of a kind, hostile or plain, never null.
func (g *gen) value(k kind) value.Value {
	r := g.r
	switch k {
	case kBool:
		return value.BoolValue(g.one(2))
	case kInt:
		switch r.IntN(3) {
		case 0:
			return value.IntValue(int64(r.IntN(12) - 4))
		case 1:
			return value.IntValue(int64(r.Uint64()) >> r.IntN(64))
		}
		return value.IntValue(ints[r.IntN(len(ints))])
	case kUint:
		switch r.IntN(3) {
		case 0:
			return value.UintValue(uint64(r.IntN(8)))
		case 1:
			return value.UintValue(r.Uint64() >> r.IntN(64))
		}
		return value.UintValue(uints[r.IntN(len(uints))])
	case kDouble:
		switch r.IntN(4) {
		case 0:
			return value.DoubleValue(float64(r.IntN(20)-8) / 4)
		case 1:
			return value.DoubleValue((r.Float64() - 0.5) * math.Pow(10, float64(r.IntN(24)-4)))
		}
		return value.DoubleValue(doubles[r.IntN(len(doubles))])
	case kDecimal:
		if g.one(2) {
			return value.DecimalValue(value.NewDec(int64(r.IntN(2000)-800), int32(r.IntN(4))))
		}
		d, _ := value.ParseDec(decimals[r.IntN(len(decimals))])
		return value.DecimalValue(d)
	case kString:
		return value.StringValue(strs[r.IntN(len(strs))])
	case kBytes:
		if g.one(6) {
			return value.BytesValue([]byte("a\u0301"))
		}
		return value.BytesValue([]byte(strs[r.IntN(len(strs))]))
	case kTime:
		if g.one(2) {
			return value.TimestampValue(time.Unix(r.Int64N(4e9)-1e9, int64(r.IntN(3))*333_333_333))
		}
		return value.TimestampValue(times[r.IntN(len(times))])
	case kSpan:
		if g.one(2) {
			return value.DurationValue(time.Duration(r.Int64N(1e15) - 5e14))
		}
		return value.DurationValue(spans[r.IntN(len(spans))])
	default:
		return value.LocalTimestampValue(times[r.IntN(len(times))])
	}
}

// cell draws a cell of a column; bad says that it is in error.
func (g *gen) cell(c value.Column) (v value.Value, bad bool) {
	if c.MayErr && g.one(20) {
		return value.NullValue(), true
	}
	if g.one(6) {
		return value.NullValue(), false
	}
	switch c.Type.Kind {
	case value.List:
		var vs []value.Value
		for range g.r.IntN(4) {
			if g.one(6) {
				vs = append(vs, value.NullValue())
			} else {
				vs = append(vs, g.value(kString))
			}
		}
		return value.ListValue(value.Of(value.String), vs...), false
	case value.JSON:
		return value.JSONValue(docs[g.r.IntN(len(docs))]), false
	}
	return g.value(kindOf[c.Type.Kind]), false
}

// table is a drawn table: cells by row and column.
type table struct {
	rel   query.Relation
	cells [][]value.Value
	bad   [][]bool
	batch value.Batch
	cols  []*query.Column
	store *store // a database that holds the rows too
}

func (g *gen) table(rows int) *table {
	cols := schema()
	g.use(cols)
	t := &table{rel: query.Relation{Dataset: query.Dataset{Name: "fuzz", Table: "fuzz"}, Schema: value.Schema{Columns: cols}}}
	t.batch = value.Batch{N: rows, Cols: make([]value.Vector, len(cols))}
	for i := range cols {
		t.batch.Cols[i].Reset(cols[i].Type)
		t.cols = append(t.cols, &query.Column{Index: i, Col: cols[i]})
	}
	for range rows {
		cells, bad := make([]value.Value, len(cols)), make([]bool, len(cols))
		for i := range cols {
			cells[i], bad[i] = g.cell(cols[i])
			switch {
			case bad[i]:
				t.batch.Cols[i].AppendErr()
			case cells[i].IsNull():
				t.batch.Cols[i].AppendNull()
			default:
				t.batch.Cols[i].AppendValue(cells[i])
			}
		}
		t.cells, t.bad = append(t.cells, cells), append(t.bad, bad)
	}
	return t
}
