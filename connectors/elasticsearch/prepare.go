package elasticsearch

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// prepare forms what is to be sent. Of a change that cannot be sent it says why in its effect.
func (c *correction) prepare(changes []connectors.Change, docs [][]*connectors.Document, effects []connectors.Effect) ([]*item, error) {
	var items []*item
	var before []*connectors.Document
	for i := range changes {
		it, err := c.item(&changes[i], docs[i])
		switch {
		case errors.Is(err, errChanged):
			effects[i] = connectors.Effect{Outcome: connectors.Unmatched}
		case err != nil:
			effects[i] = c.refusal(err)
		default:
			it.change = i
			items, before = append(items, it), append(before, &it.doc)
		}
	}
	if len(items) == 0 {
		return nil, nil
	}
	if changes[0].Action != connectors.Insert {
		said, err := c.cells(slices.DeleteFunc(before, func(d *connectors.Document) bool { return d.Source == nil }))
		if err != nil {
			return nil, err
		}
		n := -1
		items = c.keep(items, effects, func(i *item) error {
			if i.doc.Source == nil {
				return nil // of what is to be restored over a version the version says enough
			}
			n++
			return c.edit(i, &changes[i.change], said, n)
		})
	} else if err := c.compose(&items, changes, effects); err != nil {
		return nil, err
	}
	return c.proved(items, changes, effects)
}

// refusal is the effect of a change that cannot be made.
func (c *correction) refusal(err error) connectors.Effect {
	if !errors.As(err, new(*connectors.Error)) {
		err = &connectors.Error{Op: c.op, Err: err}
	}
	return connectors.Effect{Outcome: connectors.Refused, Err: err}
}

// keep calls f for each item and leaves out those for which it fails.
func (c *correction) keep(items []*item, effects []connectors.Effect, f func(*item) error) []*item {
	return slices.DeleteFunc(items, func(i *item) bool {
		err := f(i)
		switch {
		case errors.Is(err, errChanged):
			effects[i.change] = connectors.Effect{Outcome: connectors.Unmatched}
		case err != nil:
			effects[i.change] = c.refusal(err)
		}
		return err != nil
	})
}

// item says where a change goes.
func (c *correction) item(ch *connectors.Change, docs []*connectors.Document) (*item, error) {
	if ch.Restore != nil && !isObject(ch.Restore) {
		return nil, errors.New("what is to be restored is not a document")
	}
	if ch.Action == connectors.Insert {
		return c.newItem(ch, docs)
	}
	switch {
	case len(docs) == 0:
		return nil, errChanged
	case len(docs) > 1:
		return nil, several(docs)
	}
	i := &item{action: actionIndex, doc: *docs[0], source: ch.Restore}
	if ch.Action == connectors.Delete {
		i.action = actionDelete
	}
	if ch.Document != nil { // the version that was seen, whichever is there now
		i.doc.Index, i.doc.ID, i.doc.Routing = ch.Document.Index, ch.Document.ID, ch.Document.Routing
		i.doc.SeqNo, i.doc.PrimaryTerm = ch.Document.SeqNo, ch.Document.PrimaryTerm
	}
	switch {
	case !c.place.has(i.doc.Index):
		return nil, fmt.Errorf("index %q is none of %s", i.doc.Index, c.place.name)
	case i.doc.PrimaryTerm <= 0 || i.doc.SeqNo < 0:
		return nil, fmt.Errorf("document %q comes without a version to guard it by", i.doc.ID)
	}
	return i, nil
}

// several is the error of a key that more than one document has.
func several(docs []*connectors.Document) error {
	names := make([]string, len(docs))
	for i, d := range docs {
		names[i] = fmt.Sprintf("%q in %s", d.ID, d.Index)
	}
	const shown = 5
	if len(names) > shown {
		names = append(names[:shown], fmt.Sprintf("%d more", len(docs)-shown))
	}
	return errors.New("several documents have this key: " + strings.Join(names, ", "))
}

// newItem says where a new document goes.
func (c *correction) newItem(ch *connectors.Change, docs []*connectors.Document) (*item, error) {
	if len(docs) > 0 {
		return nil, errChanged // somebody else has inserted it
	}
	var d connectors.Document
	switch {
	case ch.Document != nil && ch.Document.ID != "":
		d = connectors.Document{Index: ch.Document.Index, ID: ch.Document.ID, Routing: ch.Document.Routing}
	default:
		place, err := c.placeOfNew(ch.Key)
		if err != nil {
			return nil, err
		}
		d = *place
	}
	for _, n := range ch.Set {
		if c.cols[n].name == idColumn && ch.Restore == nil && !ch.After[n].IsNull() {
			d.ID = ch.After[n].Str()
		}
	}
	if !c.place.has(d.Index) {
		return nil, fmt.Errorf("index %q is none of %s", d.Index, c.place.name)
	}
	return &item{action: actionCreate, doc: d, source: ch.Restore}, nil
}

// edit holds a document, the n-th of those read, to what was seen of it and forms the one that is to take its place.
func (c *correction) edit(i *item, ch *connectors.Change, said *cells, n int) error {
	if !said.holds(n, ch.Key) {
		return errChanged
	}
	for col, v := range ch.Before { // what cannot be read was not seen either: the version guards it
		if same, bad := said.is(n, len(c.key)+col, v); !same && !bad {
			return errChanged
		}
	}
	if i.action == actionDelete || i.source != nil {
		return nil
	}
	i.source = i.doc.Source
	for _, n := range ch.Set {
		f := c.cols[n]
		if err := assignable(f); err != nil {
			return err
		}
		var text []byte
		var err error
		if v := ch.After[n]; !v.IsNull() {
			if text, err = f.encode(nil, v, oldText(i.source, f)); err != nil {
				return fmt.Errorf("field %s: %w", f.name, err)
			}
		}
		if i.source, err = c.habits.put(i.source, f, text); err != nil {
			return fmt.Errorf("field %s: %w", f.name, err)
		}
	}
	return nil
}

// assignable says why a field cannot be given a value.
func assignable(f *field) error {
	switch {
	case f.name == idColumn:
		return errors.New("the _id of a document cannot be changed")
	case f.constant != nil:
		return fmt.Errorf("field %s holds one value for all documents of its index", f.name)
	}
	return nil
}

// oldText is the JSON that a document holds for a field, of an array its first element that is not null.
func oldText(doc []byte, f *field) []byte {
	at := locate(doc, f.source)
	if len(at.values) != 1 {
		return nil
	}
	text := at.values[0].of(doc)
	for len(text) > 0 && text[0] == '[' && f.codec != codecJSON {
		s := &scanner{data: text}
		var first []byte
		err := s.array(func() error {
			one, err := s.value()
			if first == nil && string(one) != "null" {
				first = one
			}
			return err
		})
		if err != nil {
			return nil
		}
		text = first
	}
	if string(text) == "null" {
		return nil
	}
	return text
}

// compose writes the documents of inserts.
func (c *correction) compose(items *[]*item, changes []connectors.Change, effects []connectors.Effect) error {
	set := changes[0].Set
	fields := slices.Clone(c.key)
	for _, n := range set {
		fields = append(fields, c.cols[n])
	}
	writer, err := c.habits.composer(fields)
	if err != nil {
		return &connectors.Error{Kind: connectors.Misconfigured, Op: c.op, Err: err}
	}
	*items = c.keep(*items, effects, func(i *item) error {
		if i.source != nil {
			return nil
		}
		ch := &changes[i.change]
		texts := make([][]byte, len(fields))
		for n, f := range fields {
			var v value.Value
			if n < len(c.key) {
				v = ch.Key[n]
			} else {
				v = ch.After[set[n-len(c.key)]]
			}
			if v.IsNull() || len(f.source) == 0 {
				continue
			}
			var err error
			if texts[n], err = f.encode(nil, v, nil); err != nil {
				return fmt.Errorf("field %s: %w", f.name, err)
			}
		}
		i.source = writer.compose(nil, texts)
		return nil
	})
	return nil
}

// proved reads the documents that are to be written as they will be read, and leaves out those that would not say what their changes say.
func (c *correction) proved(items []*item, changes []connectors.Change, effects []connectors.Effect) ([]*item, error) {
	var docs []*connectors.Document
	for _, i := range items {
		if i.action != actionDelete {
			docs = append(docs, &connectors.Document{ID: i.doc.ID, Source: i.source})
		}
	}
	if len(docs) == 0 {
		return items, nil
	}
	said, err := c.cells(docs)
	if err != nil {
		return nil, err
	}
	n := -1
	return c.keep(items, effects, func(i *item) error {
		if i.action == actionDelete {
			return nil
		}
		n++
		ch := &changes[i.change]
		if ch.Restore != nil || ch.Action == connectors.Insert {
			i.row = said.row(n)
		}
		if ch.Restore != nil {
			return nil
		}
		return c.prove(i, ch, said, n)
	}), nil
}

// prove holds what a new document says to what its change says.
func (c *correction) prove(i *item, ch *connectors.Change, said *cells, n int) error {
	if !said.holds(n, ch.Key) {
		return errors.New("the document would have another key")
	}
	for _, col := range ch.Set {
		same, bad := said.is(n, len(c.key)+col, ch.After[col])
		if !same && !bad && ch.After[col].Kind() == value.List && len(ch.After[col].List()) == 0 { // is read as null
			same, _ = said.is(n, len(c.key)+col, value.Value{})
		}
		if !same || bad {
			return fmt.Errorf("field %s cannot hold this value: it would be read as another one", c.cols[col].name)
		}
	}
	odd := false
	for col, v := range ch.Before {
		same, bad := said.is(n, len(c.key)+col, v)
		odd = odd || bad
		if !same && !bad && !c.sets(ch.Set, col) {
			return fmt.Errorf("field %s would change too", c.cols[col].name)
		}
	}
	switch {
	case odd:
		i.row = said.row(n)
	case ch.Action == connectors.Update:
		i.row.values = ch.After
	}
	return nil
}

// sets reports whether a column is set, by its own name or by an alias.
func (c *correction) sets(set []int, n int) bool {
	return slices.ContainsFunc(set, func(m int) bool { return m == n || slices.Equal(c.cols[m].source, c.cols[n].source) })
}
