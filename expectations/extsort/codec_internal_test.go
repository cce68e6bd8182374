package extsort

import (
	"testing"

	"github.com/assay-dev/assay/connectors/value"
)

// FuzzDecode must not fail otherwise than by an error, nor ask for more memory than a block deserves.
func FuzzDecode(f *testing.F) {
	types := []value.Type{
		value.Of(value.Bool), value.Of(value.Int), value.Of(value.Uint), value.Of(value.Double), value.Of(value.Decimal), value.Of(value.String),
		value.Of(value.Timestamp), value.ListOf(value.Of(value.Int)),
	}
	b := value.NewBatch(types...)
	b.AppendRow(value.BoolValue(true), value.IntValue(-5), value.UintValue(7), value.DoubleValue(1.5), value.DecimalValue(value.NewDec(15, 1)),
		value.StringValue("text"), value.Value{}, value.ListValue(value.Of(value.Int), value.IntValue(1), value.ListValue(value.Of(value.Bool))))
	b.AppendRow()
	block := appendBatch(nil, b)
	f.Add(block)
	for i := range block {
		f.Add(block[:i])
	}
	out := value.NewBatch(types...)
	if err := decodeBatch(block, out); err != nil || out.N != b.N {
		f.Fatalf("%d rows, %v", out.N, err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		out := value.NewBatch(types...)
		if decodeBatch(data, out) != nil {
			return
		}
		for c := range out.Cols {
			if out.Cols[c].N != out.N {
				t.Fatalf("column %d has %d of %d rows", c, out.Cols[c].N, out.N)
			}
		}
	})
}
