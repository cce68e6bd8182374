package elasticsearch

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"

	"github.com/assay-dev/assay/connectors"
)

// grant is what a session that writes may send beside what reads: methods by path, without escapes. Nothing else reaches the network.
type grant map[string][]string

// correcting lets a session change documents of indices, and have searches see them.
func correcting(indices ...string) grant {
	g := grant{}
	for _, index := range indices {
		g[index+"/_bulk"] = []string{http.MethodPost}
		g[index+"/_refresh"] = []string{http.MethodPost}
	}
	return g
}

// document reports whether a path names one document of an index that the grant lets be changed: /index/_doc/id. An _id may hold anything.
func (g grant) document(path string) bool {
	index, rest, _ := strings.Cut(path, "/")
	id, ok := strings.CutPrefix(rest, "_doc/")
	return ok && g[index+"/_bulk"] != nil && id != "" && !strings.ContainsAny(id, "/\\%.")
}

// allows reports whether a request may be sent. path is decoded and without the prefix of the URL.
func (g grant) allows(method, path string) bool {
	if allowed(method, path) {
		return true
	}
	path = strings.Trim(path, "/")
	return slices.Contains(g[path], method) || method == http.MethodPut && g.document(path)
}

// writeTransport is the last round tripper of a session that writes.
type writeTransport struct {
	next     http.RoundTripper
	prefixes []string
	grant    grant
}

// RoundTrip implements http.RoundTripper.
func (t *writeTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	for _, p := range t.prefixes {
		path, ok := strings.CutPrefix(r.URL.Path, p)
		if ok && (path == "" || path[0] == '/') && t.grant.allows(r.Method, path) {
			return t.next.RoundTrip(r)
		}
	}
	return nil, &connectors.Error{
		Kind: connectors.ReadOnly, Op: fmt.Sprintf("%s %s", r.Method, r.URL.Path), Err: fmt.Errorf("this session may not send it: %w", errReadOnly),
	}
}

// writer returns a client that sends what g lets it, each request once: whether one whose answer was lost was done is found out by reading.
func (c *client) writer(g grant) (*client, error) {
	w := *c
	var err error
	w.transport, err = elastictransport.NewClient(append(slices.Clip(c.bare),
		elastictransport.WithTransport(&writeTransport{next: c.pool, prefixes: c.prefixes, grant: g}), elastictransport.WithDisableRetry())...)
	if err != nil {
		return nil, &connectors.Error{Kind: connectors.Misconfigured, Op: "open " + c.name, Err: fmt.Errorf("%s", c.scrub(err.Error()))}
	}
	return &w, nil
}

// unseen are the indices that hold what searches do not see yet, each with who may refresh it. Whoever searches first makes them seen: once for many batches.
type unseen struct {
	mu sync.Mutex
	by map[string]*client
}

// add notes that w wrote to an index.
func (u *unseen) add(index string, w *client) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.by == nil {
		u.by = map[string]*client{}
	}
	u.by[index] = w
}

// show makes all that was written visible to searches.
func (u *unseen) show(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	for index, w := range u.by {
		if err := w.refresh(ctx, index); err != nil {
			return err
		}
		delete(u.by, index)
	}
	return nil
}

// refresh makes what an index holds visible to searches, also where nothing does so by itself (refresh_interval: -1).
func (c *client) refresh(ctx context.Context, index string) error {
	op := "refresh " + index
	status, body, err := c.send(ctx, op, request{method: http.MethodPost, path: "/" + url.PathEscape(index) + "/_refresh"}, nil)
	if err == nil && status/100 != 2 {
		err = c.refused(op, status, body)
	}
	if err != nil {
		return err
	}
	var answer struct {
		Shards shards `json:"_shards"`
	}
	if err := decodeJSON(op, body, &answer); err != nil {
		return err
	}
	return c.check(op, false, answer.Shards)
}

// searches reports whether a request sees only what was refreshed.
func (r request) searches() bool {
	if r.method == http.MethodDelete {
		return false
	}
	for _, part := range [...]string{"/_search", "/_msearch", "/_pit", "/_count"} {
		if strings.Contains(r.path, part) {
			return true
		}
	}
	return false
}
