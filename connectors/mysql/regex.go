package mysql

import (
	"math"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode"
)

// A regular expression is parsed by Go's own parser and written anew for the server's engine out of the syntax tree: every
// class explicit, case folded into classes, anchors that do not depend on modes. What is only asked for is
// whether it matches, so captures and greediness do not matter.
//
// The engines are ICU in MySQL and PCRE2 in MariaDB. Both backtrack. MySQL raises an error after regexp_time_limit steps (32 × 10,000
// saved states by default), which would fail the whole statement; PCRE2 gives up after its match limit (10,000,000 by default, from each
// position anew), and MariaDB then says that the text does not match. So the states that a pattern can save on the longest text of the
// column are bounded from above, and past a safe bound, the same for both, the pattern is refused.

// maxStates is the bound: two thirds of what MySQL allows.
const maxStates = 200_000

// maxCompiled bounds what a pattern becomes within PCRE2, in octets: past 65,535 it raises an error. ICU takes 8 MB.
const maxCompiled = 50_000

// rewrite returns the pattern for the server's engine, or why it is refused. length bounds the text in characters.
func (f flavour) rewrite(pattern string, length int) (out, why string) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", "regex that does not parse"
	}
	re = trimEnds(re)
	w := regexWriter{length: float64(length), pcre: f == mariaDB}
	c := w.write(re)
	if w.why != "" {
		return "", w.why
	}
	if w.b.Len() > 4000 || w.pcre && c.size > maxCompiled {
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

// cost bounds what matching a part at one position does: the ways in which it can end, and the states saved; and what it
// takes when it is compiled by PCRE2, which writes a repeated group out as often as it may occur.
type cost struct{ ways, work, size float64 }

// regexWriter writes the syntax that both engines share.
type regexWriter struct {
	b      strings.Builder
	length float64
	pcre   bool
	why    string
}

const wordClass = "[0-9A-Z_a-z]"

func (w *regexWriter) write(re *syntax.Regexp) cost {
	one := cost{ways: 1, size: wideClass}
	put := func(s string) cost { w.b.WriteString(s); return one }
	switch re.Op {
	case syntax.OpNoMatch:
		return put("(?!)")
	case syntax.OpEmptyMatch:
		return put("(?:)")
	case syntax.OpLiteral:
		return cost{ways: 1, size: w.literal(re)}
	case syntax.OpCharClass:
		return cost{ways: 1, size: w.class(re.Rune)}
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
		return put("(?:(?<=" + wordClass + ")(?!" + wordClass + ")|(?<!" + wordClass + ")(?=" + wordClass + "))").boundary()
	case syntax.OpNoWordBoundary:
		return put("(?:(?<=" + wordClass + ")(?=" + wordClass + ")|(?<!" + wordClass + ")(?!" + wordClass + "))").boundary()
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

// boundary is the cost of one of the tests for a word's end: four classes and what joins them.
func (c cost) boundary() cost { return cost{ways: c.ways, work: c.work + 4, size: 5 * wideClass} }

// literal writes characters and returns their compiled size.
func (w *regexWriter) literal(re *syntax.Regexp) (size float64) {
	for _, r := range re.Rune {
		if re.Flags&syntax.FoldCase == 0 {
			w.rune(r)
			size += 8
			continue
		}
		orbit := []rune{r, r}
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			orbit = append(orbit, f, f)
		}
		if len(orbit) == 2 {
			w.rune(r)
			size += 8
			continue
		}
		size += w.class(orbit)
	}
	return size
}

// rune writes a character; all but letters and digits by number, so that none is special.
func (w *regexWriter) rune(r rune) {
	if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
		w.b.WriteRune(r)
		return
	}
	w.b.WriteString(`\x{` + strconv.FormatInt(int64(r), 16) + "}")
}

// wideClass is the compiled size of a class without its ranges, and bounds that of an assertion but for those of word boundaries.
const wideClass = 48

// class writes pairs of bounds and returns their compiled size.
func (w *regexWriter) class(pairs []rune) (size float64) {
	if w.pcre {
		pairs = withoutSurrogates(pairs)
	}
	if len(pairs) == 0 {
		w.b.WriteString("(?!)")
		return wideClass
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
	return wideClass + 9*float64(len(pairs)/2)
}

// withoutSurrogates moves bounds out of the surrogates, which PCRE2 refuses to read there and no text holds.
func withoutSurrogates(pairs []rune) []rune {
	const first, last = 0xd800, 0xdfff
	var out []rune
	for i := 0; i+1 < len(pairs); i += 2 {
		lo, hi := pairs[i], pairs[i+1]
		if lo >= first && lo <= last {
			lo = last + 1
		}
		if hi >= first && hi <= last {
			hi = first - 1
		}
		if lo <= hi {
			out = append(out, lo, hi)
		}
	}
	return out
}

func (w *regexWriter) group(f func() cost) cost {
	w.b.WriteString("(?:")
	c := f()
	w.b.WriteByte(')')
	return c
}

func (w *regexWriter) concat(subs []*syntax.Regexp) cost {
	total := cost{ways: 1, size: wideClass}
	for i, s := range subs {
		c := w.group(func() cost { return w.write(s) })
		if single(s) && i+1 < len(subs) && disjoint(s, subs[i+1]) {
			c.ways = 1 // of all its ends only the longest run can go on
		}
		total.work = capped(total.work + total.ways*c.work)
		total.ways = capped(total.ways * c.ways)
		total.size += c.size + 8
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
			total.size += c.size + 8
		}
		return total
	})
}

func (w *regexWriter) repeat(re *syntax.Regexp) cost {
	alone := w.pcre && plainRune(re.Sub[0])
	var c cost
	if alone {
		c = w.write(re.Sub[0]) // a group would be written out as often as it is repeated
	} else {
		c = w.group(func() cost { return w.write(re.Sub[0]) })
	}
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
	size := c.size + 8
	if !alone {
		size *= float64(max(least, most, 1))
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
		return cost{ways: capped(ways * (rounds + 1)), work: capped((c.work + 1) * ways * (rounds + 1)), size: capped(size)}
	}
	ends := rounds - float64(least) + 1
	if ends < 1 {
		ends = 1
	}
	return cost{ways: ends, work: capped((rounds + 1) * (c.work + 1)), size: capped(size)}
}
