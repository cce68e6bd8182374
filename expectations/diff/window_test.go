package diff_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// slowOrder is a source for which order costs much. It counts what it was asked.
type slowOrder struct {
	connectors.Source

	ordered, unordered *atomic.Int64
}

func newSlowOrder(s connectors.Source) *slowOrder {
	return &slowOrder{Source: s, ordered: new(atomic.Int64), unordered: new(atomic.Int64)}
}

// Caps implements connectors.Source.
func (s *slowOrder) Caps() query.Caps {
	c := s.Source.Caps()
	c.UnorderedFaster = true
	return c
}

// Snapshot implements connectors.Snapshotter: the data never changes.
func (s *slowOrder) Snapshot(context.Context) (connectors.Source, error) {
	return &snapshotOf{s}, nil
}

type snapshotOf struct{ *slowOrder }

// Select implements connectors.Source.
func (s *snapshotOf) Select(ctx context.Context, q query.Select) (connectors.Rows, error) {
	if q.OrderByKey {
		s.ordered.Add(1)
	} else {
		s.unordered.Add(1)
	}
	rows, err := s.Source.Select(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("select: %w", err)
	}
	return rows, nil
}

func TestWindowsAgainstMaps(t *testing.T) {
	var windows, several, sorted int
	for n := range cases() {
		r := rand.New(rand.NewPCG(uint64(n), 9))
		left, right := randomPair(r)
		memory := int64(1 + r.IntN(1<<14))
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			l, rt := left.source(t, "l", r), right.source(t, "r", r)
			slow := newSlowOrder(rt.Source)
			which := r.IntN(3) // the target, the source, or both
			if which != 1 {
				rt.Source = slow
			}
			if which != 0 {
				l.Source = newSlowOrder(l.Source)
			}
			s := align(t, l, rt, diff.AlignOptions{MemoryBytes: memory, TempDir: t.TempDir()})
			res, _ := check(t, &s, &left, &right)
			for side, read := range res.Reads {
				switch read.Method {
				case diff.ByWindows:
					windows++
					if read.Windows > 1 {
						several++
					}
					if which == 0 && side == 0 || which == 1 && side == 1 {
						t.Errorf("side %d is read in windows", side)
					}
				case diff.BySort:
					sorted++
				case diff.ByServer:
				}
			}
			if which != 1 && slow.ordered.Load() > 1 {
				t.Errorf("the order that costs much was asked for %d times", slow.ordered.Load())
			}
		})
		if t.Failed() {
			return
		}
	}
	if windows < cases()/4 || several < cases()/10 || sorted < cases()/10 {
		t.Errorf("of %d comparisons %d were in windows, %d of them in several, and %d were sorted", cases(), windows, several, sorted)
	}
}

// TestWindowsOfExtremes looks for rows at and beyond the bounds of windows: before the first key of the ordered side and behind its
// last one, on the bound itself, and where one of the sides is empty.
func TestWindowsOfExtremes(t *testing.T) {
	keys := func(from, to, step int64) table {
		tb := table{cols: []value.Column{{Name: "k", Type: value.Of(value.Int)}, {Name: "c", Type: value.Of(value.String)}}, key: []string{"k"}}
		for k := from; k < to; k += step {
			tb.rows = append(tb.rows, []cell{{Value: value.IntValue(k)}, {Value: value.StringValue("x")}})
		}
		return tb
	}
	for name, p := range map[string][2]table{
		"the other side is wider":      {keys(5000, 6000, 1), keys(0, 10_000, 1)},
		"the ordered side is wider":    {keys(0, 10_000, 1), keys(5000, 6000, 1)},
		"nothing in many windows":      {keys(0, 10_000, 1), keys(9990, 10_010, 1)},
		"many in the window of few":    {keys(0, 10_000, 1000), keys(0, 10_000, 1)},
		"the ordered side is empty":    {keys(0, 0, 1), keys(0, 10, 1)},
		"the other side is empty":      {keys(0, 10_000, 1), keys(0, 0, 1)},
		"both are empty":               {keys(0, 0, 1), keys(0, 0, 1)},
		"the same":                     {keys(0, 10_000, 1), keys(0, 10_000, 1)},
		"all of one before the other":  {keys(0, 5000, 1), keys(5000, 10_000, 1)},
		"all of one behind the other":  {keys(5000, 10_000, 1), keys(0, 5000, 1)},
		"every second on one of sides": {keys(0, 10_000, 1), keys(0, 10_000, 2)},
	} {
		for _, memory := range []int64{1, 5000, 100_000, 0} {
			t.Run(fmt.Sprint(name, " ", memory), func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, uint64(memory)))
				l, rt := p[0].source(t, "l", r), p[1].source(t, "r", r)
				rt.Source = newSlowOrder(rt.Source)
				s := align(t, l, rt, diff.AlignOptions{MemoryBytes: memory, TempDir: t.TempDir()})
				res, _ := check(t, &s, &p[0], &p[1])
				if res.Reads[1].Method != diff.ByWindows || memory > 0 && memory < 1000 && len(p[0].rows) == 10_000 && res.Reads[1].Windows < 3 {
					t.Errorf("read %+v", res.Reads[1])
				}
			})
		}
	}
}

// TestWindowsOfSmallPages reads the ordered side in more pages than the reader holds, which are too few bytes to fill a window together.
func TestWindowsOfSmallPages(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	tb := numbers(4000) // 400 pages of 10 rows
	left, right := tb.source(t, "l", r), tb.source(t, "r", r)
	left.Source, right.Source = &faulty{Source: left.Source}, newSlowOrder(right.Source)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	res, err := diff.Run(ctx, align(t, left, right, diff.AlignOptions{TempDir: t.TempDir()}), nil, nil)
	if err != nil || res.Counts.Identical != 4000 || res.Reads[1].Method != diff.ByWindows || res.Reads[1].Windows < 2 {
		t.Errorf("%+v, %v", res, err)
	}
}

// TestWindowsExplained has a key of which only the first column can be cut by: Explain says what Run does.
func TestWindowsExplained(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	tb := table{
		cols: []value.Column{{Name: "k", Type: value.Of(value.Int)}, {Name: "name", Type: value.Of(value.String)}, {Name: "c", Type: value.Of(value.Int)}},
		key:  []string{"k", "name"},
	}
	for k := range 100 {
		tb.rows = append(tb.rows, []cell{{Value: value.IntValue(int64(k / 2))}, {Value: value.StringValue(fmt.Sprint("N", k))}, {Value: value.IntValue(1)}})
	}
	left, right := tb.source(t, "l", r), tb.source(t, "r", r)
	right.Source = newSlowOrder(right.Source)
	s := align(t, left, right, diff.AlignOptions{
		TempDir: t.TempDir(), Strategy: diff.Merge, Options: map[string]canon.Options{"name": {Normalize: []canon.Normal{canon.Casefold}}},
	})
	_, asked, err := diff.Explain(s)
	if err != nil {
		t.Fatal(err)
	}
	res, err := diff.Run(t.Context(), s, nil, nil)
	if err != nil || res.Counts.Identical != 100 {
		t.Fatalf("%+v, %v", res, err)
	}
	if want := [2]diff.Method{diff.BySort, diff.ByWindows}; [2]diff.Method{asked[0].Method, asked[1].Method} != want || [2]diff.Method{res.Reads[0].Method, res.Reads[1].Method} != want {
		t.Errorf("explained as %s and %s, read by %s and %s", asked[0].Method, asked[1].Method, res.Reads[0].Method, res.Reads[1].Method)
	}
}
