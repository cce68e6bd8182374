package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/assay-dev/assay/connectors"
)

// The actions of a bulk request.
const (
	actionIndex  = "index"
	actionCreate = "create"
	actionDelete = "delete"
)

// Sizes of bulk requests, and how often what the server was too busy for is sent again.
const (
	bulkItems    = 1000
	fewItems     = 250 // for two requests at once to gain anything
	bulkBytes    = 4 << 20
	bulksAtOnce  = 2
	mostAttempts = 10
)

// noPipeline keeps the default pipeline of an index from changing what is written: a change says itself what there shall be.
const noPipeline = "pipeline=_none"

// item is one line of a bulk request, and what became of it.
type item struct {
	change int // of the batch
	action string
	doc    connectors.Document // its place; guarded by its version where it is not created
	source []byte
	row    decodedRow // what the new document says
	result *result
	again  bool // it was sent before by a request that may have done it
}

// sendError is a request that failed as a whole; unsure where it may have been done all the same.
type sendError struct {
	error

	unsure bool
	status int // 0 without an answer
}

// appendLines appends the lines of an item. The index stands in the path.
func (i *item) appendLines(b []byte) []byte {
	b = append(b, `{"`...)
	b = append(b, i.action...)
	b = append(b, `":{"_id":`...)
	b = appendText(b, i.doc.ID)
	if i.doc.Routing != "" {
		b = appendText(append(b, `,"routing":`...), i.doc.Routing)
	}
	if i.action != actionCreate {
		b = strconv.AppendInt(append(b, `,"if_seq_no":`...), i.doc.SeqNo, 10)
		b = strconv.AppendInt(append(b, `,"if_primary_term":`...), i.doc.PrimaryTerm, 10)
	}
	b = append(b, "}}\n"...)
	if i.action != actionDelete {
		b = append(append(b, oneLine(i.source)...), '\n')
	}
	return b
}

// apart reports whether an item needs a request of its own: a document with line ends stays as it is only there. An _id that the path of such a request
// cannot hold has its document written with blanks instead.
func (i *item) apart() bool {
	return i.action != actionDelete && bytes.ContainsAny(i.source, "\r\n") && !strings.ContainsAny(i.doc.ID, "/\\%.")
}

// bulk sends items of one index by one request. It returns a result for each, or why there are none.
func (c *correction) bulk(ctx context.Context, index string, items []*item) ([]result, *sendError) {
	var body []byte
	for _, i := range items {
		body = i.appendLines(body)
	}
	r := request{method: http.MethodPost, path: endpoint(index, "_bulk") + "?" + noPipeline, body: body, lines: true}
	text, fail := c.post(ctx, r)
	if fail != nil {
		return nil, fail
	}
	out := make([]result, 0, len(items))
	err := (&scanner{data: text}).answers(func(s *scanner) error {
		var one result
		err := s.object(func([]byte) error { return one.read(s) })
		out = append(out, one)
		return err
	})
	if err != nil || len(out) != len(items) {
		return nil, &sendError{error: &connectors.Error{Op: c.op, Err: errors.New("unreadable answer to a bulk request")}, unsure: true}
	}
	return out, nil
}

// alone sends an item by a request of its own.
func (c *correction) alone(ctx context.Context, i *item) (result, *sendError) {
	q := url.Values{"pipeline": {"_none"}}
	if i.action == actionCreate {
		q.Set("op_type", actionCreate)
	} else {
		q.Set("if_seq_no", strconv.FormatInt(i.doc.SeqNo, 10))
		q.Set("if_primary_term", strconv.FormatInt(i.doc.PrimaryTerm, 10))
	}
	if i.doc.Routing != "" {
		q.Set("routing", i.doc.Routing)
	}
	r := request{method: http.MethodPut, path: endpoint(i.doc.Index, "_doc") + "/" + url.PathEscape(i.doc.ID) + "?" + q.Encode(), body: i.source}
	status, text, err := c.writer.send(ctx, c.op, r, nil)
	if err != nil {
		return result{}, lost(err)
	}
	var answer struct {
		SeqNo       int64           `json:"_seq_no"`
		PrimaryTerm int64           `json:"_primary_term"`
		Error       json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return result{}, &sendError{error: c.writer.refused(c.op, status, text), unsure: status < 300 || status >= 500, status: status}
	}
	out := result{status: status, seqNo: answer.SeqNo, term: answer.PrimaryTerm}
	out.explain(answer.Error)
	return out, nil
}

// lost sorts failures of the network by whether the request can have reached the server.
func lost(err error) *sendError {
	kind := connectors.KindOf(err)
	return &sendError{error: err, unsure: kind != connectors.Unreachable && kind != connectors.ReadOnly}
}

// post sends a bulk request and returns its answer.
func (c *correction) post(ctx context.Context, r request) ([]byte, *sendError) {
	status, text, err := c.writer.send(ctx, c.op, r, nil)
	switch {
	case err != nil:
		return nil, lost(err)
	case status/100 != 2:
		return nil, &sendError{error: c.writer.refused(c.op, status, text), unsure: status >= http.StatusInternalServerError, status: status}
	}
	return text, nil
}

// backoff waits before an attempt: twice as long each time, up to 5 s, and by chance less, so that several do not come back at once.
func backoff(ctx context.Context, attempt int) error {
	wait := min(50*time.Millisecond<<attempt, 5*time.Second)
	wait = wait/2 + rand.N(wait/2) // #nosec G404 -- not a secret
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(wait):
		return nil
	}
}

// deliver sends the items, those of one index together and two requests at once. Afterwards each has its result, or the error says why some have none.
func (c *correction) deliver(ctx context.Context, items []*item) *sendError {
	requests := make(chan []*item)
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		fail  *sendError
	)
	for range bulksAtOnce {
		group.Go(func() {
			for part := range requests {
				if err := c.deliverPart(ctx, part); err != nil {
					mu.Lock()
					if fail == nil || err.unsure && !fail.unsure {
						fail = err
					}
					mu.Unlock()
				}
			}
		})
	}
	for _, part := range parcels(items) {
		requests <- part
	}
	close(requests)
	group.Wait()
	return fail
}

// parcels divides items among requests: as many as are sent at once where there are enough of them.
func parcels(items []*item) [][]*item {
	most := min(max((len(items)+bulksAtOnce-1)/bulksAtOnce, fewItems), bulkItems)
	var out [][]*item
	open := map[string]int{}  // the request of an index that still has room
	sizes := map[string]int{} // and its bytes
	for _, i := range items {
		if i.apart() {
			out = append(out, []*item{i})
			continue
		}
		at, ok := open[i.doc.Index]
		size := len(i.source) + len(i.doc.ID) + 100
		if !ok || len(out[at]) >= most || sizes[i.doc.Index]+size > bulkBytes {
			at = len(out)
			out = append(out, nil)
			open[i.doc.Index], sizes[i.doc.Index] = at, 0
		}
		out[at] = append(out[at], i)
		sizes[i.doc.Index] += size
	}
	return out
}

// deliverPart sends items by one request, and again what the server was too busy for.
func (c *correction) deliverPart(ctx context.Context, items []*item) *sendError {
	for attempt := 0; len(items) > 0; attempt++ {
		if attempt > 0 {
			if err := c.pace(ctx, attempt); err != nil {
				return &sendError{error: &connectors.Error{Op: c.op, Err: err}, unsure: true}
			}
		}
		var results []result
		var fail *sendError
		if len(items) == 1 && items[0].apart() {
			var one result
			one, fail = c.alone(ctx, items[0])
			results = []result{one}
		} else {
			results, fail = c.bulk(ctx, items[0].doc.Index, items)
		}
		last := attempt+1 >= mostAttempts
		switch {
		case fail != nil && fail.status == http.StatusTooManyRequests && !last:
			continue
		case fail != nil && fail.status == http.StatusRequestEntityTooLarge && len(items) > 1:
			if err := c.deliverPart(ctx, items[:len(items)/2]); err != nil {
				return err
			}
			items, attempt = items[len(items)/2:], -1
			continue
		case fail != nil:
			return fail
		}
		var busy []*item
		for n, i := range items {
			r := &results[n]
			if (r.status == http.StatusTooManyRequests || r.status == http.StatusServiceUnavailable) && !last {
				i.again = i.again || r.status == http.StatusServiceUnavailable
				busy = append(busy, i)
				continue
			}
			i.result = r
		}
		items = busy
	}
	return nil
}
