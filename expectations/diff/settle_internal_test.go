package diff

import (
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// loosely compares documents by number, by a condition that never holds: no digest stands for what a state holds of them.
func loosely(t *testing.T, memory int64) *Spec {
	t.Helper()
	column := func(name string, k value.Kind) Column {
		col := value.Column{Name: name, Type: value.Of(k)}
		form, _, err := canon.Pair(col, col, canon.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return Column{Name: name, Left: &query.Column{Col: col}, Right: &query.Column{Col: col}, Form: form}
	}
	s := &Spec{Key: []Column{column("id", value.Int)}, Columns: []Column{column("doc", value.String)}, MemoryBytes: memory, TempDir: t.TempDir()}
	s.Columns[0].Expect = func(_, _ []value.Value) (equal, ok bool) { return false, true }
	return s
}

// TestStatesInMemory reads fewer candidates at once where much is known of them: what all of a part take stays within the memory.
func TestStatesInMemory(t *testing.T) {
	s := loosely(t, 64<<20)
	st := newSettling(s, newFindings(&Result{}, s, nil, nil))
	defer func() {
		if err := st.close(); err != nil {
			t.Error(err)
		}
	}()
	const width = 4 << 10
	doc := value.StringValue(strings.Repeat("x", width))
	d := Difference{Class: Changed, Key: []value.Value{value.IntValue(1)}, Columns: []int{0}, LeftRows: 1, RightRows: 1, Left: []value.Value{doc}, Right: []value.Value{doc}}
	if err := st.add(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if n := st.atOnce(partStream); n < 500 {
		t.Fatalf("%d at once of rows of two times %d bytes", n, width)
	}
	c := &candidate{key: []value.Value{value.IntValue(2)}}
	for range mostSeen {
		c.seen = append(c.seen, state{soft: []softCell{{val: doc}}})
	}
	if err := st.wait(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	st.states, st.widest = st.widest, 0 // as a sweep begins
	if n := st.atOnce(partStream); n < 1 || n*mostSeen*width > s.MemoryBytes {
		t.Errorf("%d candidates of %d bytes each are held in a memory of %d", n, mostSeen*width, s.MemoryBytes)
	}
}
