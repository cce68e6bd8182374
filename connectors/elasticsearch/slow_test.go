package elasticsearch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/query"
)

// The slow search: so many patterns that match nothing are held against each of so many long texts.
const (
	slowTexts    = 10_000
	slowLength   = 8000
	slowPatterns = 30
	// slowFor is how long it must take to prove anything, goneIn how soon it must be gone once it is cancelled.
	slowFor = 4 * time.Second
	goneIn  = 3 * time.Second
)

// slowIndex makes an index on which the filter that it returns takes longer than slowFor, whatever was asked before.
func slowIndex(t *testing.T, url string) (index, filter string) {
	t.Helper()
	index = connectortest.Unique("assay_slow")
	send(t, http.MethodPut, url+"/"+index, `{"settings": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": -1,
		"queries.cache.enabled": false, "requests.cache.enable": false},
		"mappings": {"properties": {"id": {"type": "long"}, "k": {"type": "keyword"}, "long": {"type": "keyword"}}}}`)
	r := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, slowLength)
	const part = 500
	for from := 0; from < slowTexts; from += part {
		var b bytes.Buffer
		for i := from; i < from+part; i++ {
			for j := range text {
				text[j] = "abcdefgh"[r.IntN(8)]
			}
			fmt.Fprintf(&b, "{\"index\":{}}\n{\"id\":%d,\"k\":\"%d\",\"long\":\"%s\"}\n", i, i/2, text)
		}
		if reply := send(t, http.MethodPost, url+"/"+index+"/_bulk", b.String()); strings.Contains(string(reply[:200]), `"errors":true`) {
			t.Fatalf("bulk: %.500s", reply)
		}
	}
	send(t, http.MethodPost, url+"/"+index+"/_refresh", "")
	var patterns []string
	for i := range slowPatterns {
		patterns = append(patterns, fmt.Sprintf(`{"wildcard": {"long": {"value": "*a*z%d*"}}}`, i))
	}
	return index, `{"bool": {"must_not": [` + strings.Join(patterns, ", ") + `]}}`
}

// searches returns how many searches of assay's the server has under way.
func searches(t *testing.T, url string) int {
	t.Helper()
	var out struct {
		Nodes map[string]struct {
			Tasks map[string]struct {
				Headers map[string]string `json:"headers"`
			} `json:"tasks"`
		} `json:"nodes"`
	}
	if err := json.Unmarshal(send(t, http.MethodGet, url+"/_tasks?actions=*search*,*data/read*", ""), &out); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, node := range out.Nodes {
		for _, task := range node.Tasks {
			if task.Headers["X-Opaque-Id"] == "assay" {
				n++
			}
		}
	}
	return n
}

// testCancelled cancels every kind of request while the server works on it: neither a search nor a point in time is left behind.
func testCancelled(t *testing.T, url string) {
	index, filter := slowIndex(t, url)
	fast := query.Dataset{Name: "fast", Index: index, Key: []string{"id"}}
	slow := query.Dataset{Name: "slow", Query: "POST /" + index + "/_search\n{\"query\": " + filter + "}", Key: []string{"id"}}
	openFor := func(timeout time.Duration) connectors.Source {
		src, err := elasticsearch.Open(t.Context(), connectors.Config{Name: "search", Params: map[string]string{"url": url}, Timeout: timeout})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = src.Close() })
		return src
	}
	src := openFor(0)
	rel := connectortest.Relation(t, src, fast)
	rel.Dataset = slow
	cols := connectortest.Cols(t, rel, "id", "k")
	count := query.Aggregate{From: rel, Measures: []query.Measure{{Kind: query.MeasureCount}}}

	began := time.Now()
	if _, err := src.Aggregate(t.Context(), count); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	t.Logf("the slow search takes %v", took)
	if took < slowFor {
		t.Fatalf("it proves nothing under %v", slowFor)
	}

	read := func(ctx context.Context, s connectors.Source, q query.Select) error {
		rows, err := s.Select(ctx, q)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		_, err = rows.Next(ctx)
		return err
	}
	few := query.Branch{Where: call(query.OpGe, cols[0], integer(0)), Limit: 5}
	requests := map[string]func(context.Context, connectors.Source) error{
		"describe":  func(ctx context.Context, s connectors.Source) error { _, err := s.Describe(ctx, slow); return err },
		"aggregate": func(ctx context.Context, s connectors.Source) error { _, err := s.Aggregate(ctx, count); return err },
		"stream": func(ctx context.Context, s connectors.Source) error {
			return read(ctx, s, query.Select{From: rel, Columns: cols})
		},
		"branches": func(ctx context.Context, s connectors.Source) error {
			return read(ctx, s, query.Select{From: rel, Columns: cols, Branches: []query.Branch{few, few}})
		},
		"unique": func(ctx context.Context, s connectors.Source) error {
			_, err := s.(connectors.SetChecker).CheckSet(ctx, &query.UniqueCheck{From: rel, Columns: cols[1:]})
			return err
		},
		"in a snapshot": func(ctx context.Context, s connectors.Source) error {
			snap, err := s.(connectors.Snapshotter).Snapshot(ctx)
			if err != nil {
				return err
			}
			defer func() { _ = snap.Close() }()
			_, err = snap.Aggregate(ctx, count)
			return err
		},
	}
	idle := func(t *testing.T) {
		t.Helper()
		gone := time.Now()
		await(t, "the searches to end", func() bool { return searches(t, url) == 0 })
		if d := time.Since(gone); d > goneIn {
			t.Errorf("the server searched for %v more", d)
		}
		await(t, "the points in time to close", func() bool { return contexts(t, url, index) == 0 })
	}
	for name, f := range requests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- f(ctx, src) }()
			await(t, "the search to begin", func() bool { return searches(t, url) > 0 })
			time.Sleep(300 * time.Millisecond) // into it
			select {
			case err := <-ended:
				t.Fatalf("it ended before it was cancelled: %v", err)
			default:
			}
			cancel()
			select {
			case err := <-ended:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%v, want that it was cancelled", err)
				}
			case <-time.After(goneIn):
				t.Fatal("it does not return")
			}
			idle(t)
		})
	}
	t.Run("statement timeout", func(t *testing.T) {
		_, err := openFor(time.Second).Aggregate(t.Context(), count)
		if connectors.KindOf(err) != connectors.TimedOut {
			t.Errorf("%v, want the kind TimedOut", err)
		}
		idle(t)
	})
	t.Run("a source that is closed", func(t *testing.T) {
		own := openFor(0)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		rows, err := own.Select(ctx, query.Select{From: connectortest.Relation(t, own, fast), Columns: connectortest.Cols(t, rel, "id")})
		if err != nil {
			t.Fatal(err)
		}
		if contexts(t, url, index) == 0 {
			t.Error("no point in time is open")
		}
		cancel()
		_ = rows.Close()
		_ = own.Close()
		idle(t)
	})
}
