package mysql

import (
	"math"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// A regular expression is parsed by Go's own parser and written anew for ICU out of the syntax tree: every
// class explicit, case folded into classes, anchors that do not depend on modes. What is only asked for is
// whether it matches, so captures and greediness do not matter.
//
// ICU backtracks, and MySQL raises an error after regexp_time_limit steps (32 × 10,000 saved states by default), which would
// fail the whole statement. So the states that a pattern can save on the longest text of the column are bounded from above, and past a safe
// bound the pattern is refused.

// maxStates is the bound: two thirds of what the server allows.
const maxStates = 200_000

// icu returns the pattern for ICU, or why it is refused. length bounds the text in characters.
func icu(pattern string, length int) (out, why string) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", "regex that does not parse"
	}
	re = trimEnds(re)
	w := regexWriter{length: float64(length)}
	c := w.write(re)
	if w.why != "" {
		return "", w.why
	}
	if w.b.Len() > 4000 {
		return "", "regex that is too long"
	}
	starts := float64(length) + 1
	if anchored(re) {
		starts = 1
	}
	if c.work > 0 && c.work*starts > maxStates {
		return "", "regex that may backtrack past the server's limit on text of this length"
	}
	return w.b.String(), ""
}

// trimEnds leaves out repetitions at the ends of an unanchored pattern: a match needs only their least count.
func trimEnds(re *syntax.Regexp) *syntax.Regexp {
	for re.Op == syntax.OpCapture {
		re = re.Sub[0]
	}
	switch re.Op {
	case syntax.OpStar, syntax.OpQuest:
		return &syntax.Regexp{Op: syntax.OpEmptyMatch}
	case syntax.OpPlus:
		return trimEnds(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min == 0 {
			return &syntax.Regexp{Op: syntax.OpEmptyMatch}
		}
		return exactly(re)
	case syntax.OpConcat:
		subs := slices.Clone(re.Sub)
		subs[0] = trimOne(subs[0])
		subs[len(subs)-1] = trimOne(subs[len(subs)-1])
		return &syntax.Regexp{Op: syntax.OpConcat, Sub: subs, Flags: re.Flags}
	default:
		return re
	}
}

// trimOne trims the first or last part of a concatenation. A repetition of one character only: others may hold anchors.
func trimOne(re *syntax.Regexp) *syntax.Regexp {
	for re.Op == syntax.OpCapture {
		re = re.Sub[0]
	}
	if !single(re) {
		return re
	}
	switch re.Op {
	case syntax.OpStar, syntax.OpQuest:
		return &syntax.Regexp{Op: syntax.OpEmptyMatch}
	case syntax.OpPlus:
		return re.Sub[0]
	case syntax.OpRepeat:
		return exactly(re)
	default:
		return re
	}
}

// exactly returns re repeated its least number of times.
func exactly(re *syntax.Regexp) *syntax.Regexp {
	c := *re
	c.Max = c.Min
	if c.Min == 0 {
		return &syntax.Regexp{Op: syntax.OpEmptyMatch}
	}
	return &c
}

// single reports whether re repeats exactly one character of a class.
func single(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpStar, syntax.OpQuest, syntax.OpPlus, syntax.OpRepeat:
		return oneRune(re.Sub[0])
	default:
		return false
	}
}

func oneRune(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpCapture:
		return oneRune(re.Sub[0])
	case syntax.OpLiteral:
		return len(re.Rune) == 1
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return true
	default:
		return false
	}
}

func anchored(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginText:
		return true
	case syntax.OpCapture:
		return anchored(re.Sub[0])
	case syntax.OpConcat:
		return len(re.Sub) > 0 && anchored(re.Sub[0])
	default:
		return false
	}
}

// cost bounds what matching a part at one position does: the ways in which it can end, and the states saved.
type cost struct{ ways, work float64 }

// regexWriter writes ICU's syntax.
type regexWriter struct {
	b      strings.Builder
	length float64
	why    string
}

const wordClass = "[0-9A-Z_a-z]"

func (w *regexWriter) write(re *syntax.Regexp) cost {
	one := cost{ways: 1}
	put := func(s string) cost { w.b.WriteString(s); return one }
	switch re.Op {
	case syntax.OpNoMatch:
		return put("(?!)")
	case syntax.OpEmptyMatch:
		return put("(?:)")
	case syntax.OpLiteral:
		w.literal(re)
		return one
	case syntax.OpCharClass:
		w.class(re.Rune)
		return one
	case syntax.OpAnyCharNotNL:
		return put(`[^\x{a}]`)
	case syntax.OpAnyChar:
		return put(`[\x{0}-\x{10ffff}]`)
	case syntax.OpBeginText:
		return put(`\A`)
	case syntax.OpEndText:
		return put(`\z`)
	case syntax.OpBeginLine:
		return put(`(?:\A|(?<=\x{a}))`).plus(1)
	case syntax.OpEndLine:
		return put(`(?=\x{a}|\z)`).plus(1)
	case syntax.OpWordBoundary:
		return put("(?:(?<=" + wordClass + ")(?!" + wordClass + ")|(?<!" + wordClass + ")(?=" + wordClass + "))").plus(4)
	case syntax.OpNoWordBoundary:
		return put("(?:(?<=" + wordClass + ")(?=" + wordClass + ")|(?<!" + wordClass + ")(?!" + wordClass + "))").plus(4)
	case syntax.OpCapture:
		return w.write(re.Sub[0])
	case syntax.OpConcat:
		return w.concat(re.Sub)
	case syntax.OpAlternate:
		return w.alternate(re.Sub)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		return w.repeat(re)
	}
	w.why = "regex construct " + re.Op.String()
	return one
}

// capped keeps counts finite: an infinity times zero would be no number, and compare as small.
func capped(x float64) float64 { return math.Min(x, 1e30) }

func (c cost) plus(work float64) cost { c.work += work; return c }

func (w *regexWriter) literal(re *syntax.Regexp) {
	for _, r := range re.Rune {
		if re.Flags&syntax.FoldCase == 0 {
			w.rune(r)
			continue
		}
		orbit := []rune{r, r}
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			orbit = append(orbit, f, f)
		}
		if len(orbit) == 2 {
			w.rune(r)
			continue
		}
		w.class(orbit)
	}
}

// rune writes a character; all but letters and digits by number, so that none is special.
func (w *regexWriter) rune(r rune) {
	if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
		w.b.WriteRune(r)
		return
	}
	w.b.WriteString(`\x{` + strconv.FormatInt(int64(r), 16) + "}")
}

// class writes pairs of bounds.
func (w *regexWriter) class(pairs []rune) {
	if len(pairs) == 0 {
		w.b.WriteString("(?!)")
		return
	}
	w.b.WriteByte('[')
	for i := 0; i+1 < len(pairs); i += 2 {
		w.rune(pairs[i])
		if pairs[i+1] != pairs[i] {
			w.b.WriteByte('-')
			w.rune(pairs[i+1])
		}
	}
	w.b.WriteByte(']')
}

func (w *regexWriter) group(f func() cost) cost {
	w.b.WriteString("(?:")
	c := f()
	w.b.WriteByte(')')
	return c
}

func (w *regexWriter) concat(subs []*syntax.Regexp) cost {
	total := cost{ways: 1}
	for i, s := range subs {
		c := w.group(func() cost { return w.write(s) })
		if single(s) && i+1 < len(subs) && disjoint(s, subs[i+1]) {
			c.ways = 1 // of all its ends only the longest run can go on
		}
		total.work = capped(total.work + total.ways*c.work)
		total.ways = capped(total.ways * c.ways)
	}
	return total
}

func (w *regexWriter) alternate(subs []*syntax.Regexp) cost {
	return w.group(func() cost {
		var total cost
		for i, s := range subs {
			if i > 0 {
				w.b.WriteByte('|')
				total.work++
			}
			c := w.write(s)
			total.work = capped(total.work + c.work)
			total.ways = capped(total.ways + c.ways)
		}
		return total
	})
}

func (w *regexWriter) repeat(re *syntax.Regexp) cost {
	c := w.group(func() cost { return w.write(re.Sub[0]) })
	least, most := 0, -1
	switch re.Op {
	case syntax.OpStar:
		w.b.WriteByte('*')
	case syntax.OpPlus:
		least = 1
		w.b.WriteByte('+')
	case syntax.OpQuest:
		most = 1
		w.b.WriteByte('?')
	default:
		least, most = re.Min, re.Max
		w.b.WriteString("{" + strconv.Itoa(least) + ",")
		if most >= 0 {
			w.b.WriteString(strconv.Itoa(most))
		}
		w.b.WriteByte('}')
	}
	rounds := w.length
	if most >= 0 {
		rounds = math.Min(rounds, float64(most))
	}
	if !oneRune(re.Sub[0]) && nullable(re.Sub[0]) {
		// A round that matches nothing: engines differ, and may loop.
		w.why = "regex that repeats what may be empty"
	}
	if c.ways > 1 {
		// Ways multiply by round.
		ways := capped(math.Pow(c.ways, rounds))
		return cost{ways: capped(ways * (rounds + 1)), work: capped((c.work + 1) * ways * (rounds + 1))}
	}
	ends := rounds - float64(least) + 1
	if ends < 1 {
		ends = 1
	}
	return cost{ways: ends, work: capped((rounds + 1) * (c.work + 1))}
}

// nullable reports whether re can match the empty text.
func nullable(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune) == 0
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL, syntax.OpNoMatch:
		return false
	case syntax.OpCapture, syntax.OpPlus:
		return nullable(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min == 0 || nullable(re.Sub[0])
	case syntax.OpConcat:
		return !slices.ContainsFunc(re.Sub, func(s *syntax.Regexp) bool { return !nullable(s) })
	case syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, nullable)
	default:
		return true
	}
}

// disjoint reports whether no character that the loop repeats can begin what follows it, or nothing may follow.
func disjoint(loop, next *syntax.Regexp) bool {
	if next.Op == syntax.OpEndText {
		return true
	}
	a, ok := runes(loop.Sub[0])
	b, okNext := first(next)
	if !ok || !okNext {
		return false
	}
	for i := 0; i+1 < len(a); i += 2 {
		for j := 0; j+1 < len(b); j += 2 {
			if a[i] <= b[j+1] && b[j] <= a[i+1] {
				return false
			}
		}
	}
	return true
}

// first returns the characters with which re must begin, false where that is not known or nothing is needed.
func first(re *syntax.Regexp) ([]rune, bool) {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 || len(re.Rune) == 0 {
			return nil, false
		}
		return []rune{re.Rune[0], re.Rune[0]}, true
	case syntax.OpCapture, syntax.OpPlus:
		return first(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return first(re.Sub[0])
		}
		return nil, false
	case syntax.OpConcat:
		if len(re.Sub) > 0 {
			return first(re.Sub[0])
		}
		return nil, false
	default:
		return runes(re)
	}
}

// runes returns the characters of a one-character part.
func runes(re *syntax.Regexp) ([]rune, bool) {
	switch re.Op {
	case syntax.OpCapture:
		return runes(re.Sub[0])
	case syntax.OpLiteral:
		if len(re.Rune) == 1 && re.Flags&syntax.FoldCase == 0 {
			return []rune{re.Rune[0], re.Rune[0]}, true
		}
	case syntax.OpCharClass:
		return re.Rune, true
	case syntax.OpAnyChar:
		return []rune{0, unicode.MaxRune}, true
	case syntax.OpAnyCharNotNL:
		return []rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}, true
	default:
	}
	return nil, false
}
