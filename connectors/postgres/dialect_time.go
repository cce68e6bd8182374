package postgres

import (
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

func isTime(k value.Kind) bool { return k == value.Timestamp || k == value.LocalTimestamp }

// times renders sums and differences of instants and spans, NULL outside what assay represents. The operands
// lie within it themselves, so nothing here leaves PostgreSQL's own, wider, range.
func times(w *sqlgen.Writer, op query.Op, a, b sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	ka, kb := a.Type.Kind, b.Type.Kind
	x, y := a.Atom(), b.Atom()
	if op == query.OpAdd && ka == value.Duration && isTime(kb) {
		x, y, ka, kb = y, x, kb, ka
	}
	sign := " + "
	if op == query.OpSub {
		sign = " - "
	}
	e := "(" + x + sign + y + ")"
	switch {
	case op != query.OpAdd && op != query.OpSub:
	case isTime(ka) && kb == value.Duration:
		first, past := firstInstant, pastInstant
		if ka == value.LocalTimestamp {
			first, past = firstTimestamp, pastTimestamp
		}
		if x, y := a.Alt+b.Alt, y; x != "" && w.MayRaise() { // the clock of UTC moves as the instant does
			e := "(" + x + sign + y + ")"
			w.Doubt(e + " < " + firstTimestamp + " OR " + e + " >= " + pastTimestamp)
			o := atom(instantOf(e))
			o.Alt = e
			return o, nil
		}
		if w.Doubt(e + " < " + first + " OR " + e + " >= " + past) {
			return atom(e), nil
		}
		return fails("CASE WHEN " + e + " >= " + first + " AND " + e + " < " + past + " THEN " + e + " END"), nil
	case op == query.OpSub && isTime(ka) && ka == kb, ka == value.Duration && kb == value.Duration:
		if a.Alt != "" && b.Alt != "" {
			e = "(" + a.Alt + sign + b.Alt + ")" // as far apart as the instants
		}
		if w.Doubt(e + " < " + longestBack + " OR " + e + " > " + longestSpan) {
			return atom(e), nil
		}
		return fails("CASE WHEN " + e + " >= " + longestBack + " AND " + e + " <= " + longestSpan + " THEN " + e + " END"), nil
	}
	return sqlgen.Operand{}, refuse(op.String() + " of " + a.Type.String() + " and " + b.Type.String())
}

// parts are the fields of extract, and what makes CEL's numbering of them.
var parts = map[query.Op]struct {
	field string
	base  int
}{
	query.OpFullYear: {"year", 0}, query.OpMonth: {"month", 1}, query.OpDate: {"day", 0}, query.OpDayOfMonth: {"day", 1},
	query.OpDayOfWeek: {"dow", 0}, query.OpDayOfYear: {"doy", 1}, query.OpHours: {"hour", 0}, query.OpMinutes: {"minute", 0},
	query.OpSeconds: {"second", 0}, query.OpMilliseconds: {"milliseconds", 0},
}

// naiveUTC renders a naive timestamp whose zone is UTC as the timestamp that it is stored as, sparing the way to
// an instant and back; ok is false for anything else.
func naiveUTC(o sqlgen.Operand) (sql string, ok bool) {
	if o.Alt != "" {
		return o.Alt, true
	}
	m := metaOf(o)
	if m == nil || m.expr != "" || m.family != famTimestamp || o.Type.Kind != value.Timestamp {
		return "", false
	}
	if offset, fixed := fixedOffset(o.Col.Col.Zone); !fixed || offset != 0 {
		return "", false
	}
	return strings.TrimSuffix(o.SQL, " AT TIME ZONE 'UTC' END") + " END", strings.HasSuffix(o.SQL, " AT TIME ZONE 'UTC' END")
}

// wall renders two instants for comparison: by their clocks in UTC where one is stored so and the other is too, or is
// a literal.
func wall(w *sqlgen.Writer, a, b sqlgen.Operand) (x, y string) {
	x, okX := naiveUTC(a)
	y, okY := naiveUTC(b)
	switch {
	case okX && okY:
		return x, y
	case okX && b.Lit != nil:
		return x, clock(w, b.Lit)
	case okY && a.Lit != nil:
		return clock(w, a.Lit), y
	}
	return a.Atom(), b.Atom()
}

// clock passes a literal instant as its clock in UTC.
func clock(w *sqlgen.Writer, l *query.Literal) string {
	return w.Bind(sqlgen.Param{Arg: l.Val.Time().Format("2006-01-02 15:04:05.999999"), After: "::timestamp"})
}

func (d dialect) timePart(c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	a := args[0]
	x := a.Atom()
	switch a.Type.Kind {
	case value.Timestamp:
		if at, ok := naiveUTC(a); ok {
			x = at
		} else {
			x = "(" + x + " AT TIME ZONE 'UTC')"
		}
	case value.LocalTimestamp:
	default:
		return sqlgen.Operand{}, refuse(c.Op.String() + " of " + a.Type.String())
	}
	if len(args) == 2 {
		if args[1].Lit == nil {
			return sqlgen.Operand{}, refuse("a time zone that is no literal")
		}
		offset, ok := fixedOffset(args[1].Lit.Val.Str())
		if !ok {
			return sqlgen.Operand{}, refuse("part of a timestamp in a named zone")
		}
		if offset != 0 {
			x = "(" + x + " + '" + strconv.Itoa(offset) + " seconds'::interval)"
		}
	}
	p := parts[c.Op]
	switch c.Op {
	case query.OpSeconds:
		return atom("floor(extract(second FROM " + x + "))::bigint"), nil
	case query.OpMilliseconds:
		return atom("(floor(extract(milliseconds FROM " + x + "))::bigint % 1000)"), nil
	default:
	}
	sql := "extract(" + p.field + " FROM " + x + ")::bigint"
	if c.Op == query.OpFullYear && len(args) == 2 { // an hour before year 1 is year -1 to PostgreSQL, 0 to CEL
		return atom("CASE WHEN " + x + " < " + firstTimestamp + " THEN 0 ELSE " + sql + " END"), nil
	}
	if p.base != 0 {
		return infix(sql, "-", strconv.Itoa(p.base)), nil
	}
	return atom(sql), nil
}
