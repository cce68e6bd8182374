package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Errorf adds an error. The hint may be empty.
func (l *List) Errorf(code string, at Span, hint, format string, args ...any) {
	*l = append(*l, Diagnostic{Severity: Error, Code: code, Span: at, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// Warnf adds a warning. The hint may be empty.
func (l *List) Warnf(code string, at Span, hint, format string, args ...any) {
	*l = append(*l, Diagnostic{Severity: Warning, Code: code, Span: at, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// Err returns the list as an error, or nil when it holds no error.
func (l List) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return l
}

// Error implements error: the first error of the list and how many more there are.
func (l List) Error() string {
	first, more := -1, 0
	for i := range l {
		switch {
		case l[i].Severity != Error:
		case first < 0:
			first = i
		default:
			more++
		}
	}
	switch {
	case first < 0:
		return "no errors"
	case more == 0:
		return l[first].String()
	case more == 1:
		return l[first].String() + " (and 1 more error)"
	}
	return fmt.Sprintf("%s (and %d more errors)", l[first].String(), more)
}

// Sort orders the list by file, line and column; what stands at one place keeps its order.
func (l List) Sort() {
	slices.SortStableFunc(l, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.Span.File, b.Span.File),
			cmp.Compare(a.Span.Line, b.Span.Line),
			cmp.Compare(a.Span.Col, b.Span.Col),
		)
	})
}

// Dedupe returns the list without the diagnostics that say at one place what an earlier one said.
func (l List) Dedupe() List {
	type key struct {
		code, message string
		at            Pos
	}
	seen := make(map[key]bool, len(l))
	out := make(List, 0, len(l))
	for i := range l {
		k := key{code: l[i].Code, message: l[i].Message, at: l[i].Span.Pos}
		if seen[k] {
			continue
		}
		seen[k] = true
		out = append(out, l[i])
	}
	return out
}

// String returns the severity as diagnostics print it.
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// String returns the place as file:line:col, without what is not known.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// String returns the diagnostic on one line, without its hint, control characters made visible.
func (d Diagnostic) String() string {
	var b strings.Builder
	if at := d.Span.String(); at != "" {
		b.WriteString(at)
		b.WriteString(": ")
	}
	b.WriteString(d.Severity.String())
	if d.Code != "" {
		b.WriteString("[" + d.Code + "]")
	}
	b.WriteString(": ")
	b.WriteString(d.Message)
	return Visible(b.String())
}
