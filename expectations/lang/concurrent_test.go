package lang_test

import (
	"sync"
	"testing"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/lang"
)

// Datasets are compiled and evaluated concurrently; the race detector watches.
func TestConcurrentUse(t *testing.T) {
	shared, list := lang.CompileRow(text(`row.total > vars.limit && row.status.matches("^n")`), scope())
	if len(list) > 0 {
		t.Fatal(list)
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				e, list := lang.CompileRow(text(`row.qty * 2 > 4 || row.tags.exists(x, x == "a") || row.total == 1`), scope())
				if len(list) > 0 {
					t.Errorf("%v", list)
					return
				}
				v, err := e.Eval([]value.Value{value.NullValue(), value.IntValue(int64(g)), value.NullValue()}, nil)
				if got, want := outcome(v, err), map[bool]string{true: "true", false: "error"}[g > 2]; got != want {
					t.Errorf("%d: %s, want %s", g, got, want)
				}
				status := map[bool]string{true: "new", false: "old"}[i%2 == 0]
				v, err = shared.Eval([]value.Value{dec("3.5"), value.StringValue(status)}, nil)
				if err != nil || v.Bool() != (i%2 == 0) {
					t.Errorf("%v %v", v, err)
				}
			}
		})
	}
	wg.Wait()
}
