package elasticsearch_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

const guardMapping = `{"properties":{"id":{"type":"long"},"k":{"type":"keyword"},"l":{"type":"long"}}}`

// outcomes are those of effects, in words.
func outcomes(effects []connectors.Effect) string {
	var out []string
	for _, e := range effects {
		word := [...]string{connectors.Applied: "applied", connectors.Unmatched: "unmatched", connectors.Refused: "refused"}[e.Outcome]
		if (e.Err != nil) != (e.Outcome == connectors.Refused) || (e.Document != nil) != (e.Outcome == connectors.Applied) {
			word += fmt.Sprintf("(%v, %v)", e.Err, e.Document)
		}
		out = append(out, word)
	}
	return strings.Join(out, " ")
}

// TestCorrectGuards changes documents that other writers change too, in an index that nothing refreshes by itself: what others wrote stays, and what each read
// sees afterwards is what is there.
func TestCorrectGuards(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, url string, _ connectortest.Engine) {
		var docs []string
		for i := range 10 {
			docs = append(docs, fmt.Sprintf(`{"id":%d,"k":"k%d","l":%d}`, i, i, i))
		}
		index := makeIndex(t, url, guardMapping, docs...)
		send(t, http.MethodPut, url+"/"+index+"/_settings", `{"index":{"refresh_interval":"-1"}}`)
		b := newBench(t, url, query.Dataset{Name: "g", Index: index, Key: []string{"id"}}, "k", "l")
		var changes []connectors.Change
		for i := range 6 {
			changes = append(changes, b.update(num(int64(i)), b.row(num(int64(i))), map[string]value.Value{"l": num(100)}))
		}
		send(t, http.MethodPut, url+"/"+index+"/_doc/1", `{"id":1,"k":"theirs","l":1}`)
		send(t, http.MethodDelete, url+"/"+index+"/_doc/2", "")
		changes[3].Before = []value.Value{str("k3"), num(4)} // not what its document says
		changes[4].Document = nil                            // guarded by what it was, and the version that says so
		changes[5].Document, changes[5].Before = nil, []value.Value{str("other"), num(5)}
		if got := outcomes(b.apply(changes...)); got != "applied unmatched unmatched unmatched applied unmatched" {
			t.Error(got)
		}
		if got := outcomes(b.apply(changes...)); got != strings.TrimSpace(strings.Repeat("unmatched ", 6)) {
			t.Errorf("a second time: %s", got)
		}
		if got := source(t, url, index, "1"); got != `{"id":1,"k":"theirs","l":1}` {
			t.Errorf("what another writer wrote is %s", got)
		}

		insert := func(id int64, k string) connectors.Change {
			return connectors.Change{Action: connectors.Insert, Key: []value.Value{num(id)}, After: []value.Value{str(k), num(id)}, Set: []int{0, 1}}
		}
		send(t, http.MethodPut, url+"/"+index+"/_doc/21", `{"id":21,"k":"theirs"}`)
		send(t, http.MethodPut, url+"/"+index+"/_doc/22", `{"id":220,"k":"theirs"}`)
		long := insert(23, strings.Repeat("long", 10_000)) // a keyword of the index has at most 32,766 bytes
		effects := b.apply(insert(20, "new"), insert(21, "new"), insert(22, "new"), long, insert(9, "new"), insert(24, "new"))
		if got := outcomes(effects); got != "applied unmatched refused refused unmatched applied" {
			t.Error(got)
		}
		for i, want := range map[int]string{2: `another key has the _id "22"`, 3: "illegal_argument_exception"} {
			if effects[i].Err == nil || !strings.Contains(effects[i].Err.Error(), want) || strings.Contains(effects[i].Err.Error(), "108, 111, 110") {
				t.Errorf("refused by %v, which does not say %q", effects[i].Err, want)
			}
		}
		if got := source(t, url, index, "20"); got != `{"id":20,"k":"new","l":20}` {
			t.Errorf("inserted: %s", got)
		}

		del := func(id int64, row *connectors.Row) connectors.Change {
			return connectors.Change{Action: connectors.Delete, Key: []value.Value{num(id)}, Before: row.Values, Document: row.Document}
		}
		gone, stale := del(6, b.row(num(6))), del(7, b.row(num(7)))
		send(t, http.MethodPut, url+"/"+index+"/_doc/7", `{"id":7,"k":"theirs"}`)
		if got := outcomes(b.apply(gone, stale)); got != "applied unmatched" {
			t.Error(got)
		}
		if got := outcomes(b.apply(gone)); got != "unmatched" {
			t.Errorf("deleted again: %s", got)
		}
		back := gone
		back.Action, back.Restore, back.After, back.Before = connectors.Insert, gone.Document.Source, gone.Before, nil
		if got := outcomes(b.apply(back)); got != "applied" || source(t, url, index, "6") != docs[6] {
			t.Errorf("the deletion undone: %s, %s", got, source(t, url, index, "6"))
		}

		// A search of the same source sees it all, and what stood in the way.
		rel := b.target.Relation
		got := map[string]string{}
		for _, r := range connectortest.ReadAll(t, b.src, query.Select{From: rel, Columns: connectortest.Cols(t, rel, "_id", "k", "l")}, 0) {
			got[r[0].Str()] = r[1].Text() + " " + r[2].Text()
		}
		want := map[string]string{
			"0": "k0 100", "1": "theirs 1", "3": "k3 3", "4": "k4 100", "5": "k5 5", "6": "k6 6", "7": "theirs null", "8": "k8 8", "9": "k9 9",
			"20": "new 20", "21": "theirs null", "22": "theirs null", "24": "new 24",
		}
		if !maps.Equal(got, want) {
			t.Errorf("the index holds\n%v, want\n%v", got, want)
		}
	})
}
