package elasticsearch_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// putIndex makes an index of a body that makeIndex does not know, and deletes it with the test.
func putIndex(t testing.TB, url, body string, docs ...string) string {
	t.Helper()
	index := connectortest.Unique("assay_es_")
	send(t, http.MethodPut, url+"/"+index, body)
	t.Cleanup(func() { send(t, http.MethodDelete, url+"/"+index, "") })
	for i, d := range docs {
		send(t, http.MethodPut, fmt.Sprintf("%s/%s/_doc/%d?refresh=true", url, index, i), d)
	}
	return index
}

// TestCorrectPlaces corrects through an alias of two indices, one of which new documents go into, with routing values and a default pipeline.
func TestCorrectPlaces(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, url string, _ connectortest.Engine) {
		body := func(pipeline string) string {
			return `{"settings":{"number_of_shards":3,"number_of_replicas":0,"index.default_pipeline":"` + pipeline + `"},"mappings":` + guardMapping + `}`
		}
		// The pipeline is not there: a request that went through it would fail.
		old, young := putIndex(t, url, body("_none")), putIndex(t, url, body("assay_es_no_such_pipeline"))
		alias := connectortest.Unique("assay_es_")
		send(t, http.MethodPost, url+"/_aliases", fmt.Sprintf(`{"actions":[{"add":{"index":%q,"alias":%q}},
			{"add":{"index":%q,"alias":%q,"is_write_index":true,"index_routing":"r"}}]}`, old, alias, young, alias))
		send(t, http.MethodPut, url+"/"+old+"/_doc/1?routing=first", `{"id":1,"k":"a"}`)
		send(t, http.MethodPut, url+"/"+young+"/_doc/2?routing=second&pipeline=_none", `{"id":2,"k":"b"}`)
		send(t, http.MethodPost, url+"/"+alias+"/_refresh", "")
		b := newBench(t, url, query.Dataset{Name: "p", Index: alias, Key: []string{"id"}}, "k", "l")
		set := map[string]value.Value{"k": str("new")}
		effects := b.apply(b.update(num(1), b.row(num(1)), set), b.update(num(2), b.row(num(2)), set))
		if got := outcomes(effects); got != "applied applied" || effects[0].Document.Index != old || effects[0].Document.Routing != "first" || effects[1].Document.Index != young {
			t.Errorf("%s, %+v", got, effects)
		}
		effects = b.apply(connectors.Change{Action: connectors.Insert, Key: []value.Value{num(3)}, After: []value.Value{str("c"), num(3)}, Set: []int{0, 1}})
		if got := outcomes(effects); got != "applied" || effects[0].Document.Index != young || effects[0].Document.Routing != "r" {
			t.Errorf("%s, %+v", got, effects)
		}
		for key, want := range map[int64]string{1: `{"id":1,"k":"new"}`, 2: `{"id":2,"k":"new"}`, 3: `{"id":3,"k":"c","l":3}`} {
			if row := b.row(num(key)); row == nil || row.Many || string(row.Document.Source) != want {
				t.Errorf("%d: %+v", key, row)
			}
		}
		elsewhere := b.update(num(1), b.row(num(1)), set)
		d := *elsewhere.Document
		d.Index = "assay_es_elsewhere"
		elsewhere.Document = &d
		if got := b.apply(elsewhere)[0]; got.Outcome != connectors.Refused || !strings.Contains(got.Err.Error(), "is none of "+alias) {
			t.Errorf("an index that the plan made up: %+v", got)
		}
		b.duplicates(old)
	})
}

// duplicates gives a key to a second document and holds reading and changing to it.
func (b *bench) duplicates(index string) {
	b.t.Helper()
	send(b.t, http.MethodPut, b.url+"/"+index+"/_doc/other?refresh=true", `{"id":1,"k":"again"}`)
	row := b.row(num(1))
	if row == nil || !row.Many {
		b.t.Fatalf("two documents of one key are read as %+v", row)
	}
	ch := b.update(num(1), row, map[string]value.Value{"k": str("x")})
	named := ch.Document
	ch.Document = nil
	got := b.apply(ch)[0]
	if got.Outcome != connectors.Refused || !strings.Contains(got.Err.Error(), `"other" in `+index) || !strings.Contains(got.Err.Error(), `"1" in `+index) {
		b.t.Errorf("a key of two documents: %+v", got)
	}
	ch.Document = named
	if got := outcomes(b.apply(ch)); got != "applied" {
		b.t.Errorf("one of two documents: %s", got)
	}
}

// TestCorrectRefuses holds what cannot be corrected to the error that says so, before anything is sent that could change something.
func TestCorrectRefuses(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, url string, _ connectortest.Engine) {
		doc := `{"id":1,"k":"a","l":1}`
		index := makeIndex(t, url, guardMapping, doc)
		settings := func(s string) string {
			return `{"settings":{"number_of_replicas":0` + s + `},"mappings":` + guardMapping + `}`
		}
		pipeline := connectortest.Unique("assay_es_")
		send(t, http.MethodPut, url+"/_ingest/pipeline/"+pipeline, `{"processors":[]}`)
		t.Cleanup(func() { send(t, http.MethodDelete, url+"/_ingest/pipeline/"+pipeline, "") })
		blocked := putIndex(t, url, settings(""), doc)
		send(t, http.MethodPut, url+"/"+blocked+"/_settings", `{"index.blocks.write":true}`)
		key := []string{"id"}
		src := openWritable(t, url)
		for name, c := range map[string]struct {
			dataset query.Dataset
			kind    connectors.ErrorKind
			want    string
		}{
			"query":          {query.Dataset{Query: "POST /" + index + "/_search\n{\"query\":{\"match_all\":{}}}", Key: key}, connectors.ReadOnly, "is a query"},
			"final pipeline": {query.Dataset{Index: putIndex(t, url, settings(`,"index.final_pipeline":"`+pipeline+`"`), doc), Key: key}, connectors.Misconfigured, "final_pipeline " + pipeline},
			"blocked":        {query.Dataset{Index: blocked, Key: key}, connectors.ReadOnly, "index write"},
			"no key":         {query.Dataset{Index: index}, connectors.Misconfigured, "needs a key"},
			"text key": {
				query.Dataset{Index: putIndex(t, url, `{"mappings":{"properties":{"id":{"type":"text"},"k":{"type":"keyword"},"l":{"type":"long"}}}}`), Key: key},
				connectors.Misconfigured, "cannot be searched by: analysed text",
			},
		} {
			c.dataset.Name = "r"
			_, err := src.(connectors.Corrector).Correct(t.Context(), targetOf(t, src, c.dataset, "k"))
			if connectors.KindOf(err) != c.kind || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: kind %d, %v; want kind %d and %q", name, connectors.KindOf(err), err, c.kind, c.want)
			}
		}
		readOnly := open(t, url)
		defer func() { _ = readOnly.Close() }()
		_, err := readOnly.(connectors.Corrector).Correct(t.Context(), targetOf(t, readOnly, query.Dataset{Name: "r", Index: index, Key: key}, "k"))
		if connectors.KindOf(err) != connectors.ReadOnly {
			t.Errorf("a connection that is not writable: %v", err)
		}
		rows, err := readOnly.(connectors.Corrector).Rows(t.Context(), targetOf(t, readOnly, query.Dataset{Name: "r", Index: index, Key: key}, "k"), [][]value.Value{{num(1)}, {num(2)}})
		if err != nil || len(rows) != 2 || rows[0] == nil || rows[1] != nil || string(rows[0].Document.Source) != doc {
			t.Errorf("rows of a connection that is not writable: %v, %v", rows, err)
		}
		if got := source(t, url, index, "0"); got != doc {
			t.Errorf("the document is %s", got)
		}
	})
}

// TestCorrectIDs inserts into indices whose documents have an _id in ways of their own.
func TestCorrectIDs(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, url string, _ connectortest.Engine) {
		id := []string{"id"}
		for name, c := range map[string]struct {
			key  []string
			ids  []string // of documents {"id":n,"k":"kn"}
			want string   // the _id of {"id":77,"k":"new"}, "" where it is refused
		}{
			"with a word": {id, []string{"order-0", "order-1", "order-2"}, "order-77"},
			"of two":      {[]string{"id", "k"}, []string{"0:k0", "1:k1"}, "77:new"},
			"of its own":  {[]string{"_id"}, []string{"a", "b"}, "77"},
			"nothing":     {id, []string{"x", "y", "z"}, ""},
			"server":      {id, []string{"3nP7ZpIBkT2s0wVY_Xua", "33P7ZpIBkT2s0wVY_Xub", "4HP7ZpIBkT2s0wVY_Xuc"}, "0ljPGuT_4uiKTHxHLpIX"},
		} {
			index := makeIndex(t, url, guardMapping)
			for i, one := range c.ids {
				send(t, http.MethodPut, url+"/"+index+"/_doc/"+one, fmt.Sprintf(`{"id":%d,"k":"k%d"}`, i, i))
			}
			send(t, http.MethodPost, url+"/"+index+"/_refresh", "")
			columns := []string{"k"}
			ch := connectors.Change{Action: connectors.Insert, Key: []value.Value{num(77)}, After: []value.Value{str("new")}, Set: []int{0}}
			switch {
			case len(c.key) == 2:
				columns, ch.Key, ch.After, ch.Set = nil, []value.Value{num(77), str("new")}, nil, nil
			case c.key[0] == "_id":
				columns, ch.Key, ch.After, ch.Set = []string{"id", "k"}, []value.Value{str("77")}, []value.Value{num(77), str("new")}, []int{0, 1}
			}
			b := newBench(t, url, query.Dataset{Name: "i", Index: index, Key: c.key}, columns...)
			effect := b.apply(ch)[0]
			switch {
			case c.want == "":
				if effect.Outcome != connectors.Refused {
					t.Errorf("%s: %+v, want it refused", name, effect)
				}
			case effect.Document == nil || effect.Document.ID != c.want:
				t.Errorf("%s: %+v, %+v, want _id %s", name, effect, effect.Document, c.want)
			case source(t, url, index, c.want) != `{"id":77,"k":"new"}`:
				t.Errorf("%s: %s", name, source(t, url, index, c.want))
			case outcomes(b.apply(ch)) != "unmatched":
				t.Errorf("%s: inserted twice", name)
			}
		}
	})
}
