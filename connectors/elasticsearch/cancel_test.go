package elasticsearch_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/query"
)

// TestStatementTimeout holds a timeout that no request can keep to its kind. Searches that are slow stand in testCancelled: they have no
// place on a server that others use.
func TestStatementTimeout(t *testing.T) {
	servers(t, func(t *testing.T, url string, _ connectortest.Engine) {
		_, err := elasticsearch.Open(t.Context(), connectors.Config{
			Name: "search", Params: map[string]string{"url": url}, Timeout: time.Microsecond,
		})
		if connectors.KindOf(err) != connectors.TimedOut {
			t.Errorf("%v, want the kind TimedOut", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = elasticsearch.Open(ctx, connectors.Config{Name: "search", Params: map[string]string{"url": url}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

// await polls until f holds, for ten seconds.
func await(t *testing.T, what string, f func() bool) {
	t.Helper()
	for range 200 {
		if f() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("waited ten seconds for %s", what)
}

// contexts returns how many search contexts the server holds open for the index.
func contexts(t *testing.T, url, index string) int {
	t.Helper()
	var out struct {
		All struct {
			Total struct {
				Search struct {
					Open int `json:"open_contexts"`
				} `json:"search"`
			} `json:"total"`
		} `json:"_all"`
	}
	if err := json.Unmarshal(send(t, http.MethodGet, url+"/"+index+"/_stats/search", ""), &out); err != nil {
		t.Fatal(err)
	}
	return out.All.Total.Search.Open
}

// TestPointInTimeIsClosed counts the server's search contexts before, during and after streams that end in every way.
func TestPointInTimeIsClosed(t *testing.T) {
	servers(t, func(t *testing.T, url string, _ connectortest.Engine) {
		src := open(t, url)
		defer func() { _ = src.Close() }()
		d := connectortest.LoadElasticsearch(t, url, connectortest.BulkTable(5000))
		rel := connectortest.Relation(t, src, d)
		q := query.Select{From: rel, Columns: connectortest.Cols(t, rel, "id")}
		for name, end := range map[string]func(ctx context.Context, cancel func(), rows connectors.Rows) error{
			"closed at once": func(context.Context, func(), connectors.Rows) error { return nil },
			"cancelled": func(ctx context.Context, cancel func(), rows connectors.Rows) error {
				_, err := rows.Next(ctx)
				cancel()
				return err
			},
			"read to the end": func(ctx context.Context, _ func(), rows connectors.Rows) error {
				for {
					if b, err := rows.Next(ctx); err != nil || b == nil {
						return err
					}
				}
			},
		} {
			ctx, cancel := context.WithCancel(t.Context())
			rows, err := src.Select(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			if n := contexts(t, url, d.Index); n == 0 {
				t.Errorf("%s: no context is open during the stream", name)
			}
			if err := end(ctx, cancel, rows); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if err := rows.Close(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			cancel()
			await(t, name+": the contexts to close", func() bool { return contexts(t, url, d.Index) == 0 })
		}
	})
}
