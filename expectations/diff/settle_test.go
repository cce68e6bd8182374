package diff_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
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

// event is what becomes of a row at a time: nil for no row.
type event struct {
	at  time.Duration
	row *record
}

// record is the row of a key.
type record struct {
	a    string  // seldom written
	n    int64   // a counter
	flag bool    // goes to and fro
	x    float64 // compared within a tolerance
}

// story is the rows of all keys over time, each key's events in order.
type story map[int64][]event

// at returns the row of a key at a time.
func (s story) at(key int64, t time.Duration) *record {
	es := s[key]
	i, found := slices.BinarySearchFunc(es, t, func(e event, t time.Duration) int { return int(e.at - t) })
	for found && i+1 < len(es) && es[i+1].at == t {
		i++
	}
	if !found {
		i--
	}
	if i < 0 {
		return nil
	}
	return es[i].row
}

// replay is a source that holds what a story says of the present, or in a snapshot what it said then.
type replay struct {
	rows   func(t time.Duration) map[int64]*record
	began  time.Time
	frozen *time.Duration
	took   time.Duration // a statement
	refuse func(query.Expr) bool
	asked  func(query.Select) // sees every request, nil for nobody
}

var replaySchema = value.Schema{Key: []string{"k"}, Columns: []value.Column{
	{Name: "k", Type: value.Of(value.Int), NotNull: true, Native: "int"},
	{Name: "a", Type: value.Of(value.String), Native: "text"},
	{Name: "n", Type: value.Of(value.Int), Native: "int"},
	{Name: "flag", Type: value.Of(value.Bool), Native: "bool"},
	{Name: "x", Type: value.Of(value.Double), Native: "double"},
}}

func (p *replay) Describe(context.Context, query.Dataset) (value.Schema, error) {
	return replaySchema, nil
}

func (p *replay) Caps() query.Caps {
	c := memory.New().Caps()
	c.Expr = func(_ query.Relation, e query.Expr) *query.Refusal {
		if p.refuse != nil && p.refuse(e) {
			return &query.Refusal{Reason: "test: refused"}
		}
		return nil
	}
	return c
}

func (p *replay) Snapshot(context.Context) (connectors.Source, error) {
	now := time.Since(p.began)
	s := *p
	s.frozen = &now
	return &s, nil
}

func (p *replay) Select(ctx context.Context, q query.Select) (connectors.Rows, error) {
	time.Sleep(p.took / 2)
	now := time.Since(p.began)
	if p.frozen != nil {
		now = *p.frozen
	}
	if p.asked != nil {
		p.asked(q)
	}
	src := memory.New()
	types := make([]value.Type, len(replaySchema.Columns))
	for i, c := range replaySchema.Columns {
		types[i] = c.Type
	}
	b := value.NewBatch(types...)
	for k, r := range p.rows(now) {
		if r != nil {
			b.AppendRow(value.IntValue(k), value.StringValue(r.a), value.IntValue(r.n), value.BoolValue(r.flag), value.DoubleValue(r.x))
		}
	}
	if err := src.Put("t", replaySchema, b); err != nil {
		return nil, err
	}
	time.Sleep(p.took / 2)
	return src.Select(ctx, q)
}

func (p *replay) Aggregate(context.Context, query.Aggregate) (*value.Batch, error) {
	return nil, fmt.Errorf("not asked for in these tests")
}

func (p *replay) Close() error { return nil }

func (p *replay) side(t *testing.T, name string) diff.Side {
	t.Helper()
	return side(t, p, query.Dataset{Name: name, Table: "t"})
}

// settled runs a comparison and returns its differences by key.
func settled(t *testing.T, s *diff.Spec) (diff.Result, map[int64]diff.Difference) {
	t.Helper()
	found := map[int64]diff.Difference{}
	last := int64(-1 << 62)
	res, err := diff.Run(t.Context(), *s, func(d diff.Difference) error {
		k := d.Key[0].Int()
		if k <= last {
			return fmt.Errorf("key %d after %d", k, last)
		}
		last = k
		found[k] = d
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return res, found
}

// lag returns how far the target is behind at any time: so much at least and at most, changes staying in order, with pauses.
func lag(r *rand.Rand, least, most, total time.Duration) func(t time.Duration) time.Duration {
	const step = 10 * time.Millisecond
	applied := make([]time.Duration, total/step+2) // up to which time of the source
	paused := 0
	for i := range applied {
		now := time.Duration(i) * step
		want := now - least - time.Duration(r.Int64N(int64(most-least)+1))
		if paused > 0 {
			paused--
			want = now - most
		} else if r.IntN(500) == 0 {
			paused = int(most / step)
		}
		if i > 0 {
			want = max(want, applied[i-1])
		}
		applied[i] = want
	}
	return func(t time.Duration) time.Duration { return t - applied[min(int(t/step), len(applied)-1)] }
}

// kinds of rows by how they are written.
const (
	cold = iota
	warm
	hot      // its counter, always
	scalding // likewise, faster than anything reads
	toggling // between two states
	churning // deleted and inserted again
	rowKinds
)

// scaldingEvery is how often a row is written that is written faster than anything reads it.
const scaldingEvery = 8 * time.Millisecond

// write makes up the events of a row from time from to time to.
func write(r *rand.Rand, kind int, key int64, from, to time.Duration) []event {
	row := &record{a: fmt.Sprint("a", key), n: key, x: float64(key)}
	es := []event{{-time.Hour, row}}
	every := map[int]time.Duration{
		cold: time.Hour, warm: 3 * time.Second, hot: 300 * time.Millisecond, scalding: scaldingEvery, toggling: 400 * time.Millisecond, churning: 900 * time.Millisecond,
	}[kind]
	for at := from + time.Duration(r.Int64N(int64(every))); at < to; at += every/2 + time.Duration(r.Int64N(int64(every))) {
		switch kind {
		case toggling:
			next := *row
			next.flag = !row.flag
			row = &next
		case churning:
			if es[len(es)-1].row != nil {
				es = append(es, event{at, nil})
				continue
			}
			next := *row
			next.n++
			row = &next
		default:
			next := *row
			next.n++
			next.x += 0.001
			if r.IntN(10) == 0 {
				next.x++
			}
			row = &next
		}
		es = append(es, event{at, row})
	}
	return es
}

// The ways in which a target is wrong for good.
const (
	driftChanged = iota
	driftMissing
	driftExtra
	driftFrozen
	driftKinds
)

// TestSettleStories compares sources that are written all the time with targets that follow them late and in order, but for some rows that are wrong:
// each of them is found, and nothing else.
func TestSettleStories(t *testing.T) {
	n := 60
	if os.Getenv("ASSAY_TEST_SOAK") != "" {
		n = 1000
	}
	var total diff.Counts
	for seed := range n {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := settleStory(t, uint64(seed))
				total.InFlight += c.InFlight
				total.Changed += c.Changed
				total.Missing += c.Missing
				total.Extra += c.Extra
				total.Unsettled += c.Unsettled
			})
		})
	}
	t.Logf("%+v", total)
	for _, x := range []int64{total.InFlight, total.Changed, total.Missing, total.Extra} {
		if x < int64(n) {
			t.Errorf("a class was hardly met: %+v", total)
		}
	}
}

func settleStory(t *testing.T, seed uint64) diff.Counts {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 11))
	settle := []time.Duration{500 * time.Millisecond, 2 * time.Second, 5 * time.Second}[r.IntN(3)]
	total := 60*settle + 20*time.Second
	begin := settle * 2
	const keys = 120
	st := story{}
	drift := map[int64]int{}
	kinds := map[int64]int{}
	for k := range int64(keys) {
		kinds[k] = r.IntN(rowKinds)
		st[k] = write(r, kinds[k], k, 0, total)
		if r.IntN(10) == 0 && kinds[k] != churning {
			drift[k] = r.IntN(driftKinds)
		}
	}
	most := settle * 19 / 20
	least := []time.Duration{0, settle / 2, most - settle/100}[r.IntN(3)]
	behind := lag(r, least, most, total)
	// In some stories a statement takes so long that few of them are made.
	slow := r.IntN(4) == 0
	took := func() time.Duration {
		if slow {
			return settle/2 + time.Duration(r.Int64N(int64(settle)))
		}
		return time.Duration(r.Int64N(int64(20 * time.Millisecond)))
	}
	left := &replay{began: time.Now(), took: took(), rows: func(now time.Duration) map[int64]*record {
		rows := map[int64]*record{}
		for k := range st {
			if d, ok := drift[k]; !ok || d != driftExtra {
				rows[k] = st.at(k, now)
			}
		}
		return rows
	}}
	right := &replay{began: left.began, took: took(), rows: func(now time.Duration) map[int64]*record {
		then := now - behind(now)
		rows := map[int64]*record{}
		for k := range st {
			rows[k] = st.at(k, then)
			switch d, ok := drift[k]; {
			case !ok:
			case d == driftMissing:
				rows[k] = nil
			case d == driftChanged:
				if rows[k] != nil {
					wrong := *rows[k]
					wrong.a = "wrong"
					rows[k] = &wrong
				}
			case d == driftFrozen:
				if rows[k] = st.at(k, begin/2); rows[k] != nil {
					wrong := *rows[k]
					wrong.n -= 1000
					rows[k] = &wrong
				}
			}
		}
		return rows
	}}
	time.Sleep(begin)
	s := align(t, left.side(t, "source"), right.side(t, "target"), diff.AlignOptions{
		Settle: settle, TempDir: t.TempDir(), MemoryBytes: []int64{0, 20_000}[r.IntN(2)],
		Options: map[string]canon.Options{"x": {Tolerance: canon.Tolerance{Abs: value.NewDec(5, 1), Set: true}}},
	})
	res, found := settled(t, &s)
	for _, k := range slices.Sorted(maps.Keys(found)) {
		d, ok := drift[k]
		if !ok {
			t.Errorf("seed %d: key %d of kind %d is no drift: %+v", seed, k, kinds[k], found[k])
			continue
		}
		want := map[int]diff.Class{driftChanged: diff.Changed, driftMissing: diff.Missing, driftExtra: diff.Extra, driftFrozen: diff.Changed}[d]
		if found[k].Class != want {
			t.Errorf("seed %d: key %d of kind %d: %s, want %s", seed, k, kinds[k], found[k].Class, want)
		}
		if d == driftChanged && !slices.Equal(found[k].Columns, []int{0}) {
			t.Errorf("seed %d: key %d of kind %d: columns %v", seed, k, kinds[k], found[k].Columns)
		}
	}
	for k, d := range drift {
		open := slow && d == driftFrozen && res.Counts.Unsettled > 0 // the source was written, and there were too few reads to tell
		if _, ok := found[k]; !ok && !open {
			t.Errorf("seed %d: key %d of kind %d: drift %d was not found; %d unsettled", seed, k, kinds[k], d, res.Counts.Unsettled)
		}
	}
	if res.Counts.Unsettled > 0 && !slow && missed(&res, settle)*keys < 1e-5 {
		t.Errorf("seed %d: %d unsettled of %d", seed, res.Counts.Unsettled, res.Settled.Candidates)
	}
	return res.Counts
}

// missed is the chance that a row that is written faster than anything reads it never shows the target a state that the source was seen in: it is
// seen in one a sweep, which lasts a few milliseconds, and the target comes to the first of them after the lag. Where few candidates fit into the
// memory, sweeps are rare.
func missed(res *diff.Result, settle time.Duration) float64 {
	gap := res.Settled.Took / time.Duration(max(res.Settled.Sweeps, 1))
	hit := min(scaldingEvery.Seconds()/gap.Seconds(), 1)
	return math.Pow(1-hit, float64(res.Settled.Sweeps)-settle.Seconds()/gap.Seconds())
}

// TestSettleAgainstMaps compares random tables that nobody writes: reading every difference again must not change what is found, whatever the
// types of the key, and however little memory there is.
func TestSettleAgainstMaps(t *testing.T) {
	var seen diff.Counts
	methods := map[diff.Method]int{}
	for n := range cases() {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(n), 13))
			left, right := randomPair(r)
			synctest.Test(t, func(t *testing.T) {
				s := align(t, left.source(t, "l", r), right.source(t, "r", r), diff.AlignOptions{
					MemoryBytes: []int64{0, int64(1 + r.IntN(1<<14))}[r.IntN(2)], TempDir: t.TempDir(), Settle: time.Second,
				})
				res, c := check(t, &s, &left, &right)
				seen.Changed += c.Changed
				seen.Missing += c.Missing
				seen.Extra += c.Extra
				seen.DuplicateKey += c.DuplicateKey
				if res.Settled.Candidates != c.Changed+c.Missing+c.Extra+c.DuplicateKey {
					t.Errorf("%d candidates of %+v", res.Settled.Candidates, c)
				}
				for _, m := range res.Settled.Methods {
					methods[m]++
				}
			})
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%+v, %v", seen, methods)
	for _, n := range []int64{seen.Changed, seen.Missing, seen.Extra, seen.DuplicateKey, int64(methods[diff.ByKey] * 10), int64(methods[diff.BySearch]), int64(methods[diff.ByWalk])} {
		if n < int64(cases()/4) {
			t.Errorf("something was hardly met: %+v, %v", seen, methods)
		}
	}
}

// TestSettleRefused reads differences again on a source that refuses some conditions: the answer is the same, and where it refuses most, it is
// not asked again.
func TestSettleRefused(t *testing.T) {
	story := func(wrong int64) func(time.Duration) map[int64]*record {
		return func(time.Duration) map[int64]*record {
			rows := map[int64]*record{}
			for k := range int64(3000) {
				rows[k] = &record{n: k}
			}
			for k := int64(0); wrong != 0 && k < 3000; k += 100 {
				rows[k].n += wrong
			}
			return rows
		}
	}
	odd := func(of int64) func(query.Expr) bool {
		return func(e query.Expr) bool {
			refused := false
			query.Walk(e, func(e query.Expr) bool {
				if l, ok := e.(*query.Literal); ok && l.Val.Int()%of == 0 {
					refused = true
				}
				return true
			})
			return refused
		}
	}
	for name, c := range map[string]struct {
		refuse func(query.Expr) bool
		want   diff.Method
	}{
		"nothing": {nil, diff.ByKey}, "one key": {odd(1500), diff.ByKey}, "every key": {odd(1), diff.BySearch},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				left, right := &replay{began: time.Now(), rows: story(0), took: time.Millisecond}, &replay{began: time.Now(), rows: story(1), took: time.Millisecond, refuse: c.refuse}
				s := align(t, left.side(t, "source"), right.side(t, "target"), diff.AlignOptions{Settle: time.Second})
				res, found := settled(t, &s)
				if len(found) != 30 || res.Counts.Changed != 30 {
					t.Errorf("%d found, %+v", len(found), res.Counts)
				}
				if got := res.Settled.Methods; got != [2]diff.Method{diff.ByKey, c.want} {
					t.Errorf("read %v, want the target %s", got, c.want)
				}
			})
		})
	}
}

// TestSettleSomeRefused reads differences of many parts again, in each of which a source refuses a few keys: it is searched at most once a
// sweep for all of them, and asked for the others. The last sweeps, made at odd times, may find all of the refused ones decided.
func TestSettleSomeRefused(t *testing.T) {
	const rows, every, odd = 60_000, 25, 600
	story := func(wrong int64) func(time.Duration) map[int64]*record {
		m := map[int64]*record{}
		for k := range int64(rows) {
			m[k] = &record{n: k}
			if k%every == 0 {
				m[k].n += wrong
			}
		}
		return func(time.Duration) map[int64]*record { return m }
	}
	synctest.Test(t, func(t *testing.T) {
		scans := 0
		left := &replay{began: time.Now(), rows: story(0), took: time.Millisecond}
		right := &replay{began: time.Now(), rows: story(1), took: time.Millisecond, refuse: func(e query.Expr) bool {
			refused := false
			query.Walk(e, func(e query.Expr) bool {
				l, ok := e.(*query.Literal)
				refused = refused || ok && l.Val.Int()%odd == 0
				return true
			})
			return refused
		}, asked: func(q query.Select) {
			if len(q.Branches) == 0 {
				scans++
			}
		}}
		s := align(t, left.side(t, "source"), right.side(t, "target"), diff.AlignOptions{Settle: time.Second})
		res, found := settled(t, &s)
		if len(found) != rows/every || res.Counts.Changed != rows/every || res.Counts.Identical != rows-rows/every {
			t.Errorf("%d found, %+v", len(found), res.Counts)
		}
		if got := res.Settled; got.Methods != [2]diff.Method{diff.ByKey, diff.ByKey} || got.Sweeps < 5 || scans > got.Sweeps+1 || scans < 5 {
			t.Errorf("%d scans of the target, the first one included, in %d sweeps of %v", scans, got.Sweeps, got.Methods)
		}
	})
}
