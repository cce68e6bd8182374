package eval

import (
	"bytes"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// searchKernel is contains, startsWith, endsWith or matches.
func searchKernel(op query.Op, args []*node) (kernel, error) {
	if err := texts(op, args, value.String); err != nil {
		return nil, err
	}
	test := bytes.Contains
	switch op {
	case query.OpStartsWith:
		test = bytes.HasPrefix
	case query.OpEndsWith:
		test = bytes.HasSuffix
	case query.OpMatches:
		if !args[1].isConst() {
			return nil, fmt.Errorf("%w: matches() with a pattern that is not a literal", errNoOperator)
		}
		match, err := matcher(string(args[1].vec.Bytes(0)))
		if err != nil {
			return nil, err
		}
		test = func(s, _ []byte) bool { return match(s) }
	}
	return func(nd *node, n int) {
		e := nd.strict(n)
		nd.bits = zeroed(&nd.bitBuf, n)
		a, b := nd.args[0], nd.args[1]
		for i := range n {
			if !e.Get(i) && test(a.bytesAt(i), b.bytesAt(i)) {
				nd.bits.Set(i)
			}
		}
	}, nil
}

// matcher compiles an RE2 pattern, a plain text with or without anchors into a text search.
func matcher(pattern string) (func([]byte) bool, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("pattern: %w", err)
	}
	lit, begin, end, ok := literalPattern(pattern)
	switch {
	case !ok:
		return re.Match, nil
	case begin && end:
		return func(s []byte) bool { return string(s) == lit }, nil
	case begin:
		return func(s []byte) bool { return len(s) >= len(lit) && string(s[:len(lit)]) == lit }, nil
	case end:
		return func(s []byte) bool { return len(s) >= len(lit) && string(s[len(s)-len(lit):]) == lit }, nil
	}
	needle := []byte(lit)
	return func(s []byte) bool { return bytes.Contains(s, needle) }, nil
}

// literalPattern takes apart a pattern that is a text between optional anchors.
func literalPattern(pattern string) (lit string, begin, end, ok bool) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", false, false, false
	}
	subs := []*syntax.Regexp{tree}
	if tree.Op == syntax.OpConcat {
		subs = tree.Sub
	}
	if len(subs) > 0 && subs[0].Op == syntax.OpBeginText {
		begin, subs = true, subs[1:]
	}
	if len(subs) > 0 && subs[len(subs)-1].Op == syntax.OpEndText {
		end, subs = true, subs[:len(subs)-1]
	}
	// U+FFFD in a pattern matches bytes that are not UTF-8 too.
	if len(subs) != 1 || subs[0].Op != syntax.OpLiteral || subs[0].Flags&syntax.FoldCase != 0 || slices.Contains(subs[0].Rune, utf8.RuneError) {
		return "", false, false, false
	}
	return string(subs[0].Rune), begin, end, true
}

// indexKernel is indexOf or lastIndexOf.
func indexKernel(op query.Op, args []*node) (kernel, error) {
	if err := texts(op, args, value.String, value.String, value.Int); err != nil {
		return nil, err
	}
	last := op == query.OpLastIndexOf
	return func(nd *node, n int) {
		e := nd.strict(n)
		out := grow(nd.vec.Ints, n)
		for i := range out {
			if e.Get(i) {
				continue
			}
			s, sub := nd.args[0].bytesAt(i), nd.args[1].bytesAt(i)
			shorter := len(s) < len(sub) // in bytes, as they stand
			if !utf8.Valid(s) || !utf8.Valid(sub) {
				s, sub = appendRunes(nil, s), appendRunes(nil, sub)
			}
			var ok bool
			switch {
			case len(nd.args) == 3:
				out[i], ok = index(s, sub, nd.args[2].vec.Ints[i&nd.args[2].mask()], last)
			case last && len(sub) == 0:
				out[i], ok = int64(utf8.RuneCount(s)), true
			case last && shorter:
				out[i], ok = -1, true
			case last:
				out[i], ok = index(s, sub, int64(utf8.RuneCount(s)-1), true)
			default:
				out[i], ok = index(s, sub, 0, false)
			}
			if !ok {
				e.Set(i)
			}
		}
		nd.vec.Ints = out
	}, nil
}

// index finds sub in s, both valid UTF-8, at or behind (last: at or before) code point off; false for a negative off.
func index(s, sub []byte, off int64, last bool) (int64, bool) {
	if off < 0 {
		return 0, false
	}
	at, within := runeOffset(s, off)
	if len(sub) == 0 {
		if !within {
			off = int64(utf8.RuneCount(s))
		}
		return off, true
	}
	if !within || at >= len(s) {
		return -1, true
	}
	if last {
		k := bytes.LastIndex(s[:min(at+len(sub), len(s))], sub)
		if k < 0 {
			return -1, true
		}
		return int64(utf8.RuneCount(s[:k])), true
	}
	k := bytes.Index(s[at:], sub)
	if k < 0 {
		return -1, true
	}
	return off + int64(utf8.RuneCount(s[at:at+k])), true
}
