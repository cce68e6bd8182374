package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/keysample"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// wide makes a table of wide rows whose ids are the numbers up to 30,000 but for every third.
func wide(t *testing.T, ns, name, key, rest string) {
	t.Helper()
	const n = 30_000
	run(t, admin(t, connectortest.Postgres(t)), fmt.Sprintf(`CREATE TABLE %s.%s (id int8 NOT NULL, d int NOT NULL, pad text NOT NULL%s) %s`, ns, name, key, rest))
	if rest != "" {
		run(t, admin(t, connectortest.Postgres(t)), fmt.Sprintf(`CREATE TABLE %s.%s_a PARTITION OF %[1]s.%[2]s FOR VALUES FROM (0) TO (%d)`, ns, name, n/3), fmt.Sprintf(`CREATE TABLE %s.%s_b PARTITION OF %[1]s.%[2]s DEFAULT`, ns, name))
	}
	run(t, admin(t, connectortest.Postgres(t)),
		fmt.Sprintf(`INSERT INTO %s.%s SELECT g, g %% 100, repeat('x', 400) FROM generate_series(1, %d) g WHERE g %% 3 > 0`, ns, name, n), fmt.Sprintf(`ANALYZE %s.%s`, ns, name))
}

// TestSampleKeys draws by the numbers of a key where places of wide rows would mostly be empty: every row is as likely, and nothing is left behind in a snapshot.
func TestSampleKeys(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	s := openDSN(t, dsn)
	wide(t, ns, "plain", ", PRIMARY KEY (id)", "")
	wide(t, ns, "other", ", UNIQUE (id)", "")
	wide(t, ns, "parted", ", PRIMARY KEY (id)", "PARTITION BY RANGE (id)")
	wide(t, ns, "unkeyed", "", "")
	run(t, c, `CREATE TABLE `+ns+`.sparse AS SELECT id * 1000 AS id, d, pad FROM `+ns+`.plain`, `ALTER TABLE `+ns+`.sparse ADD PRIMARY KEY (id)`, `ANALYZE `+ns+`.sparse`)
	for _, k := range []struct {
		table  string
		below  int64 // of column d, 0 for no condition
		method query.SampleMethod
	}{
		{"plain", 0, query.SampleRandomKey},
		{"plain", 40, query.SampleRandomKey},
		{"other", 0, query.SampleRandomKey},
		{"parted", 0, query.SampleRandomKey},
		{"unkeyed", 0, query.SamplePageLine},
		{"sparse", 0, query.SamplePageLine}, // a number of a thousand has a row
	} {
		rel := describe(t, s, query.Dataset{Name: k.table, Table: ns + "." + k.table})
		sub := connectortest.SampleSubject{Source: s, Sampler: s, Relation: rel, Key: "id", N: 200, Seeds: 25, Method: k.method}
		if k.below > 0 {
			sub.Where = below(t, rel, "d", k.below)
		}
		t.Run(fmt.Sprintf("%s below %d", k.table, k.below), func(t *testing.T) {
			r := connectortest.CheckUniform(t, sub)
			t.Logf("%+v", r)
			d, err := s.PlanSample(t.Context(), query.Sample{From: rel, Columns: connectortest.Cols(t, rel, "d"), Where: sub.Where, N: sub.N})
			if err != nil || d.Method != k.method || d.Linear || d.Looked < int64(sub.N) {
				t.Errorf("planned %+v: %v", d, err)
			}
		})
	}
	rel := describe(t, s, query.Dataset{Name: "plain", Table: ns + ".plain"})
	t.Run("snapshot", func(t *testing.T) { snapshotUnchanged(t, s, rel) })
	t.Run("explained", func(t *testing.T) { keysExplained(t, c, rel) })
	t.Run("scan", func(t *testing.T) { scannedByKey(t, s, rel) })
}

// snapshotUnchanged holds the settings of a snapshot's transaction to what they were, however a sample of it ends.
func snapshotUnchanged(t *testing.T, s *Source, rel query.Relation) {
	t.Helper()
	snap, err := s.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = snap.Close() }()
	sampler, ok := snap.(connectors.Sampler)
	if !ok {
		t.Fatal("no sampler")
	}
	var names []string
	for _, n := range []string{"enable_seqscan", "enable_indexscan", "jit", "effective_io_concurrency"} {
		names = append(names, "current_setting('"+n+"')")
	}
	shown := describe(t, s, query.Dataset{Name: "settings", Query: "SELECT " + strings.Join(names, " || ' ' || ") + " AS v"})
	settings := func() string {
		rows, err := snap.Select(t.Context(), query.Select{From: shown, Columns: connectortest.Cols(t, shown, "v")})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		b, err := rows.Next(t.Context())
		if err != nil || b == nil {
			t.Fatalf("no settings: %v", err)
		}
		return b.Cols[0].Value(0).Str()
	}
	before := settings()
	q := query.Sample{From: rel, Columns: connectortest.Cols(t, rel, "id"), N: 500, Seed: 1, BatchRows: 100}
	for what, end := range map[string]func(){
		"planned": func() {
			if _, err := sampler.PlanSample(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		},
		"drawn": func() {
			if d := connectortest.Draw(t, sampler, q); len(d.Rows) != q.N || d.End.Method != query.SampleRandomKey || d.End.Looked < int64(q.N) {
				t.Errorf("%d rows by %+v", len(d.Rows), d.End)
			}
		},
		"closed": func() {
			rows, err := sampler.Sample(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := rows.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := rows.Close(); err != nil {
				t.Fatal(err)
			}
		},
		"cancelled": func() {
			rows, err := sampler.Sample(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := rows.Next(ctx); err == nil {
				t.Error("a cancelled Next returns rows")
			}
			_ = rows.Close()
		},
	} {
		end()
		if after := settings(); after != before {
			t.Errorf("%s: settings are %q, were %q", what, after, before)
		}
	}
}

// keysExplained has the server explain a look-up: it reads pages of the keys alone.
func keysExplained(t *testing.T, c *pgx.Conn, rel query.Relation) {
	t.Helper()
	l := sqlgen.Lookup{From: rel, Key: connectortest.Cols(t, rel, "id"), Columns: connectortest.Cols(t, rel, "d", "pad")}
	const keys = 200
	for i := range keys {
		l.Rows = append(l.Rows, []value.Value{value.IntValue(int64(i*150 + 1))})
	}
	st, err := sqlgen.Find(dialect{}, l)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := c.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	for _, text := range []string{probeSettings, keySettings} {
		if _, err := tx.Exec(t.Context(), text, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
	}
	var text string
	if err := tx.QueryRow(t.Context(), "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "+st.Text, slices.Insert(slices.Clone(st.Args), 0, any(pgx.QueryExecModeExec))...).Scan(&text); err != nil {
		t.Fatal(err)
	}
	var plans []struct {
		Plan struct {
			Type string `json:"Node Type"`
			Hit  int    `json:"Shared Hit Blocks"`
			Read int    `json:"Shared Read Blocks"`
			Rows int    `json:"Actual Rows"`
		} `json:"Plan"`
	}
	if err := json.Unmarshal([]byte(text), &plans); err != nil {
		t.Fatal(err)
	}
	// A table of so few keys has two levels of pages above each row.
	if p := plans[0].Plan; p.Type != "Bitmap Heap Scan" || p.Hit+p.Read > 4*keys || p.Rows != keys {
		t.Errorf("%d keys by %+v", keys, p)
	}
}

// scannedByKey draws as a sample by keys goes on that gives way: from all rows, without the settings of look-ups.
func scannedByKey(t *testing.T, s *Source, rel query.Relation) {
	t.Helper()
	ses, err := s.run.start(t.Context(), "scan")
	if err != nil {
		t.Fatal(err)
	}
	if err := ses.set(t.Context(), probeSettings); err != nil {
		t.Fatal(err)
	}
	store := keyStore{s.within(ses), ses, integerKeys(rel)}
	d := connectortest.Draw(t, &keysample.Sampler{Store: store, Prefer: query.SampleHashScan}, query.Sample{From: rel, Columns: connectortest.Cols(t, rel, "id"), N: 100, Seed: 3})
	if ids := sampleIDs(d); len(slices.Compact(ids)) != 100 || d.End.Method != query.SampleHashScan {
		t.Errorf("%d rows by %+v", len(ids), d.End)
	}
	var set string
	if b, err := store.all(t.Context(), "show", statement{text: "SELECT current_setting('enable_seqscan')", outs: []output{{typ: value.Of(value.String)}}}); err != nil {
		t.Fatal(err)
	} else if set = b.Cols[0].Value(0).Str(); set != "on" {
		t.Errorf("enable_seqscan is %s", set)
	}
	ses.end(true)
}
