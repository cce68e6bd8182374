package run_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/memory"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/expectations/spec"
)

// suite is the case over connections that open yields, a dataset of its own on each.
func (c *joinCase) suite(datasets []query.Dataset, conns []string, driver map[string]string) *spec.Suite {
	s := &spec.Suite{Name: "joins", Expectations: []spec.Expectation{c.e}}
	seen := map[string]bool{}
	for i, d := range datasets {
		if !seen[conns[i]] {
			seen[conns[i]] = true
			s.Connections = append(s.Connections, spec.Connection{Name: conns[i], Driver: driver[conns[i]], MaxConns: 1})
		}
		d.Name = append([]connectortest.Table{c.left}, c.partners...)[i].Name
		s.Datasets = append(s.Datasets, spec.Dataset{Dataset: d, Connection: conns[i]})
	}
	return s
}

// check holds a report to the oracle.
func (c *joinCase) check(t *testing.T, rep *result.Report, found diag.List, method string) {
	t.Helper()
	if found.HasErrors() || rep == nil {
		t.Fatalf("%s: %v", c.e.Expect.Value, found)
	}
	e := rep.Expectations[0]
	if c.want.repeated {
		if e.Verdict != result.Error || !strings.Contains(e.Message, "is not unique") {
			t.Fatalf("a key that several rows have: %s, %s", e.Verdict, e.Message)
		}
		return
	}
	if e.Verdict == result.Error {
		t.Fatal(e.Message)
	}
	if c.fewRows() && method != "SQL join" {
		method = e.Ran.Method // whichever: the rows are so few that their partners may be asked for
	}
	if !strings.HasPrefix(e.Ran.Method, method) {
		t.Fatalf("ran by %q, not %q: %v", e.Ran.Method, method, e.Ran.Reasons)
	}
	w := &c.want
	if got, want := *e.Counts, (result.Counts{True: w.t, False: w.f, Undecided: w.undecided, UndecidedByNull: w.byNull, WhereUndecided: w.whereUndecided, SkippedNull: w.skippedNull}); got != want {
		t.Fatalf("%s where %q: counts %+v, not %+v", c.e.Expect.Value, c.e.Where.Value, got, want)
	}
	o := e.Orphans
	if o.Failing != w.orphans || o.Skipped != w.skipped || o.NullKeys != w.nullKeys {
		t.Fatalf("orphans %+v, not %+v", o, *w)
	}
	for alias, n := range o.Aliases {
		if n != w.aliases[alias] {
			t.Fatalf("%s: %d without a partner, not %d", alias, n, w.aliases[alias])
		}
	}
	if len(e.Failures) != len(w.keys) {
		t.Fatalf("%d failing rows shown, not %d", len(e.Failures), len(w.keys))
	}
	for _, f := range e.Failures {
		class, ok := w.keys[f.Key["id"].Int()]
		if !ok || class != string(f.Class) {
			t.Fatalf("row %s shown as %q, not %q (%t)", f.Key["id"].Text(), f.Class, class, ok)
		}
		delete(w.keys, f.Key["id"].Int())
	}
}

// fewRows reports whether every partner has many more rows.
func (c *joinCase) fewRows() bool {
	few := true
	for _, tb := range c.partners {
		few = few && len(tb.Rows) >= 20*max(len(c.left.Rows), 1)
	}
	return few
}

// inMemory puts the tables into two stores, several batches each.
func (c *joinCase) inMemory(t *testing.T, pad int) *spec.Suite {
	t.Helper()
	rows, partners := memory.New(), memory.New()
	var datasets []query.Dataset
	conns := []string{"rows"}
	put := func(src *memory.Source, tb connectortest.Table, unique bool) {
		schema := value.Schema{Key: tb.Key}
		var types []value.Type
		for _, col := range tb.Columns {
			schema.Columns = append(schema.Columns, value.Column{Name: col.Name, Type: col.Type, NotNull: col.NotNull, Native: col.Type.String()})
			types = append(types, col.Type)
		}
		if unique {
			schema.Constraints = []value.Constraint{{Kind: value.Unique, Name: "uk", Columns: tb.Key}}
		}
		var batches []*value.Batch
		for i, row := range tb.Rows {
			if i%7 == 0 {
				batches = append(batches, value.NewBatch(types...))
			}
			b := batches[len(batches)-1]
			for k, x := range row {
				b.Cols[k].AppendValue(x.Value)
			}
			b.N++
		}
		if err := src.Put(tb.Name, schema, batches...); err != nil {
			t.Fatal(err)
		}
		datasets = append(datasets, query.Dataset{Table: tb.Name, Key: tb.Key})
	}
	put(rows, c.left, false)
	for _, tb := range c.partners {
		for i := range pad { // rows that nobody's key is
			row := make([]connectortest.Cell, 0, len(tb.Columns))
			for _, col := range tb.Columns[:len(tb.Columns)-1] {
				row = append(row, cellOf(padValue(col.Type.Kind, i)))
			}
			tb.Rows = append(tb.Rows, append(row, null()))
		}
		put(partners, tb, c.unique)
		conns = append(conns, "partners")
	}
	openers[t.Name()] = map[string]connectors.Source{"rows": rows, "partners": partners}
	return c.suite(datasets, conns, map[string]string{"rows": "memory", "partners": "memory"})
}

// padValue is a key beyond those of keyValue.
func padValue(k value.Kind, n int) value.Value {
	return keyValue(rand.New(rand.NewPCG(uint64(n), 1)), k, 100_000+2*n)
}

// openers are the sources of a test, by connection.
var openers = map[string]map[string]connectors.Source{} //nolint:gochecknoglobals // by test

func runJoin(t *testing.T, s *spec.Suite, memoryBytes int64, open run.OpenFunc) (*result.Report, diag.List) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return run.Run(ctx, s, run.Options{
		Now: time.Unix(0, 0), FailureRows: 1000, Open: open,
		Plan: plan.Options{JoinMemory: memoryBytes, TempDir: t.TempDir()},
	})
}

func fromMemory(t *testing.T) run.OpenFunc {
	return func(_ context.Context, c *spec.Connection) (connectors.Source, error) {
		return openers[t.Name()][c.Name], nil
	}
}

// joinSeeds is how many random cases each way is held to.
const joinSeeds = 1500

func eachJoin(t *testing.T, seeds int, forms []keyForm, f func(t *testing.T, c *joinCase)) {
	t.Helper()
	judged, orphans, failing, repeated := int64(0), int64(0), 0, 0
	for seed := range seeds {
		c := randomJoin(rand.New(rand.NewPCG(uint64(seed), 7)), forms)
		c.seed = seed
		judged += c.want.t + c.want.f
		orphans += c.want.orphans
		failing += len(c.want.keys)
		if c.want.repeated {
			repeated++
		}
		f(t, c)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if judged == 0 || orphans == 0 || failing == 0 || repeated == 0 {
		t.Fatalf("%d rows judged, %d orphans, %d failing rows, %d repeated keys: these cases prove nothing", judged, orphans, failing, repeated)
	}
}

func TestHashJoinAgainstMaps(t *testing.T) {
	connectortest.NoLeaks(t) // the loaders of other tests keep connections
	eachJoin(t, joinSeeds, keyForms(), func(t *testing.T, c *joinCase) {
		rep, found := runJoin(t, c.inMemory(t, 0), 0, fromMemory(t))
		c.check(t, rep, found, "hash join")
	})
}

func TestSortMergeJoinAgainstMaps(t *testing.T) {
	connectortest.NoLeaks(t) // the loaders of other tests keep connections
	eachJoin(t, joinSeeds, keyForms(), func(t *testing.T, c *joinCase) {
		method := "hash join"
		for _, tb := range c.partners {
			if len(tb.Rows) > 0 { // what holds nothing needs no file
				method = "sort-merge join"
			}
		}
		rep, found := runJoin(t, c.inMemory(t, 0), 1, fromMemory(t))
		c.check(t, rep, found, method)
	})
}

func TestLookupJoinAgainstMaps(t *testing.T) {
	connectortest.NoLeaks(t) // the loaders of other tests keep connections
	forms := []keyForm{}
	for _, f := range keyForms() {
		if f.left != value.Bool && f.right != value.Bytes {
			forms = append(forms, f)
		}
	}
	eachJoin(t, joinSeeds/5, forms, func(t *testing.T, c *joinCase) {
		memory, method := int64(0), "lookup by key"
		if c.seed%5 == 0 && len(c.left.Rows) > 0 { // too wide to be held: the plan was wrong, the answer is right
			memory, method = 1, "sort-merge join"
		}
		rep, found := runJoin(t, c.inMemory(t, 900), memory, fromMemory(t))
		c.check(t, rep, found, method)
	})
}

// The server's own join: over files of SQLite, and, in fewer cases, over tables of the servers.
func TestServerJoinAgainstMaps(t *testing.T) {
	serverJoins(t, joinSeeds/10, func(l, r value.Kind) bool {
		return l == value.Int && r == value.Int || l == value.String && r == value.String
	}, func(t *testing.T) joinServer {
		path := filepath.Join(t.TempDir(), "j.db")
		return joinServer{sqlite.Open, map[string]string{"path": path}, func(tb connectortest.Table) query.Dataset { return connectortest.LoadSQLite(t, path, tb) }}
	})
}

// exactly are the pairs of kinds that PostgreSQL and MySQL compare as keys are.
func exactly(l, r value.Kind) bool {
	number := func(k value.Kind) bool { return k == value.Int || k == value.Decimal }
	return number(l) && number(r) || l == value.String && r == value.String
}

func TestPostgresJoinAgainstMaps(t *testing.T) {
	dsn := connectortest.Postgres(t)
	serverJoins(t, joinSeeds/30, exactly, func(t *testing.T) joinServer {
		return joinServer{postgres.Open, map[string]string{"dsn": dsn}, func(tb connectortest.Table) query.Dataset { return connectortest.LoadPostgres(t, dsn, tb) }}
	})
}

func TestMySQLJoinAgainstMaps(t *testing.T) { mysqlJoins(t, connectortest.MySQLDatabase(t)) }

func TestMariaDBJoinAgainstMaps(t *testing.T) { mysqlJoins(t, connectortest.MariaDBDatabase(t)) }

func mysqlJoins(t *testing.T, dsn string) {
	t.Helper()
	serverJoins(t, joinSeeds/30, exactly, func(t *testing.T) joinServer {
		return joinServer{mysql.Open, map[string]string{"dsn": dsn}, func(tb connectortest.Table) query.Dataset {
			if tb.Name != "rows" {
				tb.Key = nil // MySQL has no keys of texts without an end
			}
			return connectortest.LoadMySQL(t, dsn, tb)
		}}
	})
}

// joinServer holds all tables of a case.
type joinServer struct {
	open   connectors.Opener
	params map[string]string
	load   func(connectortest.Table) query.Dataset
}

func serverJoins(t *testing.T, seeds int, fits func(l, r value.Kind) bool, server func(t *testing.T) joinServer) {
	t.Helper()
	var forms []keyForm
	for _, f := range keyForms() {
		if fits(f.left, f.right) {
			forms = append(forms, f)
		}
	}
	eachJoin(t, seeds, forms, func(t *testing.T, c *joinCase) {
		t.Run(strconv.Itoa(c.seed), func(t *testing.T) { // drops its tables when it is done
			s := server(t)
			var datasets []query.Dataset
			var conns []string
			for _, tb := range append([]connectortest.Table{c.left}, c.partners...) {
				key := tb.Key
				if tb.Name != "rows" && !c.unique {
					tb.Key = nil // no constraint says that it is unique
				}
				d := s.load(tb)
				d.Key = key
				datasets, conns = append(datasets, d), append(conns, "server")
			}
			rep, found := runJoin(t, c.suite(datasets, conns, map[string]string{"server": "server"}), 0,
				func(ctx context.Context, _ *spec.Connection) (connectors.Source, error) {
					return s.open(ctx, connectors.Config{Name: "server", Params: s.params, MaxConns: 1})
				})
			c.check(t, rep, found, "SQL join")
		})
	})
}
