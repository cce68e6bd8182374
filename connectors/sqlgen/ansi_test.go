package sqlgen_test

import (
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// ansi is a small dialect that shows what sqlgen itself makes of a request. Columns whose Meta is
// "guard" may be in error.
type ansi struct{}

func (ansi) Name() string               { return "ansi" }
func (ansi) QuoteIdent(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
func (ansi) Placeholder(n int) string   { return "$" + strconv.Itoa(n) }

func (ansi) Bind(v value.Value) (sqlgen.Param, *query.Refusal) {
	return sqlgen.Param{Arg: v.Text(), After: "::" + v.Kind().String()}, nil
}

func (ansi) Column(_ *sqlgen.Writer, ref string, c *query.Column) (sqlgen.Operand, *query.Refusal) {
	if c.Col.MayErr {
		return sqlgen.Operand{SQL: "good(" + ref + ")", Prec: sqlgen.PrecAtom, OK: "ok(" + ref + ")", IsNull: ref + " IS NULL"}, nil
	}
	return sqlgen.Operand{SQL: ref, Prec: sqlgen.PrecAtom}, nil
}

var symbols = map[query.Op]string{
	query.OpEq: " = ", query.OpNe: " <> ", query.OpLt: " < ", query.OpLe: " <= ", query.OpGt: " > ", query.OpGe: " >= ",
	query.OpAdd: " + ", query.OpMul: " * ",
}

func (ansi) Compare(_ *sqlgen.Writer, op query.Op, a, b sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	return sqlgen.Operand{SQL: a.Paren(sqlgen.PrecCompare) + symbols[op] + b.Paren(sqlgen.PrecCompare), Prec: sqlgen.PrecCompare}, nil
}

func (ansi) NullSafe(_ *sqlgen.Writer, ne bool, a, b sqlgen.Operand) (sqlgen.Operand, bool) {
	if a.Type.Kind == value.Double {
		return sqlgen.Operand{}, false
	}
	word := " IS NOT DISTINCT FROM "
	if ne {
		word = " IS DISTINCT FROM "
	}
	return sqlgen.Operand{SQL: a.Paren(sqlgen.PrecCompare) + word + b.Paren(sqlgen.PrecCompare), Prec: sqlgen.PrecCompare}, true
}

func (ansi) In(_ *sqlgen.Writer, not bool, x sqlgen.Operand, elems []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	list := make([]string, len(elems))
	for i, e := range elems {
		list[i] = e.SQL
	}
	word := " IN ("
	if not {
		word = " NOT IN ("
	}
	return sqlgen.Operand{SQL: x.Paren(sqlgen.PrecCompare) + word + strings.Join(list, ", ") + ")", Prec: sqlgen.PrecCompare}, nil
}

func (d ansi) Call(_ *sqlgen.Writer, c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	switch c.Op {
	case query.OpAdd, query.OpMul:
		return sqlgen.Operand{SQL: args[0].Paren(sqlgen.PrecArith) + symbols[c.Op] + args[1].Paren(sqlgen.PrecArith), Prec: sqlgen.PrecArith, Fails: true}, nil
	case query.OpSize, query.OpIsNaN:
		return sqlgen.Operand{SQL: c.Op.String() + "(" + args[0].SQL + ")", Prec: sqlgen.PrecAtom}, nil
	}
	return sqlgen.Operand{}, sqlgen.Refuse(d, c.Op.String(), nil)
}

func (ansi) CountIf(cond string) string { return "count(*) FILTER (WHERE " + cond + ")" }

func (ansi) Fold(_ *sqlgen.Writer, kind query.MeasureKind, _ float64, arg sqlgen.Operand, cond string) (sqlgen.Operand, *query.Refusal) {
	name := map[query.MeasureKind]string{query.MeasureSum: "sum", query.MeasureMin: "min", query.MeasureDistinct: "distinct"}[kind]
	sql := name + "(" + arg.SQL + ")"
	if cond != "" {
		sql += " FILTER (WHERE " + cond + ")"
	}
	return sqlgen.Operand{SQL: sql, Prec: sqlgen.PrecAtom}, nil
}

func (ansi) OrderBy(o sqlgen.Operand, desc bool) string {
	if desc {
		return o.SQL + " DESC NULLS LAST"
	}
	return o.SQL + " NULLS LAST"
}

func (ansi) GroupKey(_ *sqlgen.Writer, o sqlgen.Operand) (string, *query.Refusal) { return o.SQL, nil }

func (ansi) Output(o sqlgen.Operand) string {
	if o.Col != nil {
		return o.Ref
	}
	return o.SQL
}
