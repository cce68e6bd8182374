package lang

import (
	"slices"
	"strings"
	"time"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/assay-dev/assay/connectors/query"
)

// What people write out of habit from SQL, Python and other languages, and how CEL says it.

const (
	hintAnd     = "and is written &&"
	hintOr      = "or is written ||"
	hintNot     = "not is written !"
	hintNotIn   = "write !(a in [b, c])"
	hintIf      = "write condition ? a : b"
	hintNow     = "now is a name: write it without ()"
	hintPattern = "write x.startsWith(…), x.endsWith(…), x.contains(…) or x.matches(…)"
	hintMetric  = "aggregates stand in the suite's own expectations, as in orders.count() or orders.sum(x, x.total)"
	hintDate    = `a date is a timestamp: timestamp("2024-01-31T00:00:00Z")`
)

// syntaxHint says how CEL writes what stands at a place where the parser stopped; "" where nothing is known.
func (c *compiler) syntaxHint(at int) string {
	src, word := c.tok.src, c.word(at)
	before := func(s string) bool { return strings.HasSuffix(string(src[:min(at, len(src))]), s) }
	prev, next := "", ""
	if _, ok := c.tok.index[at]; ok {
		if p := c.tok.prev(at); p >= 0 {
			prev = c.word(p)
		}
		if n := c.tok.next(c.tok.end[at]); n >= 0 {
			next = c.word(n)
		}
	}
	switch word {
	case ">":
		if before("<") {
			return "not equal is !="
		}
	case "=":
		switch {
		case before("!="):
			return "not equal is !="
		case next == ">" || next == "<":
			return "at least is >=, at most is <="
		}
		return "equality is =="
	case "&", "and":
		return hintAnd
	case "|", "or":
		return hintOr
	case "is":
		if next == "not" {
			return "write != null"
		}
		return "write == null"
	case "not":
		switch next {
		case "in":
			return hintNotIn
		case "like", "ilike":
			return hintPattern + ", with ! in front"
		}
		return hintNot
	case "in":
		return "write in, in small letters, and a list in [ ]"
	case "like", "ilike", "rlike", "regexp", "similar", "~":
		return hintPattern
	case "between":
		return "write a <= x && x <= b"
	case "when", "if":
		return hintIf
	case ",":
		if c.openedBehindIn(at) {
			return "a list stands in [ ]"
		}
	case "*":
		if prev == "(" && strings.HasSuffix(strings.ToLower(string(src[:at])), "count(") {
			return hintMetric
		}
	case "“", "”", "„", "‘", "’":
		return "use straight quotes"
	}
	if prev == "not" {
		return hintNot
	}
	return ""
}

// word is the token at a place, in small letters.
func (c *compiler) word(at int) string {
	end, ok := c.tok.end[at]
	if !ok {
		end = min(at+1, len(c.tok.src))
	}
	return strings.ToLower(string(c.tok.src[min(at, end):end]))
}

// openedBehindIn reports whether the innermost bracket around a place is the ( of "in (".
func (c *compiler) openedBehindIn(at int) bool {
	for p := c.tok.prev(at); p >= 0; p = c.tok.prev(p) {
		if opener, ok := c.tok.pair[p]; ok && opener < p {
			p = opener
			continue
		}
		if c.tok.src[p] == '(' {
			q := c.tok.prev(p)
			return q >= 0 && c.word(q) == "in"
		}
	}
	return false
}

// badEscape finds the first escape that CEL has not in a text that begins at a place and is closed.
func (c *compiler) badEscape(at int) (query.Span, bool) {
	src := c.tok.src
	end, ok := c.tok.end[at]
	if !ok || at >= len(src) || end-at < 2 || src[end-1] != src[at] {
		return query.Span{}, false
	}
	for i := at + 1; i+1 < end-1; i++ {
		if src[i] != '\\' {
			continue
		}
		i++
		if !strings.ContainsRune("abfnrtv\\?\"'`xXuU0123", src[i]) {
			return query.Span{Start: i - 1, End: i + 1}, true
		}
	}
	return query.Span{}, false
}

// foreignFunction says how CEL writes what other languages have a function for; "" where nothing is known.
func (c *compiler) foreignFunction(fn string) string {
	switch strings.ToLower(fn) {
	case "not":
		return hintNot
	case "now", "current_timestamp", "current_date", "getdate", "today":
		return hintNow
	case "length", "len", "char_length":
		return "the length of a text or list is size(x)"
	case "lower", "tolower", "lowercase":
		return "write x.lowerAscii()"
	case "upper", "toupper", "uppercase":
		return "write x.upperAscii()"
	case "isnull", "is_null":
		return "write x == null"
	case "isnotnull", "is_not_null", "notnull", "not_null":
		return "write x != null"
	case "coalesce", "ifnull", "nvl":
		return "write x == null ? other : x"
	case "like", "ilike", "regexp_like", "regex_match", "regex":
		return hintPattern
	case "date", "to_date", "datetime", "todate", "to_timestamp":
		return hintDate
	case "count", "sum", "avg", "min", "max", "distinct", "stddev", "count_distinct", "quantile", "freshness":
		if c.metric == nil {
			return hintMetric
		}
		return "write it behind a dataset, as in orders.count() or orders.sum(x, x.total)"
	}
	return ""
}

// foreignName says how CEL spells a constant of other languages; "" for any other name.
func foreignName(name string) string {
	switch strings.ToLower(name) {
	case "true", "false", "null":
		return "write " + strings.ToLower(name)
	case "none", "nil":
		return "write null"
	}
	return ""
}

// foreignOperands says how CEL writes what an operator was meant to do with operands that it does not take; "" where nothing
// is known.
func foreignOperands(fn string, args []celast.Expr, ts []*types.Type) string {
	if len(ts) != 2 || ts[0] == nil || ts[1] == nil {
		return ""
	}
	is := func(i int, k types.Kind) bool { return ts[i].Kind() == k }
	switch fn {
	case operators.Add, operators.Subtract:
		if is(0, types.TimestampKind) && (is(1, types.StringKind) || is(1, types.IntKind)) {
			return `write a duration, as in duration("24h")`
		}
	case operators.Equals, operators.NotEquals:
		switch {
		case is(0, types.ListKind) && !is(1, types.ListKind):
			return "whether a list holds a value is: value in list"
		case is(0, types.BoolKind) && is(1, types.IntKind):
			return "write true or false"
		}
	}
	if is(0, types.BoolKind) && comparison(args[0]) && comparisons(fn) {
		return "write a < b && b < c"
	}
	return ""
}

func comparison(e celast.Expr) bool {
	return e.Kind() == celast.CallKind && comparisons(e.AsCall().FunctionName())
}

func comparisons(fn string) bool {
	return slices.Contains([]string{operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals}, fn)
}

// instantHint writes a text that reads like a date, or a date with a time, as an instant.
func instantHint(s string) string {
	for _, layout := range []string{
		time.DateOnly, time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.RFC3339,
		"2006-01-02 15:04:05Z07:00",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Format(time.RFC3339Nano)
		}
	}
	return ""
}
