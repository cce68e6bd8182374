// Package query is the language that assay speaks to a source: typed expressions
// without dialect, and the requests built of them. Expressions mean exactly what
// CEL means; a source either evaluates one exactly or refuses it with a reason.
//
// # Meaning
//
// Every expression yields, for a row, a value, null, or an error. Only columns,
// the null literal and Cond over them yield null. Operators are strict: an operand that
// is an error, or is null where CEL has no overload for null, makes the result an
// error. Exceptions: And and Or absorb errors as Kleene's logic does; Cond
// looks only at the branch taken; Eq, Ne and In compare null as a value
// (null == null is true, null == 5 false), but an operand in error stays an error;
// the truth tests never err.
package query

import "github.com/assay-dev/assay/connectors/value"

// Span is a half-open range of code points in the CEL source of an expression.
type Span struct{ Start, End int }

// Expr is a node of an expression: *Column, *Literal, *Call or *Local.
type Expr interface {
	// Type is the static type of the node's values.
	Type() value.Type
	// Span is where the node stands in the user's expression.
	Span() Span
	sealed()
}

// Column is a column of the relation (Rel 0) or of a joined one (Rel 1 and up).
type Column struct {
	Rel   int
	Index int // position in the relation's schema
	Col   value.Column
	At    Span
}

// Literal is a constant, null included: then Typ says the type it stands for, or is null.
type Literal struct {
	Val value.Value
	Typ value.Type
	At  Span
}

// Call applies an operator to its operands.
type Call struct {
	Op   Op
	Args []Expr
	Typ  value.Type
	At   Span
}

// Local is an expression that only this process can evaluate, row by row: the
// part of CEL for which no operator exists here. Eval gets the values of Cols in
// their order (an element whose cell is in error comes with errs[i] true) and returns ok=false for an error.
// Eval is safe for concurrent use.
type Local struct {
	Cols   []*Column
	Typ    value.Type
	Eval   func(cells []value.Value, errs []bool) (v value.Value, ok bool)
	Reason string // why no operator says it, for explain
	At     Span
}

// Type implements Expr.
func (c *Column) Type() value.Type { return c.Col.Type }

// Type implements Expr.
func (l *Literal) Type() value.Type { return l.Typ }

// Type implements Expr.
func (c *Call) Type() value.Type { return c.Typ }

// Type implements Expr.
func (l *Local) Type() value.Type { return l.Typ }

// Span implements Expr.
func (c *Column) Span() Span { return c.At }

// Span implements Expr.
func (l *Literal) Span() Span { return l.At }

// Span implements Expr.
func (c *Call) Span() Span { return c.At }

// Span implements Expr.
func (l *Local) Span() Span { return l.At }

func (*Column) sealed()  {}
func (*Literal) sealed() {}
func (*Call) sealed()    {}
func (*Local) sealed()   {}

// Op is an operator. The operand types are those of Call.Args.
type Op uint8

// The operators. T is any type, N any of Int, Uint, Double, Decimal.
const (
	OpInvalid Op = iota

	// Logic over Bool, three-valued.
	OpNot  // (Bool)
	OpAnd  // (Bool, Bool, ...) two or more
	OpOr   // (Bool, Bool, ...)
	OpCond // (Bool, T, T); an error condition is an error

	// Truth tests over Bool: always true or false.
	OpIsTrue
	OpIsFalse
	OpIsUndecided

	// Comparison. Numbers of different kinds compare by value: Int, Uint and Decimal exactly, a Double
	// with an Int or Uint as doubles (as cel-go has it), with a Decimal at its shortest text; strings
	// and bytes bytewise; false < true. NaN != NaN, and ordering with a NaN is false, never an
	// error (cel-go 0.33); a null beside it is an error all the same.
	OpEq // (T, T)
	OpNe
	OpLt
	OpLe
	OpGt
	OpGe
	OpIn // (T, T...): equal to any of the rest; the rest are Literals; an element that is null matches null

	// Arithmetic. Int and Uint err on overflow and division by zero and truncate;
	// Double is IEEE; Decimal is exact, its division rounded half-even to 38
	// significant digits, an error by zero. Mixed Int and Decimal is Decimal.
	OpAdd // numbers; Timestamp+Duration, Duration+Timestamp, Duration+Duration; String+String, Bytes+Bytes
	OpSub // numbers; Timestamp-Timestamp = Duration; Timestamp-Duration; Duration-Duration
	OpMul
	OpDiv
	OpMod // Int, Uint, Decimal
	OpNeg // Int, Double, Decimal
	OpAbs // Int, Double, Decimal, Duration

	// Strings: positions and sizes in code points.
	OpSize       // String, Bytes, List -> Int
	OpContains   // (String, String) literal, not a pattern
	OpStartsWith // (String, String)
	OpEndsWith   // (String, String)
	OpMatches    // (String, Literal String): RE2, unanchored
	OpLowerASCII // (String)
	OpUpperASCII // (String)
	OpTrim       // (String): Unicode white space at both ends
	OpSubstring  // (String, Int[, Int]): errors out of range, as cel-go's strings extension
	OpCharAt     // (String, Int)
	OpIndexOf    // (String, String[, Int])
	OpLastIndexOf
	OpReplace // (String, String, String)
	OpReverse // (String)

	// Conversions: an error where CEL has one.
	OpToInt
	OpToUint
	OpToDouble
	OpToDecimal // from Int, Uint, String (whole text), Double (shortest text)
	OpToString
	OpToBytes
	OpToBool
	OpToTimestamp
	OpToDuration

	// Parts of a Timestamp (optional second operand: a Literal String zone), as CEL
	// numbers them: months, days of the month, of the year and of the week from 0; OpDate counts days of the month from 1.
	// OpHours, OpMinutes, OpSeconds and OpMilliseconds also take a Duration (as cel-go: total hours, total minutes, ...).
	OpFullYear
	OpMonth
	OpDate
	OpDayOfMonth
	OpDayOfWeek
	OpDayOfYear
	OpHours
	OpMinutes
	OpSeconds
	OpMilliseconds

	// Numbers, as cel-go's math extension.
	OpGreatest // (N, N...) same kind
	OpLeast
	OpCeil  // (Double)
	OpFloor // (Double)
	OpRound // (Double) half away from zero
	OpTrunc // (Double)
	OpSign
	OpIsNaN
	OpIsInf
	OpIsFinite
)
