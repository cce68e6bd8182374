package sqlgen

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Writer collects the parameters of one statement. Fragments hold a mark where a
// parameter stands, so that they can be repeated, compared and thrown away;
// Finish numbers those that are left, in the order of the text.
type Writer struct {
	d      Dialect
	params []Param
	index  map[string]int
	scope  *scope
	// hope is set while guards are left out: see Unguarded.
	hope *doubts
}

// NewWriter returns an empty Writer for d.
func NewWriter(d Dialect) *Writer {
	return &Writer{d: d, index: map[string]int{}, scope: &scope{}}
}

// Dialect returns the dialect written in.
func (w *Writer) Dialect() Dialect { return w.d }

// mark delimits a parameter's number within a fragment. No identifier or query may hold it.
const mark = "\x00"

// Param passes a non-null value, typed by Dialect.Bind, and returns its fragment (an atom).
// The same value gives the same fragment.
func (w *Writer) Param(v value.Value) (string, *query.Refusal) {
	p, ref := w.d.Bind(v)
	if ref != nil {
		return "", ref
	}
	if p.Text == "" {
		p.Text = v.Text()
	}
	return w.Bind(p), nil
}

// Bind passes p and returns its fragment, for parameters that a dialect makes itself.
func (w *Writer) Bind(p Param) string {
	if p.Text == "" {
		p.Text = fmt.Sprint(p.Arg)
	}
	key := fmt.Sprintf("%T\x00%v\x00%s\x00%s", p.Arg, p.Arg, p.Before, p.After)
	n, ok := w.index[key]
	if !ok {
		n = len(w.params)
		w.params = append(w.params, p)
		w.index[key] = n
	}
	return mark + strconv.Itoa(n) + mark
}

// Statement is SQL ready to send.
type Statement struct {
	Text string
	Args []any
	// Shown is Args as text, for people.
	Shown []string
}

// Query returns the statement as Explain shows it.
func (s Statement) Query() query.Statement { return query.Statement{Text: s.Text, Args: s.Shown} }

// Finish turns a fragment into a statement.
func (w *Writer) Finish(sql string) Statement {
	parts := strings.Split(sql, mark)
	var s Statement
	var b strings.Builder
	numbered := w.d.Placeholder(1) != w.d.Placeholder(2)
	number := map[int]int{}
	for i, part := range parts {
		if i%2 == 0 {
			b.WriteString(part)
			continue
		}
		id, err := strconv.Atoi(part)
		if err != nil || id >= len(w.params) {
			continue // cannot be: only Bind writes marks
		}
		p := w.params[id]
		n, seen := number[id]
		if !seen || !numbered {
			s.Args = append(s.Args, p.Arg)
			s.Shown = append(s.Shown, p.Text)
			n = len(s.Args)
			number[id] = n
		}
		b.WriteString(p.Before + w.d.Placeholder(n) + p.After)
	}
	s.Text = b.String()
	return s
}
