package run_test

import (
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

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

// keyForm is what a key may be made of: a column of the row and one of the partner, and what is one key to people.
type keyForm struct {
	left, right value.Kind
	canon       func(value.Value) string
}

func number(v value.Value) string {
	r, ok := new(big.Rat).SetString(v.Text())
	if !ok {
		panic(v.Text())
	}
	return r.RatString()
}

func keyForms() []keyForm {
	text := func(v value.Value) string { return v.Str() }
	plain := func(v value.Value) string { return v.Text() }
	return []keyForm{
		{value.Int, value.Int, number},
		{value.Int, value.Decimal, number},
		{value.Decimal, value.Int, number},
		{value.Decimal, value.Decimal, number},
		{value.Int, value.Uint, number},
		{value.String, value.String, text},
		{value.String, value.Bytes, text},
		{value.Timestamp, value.Timestamp, plain},
		{value.Bool, value.Bool, plain},
		{value.Duration, value.Duration, plain},
	}
}

// keyValue is key n of few: the same number in another guise now and then.
func keyValue(r *rand.Rand, k value.Kind, n int) value.Value {
	texts := []string{"", "a", "A", "a ", "\u00e4", "a\u0308", "<null>", "x|y", "0", "\U0001F600", "ß", "ss", "null", "é"}
	switch k {
	case value.Int:
		return value.IntValue(int64(n))
	case value.Uint:
		return value.UintValue(uint64(n)) //nolint:gosec // small
	case value.Decimal:
		if r.IntN(4) == 0 {
			return value.DecimalValue(value.NewDec(int64(n)*10+int64(r.IntN(2)*5), 1)) // n, or n and a half
		}
		return value.DecimalValue(value.NewDec(int64(n)*100, 2))
	case value.String:
		return value.StringValue(texts[n%len(texts)] + strings.Repeat("z", n/len(texts)))
	case value.Bytes:
		return value.BytesValue([]byte(texts[n%len(texts)] + strings.Repeat("z", n/len(texts))))
	case value.Timestamp:
		return value.TimestampValue(time.Unix(int64(n)*86400-1e9, int64(n%3)*1000))
	case value.Bool:
		return value.BoolValue(n%2 == 0)
	case value.Duration:
		return value.DurationValue(time.Duration(n) * time.Second)
	default:
		panic(k)
	}
}

// joinCase is a random expectation over random tables, with what plain maps say of it.
type joinCase struct {
	left     connectortest.Table
	partners []connectortest.Table
	e        spec.Expectation
	unique   bool // a constraint says so
	seed     int
	want     joinWant
}

type joinWant struct {
	repeated                                             bool
	t, f, undecided, byNull, whereUndecided, skippedNull int64
	orphans, skipped, nullKeys                           int64
	aliases                                              map[string]int64
	keys                                                 map[int64]string // id of every failing row: its class
}

func null() connectortest.Cell { return connectortest.Cell{} }

func cellOf(v value.Value) connectortest.Cell { return connectortest.Cell{Value: v} }

func maybe(r *rand.Rand, v value.Value) connectortest.Cell {
	if r.IntN(6) == 0 {
		return null()
	}
	return cellOf(v)
}

// tern is a truth value: 1, 0, or -1 for undecided by null.
type tern int

func (a tern) and(b tern) tern {
	switch {
	case a == 0 || b == 0:
		return 0
	case a == 1 && b == 1:
		return 1
	}
	return -1
}

func less(a, b connectortest.Cell) tern {
	switch {
	case a.IsNull() || b.IsNull():
		return -1
	case a.Int() <= b.Int():
		return 1
	}
	return 0
}

func same(a, b connectortest.Cell) tern {
	if a.IsNull() != b.IsNull() || !a.IsNull() && a.Int() != b.Int() {
		return 0
	}
	return 1
}

// randomJoin draws tables, an expectation and its outcome.
func randomJoin(r *rand.Rand, forms []keyForm) *joinCase {
	c := &joinCase{unique: r.IntN(2) == 0, left: connectortest.Table{Name: "rows", Key: []string{"id"}}}
	c.want.aliases, c.want.keys = map[string]int64{}, map[int64]string{}
	c.left.Columns = []connectortest.Column{{Name: "id", Type: value.Of(value.Int), NotNull: true}, {Name: "v", Type: value.Of(value.Int)}}
	aliases := []string{"p", "other", "q"}[:1+r.IntN(3)]
	spread := []int{1, 3, 12, 40}[r.IntN(4)]
	type side struct {
		at    []int // of the key among the row's columns
		forms []keyForm
		rows  map[string][]connectortest.Cell
		name  string
		opt   bool
	}
	var sides []side
	for n, alias := range aliases {
		s := side{rows: map[string][]connectortest.Cell{}, name: alias, opt: r.IntN(3) == 0}
		tb := connectortest.Table{Name: "partner" + strconv.Itoa(n)}
		j := spec.Join{Alias: spec.Name{Value: alias}, Dataset: spec.Name{Value: tb.Name}, Optional: s.opt, Positional: r.IntN(2) == 0}
		parts := 1 + r.IntN(2)
		for k := range parts {
			f := forms[r.IntN(len(forms))]
			s.forms = append(s.forms, f)
			s.at = append(s.at, len(c.left.Columns))
			name := fmt.Sprintf("k%d_%d", n, k)
			c.left.Columns = append(c.left.Columns, connectortest.Column{Name: name, Type: value.Of(f.left)})
			tb.Columns = append(tb.Columns, connectortest.Column{Name: name, Type: value.Of(f.right), NotNull: c.unique})
			tb.Key = append(tb.Key, name)
			j.Keys = append(j.Keys, spec.JoinKey{Column: spec.Name{Value: name}, Value: diag.Text{Value: "row." + name}})
		}
		tb.Columns = append(tb.Columns, connectortest.Column{Name: "w", Type: value.Of(value.Int)})
		for range r.IntN(spread + 2) {
			row := make([]connectortest.Cell, 0, parts+1)
			key, whole := "", true
			for _, f := range s.forms {
				v := maybe(r, keyValue(r, f.right, r.IntN(spread)))
				if c.unique && v.IsNull() {
					v = cellOf(keyValue(r, f.right, r.IntN(spread)))
				}
				if whole = whole && !v.IsNull(); whole {
					key += strconv.Quote(f.canon(v.Value)) + ","
				}
				row = append(row, v)
			}
			if whole {
				if _, twice := s.rows[key]; twice && (c.unique || r.IntN(12) > 0) {
					continue
				} else if twice {
					c.want.repeated = true
				}
			}
			row = append(row, maybe(r, value.IntValue(int64(r.IntN(4)))))
			if tb.Rows = append(tb.Rows, row); whole {
				s.rows[key] = row
			}
		}
		sides = append(sides, s)
		c.partners = append(c.partners, tb)
		c.e.Joins = append(c.e.Joins, j)
	}
	shape := r.IntN(4)
	where := []string{"", "row.v != 2", "row.v > 0", "p.w != 1", "row.v > 0 && p.w >= 1", "row.v != 2 && row.v <= 2"}[r.IntN(6)]
	c.e.ID, c.e.Dataset, c.e.Where = "joined", "rows", diag.Text{Value: where}
	c.e.Expect = diag.Text{Value: []string{"row.v == p.w", "row.v <= p.w", "row.v <= p.w && p.w == row.v", "true"}[shape]}
	if len(aliases) > 1 && shape == 1 {
		c.e.Expect.Value = "row.v <= p.w && p.w <= other.w"
	}
	c.e.OnNull = []spec.NullPolicy{spec.NullSkip, spec.NullFail, spec.NullPass}[r.IntN(3)]
	c.e.Severity = spec.Error
	for id := range r.IntN(40) {
		row := make([]connectortest.Cell, len(c.left.Columns))
		row[0], row[1] = cellOf(value.IntValue(int64(id))), maybe(r, value.IntValue(int64(r.IntN(4))))
		for _, s := range sides {
			for k, f := range s.forms {
				row[s.at[k]] = maybe(r, keyValue(r, f.left, r.IntN(spread)))
			}
		}
		c.left.Rows = append(c.left.Rows, row)
		// The oracle: first the row's own condition, then the partners, then what names both.
		one, two := cellOf(value.IntValue(1)), cellOf(value.IntValue(2))
		v := row[1]
		own := map[string]tern{"row.v != 2": 1 - same(v, two), "row.v > 0": less(one, v), "row.v > 0 && p.w >= 1": less(one, v), "row.v != 2 && row.v <= 2": (1 - same(v, two)).and(less(v, two))}
		sel, ok := own[where]
		if !ok {
			sel = 1
		}
		w := map[string]connectortest.Cell{}
		var isNull, orphan, missing bool
		for _, s := range sides {
			key, whole := "", true
			for k, f := range s.forms {
				if row[s.at[k]].IsNull() {
					whole = false
					continue
				}
				key += strconv.Quote(f.canon(row[s.at[k]].Value)) + ","
			}
			p, found := s.rows[key]
			switch {
			case !whole:
				isNull = true
			case !found:
				if sel == 1 {
					c.want.aliases[s.name]++
				}
				missing, orphan = true, orphan || !s.opt
			default:
				w[s.name] = p[len(p)-1]
			}
		}
		fails := func(class string) { c.want.keys[int64(id)] = class }
		if isNull || missing {
			switch {
			case sel < 0:
				c.want.whereUndecided++
			case sel == 0:
			case orphan:
				c.want.orphans++
				fails("orphan")
			case isNull:
				c.want.nullKeys++
				if c.e.OnNull == spec.NullSkip {
					c.want.skippedNull++
				} else {
					c.want.undecided, c.want.byNull = c.want.undecided+1, c.want.byNull+1
				}
				if c.e.OnNull == spec.NullFail {
					fails("")
				}
			default:
				c.want.skipped++
			}
			continue
		}
		switch where {
		case "p.w != 1":
			sel = 1 - same(w["p"], one)
		case "row.v > 0 && p.w >= 1":
			sel = sel.and(less(one, w["p"]))
		}
		if sel != 1 {
			if sel < 0 {
				c.want.whereUndecided++
			}
			continue
		}
		holds := []tern{same(v, w["p"]), less(v, w["p"]), less(v, w["p"]).and(same(w["p"], v)), 1}[shape]
		if len(aliases) > 1 && shape == 1 {
			holds = holds.and(less(w["p"], w["other"]))
		}
		switch holds {
		case 1:
			c.want.t++
		case 0:
			c.want.f++
			fails("")
		default:
			c.want.undecided, c.want.byNull = c.want.undecided+1, c.want.byNull+1
			if c.e.OnNull == spec.NullFail {
				fails("")
			}
		}
	}
	return c
}

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
	return keyValue(rand.New(rand.NewPCG(uint64(n), 1)), k, 100_000+2*n) //nolint:gosec // data for tests
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
		c := randomJoin(rand.New(rand.NewPCG(uint64(seed), 7)), forms) //nolint:gosec // data for tests
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
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent()) // the loaders of other tests keep connections
	eachJoin(t, joinSeeds, keyForms(), func(t *testing.T, c *joinCase) {
		rep, found := runJoin(t, c.inMemory(t, 0), 0, fromMemory(t))
		c.check(t, rep, found, "hash join")
	})
}

func TestSortMergeJoinAgainstMaps(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent()) // the loaders of other tests keep connections
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
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent()) // the loaders of other tests keep connections
	forms := []keyForm{}
	for _, f := range keyForms() {
		if f.left != value.Bool && f.right != value.Bytes {
			forms = append(forms, f)
		}
	}
	eachJoin(t, joinSeeds/5, forms, func(t *testing.T, c *joinCase) {
		rep, found := runJoin(t, c.inMemory(t, 900), 0, fromMemory(t))
		c.check(t, rep, found, "lookup by key")
	})
}

// The server's own join: over files of SQLite, and, in fewer cases, over tables of the servers.
func TestServerJoinAgainstMaps(t *testing.T) {
	serverJoins(t, joinSeeds/10, func(l, r value.Kind) bool { return l == r && (l == value.Int || l == value.String) }, func(t *testing.T) joinServer {
		path := filepath.Join(t.TempDir(), "j.db")
		return joinServer{sqlite.Open, map[string]string{"path": path}, func(tb connectortest.Table) query.Dataset { return connectortest.LoadSQLite(t, path, tb) }}
	})
}

// exactly are the pairs of kinds that PostgreSQL and MySQL compare as keys are.
func exactly(l, r value.Kind) bool {
	number := func(k value.Kind) bool { return k == value.Int || k == value.Decimal }
	return number(l) && number(r) || l == r && l == value.String
}

func TestPostgresJoinAgainstMaps(t *testing.T) {
	dsn := connectortest.Postgres(t)
	serverJoins(t, joinSeeds/30, exactly, func(t *testing.T) joinServer {
		return joinServer{postgres.Open, map[string]string{"dsn": dsn}, func(tb connectortest.Table) query.Dataset { return connectortest.LoadPostgres(t, dsn, tb) }}
	})
}

func TestMySQLJoinAgainstMaps(t *testing.T) {
	dsn := connectortest.MySQLDatabase(t)
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
