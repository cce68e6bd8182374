package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// TestHOTPlace holds what page-and-line samples rest on: where an updated row stays in its page, its old line yields nothing, neither while the old
// version lies there nor when the line redirects to the new one.
func TestHOTPlace(t *testing.T) {
	c := admin(t, connectortest.Postgres(t))
	ns := scratch(t, c)
	run(t, c, `CREATE TABLE `+ns+`.h (id int PRIMARY KEY, v int) WITH (fillfactor = 50, autovacuum_enabled = off)`, `INSERT INTO `+ns+`.h SELECT g, 0 FROM generate_series(1, 50) g`,
		`SET enable_seqscan = off`, `SET plan_cache_mode = force_custom_plan`, `BEGIN`, `UPDATE `+ns+`.h SET v = 1 WHERE id = 7`)
	var n int
	if err := c.QueryRow(t.Context(), `SELECT pg_stat_get_xact_tuples_hot_updated('`+ns+`.h'::regclass)`).Scan(&n); err != nil || n != 1 {
		t.Fatalf("%d heap-only updates: %v", n, err)
	}
	run(t, c, `COMMIT`)
	for _, after := range []string{"SELECT 1", "VACUUM " + ns + ".h"} {
		run(t, c, after)
		var ids []int32
		if err := c.QueryRow(t.Context(), `SELECT array_agg(id ORDER BY ctid) FROM `+ns+`.h WHERE ctid = ANY ('{"(0,6)","(0,7)","(0,51)","(0,291)","(9,1)"}'::tid[])`).Scan(&ids); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(ids, []int32{6, 7}) {
			t.Fatalf("rows %v after %s", ids, after)
		}
		if err := c.QueryRow(t.Context(), `SELECT count(*) FROM `+ns+`.h WHERE ctid = ANY ('{"(0,7)"}'::tid[])`).Scan(&n); err != nil || n != 0 {
			t.Fatalf("%d rows at the old place after %s: %v", n, after, err)
		}
	}
}

// filled makes a table of n rows and returns its relation.
func filled(t testing.TB, ns string, s *Source, name string, n int) query.Relation {
	t.Helper()
	run(t, admin(t, connectortest.Postgres(t)),
		fmt.Sprintf(`CREATE UNLOGGED TABLE %s.%s (id int, v text, d int) WITH (autovacuum_enabled = off)`, ns, name),
		fmt.Sprintf(`INSERT INTO %s.%s SELECT g, 'some text of no importance', g %% 1000 FROM generate_series(1, %d) g`, ns, name, n), fmt.Sprintf(`VACUUM ANALYZE %s.%s`, ns, name))
	return describe(t, s, query.Dataset{Name: name, Table: ns + "." + name})
}

// below is that a column is less than a number.
func below(t testing.TB, rel query.Relation, column string, n int64) query.Expr {
	t.Helper()
	return &query.Call{Op: query.OpLt, Args: []query.Expr{connectortest.Col(t, rel, column), lit(value.IntValue(n))}, Typ: value.Of(value.Bool)}
}

// A scan looks at each page of the table, however few rows it finds, unless an index leads to them.
func TestScanLooksAtPages(t *testing.T) {
	cond := lit(value.BoolValue(true))
	for _, c := range []struct {
		tables *tables
		est    estimate
		where  query.Expr
		want   int64
	}{
		{&tables{pages: 2000, lines: 291}, estimate{rows: 5, cost: 9000}, cond, 2000},
		{&tables{pages: 2000, lines: 291}, estimate{rows: 5, cost: 12}, cond, 5},
		{&tables{pages: 2000, lines: 291}, estimate{rows: 60_000, cost: 3000}, nil, 60_000},
		{nil, estimate{rows: 7.5, cost: 3000}, nil, 8},
	} {
		p := &samplePlan{tables: c.tables, est: c.est}
		if got := p.passed(query.Sample{N: 1, Where: c.where}); got != c.want {
			t.Errorf("%+v: %d, want %d", c.est, got, c.want)
		}
	}
}

// TestSamplePlan pins which way is chosen, and that it is the way taken.
func TestSamplePlan(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	s := openDSN(t, dsn)
	rel := filled(t, ns, s, "plan", 300_000)
	run(t, c, `CREATE VIEW `+ns+`.seen AS SELECT id, v FROM `+ns+`.plan WHERE d < 10`, `CREATE TABLE `+ns+`.small AS SELECT * FROM `+ns+`.plan WHERE id <= 5000`,
		`CREATE INDEX ON `+ns+`.plan (d)`, `CREATE TABLE `+ns+`.nothing (id int)`, `CREATE MATERIALIZED VIEW `+ns+`.kept AS SELECT * FROM `+ns+`.plan`, `ANALYZE `+ns+`.kept`)
	table := func(name string, key ...string) query.Relation {
		return describe(t, s, query.Dataset{Name: name, Table: ns + "." + name, Key: key})
	}
	text := describe(t, s, query.Dataset{Name: "q", Query: `SELECT id FROM ` + ns + `.plan WHERE d < 10`})
	for name, k := range map[string]struct {
		q      query.Sample
		method query.SampleMethod
		linear bool
		reason string
	}{
		"few":            {query.Sample{From: rel, N: 1000}, query.SamplePageLine, false, "1000 rows of about 300000 on 2"},
		"ten thousand":   {query.Sample{From: rel, N: 10_000}, query.SamplePageLine, false, "places have to be looked at"},
		"many":           {query.Sample{From: rel, N: 60_000}, query.SampleBernoulli, true, "% are scanned for"},
		"most":           {query.Sample{From: rel, N: 250_000}, query.SampleHashScan, true, "250000 rows of about 300000"},
		"all":            {query.Sample{From: rel, N: 300_000}, query.SampleAll, true, "all are read"},
		"small":          {query.Sample{From: table("small"), N: 100}, query.SampleHashScan, true, "reading them costs less than choosing"},
		"nothing":        {query.Sample{From: table("nothing"), N: 100}, query.SampleAll, true, "no pages"},
		"kept":           {query.Sample{From: table("kept"), N: 100}, query.SamplePageLine, false, "places have to be looked at"},
		"half":           {query.Sample{From: rel, N: 1000, Where: below(t, rel, "d", 500)}, query.SamplePageLine, false, "places have to be looked at"},
		"by an index":    {query.Sample{From: rel, N: 100, Where: below(t, rel, "d", 3)}, query.SampleHashScan, true, "an index leads to"},
		"none":           {query.Sample{From: rel, N: 100, Where: below(t, rel, "d", -5)}, query.SampleAll, true, "all are read"},
		"view with key":  {query.Sample{From: table("seen", "id"), N: 100}, query.SampleHashScan, true, "a view has no pages"},
		"view without":   {query.Sample{From: table("seen"), N: 100}, query.SampleReservoir, true, "no key to hash"},
		"query":          {query.Sample{From: text, N: 100}, query.SampleReservoir, true, "a query has no pages"},
		"query, all":     {query.Sample{From: text, N: 20_000}, query.SampleAll, true, "all are read"},
		"query, where 0": {query.Sample{From: text, N: 10, Where: below(t, text, "id", -1)}, query.SampleAll, true, "all are read"},
	} {
		t.Run(name, func(t *testing.T) {
			k.q.Columns, k.q.Seed = connectortest.Cols(t, k.q.From, "id"), 11
			d, err := s.PlanSample(t.Context(), k.q)
			if err != nil || d.Method != k.method || d.Linear != k.linear || !strings.Contains(d.Reason, k.reason) {
				t.Fatalf("%+v: %v", d, err)
			}
			sent := connectortest.CheckExplained(t, s, k.q, d)
			if last := sent[len(sent)-1].Text; strings.Contains(last, "ctid = ANY") != (k.method == query.SamplePageLine) || strings.Contains(last, "BERNOULLI") != (k.method == query.SampleBernoulli) {
				t.Errorf("%s by\n%s", k.method, last)
			}
			got, again := connectortest.Draw(t, s, k.q), connectortest.Draw(t, s, k.q)
			if got.End.Method != k.method || got.End.Linear != k.linear {
				t.Errorf("planned %+v, ended %+v", d, got.End)
			}
			if !slices.EqualFunc(got.Rows, again.Rows, func(a, b []connectortest.Cell) bool { return a[0].Int() == b[0].Int() }) {
				t.Error("the same seed draws other rows")
			}
			ids := sampleIDs(got)
			if len(ids) != min(k.q.N, int(max(got.End.Rows, 0))) || len(slices.Compact(ids)) != len(got.Rows) {
				t.Errorf("%d rows, %d different, of %+v", len(got.Rows), len(slices.Compact(ids)), got.End)
			}
			if k.method == query.SamplePageLine && (got.End.Looked < int64(k.q.N) || got.End.Looked > 2*d.Looked+1000) {
				t.Errorf("looked at %d places, planned %d", got.End.Looked, d.Looked)
			}
		})
	}
	for name, from := range map[string]query.Relation{"seen by key": table("seen", "id"), "seen": table("seen"), "query": text} {
		t.Run("uniform "+name, func(t *testing.T) {
			t.Logf("%+v", connectortest.CheckUniform(t, connectortest.SampleSubject{Source: s, Sampler: s, Relation: from, Key: "id", Seeds: 40}))
		})
	}
}

// TestSampleGivesWay lets expectations fail: the sample goes on with a scan, in bounded time, and holds what it should.
func TestSampleGivesWay(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	s := openDSN(t, dsn)
	rel := filled(t, ns, s, "stale", 300_000)
	ids := connectortest.Cols(t, rel, "id")
	// The planner takes a condition that it knows nothing of for true of a third.
	rare := &query.Call{Op: query.OpLt, Args: []query.Expr{
		&query.Call{Op: query.OpSub, Args: []query.Expr{ids[0], lit(value.IntValue(0))}, Typ: value.Of(value.Int)}, lit(value.IntValue(8)),
	}, Typ: value.Of(value.Bool)}
	d := connectortest.Draw(t, s, query.Sample{From: rel, Columns: ids, Where: rare, N: 100, Seed: 1})
	if d.Design.Method != query.SamplePageLine || d.End.Method != query.SampleHashScan || !d.End.Linear || !strings.Contains(d.End.Reason, "so the table is scanned for the other ") {
		t.Fatalf("begun %+v, ended %+v", d.Design, d.End)
	}
	if got := sampleIDs(d); !slices.Equal(got, []int64{1, 2, 3, 4, 5, 6, 7}) || d.End.Rows != 7 || !d.End.RowsExact {
		t.Errorf("rows %v, %+v", got, d.End)
	}
	run(t, c, `DELETE FROM `+ns+`.stale WHERE d <> 7`) // of which the statistics know nothing
	sub := connectortest.SampleSubject{Source: s, Sampler: s, Relation: rel, Key: "id", N: 100, Seeds: 30}
	t.Logf("%+v", connectortest.CheckUniform(t, sub))
	d = connectortest.Draw(t, s, query.Sample{From: rel, Columns: ids, N: 1000, Seed: 5})
	all := idsOf(readIDs(t, s, rel))
	if got := sampleIDs(d); !slices.Equal(got, all) || d.End.Method == d.Design.Method {
		t.Errorf("%d rows of %d, begun %+v, ended %+v", len(got), len(all), d.Design, d.End)
	}
	sub.Sampler, sub.Method = forced{s, query.SampleBernoulli}, query.SampleBernoulli
	connectortest.CheckUniform(t, sub) // finds too few and scans again
	d = connectortest.Draw(t, sub.Sampler, query.Sample{From: rel, Columns: ids, N: 5000, Seed: 5})
	if got := sampleIDs(d); !slices.Equal(got, all) || d.End.Rows != int64(len(all)) || !d.End.RowsExact || !strings.Contains(d.End.Reason, "so all are scanned") {
		t.Errorf("%d rows of %d, %+v", len(got), len(all), d.End)
	}
}

// TestSampleBesideWriters draws while rows come, go and move: a snapshot's sample is of the snapshot's rows.
func TestSampleBesideWriters(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	s := openDSN(t, dsn)
	run(t, c, `CREATE TABLE `+ns+`.busy (id int PRIMARY KEY, v int) WITH (fillfactor = 70)`, `INSERT INTO `+ns+`.busy SELECT g, 0 FROM generate_series(1, 20000) g`, `ANALYZE `+ns+`.busy`)
	rel := describe(t, s, query.Dataset{Name: "busy", Table: ns + ".busy"})
	ctx, cancel := context.WithCancel(t.Context())
	written := make(chan int)
	writer := admin(t, dsn)
	go func() {
		n := 0
		defer func() { written <- n }()
		for i := 0; ctx.Err() == nil; i++ {
			for _, text := range []string{
				fmt.Sprintf(`UPDATE %s.busy SET v = v + 1 WHERE id %% 17 = %d`, ns, i%17), fmt.Sprintf(`DELETE FROM %s.busy WHERE id %% 23 = %d`, ns, i%23),
				fmt.Sprintf(`INSERT INTO %s.busy SELECT g, 0 FROM generate_series(%d, %d) g`, ns, 20001+i*900, 20900+i*900), `VACUUM ` + ns + `.busy`,
			} {
				if _, err := writer.Exec(context.Background(), text); err != nil {
					t.Errorf("%s: %v", text, err)
					return
				}
			}
			n++
		}
	}()
	for i := range 12 {
		snap, err := s.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		src, ok := snap.(*Source)
		if !ok {
			t.Fatalf("a snapshot of type %T", snap)
		}
		all := idsOf(readIDs(t, src, rel))
		for _, m := range []query.SampleMethod{query.SamplePageLine, query.SampleBernoulli, ""} {
			d := connectortest.Draw(t, forced{src, m}, query.Sample{From: rel, Columns: columns(rel), N: len(all) + 1, Seed: uint64(i)}) // #nosec G115 -- small
			if got := sampleIDs(d); !slices.Equal(got, all) {
				t.Errorf("round %d, %s: %d rows, the snapshot has %d", i, m, len(got), len(all))
			}
		}
		if err := snap.Close(); err != nil {
			t.Error(err)
		}
	}
	cancel()
	if n := <-written; n < 3 {
		t.Errorf("%d rounds were written meanwhile", n)
	}
}

// TestSampleLeavesSettings samples within a snapshot, to the end and not: its transaction is as it was.
func TestSampleLeavesSettings(t *testing.T) {
	dsn := connectortest.Postgres(t)
	ns := scratch(t, admin(t, dsn))
	s := openDSN(t, dsn)
	rel := filled(t, ns, s, "set", 20_000)
	snap, err := s.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = snap.Close() }()
	src, ok := snap.(*Source)
	if !ok {
		t.Fatalf("a snapshot of type %T", snap)
	}
	d := query.Dataset{Name: "settings", Query: `SELECT string_agg(setting, ' ' ORDER BY name) AS v FROM pg_settings WHERE name IN ('enable_seqscan', 'jit', 'synchronize_seqscans', 'max_parallel_workers_per_gather')`}
	settings := func() string {
		r := describe(t, src, d)
		return connectortest.ReadAll(t, src, query.Select{From: r, Columns: columns(r)}, 0)[0][0].Str()
	}
	text := describe(t, s, query.Dataset{Name: "q", Query: `SELECT id FROM ` + ns + `.set`})
	before := settings()
	for _, from := range []query.Relation{rel, text} {
		for _, m := range []query.SampleMethod{query.SamplePageLine, query.SampleReservoir} {
			if from.Dataset.Query != "" && m == query.SamplePageLine {
				continue
			}
			q := query.Sample{From: from, Columns: connectortest.Cols(t, from, "id"), N: 3000, BatchRows: 100}
			connectortest.Draw(t, forced{src, m}, q)
			if got := settings(); got != before {
				t.Errorf("%s: %q, before %q", m, got, before)
			}
			for range 2 {
				rows, err := src.sample(t.Context(), q, m)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := rows.Next(t.Context()); err != nil {
					t.Fatal(err)
				}
				if err := rows.Close(); err != nil {
					t.Fatal(err)
				}
				if _, err := rows.Next(t.Context()); connectors.KindOf(err) != connectors.Failed || err == nil {
					t.Errorf("after close: %v", err)
				}
				if got := settings(); got != before {
					t.Errorf("%s, closed early: %q, before %q", m, got, before)
				}
			}
		}
	}
}
