package elasticsearch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// sources are all documents of an index byte for byte, by _id.
func sources(t testing.TB, url, index string) map[string]string {
	t.Helper()
	var answer struct {
		Hits struct {
			Hits []struct {
				ID     string          `json:"_id"`
				Source json.RawMessage `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	send(t, http.MethodPost, url+"/"+index+"/_refresh", "")
	if err := json.Unmarshal(send(t, http.MethodPost, url+"/"+index+"/_search?size=10000", ""), &answer); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, h := range answer.Hits.Hits {
		out[h.ID] = string(h.Source)
	}
	return out
}

// TestCorrectHostile gives each document of a table of hostile values those of the next one, in all columns, deletes and inserts all of them, and undoes both:
// every value is read back as it was written, wrong guards hold, and in the end every document is the same byte for byte.
func TestCorrectHostile(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, url string, engine connectortest.Engine) {
		tb := connectortest.Fit(connectortest.HostileTable(), engine)
		d := connectortest.LoadElasticsearch(t, url, tb)
		before := sources(t, url, d.Index)
		n := len(tb.Rows)
		if len(before) != n || n < 50 {
			t.Fatalf("%d documents of %d rows", len(before), n)
		}
		names := slices.DeleteFunc(tb.Names(), func(s string) bool { return s == "id" })
		b := newBench(t, url, d, names...)
		all := make([]int, len(names))
		for i := range all {
			all[i] = i
		}
		var keys [][]value.Value
		for i := range n {
			keys = append(keys, []value.Value{num(int64(i))})
		}
		rows := b.rows(keys...)
		changes := func(action connectors.Action) []connectors.Change {
			out := make([]connectors.Change, n)
			for i := range n {
				out[i] = connectors.Change{Action: action, Key: keys[i], Before: rows[i].Values, After: rows[(i+1)%n].Values, Set: all, Document: rows[i].Document}
			}
			return out
		}
		wrong := changes(connectors.Update)
		for i := range wrong {
			wrong[i].Before = rows[(i+1)%n].Values
		}
		if got := outcomes(b.apply(wrong...)); strings.Contains(got, "applied") || strings.Contains(got, "refused") {
			t.Errorf("wrong guards: %s", got)
		}
		update := changes(connectors.Update)
		effects := b.apply(update...)
		if got := outcomes(effects); strings.Count(got, "applied") != n {
			t.Fatalf("rotated: %s %v", got, effects)
		}
		for i, row := range b.rows(keys...) {
			b.sameRow(row, rows[(i+1)%n].Values)
			b.sameRow(&connectors.Row{Values: effects[i].Row}, rows[(i+1)%n].Values)
			update[i].Before, update[i].After, update[i].Set = row.Values, rows[i].Values, nil
			update[i].Document, update[i].Restore = effects[i].Document, rows[i].Document.Source
		}
		if got := outcomes(b.apply(update...)); strings.Count(got, "applied") != n {
			t.Errorf("rotated back: %s", got)
		}
		b.sameSources(d.Index, before)

		rows = b.rows(keys...)
		removed := b.apply(changes(connectors.Delete)...)
		if got := outcomes(removed); strings.Count(got, "applied") != n || len(sources(t, url, d.Index)) > 0 {
			t.Errorf("deleted: %s", got)
		}
		back := changes(connectors.Insert)
		for i := range back {
			back[i].Before, back[i].After, back[i].Restore = nil, rows[i].Values, rows[i].Document.Source
		}
		if got := outcomes(b.apply(back...)); strings.Count(got, "applied") != n {
			t.Errorf("inserted again: %s", got)
		}
		b.sameSources(d.Index, before)
		rows = b.rows(keys...)
		b.apply(changes(connectors.Delete)...)
		for i := range back {
			back[i].Restore, back[i].Document = nil, nil // made here of their values
		}
		if got := outcomes(b.apply(back...)); strings.Count(got, "applied") != n {
			t.Errorf("made again: %s", got)
		}
		for i, row := range b.rows(keys...) {
			b.sameRow(row, rows[i].Values)
		}
	})
}

func (b *bench) sameRow(row *connectors.Row, want []value.Value) {
	b.t.Helper()
	if row == nil || row.Many || len(row.Values) != len(want) {
		b.t.Errorf("row %+v", row)
		return
	}
	for i := range want {
		if row.Errs != nil && row.Errs[i] || !connectortest.Same(connectortest.Cell{Value: row.Values[i]}, connectortest.Cell{Value: want[i]}) {
			b.t.Errorf("%s is %s, want %s", b.target.Columns[i].Name, row.Values[i], want[i])
		}
	}
}

func (b *bench) sameSources(index string, want map[string]string) {
	b.t.Helper()
	got := sources(b.t, b.url, index)
	if len(got) != len(want) {
		b.t.Errorf("%d documents, want %d", len(got), len(want))
	}
	for id, doc := range want {
		if got[id] != doc {
			b.t.Errorf("document %s is\n%s, was\n%s", id, got[id], doc)
		}
	}
}

// TestCorrectNames takes fields and ids whose names break out of what is around them where they are not escaped.
func TestCorrectNames(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, url string, _ connectortest.Engine) {
		odd := []string{`qu"ote`, `back\slash`, "Größe ☃", "new\nline", "a/b?c=d&e", `{"index":{}}`}
		props := map[string]any{"id": map[string]any{"type": "keyword"}}
		for _, name := range odd {
			props[name] = map[string]any{"type": "keyword"}
		}
		mapping, err := json.Marshal(map[string]any{"properties": props})
		if err != nil {
			t.Fatal(err)
		}
		index := makeIndex(t, url, string(mapping))
		b := newBench(t, url, query.Dataset{Name: "odd", Index: index, Key: []string{"id"}}, odd...)
		var inserts, updates, deletes []connectors.Change
		for _, id := range append(odd, "../_bulk", "a%2Fb", `"},"x":{"`, " ", "_all", "*") {
			ch := connectors.Change{Action: connectors.Insert, Key: []value.Value{str(id)}}
			for i := range odd {
				ch.After, ch.Set = append(ch.After, str(id+"\n")), append(ch.Set, i)
			}
			inserts = append(inserts, ch)
		}
		applied := func(what string, effects []connectors.Effect) {
			t.Helper()
			if got := outcomes(effects); strings.Count(got, "applied") != len(inserts) {
				t.Errorf("%s: %s %v", what, got, effects)
			}
		}
		applied("inserted", b.apply(inserts...))
		for _, ch := range inserts {
			row := b.row(ch.Key...)
			b.sameRow(row, ch.After)
			updates = append(updates, b.update(ch.Key[0], row, map[string]value.Value{odd[0]: str("'; DROP"), odd[5]: {}}))
		}
		applied("updated", b.apply(updates...))
		if got := sources(t, url, index); len(got) != len(inserts) || got["../_bulk"] == "" {
			t.Errorf("the index holds %v", got)
		}
		for _, ch := range updates {
			row := b.row(ch.Key...)
			b.sameRow(row, ch.After)
			deletes = append(deletes, connectors.Change{Action: connectors.Delete, Key: ch.Key, Before: row.Values, Document: row.Document})
		}
		applied("deleted", b.apply(deletes...))
		if got := sources(t, url, index); len(got) != 0 {
			t.Errorf("left: %v", got)
		}
	})
}

// TestCorrectWriters lets two corrections with the same changes and a third writer, which changes some documents meanwhile, run at once: each change happens
// once, and nothing that the third wrote is lost.
func TestCorrectWriters(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, url string, _ connectortest.Engine) {
		const rows, size, theirs = 400, 50, 7
		var docs []string
		var keys [][]value.Value
		for i := range rows {
			docs, keys = append(docs, fmt.Sprintf(`{"id":%d,"l":0}`, i)), append(keys, []value.Value{num(int64(i))})
		}
		index := makeIndex(t, url, guardMapping, docs...)
		d := query.Dataset{Name: "race", Index: index, Key: []string{"id"}}
		first := newBench(t, url, d, "k", "l")
		var changes []connectors.Change
		for i, row := range first.rows(keys...) {
			changes = append(changes, first.update(keys[i][0], row, map[string]value.Value{"l": num(1)}))
		}
		for i := range rows / 2 { // and as many that are not there
			changes = append(changes, connectors.Change{Action: connectors.Insert, Key: []value.Value{num(int64(rows + i))}, After: []value.Value{{}, num(1)}, Set: []int{1}})
		}
		applied := make([]int, len(changes))
		var mu sync.Mutex
		var group sync.WaitGroup
		for n, b := range []*bench{first, newBench(t, url, d, "k", "l")} {
			group.Go(func() {
				order := make([]int, len(changes)/size)
				for i := range order {
					order[i] = i
				}
				if n == 1 {
					slices.Reverse(order)
				}
				for _, part := range order {
					effects, err := b.fix.Apply(t.Context(), changes[part*size:(part+1)*size], nil)
					if err != nil {
						t.Errorf("batch %d: %v", part, err)
						return
					}
					mu.Lock()
					for i, e := range effects {
						switch e.Outcome {
						case connectors.Applied:
							applied[part*size+i]++
						case connectors.Refused:
							t.Errorf("change %d: %v", part*size+i, e.Err)
						case connectors.Unmatched:
						}
					}
					mu.Unlock()
				}
			})
		}
		wrote := make([]bool, rows)
		group.Go(func() {
			for i := theirs; i < rows; i += theirs {
				wrote[i] = overwrite(t, url, index, i)
			}
		})
		group.Wait()
		for id, doc := range sources(t, url, index) {
			var i int
			if _, err := fmt.Sscan(id, &i); err != nil {
				t.Fatal(err)
			}
			want, times := fmt.Sprintf(`{"id":%d,"l":1}`, i), 1
			if i < rows && wrote[i] {
				want, times = fmt.Sprintf(`{"id":%d,"k":"theirs"}`, i), 0
			}
			if doc != want || applied[i] != times {
				t.Errorf("document %s is %s, applied %d times; want %s, %d times", id, doc, applied[i], want, times)
			}
		}
	})
}

// overwrite writes a document if nobody has since it was made.
func overwrite(t testing.TB, url, index string, i int) bool {
	t.Helper()
	var doc struct {
		SeqNo  int             `json:"_seq_no"`
		Term   int             `json:"_primary_term"`
		Source json.RawMessage `json:"_source"`
	}
	if err := json.Unmarshal(send(t, http.MethodGet, fmt.Sprintf("%s/%s/_doc/%d", url, index, i), ""), &doc); err != nil {
		t.Error(err)
	}
	if string(doc.Source) != fmt.Sprintf(`{"id":%d,"l":0}`, i) {
		return false
	}
	var out struct {
		Errors bool `json:"errors"`
	}
	body := fmt.Sprintf("{\"index\":{\"_id\":\"%d\",\"if_seq_no\":%d,\"if_primary_term\":%d}}\n{\"id\":%d,\"k\":\"theirs\"}\n", i, doc.SeqNo, doc.Term, i)
	if err := json.Unmarshal(send(t, http.MethodPost, url+"/"+index+"/_bulk", body), &out); err != nil {
		t.Error(err)
	}
	return !out.Errors
}

// TestCorrectSevered cuts the network while a batch is on its way: what was done is not known, and reading tells.
func TestCorrectSevered(t *testing.T) {
	t.Parallel()
	url := connectortest.Elasticsearch(t)
	link := connectortest.Paced(t, strings.TrimPrefix(url, "http://"), 0)
	index := makeIndex(t, url, guardMapping, `{"id":0,"l":0}`)
	b := newBench(t, "http://"+link.Addr, query.Dataset{Name: "cut", Index: index, Key: []string{"id"}}, "k", "l")
	ch := b.update(num(0), b.row(num(0)), map[string]value.Value{"l": num(1)})
	link.Cut()
	effects, err := b.fix.Apply(t.Context(), []connectors.Change{ch}, nil)
	if effects != nil || err == nil {
		t.Fatalf("applied over a network that is cut: %v", effects)
	}
	if uncertain := errors.As(err, new(*connectors.UncertainError)); uncertain == (connectors.KindOf(err) == connectors.Unreachable) {
		t.Errorf("uncertain: %v, by %v", uncertain, err)
	}
	link.Mend()
	row := b.row(num(0))
	if row == nil || string(row.Document.Source) != `{"id":0,"l":0}` {
		t.Fatalf("after the cut: %+v", row)
	}
	if got := outcomes(b.apply(ch)); got != "applied" {
		t.Errorf("once more: %s", got)
	}
}
