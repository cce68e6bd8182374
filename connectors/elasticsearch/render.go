package elasticsearch

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

var _ connectors.Render = Render

// Render shows changes as lines of bulk requests. Of a document that is updated it shows what changes; what is sent is the whole document, every other byte of
// it as it was.
func Render(t connectors.Target, changes []connectors.Change) ([]query.Statement, error) {
	out := make([]query.Statement, 0, len(changes))
	for i := range changes {
		text, err := renderOne(t, &changes[i])
		if err != nil {
			return nil, err
		}
		out = append(out, query.Statement{Text: text})
	}
	return out, nil
}

func renderOne(t connectors.Target, ch *connectors.Change) (string, error) {
	index, id, meta := t.Relation.Dataset.Index, "", []byte(nil)
	if len(t.Key) == 1 && t.Key[0].Name == idColumn {
		id = ch.Key[0].Text()
	}
	action := map[connectors.Action]string{connectors.Insert: actionCreate, connectors.Update: "update", connectors.Delete: actionDelete}[ch.Action]
	if action == "" {
		return "", fmt.Errorf("unknown action %q", ch.Action)
	}
	if d := ch.Document; d != nil {
		if d.Index != "" {
			index = d.Index
		}
		if d.ID != "" {
			id = d.ID
		}
		if d.Routing != "" {
			meta = appendText(append(meta, `,"routing":`...), d.Routing)
		}
		if action != actionCreate {
			meta = strconv.AppendInt(append(meta, `,"if_seq_no":`...), d.SeqNo, 10)
			meta = strconv.AppendInt(append(meta, `,"if_primary_term":`...), d.PrimaryTerm, 10)
		}
	}
	b := append([]byte("POST /"+index+"/_bulk\n{\""), action...)
	b = append(b, `":{`...)
	if id != "" { // else it follows from the key once the index is seen
		b = append(appendText(append(b, `"_id":`...), id), meta...)
	} else {
		b = append(b, strings.TrimPrefix(string(meta), ",")...)
	}
	b = append(b, "}}"...)
	if action == actionDelete {
		return string(b), nil
	}
	b = append(b, '\n')
	if action == "update" {
		b = append(b, `{"doc":`...)
	}
	b = append(b, '{')
	first := true
	member := func(c *value.Column, v value.Value) {
		if c.Name == idColumn {
			return
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(appendText(b, c.Name), ':')
		b = appendShown(b, c, v)
	}
	if action == actionCreate {
		for i := range t.Key {
			member(&t.Key[i], ch.Key[i])
		}
	}
	for _, n := range ch.Set {
		member(&t.Columns[n], ch.After[n])
	}
	b = append(b, '}')
	if action == "update" {
		b = append(b, '}')
	}
	return string(b), nil
}

// appendShown appends a value as its column's documents may hold it: a plan knows types, and not how dates are written. What is not of the type is a text.
func appendShown(b []byte, c *value.Column, v value.Value) []byte {
	if v.IsNull() {
		return append(b, "null"...)
	}
	if v.Kind() == value.List {
		b = append(b, '[')
		for i, e := range v.List() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendShown(b, c, e)
		}
		return append(b, ']')
	}
	f := field{typ: c.Native}
	f.codec, _ = codecOf(c.Native)
	if v.Kind() == value.Decimal {
		f.codec = codecDecimal
	}
	if v.Kind() == f.codec.kind() && f.codec != codecTime {
		if out, err := f.encodeOne(b, v, nil); err == nil {
			return out
		}
	}
	if v.Kind() == value.Int || v.Kind() == value.Uint || v.Kind() == value.Bool || v.Kind() == value.Double {
		return v.AppendText(b)
	}
	return appendText(b, v.Text())
}
