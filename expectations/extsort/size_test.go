package extsort_test

import (
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/extsort"
)

// TestGauge measures a growing batch as Size does, looking at rows once: what is exchanged behind its back stays unseen.
func TestGauge(t *testing.T) {
	texts := value.Of(value.String)
	b := value.NewBatch(value.Of(value.Int), value.ListOf(texts), value.ListOf(texts), texts)
	var g extsort.Gauge
	for i := range 200 {
		list := value.ListValue(texts, value.StringValue(strings.Repeat("x", i)), value.StringValue("y"))
		b.AppendRow(value.IntValue(int64(i)), list, value.Value{}, value.StringValue("z"))
		if i%7 > 0 {
			continue
		}
		if got, want := g.Size(b), extsort.Size(b); got != want || want < int64(i) {
			t.Fatalf("%d rows: %d, want %d", i+1, got, want)
		}
	}
	before := g.Size(b)
	b.Cols[1].Lists[3] = []value.Value{value.StringValue(strings.Repeat("x", 1<<20))}
	if got := g.Size(b); got != before {
		t.Errorf("the first rows were looked at again: %d, then %d", before, got)
	}
}
