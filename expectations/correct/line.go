package correct

import (
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// appendChange appends the line of a change, without its end. After holds the columns that are Set only: of the others Before says all.
func appendChange(b []byte, c *Change, t *Target) []byte {
	b = append(b, `{"n":`...)
	b = strconv.AppendInt(b, c.N, 10)
	b = appendMember(b, "target", c.Target)
	b = appendMember(b, "action", string(c.Action))
	b = appendMember(b, "class", string(c.Class))
	b = appendMember(b, "expectation", c.Expectation)
	b = appendMember(b, "risk", string(c.Risk))
	if c.Reason != "" {
		b = appendMember(b, "reason", c.Reason)
	}
	b = appendRow(append(b, `,"key":`...), t.Key, c.Key, nil)
	if c.Before != nil {
		b = appendRow(append(b, `,"before":`...), t.Columns, c.Before, nil)
	}
	if c.After != nil {
		b = appendRow(append(b, `,"after":`...), t.Columns, c.After, c.set())
	}
	if c.Document != nil {
		b = appendDocument(append(b, `,"document":`...), c.Document)
	}
	if c.Restore != nil {
		b = appendOctets(append(b, `,"restore":`...), c.Restore)
	}
	return append(b, '}')
}

// set is Set, never nil.
func (c *Change) set() []int {
	if c.Set == nil {
		return []int{}
	}
	return c.Set
}

func appendMember(b []byte, name, text string) []byte {
	b = append(append(append(b, `,"`...), name...), `":`...)
	return appendOctets(b, []byte(text))
}

// appendOctets appends a text, or the octets of one that is not UTF-8.
func appendOctets(b, text []byte) []byte {
	if utf8.Valid(text) {
		return appendText(b, string(text))
	}
	return appendValue(b, value.StringValue(string(text)))
}

// appendRow appends an object of the columns at the positions, all where those are nil.
func appendRow(b []byte, cols []Column, row []value.Value, positions []int) []byte {
	b = append(b, '{')
	n := len(cols)
	if positions != nil {
		n = len(positions)
	}
	for i := range n {
		at := i
		if positions != nil {
			at = positions[i]
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, cols[at].Name), ':')
		b = appendValue(b, row[at])
	}
	return append(b, '}')
}

func appendDocument(b []byte, d *connectors.Document) []byte {
	b = appendOctets(append(b, `{"index":`...), []byte(d.Index))
	b = appendMember(b, "id", d.ID)
	if d.Routing != "" {
		b = appendMember(b, "routing", d.Routing)
	}
	b = strconv.AppendInt(append(b, `,"seq_no":`...), d.SeqNo, 10)
	b = strconv.AppendInt(append(b, `,"primary_term":`...), d.PrimaryTerm, 10)
	if d.Source != nil {
		b = appendOctets(append(b, `,"source":`...), d.Source)
	}
	return append(b, '}')
}

// once says which members of an object there were.
type once struct{ names []string }

func (o *once) first(l *lexer, name string, at int, where string) bool {
	if o.has(name) {
		l.fail(at, "%smember %q twice", where, name)
		return false
	}
	o.names = append(o.names, name)
	return true
}

func (o *once) has(name string) bool { return slices.Contains(o.names, name) }

// readChange reads a line. Targets are by name.
func readChange(line []byte, targets map[string]*Target, same map[string]string) (*Change, *Target, *lexError) {
	l := &lexer{b: line, same: same}
	c := &Change{}
	var t *Target
	seen := once{names: make([]string, 0, 12)}
	l.members(in("a change"), func(name string, at int) {
		if !seen.first(l, name, at, "") {
			return
		}
		switch name {
		case "key", "before", "after":
			if t == nil {
				l.fail(at, "%q before \"target\"", name)
				return
			}
			l.row(c, t, name)
		case "target":
			if c.Target = l.often(in(name)); l.err == nil {
				if t = targets[c.Target]; t == nil {
					l.fail(at, "target %s is not in the header", clip(c.Target))
				}
			}
		default:
			l.member(c, name, at)
		}
	})
	l.end()
	if l.err != nil {
		return nil, nil, l.err
	}
	for _, name := range [...]string{"n", "target", "action", "class", "expectation", "risk", "key"} {
		if !seen.has(name) {
			return nil, nil, &lexError{text: "member " + strconv.Quote(name) + " is missing"}
		}
	}
	if c.Action == connectors.Update && c.Before != nil {
		c.overlay()
	}
	if err := c.check(t); err != "" {
		return nil, nil, &lexError{text: err}
	}
	return c, t, nil
}

// overlay lets After say of columns that are not Set what is there already.
func (c *Change) overlay() {
	for i := range c.After {
		if i < len(c.Before) && !slices.Contains(c.Set, i) {
			c.After[i] = c.Before[i]
		}
	}
}

// member reads what is neither target nor row.
func (l *lexer) member(c *Change, name string, at int) {
	switch name {
	case "n":
		c.N = l.integer(in(name))
	case "action":
		c.Action = connectors.Action(l.often(in(name)))
	case "class":
		c.Class = Class(l.often(in(name)))
	case "expectation":
		c.Expectation = l.often(in(name))
	case "risk":
		c.Risk = Risk(l.often(in(name)))
	case "reason":
		c.Reason = l.often(in(name))
	case "document":
		c.Document = l.document()
	case "restore":
		c.Restore = json.RawMessage(l.octets(in(name)))
	default:
		l.fail(at, "unknown member %q", name)
	}
}

// row reads key, before or after.
func (l *lexer) row(c *Change, t *Target, name string) {
	cols := t.Columns
	if name == "key" {
		cols = t.Key
	}
	row, which := l.cells(cols, name, t)
	if l.err != nil {
		return
	}
	if name != "after" && len(which) != len(cols) {
		for i := range cols {
			if !slices.Contains(which, i) {
				l.fail(l.i, "%s: column %q of target %q is missing", name, cols[i].Name, t.Name)
				return
			}
		}
	}
	switch name {
	case "key":
		c.Key = row
	case "before":
		c.Before = row
	case "after":
		slices.Sort(which)
		c.After, c.Set = row, which
	}
}

// cells reads an object of columns and says which there were.
func (l *lexer) cells(cols []Column, what string, t *Target) (row []value.Value, which []int) {
	row = make([]value.Value, len(cols))
	which = make([]int, 0, len(cols))
	next := 0
	l.members(in(what), func(name string, at int) {
		// they come in the columns' order mostly
		for next < len(cols) && cols[next].Name != name {
			next++
		}
		if next == len(cols) {
			next = slices.IndexFunc(cols, func(c Column) bool { return c.Name == name })
		}
		switch {
		case next < 0:
			l.fail(at, "%s: %s is no column of target %q", what, clip(name), t.Name)
			return
		case slices.Contains(which, next):
			l.fail(at, "%s: column %q twice", what, name)
			return
		}
		which = append(which, next)
		row[next] = l.value(cols[next].typ, where{what, name})
		next++
	})
	return row, which
}

// often reads a text, or the octets of one that is not UTF-8, that comes again and again.
func (l *lexer) often(where where) string {
	if l.peek() == '"' {
		return l.known(where)
	}
	return l.octets(where)
}

func (l *lexer) document() *connectors.Document {
	d := &connectors.Document{}
	seen := once{names: make([]string, 0, 6)}
	l.members(in("document"), func(name string, at int) {
		if !seen.first(l, name, at, "document: ") {
			return
		}
		switch name {
		case "index":
			d.Index = l.octets(in(name))
		case "id":
			d.ID = l.octets(in(name))
		case "routing":
			d.Routing = l.octets(in(name))
		case "seq_no":
			d.SeqNo = l.integer(in(name))
		case "primary_term":
			d.PrimaryTerm = l.integer(in(name))
		case "source":
			d.Source = json.RawMessage(l.octets(in(name)))
		default:
			l.fail(at, "document: unknown member %q", name)
		}
	})
	return d
}
