package correct

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
)

// The digest is the SHA-256 of the whole file in which its own 64 digits, the last ones of the first line, are zeros:
//
//	sed -E '1s/"digest":"[0-9a-f]{64}"}$/"digest":"'$(printf '0%.0s' {1..64})'"}/' plan.jsonl | sha256sum
const (
	digestDigits = 64
	digestEnd    = `"}`
	digestStart  = `"digest":"`
)

var zeroDigest = bytes.Repeat([]byte{'0'}, digestDigits)

// encode returns the header's line, with its end, and where in it the digest stands.
func (h *Header) encode() (line []byte, at int, err error) {
	c := *h
	c.Sum = string(zeroDigest)
	c.Counts.fill()
	if c.Refused == nil {
		c.Refused = []Refusal{}
	}
	line, err = json.Marshal(&c)
	if err != nil {
		return nil, 0, fmt.Errorf("header of a plan: %w", err)
	}
	at = len(line) - len(digestEnd) - digestDigits
	return append(line, '\n'), at, nil
}

func (n *Counts) fill() {
	for _, m := range []*map[string]int64{&n.ByAction, &n.ByClass, &n.ByRisk, &n.ByTarget} {
		if *m == nil {
			*m = map[string]int64{}
		}
	}
}

func (n *Counts) equal(o *Counts) bool {
	return n.Total == o.Total && maps.Equal(n.ByAction, o.ByAction) && maps.Equal(n.ByClass, o.ByClass) && maps.Equal(n.ByRisk, o.ByRisk) && maps.Equal(n.ByTarget, o.ByTarget)
}

// readHeader reads the first line, without its end, and returns it with zeros for the digest too.
func readHeader(line []byte) (h *Header, zeroed []byte, err error) {
	if e := repeats(line); e != nil {
		return nil, nil, e
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	h = &Header{}
	if err := d.Decode(h); err != nil {
		return nil, nil, fmt.Errorf("the header is not one of a plan: %w", err)
	}
	if h.Schema != SchemaName {
		return nil, nil, fmt.Errorf("schema is %s, and this program reads %s", clip(h.Schema), SchemaName)
	}
	at := len(line) - len(digestEnd) - digestDigits
	start := at - len(digestStart)
	if _, err := hex.DecodeString(h.Sum); err != nil || len(h.Sum) != digestDigits || start < 0 ||
		string(line[start:at]) != digestStart || string(line[at:at+digestDigits]) != h.Sum || string(line[at+digestDigits:]) != digestEnd {
		return nil, nil, errors.New("the header does not end with its digest")
	}
	zeroed = bytes.Clone(line)
	copy(zeroed[at:], zeroDigest)
	return h, zeroed, h.check()
}

// check checks the header alone, and gives its columns their types.
func (h *Header) check() error {
	if h.Kind != KindFix && h.Kind != KindUndo {
		return fmt.Errorf("unknown kind %s of plan", clip(string(h.Kind)))
	}
	if (h.Kind == KindUndo) != (h.Of != "") {
		return errors.New("an undo plan, and no other, says which plan it undoes")
	}
	names := make(map[string]bool, len(h.Targets))
	for i := range h.Targets {
		t := &h.Targets[i]
		if t.Name == "" || names[t.Name] {
			return fmt.Errorf("target %s: the name is not unique", clip(t.Name))
		}
		names[t.Name] = true
		if len(t.Key) == 0 {
			return fmt.Errorf("target %s has no key", clip(t.Name))
		}
		if (t.Table == "") == (t.Index == "") {
			return fmt.Errorf("target %s: want a table or an index", clip(t.Name))
		}
		if err := t.check(); err != nil {
			return err
		}
	}
	return nil
}

func (t *Target) check() error {
	names := make(map[string]bool, len(t.Key)+len(t.Columns))
	for _, cols := range [][]Column{t.Key, t.Columns} {
		for i := range cols {
			c := &cols[i]
			if c.Name == "" || names[c.Name] {
				return fmt.Errorf("target %s: column %s twice", clip(t.Name), clip(c.Name))
			}
			names[c.Name] = true
			typ, ok := parseType(c.Type)
			if !ok {
				return fmt.Errorf("target %s: column %s: unknown type %s", clip(t.Name), clip(c.Name), clip(c.Type))
			}
			c.typ = typ
		}
	}
	for _, m := range t.Masked {
		if !names[m] {
			return fmt.Errorf("target %s: masked column %s is not there", clip(t.Name), clip(m))
		}
	}
	return nil
}

// repeats finds a member that is twice in one object, which encoding/json lets pass.
func repeats(line []byte) error {
	l := &lexer{b: line}
	l.anything(0)
	l.end()
	if l.err != nil {
		return l.err
	}
	return nil
}

// maxDepth bounds how deep a header is nested.
const maxDepth = 20

// anything goes over a value of any kind.
func (l *lexer) anything(depth int) {
	if depth > maxDepth {
		l.fail(l.i, "nested too deep")
		return
	}
	switch l.peek() {
	case '{':
		seen := once{}
		l.members(in("the header"), func(name string, at int) {
			if seen.first(l, name, at, "the header: ") {
				l.anything(depth + 1)
			}
		})
	case '[':
		l.elements(in("the header"), func() { l.anything(depth + 1) })
	case '"':
		l.text(in("the header"))
	default:
		if !l.word("true") && !l.word("false") && !l.word("null") {
			l.number(in("the header"))
		}
	}
}
