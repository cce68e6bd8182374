package elasticsearch

import (
	"bytes"
	"context"
	"slices"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// Sizes of looking at how the documents of an index are written.
const (
	firstLook = 20
	lookAt    = 200       // documents
	drawnFrom = 1_000_000 // documents of each shard
)

// habits is how the documents of an index are written, as some of them show: what is written anew should look like the rest.
type habits struct {
	seen   int
	routed bool // some document has a routing value
	ids    *idForm
	whyIDs string // why ids is nil
	nulls  map[string]bool
	shapes map[string][]string // the member names by which documents reach a field, where these are not its steps
}

// evidence is one document that was looked at.
type evidence struct {
	id     string
	parts  []string // of the key
	source []byte
}

// learn looks at documents, once.
func (r *reading) learn(ctx context.Context) error {
	if r.habits == nil {
		r.habits = r.s.client.latest.habitsOf(r)
	}
	if r.habits != nil {
		return nil
	}
	h := &habits{nulls: map[string]bool{}, shapes: map[string][]string{}}
	var seen []evidence
	n := firstLook
	for seed := range uint64(2) {
		found, size, err := r.look(ctx, seed+1, n, h)
		if err != nil {
			return err
		}
		seen = append(seen, found...)
		if len(found) < n {
			break
		}
		n = min(lookAt, max(pageBytes/(size/n+1), 1))
	}
	h.seen = len(seen)
	h.ids, h.whyIDs = idForms(r.key, seen)
	r.shapes(h, seen)
	r.habits = h
	if h.seen > 0 { // an empty index may be filled in any way
		r.s.client.latest.learned(r)
	}
	return nil
}

// look reads n documents by chance.
func (r *reading) look(ctx context.Context, seed uint64, n int, h *habits) ([]evidence, int, error) {
	random := newRandomScore(seed)
	body := r.s.bounds(map[string]any{
		"size": n, "track_total_hits": false, "_source": true, "stored_fields": []string{"_routing"}, "terminate_after": drawnFrom,
	}, random.query(nil))
	var p page
	v := &view{index: r.place.name}
	text, err := r.s.client.do(ctx, r.op, v.request(body), nil)
	if err != nil {
		return nil, 0, err
	}
	h.routed = h.routed || bytes.Contains(text, []byte(`"_routing":`))
	if err := r.s.parsePage(r.op, text, &p); err != nil {
		return nil, 0, err
	}
	out := make([]evidence, 0, len(p.hits))
	for _, hit := range p.hits {
		id, _ := inner(hit.id, nil, utf8.RuneError)
		e := evidence{id: string(id), source: hit.source}
		rows, err := r.decode([]*connectors.Document{{ID: e.id, Source: hit.source}})
		if err != nil {
			return nil, 0, err
		}
		for i, part := range rows[0].parts {
			e.parts = append(e.parts, r.keyPart(i, part, hit.source))
		}
		out = append(out, e)
	}
	return out, len(text), nil
}

// keyPart is a part of the key as an _id would hold it: numbers as they are, other values as the document writes them.
func (r *reading) keyPart(i int, v value.Value, source []byte) string {
	f := r.key[i]
	switch f.codec {
	case codecInt, codecUint, codecString, codecBool:
		return v.Text()
	}
	if spots := locate(source, f.source); len(spots.values) == 1 {
		text, _ := inner(spots.values[0].of(source), nil, utf8.RuneError)
		return string(text)
	}
	return v.Text()
}

// shapes notes which fields documents write null into, and which paths they write as one dotted name. A field that is always left out is taken to be as most are.
func (r *reading) shapes(h *habits, seen []evidence) {
	explicit, absent := map[string]int{}, map[string]int{}
	allExplicit, allAbsent := 0, 0
	for _, f := range append(slices.Clip(r.key), r.cols...) {
		if len(f.source) == 0 {
			continue
		}
		for _, e := range seen {
			at := locate(e.source, f.source)
			switch {
			case len(at.values) == 0:
				absent[f.name]++
				allAbsent++
			case string(at.values[0].of(e.source)) == "null":
				explicit[f.name]++
				allExplicit++
			}
			if len(at.values) == 1 && len(at.values[0].names) < len(f.source) && h.shapes[f.name] == nil {
				h.shapes[f.name] = at.values[0].names
			}
		}
	}
	for _, f := range r.cols {
		most := allExplicit > allAbsent && explicit[f.name]+absent[f.name] == 0
		h.nulls[f.name] = f.absent || explicit[f.name] > 0 || most
	}
}

// idOf is the _id of the document with a key.
func (r *reading) idOf(key []value.Value) (string, error) {
	parts := make([]string, len(key))
	for i, v := range key {
		if r.key[i].name == idColumn && len(key) == 1 {
			return v.Str(), nil
		}
		parts[i] = v.Text()
		switch r.key[i].codec {
		case codecInt, codecUint, codecString, codecBool:
		default:
			text, err := r.key[i].encode(nil, v, nil)
			if err != nil {
				return "", err
			}
			in, _ := inner(text, nil, utf8.RuneError)
			parts[i] = string(in)
		}
	}
	if r.habits.ids == nil {
		return "", r.wrong("%s", r.habits.whyIDs)
	}
	return r.habits.ids.id(parts), nil
}

// placeOfNew is where a new document with a key goes.
func (r *reading) placeOfNew(key []value.Value) (*connectors.Document, error) {
	p := r.place
	switch {
	case p.write == "":
		return nil, r.wrong("%s", p.whyNoWrite)
	case p.routing == "" && (r.habits.routed || p.routed(p.write)):
		return nil, r.wrong("its documents have routing values, and nothing says which one a new document has")
	}
	id, err := r.idOf(key)
	if err != nil {
		return nil, err
	}
	const longest = 512 // bytes, the servers' bound
	if id == "" || len(id) > longest {
		return nil, r.wrong("an _id has 1 to %d bytes, and that of this key would have %d", longest, len(id))
	}
	return &connectors.Document{Index: p.write, ID: id, Routing: p.routing}, nil
}
