package elasticsearch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// errChanged is no error of the server: the document is not as it was seen.
var errChanged = errors.New("the document is not as it was seen")

// Apply implements connectors.Correction: a request or a few of up to 1,000 documents, each of which is changed only if it has still the version that was seen,
// or is created only if there is none. Searches see the changes once one is sent by this source, and all do once the correction is closed.
func (c *correction) Apply(ctx context.Context, changes []connectors.Change, _ func([]connectors.Effect) error) ([]connectors.Effect, error) {
	effects := make([]connectors.Effect, len(changes))
	docs, err := c.seen(ctx, changes)
	if err != nil {
		return nil, err
	}
	items, err := c.prepare(changes, docs, effects)
	if err != nil {
		return nil, err
	}
	fail := c.deliver(ctx, items)
	if fail != nil && fail.unsure {
		c.wrote(items)
		return nil, &connectors.UncertainError{Err: fail.error}
	}
	if fail != nil && !anyResult(items) {
		return nil, fail.error
	}
	c.wrote(items)
	for _, i := range items {
		if i.result == nil { // a request of several that failed whole
			effects[i.change] = connectors.Effect{Outcome: connectors.Refused, Err: fail.error}
			continue
		}
		effects[i.change] = c.effect(i)
	}
	if err := c.settle(ctx, items, changes, effects); err != nil {
		return nil, &connectors.UncertainError{Err: err}
	}
	c.keepLatest(changes, effects)
	return effects, nil
}

// keepLatest tells reads of the source where the documents are that were written.
func (c *correction) keepLatest(changes []connectors.Change, effects []connectors.Effect) {
	refs := make(map[string]ref, len(changes))
	for i, e := range effects {
		if e.Document != nil && changes[i].Action != connectors.Delete { // another document may have the key of one that is gone
			refs[keyText(changes[i].Key)] = ref{Index: e.Document.Index, ID: e.Document.ID, Routing: e.Document.Routing}
		}
	}
	c.s.client.latest.wrote(c.reading, refs)
}

func anyResult(items []*item) bool {
	for _, i := range items {
		if i.result != nil {
			return true
		}
	}
	return false
}

// wrote notes that searches do not see all of the items' indices: what was written, or what somebody else wrote and was in the way.
func (c *correction) wrote(items []*item) {
	for _, i := range items {
		c.writer.unseen.add(i.doc.Index, c.writer)
	}
}

// applied is the effect of an item that was done. What the server acknowledges it holds byte for byte, so that it is not read again to say what the row is.
func (i *item) applied(d *connectors.Document) connectors.Effect {
	return connectors.Effect{Document: d, Row: i.row.values, RowErrs: i.row.errs}
}

// effect is what the server's answer for an item means.
func (c *correction) effect(i *item) connectors.Effect {
	switch r := i.result; {
	case r.status/100 == 2:
		d := i.doc
		d.SeqNo, d.PrimaryTerm, d.Source = r.seqNo, r.term, nil
		if i.action != actionDelete {
			d.Source = i.source
		}
		return i.applied(&d)
	case r.status == http.StatusConflict, r.status == http.StatusNotFound && i.action == actionDelete && r.kind == "":
		return connectors.Effect{Outcome: connectors.Unmatched}
	default:
		kind := kindOf(r.status, r.kind)
		if r.kind == "cluster_block_exception" {
			kind = connectors.ReadOnly
		}
		return connectors.Effect{Outcome: connectors.Refused, Err: &connectors.Error{Kind: kind, Op: c.op, Err: r.error(c.writer)}}
	}
}

// seen returns the documents that the changes speak of: those that they came with, and for others those that have their keys now.
func (c *correction) seen(ctx context.Context, changes []connectors.Change) ([][]*connectors.Document, error) {
	docs := make([][]*connectors.Document, len(changes))
	var keys [][]value.Value
	var at []int
	for i := range changes {
		ch := &changes[i]
		switch {
		case ch.Document != nil && ch.Action != connectors.Insert && (ch.Document.Source != nil || ch.Restore != nil):
			docs[i] = []*connectors.Document{ch.Document}
		case ch.Action == connectors.Insert && (ch.Restore != nil || len(c.key) == 1 && c.key[0].name == idColumn):
			// Its _id alone decides.
		default:
			keys, at = append(keys, ch.Key), append(at, i)
		}
	}
	if len(keys) == 0 {
		return docs, nil
	}
	found, err := c.documents(ctx, keys)
	if err != nil {
		return nil, err
	}
	for n, rows := range found {
		for _, row := range rows {
			docs[at[n]] = append(docs[at[n]], row.doc)
		}
	}
	return docs, nil
}

// settle looks at documents of which the answer does not tell enough: what stands where one was to be created, and what may have been done by a request that
// was sent again or that failed within the server.
func (c *correction) settle(ctx context.Context, items []*item, changes []connectors.Change, effects []connectors.Effect) error {
	var refs []ref
	var unclear []*item
	for _, i := range items {
		r := i.result
		if r == nil || r.status/100 == 2 {
			continue
		}
		if i.action == actionCreate && r.status == http.StatusConflict || r.status == http.StatusConflict && i.again || r.status >= http.StatusInternalServerError {
			refs = append(refs, ref{Index: i.doc.Index, ID: i.doc.ID, Routing: i.doc.Routing})
			unclear = append(unclear, i)
		}
	}
	docs, err := c.read(ctx, refs)
	if err != nil {
		return err
	}
	now := map[string]*connectors.Document{}
	for _, d := range docs {
		now[placeText(d)] = d
	}
	for _, i := range unclear {
		if err := c.settleOne(i, now[placeText(&i.doc)], changes, effects); err != nil {
			return err
		}
	}
	return nil
}

func (c *correction) settleOne(i *item, now *connectors.Document, changes []connectors.Change, effects []connectors.Effect) error {
	e := &effects[i.change]
	sent := i.again || i.result.status >= http.StatusInternalServerError
	switch {
	case sent && i.action == actionDelete && now == nil, sent && now != nil && i.action != actionDelete && bytes.Equal(now.Source, oneLine(i.source)):
		d := i.doc
		if now != nil {
			d = *now
		}
		*e = i.applied(&d)
	case now != nil && i.result.status >= http.StatusInternalServerError && (now.SeqNo != i.doc.SeqNo || i.action == actionCreate):
		*e = connectors.Effect{Outcome: connectors.Unmatched}
	case i.action != actionCreate || now == nil || i.result.status != http.StatusConflict:
	default:
		rows, err := c.decode([]*connectors.Document{now})
		if err != nil {
			return err
		}
		if rows[0].key != keyText(changes[i.change].Key) && changes[i.change].Restore == nil {
			*e = connectors.Effect{Outcome: connectors.Refused, Err: &connectors.Error{Op: c.op, Err: fmt.Errorf("a document of another key has the _id %q in %s", now.ID, now.Index)}}
		}
	}
	return nil
}
