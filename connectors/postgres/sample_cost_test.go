package postgres

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
)

// blocks returns how many pages of a table, and in how many scans of all of it, were read so far. The statistics of a session are there when it has ended.
func blocks(t testing.TB, c *pgx.Conn, table string) (pages, scans int64) {
	t.Helper()
	if err := c.QueryRow(t.Context(), `SELECT heap_blks_read + heap_blks_hit, seq_scan FROM pg_statio_user_tables JOIN pg_stat_user_tables USING (relid) WHERE relid = $1::regclass`, table).Scan(&pages, &scans); err != nil {
		t.Fatal(err)
	}
	return pages, scans
}

// settled waits until the count of pages is beyond before and has stood still for longer than sessions keep theirs to themselves.
func settled(t testing.TB, c *pgx.Conn, table string, before int64) (pages, scans int64) {
	t.Helper()
	last, still := int64(-1), 0
	for range 200 {
		pages, scans = blocks(t, c, table)
		still++
		if pages != last {
			last, still = pages, 0
		}
		if still > 15 && pages > before {
			return pages, scans
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%d pages of %s were read, %d before", pages, table, before)
	return 0, 0
}

// TestSampleCost draws from a table and from one ten times its size: what is read follows the sample.
func TestSampleCost(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	const n = 3000
	read := map[int]int64{}
	for _, rows := range []int{300_000, 3_000_000} {
		s := openDSN(t, dsn)
		name := fmt.Sprintf("cost%d", rows)
		rel := filled(t, ns, s, name, rows)
		before, scans := settled(t, c, ns+"."+name, int64(rows)/200) // what loading read
		began := time.Now()
		d := connectortest.Draw(t, s, query.Sample{From: rel, Columns: columns(rel), N: n, Seed: 3})
		took := time.Since(began)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		pages, scanned := settled(t, c, ns+"."+name, before)
		read[rows] = pages - before
		t.Logf("%d rows of %d: %d pages read, %d places looked at in %d statements, %v; %s", len(d.Rows), rows, read[rows], d.End.Looked, d.End.Statements, took.Round(time.Millisecond), d.End.Reason)
		if len(d.Rows) != n || d.End.Method != query.SamplePageLine || read[rows] > d.End.Looked || d.End.Looked > 5*n || scanned != scans {
			t.Errorf("%d rows; %d pages read, %d scans; %+v", len(d.Rows), read[rows], scanned-scans, d.End)
		}
		explained(t, c, ns, name, rel)
	}
	if a, b := read[300_000], read[3_000_000]; b > a+a/5 || a > b+b/5 {
		t.Errorf("%d pages of the smaller table, %d of the larger", a, b)
	}
}

// explained has the server explain the statement of a round: it looks up each place and scans nothing.
func explained(t *testing.T, c *pgx.Conn, ns, name string, rel query.Relation) {
	t.Helper()
	plan := &samplePlan{tables: &tables{Leaves: []leaf{{Schema: ns, Name: name, Pages: 2000}}, pages: 2000, lines: 291}, est: estimate{rows: 200_000}}
	d := &sampled{plan: plan, probe: newProbe(plan, 9), q: query.Sample{Columns: columns(rel)}}
	const places = 5000
	leaves := map[int][]place{}
	for i := range uint64(places) {
		leaves[0] = append(leaves[0], d.probe.place(d.probe.order.at(i)))
	}
	st, err := d.probeStatement([]int{0}, leaves)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := c.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), probeSettings); err != nil {
		t.Fatal(err)
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
	p := plans[0].Plan
	t.Logf("%+v", p)
	if p.Type != "Tid Scan" || p.Hit+p.Read > places+10 || p.Rows < places/5 {
		t.Errorf("%d places by %+v", places, p)
	}
}

// TestSampleRights draws for an account that may not all: ctid where only columns are granted, partitions that only their parent shows, rows that policies hide.
func TestSampleRights(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	role := connectortest.Unique("assay_rights")
	run(t, c, `CREATE ROLE `+role+` LOGIN PASSWORD 'rights'`, `GRANT USAGE ON SCHEMA `+ns+` TO `+role)
	t.Cleanup(func() { run(t, c, `DROP OWNED BY `+role, `DROP ROLE `+role) })
	run(t, c, `CREATE TABLE `+ns+`.cols (id int, secret text)`, `INSERT INTO `+ns+`.cols SELECT g, 'no' FROM generate_series(1, 5000) g`, `GRANT SELECT (id) ON `+ns+`.cols TO `+role)
	for _, name := range []string{"hidden", "secured"} {
		run(t, c, `CREATE TABLE `+ns+`.`+name+` (id int) PARTITION BY RANGE (id)`, `CREATE TABLE `+ns+`.`+name+`1 PARTITION OF `+ns+`.`+name+` FOR VALUES FROM (0) TO (50000)`,
			`CREATE TABLE `+ns+`.`+name+`2 PARTITION OF `+ns+`.`+name+` DEFAULT`, `INSERT INTO `+ns+`.`+name+` SELECT g FROM generate_series(1, 200000) g`, `ANALYZE `+ns+`.`+name, `GRANT SELECT ON `+ns+`.`+name+` TO `+role)
	}
	run(t, c, `GRANT SELECT ON `+ns+`.secured1, `+ns+`.secured2 TO `+role, `ALTER TABLE `+ns+`.secured ENABLE ROW LEVEL SECURITY`, `CREATE POLICY p ON `+ns+`.secured USING (id % 100 = 7)`,
		`CREATE TABLE `+ns+`.policy (id int)`, `INSERT INTO `+ns+`.policy SELECT g FROM generate_series(1, 200000) g`, `ANALYZE `+ns+`.policy`, `GRANT SELECT ON `+ns+`.policy TO `+role,
		`ALTER TABLE `+ns+`.policy ENABLE ROW LEVEL SECURITY`, `CREATE POLICY p ON `+ns+`.policy USING (id < 150000)`)
	conf, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	s := openDSN(t, fmt.Sprintf("host=%s port=%d dbname=%s user=%s password=rights sslmode=disable", conf.Host, conf.Port, conf.Database, role))
	for name, k := range map[string]struct {
		rows   int
		method query.SampleMethod
		reason string
	}{
		"cols": {5000, query.SampleReservoir, "only some columns may be read"}, "hidden": {200_000, query.SampleHashScan, "SELECT is not granted on hidden1 itself"},
		"secured": {2000, query.SampleHashScan, "row security decides"}, "policy": {149_999, query.SamplePageLine, "places have to be looked at"},
	} {
		t.Run(name, func(t *testing.T) {
			rel := describe(t, s, query.Dataset{Name: name, Table: ns + "." + name})
			r := connectortest.CheckUniform(t, connectortest.SampleSubject{Source: s, Sampler: s, Relation: rel, Key: "id", N: 100, Seeds: 8, Method: k.method})
			if r.Rows != k.rows {
				t.Errorf("%d rows, want %d", r.Rows, k.rows)
			}
			if !strings.Contains(r.Design.Reason, k.reason) {
				t.Errorf("reason %q", r.Design.Reason)
			}
		})
	}
}
