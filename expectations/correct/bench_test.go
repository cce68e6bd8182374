package correct_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
)

// BenchmarkApply applies a plan of updates, guarded, journalled, audited and with its undo plan written, as a ratio to the one statement that does the same by
// hand, unguarded, from a table that is already loaded with what to write (documents: by one bulk request after another). ASSAY_BENCH_ROWS says how many; 1,000,000 else.
func BenchmarkApply(b *testing.B) {
	n := 1_000_000
	if s := os.Getenv("ASSAY_BENCH_ROWS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("postgres", func(b *testing.B) { benchSQL(b, newPostgres(b), n) })
	b.Run("mysql", func(b *testing.B) { benchSQL(b, newMySQL(b), n) })
	b.Run("sqlite", func(b *testing.B) { benchSQL(b, newSQLite(b, b.TempDir()+"/shop.db"), n) })
	b.Run("elasticsearch", func(b *testing.B) { benchElasticsearch(b, newElasticsearch(b), n) })
}

func benchSQL(b *testing.B, st *sqlStore, n int) {
	b.Helper()
	for b.Loop() {
		b.StopTimer()
		w := newWorldOn(b, st, b.TempDir(), n)
		// No triggers: only what is compared costs.
		switch st.name {
		case "postgres":
			w.exec("DROP TRIGGER IF EXISTS w ON items", "DROP TRIGGER IF EXISTS a ON items")
		case "mysql":
			w.exec("DROP TRIGGER IF EXISTS wi", "DROP TRIGGER IF EXISTS wu", "DROP TRIGGER IF EXISTS wd", "DROP TRIGGER IF EXISTS a")
		}
		w.exec("DROP TABLE IF EXISTS fixes", "CREATE TABLE fixes (id bigint PRIMARY KEY, stock bigint)", "INSERT INTO fixes SELECT id, stock + 1000 FROM items")
		byHand := "UPDATE items SET stock = f.stock FROM fixes f WHERE f.id = items.id"
		if st.name == "mysql" {
			byHand = "UPDATE items JOIN fixes f ON f.id = items.id SET items.stock = f.stock"
		}
		began := time.Now()
		w.exec(byHand)
		hand := time.Since(began)
		w.exec("UPDATE items SET stock = id % 100")
		if st.name == "postgres" {
			w.exec("VACUUM FULL items", "VACUUM ANALYZE items")
		}
		benchPlan(b, w, n, hand, nil)
	}
}

// benchPlan writes a plan of n updates, and applies it.
func benchPlan(b *testing.B, w *world, n int, hand time.Duration, documents func(id int64) *connectors.Document) {
	b.Helper()
	out, err := correct.Create(w.plan, w.header("items"))
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	for id := int64(1); id <= int64(n); id++ {
		c := restock(id, id%100+1000)
		if documents != nil {
			c.Document = documents(id)
		}
		if err := out.Add(c); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := out.Finish(); err != nil {
		b.Fatal(err)
	}
	wrote := time.Since(began)
	// Where the time goes: in the connector, and in the journal meanwhile.
	var server, journal time.Duration
	w.src = &flaky{Source: w.src, apply: func(c connectors.Correction, changes []connectors.Change, prepared func([]connectors.Effect) error) ([]connectors.Effect, error) {
		began := time.Now()
		defer func() { server += time.Since(began) }()
		return c.Apply(context.Background(), changes, func(e []connectors.Effect) error {
			began := time.Now()
			defer func() { journal += time.Since(began) }()
			return prepared(e)
		})
	}}
	began = time.Now()
	p := w.bind()
	opened := time.Since(began)
	o := w.options()
	o.BatchRows = 0
	b.StartTimer()
	began = time.Now()
	r := w.applyPlan(p, o)
	took := time.Since(began)
	b.StopTimer()
	if r.Applied != int64(n) {
		b.Fatalf("%+v", r.Tally)
	}
	b.ReportMetric(took.Seconds(), "s-apply")
	b.ReportMetric((server - journal).Seconds(), "s-connector")
	b.ReportMetric(journal.Seconds(), "s-journal")
	b.ReportMetric(opened.Seconds(), "s-open")
	b.ReportMetric(wrote.Seconds(), "s-write")
	b.ReportMetric(hand.Seconds(), "s-by-hand")
	b.ReportMetric(took.Seconds()/hand.Seconds(), "ratio")
	b.ReportMetric(float64(n)/took.Seconds(), "rows/s")
	b.StartTimer()
}

func benchElasticsearch(b *testing.B, st *elasticStore, n int) {
	b.Helper()
	for b.Loop() {
		b.StopTimer()
		w := newWorldOn(b, st, b.TempDir(), n)
		rows := make([]*connectors.Document, 0, n)
		by, _ := w.src.(connectors.Corrector)
		t := w.connectorTarget()
		for from := 0; from < n; from += 1000 {
			var keys [][]value.Value
			for id := from + 1; id <= min(from+1000, n); id++ {
				keys = append(keys, ints(int64(id)))
			}
			got, err := by.Rows(b.Context(), t, keys)
			if err != nil {
				b.Fatal(err)
			}
			for _, r := range got {
				rows = append(rows, r.Document)
			}
		}
		// By hand: whole documents, to another index of the same kind.
		other := newElasticsearch(b)
		other.fill(b, n)
		var bulks [][]byte
		var body bytes.Buffer
		for id := 1; id <= n; id++ {
			fmt.Fprintf(&body, "{\"index\":{\"_id\":\"%d\"}}\n{\"note\" :  \"kept %d\", \"id\":%d,\"price\": %v, \"stock\":%d,\"name\":\"item %d\"}\n", id, id, id, float64(id)/4, id%100+1000, id)
			if id%1000 == 0 || id == n {
				bulks = append(bulks, bytes.Clone(body.Bytes()))
				body.Reset()
			}
		}
		began := time.Now()
		for _, x := range bulks {
			if status, answer := other.call(b, http.MethodPost, "/_bulk", x); status != http.StatusOK || answer["errors"] != false {
				b.Fatal(answer)
			}
		}
		hand := time.Since(began)
		benchPlan(b, w, n, hand, func(id int64) *connectors.Document { return rows[id-1] })
	}
}

// BenchmarkPlanFile writes, opens and reads a plan of 100,000 updates.
func BenchmarkPlanFile(b *testing.B) {
	const n = 100_000
	path := b.TempDir() + "/plan.jsonl"
	cols := []value.Column{{Name: "name", Type: value.Of(value.String)}, {Name: "stock", Type: value.Of(value.Int)}, {Name: "price", Type: value.Of(value.Double)}}
	h := planHeader(keyColumns()[:1], cols)
	h.Targets[0].Name = "shop.items"
	var took [3]time.Duration
	for b.Loop() {
		began := time.Now()
		w, err := correct.Create(path, h)
		if err != nil {
			b.Fatal(err)
		}
		for id := int64(1); id <= n; id++ {
			if err := w.Add(restock(id, id%100+1000)); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := w.Finish(); err != nil {
			b.Fatal(err)
		}
		took[0] += time.Since(began)
		began = time.Now()
		p, err := correct.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		took[1] += time.Since(began)
		began = time.Now()
		if err := p.Changes(b.Context(), func(*correct.Change) error { return nil }); err != nil {
			b.Fatal(err)
		}
		took[2] += time.Since(began)
		_ = p.Close()
	}
	for i, name := range []string{"ns-write", "ns-open", "ns-read"} {
		b.ReportMetric(float64(took[i].Nanoseconds())/float64(b.N)/n, name)
	}
}
