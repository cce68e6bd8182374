package guarded_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/guarded"
	"github.com/assay-dev/assay/connectors/value"
)

// table is what a test's store refuses: changes by their numbers, and one that is refused as long as another one was not made.
type table struct {
	refused map[int64]bool
	named   bool            // whether it names them
	after   map[int64]int64 // a change that needs another one to be made before
	made    []int64
	calls   int
}

func (s *table) make(_ context.Context, changes []connectors.Change) ([]connectors.Effect, error) {
	s.calls++
	var at []int
	for i, ch := range changes {
		id := ch.Key[0].Int()
		need, has := s.after[id]
		if s.refused[id] || has && !slices.Contains(s.made, need) {
			at = append(at, i)
		}
	}
	if len(at) > 0 {
		e := &guarded.RefusedError{Err: errors.New("no")}
		if s.named {
			e.At = at
		}
		return nil, e
	}
	out := make([]connectors.Effect, len(changes))
	for i, ch := range changes {
		s.made = append(s.made, ch.Key[0].Int())
		if ch.Key[0].Int()%10 == 3 {
			out[i].Outcome = connectors.Unmatched
		}
	}
	return out, nil
}

func changes(n int64) []connectors.Change {
	out := make([]connectors.Change, n)
	for i := range out {
		out[i].Key = []value.Value{value.IntValue(int64(i))}
	}
	return out
}

func TestBatch(t *testing.T) {
	for _, named := range []bool{false, true} {
		s := &table{refused: map[int64]bool{0: true, 17: true, 99: true}, named: named, after: map[int64]int64{5: 90, 6: 5}}
		effects, err := guarded.Batch(t.Context(), changes(100), s.make)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range effects {
			want := connectors.Applied
			switch {
			case s.refused[int64(i)]:
				want = connectors.Refused
			case i%10 == 3:
				want = connectors.Unmatched
			}
			if e.Outcome != want || (e.Err != nil) != (want == connectors.Refused) {
				t.Errorf("named %v: change %d: %+v", named, i, e)
			}
		}
		slices.Sort(s.made)
		if len(s.made) != 97 || len(slices.Compact(s.made)) != 97 {
			t.Errorf("named %v: made %v", named, s.made)
		}
		if s.calls > 80 {
			t.Errorf("named %v: %d calls", named, s.calls)
		}
	}
	none, err := guarded.Batch(t.Context(), nil, (&table{}).make)
	if err != nil || len(none) != 0 {
		t.Errorf("%v, %v", none, err)
	}
	world := errors.New("lost")
	if _, err := guarded.Batch(t.Context(), changes(3), func(context.Context, []connectors.Change) ([]connectors.Effect, error) { return nil, world }); !errors.Is(err, world) {
		t.Errorf("%v", err)
	}
}

func TestRetry(t *testing.T) {
	busy := errors.New("deadlock")
	calls := 0
	got, err := guarded.Retry(t.Context(), func(err error) bool { return errors.Is(err, busy) }, func() ([]connectors.Effect, error) {
		if calls++; calls < 4 {
			return nil, busy
		}
		return make([]connectors.Effect, 2), nil
	})
	if err != nil || len(got) != 2 || calls != 4 {
		t.Errorf("%v, %v after %d calls", got, err, calls)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := guarded.Retry(ctx, func(error) bool { return true }, func() ([]connectors.Effect, error) { return nil, busy }); !errors.Is(err, busy) {
		t.Errorf("%v", err)
	}
}

func TestFit(t *testing.T) {
	dec := func(s string) value.Value {
		d, err := value.ParseDec(s)
		if err != nil {
			t.Fatal(err)
		}
		return value.DecimalValue(d)
	}
	two := value.Resolution{Known: true, Digits: 2}
	for _, c := range []struct {
		name string
		col  value.Column
		v    value.Value
		ok   bool
	}{
		{"null", value.Column{Type: value.Of(value.Int)}, value.NullValue(), true},
		{"kind", value.Column{Type: value.Of(value.Int)}, value.StringValue("1"), false},
		{"single", value.Column{Type: value.Of(value.Double), Resolution: value.Resolution{Single: true}}, value.DoubleValue(0.5), true},
		{"not single", value.Column{Type: value.Of(value.Double), Resolution: value.Resolution{Single: true}}, value.DoubleValue(0.1), false},
		{"decimals", value.Column{Type: value.Of(value.Decimal), Resolution: two}, dec("1.250"), true},
		{"too many decimals", value.Column{Type: value.Of(value.Decimal), Resolution: two}, dec("1.255"), false},
		{"tens", value.Column{Type: value.Of(value.Decimal), Resolution: value.Resolution{Known: true, Digits: -1}}, dec("15"), false},
		{"of a list", value.Column{Type: value.ListOf(value.Of(value.Decimal)), Resolution: two}, value.ListValue(value.Of(value.Decimal), dec("1.2"), dec("1.255")), false},
		{"span", value.Column{Type: value.Of(value.Duration), Resolution: two}, value.DurationValue(10_000_000), true},
		{"fine span", value.Column{Type: value.Of(value.Duration), Resolution: two}, value.DurationValue(-11_000_000), false},
	} {
		if err := guarded.Fit(&c.col, c.v); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestKeyText(t *testing.T) {
	same := [][]value.Value{{value.DoubleValue(0)}, {value.DoubleValue(math.Copysign(0, -1))}}
	if guarded.KeyText(same[0]) != guarded.KeyText(same[1]) {
		t.Error("two zeros")
	}
	texts := map[string]bool{}
	keys := [][]value.Value{
		{value.StringValue("a"), value.StringValue("bc")},
		{value.StringValue("ab"), value.StringValue("c")},
		{value.IntValue(1), value.StringValue("1")},
		{value.StringValue("1"), value.IntValue(1)},
		{value.BytesValue([]byte("a")), value.StringValue("bc")},
	}
	for _, k := range keys {
		texts[guarded.KeyText(k)] = true
	}
	if len(texts) != len(keys) {
		t.Errorf("%v", texts)
	}
}

func TestAhead(t *testing.T) {
	var used []int
	collect := func(n int) error { used = append(used, n); return nil }
	if err := guarded.Ahead(func(part int) (int, bool, error) { return part, part < 9, nil }, collect); err != nil || len(used) != 10 || !slices.IsSorted(used) {
		t.Errorf("%v, %v", used, err)
	}
	stop := errors.New("stop")
	if err := guarded.Ahead(func(part int) (int, bool, error) { return part, true, nil }, func(n int) error {
		if n == 3 {
			return stop
		}
		return nil
	}); !errors.Is(err, stop) {
		t.Error(err)
	}
	used = nil
	if err := guarded.Ahead(func(part int) (int, bool, error) {
		if part == 2 {
			return 0, false, stop
		}
		return part, true, nil
	}, collect); !errors.Is(err, stop) || len(used) != 2 {
		t.Errorf("%v, %v", used, err)
	}
}
