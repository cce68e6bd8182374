package sample

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// Weighted is what rows drawn with unequal chances have shown, each draw independent of the others and any row drawn again if chance has it (so are
// next-key probes). A draw weighs the inverse of its row's chance, up to a common factor, and no row of the table may weigh more than largest.
//
// The rate of all rows is estimated by Σwy / Σw, where y is 1 for a row that fails (Hájek). It is bounded by betting: had all rows the rate m, then
// w(y-m) would be 0 on average, so a gambler who stakes any part of his capital on it, draw by draw, wins nothing on average; where he would have
// multiplied his capital by 1/alpha, m is excluded, and that happens ever with a chance of at most alpha (Ville 1939). The stakes are a mixture of
// fixed ones, so the order of rows does not matter. The bounds hold at all sizes at once: one may look at any time. They need neither the number
// of rows nor a bound on what one knows of the distribution of weights but their greatest.
type Weighted struct {
	largest float64
	// draws by their weight as a share of largest, cut to eight bits: bounds take the end of the cut that wins less
	held, failing        map[float64]float64
	drawn, failed        int64
	weight, failedWeight float64
}

// NewWeighted starts a count of weighted draws. The largest weight is of any row of the table, +Inf where nobody knows.
func NewWeighted(largest float64) (*Weighted, error) {
	if !(largest > 0) {
		return nil, fmt.Errorf("the largest weight is positive, not %v", largest)
	}
	return &Weighted{largest: largest, held: map[float64]float64{}, failing: map[float64]float64{}}, nil
}

// Add takes a draw.
func (w *Weighted) Add(weight float64, failed bool) error { return w.addTimes(weight, failed, 1) }

func (w *Weighted) addTimes(weight float64, failed bool, times int64) error {
	if !(weight > 0) || math.IsInf(weight, 1) || weight > w.largest*(1+1e-9) {
		return fmt.Errorf("a row weighs %v, where none may weigh more than %v", weight, w.largest)
	}
	w.drawn += times
	w.weight += weight * float64(times)
	share := cut(math.Min(1, weight/w.largest))
	if !failed {
		w.held[share] += float64(times)
		return nil
	}
	w.failed += times
	w.failedWeight += weight * float64(times)
	w.failing[share] += float64(times)
	return nil
}

// cut keeps eight bits of the mantissa.
func cut(v float64) float64 {
	const dropped = 1<<(52-8) - 1
	return math.Float64frombits(math.Float64bits(v) &^ dropped)
}

// uncut is the greatest share of which cut may have made this one.
func uncut(v float64) float64 { return math.Min(1, v*(1+1.0/256)) }

// Rate is the estimate of the share of all rows that fails; NaN where none was drawn.
func (w *Weighted) Rate() float64 { return w.failedWeight / w.weight }

// Judge decides by the draws so far, as Judge does; it may be asked after every one of them. Where the largest weight is not known nothing bounds
// the rate, and only a row that fails where none may decides.
func (w *Weighted) Judge(t Tolerance, confidence float64) (Judgement, error) {
	if err := CheckConfidence(confidence); err != nil {
		return Judgement{}, err
	}
	if !t.Strict() {
		t.Failures = -1 // a row drawn again would count again
	}
	return judge(w.bets(t), t, confidence, 1), nil
}

// Interval is where the rate of all rows lies with the confidence, at all sizes at once.
func (w *Weighted) Interval(confidence float64) Interval {
	b := w.bets(Tolerance{Rate: 1})
	alpha := (1 - confidence) / 2
	return Interval{b.Lower(alpha), b.Upper(alpha)}
}

// stake is a number of draws that win or lose alike.
type stake struct{ share, times float64 }

// bets are the draws as evidence.
type bets struct {
	held, failing []stake
	of            Count
	rate          float64
	strict        bool
	unbounded     bool
}

func (w *Weighted) bets(t Tolerance) bets {
	return bets{
		held: stakes(w.held), failing: stakes(w.failing), of: Count{Failed: w.failed, Drawn: w.drawn}, rate: w.Rate(),
		strict: t.Strict(), unbounded: math.IsInf(w.largest, 1),
	}
}

func stakes(m map[float64]float64) []stake {
	out := make([]stake, 0, len(m))
	for _, share := range slices.Sorted(maps.Keys(m)) { // sums of floats depend on their order
		out = append(out, stake{share, m[share]})
	}
	return out
}

func (b bets) counts() Count     { return b.of }
func (b bets) estimate() float64 { return b.rate }

func (b bets) method() Method {
	if b.unbounded {
		return NoMethod
	}
	return Betting
}

func (b bets) grown(n int64) evidence {
	if b.of.Drawn == 0 {
		return b
	}
	f := float64(n) / float64(b.of.Drawn)
	g := b
	g.of = Count{Failed: int64(math.Round(float64(b.of.Failed) * f)), Drawn: n}
	g.held, g.failing = times(b.held, f), times(b.failing, f)
	return g
}

func times(s []stake, f float64) []stake {
	out := make([]stake, len(s))
	for i, v := range s {
		out[i] = stake{v.share, v.times * f}
	}
	return out
}

// The stakes of the mixture. Against rates that are too high the gambler stakes a part of what he can lose at most, so at m the factor of a draw is
// 1 - part·share·(y-m)/(1-m); against rates that are too low he stakes a multiple, 1 + multiple·share·(y-m), no more than he has. Both capitals
// grow with m, or fall, so what is excluded are all rates beyond a bound.
const (
	parts     = 12 // 1, 1/2, 1/4, …
	multiples = 24
	multiple0 = 1.0 / 64
)

// Upper bounds the rate from above.
func (b bets) Upper(alpha float64) float64 {
	if b.unbounded || b.of.Drawn == 0 {
		return 1
	}
	return excluded(b.rate, 1, -math.Log(alpha), b.againstHigh)
}

// Lower bounds the rate from below.
func (b bets) Lower(alpha float64) float64 {
	if b.unbounded || b.of.Failed == 0 {
		return 0
	}
	return excluded(b.rate, 0, -math.Log(alpha), b.againstLow)
}

// excluded is the rate between from and end from which on the logarithm of the capital reaches the target, on its outer side.
func excluded(from, end, target float64, capital func(m float64) float64) float64 {
	in, out := from, end
	for range 60 {
		mid := (in + out) / 2
		if math.Abs(out-in) <= 1e-9*math.Max(in, out) {
			break
		}
		if capital(mid) < target {
			in = mid
		} else {
			out = mid
		}
	}
	return out
}

// againstHigh is the logarithm of the capital won against the rate m by betting that it is lower. Where no row failed and none may, all is on the
// greatest stake, which loses everything at a failure: that capital alone is a fair game too.
func (b bets) againstHigh(m float64) float64 {
	if m >= 1 {
		return math.Inf(1)
	}
	if b.strict && b.of.Failed == 0 {
		return b.game(m, 1/(1-m))
	}
	var sum logSum
	for i, part := 0, 1.0; i < parts; i, part = i+1, part/2 {
		sum.add(b.game(m, part/(1-m)))
	}
	return sum.log() - math.Log(parts)
}

// againstLow is the logarithm of the capital won against the rate m by betting that it is higher.
func (b bets) againstLow(m float64) float64 {
	if m <= 0 {
		return math.Inf(1)
	}
	var sum logSum
	for i, multiple := 0, multiple0; i < multiples; i, multiple = i+1, multiple*2 {
		sum.add(b.game(m, -math.Min(multiple, 1/m)))
	}
	return sum.log() - math.Log(multiples)
}

// game is the logarithm of Π(1 - stake·share·(y-m)), or less.
func (b bets) game(m, stake float64) float64 {
	l := 0.0
	for _, s := range b.held {
		share := s.share
		if stake < 0 { // a loss
			share = uncut(share)
		}
		l += s.times * math.Log1p(math.Max(-1, stake*share*m))
	}
	for _, s := range b.failing {
		share := s.share
		if stake > 0 {
			share = uncut(share)
		}
		l += s.times * math.Log1p(-math.Min(1, stake*share*(1-m)))
	}
	return l
}

// logSum adds numbers given by their logarithms.
type logSum struct {
	most, rest float64
	any        bool
}

func (s *logSum) add(l float64) {
	switch {
	case math.IsNaN(l) || math.IsInf(l, -1):
	case !s.any:
		s.most, s.rest, s.any = l, 1, true
	case l > s.most:
		s.rest = s.rest*math.Exp(s.most-l) + 1
		s.most = l
	default:
		s.rest += math.Exp(l - s.most)
	}
}

func (s *logSum) log() float64 {
	if !s.any {
		return math.Inf(-1)
	}
	return s.most + math.Log(s.rest)
}
