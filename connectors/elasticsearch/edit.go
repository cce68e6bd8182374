package elasticsearch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Reasons for which a document cannot be changed at a field.
var (
	errTwice   = errors.New("the document holds it in two places")
	errInArray = errors.New("the document holds it within an array of objects")
	errScalar  = errors.New("the document holds a value where an object would be")
)

// put returns the document with the field holding text, JSON of it, or nil for null. Every other byte of the document stays as it is.
func (h *habits) put(doc []byte, f *field, text []byte) ([]byte, error) {
	at := locate(doc, f.source)
	switch {
	case at.broken:
		return nil, errJSON
	case len(at.values) > 1:
		return nil, errTwice
	case at.array:
		return nil, errInArray
	case len(at.values) == 1:
		v := at.values[0]
		if text == nil && !h.nulls[f.name] {
			return cut(doc, v), nil
		}
		return splice(doc, v.start, v.end, orNull(text)), nil
	case text == nil && !h.nulls[f.name]:
		return doc, nil
	case at.scalar:
		return nil, errScalar
	case at.null != nil:
		return splice(doc, at.null.start, at.null.end, nested(at.rest, orNull(text))), nil
	}
	names := at.deepest.rest
	if at.deepest.depth == 0 && h.shapes[f.name] != nil {
		names = h.shapes[f.name]
	}
	member := nested(names, orNull(text))
	member = member[1 : len(member)-1] // without the braces
	if !at.deepest.empty {
		member = append([]byte{','}, member...)
	}
	return splice(doc, at.deepest.last, at.deepest.last, member), nil
}

func orNull(text []byte) []byte {
	if text == nil {
		return []byte("null")
	}
	return text
}

// nested writes an object of one member within the other, around a value.
func nested(names []string, text []byte) []byte {
	var b []byte
	for _, n := range names {
		b = append(appendText(append(b, '{'), n), ':')
	}
	return append(append(b, text...), strings.Repeat("}", len(names))...)
}

func splice(doc []byte, from, to int, text []byte) []byte {
	return slices.Concat(doc[:from], text, doc[to:])
}

// cut removes a member and the comma that parts it from another one.
func cut(doc []byte, v span) []byte {
	from, to := v.member, v.end
	before := bytes.TrimRight(doc[:from], " \t\r\n")
	after := bytes.TrimLeft(doc[to:], " \t\r\n")
	switch {
	case bytes.HasSuffix(before, []byte{','}):
		from = len(before) - 1
	case bytes.HasPrefix(after, []byte{','}):
		after = bytes.TrimLeft(after[1:], " \t\r\n")
		to = len(doc) - len(after)
	}
	return splice(doc, from, to, nil)
}

// appendText appends a JSON string, with nothing escaped that need not be.
func appendText(b []byte, s string) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) //nolint:errchkjson // a string
	return append(b, bytes.TrimRight(out.Bytes(), "\n")...)
}

// composer writes new documents of the same fields.
type composer struct {
	root  *slot
	nulls []bool
}

// slot is a member of a new document: an object of others, or the value of a field.
type slot struct {
	name  []byte // with quotes and colon
	parts []*slot
	field int // -1 for an object
}

// composer returns what writes documents of fields, nested or with dotted names as the others are.
func (h *habits) composer(fields []*field) (*composer, error) {
	c := &composer{root: &slot{field: -1}}
	for i, f := range fields {
		c.nulls = append(c.nulls, h.nulls[f.name])
		if len(f.source) == 0 {
			continue
		}
		names := f.source
		if s := h.shapes[f.name]; s != nil {
			names = s
		}
		at := c.root
		for n, name := range names {
			text := append(appendText(nil, name), ':')
			j := slices.IndexFunc(at.parts, func(p *slot) bool { return bytes.Equal(p.name, text) })
			last := n == len(names)-1
			if j >= 0 && (last || at.parts[j].field >= 0) {
				return nil, fmt.Errorf("field %s and another one would stand in one place of a document", f.name)
			}
			if j < 0 {
				j = len(at.parts)
				at.parts = append(at.parts, &slot{name: text, field: -1})
			}
			at = at.parts[j]
		}
		at.field = i
	}
	return c, nil
}

// compose appends a document of the values' texts, nil for null.
func (c *composer) compose(b []byte, texts [][]byte) []byte {
	b, _ = c.object(b, c.root, texts)
	return b
}

// object appends an object and reports whether it holds anything.
func (c *composer) object(b []byte, p *slot, texts [][]byte) ([]byte, bool) {
	b = append(b, '{')
	some := false
	for _, m := range p.parts {
		before := len(b)
		if some {
			b = append(b, ',')
		}
		b = append(b, m.name...)
		held := true
		switch {
		case m.field < 0:
			b, held = c.object(b, m, texts)
		case texts[m.field] != nil:
			b = append(b, texts[m.field]...)
		case c.nulls[m.field]:
			b = append(b, "null"...)
		default:
			held = false
		}
		if !held {
			b = b[:before]
		}
		some = some || held
	}
	return append(b, '}'), some
}
