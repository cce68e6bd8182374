package diff_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/memory"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// checkWhole draws all rows of both sides, and compares what that says with the comparison by maps.
func checkWhole(t *testing.T, s *diff.Spec, left, right *table, seed uint64) diff.Counts {
	t.Helper()
	found, counts := byMap(s, left, right)
	want := whole(s, left, right)
	var got [2]diff.Counts
	n := 0
	var last []value.Value
	res, err := diff.Sample(t.Context(), *s, diff.SampleOptions{
		Rows: max(len(left.rows), len(right.rows), 1), Seed: seed,
		Take: func(from canon.Side, draws []diff.Draw) (bool, error) {
			for _, d := range draws {
				tallied(&got[from], d.Class)
				if alone := d.Class == diff.Missing || d.Class == diff.Extra; alone && !d.Alone || d.Class == diff.Changed && d.Alone {
					t.Errorf("%s, alone: %v", d.Class, d.Alone)
				}
			}
			return false, nil
		},
	}, func(d diff.Difference) error {
		n++
		side := canon.Left
		if d.LeftRows == 0 {
			side = canon.Right
		}
		key := make([]cell, len(d.Key))
		for i := range key {
			key[i] = cell{Value: d.Key[i]}
		}
		columns := ""
		for _, c := range d.Columns {
			columns += fmt.Sprint(c, " ")
		}
		if g, w := (want1{d.Class, columns, d.LeftRows, d.RightRows}), found[keyText(s, side, key)]; g != want1(w) {
			t.Errorf("key %v after %v: %+v, want %+v", d.Key, last, g, w)
		}
		last = d.Key
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n != len(found) || res.Partial {
		t.Fatalf("%d differences (partial: %v), want %d", n, res.Partial, len(found))
	}
	if res.Counts != counts {
		t.Fatalf("counts %+v, want %+v", res.Counts, counts)
	}
	for side, w := range res.Ways {
		rows := []int{len(left.rows), len(right.rows)}[side]
		if !w.All || w.Drawn != int64(rows) || w.Judged != w.Drawn {
			t.Fatalf("%d rows: %+v", rows, w)
		}
		if w.Counts != want[side] || got[side] != want[side] {
			t.Fatalf("side %d: counts %+v, told %+v, want %+v", side, w.Counts, got[side], want[side])
		}
	}
	return counts
}

type want1 want

// drawable is a side whose source is of a random kind: one that refuses conditions, one whose engine guarantees that keys are unique, where they are.
func drawable(t *testing.T, tb *table, side diff.Side, r *rand.Rand) diff.Side {
	t.Helper()
	src, ok := side.Source.(*memory.Source)
	if !ok {
		t.Fatalf("%T", side.Source)
	}
	side.Source = &serial{t: t, Source: src, refuse: r.IntN(4) == 0}
	seen := map[string]bool{}
	for _, row := range tb.rows {
		key := strings.ReplaceAll(fmt.Sprint(row[:len(tb.key)]), "-0", "0") // one value to every engine's unique index, as to the comparison
		if seen[key] || strings.Contains(key, "NaN") {
			return side
		}
		seen[key] = true
	}
	side.Relation.Schema.Constraints = []value.Constraint{{Kind: value.PrimaryKey, Columns: tb.key}}
	if r.IntN(3) == 0 {
		side.Relation.Schema.Table = "some.table" // without an index
	}
	return side
}

// serial is a source whose snapshots serve one request at a time, as those of servers do.
type serial struct {
	*memory.Source

	t      *testing.T
	refuse bool
	open   atomic.Int64
	looked atomic.Int64 // requests other than samples
}

// Caps implements connectors.Source.
func (s *serial) Caps() query.Caps {
	c := s.Source.Caps()
	if s.refuse {
		c.Expr = func(query.Relation, query.Expr) *query.Refusal { return &query.Refusal{Reason: "test: no conditions"} }
	}
	return c
}

func (s *serial) begin() {
	if s.open.Add(1) > 1 {
		s.t.Error("a second request while the first is being read")
	}
}

// Select implements connectors.Source.
func (s *serial) Select(ctx context.Context, q query.Select) (connectors.Rows, error) {
	s.begin()
	s.looked.Add(1)
	if s.refuse && len(q.Branches) > 0 {
		s.t.Error("a condition that is refused was asked")
	}
	rows, err := s.Source.Select(ctx, q)
	return &serialRows{Rows: rows, s: s}, err
}

// Sample implements connectors.Sampler.
func (s *serial) Sample(ctx context.Context, q query.Sample) (connectors.Sampled, error) {
	s.begin()
	rows, err := s.Source.Sample(ctx, q)
	if err != nil {
		return nil, err
	}
	return &serialSampled{serialRows{Rows: rows, s: s}, rows}, nil
}

type serialRows struct {
	connectors.Rows

	s      *serial
	closed bool
}

// Close implements connectors.Rows.
func (r *serialRows) Close() error {
	if !r.closed {
		r.closed = true
		r.s.open.Add(-1)
	}
	return nil
}

type serialSampled struct {
	serialRows

	of connectors.Sampled
}

// Design implements connectors.Sampled.
func (s *serialSampled) Design() query.SampleDesign { return s.of.Design() }

// whole tells all rows of both sides apart.
func whole(s *diff.Spec, left, right *table) [2]diff.Counts {
	found, _ := byMap(s, left, right)
	var out [2]diff.Counts
	for side, tb := range []*table{left, right} {
		for _, row := range tb.rows {
			key := make([]cell, len(s.Key))
			for i := range key {
				key[i] = row[[]*query.Column{s.Key[i].Left, s.Key[i].Right}[side].Index]
			}
			class := diff.Identical
			if w, ok := found[keyText(s, canon.Side(side), key)]; ok {
				class = w.class
			}
			tallied(&out[side], class)
		}
	}
	return out
}

func tallied(c *diff.Counts, class diff.Class) {
	switch class {
	case diff.Identical:
		c.Identical++
	case diff.Changed:
		c.Changed++
	case diff.Missing:
		c.Missing++
	case diff.Extra:
		c.Extra++
	case diff.DuplicateKey:
		c.DuplicateKey++
	case diff.InFlight:
		c.InFlight++
	case diff.Unsettled:
		c.Unsettled++
	}
}

// A sample of all rows is the comparison of all rows, by keys that are asked for and by reading all of a side.
func TestSampleOfAllAgainstMaps(t *testing.T) {
	var seen diff.Counts
	for n := range cases() / 2 {
		r := rand.New(rand.NewPCG(uint64(n), 77))
		left, right := randomPair(r)
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			sides := [2]diff.Side{left.source(t, "l", r), right.source(t, "r", r)}
			for i, tb := range []*table{&left, &right} {
				sides[i] = drawable(t, tb, sides[i], r)
			}
			s := align(t, sides[0], sides[1], diff.AlignOptions{MemoryBytes: int64(1) << r.IntN(20), TempDir: t.TempDir()})
			c := checkWhole(t, &s, &left, &right, uint64(n))
			seen.Identical += c.Identical
			seen.Changed += c.Changed
			seen.Missing += c.Missing
			seen.Extra += c.Extra
			seen.DuplicateKey += c.DuplicateKey
		})
		if t.Failed() {
			return
		}
	}
	for _, n := range []int64{seen.Identical, seen.Changed, seen.Missing, seen.Extra, seen.DuplicateKey} {
		if n < int64(cases()/2) {
			t.Errorf("a class was hardly met: %+v", seen)
		}
	}
}
