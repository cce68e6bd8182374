package parity

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"cel.dev/cel-go/cel"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/lower"
)

const (
	benchRows   = 1_000_000
	benchBatch  = 4096
	benchRounds = 5
)

// benchExpr has an error where the quotient's divisor is 0 and where a null is ordered.
const benchExpr = `row.qty / row.div > 2 && row.status == "paid" || row.price > 50.0 && row.note != null`

// BenchmarkEvaluator compares the evaluator with interpreted cel-go over the same million distinct rows with nulls and
// errors: our own oracle (RowExpr.Eval), and plain cel-go as a user would write it, with a map for a row. Both sides judge
// every row, and must agree on the counts.
func BenchmarkEvaluator(b *testing.B) {
	schema := value.Schema{Columns: []value.Column{
		{Name: "id", Type: value.Of(value.Int)},
		{Name: "qty", Type: value.Of(value.Int)},
		{Name: "div", Type: value.Of(value.Int)},
		{Name: "status", Type: value.Of(value.String)},
		{Name: "price", Type: value.Of(value.Double)},
		{Name: "note", Type: value.Of(value.String)},
	}}
	rel := query.Relation{Dataset: query.Dataset{Name: "bench", Table: "bench"}, Schema: schema}
	expr, found := lang.CompileRow(diag.Text{Value: benchExpr}, lang.Scope{Row: &rel, Now: time.Now()})
	if found.HasErrors() {
		b.Fatal(found)
	}
	cols := expr.Columns()
	batches := benchData(cols)
	want := evaluate(b, lower.Condition(expr), cols, batches)
	if slices.Contains(want[:], 0) {
		b.Fatalf("degenerate: %v", want)
	}
	plain := interpreterOf(b)
	for b.Loop() {
		ours := medianOf(func() { same(b, want, evaluate(b, lower.Condition(expr), cols, batches)) })
		oracle := medianOf(func() { same(b, want, interpret(expr, batches)) })
		interpreted := medianOf(func() { same(b, want, plain(cols, batches)) })
		b.ReportMetric(float64(oracle)/float64(ours), "x-oracle")
		b.ReportMetric(float64(interpreted)/float64(ours), "x-cel-go")
		b.ReportMetric(benchRows/ours.Seconds()/1e6, "Mrows/s")
	}
}

func medianOf(f func()) time.Duration {
	var took []time.Duration
	for range benchRounds {
		began := time.Now()
		f()
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[benchRounds/2]
}

func same(b *testing.B, want, got [3]int) {
	b.Helper()
	if want != got {
		b.Fatalf("true, false, undecided: %v and %v", want, got)
	}
}

// benchData is a million rows, each different by its numbers.
func benchData(cols []*query.Column) []*value.Batch {
	r := rand.New(rand.NewPCG(7, 11))
	var batches []*value.Batch
	types := make([]value.Type, len(cols))
	for i, c := range cols {
		types[i] = c.Col.Type
	}
	for n := 0; n < benchRows; n += benchBatch {
		batch := value.NewBatch(types...)
		for i := range min(benchBatch, benchRows-n) {
			for c := range cols {
				v := &batch.Cols[c]
				if r.IntN(20) == 0 {
					v.AppendNull()
					continue
				}
				switch cols[c].Col.Name {
				case "qty":
					v.AppendInt(int64(n + i))
				case "div":
					v.AppendInt(r.Int64N(1000) * r.Int64N(8))
				case "status":
					v.AppendString([]string{"paid", "new", "cancelled"}[r.IntN(3)])
				case "price":
					v.AppendDouble(float64(r.IntN(10_000)) / 100)
				default:
					v.AppendString(fmt.Sprintf("note %d", n+i))
				}
			}
			batch.N++
		}
		batches = append(batches, batch)
	}
	return batches
}

func evaluate(b *testing.B, pred query.Expr, cols []*query.Column, batches []*value.Batch) [3]int {
	b.Helper()
	p, err := eval.Compile([]query.Expr{pred}, cols)
	if err != nil {
		b.Fatal(err)
	}
	var n [3]int
	for _, batch := range batches {
		ts, err := p.RunTruth(batch)
		if err != nil {
			b.Fatal(err)
		}
		yes, und := ones(ts[0].True, batch.N), ones(ts[0].Undecided, batch.N)
		n[0] += yes
		n[1] += batch.N - yes - und
		n[2] += und
	}
	return n
}

// ones counts the bits of the first n.
func ones(m value.Bitmap, n int) int {
	total := 0
	for i, w := range m {
		if rest := n - i*64; rest < 64 {
			w &= 1<<max(rest, 0) - 1
		}
		total += bits.OnesCount64(w)
	}
	return total
}

// interpret judges every row by the oracle.
func interpret(expr *lang.RowExpr, batches []*value.Batch) [3]int {
	var n [3]int
	var cells []value.Value
	for _, batch := range batches {
		for i := range batch.N {
			cells = cells[:0]
			for c := range batch.Cols {
				cells = append(cells, batch.Cols[c].Value(i))
			}
			v, err := expr.Eval(cells, nil)
			count(&n, v.Bool(), err)
		}
	}
	return n
}

func count(n *[3]int, holds bool, err error) {
	switch {
	case err != nil:
		n[2]++
	case holds:
		n[0]++
	default:
		n[1]++
	}
}

// interpreterOf is cel-go as its documentation shows it: nullable variables, one map a row.
func interpreterOf(b *testing.B) func([]*query.Column, []*value.Batch) [3]int {
	b.Helper()
	env, err := cel.NewEnv(cel.Variable("row", cel.MapType(cel.StringType, cel.DynType)))
	if err != nil {
		b.Fatal(err)
	}
	ast, issues := env.Compile(benchExpr)
	if issues.Err() != nil {
		b.Fatal(issues.Err())
	}
	prog, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		b.Fatal(err)
	}
	return func(cols []*query.Column, batches []*value.Batch) [3]int {
		var n [3]int
		row := map[string]any{}
		vars := map[string]any{"row": row}
		for _, batch := range batches {
			for i := range batch.N {
				for c := range cols {
					row[cols[c].Col.Name] = native(&batch.Cols[c], i)
				}
				out, _, err := prog.Eval(vars)
				holds := false
				if err == nil {
					holds, _ = out.Value().(bool)
				}
				count(&n, holds, err)
			}
		}
		return n
	}
}

func native(v *value.Vector, i int) any {
	if v.IsNull(i) {
		return nil
	}
	switch v.Type.Kind {
	case value.Int:
		return v.Ints[i]
	case value.Double:
		return v.Floats[i]
	default:
		return string(v.Bytes(i))
	}
}
