package sample

import (
	"fmt"
	"math"
)

// poolJudged is pool where rows may be left out.
func poolJudged(strata []Stratum, t Tolerance) (evidence, error) {
	out := false
	for _, s := range strata {
		out = out || s.Out > 0
	}
	if !out {
		return pool(strata, t)
	}
	among, left := make([]Stratum, len(strata)), make([]Stratum, len(strata))
	var of Count
	for i, s := range strata {
		if s.Out < 0 || s.Population > 0 {
			return nil, fmt.Errorf("stratum %s: %d rows left out of a known number", s.Name, s.Out)
		}
		of.Failed += s.Failed
		of.Drawn += s.Drawn
		among[i], left[i] = s, s
		among[i].Drawn += s.Out
		left[i].Drawn += s.Out
		left[i].Failed = s.Out
	}
	failing, err := pool(among, t)
	if err != nil {
		return nil, err
	}
	missing, err := pool(left, Tolerance{})
	if err != nil {
		return nil, err
	}
	return judged{of: of, failing: failing, missing: missing}, nil
}

// judged is the evidence about rows that hold or fail, where others were drawn too.
type judged struct {
	of               Count
	failing, missing evidence // of all rows
}

// outShare is the part of the chance of error that is spent on how many rows are left out.
const outShare = 0.01

func (j judged) counts() Count  { return j.of }
func (j judged) method() Method { return j.failing.method() }

func (j judged) estimate() float64 {
	if j.of.Drawn == 0 {
		return math.NaN()
	}
	return math.Min(1, j.failing.estimate()/(1-j.missing.estimate()))
}

// Upper bounds the rate from above.
func (j judged) Upper(alpha float64) float64 {
	judged := 1 - j.missing.Upper(alpha*outShare)
	return math.Min(1, j.failing.Upper(alpha*(1-outShare))/math.Max(judged, math.SmallestNonzeroFloat64))
}

// Lower bounds the rate from below.
func (j judged) Lower(alpha float64) float64 {
	judged := 1 - j.missing.Lower(alpha*outShare)
	return math.Min(1, j.failing.Lower(alpha*(1-outShare))/math.Max(judged, math.SmallestNonzeroFloat64))
}

func (j judged) grown(n int64) evidence {
	g := j
	if c, ok := j.of.grown(n).(Count); ok {
		g.of = c
	}
	if j.of.Drawn > 0 {
		all := int64(math.Round(float64(n) * float64(j.failing.counts().Drawn) / float64(j.of.Drawn)))
		g.failing, g.missing = j.failing.grown(all), j.missing.grown(all)
	}
	return g
}
