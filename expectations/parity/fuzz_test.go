package parity

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/lower"
)

var (
	fuzzPairs   = flag.Int("parity.pairs", 50_000, "expression and row pairs to compare; ASSAY_TEST_SOAK overrides it")
	fuzzVerbose = flag.Bool("parity.rejected", false, "log the expressions that do not compile")
	fuzzSeed    = flag.Uint64("parity.seed", 0, "seed of the draw, 0 for one from the clock; ASSAY_TEST_SEED overrides it")
)

const rowsPerTable = 25

func fuzzSettings(t *testing.T) (pairs int, seed uint64) {
	t.Helper()
	pairs, seed = *fuzzPairs, *fuzzSeed
	if s := os.Getenv("ASSAY_TEST_SOAK"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("ASSAY_TEST_SOAK: %v", err)
		}
		pairs = n
	}
	if s := os.Getenv("ASSAY_TEST_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("ASSAY_TEST_SEED: %v", err)
		}
		seed = n
	}
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	return pairs, seed
}

var fuzzNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// TestFuzzEvaluator compares interpreted cel-go with the evaluator.
func TestFuzzEvaluator(t *testing.T) {
	pairs, seed := fuzzSettings(t)
	t.Logf("seed %d, %d pairs", seed, pairs)
	g := &gen{r: rand.New(rand.NewPCG(seed, 1))}
	var st stats
	for st.pairs < pairs {
		fuzzTable(t, g, g.table(rowsPerTable), 40, &st)
	}
	t.Logf("seed %d: %+v", seed, st)
	st.guard(t)
}

// fuzzTable compares n expressions over a table.
func fuzzTable(t *testing.T, g *gen, tab *table, n int, st *stats) {
	t.Helper()
	for range n {
		k := kBool
		if g.one(4) {
			k = g.kinds(kInt, kUint, kDouble, kDecimal, kString, kTime, kSpan, kBytes)
		}
		st.tried++
		text := g.expr(k, 1+g.r.IntN(4))
		e, ok := compileFuzz(text, tab)
		if !ok {
			st.rejected++
			if *fuzzVerbose {
				_, list := lang.CompileRowValue(diag.Text{Value: text}, lang.Scope{Row: &tab.rel, Now: fuzzNow})
				t.Logf("rejected: %s\n  %v", text, list)
			}
			continue
		}
		if msg := compare(e, tab, st); msg != "" {
			text, msg = shrink(text, tab, msg)
			t.Errorf("%s\n%s", text, msg)
			if st.failures++; st.failures > 20 {
				t.FailNow()
			}
		}
	}
}

// stats counts what the draw covered: a fuzzer whose outcomes are all alike proves nothing.
type stats struct {
	tried, rejected, pairs, failures int
	yes, no, undecided, values       int
	locals, expressions              int
	asked, taken                     int // of a store
}

func (s *stats) guard(t *testing.T) {
	t.Helper()
	total := s.yes + s.no + s.undecided
	for name, n := range map[string]int{"true": s.yes, "false": s.no, "undecided": s.undecided} {
		if n*20 < total {
			t.Errorf("only %d of %d outcomes are %s: the draw is degenerate", n, total, name)
		}
	}
	if s.rejected*10 > s.tried {
		t.Errorf("%d of %d expressions do not compile: the generator and the checker disagree", s.rejected, s.tried)
	}
	if s.locals*2 > s.expressions {
		t.Errorf("%d of %d expressions hold a local part: the evaluator is hardly tested", s.locals, s.expressions)
	}
	if s.taken*10 < s.asked*7 {
		t.Errorf("the store takes only %d of %d expressions", s.taken, s.asked)
	}
	if s.values*20 < s.pairs {
		t.Errorf("only %d of %d pairs compare values", s.values, s.pairs)
	}
}

func compileFuzz(text string, tab *table) (*lang.RowExpr, bool) {
	e, list := lang.CompileRowValue(diag.Text{Value: text}, lang.Scope{Row: &tab.rel, Now: fuzzNow})
	return e, len(list) == 0
}

// outcomeText writes an outcome so that equal ones are equal texts.
func outcomeText(v value.Value, ok bool) string {
	switch {
	case !ok:
		return "error"
	case v.IsNull():
		return "null"
	}
	switch v.Kind() {
	case value.Double:
		if math.IsNaN(v.Double()) {
			return "double NaN"
		}
		return fmt.Sprintf("double %s", strconv.FormatFloat(v.Double(), 'g', -1, 64))
	case value.Decimal:
		return "decimal " + v.Decimal().String()
	case value.Bool:
		return fmt.Sprint(v.Bool())
	case value.Int:
		return fmt.Sprintf("int %d", v.Int())
	case value.Uint:
		return fmt.Sprintf("uint %d", v.Uint())
	case value.Timestamp, value.LocalTimestamp:
		return v.Kind().String() + " " + v.Time().Format(time.RFC3339Nano)
	case value.Duration:
		return "duration " + v.Duration().String()
	}
	return fmt.Sprintf("%s %q", v.Kind(), v.Str())
}

// oracle evaluates an expression by interpreted cel-go.
func oracle(e *lang.RowExpr, tab *table, row int) (value.Value, bool) {
	cols := e.Columns()
	cells, bad := make([]value.Value, len(cols)), make([]bool, len(cols))
	for i, c := range cols {
		cells[i], bad[i] = tab.cells[row][c.Index], tab.bad[row][c.Index]
	}
	v, err := e.Eval(cells, bad)
	return v, err == nil
}

// compare returns what disagrees, "" for nothing.
func compare(e *lang.RowExpr, tab *table, st *stats) string {
	x := lower.Row(e)
	isBool := e.Type().Kind == value.Bool
	if isBool || e.Dynamic(e.AST().Expr()) {
		x = lower.Condition(e)
	}
	p, err := eval.Compile([]query.Expr{x}, tab.cols)
	if err != nil {
		return fmt.Sprintf("eval.Compile: %v", err)
	}
	outs, err := p.Run(&tab.batch)
	if err != nil {
		return fmt.Sprintf("eval.Run: %v", err)
	}
	st.expressions++
	if query.HasLocal(x) {
		st.locals++
	}
	var stored []string
	if tab.store != nil && x.Type().Kind == value.Bool {
		if stored, err = tab.store.outcomes(tab.rel, x); err != nil {
			return fmt.Sprintf("  the store fails: %v\n  lowered: %s", err, query.String(x))
		}
		st.asked++
		if stored != nil {
			st.taken++
		}
	}
	for row := range tab.batch.N {
		want, ok := oracle(e, tab, row)
		if x.Type().Kind == value.Bool && ok && want.Kind() != value.Bool && !want.IsNull() {
			ok = false // a condition that is no bool
		}
		got, gotOK := outs[0].Value(row), !outs[0].IsErr(row)
		st.pairs++
		switch {
		case x.Type().Kind != value.Bool:
			st.values++
		case !ok || want.IsNull():
			st.undecided++
		case want.Bool():
			st.yes++
		default:
			st.no++
		}
		if w, g := outcomeText(want, ok), outcomeText(got, gotOK); w != g {
			return fmt.Sprintf("  row %d: cel-go says %s, the evaluator %s\n  lowered: %s\n%s", row, w, g, query.String(x), describeRow(e, tab, row))
		}
		if stored != nil {
			w := outcomeText(want, ok)
			if w == "error" || w == "null" {
				w = "undecided"
			}
			if w != stored[row] {
				return fmt.Sprintf("  row %d: cel-go says %s, the store %s\n  lowered: %s\n  %s\n%s", row, w, stored[row], query.String(x), tab.store.statement(tab.rel, x), describeRow(e, tab, row))
			}
		}
	}
	return ""
}

func describeRow(e *lang.RowExpr, tab *table, row int) string {
	var b strings.Builder
	for _, c := range e.Columns() {
		fmt.Fprintf(&b, "    %s = %s\n", c.Col.Name, outcomeText(tab.cells[row][c.Index], !tab.bad[row][c.Index]))
	}
	return b.String()
}

// shrink looks for a smaller part of the expression that disagrees too: any parenthesised or
// argument stretch that compiles by itself.
func shrink(text string, tab *table, msg string) (string, string) {
	for {
		smaller := false
		for _, part := range parts(text) {
			e, ok := compileFuzz(part, tab)
			if !ok {
				continue
			}
			var st stats
			if m := compare(e, tab, &st); m != "" {
				text, msg, smaller = part, m, true
				break
			}
		}
		if !smaller {
			return text, msg
		}
	}
}

// parts returns the stretches of an expression between brackets, commas and operators, shortest first.
func parts(text string) []string {
	var cuts []int
	depthAt := make([]int, len(text)+1)
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		depthAt[i] = depth
		if quoted {
			switch c {
			case '\\':
				i++
				if i < len(text) {
					depthAt[i] = depth
				}
			case '"':
				quoted = false
			}
			continue
		}
		switch c {
		case '"':
			quoted = true
		case '(', '[':
			depth++
			cuts = append(cuts, i+1)
		case ')', ']':
			cuts = append(cuts, i, i+1)
			depth--
		case ' ', ',', '.', '!', '-':
			cuts = append(cuts, i, i+1)
		}
	}
	cuts = append(cuts, 0, len(text))
	var out []string
	for _, a := range cuts {
		for _, b := range cuts {
			if s := strings.TrimSpace(text[min(a, b):max(a, b)]); a < b && len(s) > 0 && len(s) < len(text) && strings.Contains(s, "row.") {
				out = append(out, s)
			}
		}
	}
	if len(out) > 400 {
		out = out[:400]
	}
	sortByLength(out)
	return out
}

func sortByLength(ss []string) {
	for i := 1; i < len(ss); i++ {
		for j := i; j > 0 && len(ss[j]) < len(ss[j-1]); j-- {
			ss[j], ss[j-1] = ss[j-1], ss[j]
		}
	}
}
