package mysql

import (
	"regexp/syntax"
	"slices"
	"unicode"
)

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

// plainRune reports whether re is written as one character or one class, which a repetition may follow.
func plainRune(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return oneRune(re) && (re.Op != syntax.OpCharClass || len(re.Rune) > 0)
	default:
		return false
	}
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
