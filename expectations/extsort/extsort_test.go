package extsort_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/extsort"
)

// types has a column of every kind that a vector can hold; the first is the key.
func types() []value.Type {
	ts := []value.Type{value.Of(value.Int)}
	for k := range value.List {
		ts = append(ts, value.Of(k))
	}
	return append(ts, value.ListOf(value.Of(value.String)), value.ListOf(value.ListOf(value.Of(value.Timestamp))))
}

// fill appends a row whose cells depend on id only: nulls, errors, extremes and what else there is.
func fill(b *value.Batch, key int64, id uint64) {
	r := rand.New(rand.NewPCG(id, 5))
	b.Cols[0].AppendInt(key)
	for c := 1; c < len(b.Cols); c++ {
		v := &b.Cols[c]
		switch r.IntN(8) {
		case 0:
			v.AppendNull()
			continue
		case 1:
			v.AppendErr()
			continue
		}
		v.AppendValue(cell(r, v.Type))
	}
	b.N++
}

func cell(r *rand.Rand, t value.Type) value.Value {
	switch t.Kind {
	case value.Bool:
		return value.BoolValue(r.IntN(2) == 0)
	case value.Int:
		return value.IntValue([]int64{math.MinInt64, math.MaxInt64, 0, r.Int64()}[r.IntN(4)])
	case value.Uint:
		return value.UintValue([]uint64{0, math.MaxUint64, r.Uint64()}[r.IntN(3)])
	case value.Double:
		return value.DoubleValue([]float64{math.NaN(), math.Inf(-1), math.Copysign(0, -1), r.NormFloat64()}[r.IntN(4)])
	case value.Decimal:
		d, _ := value.ParseDec([]string{"0", "-1.50", "1e-30", "-123456789012345678901234567890.123456789", "9223372036854775807", strings.Repeat("9", 300)}[r.IntN(6)])
		return value.DecimalValue(d)
	case value.String:
		return value.StringValue(strings.Repeat("ä\x00", r.IntN(20)))
	case value.Bytes:
		return value.BytesValue([]byte(strconv.Itoa(r.Int())))
	case value.Timestamp:
		return value.TimestampValue(time.Unix(r.Int64N(value.MaxUnix-value.MinUnix)+value.MinUnix, r.Int64N(1e9)))
	case value.LocalTimestamp:
		return value.LocalTimestampValue(time.Unix(r.Int64N(1e9), 5).UTC())
	case value.Duration:
		return value.DurationValue(time.Duration(r.Int64()))
	case value.JSON:
		return value.JSONValue(`{"a": [1, null]}`)
	case value.List:
		l := make([]value.Value, r.IntN(4))
		for i := range l {
			if r.IntN(5) > 0 {
				l[i] = cell(r, *t.Elem)
			}
		}
		return value.ListValue(*t.Elem, l...)
	case value.Null:
	}
	return value.Value{}
}

func byKey(a *value.Batch, i int, b *value.Batch, j int) int {
	return cmp.Compare(a.Cols[0].Ints[i], b.Cols[0].Ints[j])
}

// text is a row with all that it holds, types of lists and errors included.
func text(b *value.Batch, i int) string {
	var s strings.Builder
	for c := range b.Cols {
		v := b.Cols[c].Value(i)
		fmt.Fprintf(&s, "%s %v %v %q|", v.Type(), b.Cols[c].IsNull(i), b.Cols[c].IsErr(i), v.Text())
		if d := v; d.Kind() == value.Double {
			fmt.Fprint(&s, math.Float64bits(d.Double()))
		}
	}
	return s.String()
}

func TestSort(t *testing.T) {
	for _, c := range []struct {
		rows, spread int
		memory       int64
		spills       bool
		ordered      int // so many rows come in order
	}{
		{0, 1, 0, false, 0},
		{1, 1, 1, false, 0},
		{5000, 10_000, 0, false, 0},
		{5000, 10_000, 1, true, 0},      // many passes, two runs at a time
		{5000, 3, 100_000, true, 0},     // many equal keys
		{20_000, 1 << 40, 1e6, true, 0}, // runs of several blocks
		{20_000, 1 << 40, 8e6, true, 0}, // one pass
		{3000, 1, 200_000, true, 0},     // all equal
		{20_000, 20_000, 1 << 30, false, 0},
		{20_000, 20_000, 1 << 30, false, 20_000},
		{20_000, 2, 1 << 30, false, 19_999},
		{5000, 20_000, 1 << 30, false, 1000},
		{20_000, 20_000, 1e6, true, 20_000},
	} {
		t.Run(fmt.Sprintf("%d rows in %d bytes", c.rows, c.memory), func(t *testing.T) {
			dir := t.TempDir()
			s := extsort.New(types(), extsort.Options{Order: byKey, MemoryBytes: c.memory, TempDir: dir, BatchRows: 700})
			r := rand.New(rand.NewPCG(1, 2))
			want := map[string]int{}
			b := value.NewBatch(types()...)
			for i := range c.rows {
				key := r.Int64N(int64(c.spread))
				if i < c.ordered {
					key = int64(i / 2)
				}
				fill(b, key, uint64(i))
				want[text(b, b.N-1)]++
				if r.IntN(300) == 0 || i == c.rows-1 {
					if err := s.Add(t.Context(), b); err != nil {
						t.Fatal(err)
					}
					if b.N != 0 || len(b.Cols) != len(types()) {
						t.Fatal("Add does not give an empty batch back")
					}
				}
			}
			rows, err := s.Sort(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if s.Rows() != int64(c.rows) || s.Spilled() > 0 != c.spills {
				t.Errorf("%d rows, %d bytes spilled", s.Rows(), s.Spilled())
			}
			last, n := int64(math.MinInt64), 0
			for {
				b, err := rows.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if b == nil {
					break
				}
				if b.N == 0 || b.N > 700 {
					t.Fatalf("a batch of %d rows", b.N)
				}
				for i := range b.N {
					if k := b.Cols[0].Ints[i]; k < last {
						t.Fatalf("%d after %d", k, last)
					}
					last = b.Cols[0].Ints[i]
					want[text(b, i)]--
					n++
				}
				// What is given out may be exchanged.
				mine := value.NewBatch(types()...)
				*mine, *b = *b, *mine
			}
			for row, left := range want {
				if left != 0 {
					t.Fatalf("%d too few of %s", left, row)
				}
			}
			if n != c.rows {
				t.Fatalf("%d rows of %d", n, c.rows)
			}
			if err := rows.Close(); err != nil {
				t.Error(err)
			}
			empty(t, dir)
		})
	}
}

// empty requires that nothing is left in dir.
func empty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// spilling returns a sorter that has written to dir.
func spilling(t *testing.T, dir string) *extsort.Sorter {
	t.Helper()
	s := extsort.New([]value.Type{value.Of(value.Int)}, extsort.Options{Order: byKey, MemoryBytes: 1, TempDir: dir})
	for i := range 20 {
		b := value.NewBatch(value.Of(value.Int))
		b.AppendRow(value.IntValue(int64(i)))
		if err := s.Add(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if s.Spilled() == 0 {
		t.Fatal("nothing was spilled")
	}
	return s
}

// TestFileIsPrivate looks for the file while it is in use: it has no name, and what stays open is its owner's alone.
func TestFileIsPrivate(t *testing.T) {
	dir := t.TempDir()
	s := spilling(t, dir)
	empty(t, dir)
	open := 0
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	for _, fd := range fds {
		path := filepath.Join("/proc/self/fd", fd.Name())
		if name, _ := os.Readlink(path); strings.HasPrefix(name, dir) {
			open++
			if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", name, st.Mode(), err)
			}
		}
	}
	if open != 1 {
		t.Errorf("%d files are open, want 1", open)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error("closed twice: ", err)
	}
}

func TestFailures(t *testing.T) {
	t.Run("no such directory", func(t *testing.T) {
		s := extsort.New([]value.Type{value.Of(value.Int)}, extsort.Options{Order: byKey, MemoryBytes: 1, TempDir: filepath.Join(t.TempDir(), "none")})
		var err error
		for i := 0; i < 3 && err == nil; i++ {
			b := value.NewBatch(value.Of(value.Int))
			b.AppendRow(value.IntValue(1))
			err = s.Add(t.Context(), b)
		}
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		dir := t.TempDir()
		s := spilling(t, dir)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Sort(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("sort: got %v", err)
		}
		_ = s.Close()
		s = spilling(t, dir)
		rows, err := s.Sort(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rows.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("next: got %v", err)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
		empty(t, dir)
	})
}
