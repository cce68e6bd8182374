package elasticsearch_test

import (
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/query"
)

const hostilePassword = "p%40ss:w/ord?&<x>"

// open opens the server at url and closes it with the test.
func open(t testing.TB, url string) connectors.Source {
	t.Helper()
	return openWith(t, url, 0, 0)
}

func openWith(t testing.TB, url string, timeout time.Duration, conns int) connectors.Source {
	t.Helper()
	src, err := elasticsearch.Open(t.Context(), connectors.Config{
		Name: "search", Params: map[string]string{"url": url, "username": "assay", "password": hostilePassword},
		Timeout: timeout, MaxConns: conns,
	})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return src
}

// servers runs f on Elasticsearch, and on OpenSearch too where one is named or required: no test is for it alone.
func servers(t *testing.T, f func(t *testing.T, url string, engine connectortest.Engine)) {
	t.Helper()
	t.Run("elasticsearch", func(t *testing.T) { f(t, connectortest.Elasticsearch(t), connectortest.EngineElasticsearch) })
	if connectortest.HasOpenSearch() {
		t.Run("opensearch", func(t *testing.T) { f(t, connectortest.OpenSearch(t), connectortest.EngineOpenSearch) })
	}
}

func TestConformance(t *testing.T) {
	servers(t, func(t *testing.T, url string, engine connectortest.Engine) {
		connectortest.Run(t, connectortest.Harness{
			Name: "elasticsearch", Engine: engine,
			Load: func(t testing.TB, tb connectortest.Table) query.Dataset {
				return connectortest.LoadElasticsearch(t, url, tb)
			},
			Open: func(t testing.TB) connectors.Source { return open(t, url) },
			OpenWith: func(t testing.TB, timeout time.Duration, conns int) connectors.Source {
				return openWith(t, url, timeout, conns)
			},
			Missing: &query.Dataset{Name: "gone", Index: "assay_es_no_such_index"},
			Writes:  func(t testing.TB) []connectortest.Write { return writes(t, url) },
			Broken: []connectortest.Broken{{
				Name: "nobody listens",
				Open: func(t testing.TB) (connectors.Source, error) {
					return elasticsearch.Open(t.Context(), connectors.Config{Name: "search", Params: map[string]string{
						"url": "http://assay:" + "p%2540ss@127.0.0.1:1",
					}})
				},
				Want: connectors.Unreachable,
			}},
			Secrets: []string{hostilePassword, "p%40ss", "p%2540ss"},
			Refused: append(whereAndSkip(), refused()...),
			Extra:   []string{"_id"},
		})
	})
}

// whereAndSkip pins the judged expressions that Elasticsearch cannot say exactly, which the suite tallies in two ways.
func whereAndSkip() []string {
	var out []string
	for _, name := range []string{
		"columns equal", "columns differ", "double itself", // two columns
		"int sum", "int quotient", "int32 product", "size", // computed operands
		"matches",
		"float32 equal", "timestamp equal", "date equal", // the index holds fewer digits than _source
	} {
		out = append(out, name, name+", where and skip")
	}
	for _, name := range []string{"float32 less", "float32 at least"} { // a value stands at the bound
		out = append(out, name+" (inexact)", name+", where and skip (inexact)")
	}
	return out
}

// refused pins the other refusals.
func refused() []string {
	var out []string
	for _, name := range []string{
		"min of f", "max of f", "distinct of ts", // the index holds fewer digits than _source
		"median of i", "median of f", "median of ts", "median of s", "last decile of i",
		// the server sums in doubles
		"sum of i (inexact)", "sum of squares of i32 (inexact)",
	} {
		plain, inexact := strings.CutSuffix(name, " (inexact)")
		where := plain + " where"
		if inexact {
			where += " (inexact)"
		}
		out = append(out, name, where)
	}
	return append(out, "unique ts", "order by f", "order by ts",
		"monotonic i by id", "monotonic i32 by k, strict", "monotonic s by id, descending", "monotonic ts by id within k, strict",
		"references i", "references id4,i32", "references k,b", "references s")
}

func writes(t testing.TB, url string) []connectortest.Write {
	t.Helper()
	d := connectortest.LoadElasticsearch(t, url, connectortest.BulkTable(3))
	changed := func(t testing.TB) bool {
		t.Helper()
		src := open(t, url)
		defer func() { _ = src.Close() }()
		return connectortest.Relation(t, src, d).Schema.Rows != 3
	}
	var out []connectortest.Write
	for name, q := range map[string]string{
		"delete by query": "POST /" + d.Index + "/_delete_by_query\n{\"query\":{\"match_all\":{}}}",
		"delete index":    "DELETE /" + d.Index,
		"update by query": "POST /" + d.Index + "/_update_by_query",
		"document":        "PUT /" + d.Index + "/_doc/9\n{\"id\":9}",
		"bulk":            "POST /_bulk\n{\"delete\":{\"_index\":\"" + d.Index + "\",\"_id\":\"0\"}}",
		"escaped":         "POST /" + d.Index + "%2f_delete_by_query\n{\"query\":{\"match_all\":{}}}",
		"search template": "POST /" + d.Index + "/_search\n{\"query\":{\"match_all\":{}},\"script_fields\":{}}",
	} {
		out = append(out, connectortest.Write{Name: name, Dataset: query.Dataset{Name: "w", Query: q}, Changed: changed})
	}
	return out
}
