package postgres

import (
	"fmt"
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
)

// shape is a table whose rows lie in its pages in a way of its own. %s is its schema.
type shape struct {
	name  string
	setup []string
	// spread is that rows are so far apart that their places are not looked up in good time.
	sparse bool
}

func shapes() []shape {
	const off = ` WITH (autovacuum_enabled = off)`
	return []shape{
		{name: "gaps", setup: []string{
			`CREATE TABLE %s.gaps (id int PRIMARY KEY, v text)` + off,
			`INSERT INTO %s.gaps SELECT g, 'x' FROM generate_series(1, 12000) g`,
			`DELETE FROM %s.gaps WHERE id BETWEEN 3000 AND 7000 OR id %% 3 = 0`, // dead rows stay where they are
		}},
		{name: "vacuumed", setup: []string{
			`CREATE TABLE %s.vacuumed (id int PRIMARY KEY, v text)` + off,
			`INSERT INTO %s.vacuumed SELECT g, repeat('x', 30) FROM generate_series(1, 12000) g`,
			`DELETE FROM %s.vacuumed WHERE id BETWEEN 3000 AND 7000 OR id %% 3 = 0`,
			`VACUUM %s.vacuumed`,
			`INSERT INTO %s.vacuumed SELECT g, 'y' FROM generate_series(20001, 21000) g`, // into the room of others
		}},
		{name: "hot", setup: []string{
			`CREATE TABLE %s.hot (id int PRIMARY KEY, v int) WITH (fillfactor = 50, autovacuum_enabled = off)`,
			`INSERT INTO %s.hot SELECT g, 0 FROM generate_series(1, 6000) g`,
			`UPDATE %s.hot SET v = 1 WHERE id %% 5 = 0`, `UPDATE %s.hot SET v = 2 WHERE id %% 5 = 0`, `SELECT count(*) FROM %s.hot`,
			`UPDATE %s.hot SET v = 3 WHERE id %% 10 = 0`, `VACUUM %s.hot`, `UPDATE %s.hot SET v = 4 WHERE id %% 7 = 0`,
		}},
		{name: "bloated", sparse: true, setup: []string{
			`CREATE TABLE %s.bloated (id int PRIMARY KEY, v text)` + off,
			`INSERT INTO %s.bloated SELECT g, repeat('x', 100) FROM generate_series(1, 60000) g`,
			`DELETE FROM %s.bloated WHERE id %% 40 <> 0 AND id < 60000`, `VACUUM %s.bloated`,
		}},
		{name: "skewed", setup: []string{ // pages of two rows and pages of two hundred
			`CREATE TABLE %s.skewed (id int PRIMARY KEY, v text)` + off, `ALTER TABLE %s.skewed ALTER v SET STORAGE plain`,
			`INSERT INTO %s.skewed SELECT g * g, repeat('x', 3000) FROM generate_series(1, 1200) g`,
			`INSERT INTO %s.skewed SELECT 2000000 + g, NULL FROM generate_series(1, 4000) g`,
		}},
		{name: "parts", setup: []string{
			`CREATE TABLE %s.parts (id int, at date, v text) PARTITION BY RANGE (at)`,
			`CREATE TABLE %s.parts1 PARTITION OF %[1]s.parts FOR VALUES FROM ('2024-01-01') TO ('2024-02-01')`,
			`CREATE TABLE %s.parts2 PARTITION OF %[1]s.parts FOR VALUES FROM ('2024-02-01') TO ('2024-03-01')`, // stays empty
			`CREATE TABLE %s."Parts ""3""" (gone int, v text, at date, id int)`, `ALTER TABLE %s."Parts ""3""" DROP COLUMN gone`,
			`ALTER TABLE %s.parts ATTACH PARTITION %[1]s."Parts ""3""" FOR VALUES FROM ('2024-03-01') TO ('2024-04-01')`,
			`CREATE TABLE %s.parts4 PARTITION OF %[1]s.parts FOR VALUES FROM ('2024-04-01') TO ('2024-05-01') PARTITION BY LIST (v)`,
			`CREATE TABLE %s.parts4a PARTITION OF %[1]s.parts4 FOR VALUES IN ('a')`, `CREATE TABLE %s.parts4b PARTITION OF %[1]s.parts4 DEFAULT`,
			`INSERT INTO %s.parts SELECT g, '2024-01-05', 'a' FROM generate_series(1, 4000) g`,
			`INSERT INTO %s.parts SELECT g, '2024-03-05', repeat('b', 200) FROM generate_series(4001, 5000) g`,
			`INSERT INTO %s.parts SELECT g, '2024-04-05', 'a' FROM generate_series(5001, 5300) g`,
			`INSERT INTO %s.parts SELECT g, '2024-04-05', 'c' FROM generate_series(5301, 8000) g`,
		}},
		{name: "parent", setup: []string{
			`CREATE TABLE %s.parent (id int, v text)`, `CREATE TABLE %s.child (more int) INHERITS (%[1]s.parent)`,
			`INSERT INTO %s.parent SELECT g, 'p' FROM generate_series(1, 1500) g`, `INSERT INTO %s.child SELECT g, 'c', 1 FROM generate_series(1501, 6000) g`,
		}},
	}
}

// TestRandomPlaces draws from tables whose rows lie in every way by every method: all rows once, rows of equal chances. Under `make soak` it
// draws 1,000 samples of each.
func TestRandomPlaces(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	seeds := connectortest.Seeds(120)
	s := openDSN(t, dsn)
	for _, sh := range shapes() {
		t.Run(sh.name, func(t *testing.T) {
			for _, text := range sh.setup {
				run(t, c, fmt.Sprintf(text, ns))
			}
			run(t, c, `ANALYZE `+ns+`.`+sh.name)
			rel := describe(t, s, query.Dataset{Name: sh.name, Table: ns + "." + sh.name})
			ids := idsOf(readIDs(t, s, rel))
			for _, m := range []query.SampleMethod{query.SamplePageLine, query.SampleBernoulli, query.SampleHashScan} {
				t.Run(string(m), func(t *testing.T) {
					f := forced{s, m}
					d := connectortest.Draw(t, f, query.Sample{From: rel, Columns: columns(rel), N: len(ids) + 500, Seed: 1})
					if got := sampleIDs(d); !slices.Equal(got, ids) || d.End.Rows != int64(len(ids)) || !d.End.RowsExact {
						t.Errorf("%d rows of %d, %+v", len(got), len(ids), d.End)
					}
					n := 100
					if sh.sparse {
						n = 40
					}
					r := connectortest.CheckUniform(t, connectortest.SampleSubject{Source: s, Sampler: f, Relation: rel, Key: "id", N: n, Seeds: seeds})
					t.Logf("%d rows: buckets %.3f, halves %.3f, keys %.3f, Smirnov %.3f, samples %.3f; %s", r.Rows, r.Buckets, r.Halves, r.Keys, r.Smirnov, r.Samples, r.Design.Reason)
				})
			}
		})
	}
}

// readIDs reads the column id of all rows.
func readIDs(t testing.TB, s *Source, rel query.Relation) [][]connectortest.Cell {
	t.Helper()
	rows := connectortest.ReadAll(t, s, query.Select{From: rel, Columns: []*query.Column{connectortest.Col(t, rel, "id")}}, 0)
	if len(rows) < 100 {
		t.Fatalf("%d rows", len(rows))
	}
	return rows
}

func idsOf(rows [][]connectortest.Cell) []int64 {
	out := make([]int64, len(rows))
	for i, r := range rows {
		out[i] = r[0].Int()
	}
	slices.Sort(out)
	return out
}

// sampleIDs returns those of a sample whose first column is the id, ascending.
func sampleIDs(d connectortest.Drawn) []int64 { return idsOf(d.Rows) }
