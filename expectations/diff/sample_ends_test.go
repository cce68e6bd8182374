package diff_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/memory"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// sampledPair is two equal tables of n rows on sources that serve one request at a time; of the right one every tenth row is changed.
func sampledPair(t *testing.T, n int) (l, r *serial, s diff.Spec) {
	t.Helper()
	tb := numbers(n)
	other := numbers(n)
	for i := 0; i < n; i += 10 {
		other.rows[i][1] = cell{Value: value.StringValue("another")}
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	var sides [2]diff.Side
	for i, tb := range []*table{&tb, &other} {
		sides[i] = tb.source(t, []string{"orders", "orders_index"}[i], rnd)
		src, ok := sides[i].Source.(*memory.Source)
		if !ok {
			t.Fatal("not in memory")
		}
		sides[i].Source = &serial{t: t, Source: src}
		sides[i].Relation.Schema.Constraints = []value.Constraint{{Kind: value.PrimaryKey, Columns: []string{"k"}}}
	}
	l, _ = sides[0].Source.(*serial)
	r, _ = sides[1].Source.(*serial)
	return l, r, align(t, sides[0], sides[1], diff.AlignOptions{TempDir: t.TempDir()})
}

// Who has enough pays for little more: the rest is neither drawn nor looked up.
func TestSampleEndsEarly(t *testing.T) {
	for name, prepare := range map[string]func(s *diff.Spec){
		"as they come": func(*diff.Spec) {},
		"keys that wait": func(s *diff.Spec) { // nothing says that they are unique
			s.Left.Relation.Schema.Constraints, s.Right.Relation.Schema.Constraints = nil, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, r, s := sampledPair(t, 20_000)
			prepare(&s)
			var told [2]int
			res, err := diff.Sample(t.Context(), s, diff.SampleOptions{Rows: 10_000, Seed: 3, Take: func(from canon.Side, draws []diff.Draw) (bool, error) {
				told[from] += len(draws)
				return told[from] >= 1200, nil
			}}, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			for side, w := range res.Ways {
				if w.Ended != diff.EndedDecided || w.Drawn != 1500 || w.Judged != 1500 || told[side] != 1500 || w.All {
					t.Errorf("%d told, %+v", told[side], w)
				}
			}
			if n := l.looked.Load() + r.looked.Load(); n > 2*2*2*3 {
				t.Errorf("%d requests for 6 times 500 keys", n)
			}
			if c := res.Counts; c.LeftRows != 1500 || c.RightRows != 1500 || c.Changed == 0 || c.Identical == 0 {
				t.Errorf("%+v", c)
			}
		})
	}
}

// sluggish is a source whose samples come slowly.
type sluggish struct {
	*memory.Source

	wait time.Duration
	hang bool // until the context is over
}

// Sample implements connectors.Sampler.
func (s *sluggish) Sample(ctx context.Context, q query.Sample) (connectors.Sampled, error) {
	q.BatchRows = 100
	rows, err := s.Source.Sample(ctx, q)
	return &slowRows{Sampled: rows, of: s}, err //nolint:wrapcheck // as it is
}

type slowRows struct {
	connectors.Sampled

	of *sluggish
	n  int
}

// Next implements connectors.Rows.
func (r *slowRows) Next(ctx context.Context) (*value.Batch, error) {
	if r.n++; r.n == 3 && r.of.hang {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	time.Sleep(r.of.wait)
	return r.Sampled.Next(ctx) //nolint:wrapcheck // as it is
}

// A time limit judges what was drawn by then, whether the source answers or hangs. No clock but the test's own runs.
func TestSampleEndsInTime(t *testing.T) {
	for name, c := range map[string]sluggish{"slow": {wait: 30 * time.Millisecond}, "hangs": {hang: true}} {
		for _, unique := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " ", unique), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { sampleInTime(t, &c, unique) })
			})
		}
	}
}

func sampleInTime(t *testing.T, c *sluggish, unique bool) {
	t.Helper()
	l, _, s := sampledPair(t, 5000)
	if !unique {
		s.Left.Relation.Schema.Constraints = nil
	}
	s.Left.Source = &sluggish{Source: l.Source, wait: c.wait, hang: c.hang}
	began := time.Now()
	res, err := diff.Sample(t.Context(), s, diff.SampleOptions{Rows: 4000, Seed: 1, MaxTime: 200 * time.Millisecond}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := time.Since(began); d > 300*time.Millisecond {
		t.Errorf("took %s", d)
	}
	if w := res.Ways[0]; w.Ended != diff.EndedTime || w.Drawn == 0 || w.Drawn >= 4000 || w.Judged != w.Drawn || w.Counts.Changed+w.Counts.Identical != w.Judged {
		t.Errorf("%+v", w)
	}
	if w := res.Ways[1]; w.Drawn == 0 || w.Counts.Changed == 0 {
		t.Errorf("%+v", w)
	}
}

// The same seed draws the same rows, and the two sides are drawn from independently.
func TestSampleRepeats(t *testing.T) {
	_, _, s := sampledPair(t, 5000)
	draw := func(seed uint64) (keys []int64, res diff.SampleResult) {
		res, err := diff.Sample(t.Context(), s, diff.SampleOptions{Rows: 400, Seed: seed}, func(d diff.Difference) error {
			keys = append(keys, d.Key[0].Int())
			return nil
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return keys, res
	}
	first, res := draw(9)
	again, _ := draw(9)
	other, _ := draw(10)
	if len(first) == 0 || !slices.Equal(first, again) || slices.Equal(first, other) {
		t.Errorf("seed 9: %v, then %v; seed 10: %v", first, again, other)
	}
	if c := res.Counts; c.Identical+c.Changed < 600 {
		t.Errorf("both sides drew mostly the same rows: %+v", c)
	}
}

// moving is a source whose snapshots are older than itself, and some rows of which change whenever they are read.
type moving struct {
	*memory.Source

	then connectors.Source
	name string
	put  func(n int64) []*value.Batch
	n    atomic.Int64
	cols value.Schema
}

// Snapshot implements connectors.Snapshotter.
func (m *moving) Snapshot(context.Context) (connectors.Source, error) { return m.then, nil }

// Select implements connectors.Source.
func (m *moving) Select(ctx context.Context, q query.Select) (connectors.Rows, error) {
	if err := m.Put(m.name, m.cols, m.put(m.n.Add(1))...); err != nil {
		return nil, err //nolint:wrapcheck // as it is
	}
	return m.Source.Select(ctx, q) //nolint:wrapcheck // as it is
}

// What differs is read again as in a full comparison: what has caught up is in flight, what never stays is unsettled, and the draws say so.
func TestSampleSettles(t *testing.T) {
	_, _, s := sampledPair(t, 3000)
	then := s.Right.Source
	m := &moving{Source: memory.New(), then: then, name: s.Right.Relation.Dataset.Table, cols: s.Right.Relation.Schema}
	m.put = func(n int64) []*value.Batch {
		b := value.NewBatch(value.Of(value.Int), value.Of(value.String))
		for k := range int64(3000) {
			text := fmt.Sprint("text ", k)
			switch k % 100 {
			case 0: // stays
				text = "another"
			case 10:
				text = fmt.Sprint("yet another ", n)
			}
			b.AppendRow(value.IntValue(k), value.StringValue(text))
		}
		return []*value.Batch{b}
	}
	moves := func(n int64) []*value.Batch { // the source too, so that neither side stays
		b := value.NewBatch(value.Of(value.Int), value.Of(value.String))
		for k := range int64(3000) {
			text := fmt.Sprint("text ", k)
			if k%100 == 10 {
				text = fmt.Sprint("new text ", n)
			}
			b.AppendRow(value.IntValue(k), value.StringValue(text))
		}
		return []*value.Batch{b}
	}
	left := &moving{Source: memory.New(), then: s.Left.Source, name: s.Left.Relation.Dataset.Table, cols: s.Left.Relation.Schema, put: moves}
	s.Right.Source, s.Left.Source = m, left
	s.Settle, s.SettleRounds = 20*time.Millisecond, 1
	var told [2]diff.Counts
	var found int
	res, err := diff.Sample(t.Context(), s, diff.SampleOptions{Rows: 2900, Seed: 4, Take: func(from canon.Side, draws []diff.Draw) (bool, error) {
		for _, d := range draws {
			tallied(&told[from], d.Class)
		}
		return true, nil // ends nothing
	}}, func(d diff.Difference) error {
		found++
		if k := d.Key[0].Int(); k%100 != 0 || d.Class != diff.Changed {
			return fmt.Errorf("key %d: %s", k, d.Class)
		}
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.Counts.Changed != 30 || found != 30 || res.Counts.InFlight < 235 || res.Counts.InFlight > 240 || res.Counts.Unsettled != 30 {
		t.Errorf("%+v, %d reported", res.Counts, found)
	}
	for side, w := range res.Ways {
		n := told[side]
		if n != w.Counts || n.Identical+n.Changed+n.InFlight+n.Unsettled != 2900 || n.Changed < 25 || n.Unsettled < 25 || n.InFlight < 200 {
			t.Errorf("told %+v, counted %+v", n, w.Counts)
		}
	}
}

// What makes no sample is refused in a sentence, and what fails names its side.
func TestSampleRefuses(t *testing.T) {
	_, r, s := sampledPair(t, 100)
	if _, err := diff.Sample(t.Context(), s, diff.SampleOptions{}, nil, nil); !errors.Is(err, diff.ErrSpec) {
		t.Errorf("no rows: %v", err)
	}
	shy := s
	shy.Right.Source = &faulty{Source: r.Source}
	_, err := diff.Sample(t.Context(), shy, diff.SampleOptions{Rows: 10}, nil, nil)
	if !errors.Is(err, diff.ErrNoSampler) || err.Error() != "target orders_index: it draws no rows at random" {
		t.Errorf("no sampler: %v", err)
	}
	if _, err := diff.PlanSample(t.Context(), shy, diff.SampleOptions{Rows: 10}); !errors.Is(err, diff.ErrNoSampler) {
		t.Errorf("no sampler: %v", err)
	}
	fail := errors.New("enough")
	for name, o := range map[string]diff.SampleOptions{
		"take":  {Rows: 10, Take: func(canon.Side, []diff.Draw) (bool, error) { return false, fail }},
		"begin": {Rows: 10, Begin: func(canon.Side, query.SampleDesign) error { return fail }},
	} {
		if res, err := diff.Sample(t.Context(), s, o, nil, nil); !errors.Is(err, fail) || !res.Partial {
			t.Errorf("%s: %v, partial: %v", name, err, res.Partial)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := diff.Sample(ctx, s, diff.SampleOptions{Rows: 10}, nil, nil); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "the comparison was ended") {
		t.Errorf("cancelled: %v", err)
	}
}

// A condition selects the rows that are drawn and those that are looked up, wherever it is evaluated.
func TestSampleWhere(t *testing.T) {
	for _, refuse := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
		t.Run(fmt.Sprint(refuse), func(t *testing.T) {
			l, r, s := sampledPair(t, 2000)
			l.refuse, r.refuse = refuse[0], refuse[1]
			k := func(side diff.Side) *query.Column {
				return &query.Column{Index: 0, Col: side.Relation.Schema.Columns[0]}
			}
			over := func(c *query.Column, n int64) query.Expr {
				return &query.Call{Op: query.OpGe, Typ: value.Of(value.Bool), Args: []query.Expr{c, &query.Literal{Val: value.IntValue(n), Typ: value.Of(value.Int)}}}
			}
			s.Left.Where, s.Right.Where = over(k(s.Left), 500), over(k(s.Right), 600)
			res, err := diff.Sample(t.Context(), s, diff.SampleOptions{Rows: 2000, Seed: 2}, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := [2]diff.Counts{{Identical: 1260, Changed: 140, Missing: 100}, {Identical: 1260, Changed: 140}}
			for side, w := range res.Ways {
				if w.Counts != want[side] || !w.All {
					t.Errorf("side %d: %+v", side, w)
				}
			}
			if res.Counts.Missing != 100 || res.Counts.Changed != 140 || res.Counts.Identical != 1260 || res.Counts.Extra != 0 {
				t.Errorf("%+v", res.Counts)
			}
		})
	}
}
