package canon

import (
	"cmp"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

const (
	nanosPerSecond = 1_000_000_000
	// year2000 is 2000-01-01 in Unix seconds.
	year2000 = 946_684_800
)

// units are the nanoseconds of a unit of so many digits of the second.
var units = [...]int32{nanosPerSecond, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1000, 100, 10, 1}

// stepped reports whether a precision beyond the engines' is asked for.
func (f *Form) stepped() bool {
	return f.Options.PrecisionSeconds > 1 || f.step() < f.Digits
}

// step returns the digits that are left after Options' precision.
func (f *Form) step() int8 {
	switch {
	case f.Options.PrecisionSeconds > 0:
		return 0
	case f.Options.Digits != nil && *f.Options.Digits < f.Digits:
		return *f.Options.Digits
	}
	return f.Digits
}

// instant returns a time in common form: seconds since 1970 and nanoseconds within.
func (f *Form) instant(v *value.Vector, side Side, i int) (sec int64, nanos int32) {
	sec, nanos = v.Ints[i], v.Nanos[i]
	if z := f.zones[side]; z != nil {
		_, off := time.Unix(sec, 0).In(z).Zone()
		sec += int64(off)
	}
	sec, nanos = f.coarsen(sec, nanos)
	if s := f.step(); s < f.Digits {
		nanos -= nanos % units[s]
	}
	if p := f.Options.PrecisionSeconds; p > 1 {
		rest := sec % p
		if rest < 0 {
			rest += p
		}
		sec -= rest
	}
	return sec, nanos
}

// coarsen brings a time to Digits as the coarser engine does.
func (f *Form) coarsen(sec int64, nanos int32) (int64, int32) {
	if f.From2000 && !f.Truncates && nanos%1000 != 0 {
		rest := nanos % 1000
		nanos -= rest
		if rest > 500 || rest == 500 && nanos/1000%2 == 1 {
			nanos += 1000
		}
	}
	unit := units[f.Digits]
	rest := nanos % unit
	nanos -= rest
	if rest == 0 || f.Truncates {
		return carry(sec, nanos)
	}
	if 2*int64(rest) > int64(unit) || 2*int64(rest) == int64(unit) && (!f.From2000 || sec >= year2000) {
		nanos += unit
	}
	return carry(sec, nanos)
}

func carry(sec int64, nanos int32) (int64, int32) {
	if nanos >= nanosPerSecond {
		return sec + 1, nanos - nanosPerSecond
	}
	return sec, nanos
}

func (f *Form) equalInstants(l *value.Vector, i int, r *value.Vector, j int) bool {
	if l.Ints[i] == r.Ints[j] && l.Nanos[i] == r.Nanos[j] && f.zones == [2]*time.Location{} {
		return true
	}
	s, n := f.instant(l, Left, i)
	t, m := f.instant(r, Right, j)
	if s == t && n == m {
		return true
	}
	if !f.tol.set {
		return false
	}
	return f.tol.nanos(f.wall(l, Left, i), l.Nanos[i], f.wall(r, Right, j), r.Nanos[j])
}

// wall returns the seconds of a time, of the wall clock where the form is Local.
func (f *Form) wall(v *value.Vector, side Side, i int) int64 {
	sec := v.Ints[i]
	if z := f.zones[side]; z != nil {
		_, off := time.Unix(sec, 0).In(z).Zone()
		sec += int64(off)
	}
	return sec
}

// nanos reports whether two times are within the tolerance, in seconds.
func (t *tolerance) nanos(s int64, n int32, u int64, m int32) bool {
	d := value.DecFromInt(s - u).Add(value.NewDec(int64(n)-int64(m), 9))
	return d.Abs().Cmp(t.abs) <= 0
}

func (f *Form) compareInstants(a *value.Vector, aSide Side, i int, b *value.Vector, bSide Side, j int) int {
	s, n := f.instant(a, aSide, i)
	t, m := f.instant(b, bSide, j)
	if c := cmp.Compare(s, t); c != 0 {
		return c
	}
	return cmp.Compare(n, m)
}

// span returns a duration in common form, in units of step() digits.
func (f *Form) span(v *value.Vector, i int) int64 {
	n := v.Ints[i]
	unit := int64(units[f.Digits])
	q, rest := n/unit, n%unit
	if !f.Truncates {
		switch {
		case rest >= unit-rest && rest > 0:
			q++
		case -rest >= unit+rest && rest < 0:
			q--
		}
	}
	if s := f.step(); s < f.Digits {
		q = floorDiv(q, int64(units[s]/units[f.Digits]))
	}
	if p := f.Options.PrecisionSeconds; p > 1 {
		q = floorDiv(q, p) * p
	}
	return q
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func (f *Form) equalSpans(l *value.Vector, i int, r *value.Vector, j int) bool {
	if l.Ints[i] == r.Ints[j] || f.span(l, i) == f.span(r, j) {
		return true
	}
	if !f.tol.set {
		return false
	}
	a, b := l.Ints[i], r.Ints[j]
	if a < b {
		a, b = b, a
	}
	d := uint64(a) - uint64(b) //nolint:gosec // two's complement: the difference fits
	return value.DecFromUint(d).Mul(value.NewDec(1, 9)).Cmp(f.tol.abs) <= 0
}
