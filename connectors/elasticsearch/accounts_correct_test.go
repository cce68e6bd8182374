package elasticsearch_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// correctorRole is the reader's role with more privileges.
func correctorRole(more ...string) string {
	return strings.Replace(readerRole, `"view_index_metadata"`, `"view_index_metadata", "`+strings.Join(more, `", "`)+`"`, 1)
}

// testCorrectors holds the roles of docs/connectors/elasticsearch.md to being enough, and to being needed: an account that may not write is told so before
// anything is changed.
func testCorrectors(t *testing.T, admin, url string) {
	index := "ct_corrected"
	send(t, http.MethodPut, admin+"/"+index+"-1", `{"settings":{"number_of_replicas":0},"aliases":{"`+index+`":{}},"mappings":`+guardMapping+`}`)
	send(t, http.MethodPost, admin+"/"+index+"/_bulk?refresh=true", "{\"index\":{\"_id\":\"1\"}}\n{\"id\":1,\"k\":\"a\"}\n")
	d := query.Dataset{Name: "c", Index: index, Key: []string{"id"}}
	open := func(t *testing.T, name string) (connectors.Source, connectors.Target) {
		t.Helper()
		src, err := elasticsearch.Open(t.Context(), connectors.Config{
			Name: "search", Params: map[string]string{"url": url, "username": name, "password": hostilePassword}, Writable: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = src.Close() })
		return src, targetOf(t, src, d, "k", "l")
	}
	for name, want := range map[string]string{
		"corrector": "", "sparing": "", "reader": "indices:data/write/bulk", "hesitant": "indices:data/write/bulk", "forgetful": "indices:data/write/delete",
		"impatient": "indices:admin/refresh",
	} {
		t.Run(name, func(t *testing.T) {
			src, target := open(t, name)
			fix, err := src.(connectors.Corrector).Correct(t.Context(), target)
			if want != "" {
				if connectors.KindOf(err) != connectors.Denied || err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want it denied for %s", err, want)
				}
				keeps(t, err, hostilePassword)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			b := &bench{t: t, url: url, src: src, target: target, fix: fix}
			change := b.update(num(1), b.row(num(1)), map[string]value.Value{"k": str(name)})
			insert := connectors.Change{Action: connectors.Insert, Key: []value.Value{num(2)}, After: []value.Value{str(name), {}}, Set: []int{0}}
			if got := outcomes(b.apply(change)) + " " + outcomes(b.apply(insert)); got != "applied applied" {
				t.Errorf("%s", got)
			}
			row := b.row(num(2))
			gone := connectors.Change{Action: connectors.Delete, Key: []value.Value{num(2)}, Before: row.Values, Document: row.Document}
			if got := outcomes(b.apply(gone)); got != "applied" {
				t.Errorf("deleted: %s", got)
			}
			if err := fix.Close(); err != nil {
				t.Error(err)
			}
			if _, err := src.(connectors.Rebuilder).Rebuild(t.Context(), target.Relation, append(target.Columns, target.Key...), "n"); connectors.KindOf(err) != connectors.Denied {
				t.Errorf("rebuilt: %v", err)
			}
		})
	}
	t.Run("rebuilder", func(t *testing.T) {
		src, target := open(t, "rebuilder")
		rb, err := src.(connectors.Rebuilder).Rebuild(t.Context(), target.Relation, append([]value.Column{target.Key[0]}, target.Columns...), "n")
		if err != nil {
			t.Fatal(err)
		}
		rows := value.NewBatch(value.Of(value.Int), value.Of(value.String), value.Of(value.Int))
		rows.AppendRow(num(1), str("rebuilt"), num(1))
		if err := rb.Load(t.Context(), rows); err != nil {
			t.Error(err)
		}
		if _, err := rb.Finish(t.Context()); err != nil {
			t.Error(err)
		}
		if old, err := rb.Swap(t.Context()); err != nil || old != index+"-1" {
			t.Errorf("%q, %v", old, err)
		}
		if err := rb.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if old, err := src.(connectors.Rebuilder).DropOld(t.Context(), target.Relation); err != nil || old != index+"-1" {
			t.Errorf("dropped %q, %v", old, err)
		}
	})
}
