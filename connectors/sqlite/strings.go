package sqlite

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// textual is the operators over strings, positions in code points, as cel-go's strings extension has them.
func textual(op query.Op, kinds string) scalar {
	switch op {
	case query.OpSize:
		return size(kinds)
	case query.OpContains, query.OpStartsWith, query.OpEndsWith:
		if kinds != "ss" {
			return nil
		}
		f := map[query.Op]func(s, t string) bool{query.OpContains: strings.Contains, query.OpStartsWith: strings.HasPrefix, query.OpEndsWith: strings.HasSuffix}[op]
		return func(a []value.Value) (value.Value, bool) { return value.BoolValue(f(a[0].Str(), a[1].Str())), true }
	case query.OpLowerASCII, query.OpUpperASCII, query.OpTrim, query.OpReverse:
		if kinds != "s" {
			return nil
		}
		f := map[query.Op]func(string) string{query.OpLowerASCII: lowerASCII, query.OpUpperASCII: upperASCII, query.OpTrim: strings.TrimSpace, query.OpReverse: reverse}[op]
		return func(a []value.Value) (value.Value, bool) { return value.StringValue(f(a[0].Str())), true }
	case query.OpSubstring:
		if kinds != "si" && kinds != "sii" {
			return nil
		}
		return substring
	case query.OpCharAt:
		if kinds != "si" {
			return nil
		}
		return charAt
	case query.OpIndexOf, query.OpLastIndexOf:
		if kinds != "ss" && kinds != "ssi" {
			return nil
		}
		if op == query.OpIndexOf {
			return indexOf
		}
		return lastIndexOf
	case query.OpReplace:
		if kinds != "sss" {
			return nil
		}
		return func(a []value.Value) (value.Value, bool) {
			return value.StringValue(strings.ReplaceAll(a[0].Str(), a[1].Str(), a[2].Str())), true
		}
	default:
		return nil // OpMatches has a function of its own
	}
}

func size(kinds string) scalar {
	switch kinds {
	case "s":
		return func(a []value.Value) (value.Value, bool) {
			return value.IntValue(int64(utf8.RuneCountInString(a[0].Str()))), true
		}
	case "y":
		return func(a []value.Value) (value.Value, bool) { return value.IntValue(int64(len(a[0].Str()))), true }
	}
	return nil
}

// mapASCII goes through runes, so that what is not UTF-8 comes out as cel-go has it.
func mapASCII(s string, from, to rune, by rune) string {
	return strings.Map(func(r rune) rune {
		if r >= from && r <= to {
			return r + by
		}
		return r
	}, s)
}

func lowerASCII(s string) string { return mapASCII(s, 'A', 'Z', 'a'-'A') }
func upperASCII(s string) string { return mapASCII(s, 'a', 'z', 'A'-'a') }

func reverse(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}

func substring(a []value.Value) (value.Value, bool) {
	r := []rune(a[0].Str())
	from, to := a[1].Int(), int64(len(r))
	if len(a) == 3 {
		to = a[2].Int()
	}
	if from < 0 || from > to || to > int64(len(r)) {
		return value.Value{}, false
	}
	return value.StringValue(string(r[from:to])), true
}

func charAt(a []value.Value) (value.Value, bool) {
	r := []rune(a[0].Str())
	i := a[1].Int()
	switch {
	case i < 0 || i > int64(len(r)):
		return value.Value{}, false
	case i == int64(len(r)):
		return value.StringValue(""), true
	}
	return value.StringValue(string(r[i])), true
}

func indexOf(a []value.Value) (value.Value, bool) {
	r, sub := []rune(a[0].Str()), []rune(a[1].Str())
	from := int64(0)
	if len(a) == 3 {
		from = a[2].Int()
	}
	if from < 0 {
		return value.Value{}, false
	}
	n := int64(len(r))
	if len(sub) == 0 {
		return value.IntValue(min(from, n)), true
	}
	for i := from; i <= n-int64(len(sub)); i++ {
		if slices.Equal(r[i:i+int64(len(sub))], sub) {
			return value.IntValue(i), true
		}
	}
	return value.IntValue(-1), true
}

func lastIndexOf(a []value.Value) (value.Value, bool) {
	r, sub := []rune(a[0].Str()), []rune(a[1].Str())
	n, m := int64(len(r)), int64(len(sub))
	from := n
	if len(a) == 3 {
		from = a[2].Int()
		switch {
		case from < 0:
			return value.Value{}, false
		case m == 0:
			return value.IntValue(min(from, n)), true
		case from >= n:
			return value.IntValue(-1), true
		}
	}
	if m == 0 {
		return value.IntValue(n), true
	}
	for i := min(from, n-m); i >= 0; i-- {
		if slices.Equal(r[i:i+m], sub) {
			return value.IntValue(i), true
		}
	}
	return value.IntValue(-1), true
}
