package query

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/value"
)

// Walk calls f for e and, where f returns true, for everything below it, operands from left to right.
// The columns of a Local are below it. A nil e is nothing.
func Walk(e Expr, f func(Expr) bool) {
	if e == nil || !f(e) {
		return
	}
	switch e := e.(type) {
	case *Call:
		for _, a := range e.Args {
			Walk(a, f)
		}
	case *Local:
		for _, c := range e.Cols {
			Walk(c, f)
		}
	}
}

// Columns returns the columns that the expressions name, each (Rel, Index) once, in order of first mention.
func Columns(es ...Expr) []*Column {
	type id struct{ rel, index int }
	seen := make(map[id]bool)
	var cols []*Column
	for _, e := range es {
		Walk(e, func(e Expr) bool {
			if c, ok := e.(*Column); ok && !seen[id{c.Rel, c.Index}] {
				seen[id{c.Rel, c.Index}] = true
				cols = append(cols, c)
			}
			return true
		})
	}
	return cols
}

// HasLocal reports whether e holds a Local, which no source can evaluate.
func HasLocal(e Expr) bool {
	found := false
	Walk(e, func(e Expr) bool {
		if _, ok := e.(*Local); ok {
			found = true
		}
		return !found
	})
	return found
}

// Equal reports whether e and f are the same expression, spans apart. Locals are equal only to themselves.
func Equal(e, f Expr) bool {
	switch e := e.(type) {
	case nil:
		return f == nil
	case *Column:
		g, ok := f.(*Column)
		return ok && e.Rel == g.Rel && e.Index == g.Index
	case *Literal:
		g, ok := f.(*Literal)
		return ok && e.Typ.Equal(g.Typ) && e.Val.Kind() == g.Val.Kind() && String(e) == String(g)
	case *Call:
		g, ok := f.(*Call)
		if !ok || e.Op != g.Op || len(e.Args) != len(g.Args) || !e.Typ.Equal(g.Typ) {
			return false
		}
		for i := range e.Args {
			if !Equal(e.Args[i], g.Args[i]) {
				return false
			}
		}
		return true
	case *Local:
		g, ok := f.(*Local)
		return ok && e == g
	}
	return false
}

// String returns a readable, unambiguous form of e for debugging and tests.
func String(e Expr) string {
	var b strings.Builder
	write(&b, e)
	return b.String()
}

func write(b *strings.Builder, e Expr) {
	switch e := e.(type) {
	case nil:
		b.WriteString("<nil>")
	case *Column:
		if e.Rel != 0 {
			fmt.Fprintf(b, "r%d.", e.Rel)
		}
		fmt.Fprintf(b, "%s#%d", e.Col.Name, e.Index)
	case *Literal:
		switch e.Val.Kind() {
		case value.Null:
			b.WriteString("null")
		case value.String, value.JSON:
			b.WriteString(e.Val.Kind().String() + ":" + strconv.Quote(e.Val.Str()))
		default:
			b.WriteString(e.Val.Kind().String() + ":" + e.Val.Text())
		}
	case *Call:
		b.WriteString(e.Op.String())
		b.WriteByte('(')
		for i, a := range e.Args {
			if i > 0 {
				b.WriteString(", ")
			}
			write(b, a)
		}
		b.WriteByte(')')
	case *Local:
		fmt.Fprintf(b, "local(%q, %s", e.Reason, e.Typ)
		for _, c := range e.Cols {
			b.WriteString(", ")
			write(b, c)
		}
		b.WriteByte(')')
	}
}
