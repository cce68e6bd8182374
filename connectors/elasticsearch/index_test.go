package elasticsearch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
)

// send sends a request to the test server past the connector.
func send(t testing.TB, method, url, body string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("%s %s: %d %v %.500s", method, url, res.StatusCode, err, out)
	}
	return out
}

// makeIndex makes an index of JSON documents, with _id 0, 1, 2 and so on, and returns its name.
func makeIndex(t testing.TB, url, mappings string, docs ...string) string {
	t.Helper()
	index := connectortest.Unique("assay_es_")
	send(t, http.MethodPut, url+"/"+index, `{"settings":{"number_of_shards":2,"number_of_replicas":0,
		"analysis":{"normalizer":{"lower":{"type":"custom","filter":["lowercase"]}}}},"mappings":`+mappings+`}`)
	t.Cleanup(func() { send(t, http.MethodDelete, url+"/"+index, "") })
	var b bytes.Buffer
	for i, d := range docs {
		fmt.Fprintf(&b, "{\"index\":{\"_id\":\"%d\"}}\n%s\n", i, d)
	}
	if len(docs) > 0 {
		var out struct {
			Errors bool              `json:"errors"`
			Items  []json.RawMessage `json:"items"`
		}
		reply := send(t, http.MethodPost, url+"/"+index+"/_bulk?refresh=true", b.String())
		if err := json.Unmarshal(reply, &out); err != nil || out.Errors {
			t.Fatalf("bulk: %v %.3000s", err, reply)
		}
	}
	return index
}

// readColumns reads whole columns in the order of _id.
func readColumns(t testing.TB, src connectors.Source, rel query.Relation, names ...string) map[string][]string {
	t.Helper()
	cols := connectortest.Cols(t, rel, append([]string{"_id"}, names...)...)
	rows := connectortest.ReadAll(t, src, query.Select{From: rel, Columns: cols}, 0)
	out := map[string][]string{}
	for _, n := range names {
		out[n] = make([]string, len(rows))
	}
	for _, r := range rows {
		var at int
		if _, err := fmt.Sscan(r[0].Str(), &at); err != nil {
			t.Fatal(err)
		}
		for i, n := range names {
			out[n][at] = r[i+1].String()
		}
	}
	return out
}

// judge evaluates a predicate here over all documents: true, false, undecided, undecided by null.
func judge(t testing.TB, src connectors.Source, rel query.Relation, e query.Expr) [4]int64 {
	t.Helper()
	cols := query.Columns(e)
	if len(cols) == 0 {
		cols = connectortest.Cols(t, rel, "_id")
	}
	p, err := eval.Compile([]query.Expr{e}, cols)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := src.Select(t.Context(), query.Select{From: rel, Columns: cols})
	if err != nil {
		t.Fatalf("select: %v", err)
	}
	defer func() { _ = rows.Close() }()
	var n [4]int64
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			return n
		}
		truth, err := p.RunTruth(b)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.N {
			switch {
			case truth[0].Undecided.Get(i):
				n[2]++
				for c := range b.Cols {
					if b.Cols[c].Nulls.Get(i) {
						n[3]++
						break
					}
				}
			case truth[0].True.Get(i):
				n[0]++
			default:
				n[1]++
			}
		}
	}
}

// tally asks the server for the same, by one Aggregate.
func tally(t testing.TB, src connectors.Source, rel query.Relation, e query.Expr) ([4]int64, error) {
	t.Helper()
	b, err := src.Aggregate(t.Context(), query.Aggregate{From: rel, Measures: []query.Measure{
		{Kind: query.MeasureTally, Arg: e, Nulls: query.Columns(e)},
	}})
	if err != nil {
		return [4]int64{}, err
	}
	var n [4]int64
	for i := range n {
		n[i] = b.Cols[i].Ints[0]
	}
	return n, nil
}

func call(op query.Op, args ...query.Expr) query.Expr {
	return &query.Call{Op: op, Args: args, Typ: value.Of(value.Bool)}
}

func lit(v value.Value) query.Expr { return &query.Literal{Val: v, Typ: v.Type()} }

func text(s string) query.Expr    { return lit(value.StringValue(s)) }
func integer(i int64) query.Expr  { return lit(value.IntValue(i)) }
func double(x float64) query.Expr { return lit(value.DoubleValue(x)) }
func null() query.Expr            { return &query.Literal{Typ: value.Of(value.Null)} }

func decimal(s string) query.Expr {
	d, err := value.ParseDec(s)
	if err != nil {
		panic(err)
	}
	return lit(value.DecimalValue(d))
}

func instant(s string) query.Expr {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return lit(value.TimestampValue(at))
}
