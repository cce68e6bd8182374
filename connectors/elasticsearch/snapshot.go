package elasticsearch

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/assay-dev/assay/connectors"
)

// keepAlive is how long the server keeps a point in time after the last request that names it.
const keepAlive = "5m"

// Snapshot implements connectors.Snapshotter by points in time: one for each index (alias, pattern) that requests to it name, opened
// by the first of them and closed with the snapshot. Every search of an index sees it as that first one did; Describe sees the index as it is.
func (s *Source) Snapshot(context.Context) (connectors.Source, error) {
	if s.points != nil {
		return s, nil // a snapshot of a snapshot is itself
	}
	return &Source{client: s.client, name: s.name, points: &points{views: map[string]*view{}}}, nil
}

// points are the points in time of a snapshot.
type points struct {
	mu    sync.Mutex // one request opens a point, the others wait for it
	views map[string]*view
}

// view is what searches of an index see: the index as it is when each is served, or a point in time of it.
type view struct {
	index string

	mu  sync.Mutex // a stream renews the id while its caller reads
	pit string     // "" for the index itself
	// checked are the requests, by their text, that showed guards to hold in the point in time.
	checked map[string]bool
	// sizes are how many rows a page of the wished bytes had last, by the columns read.
	sizes map[string]int
	// widths are the bytes of text that a row had last, by the columns read.
	widths map[string][]int
	// spare are buffers that are not in use: streams of one point in time, many and short, would else each grow their own.
	spare []*pageBuffer
}

// pageBuffer is the memory of a page: its text and where its hits stand in it.
type pageBuffer struct {
	text bytes.Buffer
	hits []hit
}

// spareBuffers bounds the buffers that wait: as many as two streams at once have in use.
const spareBuffers = 2 * (1 + 2*slicesAtOnce)

// buffer returns memory for a page.
func (v *view) buffer() *pageBuffer {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := len(v.spare)
	if n == 0 {
		return new(pageBuffer)
	}
	b := v.spare[n-1]
	v.spare = v.spare[:n-1]
	return b
}

// recycle takes a buffer back.
func (v *view) recycle(b *pageBuffer) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.spare) < spareBuffers && b.text.Cap() <= 4*pageBytes { // a page of huge rows leaves nothing behind
		v.spare = append(v.spare, b)
	}
}

// manyRows are enough to know the size of a page by.
const manyRows = 1000

// firstPage is how many rows the first page of a stream has.
func (v *view) firstPage(columns string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return max(v.sizes[columns], firstPage)
}

// learn keeps how many rows a page should have, as a page of n showed.
func (v *view) learn(columns string, n, size int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.pit == "": // gone after one stream
	case n >= manyRows:
		if v.sizes == nil {
			v.sizes = map[string]int{}
		}
		v.sizes[columns] = size
	case v.sizes[columns] > size:
		delete(v.sizes, columns) // rows are wider here
	}
}

// remember keeps how wide rows are.
func (v *view) remember(columns string, widths []int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.widths == nil {
		v.widths = map[string][]int{}
	}
	v.widths[columns] = slices.Clone(widths)
}

// recall says how wide rows were, if that is known.
func (v *view) recall(columns string, widths []int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	copy(widths, v.widths[columns])
}

// holds reports whether guards are known to hold: never of an index that may change.
func (v *view) holds(guards string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.pit != "" && v.checked[guards]
}

// held keeps that guards were seen to hold.
func (v *view) held(guards string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.checked == nil {
		v.checked = map[string]bool{}
	}
	v.checked[guards] = true
}

// request is a search. It keeps a point in time alive for as long again.
func (v *view) request(body map[string]any) request {
	return searchRequest(v.into(body), body)
}

// into puts the point in time into the body of a search and returns the index that its path then names.
func (v *view) into(body map[string]any) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.pit == "" {
		return v.index
	}
	body["pit"] = map[string]any{"id": v.pit, "keep_alive": keepAlive}
	return ""
}

// renew takes over the id that an answer gives: the server may change it from answer to answer.
func (v *view) renew(id []byte) {
	if len(id) == 0 {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.pit != "" {
		v.pit = string(id)
	}
}

// view returns what searches of the index see: within a snapshot its point in time.
func (s *Source) view(ctx context.Context, op, index string) (*view, error) {
	if s.points == nil {
		return &view{index: index}, nil
	}
	s.points.mu.Lock()
	defer s.points.mu.Unlock()
	if v := s.points.views[index]; v != nil {
		return v, nil
	}
	v, err := s.point(ctx, op, index)
	if err == nil {
		s.points.views[index] = v
	}
	return v, err
}

// point opens a point in time.
func (s *Source) point(ctx context.Context, op, index string) (*view, error) {
	var pit struct {
		ID     string `json:"id"`
		PitID  string `json:"pit_id"`
		Shards shards `json:"_shards"`
	}
	if err := s.client.json(ctx, op, s.openPIT(index), &pit); err != nil {
		return nil, err
	}
	v := &view{index: index, pit: pit.ID + pit.PitID} // one of them
	if err := s.client.check(op, false, pit.Shards); err != nil {
		s.forget(ctx, v)
		return nil, err
	}
	return v, nil
}

// forget closes a point in time, also after ctx is done. The server forgets it by itself after keepAlive, so that a failure here hides nothing.
func (s *Source) forget(ctx context.Context, v *view) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.pit == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, _ = s.client.do(ctx, "close the point in time of "+v.index, s.closePIT(v.pit), nil)
	v.pit = ""
}

// close closes the points in time of a snapshot.
func (p *points) close(s *Source) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for index, v := range p.views {
		s.forget(context.Background(), v)
		delete(p.views, index)
	}
}

// openPIT is the request for a point in time.
func (s *Source) openPIT(index string) request {
	path := "/" + url.PathEscape(index)
	if s.client.openSearch {
		path += "/_search/point_in_time"
	} else {
		path += "/_pit"
	}
	return request{method: http.MethodPost, path: path + "?keep_alive=" + keepAlive}
}

// closePIT is the request that ends a point in time.
func (s *Source) closePIT(id string) request {
	if s.client.openSearch {
		return request{method: http.MethodDelete, path: "/_search/point_in_time", body: marshal(map[string]any{"pit_id": []string{id}})}
	}
	return request{method: http.MethodDelete, path: "/_pit", body: marshal(map[string]any{"id": id})}
}
