package elasticsearch

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// node is a step of the paths that are read: its children by name, and the leaf that ends here.
type node struct {
	name     []byte
	member   []byte // "name": as documents have it
	children []*node
	leaf     int // -1 for none
}

// expect returns the child whose member s stands before, at position i or, where documents have another order than so far, elsewhere, and
// moves it to i; nil for none, or where it is not written as usual.
func (n *node) expect(s *scanner, i int) *node {
	rest := s.data[s.pos:]
	for j := i; j < len(n.children); j++ {
		if c := n.children[j]; bytes.HasPrefix(rest, c.member) {
			n.children[i], n.children[j] = c, n.children[i]
			s.pos += len(c.member)
			return c
		}
	}
	return nil
}

func (n *node) child(name []byte) *node {
	for _, c := range n.children {
		if bytes.Equal(c.name, name) {
			return c
		}
	}
	return nil
}

// leafCell gathers what one document holds at one path.
type leafCell struct {
	first []byte   // raw JSON of the first value that is not null
	more  [][]byte // the others
	n     int
	seen  bool // the path is there, if only with null or []
}

// decoder turns hits into batches. It belongs to one stream.
type decoder struct {
	fields  []*field
	types   []value.Type
	leaves  []int // leaf of each column; -1 for _id and constants
	root    *node
	cells   []leafCell
	json    []bool // leaf is taken as a whole
	flat    bool   // no leaf lies within an object, or is one
	scratch []byte
	widths  []int // bytes of text that a row of the batch before had, by column
}

func newDecoder(fields []*field, types []value.Type) *decoder {
	d := &decoder{fields: fields, types: types, root: &node{leaf: -1}, widths: make([]int, len(fields))}
	for _, f := range fields {
		if len(f.source) == 0 {
			d.leaves = append(d.leaves, -1)
			continue
		}
		n := d.root
		for _, part := range f.source {
			c := n.child([]byte(part))
			if c == nil {
				c = &node{name: []byte(part), member: memberText(part), leaf: -1}
				n.children = append(n.children, c)
			}
			n = c
		}
		if n.leaf < 0 {
			n.leaf = len(d.cells)
			d.cells = append(d.cells, leafCell{})
			d.json = append(d.json, false)
		}
		d.json[n.leaf] = d.json[n.leaf] || f.codec == codecJSON
		d.leaves = append(d.leaves, n.leaf)
	}
	d.flat = len(d.cells) > 0 && len(d.root.children) == len(d.cells) && !slices.Contains(d.json, true)
	for _, c := range d.root.children {
		d.flat = d.flat && c.leaf >= 0 && len(c.children) == 0
	}
	return d
}

// memberText is the start of a member of that name as documents write it.
func memberText(name string) []byte {
	for _, c := range []byte(name) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' || c == '/' {
			return []byte{0} // found nowhere
		}
	}
	return []byte(`"` + name + `":`)
}

// wholeSource reports whether the columns need _source as it was stored: filtering rewrites the numbers in it.
func (d *decoder) wholeSource() bool {
	for _, f := range d.fields {
		if f.codec == codecJSON || f.codec == codecDecimal {
			return true
		}
	}
	return false
}

// paths are the paths that the columns need, for the filter of _source.
func (d *decoder) paths() []string {
	var out []string
	seen := map[string]bool{}
	for _, f := range d.fields {
		if p := strings.Join(f.source, "."); p != "" && !seen[p] {
			seen[p] = true
			out = append(out, p)
		}
	}
	return out
}

// batch decodes hits into b, whose vectors are reused. extra adds an Int column with that value in every row when it is not negative.
func (d *decoder) batch(b *value.Batch, hits []hit, whole bool, extra int) error {
	cols := len(d.fields)
	if extra >= 0 {
		cols++
	}
	if len(b.Cols) != cols {
		b.Cols = make([]value.Vector, cols)
	}
	b.N = len(hits)
	for i := range d.fields {
		resetVector(&b.Cols[i], d.types[i], len(hits))
		if v := &b.Cols[i]; cap(v.Data) == 0 && d.widths[i] > 0 {
			v.Data = make([]byte, 0, min(d.widths[i]*len(hits)*9/8, pageBytes))
		}
	}
	for _, h := range hits {
		if err := d.row(b, h, whole); err != nil {
			return err
		}
	}
	for i := range d.fields {
		d.widths[i] = (len(b.Cols[i].Data) + len(hits) - 1) / max(len(hits), 1)
	}
	if extra >= 0 {
		v := &b.Cols[cols-1]
		resetVector(v, value.Of(value.Int), len(hits))
		for range hits {
			appendParsed(v, codecInt, parsed{i: int64(extra)})
		}
	}
	return nil
}

func (d *decoder) row(b *value.Batch, h hit, whole bool) error {
	if !d.straight(h.source) {
		for i := range d.cells {
			c := &d.cells[i]
			c.first, c.more, c.n, c.seen = nil, c.more[:0], 0, false
		}
		if len(h.source) > 0 && len(d.cells) > 0 {
			s := scanner{data: h.source}
			if err := d.collect(&s, d.root); err != nil {
				return err
			}
			if s.pos != len(h.source) {
				return errJSON
			}
		}
	}
	for i, f := range d.fields {
		if err := d.cell(&b.Cols[i], f, d.leaves[i], h, whole); err != nil {
			return err
		}
	}
	return nil
}

// collect gathers the values beneath n of the JSON value that s stands before.
func (d *decoder) collect(s *scanner, n *node) error {
	switch s.space() {
	case '{':
		return d.members(s, n)
	case '[':
		return s.array(func() error { return d.collect(s, n) })
	}
	_, err := s.value()
	return err
}

// members handles an object, whose members mostly come in the order of the object before.
func (d *decoder) members(s *scanner, n *node) error {
	s.pos++
	if s.space() == '}' {
		s.pos++
		return nil
	}
	for i := 0; ; {
		s.space()
		var err error
		if c := n.expect(s, i); c != nil {
			i++
			err = d.found(s, c)
		} else {
			var key []byte
			if key, err = s.text(); err != nil {
				return err
			}
			if s.space() != ':' {
				return errJSON
			}
			s.pos++
			err = d.member(s, n, key)
		}
		if err != nil {
			return err
		}
		switch s.space() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			return nil
		default:
			return errJSON
		}
	}
}

// member handles one member of an object: key is one step of a path, or several with dots.
func (d *decoder) member(s *scanner, n *node, key []byte) error {
	c := n.child(key)
	if c == nil && bytes.IndexByte(key, '\\') >= 0 {
		c = n.child(unescape(nil, key, utf8.RuneError))
	}
	if c == nil && bytes.IndexByte(key, '.') >= 0 {
		c = n
		for part := range bytes.SplitSeq(key, []byte{'.'}) {
			if c = c.child(part); c == nil {
				break
			}
		}
	}
	if c == nil {
		_, err := s.value()
		return err
	}
	return d.found(s, c)
}

// found handles the value of a step.
func (d *decoder) found(s *scanner, c *node) error {
	if c.leaf < 0 {
		return d.collect(s, c)
	}
	start := s.pos
	if err := d.leafValue(s, c.leaf); err != nil {
		return err
	}
	if len(c.children) > 0 { // a path beneath an object that is itself a column
		again := scanner{data: s.data[:s.pos], pos: start}
		return d.collect(&again, c)
	}
	return nil
}

func (d *decoder) leafValue(s *scanner, leaf int) error {
	cell := &d.cells[leaf]
	cell.seen = true
	if s.space() == '[' && !d.json[leaf] {
		return s.array(func() error { return d.leafValue(s, leaf) })
	}
	raw, err := s.value()
	if err != nil {
		return err
	}
	if string(raw) == "null" {
		return nil // a null element is nothing to the index
	}
	if cell.n == 0 {
		cell.first = raw
	} else {
		cell.more = append(cell.more, raw)
	}
	cell.n++
	return nil
}

// cell appends what the document holds for one column.
func (d *decoder) cell(v *value.Vector, f *field, leaf int, h hit, whole bool) error {
	switch {
	case f.constant != nil:
		appendParsed(v, codecString, parsed{text: []byte(*f.constant)})
		return nil
	case leaf < 0:
		text, _ := inner(h.id, d.scratch, utf8.RuneError)
		appendParsed(v, codecString, parsed{text: text})
		return nil
	}
	c := &d.cells[leaf]
	if c.n == 0 {
		if f.list {
			v.Lists = append(v.Lists, nil)
			if f.absent && !c.seen {
				v.Errs.Set(v.N)
			} else {
				v.Nulls.Set(v.N)
			}
			v.N++
			return nil
		}
		missing := f.absent && !c.seen
		appendParsed(v, f.codec, parsed{bad: missing, null: !missing})
		return nil
	}
	if f.list {
		return d.listCell(v, f, c, whole)
	}
	if len(c.more) == 0 && appendUsual(v, f.codec, c.first) {
		return nil
	}
	if f.codec == codecJSON && len(c.more) > 0 {
		all := append([][]byte{c.first}, c.more...)
		appendParsed(v, f.codec, parsed{text: append(append([]byte{'['}, bytes.Join(all, []byte{','})...), ']')})
		return nil
	}
	p, err := f.parse(c.first, d.scratch, whole)
	if err != nil {
		return err
	}
	if len(c.more) > 0 && !sameTexts(f, c) {
		return severalValues(f)
	}
	appendParsed(v, f.codec, p)
	if cap(p.text) > cap(d.scratch) && f.codec == codecString && bytes.IndexByte(c.first, '\\') >= 0 {
		d.scratch = p.text[:0] // keep what escapes have grown
	}
	return nil
}

// appendUsual appends a value in the form in which almost all come, without detours; false for any other. It says of none what parse does not.
func appendUsual(v *value.Vector, c codec, raw []byte) bool {
	switch c {
	case codecInt:
		n, ok := parseInt(raw)
		if !ok {
			return false
		}
		v.Ints = append(v.Ints, n)
	case codecString:
		if raw[0] != '"' || bytes.IndexByte(raw, '\\') >= 0 {
			return false
		}
		v.Data = append(v.Data, raw[1:len(raw)-1]...)
		v.Offs = append(v.Offs, textEnd(v.Data))
	case codecDouble:
		x, ok := parseShort(raw)
		if !ok {
			return false
		}
		v.Floats = append(v.Floats, x)
	default:
		return false
	}
	v.N++
	return true
}

// sameTexts reports whether all values are one text: the index keeps it once, so it is one value.
func sameTexts(f *field, c *leafCell) bool {
	if f.codec != codecString {
		return false
	}
	for _, m := range c.more {
		if !bytes.Equal(m, c.first) {
			return false
		}
	}
	return true
}

// severalError is the error for a document that holds several values where one is expected.
type severalError struct{ error }

// Unwrap returns what may be told of it.
func (e severalError) Unwrap() error { return e.error }

func severalValues(f *field) error {
	return severalError{connectors.Own(fmt.Sprintf("a document holds more than one value in field: %q; declare the column with array: true", f.name))}
}

func isSeveral(err error) bool {
	_, ok := errors.AsType[severalError](err)
	return ok
}

func (d *decoder) listCell(v *value.Vector, f *field, c *leafCell, whole bool) error {
	items := make([]value.Value, 0, len(c.more))
	bad := false
	for _, raw := range append([][]byte{c.first}, c.more...) {
		p, err := f.parse(raw, d.scratch, whole)
		if err != nil {
			return err
		}
		bad = bad || p.bad
		if p.null {
			continue
		}
		items = append(items, f.value(p))
	}
	if bad {
		v.Errs.Set(v.N)
	}
	v.Lists = append(v.Lists, items)
	v.N++
	return nil
}
