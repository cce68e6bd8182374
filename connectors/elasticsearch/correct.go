package elasticsearch

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

var _ connectors.Corrector = (*Source)(nil)

// Writings implements connectors.Corrector. _id is an identity unless it is the key: it follows from the key as it does in the other documents.
func (s *Source) Writings(_ context.Context, r query.Relation) (map[string]connectors.Writing, error) {
	op := "change " + r.Dataset.Name
	if r.Dataset.Query != "" || r.Dataset.Index == "" {
		return nil, &connectors.Error{Kind: connectors.ReadOnly, Op: op, Err: errQueryDataset}
	}
	out := map[string]connectors.Writing{}
	for i := range r.Schema.Columns {
		c := &r.Schema.Columns[i]
		f, ok := c.Meta.(*field)
		if !ok {
			return nil, &connectors.Error{Op: op, Err: fmt.Errorf("column %q was not described by this connection", c.Name)}
		}
		keyed := len(r.Dataset.Key) == 1 && r.Dataset.Key[0] == idColumn
		out[c.Name] = connectors.Writing{
			Generated: f.constant != nil, Identity: c.Name == idColumn && !keyed, Required: f.absent || c.Name == idColumn && keyed,
		}
	}
	return out, nil
}

var errQueryDataset = errors.New("the dataset is a query: only one that is an index can be changed")

// correction changes documents by bulk requests.
type correction struct {
	*reading
	writer *client
	pace   func(ctx context.Context, attempt int) error // waits before a request is sent again
}

// Correct implements connectors.Corrector. It sends one request that can change nothing, for the server to say whether the account may write: documents that
// are not there are written on condition that they have some version.
func (s *Source) Correct(ctx context.Context, t connectors.Target) (connectors.Correction, error) {
	op := "change " + t.Relation.Dataset.Index
	if !s.client.writable {
		return nil, &connectors.Error{Kind: connectors.ReadOnly, Op: op, Err: fmt.Errorf("connection %s is read-only: only one that says `writable: true` is ever written to", s.name)}
	}
	r, err := s.reading(ctx, t)
	if err != nil {
		return nil, err
	}
	r.op = op
	if err := s.writable(ctx, op, r.place); err != nil {
		return nil, err
	}
	if err := r.learn(ctx); err != nil {
		return nil, err
	}
	w, err := s.client.writer(correcting(r.place.indices...))
	if err != nil {
		return nil, err
	}
	c := &correction{reading: r, writer: w, pace: backoff}
	for _, index := range r.place.indices {
		err := c.probe(ctx, index)
		if err == nil {
			err = w.refresh(ctx, index)
		}
		if err != nil {
			w.release()
			return nil, err
		}
	}
	return c, nil
}

// probe asks whether documents of an index can be written and deleted, by changes whose guard cannot hold.
func (c *correction) probe(ctx context.Context, index string) error {
	id := "assay-" + rand.Text()
	var items []*item
	for _, action := range [...]string{actionIndex, actionDelete} {
		d := connectors.Document{Index: index, ID: id, SeqNo: 1 << 40, PrimaryTerm: 1}
		if c.place.routed(index) {
			d.Routing = id
		}
		items = append(items, &item{action: action, doc: d, source: []byte("{}")})
	}
	results, err := c.bulk(ctx, index, items)
	if err != nil {
		return err.error
	}
	for _, r := range results {
		if r.status == http.StatusConflict || r.status == http.StatusTooManyRequests || r.status == http.StatusNotFound {
			continue
		}
		kind := kindOf(r.status, r.kind)
		if r.kind == "cluster_block_exception" {
			kind = connectors.ReadOnly
		}
		return &connectors.Error{Kind: kind, Op: c.op, Err: r.error(c.writer)}
	}
	return nil
}

// Transactional implements connectors.Correction: each document is changed by itself.
func (*correction) Transactional() bool { return false }

// Close implements connectors.Correction: searches of any connection see what was written then.
func (c *correction) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	defer c.writer.release()
	return c.writer.unseen.show(ctx)
}

// release lets go of what a writer holds by itself.
func (c *client) release() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.transport.Close(ctx)
}

// isObject reports whether a text is one JSON object.
func isObject(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte{'{'}) && json.Valid(text)
}
