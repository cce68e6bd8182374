package correct_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// elasticStore is an index items; documents have their id as _id.
type elasticStore struct {
	url, index string
	made       bool
	versions   map[int64]int64 // when mark was called
}

func newElasticsearch(t testing.TB) *elasticStore {
	t.Helper()
	return &elasticStore{url: connectortest.Elasticsearch(t), index: connectortest.Unique("ct_items")}
}

func (s *elasticStore) driver() string { return "elasticsearch" }

func (s *elasticStore) dataset() query.Dataset {
	return query.Dataset{Name: "items", Index: s.index, Key: []string{"id"}}
}

func (s *elasticStore) open(t testing.TB) connectors.Source {
	t.Helper()
	src, err := elasticsearch.Open(context.Background(), connectors.Config{Name: "shop", Params: map[string]string{"url": s.url}, Writable: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	return src
}

// call sends a request and returns the status and the answer.
func (s *elasticStore) call(t testing.TB, method, path string, body []byte) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, s.url+"/"+s.index+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	if !bytes.HasSuffix(body, []byte("\n")) {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	_ = d.Decode(&out) // what is wrong shows itself by what is missing
	return resp.StatusCode, out
}

func (s *elasticStore) fill(t testing.TB, n int) {
	t.Helper()
	if s.made {
		s.call(t, http.MethodDelete, "", nil)
	} else {
		t.Cleanup(func() { s.call(t, http.MethodDelete, "", nil) })
	}
	s.made = true
	status, answer := s.call(t, http.MethodPut, "", []byte(`{"settings":{"number_of_shards":1,"number_of_replicas":0},"mappings":{"dynamic":"strict","properties":{
		"id":{"type":"long"},"name":{"type":"keyword"},"stock":{"type":"long"},"price":{"type":"double"},"note":{"type":"keyword"}}}}`))
	if status != http.StatusOK {
		t.Fatal(answer)
	}
	var body bytes.Buffer
	for id := 1; id <= n; id++ {
		// As no encoder would write it: it must come back byte for byte.
		fmt.Fprintf(&body, "{\"index\":{\"_id\":\"%d\"}}\n{\"note\" :  \"kept %d\", \"id\":%d,\"price\": %v, \"stock\":%d,\"name\":\"item %d\"}\n", id, id, id, float64(id)/4, id%100, id)
	}
	status, answer = s.call(t, http.MethodPost, "/_bulk?refresh=true", body.Bytes())
	if status != http.StatusOK || answer["errors"] != false {
		t.Fatal(answer)
	}
	s.mark(t)
}

// hits reads every document.
func (s *elasticStore) hits(t testing.TB) []struct {
	ID      string          `json:"_id"`
	Version int64           `json:"_version"`
	Source  json.RawMessage `json:"_source"`
} {
	t.Helper()
	s.call(t, http.MethodPost, "/_refresh", nil)
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.url+"/"+s.index+"/_search?size=10000&version=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var out struct {
		Hits struct {
			Hits []struct {
				ID      string          `json:"_id"`
				Version int64           `json:"_version"`
				Source  json.RawMessage `json:"_source"`
			}
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out.Hits.Hits
}

// document shows a _source as cells does.
func document(t testing.TB, source []byte) string {
	t.Helper()
	var d struct {
		Name  string
		Stock *int64
		Price *float64
	}
	if err := json.Unmarshal(source, &d); err != nil {
		t.Fatal(err)
	}
	out := []any{d.Name, nil, nil}
	if d.Stock != nil {
		out[1] = *d.Stock
	}
	if d.Price != nil {
		out[2] = *d.Price
	}
	return fmt.Sprintf("%#v", out)
}

func (s *elasticStore) rows(t testing.TB) map[int64]string {
	t.Helper()
	out := make(map[int64]string)
	for _, h := range s.hits(t) {
		id, err := strconv.ParseInt(h.ID, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		out[id] = document(t, h.Source)
	}
	return out
}

// sources are the documents, byte for byte.
func (s *elasticStore) sources(t testing.TB) map[string]string {
	t.Helper()
	out := make(map[string]string)
	for _, h := range s.hits(t) {
		out[h.ID] = string(h.Source)
	}
	return out
}

func (s *elasticStore) put(t testing.TB, id int64, row []value.Value) (found string) {
	t.Helper()
	for {
		status, doc := s.call(t, http.MethodGet, fmt.Sprintf("/_doc/%d", id), nil)
		guard := "?op_type=create"
		found = ""
		if status == http.StatusOK {
			b, err := json.Marshal(doc["_source"])
			if err != nil {
				t.Error(err)
			}
			found = document(t, b)
			guard = fmt.Sprintf("?if_seq_no=%v&if_primary_term=%v", doc["_seq_no"], doc["_primary_term"])
		}
		if found == cells(row) {
			return found
		}
		method, body := http.MethodDelete, []byte(nil)
		if row != nil {
			d := map[string]any{"id": id, "name": row[0].Str(), "price": row[2].Double()}
			if !row[1].IsNull() {
				d["stock"] = row[1].Int()
			}
			var err error
			if body, err = json.Marshal(d); err != nil {
				t.Error(err)
			}
			method = http.MethodPut
		}
		status, answer := s.call(t, method, fmt.Sprintf("/_doc/%d%s", id, guard), body)
		switch status {
		case http.StatusOK, http.StatusCreated:
			return found
		case http.StatusConflict:
		default:
			t.Error(answer)
			return found
		}
	}
}

// writes tells by the documents' versions. Those that are there again, or gone, count once: of them the versions tell nothing.
func (s *elasticStore) writes(t testing.TB) map[int64]int64 {
	t.Helper()
	now, out := s.version(t), make(map[int64]int64)
	for id, v := range now {
		was, there := s.versions[id]
		switch {
		case there && v > was:
			out[id] = v - was
		case !there:
			out[id] = 1
		}
	}
	for id := range s.versions {
		if _, there := now[id]; !there {
			out[id] = 1
		}
	}
	return out
}

func (s *elasticStore) mark(t testing.TB) {
	t.Helper()
	s.versions = s.version(t)
}

func (s *elasticStore) version(t testing.TB) map[int64]int64 {
	t.Helper()
	out := make(map[int64]int64)
	for _, h := range s.hits(t) {
		id, err := strconv.ParseInt(h.ID, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		out[id] = h.Version
	}
	return out
}

func (s *elasticStore) place() place {
	return place{s.driver(), map[string]string{"url": s.url}, s.dataset()}
}
