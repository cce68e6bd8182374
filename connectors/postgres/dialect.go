package postgres

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// dialect implements sqlgen.Dialect. Computed values have one SQL type a kind: bigint, numeric (Uint too),
// float8, text, bytea, timestamptz, timestamp, interval. A column may be of a narrower type, which
// PostgreSQL's comparison operators take without a cast, so that indexes stay usable.
type dialect struct{}

var _ sqlgen.Dialect = dialect{}

// Name implements sqlgen.Dialect.
func (dialect) Name() string { return "postgres" }

// QuoteIdent implements sqlgen.Dialect.
func (dialect) QuoteIdent(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// Placeholder implements sqlgen.Dialect.
func (dialect) Placeholder(n int) string { return "$" + strconv.Itoa(n) }

// refuse returns a refusal of what an operand holds.
func refuse(what string) *query.Refusal { return &query.Refusal{Reason: "postgres: " + what} }

func atom(sql string) sqlgen.Operand { return sqlgen.Operand{SQL: sql, Prec: sqlgen.PrecAtom} }

// fails is atom for SQL that may be NULL although no operand is.
func fails(sql string) sqlgen.Operand {
	return sqlgen.Operand{SQL: sql, Prec: sqlgen.PrecAtom, Fails: true}
}

// The SQL type of a kind's computed values.
var sqlTypes = map[value.Kind]string{
	value.Bool: "bool", value.Int: "bigint", value.Uint: "numeric", value.Double: "float8", value.Decimal: "numeric",
	value.String: "text", value.Bytes: "bytea", value.Timestamp: "timestamptz", value.LocalTimestamp: "timestamp", value.Duration: "interval",
}

// Bind implements sqlgen.Dialect: parameters travel as text. A time finer than a microsecond is passed
// rounded down; whoever takes such an operand asks finer first.
func (dialect) Bind(v value.Value) (sqlgen.Param, *query.Refusal) {
	var text string
	switch v.Kind() {
	case value.Bool:
		text = strconv.FormatBool(v.Bool())
	case value.Int:
		text = strconv.FormatInt(v.Int(), 10)
	case value.Uint:
		text = strconv.FormatUint(v.Uint(), 10)
	case value.Double:
		text = doubleText(v.Double())
	case value.Decimal:
		text = v.Decimal().String()
	case value.String:
		text = v.Str()
		if strings.IndexByte(text, 0) >= 0 {
			return sqlgen.Param{}, refuse("text with a NUL")
		}
	case value.Bytes:
		text = `\x` + hex.EncodeToString([]byte(v.Str()))
	case value.Timestamp:
		text = v.Time().Truncate(time.Microsecond).Format("2006-01-02 15:04:05.999999") + "+00"
	case value.LocalTimestamp:
		text = v.Time().Truncate(time.Microsecond).Format("2006-01-02 15:04:05.999999")
	case value.Duration:
		us := int64(v.Duration()) / nanosPerMicro
		if int64(v.Duration())%nanosPerMicro < 0 {
			us--
		}
		text = strconv.FormatInt(us, 10) + " microseconds"
	case value.JSON, value.List, value.Null:
		return sqlgen.Param{}, refuse(v.Kind().String() + " literal")
	}
	return sqlgen.Param{Arg: text, After: "::" + sqlTypes[v.Kind()]}, nil
}

func doubleText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// finer reports whether o is a literal time or span that microseconds cannot hold.
func finer(o sqlgen.Operand) bool {
	if o.Lit == nil {
		return false
	}
	switch o.Lit.Val.Kind() {
	case value.Timestamp, value.LocalTimestamp:
		return o.Lit.Val.Time().Nanosecond()%nanosPerMicro != 0
	case value.Duration:
		return o.Lit.Val.Duration()%nanosPerMicro != 0
	default:
		return false
	}
}

// metaOf returns what Describe noted of a plain column, nil otherwise.
func metaOf(o sqlgen.Operand) *columnMeta {
	if o.Col == nil {
		return nil
	}
	m, _ := o.Col.Col.Meta.(*columnMeta)
	return m
}

// Bounds of what assay represents: the years 1 to 9999, and spans of 64 bits of nanoseconds.
const (
	firstTimestamp = "'0001-01-01 00:00:00'::timestamp"
	pastTimestamp  = "'10000-01-01 00:00:00'::timestamp"
	firstInstant   = "'0001-01-01 00:00:00+00'::timestamptz"
	pastInstant    = "'10000-01-01 00:00:00+00'::timestamptz"
	firstDate      = "'0001-01-01'::date"
	lastDate       = "'9999-12-31'::date"
	longestSpan    = "'9223372036854775 microseconds'::interval"
	longestBack    = "'-9223372036854775 microseconds'::interval"
)

// Column implements sqlgen.Dialect.
func (dialect) Column(_ *sqlgen.Writer, ref string, c *query.Column) (sqlgen.Operand, *query.Refusal) {
	m, ok := c.Col.Meta.(*columnMeta)
	if !ok {
		return sqlgen.Operand{}, refuse("a column that this connector has not described")
	}
	if m.expr != "" {
		return atom(strings.ReplaceAll(m.expr, "%s", ref)), nil
	}
	guarded := func(good, sql string) (sqlgen.Operand, *query.Refusal) {
		o := atom("CASE WHEN " + good + " THEN " + sql + " END")
		o.OK, o.IsNull, o.Present = "("+good+") IS NOT FALSE", ref+" IS NULL", good
		return o, nil
	}
	switch m.family {
	case famOID:
		return atom(ref + "::bigint"), nil
	case famBpchar, famUUID:
		return atom(ref + "::text"), nil
	case famText:
		if m.oid != oidText && m.oid != oidVarchar {
			return atom(ref + "::text"), nil // name, enum
		}
		return atom(ref), nil
	case famNumeric:
		if m.mod >= 0 { // a declared precision keeps the infinities out
			o := atom("nullif(" + ref + ", 'NaN')")
			o.OK, o.IsNull = "("+ref+" = 'NaN') IS NOT TRUE", ref+" IS NULL"
			return o, nil
		}
		return guarded(ref+" > '-Infinity' AND "+ref+" < 'Infinity'", ref)
	case famTimestamptz:
		return guarded(ref+" >= "+firstInstant+" AND "+ref+" < "+pastInstant, ref)
	case famTimestamp:
		return timestampColumn(ref, c, guarded)
	case famDate:
		return guarded(ref+" >= "+firstDate+" AND "+ref+" <= "+lastDate, ref+"::timestamp AT TIME ZONE 'UTC'")
	case famTime:
		return atom(ref + "::interval"), nil
	case famInterval:
		return guarded("date_trunc('month', "+ref+") = '0'::interval AND "+ref+" >= "+longestBack+" AND "+ref+" <= "+longestSpan, ref)
	case famArray:
		o, refusal := guarded(arrayGood(m, ref), ref)
		o.Present = ref + " IS NOT NULL AND " + o.Present // what is good of an array is also true of none
		return o, refusal
	default:
		return atom(ref), nil
	}
}

var _ sqlgen.Sound = dialect{}

// SoundColumn implements sqlgen.Sound for numbers and times. What the others are guarded against is met in practice, or they are rare.
func (dialect) SoundColumn(_ *sqlgen.Writer, ref string, c *query.Column) (o sqlgen.Operand, bad string, ok bool) {
	m, known := c.Col.Meta.(*columnMeta)
	if !known || m.expr != "" {
		return o, "", false
	}
	switch m.family {
	case famNumeric:
		if m.mod >= 0 {
			return atom(ref), ref + " = 'NaN'", true
		}
		return atom(ref), ref + " = 'NaN' OR " + ref + " = 'Infinity' OR " + ref + " = '-Infinity'", true
	case famTimestamptz:
		return atom(ref), ref + " < " + firstInstant + " OR " + ref + " >= " + pastInstant, true
	case famTimestamp:
		bad = ref + " < " + firstTimestamp + " OR " + ref + " >= " + pastTimestamp
		if c.Col.Zone == "" {
			return atom(ref), bad, true
		}
		if offset, fixed := fixedOffset(c.Col.Zone); fixed && offset == 0 {
			return naive(ref, ref), bad, true
		}
	case famDate:
		return naive(ref, ref+"::timestamp"), ref + " < " + firstDate + " OR " + ref + " > " + lastDate, true
	default:
	}
	return o, "", false
}

// naive renders a column whose naive timestamps, clock, are those of UTC.
func naive(ref, clock string) sqlgen.Operand {
	o := atom(instantOf(clock))
	o.Alt, o.IsNull, o.Present = clock, ref+" IS NULL", ref+" IS NOT NULL"
	return o
}

// instantOf renders a naive timestamp of UTC as an instant. An offset of zero is the zone, without the search for its name in every row.
func instantOf(naive string) string { return "(" + naive + " AT TIME ZONE '0'::interval)" }

// arrayGood is the condition under which an array is a list: one dimension, and no element that is none of its type.
func arrayGood(m *columnMeta, ref string) string {
	// NULL for a null, as every guard must be: it also tells what is present.
	good := "(array_ndims(" + ref + ") = 1 OR cardinality(" + ref + ") = 0)"
	switch m.elemf {
	case famNumeric:
		return good + " AND '-Infinity' < ALL (" + ref + ") AND 'Infinity' > ALL (" + ref + ")"
	case famTimestamptz:
		return good + " AND " + firstInstant + " <= ALL (" + ref + ") AND " + pastInstant + " > ALL (" + ref + ")"
	case famTimestamp:
		return good + " AND " + firstTimestamp + " <= ALL (" + ref + ") AND " + pastTimestamp + " > ALL (" + ref + ")"
	case famDate:
		return good + " AND " + firstDate + " <= ALL (" + ref + ") AND " + lastDate + " >= ALL (" + ref + ")"
	default:
		return good
	}
}

// timestampColumn renders a naive timestamp: itself, or the instant in the zone of its dataset. That of a named zone
// stays naive, with the bounds that Go's tables give: see opaque.
func timestampColumn(ref string, c *query.Column, guarded func(good, sql string) (sqlgen.Operand, *query.Refusal)) (sqlgen.Operand, *query.Refusal) {
	within := ref + " >= " + firstTimestamp + " AND " + ref + " < " + pastTimestamp
	if c.Col.Zone == "" {
		return guarded(within, ref)
	}
	offset, ok := fixedOffset(c.Col.Zone)
	switch {
	case !ok:
		loc, err := value.LoadZone(c.Col.Zone)
		if err != nil {
			return sqlgen.Operand{}, refuse("unknown time zone")
		}
		wall := func(sec int64) string {
			return "'" + time.Unix(sec, 0).In(loc).Format("2006-01-02 15:04:05") + "'::timestamp"
		}
		first := wall(value.MinUnix)
		if time.Unix(value.MinUnix, 0).In(loc).Year() < 1 {
			first = "'0001-" + time.Unix(value.MinUnix, 0).In(loc).Format("01-02 15:04:05") + " BC'::timestamp"
		}
		return guarded(ref+" >= "+first+" AND "+ref+" < "+wall(value.MaxUnix+1), ref)
	case offset == 0:
		return guarded(within, ref+" AT TIME ZONE 'UTC'")
	}
	shift := "'" + strconv.Itoa(offset) + " seconds'::interval"
	return guarded(ref+" >= "+firstTimestamp+" + "+shift+" AND "+ref+" < "+pastTimestamp+" + "+shift,
		"("+ref+" - "+shift+") AT TIME ZONE 'UTC'")
}

// opaque refuses values that this dialect can select and tell from null but not compute with: naive
// timestamps in a zone with daylight saving, which only Go's zone tables turn into the instants that assay means,
// and text whose stored bytes are not UTF-8.
func opaque(operands ...sqlgen.Operand) *query.Refusal {
	for _, o := range operands {
		switch {
		case o.Expr == nil || !opaqueExpr(o.Expr):
		case o.Type.Kind == value.Timestamp:
			return refuse("timestamp without time zone in a named zone")
		default:
			return refuse("text in a database that is not encoded in UTF-8")
		}
	}
	return nil
}

func opaqueExpr(e query.Expr) bool {
	switch e := e.(type) {
	case *query.Column:
		if m, ok := e.Col.Meta.(*columnMeta); ok && m.foreign {
			return true
		}
		if e.Col.Zone == "" {
			return false
		}
		_, fixed := fixedOffset(e.Col.Zone)
		return !fixed
	case *query.Call:
		if e.Op != query.OpCond {
			return false
		}
		return opaqueExpr(e.Args[1]) || opaqueExpr(e.Args[2])
	default:
		return false
	}
}

// fixedOffset returns the seconds east of UTC of a zone that has but one offset.
func fixedOffset(zone string) (int, bool) {
	switch zone {
	case "", "UTC", "Etc/UTC", "Z":
		return 0, true
	}
	if !strings.Contains(zone, ":") {
		return 0, false
	}
	loc, err := value.LoadZone(zone)
	if err != nil {
		return 0, false
	}
	_, offset := time.Unix(0, 0).In(loc).Zone()
	return offset, true
}

// CountIf implements sqlgen.Dialect.
func (dialect) CountIf(cond string) string { return "count(*) FILTER (WHERE " + cond + ")" }

// OrderBy implements sqlgen.Dialect. Columns whose own order is right are taken bare, for their indexes.
func (dialect) OrderBy(o sqlgen.Operand, desc bool) string {
	sql := o.Atom()
	if m := metaOf(o); m != nil && m.expr == "" {
		switch m.family {
		case famUUID, famInt2, famInt4, famInt8, famOID, famNumeric, famDate, famTime, famTimestamptz, famTimestamp:
			sql = o.Ref
		default:
		}
	}
	if o.Type.Kind == value.String && sql != o.Ref || o.Type.Kind == value.String && !nativeBytewise(o) {
		if m := metaOf(o); m == nil || m.family != famUUID {
			sql += ` COLLATE "C"`
		}
	}
	if desc {
		return sql + " DESC NULLS LAST"
	}
	return sql
}

// nativeBytewise reports whether the text of a plain column has bytewise order by its own collation.
func nativeBytewise(o sqlgen.Operand) bool {
	m := metaOf(o)
	return m != nil && m.expr == "" && (m.bytewise && m.family == famText && (m.oid == oidText || m.oid == oidVarchar))
}

// GroupKey implements sqlgen.Dialect.
func (dialect) GroupKey(_ *sqlgen.Writer, o sqlgen.Operand) (string, *query.Refusal) {
	if r := opaque(o); r != nil {
		return "", r
	}
	switch o.Type.Kind {
	case value.Double:
		return float8(o), nil
	case value.JSON, value.List, value.Null:
		return "", refuse("grouping by " + o.Type.String())
	case value.String:
		if m := metaOf(o); m != nil && m.family == famUUID {
			return o.Ref + "::text", nil
		}
		return bytewise(o), nil
	default:
		if finer(o) {
			return "", refuse("a time finer than a microsecond")
		}
		return o.SQL, nil
	}
}

// Output implements sqlgen.Dialect.
func (dialect) Output(o sqlgen.Operand) string {
	if m := metaOf(o); m != nil {
		if m.expr != "" {
			return strings.ReplaceAll(m.expr, "%s", o.Ref)
		}
		return o.Ref
	}
	t := sqlTypes[o.Type.Kind]
	if t == "" || o.Type.Kind == value.Int && strings.HasPrefix(o.SQL, "count(") {
		return o.SQL
	}
	return o.Atom() + "::" + t
}
