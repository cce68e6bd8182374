package canon_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// BenchmarkRun compares vectors that are the same, as nearly all are.
func BenchmarkRun(b *testing.B) {
	const rows = 4096
	for _, c := range []struct {
		name string
		l, r value.Column
		cell func(i int64) (l, r value.Value)
	}{
		{"int", col(value.Int), col(value.Int), func(i int64) (l, r value.Value) { return num(i), num(i) }},
		{"int beside decimal", col(value.Int), col(value.Decimal), func(i int64) (l, r value.Value) { return num(i), value.DecimalValue(value.NewDec(i, 0)) }},
		{"decimal", col(value.Decimal, digits(2)), col(value.Decimal, digits(2)), func(i int64) (l, r value.Value) {
			return value.DecimalValue(value.NewDec(i, 2)), value.DecimalValue(value.NewDec(i, 2))
		}},
		{"double beside decimal", col(value.Double), col(value.Decimal, digits(2)), func(i int64) (l, r value.Value) {
			return dbl(float64(i) / 100), value.DecimalValue(value.NewDec(i, 2))
		}},
		{"text", col(value.String), col(value.String), func(i int64) (l, r value.Value) {
			s := text(fmt.Sprintf("row %d of many", i))
			return s, s
		}},
		{"day", col(value.Timestamp, shaped(value.Date)), col(value.Timestamp, shaped(value.Date)), func(i int64) (l, r value.Value) {
			at := value.TimestampValue(time.Unix(i*86400, 0))
			return at, at
		}},
		{"instant, one side cut", col(value.Timestamp, digits(6)), col(value.Timestamp, res(value.Resolution{Digits: 3, Truncates: true})), func(i int64) (l, r value.Value) {
			return value.TimestampValue(time.Unix(i, 123_456_000)), value.TimestampValue(time.Unix(i, 123_000_000))
		}},
		{"uuid beside upper case", col(value.String, shaped(value.UUID)), col(value.String), func(int64) (l, r value.Value) {
			return text(uuidText), text("6BA7B810-9DAD-11D1-80B4-00C04FD430C8")
		}},
		{"document", col(value.JSON), col(value.JSON), func(i int64) (l, r value.Value) {
			return js(fmt.Sprintf(`{"a": %d, "b": [1, 2]}`, i)), js(fmt.Sprintf(`{"b":[1,2],"a":%d}`, i))
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			f := pair(b, c.l, c.r, canon.Options{})
			l, r := vec(c.l), vec(c.r)
			for i := range int64(rows) {
				x, y := c.cell(i)
				l.AppendValue(x)
				r.AppendValue(y)
			}
			differ := make(value.Bitmap, value.Words(rows))
			b.ReportAllocs()
			for b.Loop() {
				f.Run(l, 0, r, 0, rows, differ)
			}
			if differ[0] != 0 {
				b.Fatal("they differ")
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}
