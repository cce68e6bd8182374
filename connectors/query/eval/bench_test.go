package eval_test

import (
	"math/rand/v2"
	"testing"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
)

// BenchmarkPredicate evaluates a > 5 && s == "x" || d * q <= t && c != null over a
// million distinct rows with nulls and errors, in batches of 4,096; an op is a million rows.
func BenchmarkPredicate(b *testing.B) {
	const rows, size = 1_000_000, 4096
	cols := columns(value.Int, value.String, value.Decimal, value.Int, value.Decimal, value.Timestamp)
	var batches []*value.Batch
	r := rand.New(rand.NewPCG(1, 2))
	for n := 0; n < rows; n += size {
		m := min(size, rows-n)
		batch := value.NewBatch(types(cols)...)
		for i := range m {
			for c := range batch.Cols {
				v := &batch.Cols[c]
				switch k := r.IntN(100); {
				case k < 5:
					v.AppendNull()
					continue
				case k == 5:
					v.AppendErr()
					continue
				}
				switch v.Type.Kind {
				case value.Int:
					v.AppendInt(r.Int64N(12))
				case value.String:
					v.AppendString([]string{"x", "y", "xx", "longer text"}[r.IntN(4)])
				case value.Decimal:
					v.AppendDecimal(value.NewDec(r.Int64N(100_000), 2))
				default:
					v.AppendTimestamp(int64(n+i), 0)
				}
			}
			batch.N++
		}
		batches = append(batches, batch)
	}
	pred := or(
		and(call(query.OpGt, value.Bool, cols[0], intLit(5)), call(query.OpEq, value.Bool, cols[1], strLit("x"))),
		and(call(query.OpLe, value.Bool, call(query.OpMul, value.Decimal, cols[2], cols[3]), cols[4]), call(query.OpNe, value.Bool, cols[5], null())),
	)
	p, err := eval.Compile([]query.Expr{pred}, cols)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, batch := range batches {
			if _, err := p.RunTruth(batch); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds()/1e6, "Mrows/s")
}
