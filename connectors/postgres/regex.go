package postgres

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
)

// matches renders RE2's unanchored match as an advanced regular expression of PostgreSQL.
func matches(w *sqlgen.Writer, s, pattern sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	if pattern.Lit == nil {
		return sqlgen.Operand{}, refuse("regex that is no literal")
	}
	are, why := translate(pattern.Lit.Val.Str())
	if why != "" {
		return sqlgen.Operand{}, refuse(why)
	}
	p := w.Bind(sqlgen.Param{Arg: are, After: "::text"})
	return sqlgen.Operand{SQL: s.Atom() + ` COLLATE "C" ~ ` + p, Prec: sqlgen.PrecCompare}, nil
}

// The bounds within which PostgreSQL compiles expressions at ease.
const (
	maxRepeat = 255  // DUPMAX of its regex/regguts.h
	maxSize   = 1000 // positions after counted repetitions are written out
	maxRanges = 120
)

// translate writes the syntax tree of an RE2 pattern as an advanced regular expression that matches the
// same texts: classes and folded case spelled out, lines and words said by constraints. Greediness and
// captures do not matter to a yes or no. The second result says why it cannot, "" if it can.
func translate(pattern string) (are, why string) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", "invalid regex"
	}
	var t translator
	if size := t.write(re); size > maxSize {
		t.refuse("regex with large repetitions")
	}
	if t.why != "" {
		return "", t.why
	}
	return t.b.String(), ""
}

type translator struct {
	b   strings.Builder
	why string
}

func (t *translator) refuse(why string) {
	if t.why == "" {
		t.why = why
	}
}

// Constraints: PostgreSQL's own \m, \y and ^ depend on the locale or on flags.
const (
	wordClass    = "[0-9A-Za-z_]"
	wordBoundary = "(?:(?<=" + wordClass + ")(?!" + wordClass + ")|(?<!" + wordClass + ")(?=" + wordClass + "))"
	noBoundary   = "(?:(?<=" + wordClass + ")(?=" + wordClass + ")|(?<!" + wordClass + ")(?!" + wordClass + "))"
	beginLine    = `(?:\A|(?<=\n))`
	endLine      = `(?:\Z|(?=\n))`
)

// write appends re as one atom or a sequence of atoms and returns how many positions it takes.
func (t *translator) write(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpNoMatch:
		t.refuse("regex that matches nothing")
	case syntax.OpEmptyMatch:
		t.b.WriteString("(?:)")
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			t.literal(r, re.Flags&syntax.FoldCase != 0)
		}
		return len(re.Rune)
	case syntax.OpCharClass:
		t.class(re.Rune)
	case syntax.OpAnyCharNotNL:
		t.b.WriteString(`[^\n]`)
	case syntax.OpAnyChar:
		t.b.WriteString(`.`)
	case syntax.OpBeginLine:
		t.b.WriteString(beginLine)
	case syntax.OpEndLine:
		t.b.WriteString(endLine)
	case syntax.OpBeginText:
		t.b.WriteString(`(?:\A)`)
	case syntax.OpEndText:
		t.b.WriteString(`(?:\Z)`)
	case syntax.OpWordBoundary:
		t.b.WriteString(wordBoundary)
	case syntax.OpNoWordBoundary:
		t.b.WriteString(noBoundary)
	case syntax.OpCapture:
		return t.group(re.Sub[0])
	case syntax.OpStar:
		return t.quantified(re.Sub[0], "*")
	case syntax.OpPlus:
		return t.quantified(re.Sub[0], "+")
	case syntax.OpQuest:
		return t.quantified(re.Sub[0], "?")
	case syntax.OpRepeat:
		return t.repeat(re)
	case syntax.OpConcat:
		n := 0
		for _, sub := range re.Sub {
			n += t.write(sub)
		}
		return n
	case syntax.OpAlternate:
		n := 0
		t.b.WriteString("(?:")
		for i, sub := range re.Sub {
			if i > 0 {
				t.b.WriteByte('|')
			}
			n += t.write(sub)
		}
		t.b.WriteByte(')')
		return n
	default:
		t.refuse("regex with " + re.Op.String())
	}
	return 1
}

func (t *translator) group(re *syntax.Regexp) int {
	t.b.WriteString("(?:")
	n := t.write(re)
	t.b.WriteByte(')')
	return n
}

func (t *translator) quantified(re *syntax.Regexp, q string) int {
	n := t.repeated(re)
	t.b.WriteString(q)
	return n
}

// repeated writes the operand of a quantifier. Assertions in it make PostgreSQL's automaton explode.
func (t *translator) repeated(re *syntax.Regexp) int {
	if asserts(re) {
		t.refuse("regex with a repeated assertion")
	}
	return t.group(re)
}

func asserts(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	default:
		return slices.ContainsFunc(re.Sub, asserts)
	}
}

func (t *translator) repeat(re *syntax.Regexp) int {
	most := re.Max
	if re.Min > maxRepeat || most > maxRepeat {
		t.refuse("regex with a repetition beyond 255")
		return 1
	}
	n := t.repeated(re.Sub[0])
	switch {
	case most < 0:
		fmt.Fprintf(&t.b, "{%d,}", re.Min)
		most = re.Min + 1
	case most == re.Min:
		fmt.Fprintf(&t.b, "{%d}", re.Min)
	default:
		fmt.Fprintf(&t.b, "{%d,%d}", re.Min, most)
	}
	return n * max(1, most)
}

// literal writes one character, or the class of those that fold to it.
func (t *translator) literal(r rune, fold bool) {
	if fold && unicode.SimpleFold(r) != r {
		set := []rune{r, r}
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			set = append(set, f, f)
		}
		t.class(set)
		return
	}
	t.b.WriteString(escape(r))
}

// class writes pairs of first and last characters.
func (t *translator) class(ranges []rune) {
	if len(ranges)/2 > maxRanges {
		t.refuse("regex with a large class of characters")
		return
	}
	var b strings.Builder
	for i := 0; i+1 < len(ranges); i += 2 {
		lo, hi := max(ranges[i], 1), ranges[i+1] // text holds no NUL, and PostgreSQL no escape for it
		if lo > hi {
			continue
		}
		b.WriteString(escape(lo))
		if hi > lo {
			b.WriteByte('-')
			b.WriteString(escape(hi))
		}
	}
	if b.Len() == 0 {
		t.refuse("regex that matches nothing")
		return
	}
	t.b.WriteString("[" + b.String() + "]")
}

// escape writes a character so that it stands for itself, inside and outside of classes.
func escape(r rune) string {
	switch {
	case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', r == '_', r == ' ':
		return string(r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04x`, r)
	default:
		return fmt.Sprintf(`\U%08x`, r)
	}
}
