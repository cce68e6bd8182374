package elasticsearch

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// Sizes of reading documents by their keys.
const (
	keysAtOnce  = 1000
	firstKeys   = 50      // before anything is known of the size of documents
	mgetBytes   = 4 << 20 // bytes that one answer should have
	hitsBeside  = 100     // documents beyond one a key that a search returns at most
	guessesMost = 4       // indices in which a document that searches do not find is looked for by its _id
)

// reading finds documents by key.
type reading struct {
	s      *Source
	op     string
	target connectors.Target
	place  *place
	key    []*field
	cols   []*field // of Target.Columns
	types  []value.Type
	habits *habits // nil until they are needed
	chunk  int     // documents to ask for at once, as those before were large
}

// Rows implements connectors.Corrector. Documents are found by a search, which sees what was refreshed; of those that have changed since, as their versions
// this moment tell (_mget), the newest is read. Where _id follows from the key, those that no search finds yet are found too. Documents that a correction of this
// source wrote last are read by their _id.
func (s *Source) Rows(ctx context.Context, t connectors.Target, keys [][]value.Value) ([]*connectors.Row, error) {
	if rows, err := s.client.latest.rows(ctx, t, keys); rows != nil || err != nil {
		return rows, err
	}
	r, err := s.reading(ctx, t)
	if err != nil {
		return nil, err
	}
	return r.rows(ctx, keys)
}

func (s *Source) reading(ctx context.Context, t connectors.Target) (*reading, error) {
	r := &reading{s: s, op: "read documents of " + t.Relation.Dataset.Index, target: t, chunk: s.client.latest.chunkOf(t.Relation.Dataset.Index)}
	var err error
	if r.place, err = s.placeOf(ctx, r.op, t.Relation.Dataset); err != nil {
		return nil, err
	}
	if r.key, err = r.fields(t.Key); err != nil {
		return nil, err
	}
	if r.cols, err = r.fields(t.Columns); err != nil {
		return nil, err
	}
	for _, c := range append(slices.Clip(t.Key), t.Columns...) {
		r.types = append(r.types, c.Type)
	}
	if len(r.key) == 0 {
		return nil, r.wrong("nothing names one of its documents: the dataset needs a key")
	}
	for _, f := range r.key {
		if f.name != idColumn && f.asked == "" {
			return nil, r.wrong("its key %s cannot be searched by: %s", f.name, f.whyNot)
		}
	}
	return r, nil
}

func (r *reading) wrong(format string, args ...any) error {
	return &connectors.Error{Kind: connectors.Misconfigured, Op: r.op, Err: fmt.Errorf(format, args...)}
}

// fields are what Describe noted about columns, which may come from a plan that knows their names and types only.
func (r *reading) fields(columns []value.Column) ([]*field, error) {
	var out []*field
	for _, c := range columns {
		f, ok := c.Meta.(*field)
		if !ok {
			live, at := r.target.Relation.Schema.Column(c.Name)
			if at < 0 {
				return nil, r.wrong("it has no field %q", c.Name)
			}
			if f, ok = live.Meta.(*field); !ok {
				return nil, r.wrong("column %q was not described by this connection", c.Name)
			}
		}
		if c.Unusable != "" {
			return nil, r.wrong("column %q cannot be read: %s", c.Name, c.Unusable)
		}
		out = append(out, f)
	}
	return out, nil
}

// keyText tells keys apart.
func keyText(key []value.Value) string {
	var b []byte
	for _, v := range key {
		one := v.AppendText(nil)
		b = append(append(strconv.AppendInt(b, int64(len(one)), 10), ':'), one...)
	}
	return string(b)
}

// ref names one document.
type ref struct {
	Index   string `json:"_index"`
	ID      string `json:"_id"`
	Routing string `json:"routing,omitempty"`
}

// rows reads the rows with these keys.
func (r *reading) rows(ctx context.Context, keys [][]value.Value) ([]*connectors.Row, error) {
	found, err := r.documents(ctx, keys)
	if err != nil {
		return nil, err
	}
	return rowsOf(found), nil
}

// rowsOf is the row that the documents of each key are.
func rowsOf(found [][]decodedRow) []*connectors.Row {
	out := make([]*connectors.Row, len(found))
	for i, docs := range found {
		if len(docs) > 0 {
			out[i] = &connectors.Row{Values: docs[0].values, Errs: docs[0].errs, Many: len(docs) > 1, Document: docs[0].doc}
		}
	}
	return out
}

// documents reads all documents with each of the keys.
func (r *reading) documents(ctx context.Context, keys [][]value.Value) ([][]decodedRow, error) {
	out := make([][]decodedRow, len(keys))
	at := make(map[string]int, len(keys))
	for i, k := range keys {
		at[keyText(k)] = i
	}
	for rest := keys; len(rest) > 0; {
		n := min(r.keysAtOnce(), r.chunk, len(rest))
		docs, err := r.find(ctx, rest[:n])
		if err != nil {
			return nil, err
		}
		if docs, err = r.current(ctx, docs); err != nil {
			return nil, err
		}
		if err := r.sort(docs, at, out); err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	guesses, err := r.guesses(ctx, keys, out)
	if err != nil {
		return nil, err
	}
	docs, err := r.read(ctx, guesses)
	if err != nil {
		return nil, err
	}
	if err := r.sort(docs, at, out); err != nil {
		return nil, err
	}
	for i, k := range keys { // a key that was asked for twice
		out[i] = out[at[keyText(k)]]
	}
	return out, nil
}

// sort puts documents where their keys are.
func (r *reading) sort(docs []*connectors.Document, at map[string]int, out [][]decodedRow) error {
	rows, err := r.decode(docs)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if to, ok := at[row.key]; ok {
			out[to] = append(out[to], row)
		}
	}
	return nil
}

// keysAtOnce bounds the keys of one search: a query has so many clauses at most.
func (r *reading) keysAtOnce() int {
	if len(r.key) == 1 && (r.key[0].name == idColumn || !lossy(r.key[0])) {
		return keysAtOnce
	}
	return max(maxClauses/len(r.key), 1)
}

func lossy(f *field) bool {
	return f.class != classKeyword && f.class != classBool && f.class != classLong && f.class != classUint
}

// find searches the documents that have one of the keys, and maybe some more, as searches see them.
func (r *reading) find(ctx context.Context, keys [][]value.Value) ([]*connectors.Document, error) {
	c, err := r.clause(keys)
	if err != nil || c.op == clauseNone {
		return nil, err
	}
	size := min(2*len(keys)+hitsBeside, largestPage)
	body := map[string]any{"size": size, "_source": true, "seq_no_primary_term": true, "track_total_hits": false, "sort": []string{"_doc"}}
	if r.s.withVectors(r.place) {
		body["_source"] = map[string]any{"exclude_vectors": false}
	}
	docs, err := r.search(ctx, searchRequest(r.place.name, r.s.bounds(body, c.query())))
	if err != nil {
		return nil, err
	}
	if len(docs) == size && len(keys) > 1 { // so many have one key that others may have been left out
		first, err := r.find(ctx, keys[:len(keys)/2])
		if err != nil {
			return nil, err
		}
		second, err := r.find(ctx, keys[len(keys)/2:])
		return append(first, second...), err
	}
	return docs, nil
}

// clause is a query that all documents with one of the keys match. What else matches is told apart by what the documents hold.
func (r *reading) clause(keys [][]value.Value) (*clause, error) {
	if len(r.key) == 1 && r.key[0].name == idColumn {
		ids := make([]string, len(keys))
		for i, k := range keys {
			ids[i] = k[0].Str()
		}
		return leaf("ids", map[string]any{"values": ids}), nil
	}
	if len(r.key) == 1 && !lossy(r.key[0]) {
		var images []any
		for _, k := range keys {
			b, err := r.bound(0, k[0])
			if err != nil {
				return nil, err
			}
			if b.side == 0 {
				images = append(images, b.at0)
			}
		}
		if len(images) == 0 {
			return none(), nil
		}
		return leaf("terms", map[string]any{r.key[0].asked: images}), nil
	}
	var each []*clause
	for _, k := range keys {
		one := all()
		for i, f := range r.key {
			if f.name == idColumn {
				one = and(one, leaf("ids", map[string]any{"values": []string{k[i].Str()}}))
				continue
			}
			b, err := r.bound(i, k[i])
			if err != nil {
				return nil, err
			}
			if b.side != 0 {
				one = none()
				break
			}
			one = and(one, b.equal(f))
		}
		each = append(each, one)
	}
	return or(each...), nil
}

// bound is the image of a part of a key in the index.
func (r *reading) bound(part int, v value.Value) (bound, error) {
	f := r.key[part]
	if f.keeps > 0 && v.Kind() == value.String && utf8.RuneCountInString(v.Str()) > f.keeps {
		return bound{}, r.wrong("a key of more than %d characters cannot be searched by: ignore_above keeps it out of the index of %s", f.keeps, f.asked)
	}
	b, why := boundOf(f, v)
	if why != "" {
		return b, r.wrong("its key %s cannot be searched by: %s", f.name, why)
	}
	return b, nil
}

// guesses names the documents that keys without one would have: no search may have seen them yet.
func (r *reading) guesses(ctx context.Context, keys [][]value.Value, found [][]decodedRow) ([]ref, error) {
	none := func(docs []decodedRow) bool { return len(docs) == 0 }
	if !slices.ContainsFunc(found, none) || len(r.place.indices) > guessesMost {
		return nil, nil
	}
	for index, info := range r.place.infos {
		if info.Aliases[r.place.name].Filter != nil || r.place.routed(index) {
			return nil, nil // a document outside the filter is none of the dataset's, and one is nowhere without its routing
		}
	}
	if err := r.learn(ctx); err != nil || r.habits.ids == nil {
		return nil, err
	}
	var out []ref
	for i, k := range keys {
		if len(found[i]) > 0 {
			continue
		}
		id, err := r.idOf(k)
		if err != nil {
			continue // a key that no document can have
		}
		for _, index := range r.place.indices {
			out = append(out, ref{Index: index, ID: id})
		}
	}
	return out, nil
}
