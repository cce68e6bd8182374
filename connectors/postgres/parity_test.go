package postgres

import (
	"errors"
	"fmt"
	"math"
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

// parityCase is an expression and, once both sides have answered, what they said.
type parityCase struct {
	e    query.Expr
	want *value.Vector
}

func lit(v value.Value) query.Expr { return &query.Literal{Val: v, Typ: v.Type()} }

func decLit(s string) query.Expr {
	d, err := value.ParseDec(s)
	if err != nil {
		panic(err)
	}
	return lit(value.DecimalValue(d))
}

func call(op query.Op, k value.Kind, args ...query.Expr) query.Expr {
	return &query.Call{Op: op, Args: args, Typ: value.Of(k)}
}

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t
}

// operands returns columns and literals of each kind.
func operands(rel query.Relation) map[value.Kind][]query.Expr {
	out := map[value.Kind][]query.Expr{}
	for i, c := range rel.Schema.Columns {
		if c.Unusable == "" && c.Name != "id" {
			out[c.Type.Kind] = append(out[c.Type.Kind], &query.Column{Index: i, Col: c})
		}
	}
	for _, i := range []int64{0, 1, -1, 2, -7, 100, math.MaxInt64, math.MinInt64, 1 << 31, 1 << 53} {
		out[value.Int] = append(out[value.Int], lit(value.IntValue(i)))
	}
	for _, u := range []uint64{0, 3, math.MaxUint64} {
		out[value.Uint] = append(out[value.Uint], lit(value.UintValue(u)))
	}
	for _, f := range []float64{0, math.Copysign(0, -1), 1, -1.5, 0.1, 1e308, -1e308, 5e-324, 1e200, 1e-200, 3, 1e16, 9007199254740993, math.Inf(1)} {
		out[value.Double] = append(out[value.Double], lit(value.DoubleValue(f)))
	}
	for _, s := range []string{"0", "1.5", "-0.01", "0.1", "9223372036854775807.5", "12345678901234567890123456789012345678", "3"} {
		out[value.Decimal] = append(out[value.Decimal], decLit(s))
	}
	for _, s := range []string{"", "a", "abc", "ABC", "%", "_", `\`, "é", "😀", "'", "c", " ", "b", "ab ", "0f0e0d0c-0b0a-4908-8706-050403020100", "paid", "ß"} {
		out[value.String] = append(out[value.String], lit(value.StringValue(s)))
	}
	for _, s := range []string{"", "abc", "\x80", "\x00"} {
		out[value.Bytes] = append(out[value.Bytes], lit(value.BytesValue([]byte(s))))
	}
	for _, s := range []string{
		"2024-05-05T12:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.5Z", "2024-05-05T12:00:00.123456789Z", "1969-12-31T23:59:59.9999991Z", "2024-02-29T00:00:00Z",
	} {
		out[value.Timestamp] = append(out[value.Timestamp], lit(value.TimestampValue(instant(s))))
		out[value.LocalTimestamp] = append(out[value.LocalTimestamp], lit(value.LocalTimestampValue(instant(s))))
	}
	for _, d := range []time.Duration{0, time.Second, -time.Microsecond, 24 * time.Hour, 12 * time.Hour, time.Nanosecond, math.MaxInt64 / 1000 * 1000, math.MinInt64/1000*1000 + 1000} {
		out[value.Duration] = append(out[value.Duration], lit(value.DurationValue(d)))
	}
	for _, b := range []bool{true, false} {
		out[value.Bool] = append(out[value.Bool], lit(value.BoolValue(b)))
	}
	return out
}

// parityExprs returns every operator over every pair of operands, at least one of which is a column.
func parityExprs(rel query.Relation) []query.Expr {
	ops := operands(rel)
	var out []query.Expr
	isLit := func(e query.Expr) bool {
		found := false
		query.Walk(e, func(x query.Expr) bool {
			_, ok := x.(*query.Column)
			found = found || ok
			return !found
		})
		return !found
	}
	add := func(op query.Op, k value.Kind, args ...query.Expr) {
		for _, a := range args {
			if !isLit(a) {
				out = append(out, call(op, k, args...))
				return
			}
		}
	}
	compares := []query.Op{query.OpEq, query.OpNe, query.OpLt, query.OpLe, query.OpGt, query.OpGe}
	kinds := []value.Kind{value.Bool, value.Int, value.Uint, value.Double, value.Decimal, value.String, value.Bytes, value.Timestamp, value.LocalTimestamp, value.Duration}
	for _, k := range kinds {
		for _, l := range kinds {
			if k != l && (!isNumber(k) || !isNumber(l)) {
				continue
			}
			for _, a := range ops[k] {
				for _, b := range ops[l] {
					for _, op := range compares {
						add(op, value.Bool, a, b)
					}
				}
			}
		}
		for _, a := range ops[k] {
			n := min(len(ops[k]), 12)
			var list []query.Expr
			for _, b := range ops[k] {
				if isLit(b) && len(list) < n {
					list = append(list, b)
				}
			}
			add(query.OpIn, value.Bool, append([]query.Expr{a}, list...)...)
			add(query.OpIn, value.Bool, a, list[0], lit(value.NullValue()))
			add(query.OpNot, value.Bool, call(query.OpIn, value.Bool, append([]query.Expr{a}, list...)...))
			for _, op := range []query.Op{query.OpEq, query.OpNe} {
				add(op, value.Bool, a, lit(value.NullValue()))
			}
		}
	}
	arith := []query.Op{query.OpAdd, query.OpSub, query.OpMul, query.OpDiv, query.OpMod}
	for _, k := range []value.Kind{value.Int, value.Double, value.Decimal} {
		for _, a := range ops[k] {
			for _, b := range ops[k] {
				for _, op := range arith {
					add(op, k, a, b)
				}
				add(query.OpGreatest, k, a, b)
				add(query.OpLeast, k, a, b)
			}
			for _, op := range []query.Op{query.OpNeg, query.OpAbs, query.OpSign, query.OpCeil, query.OpFloor, query.OpRound, query.OpTrunc} {
				add(op, k, a)
			}
			for _, op := range []query.Op{query.OpIsNaN, query.OpIsInf, query.OpIsFinite} {
				add(op, value.Bool, a)
			}
			if k != value.Decimal {
				for _, b := range ops[value.Decimal] {
					for _, op := range arith {
						add(op, value.Decimal, a, b)
						add(op, value.Decimal, b, a)
					}
				}
			}
			add(query.OpToInt, value.Int, a)
			add(query.OpToDouble, value.Double, a)
			add(query.OpToDecimal, value.Decimal, a)
			add(query.OpToString, value.String, a)
			add(query.OpToTimestamp, value.Timestamp, a)
			for _, b := range ops[value.Uint] {
				for _, op := range compares {
					add(op, value.Bool, call(query.OpToUint, value.Uint, a), b)
				}
				for _, op := range arith {
					add(query.OpLt, value.Bool, call(op, value.Uint, call(query.OpToUint, value.Uint, a), b), b)
				}
			}
		}
	}
	for _, a := range ops[value.String] {
		for _, b := range ops[value.String] {
			for _, op := range []query.Op{query.OpContains, query.OpStartsWith, query.OpEndsWith} {
				add(op, value.Bool, a, b)
			}
			add(query.OpAdd, value.String, a, b)
			add(query.OpIndexOf, value.Int, a, b)
			add(query.OpLastIndexOf, value.Int, a, b)
			add(query.OpReplace, value.String, a, b, lit(value.StringValue("<>")))
		}
		for _, op := range []query.Op{query.OpLowerASCII, query.OpUpperASCII, query.OpTrim, query.OpReverse, query.OpToString} {
			add(op, value.String, a)
		}
		add(query.OpSize, value.Int, a)
		add(query.OpToInt, value.Int, a)
		add(query.OpToBytes, value.Bytes, a)
		for _, i := range ops[value.Int] {
			add(query.OpCharAt, value.String, a, i)
			add(query.OpSubstring, value.String, a, i)
			for _, j := range ops[value.Int] {
				add(query.OpSubstring, value.String, a, i, j)
			}
		}
	}
	for _, a := range ops[value.Bytes] {
		add(query.OpSize, value.Int, a)
		for _, b := range ops[value.Bytes] {
			add(query.OpAdd, value.Bytes, a, b)
		}
	}
	for _, a := range ops[value.List] {
		add(query.OpSize, value.Int, a)
	}
	for _, k := range []value.Kind{value.Timestamp, value.LocalTimestamp} {
		for _, a := range ops[k] {
			for _, d := range ops[value.Duration] {
				add(query.OpAdd, k, a, d)
				add(query.OpAdd, k, d, a)
				add(query.OpSub, k, a, d)
			}
			for _, b := range ops[k] {
				add(query.OpSub, value.Duration, a, b)
			}
			for op := query.OpFullYear; op <= query.OpMilliseconds; op++ {
				add(op, value.Int, a)
				add(op, value.Int, a, lit(value.StringValue("-09:30")))
			}
			add(query.OpToInt, value.Int, a)
		}
	}
	for _, a := range ops[value.Duration] {
		for _, b := range ops[value.Duration] {
			add(query.OpAdd, value.Duration, a, b)
			add(query.OpSub, value.Duration, a, b)
		}
		add(query.OpNeg, value.Duration, a)
		add(query.OpAbs, value.Duration, a)
	}
	// Conditions over errors and nulls.
	for _, n := range []value.Kind{value.Int, value.Double, value.Decimal, value.Timestamp} {
		a, b := ops[n][0], ops[n][min(1, len(ops[n])-1)]
		cond := call(query.OpLt, value.Bool, a, b)
		add(query.OpNot, value.Bool, cond)
		add(query.OpAnd, value.Bool, cond, call(query.OpNe, value.Bool, a, b))
		add(query.OpOr, value.Bool, call(query.OpNot, value.Bool, cond), call(query.OpEq, value.Bool, a, b))
		add(query.OpCond, n, cond, a, b)
		add(query.OpEq, value.Bool, call(query.OpCond, n, cond, a, b), b)
		add(query.OpIsUndecided, value.Bool, cond)
	}
	return out
}

// TestParity compares the server's answer with the evaluator's for every operator over every pair of
// hostile operands, row by row.
func TestParity(t *testing.T) {
	for _, locale := range []connectortest.Locale{connectortest.LocaleC, connectortest.LocaleICU} {
		t.Run(string(locale), func(t *testing.T) {
			dsn := connectortest.PostgresDatabase(t, locale)
			tb := connectortest.Fit(connectortest.HostileTable(), connectortest.EnginePostgres)
			ds := connectortest.LoadPostgres(t, dsn, tb)
			s := openDSN(t, dsn)
			rel := describe(t, s, ds)
			parity(t, s, rel)
		})
	}
}

func parity(t *testing.T, s *Source, rel query.Relation) {
	t.Helper()
	cols := columns(rel)
	batches := readAll(t, s, query.Select{From: rel, Columns: cols, OrderByKey: true})
	if len(batches) != 1 || batches[0].N < 50 {
		t.Fatalf("%d batches", len(batches))
	}
	rows := batches[0]
	refused := map[string]int{}
	var cases []parityCase
	total := 0
	for _, e := range parityExprs(rel) {
		p, err := eval.Compile([]query.Expr{e}, cols)
		if err != nil {
			continue // not an expression of the language
		}
		total++
		if r := s.Caps().Expr(rel, e); r != nil {
			refused[r.Reason]++
			continue
		}
		out, err := p.Run(rows)
		if err != nil {
			t.Fatalf("%s: %v", query.String(e), err)
		}
		var v value.Vector
		v.Reset(out[0].Type)
		for i := range out[0].N {
			v.AppendFrom(out[0], i)
		}
		if v.Type.Kind == value.Uint {
			continue
		}
		cases = append(cases, parityCase{e, &v})
	}
	if total < 400 || len(cases) < total/2 {
		t.Errorf("%d of %d expressions are pushed down", len(cases), total)
	}
	for reason, n := range refused {
		t.Logf("%5d %s", n, reason)
	}
	t.Logf("%d expressions, %d pushed down", total, len(cases))
	decided, undecided := 0, 0
	for start := 0; start < len(cases); start += 25 {
		d, u := compareAll(t, s, rel, rows, cases[start:min(start+25, len(cases))])
		decided, undecided = decided+d, undecided+u
	}
	if decided == 0 || undecided == 0 {
		t.Errorf("%d cells decided, %d not: the comparison proves nothing", decided, undecided)
	}
}

// compareAll selects the expressions for all rows in one statement, or one by one when it fails.
func compareAll(t *testing.T, s *Source, rel query.Relation, rows *value.Batch, cases []parityCase) (decided, undecided int) {
	t.Helper()
	w := sqlgen.NewWriter(dialect{})
	var outs []output
	var texts []string
	for _, c := range cases {
		o, refusal := w.Expr(c.e)
		if refusal != nil {
			t.Fatal(refusal)
		}
		text := dialect{}.Output(o)
		typ := c.want.Type
		if typ.Kind == value.Bool { // as a condition too
			tr, refusal := w.Truth(c.e)
			if refusal != nil {
				t.Fatal(refusal)
			}
			text = "CASE WHEN ((" + tr.SQL + ") IS TRUE) = ((" + o.SQL + ") IS TRUE) THEN (" + o.SQL + ")::text ELSE 'differs as a condition' END"
			typ = value.Of(value.String)
		}
		meta := (*columnMeta)(nil)
		if o.Col != nil {
			meta, _ = o.Col.Col.Meta.(*columnMeta)
		}
		outs = append(outs, output{typ: typ, meta: meta})
		texts = append(texts, text)
	}
	from, err := sqlgen.From(dialect{}, rel.Dataset, "t")
	if err != nil {
		t.Fatal(err)
	}
	st := w.Finish("SELECT " + strings.Join(texts, ", ") + " FROM " + from + " ORDER BY t.id")
	got, err := s.all(t.Context(), "parity", bind(st, outs))
	if err != nil {
		if len(cases) == 1 {
			t.Errorf("%s raises: %v\n%s", query.String(cases[0].e), err, st.Text)
			return 0, 0
		}
		for _, c := range cases {
			d, u := compareAll(t, s, rel, rows, []parityCase{c})
			decided, undecided = decided+d, undecided+u
		}
		return decided, undecided
	}
	for n, c := range cases {
		for i := range got.N {
			want := "undecided"
			if !c.want.IsErr(i) && !c.want.IsNull(i) {
				want = c.want.Value(i).Text()
				decided++
			} else {
				undecided++
			}
			have := "undecided"
			if !got.Cols[n].IsErr(i) && !got.Cols[n].IsNull(i) {
				have = got.Cols[n].Value(i).Text()
			}
			if want != have {
				t.Errorf("%s, row %d: server %.80s, here %.80s (%s)", query.String(c.e), i, have, want, rowText(rows, i, c.e, columns(rel)))
				break
			}
		}
	}
	return decided, undecided
}

func rowText(rows *value.Batch, i int, e query.Expr, cols []*query.Column) string {
	var parts []string
	query.Walk(e, func(x query.Expr) bool {
		if c, ok := x.(*query.Column); ok {
			for n, col := range cols {
				if col.Index == c.Index {
					parts = append(parts, fmt.Sprintf("%s=%.60s", c.Col.Name, cellText(&rows.Cols[n], i)))
				}
			}
		}
		return true
	})
	return strings.Join(parts, " ")
}

func TestReadOnly(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	run(t, c, `CREATE TABLE `+ns+`.t (id int)`, `CREATE SEQUENCE `+ns+`.q`,
		`CREATE FUNCTION `+ns+`.f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO `+ns+`.t VALUES (1); RETURN 1; END $$`,
		`CREATE FUNCTION `+ns+`.g() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('transaction_read_only', 'off', false); INSERT INTO `+ns+`.t VALUES (1); RETURN 1; END $$`)
	s := openDSN(t, dsn)
	for _, q := range []string{
		"SELECT " + ns + ".f() AS x", "SELECT nextval('" + ns + ".q') AS x", "SELECT " + ns + ".g() AS x",
		"WITH w AS (INSERT INTO " + ns + ".t VALUES (1) RETURNING id) SELECT id AS x FROM w", "SELECT 1 AS x) AS t; INSERT INTO " + ns + ".t VALUES (1); SELECT (1",
	} {
		d := query.Dataset{Name: "w", Query: q}
		schema, err := s.Describe(t.Context(), d)
		if err == nil {
			rel := query.Relation{Dataset: d, Schema: schema}
			var r connectors.Rows
			if r, err = s.Select(t.Context(), query.Select{From: rel, Columns: columns(rel)}); err == nil {
				_, err = r.Next(t.Context())
				err = errors.Join(err, r.Close())
			}
		}
		if err == nil {
			t.Errorf("%s was not refused", q)
		}
	}
	var n int
	if err := c.QueryRow(t.Context(), `SELECT count(*) FROM `+ns+`.t`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows were written (%v)", n, err)
	}
}
