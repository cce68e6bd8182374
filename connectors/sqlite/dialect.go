package sqlite

import (
	"database/sql/driver"
	"math"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

const opAdd = query.OpAdd

// dialect is SQLite's SQL with the functions registered by newDriver.
type dialect struct {
	// utf16 is set for a database in UTF-16, whose bytes do not sort as UTF-8's do.
	utf16 bool
	// row gathers the cells of a digest, nil for any other request.
	row *encoder
}

var _ sqlgen.Dialect = dialect{}

// Name implements sqlgen.Dialect.
func (dialect) Name() string { return "sqlite" }

// QuoteIdent implements sqlgen.Dialect.
func (dialect) QuoteIdent(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// Placeholder implements sqlgen.Dialect.
func (dialect) Placeholder(n int) string { return "?" + itoa(n) }

// Bind implements sqlgen.Dialect.
func (d dialect) Bind(v value.Value) (sqlgen.Param, *query.Refusal) {
	if letter(v.Kind()) == 0 {
		return sqlgen.Param{}, sqlgen.Refuse(d, v.Kind().String()+" literal", nil)
	}
	return sqlgen.Param{Arg: encode(v), Text: v.Text()}, nil
}

// Column implements sqlgen.Dialect.
func (d dialect) Column(w *sqlgen.Writer, ref string, c *query.Column) (sqlgen.Operand, *query.Refusal) {
	o := sqlgen.Operand{SQL: ref, Prec: sqlgen.PrecAtom, IsNull: ref + " IS NULL"}
	if letter(c.Col.Type.Kind) == 0 {
		return o, sqlgen.Refuse(d, "column of type "+c.Col.Type.String(), c)
	}
	if !c.Col.MayErr {
		return o, nil
	}
	switch c.Col.Type.Kind {
	case value.Int:
		o.SQL, o.OK = "CASE WHEN typeof("+ref+") = 'integer' THEN "+ref+" END", "typeof("+ref+") IN ('integer', 'null')"
	case value.Bool:
		o.SQL, o.OK = "CASE WHEN typeof("+ref+") = 'integer' AND +"+ref+" IN (0, 1) THEN "+ref+" END",
			"(typeof("+ref+") = 'null' OR typeof("+ref+") = 'integer' AND +"+ref+" IN (0, 1))"
	case value.Double:
		o.SQL, o.OK = "CASE WHEN typeof("+ref+") IN ('real', 'integer') THEN CAST("+ref+" AS REAL) END", "typeof("+ref+") IN ('real', 'integer', 'null')"
	case value.String:
		o.SQL, o.OK = "CASE WHEN typeof("+ref+") = 'text' THEN "+ref+" END", "typeof("+ref+") IN ('text', 'null')"
	case value.Bytes:
		o.SQL, o.OK = "CASE WHEN typeof("+ref+") = 'blob' THEN "+ref+" END", "typeof("+ref+") IN ('blob', 'null')"
	default:
		args := "('" + string(letter(c.Col.Type.Kind)) + "', " + d.zone(w, c) + ", " + ref + ")"
		o.SQL, o.OK = "assay_cell"+args, "assay_cell_ok"+args
	}
	return o, nil
}

// zone passes the zone in which naive texts of a column are read.
func (dialect) zone(w *sqlgen.Writer, c *query.Column) string {
	if c.Col.Zone == "" {
		return "''"
	}
	return w.Bind(sqlgen.Param{Arg: driver.Value(c.Col.Zone), Text: c.Col.Zone})
}

// plain reports whether o's double cannot be NaN, which SQLite does not store.
func plain(o sqlgen.Operand) bool {
	return o.Col != nil || o.Lit != nil && !math.IsNaN(o.Lit.Val.Double())
}

// NeverNaN implements sqlgen.NaNFree.
func (dialect) NeverNaN(o sqlgen.Operand) bool { return plain(o) }

// native reports whether SQLite's own = says what CEL's == says of a and b.
func (d dialect) native(a, b sqlgen.Operand) bool {
	if a.Type.Kind != b.Type.Kind {
		return false
	}
	switch a.Type.Kind {
	case value.Bool, value.Int, value.Uint, value.Decimal, value.String, value.Bytes, value.Timestamp, value.LocalTimestamp, value.Duration:
		return true
	case value.Double:
		return plain(a) || plain(b)
	default:
		return false
	}
}

// ordered reports likewise of < and its kin.
func (d dialect) ordered(a, b sqlgen.Operand) bool {
	if !d.native(a, b) {
		return false
	}
	switch a.Type.Kind {
	case value.Double:
		return plain(a) && plain(b)
	case value.Decimal, value.Uint:
		return false
	case value.String:
		return !d.utf16
	default:
		return true
	}
}

// side renders an operand of a native comparison. BINARY compares bytes, whatever collation the column has.
func side(o sqlgen.Operand) string {
	s := o.Atom()
	if o.Type.Kind == value.String && o.Lit == nil {
		s += " COLLATE BINARY"
	}
	return s
}

var signs = map[query.Op]string{
	query.OpEq: " = ", query.OpNe: " <> ", query.OpLt: " < ", query.OpLe: " <= ", query.OpGt: " > ", query.OpGe: " >= ",
}

// Compare implements sqlgen.Dialect.
func (d dialect) Compare(_ *sqlgen.Writer, op query.Op, a, b sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	o := sqlgen.Operand{Prec: sqlgen.PrecCompare}
	equality := op == query.OpEq || op == query.OpNe
	if equality && d.native(a, b) || d.ordered(a, b) {
		o.SQL = side(a) + signs[op] + side(b)
		return o, nil
	}
	ka, kb, ok := d.comparable(a, b)
	if !ok {
		return o, sqlgen.Refuse(d, "comparison of "+a.Type.String()+" with "+b.Type.String(), nil)
	}
	args := "('" + ka + kb + "', " + raw(a) + ", " + raw(b) + ")"
	if op == query.OpNe {
		o.SQL, o.Prec = "NOT "+prefix+query.OpEq.String()+args, sqlgen.PrecNot
	} else {
		o.SQL, o.Prec = prefix+op.String()+args, sqlgen.PrecAtom
	}
	return o, nil
}

// comparable returns the letters of two operands that value.Compare compares.
func (dialect) comparable(a, b sqlgen.Operand) (ka, kb string, ok bool) {
	la, lb := letter(a.Type.Kind), letter(b.Type.Kind)
	if la == 0 || lb == 0 || la == 'j' || lb == 'j' {
		return "", "", false
	}
	numeric := strings.IndexByte("iudm", la) >= 0 && strings.IndexByte("iudm", lb) >= 0
	return string(la), string(lb), la == lb || numeric
}

// raw renders an argument of a registered function, which reads numbers of columns as they are stored
// and takes what is none for NULL: no guard is needed.
func raw(o sqlgen.Operand) string {
	if o.Col != nil && o.Type.Kind == value.Decimal {
		return o.Ref
	}
	return o.SQL
}

// NullSafe implements sqlgen.Dialect.
func (d dialect) NullSafe(_ *sqlgen.Writer, ne bool, a, b sqlgen.Operand) (sqlgen.Operand, bool) {
	if !d.native(a, b) {
		return sqlgen.Operand{}, false
	}
	is := " IS "
	if ne {
		is = " IS NOT "
	}
	return sqlgen.Operand{SQL: side(a) + is + side(b), Prec: sqlgen.PrecCompare}, true
}

// In implements sqlgen.Dialect.
func (d dialect) In(w *sqlgen.Writer, not bool, x sqlgen.Operand, elems []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	list := make([]string, 0, len(elems))
	native := true
	for _, e := range elems {
		native = native && d.native(x, e) && (e.Type.Kind != value.Double || plain(e))
		list = append(list, e.SQL)
	}
	if native {
		word := " IN ("
		if not {
			word = " NOT IN ("
		}
		return sqlgen.Operand{SQL: side(x) + word + strings.Join(list, ", ") + ")", Prec: sqlgen.PrecCompare}, nil
	}
	return sqlgen.AnyOf(w, d, not, x, elems)
}

// Call implements sqlgen.Dialect.
func (d dialect) Call(_ *sqlgen.Writer, c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	o := sqlgen.Operand{Prec: sqlgen.PrecAtom, Fails: mayFail(c.Op, args)}
	if c.Op == query.OpMatches {
		return d.matches(c, args)
	}
	var kinds strings.Builder
	texts := make([]string, len(args))
	for i, a := range args {
		k := letter(a.Type.Kind)
		if k == 0 {
			return o, d.cannot(c, args)
		}
		kinds.WriteByte(k)
		texts[i] = raw(a)
	}
	if scalarOf(c.Op, kinds.String()) == nil {
		return o, d.cannot(c, args)
	}
	if sql, ok := d.shortcut(c.Op, args); ok {
		o.SQL = sql
		return o, nil
	}
	o.SQL = prefix + c.Op.String() + "('" + kinds.String() + "', " + strings.Join(texts, ", ") + ")"
	return o, nil
}

func (d dialect) cannot(c *query.Call, args []sqlgen.Operand) *query.Refusal {
	kinds := make([]string, len(args))
	for i, a := range args {
		kinds[i] = a.Type.String()
	}
	return sqlgen.Refuse(d, c.Op.String()+" of "+strings.Join(kinds, ", "), c)
}

func (d dialect) matches(c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	if len(args) != 2 || args[0].Type.Kind != value.String || args[1].Lit == nil || args[1].Type.Kind != value.String {
		return sqlgen.Operand{}, d.cannot(c, args)
	}
	if _, err := compile(args[1].Lit.Val.Str()); err != nil {
		return sqlgen.Operand{}, sqlgen.Refuse(d, "invalid regular expression", c)
	}
	return sqlgen.Operand{SQL: "assay_matches(" + args[0].SQL + ", " + args[1].SQL + ")", Prec: sqlgen.PrecAtom}, nil
}

// mayFail reports whether op may err over values that are not null.
func mayFail(op query.Op, args []sqlgen.Operand) bool {
	double := len(args) > 0 && args[0].Type.Kind == value.Double
	switch op {
	case query.OpSize, query.OpContains, query.OpStartsWith, query.OpEndsWith, query.OpLowerASCII, query.OpUpperASCII, query.OpTrim,
		query.OpReplace, query.OpReverse, query.OpSign, query.OpIsNaN, query.OpIsInf, query.OpIsFinite,
		query.OpCeil, query.OpFloor, query.OpRound, query.OpTrunc:
		return false
	case query.OpGreatest, query.OpLeast:
		return double
	case query.OpToDecimal:
		return double || args[0].Type.Kind == value.String
	case query.OpFullYear, query.OpMonth, query.OpDate, query.OpDayOfMonth, query.OpDayOfWeek, query.OpDayOfYear,
		query.OpHours, query.OpMinutes, query.OpSeconds, query.OpMilliseconds:
		return len(args) > 1
	default:
		return true
	}
}

// shortcut renders what SQLite itself says exactly and faster than a registered
// function; operands that would be repeated are plain ones.
func (d dialect) shortcut(op query.Op, args []sqlgen.Operand) (string, bool) {
	simple := func(kind value.Kind) bool {
		for _, a := range args {
			if a.Type.Kind != kind || a.Col == nil && a.Lit == nil || len(a.SQL) > 200 {
				return false
			}
		}
		return true
	}
	sign := map[query.Op]string{query.OpAdd: " + ", query.OpSub: " - ", query.OpMul: " * ", query.OpDiv: " / "}[op]
	switch {
	case op == query.OpContains && !d.utf16:
		return "(instr(" + args[0].SQL + ", " + args[1].SQL + ") > 0)", true
	case sign != "" && len(args) == 2 && simple(value.Int):
		// What overflows becomes REAL, a division by zero NULL.
		e := args[0].Atom() + sign + args[1].Atom()
		return "CASE WHEN typeof(" + e + ") = 'integer' THEN " + e + " END", true
	}
	return "", false
}

// CountIf implements sqlgen.Dialect.
func (dialect) CountIf(cond string) string { return "count(*) FILTER (WHERE " + cond + ")" }

// Fold implements sqlgen.Dialect.
func (d dialect) Fold(w *sqlgen.Writer, kind query.MeasureKind, q float64, arg sqlgen.Operand, cond string) (sqlgen.Operand, *query.Refusal) {
	filter := ""
	if cond != "" {
		filter = " FILTER (WHERE " + cond + ")"
	}
	o := sqlgen.Operand{Prec: sqlgen.PrecAtom}
	k := letter(arg.Type.Kind)
	if k == 0 || k == 'j' {
		return o, sqlgen.Refuse(d, "aggregate of "+arg.Type.String(), nil)
	}
	own := func(name string) string { return prefix + name + "('" + string(k) + "', " + raw(arg) + ")" + filter }
	number := strings.IndexByte("iudm", k) >= 0
	switch kind {
	case query.MeasureSum:
		switch {
		case k == 'i':
			// Neither half can overflow in less than 2^31 rows.
			o.SQL = "assay_sum128(sum(" + arg.Atom() + " >> 32)" + filter + ", sum(" + arg.Atom() + " & 4294967295)" + filter + ")"
			return o, nil
		case number || k == 'n':
			o.SQL = own("sum")
			return o, nil
		}
	case query.MeasureSumSquares:
		if number {
			o.SQL = own("sum_squares")
			return o, nil
		}
	case query.MeasureStddev:
		if k == 'd' {
			o.SQL = own("stddev")
			return o, nil
		}
	case query.MeasureMin, query.MeasureMax:
		name := "min"
		if kind == query.MeasureMax {
			name = "max"
		}
		switch {
		case k == 'm' || k == 'u' || k == 's' && d.utf16:
			o.SQL = own(name)
		default:
			o.SQL = name + "(" + side(arg) + ")" + filter
		}
		return o, nil
	case query.MeasureDistinct:
		o.SQL = "count(DISTINCT " + side(arg) + ")" + filter
		return o, nil
	case query.MeasureQuantile:
		share, refusal := w.Param(value.DoubleValue(q))
		o.SQL = prefix + "quantile('" + string(k) + "', " + raw(arg) + ", " + share + ")" + filter
		return o, refusal
	default:
	}
	return o, sqlgen.Refuse(d, "aggregate of "+arg.Type.String(), nil)
}

// OrderBy implements sqlgen.Dialect.
func (d dialect) OrderBy(o sqlgen.Operand, desc bool) string {
	dir := " NULLS LAST"
	if desc {
		dir = " DESC NULLS LAST"
	}
	if !o.MayBeNull {
		dir = strings.TrimSuffix(dir, " NULLS LAST")
	}
	if o.Type.Kind == value.Decimal {
		return orderKey(o) + dir
	}
	return side(o) + dir
}

// orderKey is a text that sorts as its decimal does.
func orderKey(o sqlgen.Operand) string { return "assay_order(" + raw(o) + ")" }

// GroupKey implements sqlgen.Dialect.
func (d dialect) GroupKey(_ *sqlgen.Writer, o sqlgen.Operand) (string, *query.Refusal) {
	switch {
	case o.Type.Kind == value.JSON, letter(o.Type.Kind) == 0:
		return "", sqlgen.Refuse(d, "group by "+o.Type.String(), nil)
	case o.Type.Kind == value.Double && !plain(o):
		return "", sqlgen.Refuse(d, "group by a computed double", nil)
	}
	return side(o), nil
}

// Output implements sqlgen.Dialect. The sign + hides a column's declared type from the driver, which would parse
// the texts of DATE and TIMESTAMP columns.
func (dialect) Output(o sqlgen.Operand) string {
	if o.Col != nil {
		return "+" + o.Ref
	}
	return o.SQL
}
