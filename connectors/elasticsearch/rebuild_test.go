package elasticsearch_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// counted is how many documents a search of an index or alias finds.
func counted(t testing.TB, url, index string) int {
	t.Helper()
	var answer struct {
		Hits struct {
			Total struct {
				Value int `json:"value"`
			} `json:"total"`
		} `json:"hits"`
	}
	if err := json.Unmarshal(send(t, http.MethodPost, url+"/"+index+"/_search?size=0&track_total_hits=true", ""), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Hits.Total.Value
}

// settingsOf are the settings of an index as text, without those of one index alone.
func settingsOf(t testing.TB, url, index string) string {
	t.Helper()
	var answer map[string]struct {
		Settings struct {
			Index map[string]any `json:"index"`
		} `json:"settings"`
		Mappings any `json:"mappings"`
		Aliases  any `json:"aliases"`
	}
	if err := json.Unmarshal(send(t, http.MethodGet, url+"/"+index, ""), &answer); err != nil {
		t.Fatal(err)
	}
	one := answer[index]
	for _, name := range []string{"uuid", "creation_date", "provided_name", "version"} {
		delete(one.Settings.Index, name)
	}
	text, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRebuild fills an index beside the one that an alias names, while readers of the alias and of a pattern count: they see the old one whole, or the new one.
func TestRebuild(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, url string, _ connectortest.Engine) {
		alias := connectortest.Unique("assay_es_")
		first := alias + "-1"
		send(t, http.MethodPut, url+"/"+first, `{"settings":{"number_of_shards":2,"number_of_replicas":0,"refresh_interval":"7s","max_result_window":9000},
			"aliases":{"`+alias+`":{"is_write_index":true},"`+alias+`-some":{"filter":{"range":{"id":{"lt":5}}}}},
			"mappings":{"dynamic":"strict","properties":{"id":{"type":"long"},"k":{"type":"keyword"},"o":{"properties":{"l":{"type":"long"}}}}}}`)
		t.Cleanup(func() { send(t, http.MethodDelete, url+"/"+alias+"*?expand_wildcards=all", "") })
		var bulk strings.Builder
		for i := range 50 {
			fmt.Fprintf(&bulk, "{\"index\":{\"_id\":\"p-%d\"}}\n{\"id\":%d,\"k\":\"old\",\"o.l\":1}\n", i, i)
		}
		send(t, http.MethodPost, url+"/"+first+"/_bulk?refresh=true", bulk.String())
		before := settingsOf(t, url, first)

		src := openWritable(t, url)
		d := query.Dataset{Name: "r", Index: alias, Key: []string{"id"}}
		target := targetOf(t, src, d, "k", "o.l")
		columns := append([]value.Column{target.Columns[1]}, target.Key[0], target.Columns[0]) // in an order of its own
		build := func(rows int) connectors.Rebuild {
			t.Helper()
			rb, err := src.(connectors.Rebuilder).Rebuild(t.Context(), target.Relation, columns, "Night 1")
			if err != nil {
				t.Fatalf("rebuild: %v", err)
			}
			b := value.NewBatch(value.Of(value.Int), value.Of(value.Int), value.Of(value.String))
			for i := range rows {
				b.AppendRow(num(int64(i*i)), num(int64(i)), str("new"))
				if b.N == 100 || i == rows-1 {
					if err := rb.Load(t.Context(), b); err != nil {
						t.Fatalf("load: %v", err)
					}
					b.Clear()
				}
			}
			return rb
		}
		killed := build(30) // and never closed
		_ = killed

		stop := make(chan struct{})
		var readers sync.WaitGroup
		seen := make([]map[int]int, 2)
		for n, what := range []string{alias, alias + "*"} {
			seen[n] = map[int]int{}
			readers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						seen[n][counted(t, url, what)]++
					}
				}
			})
		}
		rb := build(2500)
		shadow, err := rb.Finish(t.Context())
		if err != nil {
			t.Fatalf("finish: %v", err)
		}
		if got := counted(t, url, shadow.Index); got != 2500 || shadow.Index == alias || shadow.Key[0] != "id" {
			t.Errorf("the shadow %+v holds %d", shadow, got)
		}
		old, err := rb.Swap(t.Context())
		if err != nil || old != first {
			t.Fatalf("swap: %q, %v", old, err)
		}
		if got := counted(t, url, alias); got != 2500 {
			t.Errorf("the alias finds %d", got)
		}
		close(stop)
		readers.Wait()
		if err := rb.Close(t.Context()); err != nil {
			t.Errorf("close: %v", err)
		}
		delete(seen[0], 50)
		delete(seen[0], 2500)
		delete(seen[1], 50)
		delete(seen[1], 2500)
		delete(seen[1], 2550) // both, for as long as it takes to hide the old one
		if len(seen[0])+len(seen[1]) > 0 {
			t.Errorf("readers saw other counts: of the alias %v, of the pattern %v", seen[0], seen[1])
		}
		if got := source(t, url, alias, "p-7"); got != `{"id":7,"o.l":49,"k":"new"}` {
			t.Errorf("a document is %s", got)
		}
		if got := counted(t, url, alias+"-some"); got != 5 {
			t.Errorf("the alias with a filter finds %d", got)
		}
		if after := settingsOf(t, url, shadow.Index); after != before {
			t.Errorf("the new index has\n%s, the old one had\n%s", after, before)
		}
		if got := counted(t, url, first); got != 50 {
			t.Errorf("the old index holds %d", got)
		}

		again := build(10)
		if d, err := again.Finish(t.Context()); err != nil || d.Index == shadow.Index || counted(t, url, alias) != 2500 {
			t.Errorf("the next one is filled in %s, %v", d.Index, err)
		}
		if err := again.Close(t.Context()); err != nil || counted(t, url, alias) != 2500 {
			t.Errorf("given up: %v, and the alias finds %d", err, counted(t, url, alias))
		}
		refusedRebuilds(t, src, target, columns, first)
		name, err := src.(connectors.Rebuilder).DropOld(t.Context(), target.Relation)
		if err != nil || name != first {
			t.Errorf("dropped %q, %v", name, err)
		}
		if name, err := src.(connectors.Rebuilder).DropOld(t.Context(), target.Relation); name != "" || err != nil {
			t.Errorf("dropped again %q, %v", name, err)
		}
		if got := counted(t, url, alias); got != 2500 {
			t.Errorf("after all that the alias finds %d", got)
		}
	})
}

// refusedRebuilds holds what cannot be rebuilt or loaded to its reason.
func refusedRebuilds(t *testing.T, src connectors.Source, target connectors.Target, columns []value.Column, concrete string) {
	t.Helper()
	rel := target.Relation
	rel.Dataset.Index = concrete
	if _, err := src.(connectors.Rebuilder).Rebuild(t.Context(), rel, columns, "x"); connectors.KindOf(err) != connectors.Misconfigured || err == nil ||
		!strings.Contains(err.Error(), "is an index and no alias") {
		t.Errorf("an index that is no alias: %v", err)
	}
	rel.Dataset.Index = target.Relation.Dataset.Index + "*"
	if _, err := src.(connectors.Rebuilder).Rebuild(t.Context(), rel, columns, "x"); connectors.KindOf(err) != connectors.Misconfigured || err == nil {
		t.Errorf("a pattern: %v", err)
	}
	rb, err := src.(connectors.Rebuilder).Rebuild(t.Context(), target.Relation, columns, "twice")
	if err != nil {
		t.Fatal(err)
	}
	b := value.NewBatch(value.Of(value.Int), value.Of(value.Int), value.Of(value.String))
	b.AppendRow(num(1), num(1), str("a"))
	b.AppendRow(num(2), num(1), str("b"))
	err = rb.Load(t.Context(), b)
	if err == nil {
		_, err = rb.Finish(t.Context())
	}
	if err == nil || !strings.Contains(err.Error(), `two rows have the key of document "p-1"`) {
		t.Errorf("two rows of one key: %v", err)
	}
	if err := rb.Close(t.Context()); err != nil {
		t.Errorf("close: %v", err)
	}
}
