// Package sqlgen renders requests of package query as SQL. It owns what all SQL
// engines share: three-valued logic, null-safe equality, polarity, conditionals,
// error guards, statements and the arithmetic that turns few SQL aggregates into
// the outputs of many measures. A Dialect says the rest, and refuses what its engine cannot say exactly.
//
// # How a value is represented
//
// A value is itself; both null and an error are SQL NULL. Which of the two a NULL
// stands for is known from the expression: of a column, the null literal and a
// conditional over them it is a null value unless the operand's OK condition says
// otherwise; of anything computed it is an error. SQL's UNKNOWN is CEL's error, so AND, OR and NOT need no help.
//
// Every fragment must be unable to raise by itself, whatever row it meets: planners reorder.
package sqlgen

import (
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Dialect is what differs between SQL engines. It has no state and is safe for
// concurrent use. A hook that cannot say something exactly returns a refusal
// (see Refuse); it never approximates.
type Dialect interface {
	// Name is the engine's name in refusals, lower case: "postgres".
	Name() string
	// QuoteIdent quotes one identifier, whatever it holds.
	QuoteIdent(name string) string
	// Placeholder returns the text of the n-th parameter of a statement, n from 1: "$1", "?1" or "?".
	// Where the text is the same for all n, a parameter that occurs twice is passed twice.
	Placeholder(n int) string
	// Bind says how a non-null value is passed: the driver's argument and the cast
	// around its placeholder. Writer.Param calls it. Literals beyond the engine's resolution are refused here.
	Bind(v value.Value) (Param, *query.Refusal)

	// Column renders a column whose qualified, quoted name is ref. For a column that MayErr, SQL is
	// NULL where the cell is bad and OK tells bad from null. Collation, zones and native types
	// are made canonical here or in the hooks that take the operand, as the dialect likes.
	Column(w *Writer, ref string, c *query.Column) (Operand, *query.Refusal)

	// Compare renders OpEq, OpNe, OpLt, OpLe, OpGt or OpGe strictly: NULL when an operand is NULL.
	// Strings bytewise, numbers of different kinds as package query says, NaN equal to nothing and ordering
	// with it FALSE (see OpLt): never NULL on operands that are not.
	Compare(w *Writer, op query.Op, a, b Operand) (Operand, *query.Refusal)
	// NullSafe renders equality, or inequality when ne, in which two NULLs are equal and a NULL equals
	// nothing else, never NULL itself: IS NOT DISTINCT FROM, <=>, IS. ok=false has sqlgen spell it with
	// Compare, as is right wherever the engine's operator disagrees with Compare (NaN).
	NullSafe(w *Writer, ne bool, a, b Operand) (o Operand, ok bool)
	// In renders x IN (elems) or, when not, x NOT IN (elems): strict in x, elems are one or
	// more non-null literals.
	In(w *Writer, not bool, x Operand, elems []Operand) (Operand, *query.Refusal)
	// Call renders every other operator, from OpAdd on. The result is NULL when an
	// operand is NULL; Fails says that it may be NULL otherwise too (overflow, division by zero).
	// Only SQL, Prec and Fails of the result are used.
	Call(w *Writer, c *query.Call, args []Operand) (Operand, *query.Refusal)

	// CountIf renders the number of rows for which cond is TRUE; over no rows 0 or NULL.
	CountIf(cond string) string
	// Fold renders the value of an aggregate over the rows for which cond ("" for all) is TRUE, skipping
	// NULLs of arg: MeasureSum, MeasureMin, MeasureMax, MeasureSumSquares, MeasureStddev,
	// MeasureDistinct, MeasureQuantile. Its type is Measure.Outputs()[0]; NULL over nothing. For doubles arg is never NaN in
	// MeasureMin, MeasureMax and MeasureQuantile: sqlgen excludes it by OpIsNaN (see NaNFree); MeasureDistinct counts all NaNs as one.
	Fold(w *Writer, kind query.MeasureKind, q float64, arg Operand, cond string) (Operand, *query.Refusal)

	// OrderBy renders one key of ORDER BY: numbers and times by value, text and bytes bytewise,
	// nulls last in either direction; several comma-separated terms are fine. It should leave an index usable where it can.
	OrderBy(o Operand, desc bool) string
	// GroupKey renders o as a key of GROUP BY, PARTITION BY and row comparison: two keys are the same
	// exactly when CEL's == says so. Refuse where the engine's own grouping disagrees and no form agrees.
	GroupKey(w *Writer, o Operand) (string, *query.Refusal)
	// Output renders o as a column of the outermost SELECT, in the form that the connector decodes.
	// o.Col is set for a plain column, nil for computed values, folds and group keys (o.Type says the type).
	// For a plain column it may ignore o.SQL and select the raw o.Ref, leaving bad cells to the decoder.
	// A computed Int may be count(...) or sum(...), whatever type the engine gives that: cast it. NULL is read as 0 there.
	Output(o Operand) string
}

// Param is a value passed to the server beside the statement.
type Param struct {
	// Arg is the driver's argument.
	Arg any
	// Before and After stand around the placeholder: a cast to the parameter's exact type.
	Before, After string
	// Text is the value as people read it, in Explain.
	Text string
}

// Prec is how tightly a fragment binds. Engines differ in the middle, so there are few levels.
type Prec uint8

// The levels, loosest first. PrecAtom needs no parentheses anywhere.
const (
	PrecOr Prec = iota
	PrecAnd
	PrecNot
	PrecCompare // =, <, IS, IN, BETWEEN: never chained
	PrecArith   // +, *, ||, COLLATE, unary minus: parenthesised among themselves
	PrecAtom    // names, parameters, calls, CASE … END, anything in parentheses
)

// Operand is a rendered expression and what is known of it. Dialects set SQL, Prec, OK, IsNull
// and Fails where a hook says so; sqlgen sets the rest.
type Operand struct {
	// SQL may hold parameter marks of the Writer: fragments are only ever concatenated.
	SQL  string
	Prec Prec
	Type value.Type
	// Expr is what was rendered, nil for what sqlgen made itself.
	Expr query.Expr
	// Col and Ref are set for a plain column: the column and its qualified quoted name.
	Col *query.Column
	Ref string
	// Lit is set for a literal.
	Lit *query.Literal

	// OK is a condition, never NULL, that is TRUE exactly where the operand is not in
	// error; "" for never in error. Dialect.Column sets it for a column that MayErr.
	OK string
	// IsNull is a condition, never NULL, that is TRUE exactly where a column holds null (not an error);
	// "" for the default, built of SQL and OK. Dialect.Column may set a cheaper one.
	IsNull string
	// Present is a condition that is TRUE exactly where a column holds a value, neither null nor in error; "" for the
	// default, SQL IS NOT NULL. Dialect.Column may set a cheaper one.
	Present string
	// Alt is another form of the value, of a type of the dialect's choice, for its own use; "" for none. sqlgen hands it on
	// with the operand and looks at it never.
	Alt string
	// Fails says that SQL may be NULL for a cause other than a null column.
	Fails bool
	// MayBeNull says that SQL may be NULL at all. A dialect may leave guards out where it is false.
	MayBeNull bool

	f facts
}

// Paren returns o's SQL, in parentheses unless it binds tighter than the place it goes to:
// Paren(PrecCompare) is right for an operand of =, Paren(PrecArith) for one of +.
func (o Operand) Paren(place Prec) string {
	if o.Prec > place || o.Prec == PrecAtom {
		return o.SQL
	}
	return "(" + o.SQL + ")"
}

// Atom returns o's SQL such that it may stand anywhere.
func (o Operand) Atom() string { return o.Paren(PrecArith) }

// Refuse returns a refusal whose reason is the engine's name and what it cannot say, located at e.
func Refuse(d Dialect, what string, e query.Expr) *query.Refusal {
	r := &query.Refusal{Reason: d.Name() + ": " + what}
	if e != nil {
		r.Span = e.Span()
	}
	return r
}
