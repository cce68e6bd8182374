package mysql

import (
	"context"
	"database/sql"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// parity compares what the server makes of rendered expressions with the evaluator, row by row.
type parity struct {
	src  *Source
	rel  query.Relation
	cols []*query.Column
	data *value.Batch

	taken, decided, undecided, bad int
	refused                        map[string]int
}

func lit(v value.Value) query.Expr { return &query.Literal{Val: v, Typ: v.Type()} }

func op(o query.Op, k value.Kind, args ...query.Expr) query.Expr {
	return &query.Call{Op: o, Args: args, Typ: value.Of(k)}
}

func openTest(t *testing.T, dsn string) *Source {
	t.Helper()
	s, err := Open(t.Context(), connectors.Config{Params: map[string]string{"dsn": dsn}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	src, ok := s.(*Source)
	if !ok {
		t.Fatalf("Open returned %T", s)
	}
	return src
}

func newParity(t *testing.T, src *Source, d query.Dataset) *parity {
	t.Helper()
	p := &parity{src: src, rel: connectortest.Relation(t, src, d), refused: map[string]int{}}
	for i, c := range p.rel.Schema.Columns {
		if c.Unusable == "" {
			p.cols = append(p.cols, &query.Column{Index: i, Col: c})
		}
	}
	rows, err := src.Select(t.Context(), query.Select{From: p.rel, Columns: p.cols, OrderByKey: true, BatchRows: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	b, err := rows.Next(t.Context())
	if err != nil || b == nil {
		t.Fatalf("no rows: %v", err)
	}
	p.data = b.Clone()
	return p
}

// ask renders expressions as columns of one statement in key order.
func (p *parity) ask(t *testing.T, es []query.Expr) (*value.Batch, sqlgen.Statement, error) {
	t.Helper()
	w := sqlgen.NewWriter(p.src.dialect())
	var outs []string
	var types []value.Type
	for _, e := range es {
		o, r := w.Expr(e)
		if r != nil {
			t.Fatalf("%s: %v", query.String(e), r)
		}
		outs = append(outs, p.src.dialect().Output(o))
		types = append(types, e.Type())
	}
	from, err := sqlgen.From(p.src.dialect(), p.rel.Dataset, "t")
	if err != nil {
		t.Fatal(err)
	}
	st := w.Finish("SELECT " + strings.Join(outs, ",\n ") + "\nFROM " + from + " ORDER BY t.id")
	b, err := p.src.whole(t.Context(), "parity", st, types)
	return b, st, err
}

// check compares the expressions that the dialect takes.
func (p *parity) check(t *testing.T, es []query.Expr) {
	t.Helper()
	const chunk = 40
	var taken []query.Expr
	for _, e := range es {
		if r := p.src.Caps().Expr(p.rel, e); r != nil {
			p.refused[r.Reason]++
			continue
		}
		taken = append(taken, e)
	}
	p.taken += len(taken)
	for part := range slices.Chunk(taken, chunk) {
		got, _, err := p.ask(t, part)
		if err == nil {
			p.compare(t, part, got)
			continue
		}
		for _, e := range part {
			got, st, err := p.ask(t, []query.Expr{e})
			if err != nil {
				p.bad++
				t.Errorf("%s raises: %v\n%s", query.String(e), err, st.Text)
				continue
			}
			p.compare(t, []query.Expr{e}, got)
		}
	}
	if p.bad > 20 {
		t.Fatal("too many disagreements")
	}
}

func (p *parity) compare(t *testing.T, es []query.Expr, got *value.Batch) {
	t.Helper()
	prog, err := eval.Compile(es, p.cols)
	if err != nil {
		t.Fatal(err)
	}
	want, err := prog.Run(p.data)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range es {
		for r := range p.data.N {
			w, g := connectortest.At(want[i], r), connectortest.At(&got.Cols[i], r)
			null := w.Err() || w.IsNull() // SQL has one NULL for both
			if null {
				p.undecided++
			} else {
				p.decided++
			}
			if null && (g.IsNull() || g.Err()) || !null && equalCells(g, w) {
				continue
			}
			_, st, _ := p.ask(t, []query.Expr{e})
			var row []string
			for j, c := range p.cols {
				for _, used := range query.Columns(e) {
					if used.Index == c.Index {
						row = append(row, c.Col.Name+"="+connectortest.At(&p.data.Cols[j], r).String())
					}
				}
			}
			p.bad++
			t.Errorf("%s with %.300s is %s, the server says %s\n%.1500s %q", query.String(e), strings.Join(row, " "), w, g, st.Text, st.Shown)
			break
		}
	}
}

// equalCells compares results; 0.0 and -0.0 are one number.
func equalCells(a, b connectortest.Cell) bool {
	if a.Kind() == value.Double && b.Kind() == value.Double {
		return a.Double() == b.Double()
	}
	return connectortest.Same(a, b)
}

// operands returns columns and literals of a kind.
func (p *parity) operands(k value.Kind) []query.Expr {
	var out []query.Expr
	for _, c := range p.cols {
		if c.Col.Type.Kind == k {
			out = append(out, c)
		}
	}
	add := func(vs ...value.Value) {
		for _, v := range vs {
			out = append(out, lit(v))
		}
	}
	switch k {
	case value.Bool:
		add(value.BoolValue(true), value.BoolValue(false))
	case value.Int:
		for _, i := range []int64{0, 1, -1, 3, 5, 100, -7, math.MaxInt64, math.MinInt64, 1 << 53, math.MaxInt32} {
			add(value.IntValue(i))
		}
	case value.Uint:
		for _, u := range []uint64{0, 1, 3, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64} {
			add(value.UintValue(u))
		}
	case value.Double:
		for _, f := range []float64{0, -1, 0.1, 1.5, 2.5, 1e300, 5e-324, 1 << 53, 1<<53 + 2, math.MaxInt64, -1e18, math.MaxFloat64} {
			add(value.DoubleValue(f))
		}
	case value.Decimal:
		for _, s := range []string{"0", "1.5", "0.1", "-0.01", "3", "9223372036854775807.5", "0.30000000000000004", "12345678901234567890123456789012345678"} {
			d, _ := value.ParseDec(s)
			add(value.DecimalValue(d))
		}
	case value.String:
		for _, s := range []string{"", "a", "abc", "ABC", "abc  ", " ", "é", "e\u0301", "ß", "%", "_", `\`, "'", `"`, "a\x00b", "😀", "12", "\n", "paid"} {
			add(value.StringValue(s))
		}
	case value.Bytes:
		for _, s := range []string{"", "abc", "\x00", "\xff", "a\x00b"} {
			add(value.BytesValue([]byte(s)))
		}
	case value.Timestamp, value.LocalTimestamp:
		for _, s := range []string{"2024-05-05T12:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.5Z", "2024-05-05T00:00:00Z", "2024-02-29T23:59:59.999Z"} {
			ts, _ := time.Parse(time.RFC3339Nano, s)
			if k == value.Timestamp {
				add(value.TimestampValue(ts))
			} else {
				add(value.LocalTimestampValue(ts))
			}
		}
	case value.Duration:
		for _, d := range []time.Duration{0, time.Hour, -time.Microsecond, 24 * time.Hour, 90 * time.Minute, 200 * 365 * 24 * time.Hour} {
			add(value.DurationValue(d))
		}
	default:
	}
	return out
}

var (
	scalars  = []value.Kind{value.Bool, value.Int, value.Uint, value.Double, value.Decimal, value.String, value.Bytes, value.Timestamp, value.LocalTimestamp, value.Duration}
	numbers  = []value.Kind{value.Int, value.Uint, value.Double, value.Decimal}
	compares = []query.Op{query.OpEq, query.OpNe, query.OpLt, query.OpLe, query.OpGt, query.OpGe}
)

// every returns every operator over every pair of operands, at least one of which is a column.
func (p *parity) every() []query.Expr {
	var out []query.Expr
	pairs := func(ks, ls []value.Kind, f func(a, b query.Expr)) {
		for _, k := range ks {
			for _, l := range ls {
				for _, a := range p.operands(k) {
					for _, b := range p.operands(l) {
						if len(query.Columns(a))+len(query.Columns(b)) > 0 {
							f(a, b)
						}
					}
				}
			}
		}
	}
	for _, k := range scalars {
		with := []value.Kind{k}
		if slices.Contains(numbers, k) {
			with = numbers
		}
		pairs([]value.Kind{k}, with, func(a, b query.Expr) {
			for _, o := range compares {
				out = append(out, op(o, value.Bool, a, b))
			}
		})
		null := &query.Literal{Typ: value.Of(value.Null)}
		lits := p.operands(k)
		lits = slices.DeleteFunc(lits, func(e query.Expr) bool { return len(query.Columns(e)) > 0 })
		for _, a := range p.operands(k) {
			if len(query.Columns(a)) == 0 {
				continue
			}
			out = append(out, op(query.OpEq, value.Bool, a, null), op(query.OpNe, value.Bool, a, null),
				op(query.OpIn, value.Bool, append([]query.Expr{a}, lits...)...),
				op(query.OpNot, value.Bool, op(query.OpIn, value.Bool, append([]query.Expr{a, null}, lits[1:]...)...)))
		}
	}
	for _, k := range numbers {
		pairs([]value.Kind{k}, []value.Kind{k}, func(a, b query.Expr) {
			for _, o := range []query.Op{query.OpAdd, query.OpSub, query.OpMul, query.OpDiv, query.OpMod, query.OpGreatest, query.OpLeast} {
				if k != value.Double || o != query.OpMod {
					out = append(out, op(o, k, a, b))
				}
			}
		})
		for _, a := range p.columnsOf(k) {
			if k != value.Uint {
				out = append(out, op(query.OpNeg, k, a), op(query.OpAbs, k, a))
			}
			out = append(out, op(query.OpSign, k, a), op(query.OpToInt, value.Int, a), op(query.OpToUint, value.Uint, a), op(query.OpToDouble, value.Double, a),
				op(query.OpToDecimal, value.Decimal, a), op(query.OpToString, value.String, a))
		}
	}
	pairs([]value.Kind{value.Int}, []value.Kind{value.Decimal}, func(a, b query.Expr) {
		out = append(out, op(query.OpAdd, value.Decimal, a, b), op(query.OpMul, value.Decimal, b, a), op(query.OpMod, value.Decimal, b, a))
	})
	for _, a := range p.columnsOf(value.Double) {
		for _, o := range []query.Op{query.OpCeil, query.OpFloor, query.OpTrunc} {
			out = append(out, op(o, value.Double, a))
		}
		for _, o := range []query.Op{query.OpIsNaN, query.OpIsInf, query.OpIsFinite} {
			out = append(out, op(o, value.Bool, a))
		}
	}
	pairs([]value.Kind{value.String}, []value.Kind{value.String}, func(a, b query.Expr) {
		out = append(out, op(query.OpContains, value.Bool, a, b), op(query.OpStartsWith, value.Bool, a, b), op(query.OpEndsWith, value.Bool, a, b),
			op(query.OpAdd, value.String, a, b), op(query.OpIndexOf, value.Int, a, b), op(query.OpReplace, value.String, a, b, lit(value.StringValue("x"))))
	})
	pairs([]value.Kind{value.Bytes}, []value.Kind{value.Bytes}, func(a, b query.Expr) { out = append(out, op(query.OpAdd, value.Bytes, a, b)) })
	for _, a := range append(p.columnsOf(value.String), p.columnsOf(value.Bytes)...) {
		out = append(out, op(query.OpSize, value.Int, a))
	}
	for _, a := range p.columnsOf(value.String) {
		for _, o := range []query.Op{query.OpLowerASCII, query.OpUpperASCII, query.OpReverse} {
			out = append(out, op(o, value.String, a))
		}
		out = append(out, op(query.OpToBytes, value.Bytes, a))
		for _, i := range p.operands(value.Int) {
			out = append(out, op(query.OpCharAt, value.String, a, i), op(query.OpSubstring, value.String, a, i), op(query.OpSubstring, value.String, a, i, lit(value.IntValue(3))),
				op(query.OpSubstring, value.String, a, lit(value.IntValue(1)), i))
		}
	}
	for _, k := range []value.Kind{value.Timestamp, value.LocalTimestamp} {
		pairs([]value.Kind{k}, []value.Kind{k}, func(a, b query.Expr) { out = append(out, op(query.OpSub, value.Duration, a, b)) })
		pairs([]value.Kind{k}, []value.Kind{value.Duration}, func(a, b query.Expr) {
			out = append(out, op(query.OpAdd, k, a, b), op(query.OpSub, k, a, b), op(query.OpAdd, k, b, a))
		})
	}
	for _, a := range p.columnsOf(value.Timestamp) {
		for o := query.OpFullYear; o <= query.OpMilliseconds; o++ {
			out = append(out, op(o, value.Int, a))
		}
		out = append(out, op(query.OpToInt, value.Int, a))
	}
	pairs([]value.Kind{value.Duration}, []value.Kind{value.Duration}, func(a, b query.Expr) {
		out = append(out, op(query.OpAdd, value.Duration, a, b), op(query.OpSub, value.Duration, a, b))
	})
	for _, a := range p.columnsOf(value.Duration) {
		for o := query.OpHours; o <= query.OpMilliseconds; o++ {
			out = append(out, op(o, value.Int, a))
		}
		out = append(out, op(query.OpNeg, value.Duration, a), op(query.OpAbs, value.Duration, a))
	}
	return out
}

func (p *parity) columnsOf(k value.Kind) []query.Expr {
	return slices.DeleteFunc(p.operands(k), func(e query.Expr) bool { return len(query.Columns(e)) == 0 })
}

// nested combines what every made, which the dialect takes, at random.
func (p *parity) nested(r *rand.Rand, pool []query.Expr, n int) []query.Expr {
	byKind := map[value.Kind][]query.Expr{}
	for _, e := range pool {
		if p.src.Caps().Expr(p.rel, e) == nil {
			byKind[e.Type().Kind] = append(byKind[e.Type().Kind], e)
		}
	}
	pick := func(k value.Kind) query.Expr {
		if es := byKind[k]; len(es) > 0 && r.IntN(4) > 0 {
			return es[r.IntN(len(es))]
		}
		es := p.operands(k)
		return es[r.IntN(len(es))]
	}
	var out []query.Expr
	b := func() query.Expr { return pick(value.Bool) }
	for range n {
		k := scalars[r.IntN(len(scalars))]
		cond := op(query.OpCond, k, b(), pick(k), pick(k))
		var e query.Expr
		switch r.IntN(8) {
		case 0:
			e = op(query.OpAnd, value.Bool, b(), op(query.OpNot, value.Bool, op(query.OpOr, value.Bool, b(), b())))
		case 1:
			e = op(query.OpNot, value.Bool, op(query.OpAnd, value.Bool, b(), b(), b()))
		case 2:
			e = cond
		case 3:
			e = op(compares[r.IntN(6)], value.Bool, cond, pick(k))
		case 4:
			e = op(compares[r.IntN(6)], value.Bool, pick(k), pick(k))
		case 5:
			e = op(query.OpIsUndecided, value.Bool, op(compares[r.IntN(2)], value.Bool, pick(k), pick(k)))
		case 6:
			e = op(query.OpNot, value.Bool, op(query.OpEq, value.Bool, cond, pick(k)))
		default:
			e = op(query.OpNe, value.Bool, b(), op(query.OpOr, value.Bool, b(), b()))
		}
		if len(query.Columns(e)) > 0 {
			out = append(out, e)
		}
	}
	return out
}

func (p *parity) report(t *testing.T) {
	t.Helper()
	refused := 0
	for _, reason := range slices.Sorted(maps.Keys(p.refused)) {
		refused += p.refused[reason]
		t.Logf("%6d refused: %s", p.refused[reason], reason)
	}
	t.Logf("%d taken, %d refused; %d cells decided, %d not", p.taken, refused, p.decided, p.undecided)
	if p.decided < 1000 || p.undecided < 1000 || p.taken < 2*refused {
		t.Error("the comparison proves too little")
	}
}

func TestParity(t *testing.T) {
	t.Parallel()
	EachServer(t, func(t *testing.T, is TestServer) {
		t.Parallel()
		const seed = 20240505
		for name, options := range map[string]string{
			"default": "COLLATE " + is.Folding,
			"pad":     "COLLATE " + is.Padding,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				dsn := testDatabase(t, is, options)
				src := openTest(t, dsn)
				p := newParity(t, src, connectortest.LoadMySQL(t, dsn, connectortest.Fit(connectortest.HostileTable(), is.Engine)))
				all := p.every()
				p.check(t, all)
				p.check(t, p.nested(rand.New(rand.NewPCG(seed, 1)), all, 3000))
				p.report(t)
			})
		}
	})
}

// testDatabase makes a database of the test's own and returns its DSN.
func testDatabase(t *testing.T, is TestServer, options string) string {
	t.Helper()
	dsn := is.DSN
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := connectortest.Unique("mysql_parity")
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name+" "+options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.Background(), "DROP DATABASE "+name); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
		_ = db.Close()
	})
	return dsn[:strings.LastIndex(dsn, "/")+1] + name
}
