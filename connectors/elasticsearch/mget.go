package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/assay-dev/assay/connectors"
)

// get reads documents as they are this moment; those that are not there are left out.
func (r *reading) get(ctx context.Context, refs []ref) ([]*connectors.Document, error) {
	body, err := json.Marshal(map[string]any{"docs": refs})
	if err != nil {
		return nil, &connectors.Error{Op: r.op, Err: err}
	}
	path := "/_mget"
	if r.s.withVectors(r.place) {
		path += "?_source_exclude_vectors=false"
	}
	text, err := r.s.client.do(ctx, r.op, request{method: http.MethodPost, path: path, body: body}, nil)
	if err != nil {
		return nil, err
	}
	out := make([]*connectors.Document, 0, len(refs))
	s := &scanner{data: text}
	err = s.object(func(key []byte) error {
		if string(key) != "docs" {
			_, err := s.value()
			return err
		}
		return s.array(func() error {
			d, err := r.got(s)
			if d != nil {
				out = append(out, d)
			}
			return err
		})
	})
	if err != nil {
		if errors.As(err, new(*connectors.Error)) {
			return nil, err
		}
		return nil, &connectors.Error{Op: r.op, Err: err}
	}
	r.chunk = min(max(mgetBytes/(len(text)/len(refs)+1), 1), keysAtOnce)
	return out, nil
}

// got reads one document of an answer of _mget; nil where there is none.
func (r *reading) got(s *scanner) (*connectors.Document, error) {
	d := &connectors.Document{}
	found := false
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
	if d.Source == nil {
		return nil, r.wrong("document %s has no _source", d.ID)
	}
	return d, nil
}

func unquote(raw []byte, into *string) error {
	if err := json.Unmarshal(raw, into); err != nil {
		return errJSON
	}
	return nil
}
