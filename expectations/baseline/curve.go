package baseline

import "math"

// bends are the times of curves that are tried, as shares of the time from the first point to the last: of growth that levels off, and of growth that grows.
var bends = [...]float64{0.03, 0.05, 0.08, 0.13, 0.2, 0.35, 0.6, 1, 2, -0.2, -0.3, -0.5, -0.8, -1.5}

// bent is a position in the time of a curve: one that levels off, or grows, by e within the bend is a line in it.
func bent(pos, bend float64) float64 {
	if bend == 0 {
		return pos
	}
	return -bend * math.Expm1(-pos/bend)
}

// curve finds the bend under which the points lie closest to a line, with the loss of that; 0 where none does.
func (f *fitter) curve(x, clean []float64, scale float64) (bend, least float64) {
	n := len(x)
	span := f.pos[n-1]
	least = math.Inf(1)
	if span <= 0 {
		return 0, least
	}
	u := make([]float64, n)
	try := func(b float64) {
		for i := range u {
			u[i] = bent(f.pos[i], b)
		}
		if u[n-1]-u[max(n-2*f.settings.MinHistory, 0)] > u[n-1]/2 {
			return // most of it has come so late that it may be a drift
		}
		at, slope := leastSquares(clean, u)
		if l := loss(x, scale, func(i int) float64 { return at + slope*u[i] }); l < least {
			bend, least = b, l
		}
	}
	for _, share := range bends {
		try(share * span)
	}
	if bend == 0 {
		return 0, least
	}
	for step := 1.25; step > 1.0005; step = math.Sqrt(step) { // between those, ever closer
		b := bend
		try(b * step)
		try(b / step)
	}
	if !f.grew(x, clean, scale, bend) {
		return 0, math.Inf(1)
	}
	return bend, least
}

// grew reports whether the growth of growth showed already in the points before the latest: else it is a line that has begun to drift.
func (f *fitter) grew(x, clean []float64, scale, bend float64) bool {
	n := len(x) - 3*f.settings.MinHistory
	if n < leastForForm {
		return false
	}
	u := make([]float64, n)
	of := func(pos func(i int) float64) float64 {
		for i := range u {
			u[i] = pos(i)
		}
		at, slope := leastSquares(clean[:n], u)
		return math.Log(loss(x[:n], scale, func(i int) float64 { return at + slope*u[i] })/float64(n) + 0.05)
	}
	straight, curved := of(func(i int) float64 { return f.pos[i] }), of(func(i int) float64 { return bent(f.pos[i], bend) })
	return float64(n)*(straight-curved) > (priceCurve-priceLine)*math.Log(float64(n))
}

// smooth finds from how many of the latest points the next one is foretold best by the line through them, with the loss of that; 0 where there are too few.
func (f *fitter) smooth(x, clean []float64, scale float64) (start int, least float64) {
	n := len(x)
	least = math.Inf(1)
	for _, w := range []int{14, 20, 28, 40, 60} {
		if 2*w > n {
			break
		}
		sum, origin := 0.0, clean[0]
		for i := w; i < n; i++ {
			// least squares through the w points before i, their positions and heights from those of the first
			var sx, sy, sxx, sxy float64
			for k := i - w; k < i; k++ {
				p, y := f.pos[k]-f.pos[i-w], clean[k]-origin
				sx, sy, sxx, sxy = sx+p, sy+y, sxx+p*p, sxy+p*y
			}
			m := float64(w)
			b := 0.0
			if d := sxx - sx*sx/m; d > 0 {
				b = (sxy - sx*sy/m) / d
			}
			e := (x[i] - origin - sy/m - b*(f.pos[i]-f.pos[i-w]-sx/m)) / scale
			sum += min(e*e, boundedLoss)
		}
		if l := sum * float64(n) / float64(n-w); l < least {
			start, least = n-w, l
		}
	}
	return start, least
}

// leastSquares is the line through points, their height at 0 first.
func leastSquares(y, x []float64) (at, slope float64) {
	n := float64(len(y))
	var mx, my, xx, xy float64
	for i := range y {
		mx, my = mx+x[i]/n, my+(y[i]-y[0])/n
	}
	my += y[0]
	for i := range y {
		xx, xy = xx+(x[i]-mx)*(x[i]-mx), xy+(x[i]-mx)*(y[i]-my)
	}
	if xx == 0 {
		return my, 0
	}
	return my - xy/xx*mx, xy / xx
}
