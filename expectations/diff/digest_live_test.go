package diff_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// store is an engine that tables are put into.
type store struct {
	engine connectortest.Engine
	source connectors.Source
	load   func(t testing.TB, tb connectortest.Table) query.Dataset
}

func opened(t testing.TB, open connectors.Opener, key, to string) connectors.Source {
	t.Helper()
	s, err := open(t.Context(), connectors.Config{Name: "live", Params: map[string]string{key: to}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func sqliteStore(t testing.TB) *store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "digest.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return &store{
		engine: connectortest.EngineSQLite, source: opened(t, sqlite.Open, "path", path),
		load: func(t testing.TB, tb connectortest.Table) query.Dataset {
			t.Helper()
			return connectortest.LoadSQLite(t, path, tb)
		},
	}
}

func postgresStore(t testing.TB) *store {
	t.Helper()
	dsn := connectortest.Postgres(t)
	return &store{
		engine: connectortest.EnginePostgres, source: opened(t, postgres.Open, "dsn", dsn),
		load: func(t testing.TB, tb connectortest.Table) query.Dataset {
			t.Helper()
			return connectortest.LoadPostgres(t, dsn, tb)
		},
	}
}

func mysqlStore(t testing.TB, dsn string, engine connectortest.Engine) *store {
	t.Helper()
	return &store{
		engine: engine, source: opened(t, mysql.Open, "dsn", dsn),
		load: func(t testing.TB, tb connectortest.Table) query.Dataset {
			t.Helper()
			return connectortest.LoadMySQL(t, dsn, tb)
		},
	}
}

// put stores a table and returns its side, and the table as the engine gives it back.
func (s *store) put(t testing.TB, name string, tb *table) (diff.Side, table) {
	t.Helper()
	out := connectortest.Table{Name: name, Key: tb.key}
	for _, c := range tb.cols {
		native := map[connectortest.Engine]string{}
		if c.Type.Kind == value.Decimal {
			native = map[connectortest.Engine]string{connectortest.EnginePostgres: "numeric(60,10)", connectortest.EngineMySQL: "decimal(60,10)", connectortest.EngineSQLite: "TEXT"}
		}
		out.Columns = append(out.Columns, connectortest.Column{Name: c.Name, Type: c.Type, Native: native, NotNull: c.NotNull})
	}
	for _, row := range tb.rows {
		cells := make([]connectortest.Cell, len(row))
		for i, c := range row {
			if !c.err {
				cells[i].Value = c.Value
			}
		}
		out.Rows = append(out.Rows, cells)
	}
	plain := connectortest.Fit(out, s.engine)
	plain.Rows = plain.Rows[:len(tb.rows)] // without the engine's own oddities
	at := side(t, s.source, s.load(t, plain))
	back := table{cols: at.Relation.Schema.Columns, key: tb.key}
	cols := make([]*query.Column, len(back.cols))
	for i, c := range back.cols {
		cols[i] = &query.Column{Index: i, Col: c}
	}
	rows, err := s.source.Select(t.Context(), query.Select{From: at.Relation, Columns: cols})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			break
		}
		for i := range b.N {
			row := make([]cell, len(cols))
			for c := range row {
				row[c] = cell{Value: b.Cols[c].Value(i), err: b.Cols[c].IsErr(i)}
			}
			back.rows = append(back.rows, row)
		}
	}
	if len(back.rows) != len(tb.rows) {
		t.Fatalf("%d rows of %d came back", len(back.rows), len(tb.rows))
	}
	return at, back
}

// livePair is two tables of kinds that every engine has.
func livePair(r *rand.Rand) (left, right table) {
	kinds := []value.Kind{value.Int, value.Decimal, value.String, value.Bytes, value.Timestamp}
	for {
		left, right = cuttablePair(r, 500)
		left.cols = append([]value.Column(nil), left.cols...)
		right.cols = left.cols
		ok := 0
		for _, c := range []int{0, 3} {
			for _, k := range kinds {
				if left.cols[c].Type.Kind == k {
					ok++
				}
			}
		}
		if ok == 2 {
			return left, right
		}
	}
}

// TestDigestLive compares digests and merges between engines with a difference by maps.
func TestDigestLive(t *testing.T) {
	few := 12
	if cases() > 1000 {
		few = 200
	}
	for name, p := range map[string]struct {
		cases int
		open  func(t testing.TB) (left, right *store)
	}{
		"sqlite": {cases() / 12, func(t testing.TB) (left, right *store) { t.Helper(); return sqliteStore(t), sqliteStore(t) }},
		"postgres and mysql": {few, func(t testing.TB) (left, right *store) {
			t.Helper()
			return postgresStore(t), mysqlStore(t, connectortest.MySQL(t), connectortest.EngineMySQL)
		}},
		"mysql and postgres": {few, func(t testing.TB) (left, right *store) {
			t.Helper()
			return mysqlStore(t, connectortest.MySQL(t), connectortest.EngineMySQL), postgresStore(t)
		}},
		"mariadb and sqlite": {few, func(t testing.TB) (left, right *store) {
			t.Helper()
			return mysqlStore(t, connectortest.MariaDB(t), connectortest.EngineMariaDB), sqliteStore(t)
		}},
		"postgres": {few, func(t testing.TB) (left, right *store) { t.Helper(); return postgresStore(t), postgresStore(t) }},
	} {
		t.Run(name, func(t *testing.T) {
			var y tally
			from, to := p.open(t)
			for n := range p.cases {
				r := rand.New(rand.NewPCG(uint64(n), 13))
				l, rt := livePair(r)
				t.Run(fmt.Sprint(n), func(t *testing.T) {
					left, leftTable := from.put(t, "dl", &l)
					right, rightTable := to.put(t, "dr", &rt)
					s := align(t, left, right, diff.AlignOptions{Strategy: diff.Merge, TempDir: t.TempDir()})
					check(t, &s, &leftTable, &rightTable)
					s.Strategy, s.MemoryBytes = diff.Digest, int64(1+r.IntN(1<<14))
					res, _ := check(t, &s, &leftTable, &rightTable)
					y.add(&res)
					for i, read := range res.Reads {
						if res.Choice.Strategy == diff.Digest && (read.Method != diff.ByDigest || read.Reason != "") {
							t.Errorf("side %d was read by %s: %s", i, read.Method, read.Reason)
						}
					}
				})
				if t.Failed() {
					return
				}
			}
			if y.digests < p.cases/2 || y.equal < p.cases/4 {
				t.Errorf("of %d comparisons: %+v", p.cases, y)
			}
		})
	}
}

// TestDigestFalseNegatives holds rows against each other that other tools, which put texts one behind the other, call the same.
func TestDigestFalseNegatives(t *testing.T) {
	text := func(s string) cell { return cell{Value: value.StringValue(s)} }
	null := cell{}
	pairs := [][2][2]cell{
		{{null, text("z")}, {text("<null>"), text("z")}},
		{{text("x|y"), text("z")}, {text("x"), text("y|z")}},
		{{null, text("")}, {text(""), null}},
		{{text("n"), null}, {null, text("n")}},
		{{text("v1:a"), text("")}, {text("v"), text("1:a")}},
		{{text("1"), text("11")}, {text("11"), text("1")}},
		{{text("ab"), text("")}, {text("a"), text("b")}},
		{{text("el"), null}, {text("er"), null}},
		{{text("a"), null}, {text("a "), null}},
		{{text("ä"), null}, {text("a\u0308"), null}},
	}
	cols := []value.Column{{Name: "k", Type: value.Of(value.Int), NotNull: true}, {Name: "a", Type: value.Of(value.String)}, {Name: "b", Type: value.Of(value.String)}}
	left, right := table{cols: cols, key: []string{"k"}}, table{cols: cols, key: []string{"k"}}
	for i := range 400 {
		k := cell{Value: value.IntValue(int64(i))}
		row := [][]cell{{k, text(fmt.Sprint(i)), null}, {k, text(fmt.Sprint(i)), null}}
		if i%40 == 7 {
			p := pairs[i/40]
			row = [][]cell{{k, p[0][0], p[0][1]}, {k, p[1][0], p[1][1]}}
		}
		left.rows, right.rows = append(left.rows, row[0]), append(right.rows, row[1])
	}
	for name, open := range map[string]func(t testing.TB) (left, right *store){
		"postgres and mysql": func(t testing.TB) (left, right *store) {
			t.Helper()
			return postgresStore(t), mysqlStore(t, connectortest.MySQL(t), connectortest.EngineMySQL)
		},
		"postgres and mariadb": func(t testing.TB) (left, right *store) {
			t.Helper()
			return postgresStore(t), mysqlStore(t, connectortest.MariaDB(t), connectortest.EngineMariaDB)
		},
		"sqlite and postgres": func(t testing.TB) (left, right *store) { t.Helper(); return sqliteStore(t), postgresStore(t) },
	} {
		t.Run(name, func(t *testing.T) {
			from, to := open(t)
			l, leftTable := from.put(t, "fl", &left)
			r, rightTable := to.put(t, "fr", &right)
			s := align(t, l, r, diff.AlignOptions{Strategy: diff.Digest, MemoryBytes: 1 << 12})
			res, counts := check(t, &s, &leftTable, &rightTable)
			if counts.Changed != int64(len(pairs)) || res.Choice.Strategy != diff.Digest || res.Digest.Differing < int64(len(pairs)) || res.Digest.MergedRows[0] > 200 {
				t.Errorf("%+v", res)
			}
		})
	}
}
