package elasticsearch_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// openWritable opens the server at url as a suite's connection that says `writable: true`.
func openWritable(t testing.TB, url string) connectors.Source {
	t.Helper()
	src, err := elasticsearch.Open(t.Context(), connectors.Config{Name: "search", Params: map[string]string{"url": url}, Writable: true})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = src.Close() })
	return src
}

// bench is a target on an index, and what changes it.
type bench struct {
	t      testing.TB
	url    string
	src    connectors.Source
	target connectors.Target
	fix    connectors.Correction
}

// newBench opens a correction of a dataset with these columns, whose key is d.Key.
func newBench(t testing.TB, url string, d query.Dataset, columns ...string) *bench {
	t.Helper()
	b := &bench{t: t, url: url, src: openWritable(t, url)}
	b.target = targetOf(t, b.src, d, columns...)
	fix, err := b.src.(connectors.Corrector).Correct(t.Context(), b.target)
	if err != nil {
		t.Fatalf("correct: %v", err)
	}
	b.fix = fix
	t.Cleanup(func() {
		if err := fix.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}

func targetOf(t testing.TB, src connectors.Source, d query.Dataset, columns ...string) connectors.Target {
	t.Helper()
	target := connectors.Target{Relation: connectortest.Relation(t, src, d)}
	column := func(name string) value.Column {
		c, at := target.Relation.Schema.Column(name)
		if at < 0 {
			t.Fatalf("no column %s", name)
		}
		return c
	}
	for _, name := range d.Key {
		target.Key = append(target.Key, column(name))
	}
	for _, name := range columns {
		target.Columns = append(target.Columns, column(name))
	}
	return target
}

// rows reads rows by their keys; nil where there is none.
func (b *bench) rows(keys ...[]value.Value) []*connectors.Row {
	b.t.Helper()
	rows, err := b.src.(connectors.Corrector).Rows(b.t.Context(), b.target, keys)
	if err != nil {
		b.t.Fatalf("rows: %v", err)
	}
	return rows
}

// row reads one row.
func (b *bench) row(key ...value.Value) *connectors.Row {
	b.t.Helper()
	return b.rows(key)[0]
}

// update is the change of a row, as it was read, that gives columns new values.
func (b *bench) update(key value.Value, row *connectors.Row, set map[string]value.Value) connectors.Change {
	b.t.Helper()
	if row == nil {
		b.t.Fatalf("no row %s", key)
	}
	ch := connectors.Change{Action: connectors.Update, Key: []value.Value{key}, Before: row.Values, Document: row.Document}
	ch.After = append(ch.After, row.Values...)
	for i, c := range b.target.Columns {
		if v, ok := set[c.Name]; ok {
			ch.After[i], ch.Set = v, append(ch.Set, i)
		}
	}
	return ch
}

// apply applies changes of one action and set.
func (b *bench) apply(changes ...connectors.Change) []connectors.Effect {
	b.t.Helper()
	effects, err := b.fix.Apply(b.t.Context(), changes, nil)
	if err != nil {
		b.t.Fatalf("apply: %v", err)
	}
	if len(effects) != len(changes) {
		b.t.Fatalf("%d effects of %d changes", len(effects), len(changes))
	}
	return effects
}

// source is the _source of a document, byte for byte, read past the connector; "" where it is not there.
func source(t testing.TB, url, index, id string) string {
	t.Helper()
	var docs struct {
		Docs []struct {
			Source json.RawMessage `json:"_source"`
		} `json:"docs"`
	}
	body := send(t, http.MethodPost, url+"/"+index+"/_mget", fmt.Sprintf(`{"ids":[%q]}`, id))
	if err := json.Unmarshal(body, &docs); err != nil || len(docs.Docs) != 1 {
		t.Fatalf("%v: %s", err, body)
	}
	return string(docs.Docs[0].Source)
}

func str(s string) value.Value { return value.StringValue(s) }
func num(i int64) value.Value  { return value.IntValue(i) }

// editMapping has a field of every kind that is written in a way of its own.
const editMapping = `{"properties":{
	"id":{"type":"long"},"k":{"type":"keyword"},"t":{"type":"text"},"l":{"type":"long"},"d":{"type":"double"},
	"f":{"type":"float"},"b":{"type":"boolean"},"dt":{"type":"date"},"em":{"type":"date","format":"epoch_millis"},
	"dy":{"type":"date","format":"yyyy/MM/dd"},"dn":{"type":"date_nanos"},"bin":{"type":"binary"},"dec":{"type":"keyword"},"tags":{"type":"keyword"},
	"nums":{"type":"long"},"fl":{"type":"nested"},"off":{"type":"object","enabled":false},"o":{"properties":{"x":{"properties":{"y":{"type":"long"}}},"z":{"type":"keyword"}}},
	"list":{"properties":{"sku":{"type":"keyword"}}}}}`

// editDataset declares what the mapping of editMapping does not say.
func editDataset(index string) query.Dataset {
	return query.Dataset{Name: "edit", Index: index, Key: []string{"id"}, Columns: map[string]query.ColumnOptions{
		"tags": {Array: true}, "nums": {Array: true}, "dec": {Type: "decimal"},
	}}
}

// editColumns are the columns of editMapping beside its key.
func editColumns() []string {
	return strings.Fields("k t l d f b dt em dy dn bin dec tags nums fl off o.x.y o.z list.sku")
}
