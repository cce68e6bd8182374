package diff

import (
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/extsort"
)

// TestQueueOfWideRows keeps candidates whose states are wide: few of them wait beside the sorter, and all come back.
func TestQueueOfWideRows(t *testing.T) {
	s := loosely(t, 1<<20)
	q := newQueue(s, newKnowledge(s))
	defer func() {
		if err := q.close(); err != nil {
			t.Error(err)
		}
	}()
	const n, width = 300, 64 << 10
	for i := range int64(n) {
		doc := softCell{val: value.StringValue(strings.Repeat("x", width))}
		if err := q.push(t.Context(), &candidate{key: []value.Value{value.IntValue(n - i)}, seen: []state{{soft: []softCell{doc}}}}); err != nil {
			t.Fatal(err)
		}
		if held := extsort.Size(q.out); held > share(s) {
			t.Fatalf("%d bytes wait after %d candidates, of %d", held, i+1, share(s))
		}
	}
	cs, err := q.drain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cs.close() }()
	for i := range int64(n) {
		part, err := cs.next(t.Context(), 1)
		if err != nil || len(part) != 1 || part[0].key[0].Int() != i+1 || len(part[0].seen) != 1 || len(part[0].seen[0].soft[0].val.Str()) != width {
			t.Fatalf("candidate %d: %+v, %v", i, part, err)
		}
	}
	if part, err := cs.next(t.Context(), 1); len(part) > 0 || err != nil {
		t.Errorf("%+v, %v", part, err)
	}
}
