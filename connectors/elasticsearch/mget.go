package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/assay-dev/assay/connectors"
)

// search reads the documents that a search finds.
func (r *reading) search(ctx context.Context, q request) ([]*connectors.Document, error) {
	text, err := r.s.client.do(ctx, r.op, q, nil)
	if err != nil {
		return nil, err
	}
	var out []*connectors.Document
	var p page
	s := &scanner{data: text}
	err = s.object(func(key []byte) error {
		var err error
		switch string(key) {
		case "hits":
			out, err = r.list(s, "hits", out)
		case "timed_out":
			var v []byte
			v, err = s.value()
			p.timedOut = string(v) == "true"
		case "_shards":
			p.shards, err = s.value()
		default:
			_, err = s.value()
		}
		return err
	})
	if err != nil {
		return nil, r.unreadable(err)
	}
	r.learnSize(len(text), len(out))
	return out, r.s.checkPage(r.op, &p)
}

func (r *reading) unreadable(err error) error {
	if errors.As(err, new(*connectors.Error)) {
		return err
	}
	return &connectors.Error{Op: r.op, Err: err}
}

// learnSize concludes from an answer how many documents to ask for at once.
func (r *reading) learnSize(size, docs int) {
	if docs > 0 {
		r.chunk = min(max(mgetBytes/(size/docs+1), 1), keysAtOnce)
		r.s.client.latest.learn(r.place.name, r.chunk)
	}
}

// list appends the documents of a member of the object that s stands before, nil for those that are not there.
func (r *reading) list(s *scanner, member string, out []*connectors.Document) ([]*connectors.Document, error) {
	err := s.object(func(key []byte) error {
		if string(key) != member {
			_, err := s.value()
			return err
		}
		return s.array(func() error {
			d, err := r.document(s)
			out = append(out, d)
			return err
		})
	})
	return out, err
}

// document reads one document of an answer; nil where the answer says that there is none.
func (r *reading) document(s *scanner) (*connectors.Document, error) {
	d := &connectors.Document{}
	found := true
	err := s.object(func(key []byte) error {
		raw, err := s.value()
		if err != nil {
			return err
		}
		switch string(key) {
		case "_index":
			return unquote(raw, &d.Index)
		case "_id":
			return unquote(raw, &d.ID)
		case "_routing":
			return unquote(raw, &d.Routing)
		case "_seq_no":
			d.SeqNo, _ = parseInt(raw)
		case "_primary_term":
			d.PrimaryTerm, _ = parseInt(raw)
		case "found":
			found = string(raw) == "true"
		case "_source":
			d.Source = bytes.Clone(raw)
		case "error":
			return r.s.client.refused(r.op, http.StatusBadRequest, append(append([]byte(`{"error":`), raw...), '}'))
		}
		return nil
	})
	if err != nil || !found {
		return nil, err
	}
	return d, nil
}

func unquote(raw []byte, into *string) error {
	if len(raw) > 1 && raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 {
		*into = string(raw[1 : len(raw)-1])
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return errJSON
	}
	return nil
}

// read reads documents as they are this moment; those that are not there are left out.
func (r *reading) read(ctx context.Context, refs []ref) ([]*connectors.Document, error) {
	var out []*connectors.Document
	for len(refs) > 0 {
		n := min(r.chunk, len(refs))
		docs, err := r.get(ctx, refs[:n], true)
		if err != nil {
			return nil, err
		}
		for _, d := range docs {
			if d != nil {
				out = append(out, d)
			}
		}
		refs = refs[n:]
	}
	return out, nil
}

// get reads the documents of one request, or only their versions, in their order; nil for one that is not there.
func (r *reading) get(ctx context.Context, refs []ref, whole bool) ([]*connectors.Document, error) {
	body, err := json.Marshal(map[string]any{"docs": refs})
	if err != nil {
		return nil, &connectors.Error{Op: r.op, Err: err}
	}
	path := "/_mget"
	switch {
	case !whole:
		path += "?_source=false"
	case r.s.withVectors(r.place):
		path += "?_source_exclude_vectors=false"
	}
	text, err := r.s.client.do(ctx, r.op, request{method: http.MethodPost, path: path, body: body}, nil)
	if err != nil {
		return nil, err
	}
	out, err := r.list(&scanner{data: text}, "docs", make([]*connectors.Document, 0, len(refs)))
	if err != nil {
		return nil, r.unreadable(err)
	}
	if len(out) != len(refs) {
		return nil, r.unreadable(errJSON)
	}
	if !whole {
		return out, nil
	}
	for _, d := range out {
		if d != nil && d.Source == nil {
			return nil, r.wrong("document %q has no _source", d.ID)
		}
	}
	r.learnSize(len(text), len(refs))
	return out, nil
}

// placeText tells documents apart.
func placeText(d *connectors.Document) string { return d.Index + "\x00" + d.ID + "\x00" + d.Routing }

// current returns documents that a search found as they are this moment: of those that have been written since, the newest version. Only versions are
// asked for, which costs the server a fraction of reading documents one by one.
func (r *reading) current(ctx context.Context, docs []*connectors.Document) ([]*connectors.Document, error) {
	if len(docs) == 0 {
		return nil, nil
	}
	refs := make([]ref, len(docs))
	for i, d := range docs {
		refs[i] = ref{Index: d.Index, ID: d.ID, Routing: d.Routing}
	}
	versions, err := r.get(ctx, refs, false)
	if err != nil {
		return nil, err
	}
	var out []*connectors.Document
	var since []ref
	for i, d := range docs {
		switch v := versions[i]; {
		case v == nil: // deleted since
		case v.SeqNo == d.SeqNo && v.PrimaryTerm == d.PrimaryTerm:
			out = append(out, d)
		default:
			since = append(since, refs[i])
		}
	}
	newest, err := r.read(ctx, since)
	return append(out, newest...), err
}
