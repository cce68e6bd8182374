// Package diag carries what is wrong with the user's own text: a code, a place, what is
// wrong and what to do, printed with a caret under the very column.
package diag

// Pos is a place in a file. Line and Col count from 1; Col counts code points. A zero Line means the whole file.
type Pos struct {
	File string
	Line int
	Col  int
}

// Span is a stretch of one line: Len code points from Pos (at least 1 is marked).
type Span struct {
	Pos
	Len int
}

// Severity tells an error, which stops, from a warning, which does not.
type Severity uint8

// The severities.
const (
	Error Severity = iota
	Warning
)

// Diagnostic is one finding about the user's text.
type Diagnostic struct {
	Severity Severity
	// Code is stable, kebab-case, for example "unknown-key"; docs has a page of them.
	Code    string
	Span    Span
	Message string // what is wrong, one sentence without a full stop, naming the thing
	Hint    string // what to do, optional: "did you mean \"expect\"?"
}

// List is the diagnostics of one or more files. It is an error when it holds one of severity Error.
type List []Diagnostic //nolint:recvcheck // a slice: only what adds needs its address

// HasErrors reports whether any is of severity Error.
func (l List) HasErrors() bool {
	for i := range l {
		if l[i].Severity == Error {
			return true
		}
	}
	return false
}

// Text is a piece of the user's text, such as a CEL expression in a YAML scalar, that remembers
// where each of its code points stands in its file.
type Text struct {
	Value string
	File  string
	// Places holds the position of every code point of Value and one more for its end; it may be empty
	// for text that assay made itself, and Origin then is the place to blame.
	Places []Pos
	Origin Span
}

// Span returns where code points [start, end) of the text stand.
func (t Text) Span(start, end int) Span {
	if start < 0 || start >= len(t.Places) {
		return t.Origin
	}
	n := end - start
	p := t.Places[start]
	if n < 1 {
		n = 1
	}
	// A span that crosses lines is marked up to the end of its first line.
	for i := start; i < start+n && i < len(t.Places); i++ {
		if t.Places[i].Line != p.Line {
			n = i - start
			break
		}
	}
	if n < 1 {
		n = 1
	}
	return Span{Pos: p, Len: n}
}
