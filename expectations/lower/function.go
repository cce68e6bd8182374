package lower

import (
	celast "cel.dev/cel-go/common/ast"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/lang"
)

// signature is a function that an operator says: its operands' kinds and its result's.
type signature struct {
	fn   string
	args []value.Kind
	op   query.Op
	res  value.Kind
}

// The functions with an operator. A member function's target is its first operand. Both
// spellings of a function that has two share an entry.
var signatures = signaturesByName()

func signaturesByName() map[string][]signature {
	out := map[string][]signature{}
	add := func(fn string, op query.Op, res value.Kind, args ...value.Kind) {
		out[fn] = append(out[fn], signature{fn, args, op, res})
	}
	const (
		b, i, u, f, d = value.Bool, value.Int, value.Uint, value.Double, value.Decimal
		s, y, t, p    = value.String, value.Bytes, value.Timestamp, value.Duration
	)
	for _, k := range []value.Kind{s, y, value.List} {
		add("size", query.OpSize, i, k)
	}
	add("contains", query.OpContains, b, s, s)
	add("startsWith", query.OpStartsWith, b, s, s)
	add("endsWith", query.OpEndsWith, b, s, s)
	add("matches", query.OpMatches, b, s, s)
	add("lowerAscii", query.OpLowerASCII, s, s)
	add("upperAscii", query.OpUpperASCII, s, s)
	add("trim", query.OpTrim, s, s)
	add("substring", query.OpSubstring, s, s, i)
	add("substring", query.OpSubstring, s, s, i, i)
	add("charAt", query.OpCharAt, s, s, i)
	add("indexOf", query.OpIndexOf, i, s, s)
	add("indexOf", query.OpIndexOf, i, s, s, i)
	add("lastIndexOf", query.OpLastIndexOf, i, s, s)
	add("lastIndexOf", query.OpLastIndexOf, i, s, s, i)
	add("replace", query.OpReplace, s, s, s, s)
	add("reverse", query.OpReverse, s, s)

	for _, k := range []value.Kind{i, u, f, d, s, t, p} {
		add("int", query.OpToInt, i, k)
	}
	for _, k := range []value.Kind{i, u, f, s} {
		add("uint", query.OpToUint, u, k)
	}
	for _, k := range []value.Kind{i, u, f, d, s} {
		add("double", query.OpToDouble, f, k)
		add("decimal", query.OpToDecimal, d, k)
	}
	for _, k := range []value.Kind{b, i, u, f, d, s, y, t, p} {
		add("string", query.OpToString, s, k)
	}
	add("bytes", query.OpToBytes, y, s)
	add("bytes", query.OpToBytes, y, y)
	add("bool", query.OpToBool, b, s)
	add("bool", query.OpToBool, b, b)
	add("timestamp", query.OpToTimestamp, t, i)
	add("timestamp", query.OpToTimestamp, t, s)
	add("timestamp", query.OpToTimestamp, t, t)
	add("duration", query.OpToDuration, p, s)
	add("duration", query.OpToDuration, p, p)

	clock := map[string]query.Op{
		"getHours": query.OpHours, "getMinutes": query.OpMinutes, "getSeconds": query.OpSeconds, "getMilliseconds": query.OpMilliseconds,
	}
	calendar := map[string]query.Op{
		"getFullYear": query.OpFullYear, "getMonth": query.OpMonth, "getDate": query.OpDate,
		"getDayOfMonth": query.OpDayOfMonth, "getDayOfWeek": query.OpDayOfWeek, "getDayOfYear": query.OpDayOfYear,
	}
	for _, parts := range []map[string]query.Op{calendar, clock} {
		for fn, op := range parts {
			add(fn, op, i, t)
			add(fn, op, i, t, s)
		}
	}
	for fn, op := range clock {
		add(fn, op, i, p)
	}

	for _, k := range []value.Kind{i, f, d, p} {
		add("abs", query.OpAbs, k, k)
	}
	add("math.abs", query.OpAbs, i, i)
	add("math.abs", query.OpAbs, f, f)
	add("math.ceil", query.OpCeil, f, f)
	add("math.floor", query.OpFloor, f, f)
	add("math.round", query.OpRound, f, f)
	add("math.trunc", query.OpTrunc, f, f)
	for _, k := range []value.Kind{i, u, f} {
		add("math.sign", query.OpSign, k, k)
		add("math.@max", query.OpGreatest, k, k, k)
		add("math.@min", query.OpLeast, k, k, k)
	}
	for _, fn := range []string{"math.isNaN", "isNan"} {
		add(fn, query.OpIsNaN, b, f)
	}
	for _, fn := range []string{"math.isInf", "isInf"} {
		add(fn, query.OpIsInf, b, f)
	}
	for _, fn := range []string{"math.isFinite", "isFinite"} {
		add(fn, query.OpIsFinite, b, f)
	}
	return out
}

// patterns are the format predicates that are regular expressions.
var patterns = map[string]string{"isEmail": lang.EmailPattern, "isUuid": lang.UUIDPattern}

// function lowers a call of a function; nil where no operator says it.
func (l *lowerer) function(n celast.Expr, c celast.CallExpr) query.Expr {
	fn := c.FunctionName() // the checker keeps math.abs as a call of that name
	if p, ok := patterns[fn]; ok && c.IsMemberFunction() {
		if x := l.number(c.Target()); x != nil && x.Type().Kind == value.String {
			return l.make(n, query.OpMatches, value.Of(value.Bool), x, l.literal(n, value.StringValue(p)))
		}
		return nil
	}
	sigs := signatures[fn]
	if len(sigs) == 0 {
		return nil
	}
	var nodes []celast.Expr
	if c.IsMemberFunction() {
		nodes = append(nodes, c.Target())
	}
	nodes = append(nodes, c.Args()...)
	var ops []query.Expr
	for _, a := range nodes {
		x := l.number(a)
		if x == nil {
			return nil
		}
		ops = append(ops, x)
	}
	for _, s := range sigs {
		if !s.takes(ops) {
			continue
		}
		switch s.op {
		case query.OpMatches:
			if !validPattern(ops[1]) {
				return nil
			}
		case query.OpFullYear, query.OpMonth, query.OpDate, query.OpDayOfMonth, query.OpDayOfWeek, query.OpDayOfYear,
			query.OpHours, query.OpMinutes, query.OpSeconds, query.OpMilliseconds:
			if len(ops) == 2 {
				if _, ok := ops[1].(*query.Literal); !ok {
					return nil
				}
			}
		case query.OpSize:
			if _, col := ops[0].(*query.Column); !col && s.args[0] == value.List {
				return nil
			}
		}
		return l.make(n, s.op, value.Of(s.res), ops...)
	}
	return nil
}

func (s signature) takes(ops []query.Expr) bool {
	if len(s.args) != len(ops) {
		return false
	}
	for i, x := range ops {
		if x.Type().Kind != s.args[i] {
			return false
		}
	}
	return true
}
