package elasticsearch_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// TestValues pins what the documents of the hostile index read as.
func TestValues(t *testing.T) {
	servers(t, func(t *testing.T, url string, _ connectortest.Engine) {
		src := open(t, url)
		defer func() { _ = src.Close() }()
		rel := connectortest.Relation(t, src, query.Dataset{
			Name: "h", Index: makeIndex(t, url, hostileMappings, hostileDocs()...),
			Columns: map[string]query.ColumnOptions{"arr": {Array: true}, "dec": {Type: "decimal"}, "deck": {Type: "decimal"}, "o.x.y": {AbsentIsError: true}},
		})
		n := "null"
		want := map[string][]string{
			"k":     {n, n, `""`, `"a"`, `"A"`, `"a*b"`, `"aXb"`, `"é"`, `"é"`, `"1.10"`, `"dup"`, `"\x1b[31m\n\"'\\"`},
			"kl":    {n, n, `""`, `"ab"`, `"a*"`, `"é"`, `"é"`, `"ß"`, `"SS"`, `"1e3"`, `"x"`, `"a b "`},
			"t":     {n, n, `""`, `"Hello World"`, `"hello world"`, `"a*b?c\\d"`, `"%_"`, `"\x00nul"`, `"😀😀"`, `"7"`, `"one"`, `"  x "`},
			"l":     {n, n, n, "5", "5", "5", "9007199254740993", "-9223372036854775808", "9223372036854775807", "1000", "12", "-7"},
			"d":     {n, n, n, "-0", "0", "0.1", "9.007199254740992e+15", "-1e+300", "5e-324", "2.5", "2.5", "1000"},
			"f":     {n, n, n, "0.1", "0.5", "1.6777217e+07", "-3.5", "3.4e+38", "1e-45", "7", "7.25", "0.25"},
			"b":     {n, n, "false", "true", "false", "false", "true", "true", "false", "false", "true", "true"},
			"arr":   {n, n, n, n, n, n, "[3, 1, 2]", "[7]", "[4]", n, n, n},
			"dec":   {n, n, n, n, "1.1", "1.10000000000000000000000001", n, n, n, n, n, n},
			"deck":  {n, n, n, n, "1.1", "1.1", "error", n, n, n, n, n},
			"o.x.y": {"error", "error", "error", "1", "2", "3", "error", "error", "error", "error", "error", "error"},
			"ip":    {n, n, n, `"10.0.0.1"`, n, n, n, n, n, n, n, n},
			"bin":   {n, n, n, "6869", n, n, n, n, n, n, n, n},
			"nest":  {n, n, n, n, n, n, n, `[{"a":1},{"a":2}]`, n, n, n, n},
			"off":   {n, n, n, n, n, n, n, `{"z":[1,{"q":1.50}]}`, n, n, n, n},
			"dt": {
				n, n, "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00.001Z", "2024-01-01T00:00:00.002Z", "1969-12-31T23:59:59.999Z",
				"2024-06-01T00:00:00Z", "2023-12-31T23:00:00Z", "2023-02-28T12:00:00Z", "2022-01-01T00:00:00.5Z", "9999-12-31T23:59:59.999Z",
			},
			"dn": {n, n, "2024-01-01T00:00:00.000000001Z", n, n, n, n, n, "1970-01-01T00:00:00Z", n, "2262-04-11T23:47:16.854775807Z", n},
			"ds": {n, n, n, n, n, n, n, n, n, "2024-02-29T10:00:00Z", "2023-11-14T22:13:20Z", n},
			"dy": {n, n, n, n, n, n, n, "2024-01-01T00:00:00Z", n, n, n, n},
		}
		all := readColumns(t, src, rel, "k", "kl", "t", "l", "d", "f", "b", "arr", "dec", "deck", "o.x.y", "ip", "bin", "nest", "off", "dt", "dn", "ds", "dy")
		for name, cells := range want {
			if diff := cmp.Diff(plain(cells), plain(all[name])); diff != "" {
				t.Errorf("%s (want, got): %s", name, diff)
			}
			// One column alone takes the way of a filtered _source.
			if diff := cmp.Diff(plain(cells), plain(readColumns(t, src, rel, name)[name])); diff != "" {
				t.Errorf("%s alone (want, got): %s", name, diff)
			}
		}
	})
}

// plain takes quotes away, so that cells compare by content.
func plain(cells []string) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		if u, err := strconv.Unquote(strings.TrimPrefix(c, "b")); err == nil {
			c = u
		}
		out[i] = c
	}
	return out
}

// TestSeveralValues holds both ways of reading to one answer: a field of several values is an error that names the remedy.
func TestSeveralValues(t *testing.T) {
	servers(t, func(t *testing.T, url string, _ connectortest.Engine) {
		src := open(t, url)
		defer func() { _ = src.Close() }()
		rel := connectortest.Relation(t, src, query.Dataset{Name: "m", Index: makeIndex(t, url,
			`{"properties":{"n":{"type":"long"},"o":{"properties":{"p":{"type":"keyword"}}}}}`,
			`{"n":[1,1]}`, `{"o":[{"p":"a"},{"p":"b"}]}`, `{"n":3,"o":{"p":"c"}}`)})
		for _, name := range []string{"n", "o.p"} {
			col := connectortest.Col(t, rel, name)
			e := call(query.OpGt, col, integer(0))
			if name == "o.p" {
				e = call(query.OpGt, col, text("b"))
			}
			_, err := tally(t, src, rel, e)
			wantSeveral(t, name, err)
			rows, err := src.Select(t.Context(), query.Select{From: rel, Columns: []*query.Column{col}})
			if err != nil {
				t.Fatal(err)
			}
			var batch *value.Batch
			for err == nil {
				if batch, err = rows.Next(t.Context()); batch == nil {
					break
				}
			}
			wantSeveral(t, name, err)
			_ = rows.Close()
			_, err = src.Select(t.Context(), query.Select{From: rel, Columns: connectortest.Cols(t, rel, "_id"), Branches: []query.Branch{{Where: e}}})
			wantSeveral(t, name, err)
			// Whether it is null needs no single value.
			if n, err := tally(t, src, rel, call(query.OpEq, col, null())); err != nil || n != [4]int64{1, 2, 0, 0} {
				t.Errorf("null test of %s: %v, %v", name, n, err)
			}
		}
	})
}

func wantSeveral(t *testing.T, name string, err error) {
	t.Helper()
	var e *connectors.Error
	if !errors.As(err, &e) || !strings.Contains(err.Error(), fmt.Sprintf("%q; declare the column with array: true", name)) {
		t.Errorf("%s: got %v, want an error that says array: true", name, err)
	}
}

// TestDescribe pins types, and why columns cannot be used.
func TestDescribe(t *testing.T) {
	servers(t, func(t *testing.T, url string, _ connectortest.Engine) {
		src := open(t, url)
		defer func() { _ = src.Close() }()
		a := makeIndex(t, url, `{"properties":{"same":{"type":"keyword"},"differs":{"type":"keyword"},"kept":{"type":"text"},"only":{"type":"long"},
			"from":{"type":"keyword","copy_to":"into"},"into":{"type":"keyword"},"odd":{"type":"date","format":"E"},"sub":{"type":"keyword"}}}`, `{"same":"x","only":1}`)
		b := makeIndex(t, url, `{"_source":{"excludes":["kept"]},"properties":{"same":{"type":"keyword"},"differs":{"type":"long"},"kept":{"type":"text"},
			"sub":{"type":"keyword","doc_values":false}}}`, `{"same":"y","differs":3}`, `{}`)
		alias := connectortest.Unique("assay_es_alias_")
		send(t, http.MethodPost, url+"/_aliases", fmt.Sprintf(`{"actions":[{"add":{"index":%q,"alias":%q}},{"add":{"index":%q,"alias":%q}}]}`, a, alias, b, alias))
		rel := connectortest.Relation(t, src, query.Dataset{Name: "both", Index: alias})
		got := map[string]string{}
		for _, c := range rel.Schema.Columns {
			got[c.Name] = c.Type.String() + " " + c.Unusable
		}
		want := map[string]string{
			"_id": "string ", "same": "string ", "only": "int ", "from": "string ", "sub": "string ",
			"differs": "string its indices map it differently (keyword and long)", "kept": "string _source does not hold it",
			"into": "string filled by copy_to, so its values are not in _source", "odd": `timestamp date format "E" is not known`,
		}
		if rel.Schema.Columns[1].Name == "differs" && strings.HasPrefix(got["differs"], "int") { // the indices come by name
			want["differs"] = "int its indices map it differently (long and keyword)"
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("want, got: %s", diff)
		}
		if rel.Schema.Rows != 3 || rel.Schema.Key != nil {
			t.Errorf("%d rows, key %v", rel.Schema.Rows, rel.Schema.Key)
		}
		// A field that one index does not have is null there, on the server as here.
		only := call(query.OpEq, connectortest.Col(t, rel, "only"), null())
		if n, err := tally(t, src, rel, only); err != nil || n != judge(t, src, rel, only) || n[0] != 2 {
			t.Errorf("only == null: %v, %v", n, err)
		}
		if r := src.Caps().Expr(rel, call(query.OpEq, connectortest.Col(t, rel, "sub"), text("x"))); r == nil {
			t.Error("a field that one index cannot answer for is pushed down")
		}
		q := query.Dataset{Name: "q", Query: "POST /" + alias + "/_search\n{\"query\":{\"exists\":{\"field\":\"same\"}}}"}
		rel = connectortest.Relation(t, src, q)
		names := readColumnsAnyOrder(t, src, rel, "same")
		if rel.Schema.Rows != 2 || len(names) != 2 {
			t.Errorf("a query: dataset has %d rows, reads %v", rel.Schema.Rows, names)
		}
		if n, err := tally(t, src, rel, call(query.OpEq, connectortest.Col(t, rel, "same"), text("x"))); err != nil || n != [4]int64{1, 1, 0, 0} {
			t.Errorf("tally over a query: dataset: %v, %v", n, err)
		}
	})
}

func readColumnsAnyOrder(t *testing.T, src connectors.Source, rel query.Relation, name string) []string {
	t.Helper()
	var out []string
	for _, r := range connectortest.ReadAll(t, src, query.Select{From: rel, Columns: connectortest.Cols(t, rel, name)}, 0) {
		out = append(out, r[0].String())
	}
	return out
}
