package extsort

import (
	"errors"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/value"
)

// TestTooWideToSpill holds that a row too wide for the file is said to be that, and not taken for damage.
func TestTooWideToSpill(t *testing.T) {
	s, err := newSpill(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	w := s.segment(minBlock)
	w.most = 1000
	b := value.NewBatch(value.Of(value.String))
	b.AppendRow(value.StringValue(strings.Repeat("x", 500)))
	if err := w.write(b); err != nil {
		t.Fatal(err)
	}
	b.Clear()
	b.AppendRow(value.StringValue(strings.Repeat("x", 2000)))
	if err := w.write(b); err == nil || errors.Is(err, errBlock) || !strings.Contains(err.Error(), "too wide to be sorted in a file, which takes up to 1000") {
		t.Error(err)
	}
}
