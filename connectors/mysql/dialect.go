package mysql

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// dialect is the SQL of one flavour. Text is utf8mb4 under the flavour's bytewise collation throughout, without padding.
// Durations are whole microseconds in a BIGINT. Dates that are no dates are NULL with an OK condition.
type dialect struct{ flavour flavour }

var _ sqlgen.Dialect = dialect{}

// binary is the bytewise collation as a suffix.
func (d dialect) binary() string { return " COLLATE " + d.flavour.collation() }

// Name implements sqlgen.Dialect.
func (d dialect) Name() string { return d.flavour.String() }

// QuoteIdent implements sqlgen.Dialect.
func (dialect) QuoteIdent(name string) string { return ident(name) }

// Placeholder implements sqlgen.Dialect.
func (dialect) Placeholder(int) string { return "?" }

func (d dialect) refuse(what string, e query.Expr) *query.Refusal { return sqlgen.Refuse(d, what, e) }

// Bind implements sqlgen.Dialect. The driver writes the values into the text, so that a typed literal
// can be formed around them: 5, 1.5e0, TIMESTAMP'…'.
func (d dialect) Bind(v value.Value) (sqlgen.Param, *query.Refusal) {
	switch v.Kind() {
	case value.Bool:
		return sqlgen.Param{Arg: v.Bool()}, nil
	case value.Int:
		return sqlgen.Param{Arg: v.Int()}, nil
	case value.Uint:
		return sqlgen.Param{Arg: v.Uint()}, nil
	case value.Double:
		return d.bindDouble(v.Double())
	case value.Decimal:
		return d.bindDecimal(v.Decimal())
	case value.String:
		return sqlgen.Param{Arg: v.Str()}, nil
	case value.Bytes:
		return sqlgen.Param{Arg: []byte(v.Str())}, nil
	case value.Timestamp, value.LocalTimestamp:
		t := v.Time()
		if t.Nanosecond()%1000 != 0 {
			return sqlgen.Param{}, d.refuse("timestamp finer than a microsecond", nil)
		}
		text := t.Format("2006-01-02 15:04:05.000000")
		return sqlgen.Param{Arg: text, Before: "TIMESTAMP", Text: text}, nil
	case value.Duration:
		if v.Duration()%time.Microsecond != 0 {
			return sqlgen.Param{}, d.refuse("duration finer than a microsecond", nil)
		}
		return sqlgen.Param{Arg: v.Duration().Microseconds(), Text: strconv.FormatInt(v.Duration().Microseconds(), 10)}, nil
	case value.JSON, value.List, value.Null:
	}
	return sqlgen.Param{}, d.refuse("literal of type "+v.Type().String(), nil)
}

func (d dialect) bindDouble(f float64) (sqlgen.Param, *query.Refusal) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return sqlgen.Param{}, d.refuse("NaN and infinity", nil)
	}
	p := sqlgen.Param{Arg: f}
	// An exponent makes the driver's text a double; without one it would be a DECIMAL.
	if !strings.ContainsRune(strconv.FormatFloat(f, 'g', -1, 64), 'e') {
		p.After = "e0"
	}
	return p, nil
}

// MySQL's DECIMAL holds 65 digits, 30 of them behind the point.
const (
	maxDigits = 65
	maxScale  = 30
)

func (d dialect) bindDecimal(n value.Dec) (sqlgen.Param, *query.Refusal) {
	text := n.String()
	g := digitsOf(text)
	switch {
	case !g.fits():
		return sqlgen.Param{}, d.refuse("decimal of more than 65 digits", nil)
	case g.scale == 0 && g.whole <= 18:
		if i, ok := n.Int64(); ok {
			return sqlgen.Param{Arg: i, Text: text}, nil
		}
	}
	typ := "DECIMAL(" + strconv.Itoa(g.whole+g.scale) + "," + strconv.Itoa(g.scale) + ")"
	return sqlgen.Param{Arg: text, Before: "CAST(", After: " AS " + typ + ")", Text: text}, nil
}

// Column implements sqlgen.Dialect.
func (d dialect) Column(_ *sqlgen.Writer, ref string, c *query.Column) (sqlgen.Operand, *query.Refusal) {
	n := nativeOf(c.Col)
	atom := func(sql string) (sqlgen.Operand, *query.Refusal) {
		return sqlgen.Operand{SQL: sql, Prec: sqlgen.PrecAtom}, nil
	}
	switch {
	case c.Col.Type.Kind == value.Bool:
		return sqlgen.Operand{SQL: ref + " <> 0", Prec: sqlgen.PrecCompare, IsNull: ref + " IS NULL"}, nil
	case n.is("year"):
		return atom("CAST(" + ref + " AS SIGNED)") // a bare YEAR takes 24 for 2024
	case n.is("bit"):
		return atom("CAST(" + ref + " AS UNSIGNED)")
	case n.is("float"):
		return atom("CAST(" + ref + " AS DOUBLE)") // keeps comparisons from being folded to single precision
	case n.loose():
		// Its own test for JSON takes 1. and "\\x": only a Select uses the operand, for the column as it stands; see Caps.
		return sqlgen.Operand{SQL: ref, Prec: sqlgen.PrecAtom, OK: "JSON_VALID(" + ref + ")"}, nil
	case c.Col.Type.Kind == value.String:
		return sqlgen.Operand{SQL: d.bytewise(n, ref), Prec: sqlgen.PrecArith, IsNull: ref + " IS NULL"}, nil
	case n.is("time"):
		// Adding it to a day keeps the sign and the microseconds.
		return sqlgen.Operand{
			SQL:  "TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'2000-01-01 00:00:00', ADDTIME(TIMESTAMP'2000-01-01 00:00:00.000000', " + ref + "))",
			Prec: sqlgen.PrecAtom, IsNull: ref + " IS NULL",
		}, nil
	case n.datelike():
		return d.date(ref, n, c.Col), nil
	}
	return atom(ref)
}

// bytewise renders text so that it compares octet by octet. Where the collation is that already nothing is added, and an index serves.
func (d dialect) bytewise(n native, ref string) string {
	switch {
	case n.collation == d.flavour.collation() && n.is("char", "varchar", "tinytext", "text", "mediumtext", "longtext"):
		return ref
	case n.charset == "utf8mb4" && n.is("char", "varchar", "tinytext", "text", "mediumtext", "longtext"):
		return ref + d.binary()
	}
	return "CONVERT(" + ref + " USING utf8mb4)" + d.binary()
}

// date renders a column that may hold zero, partial or impossible dates, which sql_mode lets in. Null is
// tested by <=>: MySQL takes "d IS NULL" for the zero date where d is NOT NULL.
func (dialect) date(ref string, n native, c value.Column) sqlgen.Operand {
	good, sql := goodDate(ref, n, c)
	o := sqlgen.Operand{
		SQL: "CASE WHEN " + good + " THEN " + sql + " END", Prec: sqlgen.PrecAtom,
		OK: "((" + good + ") IS TRUE OR " + ref + " <=> NULL)", IsNull: "(" + ref + " <=> NULL)",
	}
	if c.NotNull {
		o.OK, o.IsNull = "(("+good+") IS TRUE)", "FALSE"
	}
	return o
}

// goodDate renders the condition under which a column holds a date that is one, and that date.
func goodDate(ref string, n native, c value.Column) (good, sql string) {
	sql = ref
	good = "DAYOFMONTH(" + ref + ") BETWEEN 1 AND DAYOFMONTH(LAST_DAY(" + ref + ")) AND " + ref + " >= TIMESTAMP'0001-01-01 00:00:00'"
	if n.is("timestamp") {
		good = "MONTH(" + ref + ") <> 0" // only the zero value is possible
	}
	if off, fixed := offsetOf(c.Zone); fixed && off != 0 {
		sql = "DATE_SUB(" + ref + ", INTERVAL " + strconv.Itoa(off) + " SECOND)"
		good += " AND " + sql + " >= TIMESTAMP'0001-01-01 00:00:00'"
	} else if !fixed {
		good += namedBounds(ref, c.Zone)
	}
	return good, sql
}

// namedBounds keeps out the hours at the ends of the calendar that are of the year 0 or 10000 in UTC: Go's tables say which those are.
func namedBounds(ref, zone string) string {
	loc, err := value.LoadZone(zone)
	if err != nil {
		return ""
	}
	const layout = "2006-01-02 15:04:05"
	out := ""
	if first := time.Unix(value.MinUnix, 0).In(loc); first.Year() >= 1 {
		out += " AND " + ref + " >= TIMESTAMP'" + first.Format(layout) + "'"
	}
	if past := time.Unix(value.MaxUnix+1, 0).In(loc); past.Year() <= 9999 {
		out += " AND " + ref + " < TIMESTAMP'" + past.Format(layout) + "'"
	}
	return out
}

// offsetOf returns the seconds east of UTC of a zone without rules; "" is UTC.
func offsetOf(zone string) (int, bool) {
	switch zone {
	case "", "UTC", "Etc/UTC", "GMT", "Etc/GMT":
		return 0, true
	}
	if !strings.Contains(zone, ":") {
		return 0, false
	}
	loc, err := value.LoadZone(zone)
	if err != nil {
		return 0, false
	}
	_, off := time.Unix(0, 0).In(loc).Zone()
	return off, true
}

// usable refuses operands whose value SQL does not have: naive times of a named zone, documents.
func (d dialect) usable(os ...sqlgen.Operand) *query.Refusal {
	for _, o := range os {
		switch o.Type.Kind {
		case value.JSON, value.List:
			return d.refuse("operand of type "+o.Type.String(), o.Expr)
		default:
		}
		if o.Expr != nil && namedZone(o.Expr) {
			return d.refuse("naive timestamp of a named time zone", o.Expr)
		}
	}
	return nil
}

func namedZone(e query.Expr) bool {
	switch e := e.(type) {
	case *query.Column:
		_, fixed := offsetOf(e.Col.Zone)
		return !fixed
	case *query.Call:
		return slices.ContainsFunc(e.Args, namedZone)
	}
	return false
}

// OrderBy implements sqlgen.Dialect. Where nothing can be null, or wrapped, an index gives the order.
func (d dialect) OrderBy(o sqlgen.Operand, desc bool) string {
	key, null := o.Paren(sqlgen.PrecArith), o.Paren(sqlgen.PrecCompare)+" IS NULL, "
	if o.Col != nil {
		null = o.Ref + " IS NULL, "
		if o.Type.Kind != value.String {
			key = o.Ref
		}
		if o.Col.Col.NotNull {
			null = ""
		}
	}
	if desc {
		key += " DESC"
	}
	return null + key
}

// GroupKey implements sqlgen.Dialect.
func (d dialect) GroupKey(_ *sqlgen.Writer, o sqlgen.Operand) (string, *query.Refusal) {
	if r := d.usable(o); r != nil {
		return "", r
	}
	if r := d.tooLong(o.Expr); r != nil {
		return "", r
	}
	if o.Type.Kind == value.Double {
		return o.Paren(sqlgen.PrecArith) + " + 0e0", nil // -0.0 and 0.0 are one
	}
	return o.SQL, nil
}

// Output implements sqlgen.Dialect.
func (dialect) Output(o sqlgen.Operand) string {
	if o.Col != nil && !nativeOf(o.Col.Col).is("float") {
		return o.Ref
	}
	return o.SQL
}
