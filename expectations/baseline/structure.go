package baseline

import "math"

// form is how a figure without its season goes on over time.
type form uint8

const (
	level form = iota // it stays where it is
	line              // it grows or shrinks steadily
	walk              // it goes on from where the last run left it
)

// structure is the form of a series with what is normal of it: its points from start on.
type structure struct {
	form  form
	start int
	// ramp is the point at which a slow change begins that is too young to be normal; 0 where there is none. The points before it are learned from.
	ramp int
	// young is the point at which a level begins that is too young to be normal; 0 where there is none. The points before it are learned from.
	young int
	// bend is the time, in usual times between runs, in which the change of a line falls to 1/e of itself; less than 0 where it grows so, 0 where it is steady.
	bend float64
	// pieces are the points at which levels begin that the figure had before start.
	pieces []int
}

// The price of a form's parameters, in logarithms of the number of points (Schwarz's criterion; the place of a break counts for more than a parameter,
// for it is the best of many).
const (
	priceLevel = 1
	priceLine  = 2.5
	priceWalk  = 3
	priceCurve = 4.5
	priceBreak = 4
	priceHinge = 6
	// priceSmooth is that of a slope and of the number of points that it is taken from.
	priceSmooth = 4.5
)

// leastForForm is the least number of points from which anything but a level is recognised by a break.
const leastForForm = 14

// leastForHinge is that from which the beginning of a slow change is.
const leastForHinge = 20

// structureOf finds the form of x: the one with the least loss, what it has to say paid for.
func (f *fitter) structureOf(x []float64) structure {
	n := len(x)
	scale := max(f.stepScale(x), f.least)
	ln := math.Log(float64(n))
	score := func(loss, price float64) float64 { return float64(n)*math.Log(loss/float64(n)+0.05) + price*ln }
	out := structure{}
	best := score(f.levelLoss(x, scale), priceLevel)
	if n >= 8 {
		if a, b, ok := f.lineOf(x, f.pos); ok {
			if s := score(loss(x, scale, func(i int) float64 { return a + b*f.pos[i] }), priceLine); s < best {
				best, out = s, structure{form: line}
			}
		}
	}
	if n < leastForForm {
		return out
	}
	if s := score(f.walkLoss(x, scale), priceWalk); s < best {
		best, out = s, structure{form: walk}
	}
	clean := f.withoutSpikes(x, scale)
	pieces, young, l := f.steps(x, clean, scale)
	if len(pieces) > 0 {
		if s := score(l, priceLevel+priceBreak*float64(len(pieces))); s < best {
			best, out = s, f.onwards(x, pieces)
		}
	}
	if young < n && out.form == walk { // a walk stays where one step took it, as a new level does
		at := 0
		if len(pieces) > 0 {
			at = pieces[len(pieces)-1]
		}
		l += f.levelLoss(x[at:young], scale) + f.levelLoss(x[young:], scale) - f.levelLoss(x[at:], scale)
		if s := score(l, priceLevel+priceBreak*float64(len(pieces)+1)); s < best {
			best, out = s, structure{start: at, young: young, pieces: pieces[:max(len(pieces)-1, 0)]}
		}
	}
	if n < leastForHinge {
		return out
	}
	if at, l := f.hinge(x, clean, scale); at > 0 && score(l, priceHinge) < best {
		best, out = score(l, priceHinge), structure{form: line, start: at}
		if n-at < 2*f.settings.MinHistory {
			out = structure{ramp: at}
		}
	}
	if out.ramp == 0 && out.young == 0 && (out.form != level || out.start > 0) {
		if bend, l := f.curve(x, clean, scale); bend != 0 && score(l, priceCurve) < best {
			best, out = score(l, priceCurve), structure{form: line, bend: bend}
		}
	}
	if out.form == walk { // or is it smooth, and goes on as its latest points do
		if at, l := f.smooth(x, clean, scale); at > 0 && score(l, priceSmooth) < best {
			return structure{form: line, start: at}
		}
	}
	return out
}

// onwards is the structure of levels that begin at the pieces, unless the last is none but a slow change.
func (f *fitter) onwards(x []float64, pieces []int) structure {
	last := len(pieces) - 1
	at := pieces[last]
	out := structure{start: at, pieces: pieces[:last]}
	if _, _, ok := f.lineOf(x[at:], f.pos[at:]); !ok {
		return out
	}
	if len(x)-at >= 2*f.settings.MinHistory {
		out.form = line
		return out
	}
	out = structure{ramp: at}
	if last > 0 {
		out.start, out.pieces = pieces[last-1], pieces[:last-1]
	}
	return out
}

// stepScale is the scale of the noise from the differences of neighbours, the usual step taken off.
func (f *fitter) stepScale(x []float64) float64 {
	if len(x) < 2 {
		return 0
	}
	d := differences(x)
	m := f.medianOf(d)
	for i := range d {
		d[i] = math.Abs(d[i] - m)
	}
	return median(d) * toSigma / math.Sqrt2
}

func differences(x []float64) []float64 {
	d := make([]float64, max(len(x)-1, 0))
	for i := range d {
		d[i] = x[i+1] - x[i]
	}
	return d
}

// loss sums the bounded losses of x beside what at says.
func loss(x []float64, scale float64, at func(i int) float64) float64 {
	sum := 0.0
	for i := range x {
		e := (x[i] - at(i)) / scale
		sum += min(e*e, boundedLoss)
	}
	return sum
}

func (f *fitter) levelLoss(x []float64, scale float64) float64 {
	m := f.medianOf(x)
	m, _ = meanNear(x, m, 3*max(f.mad(x, m), scale))
	return loss(x, scale, func(int) float64 { return m })
}

// walkLoss is that of foretelling each point by the one before it.
func (f *fitter) walkLoss(x []float64, scale float64) float64 {
	d := differences(x)
	m := f.medianOf(d)
	return loss(d, scale, func(int) float64 { return m }) * float64(len(x)) / float64(len(d))
}

// lineOf fits a line: the median slope of pairs half of the points apart (Theil's incomplete method, 1950), then least squares without the points far from it,
// twice. ok is false where the slope is within four of its standard errors, or somewhat more of few points.
func (f *fitter) lineOf(x, pos []float64) (intercept, slope float64, ok bool) {
	n := len(x)
	half := n / 2
	slopes := f.take(n - half)[:0]
	for i := 0; i+half < n; i++ {
		if w := pos[i+half] - pos[i]; w > 0 {
			slopes = append(slopes, (x[i+half]-x[i])/w)
		}
	}
	if len(slopes) == 0 {
		return 0, 0, false
	}
	slope = median(slopes)
	rest := make([]float64, n)
	var significant bool
	for range 2 {
		for i := range x {
			rest[i] = x[i] - slope*pos[i]
		}
		intercept = f.medianOf(rest)
		reach := cutFor(n) * max(f.mad(rest, intercept), f.least)
		var w, sx, sy, sxx, sxy, syy float64
		for i := range x {
			if math.Abs(rest[i]-intercept) <= reach {
				w, sx, sy = w+1, sx+pos[i], sy+x[i]
			}
		}
		if w < 4 {
			return 0, 0, false
		}
		mx, my := sx/w, sy/w
		for i := range x {
			if math.Abs(rest[i]-intercept) <= reach {
				sxx, sxy, syy = sxx+(pos[i]-mx)*(pos[i]-mx), sxy+(pos[i]-mx)*(x[i]-my), syy+(x[i]-my)*(x[i]-my)
			}
		}
		if sxx == 0 {
			return 0, 0, false
		}
		slope = sxy / sxx
		intercept = my - slope*mx
		left := max(syy-slope*sxy, 0) / (w - 2)
		significant = slope*slope*sxx > (16+160/float64(n))*left
	}
	return intercept, slope, significant
}

// withoutSpikes puts the median of the five points around it in the place of each that lies apart from them (Hampel's filter).
func (f *fitter) withoutSpikes(x []float64, scale float64) []float64 {
	out := make([]float64, len(x))
	for i := range x {
		low, high := max(i-2, 0), min(i+3, len(x))
		m := f.medianOf(x[low:high])
		out[i] = x[i]
		if math.Abs(x[i]-m) > 4*scale {
			out[i] = m
		}
	}
	return out
}

// steps finds the breaks of level: the best one, then the best of what follows it, and so on while each pays its price (binary segmentation: Scott and Knott 1974; only
// the last level matters, so what lies before a break is not broken again). A level is one after MinHistory points: until then, from young on, they are apart.
func (f *fitter) steps(x, clean []float64, scale float64) (pieces []int, young int, total float64) {
	n := len(x)
	price := priceBreak * math.Log(float64(n))
	at := 0
	before := 0.0
	rest := f.levelLoss(x, scale)
	end := n // what comes after it is apart still
	for {
		k := bestSplit(clean[at:end], 4, 1)
		if k == 0 {
			break
		}
		if young := end - at - k; young < f.settings.MinHistory {
			if math.Abs(f.medianOf(clean[at+k:end])-f.medianOf(clean[at:at+k])) > 3*scale {
				end = at + k
				continue
			}
			if k = bestSplit(clean[at:end], 4, f.settings.MinHistory); k == 0 {
				break
			}
		}
		l, r := f.levelLoss(x[at:at+k], scale), f.levelLoss(x[at+k:], scale)
		whole, split := before+rest, before+l+r
		if float64(n)*(math.Log(whole/float64(n)+0.05)-math.Log(split/float64(n)+0.05)) < price {
			break
		}
		before, rest = before+l, r
		at += k
		pieces = append(pieces, at)
	}
	return pieces, end, before + rest
}

// bestSplit is where parting x in two leaves the least squares, with at least so many points before and after; 0 where that cannot be.
func bestSplit(x []float64, before, after int) int {
	n := len(x)
	total := 0.0
	for _, v := range x {
		total += v - x[0]
	}
	best, at, sum := 0.0, 0, 0.0
	for k := 1; k <= n-after; k++ {
		sum += x[k-1] - x[0]
		if k < before {
			continue
		}
		d := sum/float64(k) - (total-sum)/float64(n-k)
		if gain := d * d * float64(k) * float64(n-k) / float64(n); gain > best {
			best, at = gain, k
		}
	}
	return at
}

// hinge finds where a figure that stood begins to change steadily, with the loss of that; 0 where it can be nowhere.
func (f *fitter) hinge(x, clean []float64, scale float64) (at int, least float64) {
	n := len(x)
	from, to := max(f.settings.MinHistory, 8), n-5
	least = math.Inf(1)
	sum, done := 0.0, 0
	for k := from; k <= to; k += max((to-from)/16, 1) {
		for ; done < k; done++ {
			sum += clean[done] - x[0]
		}
		a := x[0] + sum/float64(k)
		var xx, xy float64
		for i := k; i < n; i++ {
			p := f.pos[i] - f.pos[k-1]
			xx, xy = xx+p*p, xy+p*(clean[i]-a)
		}
		if xx == 0 {
			continue
		}
		b := xy / xx
		l := loss(x, scale, func(i int) float64 {
			if i < k {
				return a
			}
			return a + b*(f.pos[i]-f.pos[k-1])
		})
		if l < least {
			at, least = k, l
		}
	}
	return at, least
}
