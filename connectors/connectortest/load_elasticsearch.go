package connectortest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// bulkRows is the number of documents of one bulk request.
const bulkRows = 1000

// LoadElasticsearch makes an index of tb at the server's base URL (Elasticsearch or OpenSearch), deleted
// at the end of the test, and returns the dataset that reads it. A null is a missing field in
// even rows and an explicit null in odd ones: they must read alike. Documents carry a field for every column of tb, and
// their _id is the decimal text of the row's position.
func LoadElasticsearch(t testing.TB, url string, tb Table) query.Dataset {
	t.Helper()
	index := Unique("ct_" + tb.Name)
	props := map[string]any{}
	d := query.Dataset{Name: tb.Name, Index: index, Key: tb.Key, Columns: map[string]query.ColumnOptions{}}
	for _, c := range tb.Columns {
		native := NativeType(EngineElasticsearch, c)
		if native == "" {
			t.Fatalf("load %s: Elasticsearch has no type for column %s of %s", tb.Name, c.Name, c.Type)
		}
		props[c.Name] = map[string]any{"type": native}
		if c.Type.Kind == value.List {
			d.Columns[c.Name] = query.ColumnOptions{Array: true}
		}
	}
	body, err := json.Marshal(map[string]any{
		"settings": map[string]any{"number_of_shards": 2, "number_of_replicas": 0},
		"mappings": map[string]any{"dynamic": "strict", "properties": props},
	})
	if err != nil {
		t.Fatalf("load %s: %v", tb.Name, err)
	}
	request(t, http.MethodPut, url+"/"+index, body)
	t.Cleanup(func() { request(t, http.MethodDelete, url+"/"+index, nil) })
	for from := 0; from < len(tb.Rows); from += bulkRows {
		var b bytes.Buffer
		for r, row := range tb.Rows[from:min(from+bulkRows, len(tb.Rows))] {
			fmt.Fprintf(&b, "{\"index\":{\"_id\":\"%d\"}}\n", from+r)
			doc, err := esDocument(tb, row, (from+r)%2 == 1)
			if err != nil {
				t.Fatalf("load %s, row %d: %v", tb.Name, from+r, err)
			}
			b.Write(doc)
			b.WriteByte('\n')
		}
		var reply struct {
			Errors bool              `json:"errors"`
			Items  []json.RawMessage `json:"items"`
		}
		if err := json.Unmarshal(request(t, http.MethodPost, url+"/"+index+"/_bulk", b.Bytes()), &reply); err != nil || reply.Errors {
			t.Fatalf("load %s: bulk errors: %v %.2000s", tb.Name, err, reply.Items)
		}
	}
	request(t, http.MethodPost, url+"/"+index+"/_refresh", nil)
	return d
}

// esDocument returns the JSON document of a row, explicit nulls written or left out.
func esDocument(tb Table, row []Cell, nulls bool) ([]byte, error) {
	doc := map[string]any{}
	for i, cell := range row {
		v, err := plain(cell.Value)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", tb.Columns[i].Name, err)
		}
		if !cell.IsNull() || nulls {
			doc[tb.Columns[i].Name] = v
		}
	}
	out, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return out, nil
}

// plain returns v as encoding/json writes it.
func plain(v value.Value) (any, error) {
	switch v.Kind() {
	case value.Null:
		return json.RawMessage("null"), nil
	case value.Bool:
		return v.Bool(), nil
	case value.Int:
		return v.Int(), nil
	case value.Uint:
		return v.Uint(), nil
	case value.Double:
		// with an exponent always: -0 and 1e21 stay doubles
		return json.RawMessage(strconv.FormatFloat(v.Double(), 'e', -1, 64)), nil
	case value.String:
		return v.Str(), nil
	case value.Timestamp:
		return v.Time().Format("2006-01-02T15:04:05.000Z"), nil
	case value.List:
		out := make([]any, len(v.List()))
		for i, e := range v.List() {
			p, err := plain(e)
			if err != nil {
				return nil, err
			}
			out[i] = p
		}
		return out, nil
	case value.Decimal, value.Bytes, value.LocalTimestamp, value.Duration, value.JSON:
	}
	return nil, unsupported(EngineElasticsearch, v)
}

// request sends a body to the test server and returns the reply's.
func request(t testing.TB, method, url string, body []byte) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("%s: status %d: %v %.2000s", method, res.StatusCode, err, out)
	}
	return out
}
