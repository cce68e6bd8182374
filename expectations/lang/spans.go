package lang

import (
	"strings"

	celast "cel.dev/cel-go/common/ast"

	"github.com/assay-dev/assay/connectors/query"
)

// spanner works out where each node of a parsed expression stands: cel-go keeps the place
// of its operator or bracket only.
type spanner struct {
	t     *tokens
	info  *celast.SourceInfo
	spans map[int64]query.Span
}

func (s *spanner) at(e celast.Expr) (int, bool) {
	o, ok := s.info.GetOffsetRange(e.ID())
	if !ok || o.Start < 0 || int(o.Start) > len(s.t.src) {
		return 0, false
	}
	return int(o.Start), true
}

// walk records the span of e and of everything below, and returns e's.
func (s *spanner) walk(e celast.Expr) query.Span {
	pos, ok := s.at(e)
	sp := query.Span{Start: pos, End: pos}
	if ok {
		sp.End = s.ownEnd(pos)
	}
	switch e.Kind() {
	case celast.CallKind:
		sp = s.call(e.AsCall(), pos, sp)
	case celast.ComprehensionKind:
		c := e.AsComprehension()
		sp = join(sp, s.child(c.IterRange()))
		for _, x := range []celast.Expr{c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()} {
			s.walk(x)
		}
	case celast.SelectKind:
		sel := e.AsSelect()
		operand := s.child(sel.Operand())
		if s.opens(pos) { // has(a.b): the place is the macro's bracket
			sp = s.named(pos, sp)
		} else {
			if n := s.t.next(sp.End); n >= 0 && strings.ContainsRune(".?", s.t.src[pos]) {
				if s.t.src[n] == '?' {
					n = s.t.next(n + 1)
				}
				if n >= 0 {
					sp.End = s.t.end[n]
				}
			}
			sp = join(sp, operand)
		}
	case celast.ListKind:
		for _, x := range e.AsList().Elements() {
			s.walk(x)
		}
	case celast.MapKind:
		for _, x := range e.AsMap().Entries() {
			s.walk(x.AsMapEntry().Key())
			s.walk(x.AsMapEntry().Value())
		}
	case celast.StructKind:
		for _, x := range e.AsStruct().Fields() {
			s.walk(x.AsStructField().Value())
		}
	case celast.LiteralKind:
		if ok && pos < len(s.t.src) && s.t.src[pos] == '-' { // a negative literal
			if n := s.t.next(pos + 1); n >= 0 {
				sp.End = s.t.end[n]
			}
		}
	}
	s.spans[e.ID()] = sp
	return sp
}

// opens reports whether a bracket stands at pos.
func (s *spanner) opens(pos int) bool {
	return pos < len(s.t.src) && strings.ContainsRune("([{", s.t.src[pos])
}

// ownEnd returns the end of the token, or of the bracketed stretch, at pos.
func (s *spanner) ownEnd(pos int) int {
	if s.opens(pos) {
		if c, ok := s.t.pair[pos]; ok {
			return c + 1
		}
	}
	if end, ok := s.t.end[pos]; ok {
		return end
	}
	return pos
}

func (s *spanner) call(c celast.CallExpr, pos int, sp query.Span) query.Span {
	if s.opens(pos) && s.t.src[pos] == '(' {
		sp = s.named(pos, sp)
	}
	if c.IsMemberFunction() {
		sp = join(sp, s.child(c.Target()))
	}
	for _, a := range c.Args() {
		sp = join(sp, s.child(a))
	}
	return sp
}

// named extends the span of a call, whose bracket stands at pos, over the function's name.
func (s *spanner) named(pos int, sp query.Span) query.Span {
	if p := s.t.prev(pos); p >= 0 && isNameRune(s.t.src[p]) {
		sp.Start = min(sp.Start, p)
	}
	return sp
}

// child walks e and widens its span over the parentheses around it.
func (s *spanner) child(e celast.Expr) query.Span {
	sp := s.walk(e)
	for {
		p, n := s.t.prev(s.t.next(sp.Start)), s.t.next(sp.End)
		if p < 0 || n < 0 || !s.t.group[p] || s.t.pair[p] != n {
			return sp
		}
		sp = query.Span{Start: p, End: n + 1}
	}
}

// join returns the span that covers both; an empty one covers nothing.
func join(a, b query.Span) query.Span {
	switch {
	case a.End <= a.Start:
		return b
	case b.End <= b.Start:
		return a
	}
	return query.Span{Start: min(a.Start, b.Start), End: max(a.End, b.End)}
}
