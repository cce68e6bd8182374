package html

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/result"
)

// shownPoints is the number of points of a trend on the page, the latest: the page does not grow with the store.
const shownPoints = 60

const durationKind = value.Duration

// trend is a figure over runs. Points are written as text of a few characters each (see packed), for there are 600,000 of them on a large page.
type trend struct {
	Of     string    `json:"o"`
	Axis   int       `json:"a"`
	Whole  int       `json:"w,omitempty"` // characters a point, of whole numbers above Least; 0 for points of five characters with an exponent
	Least  int64     `json:"l,omitempty"`
	Points string    `json:"p,omitempty"`
	Plain  []float64 `json:"q,omitempty"` // where they do not fit
	// Verdicts are run lengths: "58p2f".
	Verdicts string `json:"v"`
	// Left is pairs of the place of a point and of why it was left out.
	Left     []int     `json:"x,omitempty"`
	Baseline *baseline `json:"b,omitempty"`
}

// baseline is what history says of the last point.
type baseline struct {
	Verdict  string   `json:"v"`
	Shape    string   `json:"s,omitempty"`
	Asked    bool     `json:"a,omitempty"`
	Expected *float64 `json:"e,omitempty"`
	Low      *float64 `json:"l,omitempty"`
	High     *float64 `json:"h,omitempty"`
	Learned  int      `json:"n,omitempty"`
	Needed   int      `json:"k,omitempty"`
	Season   ref      `json:"t,omitempty"`
	Method   ref      `json:"d,omitempty"`
	Message  string   `json:"m,omitempty"`
}

// trend packs a trend; span says that its values are seconds of a duration.
func (b *builder) trend(t *result.Trend, span bool) *trend {
	if t == nil || len(t.Points) == 0 || len(t.Points) == 1 && t.Baseline == nil {
		return nil // one point is no history
	}
	points := t.Points[max(0, len(t.Points)-shownPoints):]
	out := &trend{Of: line(string(t.Of)), Axis: b.axis(points), Verdicts: verdicts(points)}
	if span && t.Of == result.TrendObserved {
		out.Of = "seconds"
	}
	out.pack(points)
	for i := range points {
		if why := points[i].Left; why != "" {
			out.Left = append(out.Left, i, int(b.ref(line(why))))
		}
	}
	if s := t.Baseline; s != nil {
		out.Baseline = &baseline{
			Verdict: line(string(s.Verdict)), Shape: line(string(s.Shape)), Asked: s.Asked,
			Expected: finite(s.Expected), Low: finite(s.Low), High: finite(s.High), Learned: s.Learned, Needed: s.Needed,
			Season: b.ref(line(s.Season)), Method: b.ref(line(s.Method)), Message: line(s.Message),
		}
	}
	return out
}

// axis keeps the runs of a trend; trends of the same runs share them.
func (b *builder) axis(points []result.TrendPoint) int {
	places := make([]int, len(points))
	var key strings.Builder
	for i := range points {
		name := line(points[i].Run)
		at, ok := b.runs[name]
		if !ok {
			at = len(b.out.Runs)
			b.out.Runs = append(b.out.Runs, run{name, points[i].At.Unix()})
			b.runs[name] = at
		}
		places[i] = at
		key.WriteString(strconv.Itoa(at))
		key.WriteByte(' ')
	}
	n, ok := b.axes[key.String()]
	if !ok {
		n = len(b.out.Axes)
		b.out.Axes = append(b.out.Axes, places)
		b.axes[key.String()] = n
	}
	return n
}

// verdicts are the run lengths of the first letters of the points' verdicts.
func verdicts(points []result.TrendPoint) string {
	letter := func(p *result.TrendPoint) string {
		switch p.Verdict {
		case result.Pass, result.Fail, result.Error, result.Inconclusive, result.Skipped:
			return string(p.Verdict)[:1]
		}
		return "-"
	}
	var b strings.Builder
	for i := 0; i < len(points); {
		n, l := i, letter(&points[i])
		for n < len(points) && letter(&points[n]) == l {
			n++
		}
		fmt.Fprintf(&b, "%d%s", n-i, l)
		i = n
	}
	return b.String()
}

const (
	digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" // of base 64
	// mantissaDigits and exponentBias shape a point that is no whole number: a mantissa of six decimal digits and a sign, in four characters, then
	// the exponent of ten plus the bias, in one.
	mantissaDigits = 6
	exponentBias   = 40
	wholeMost      = 1 << 47
)

// pack writes the points: exactly where all are whole, else to six significant digits.
func (t *trend) pack(points []result.TrendPoint) {
	low, high, whole := int64(math.MaxInt64), int64(math.MinInt64), true
	for i := range points {
		v := points[i].Value
		if v != math.Trunc(v) || math.Abs(v) > wholeMost {
			whole = false
			break
		}
		low, high = min(low, int64(v)), max(high, int64(v))
	}
	var b strings.Builder
	if whole {
		t.Least, t.Whole = low, 1
		for n := (high - low) >> 6; n > 0; n >>= 6 {
			t.Whole++
		}
		for i := range points {
			put(&b, uint64(int64(points[i].Value)-low), t.Whole) //nolint:gosec // not negative
		}
		t.Points = b.String()
		return
	}
	for i := range points {
		if !float(&b, points[i].Value) {
			t.Plain = nil
			for j := range points {
				t.Plain = append(t.Plain, plain(points[j].Value))
			}
			return
		}
	}
	t.Points = b.String()
}

// put writes a number in n digits of base 64.
func put(b *strings.Builder, v uint64, n int) {
	for i := n - 1; i >= 0; i-- {
		b.WriteByte(digits[v>>(6*i)&63])
	}
}

// float writes a number to six significant digits; false where it is too large, too small, or none.
func float(b *strings.Builder, v float64) bool {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return false
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', mantissaDigits-1, 64), "e")
	m, err := strconv.ParseInt(strings.Replace(mantissa, ".", "", 1), 10, 64)
	if err != nil {
		return false
	}
	e, err := strconv.Atoi(exponent)
	if err != nil {
		return false
	}
	e += exponentBias - mantissaDigits + 1
	if m == 0 {
		e = exponentBias
	}
	if e < 0 || e > 63 {
		return false
	}
	const sign = 1 << 23
	put(b, uint64(m+sign), 4)
	b.WriteByte(digits[e])
	return true
}

// plain is a number that JSON can hold: what is none lies beyond all.
func plain(v float64) float64 {
	switch {
	case math.IsNaN(v):
		return 0
	case math.IsInf(v, 0):
		return math.Copysign(math.MaxFloat64, v)
	}
	return v
}

// finite is v to twelve significant digits where it is a number: more of a band's edge says nothing, and takes room.
func finite(v *float64) *float64 {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return nil
	}
	r, err := strconv.ParseFloat(strconv.FormatFloat(*v, 'g', 12, 64), 64)
	if err != nil {
		return v
	}
	return &r
}
