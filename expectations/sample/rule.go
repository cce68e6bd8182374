package sample

import (
	"errors"
	"fmt"
	"math/big"
)

// DefaultDetect is the rate that an audit looks for unless it is told otherwise: 0.1 %.
const DefaultDetect = 0.001

// Rule is what an expectation tolerates, as its author wrote it.
type Rule struct {
	// Mostly is the share of rows that must hold, 0 to 1; nil where all must.
	Mostly *big.Rat
	// MaxFailures is how many rows may fail, nil for no such limit. It takes the place of Mostly.
	MaxFailures *int64
	// Detect is the rate that must be excluded for a pass where less than that is tolerated; 0 for DefaultDetect.
	Detect float64
}

// ErrCountUnknown is the answer to Rule.Tolerance where a rate is wanted of MaxFailures and nobody knows of how many rows.
var ErrCountUnknown = errors.New("max_failures says nothing of a sample where it is not known how many rows there are to judge: state mostly instead")

// Tolerance is a Rule as rates.
type Tolerance struct {
	// Rate is the failing share that the rule tolerates.
	Rate float64
	// Limit is the failing share that must be excluded for a pass: the greater of Rate and Detect.
	Limit float64
	// Failures is the number of failing rows, among all, that the rule tolerates; -1 where it is not known, for the number of rows is not. More than
	// that among the rows drawn break the rule, and no confidence is needed to say so.
	Failures int64
}

// Strict is true where no row may fail: one that does decides.
func (t Tolerance) Strict() bool { return t.Failures == 0 && t.Rate == 0 }

// Tolerance makes rates of a rule. The number of rows that it is about is population, exactly; 0 where nobody knows.
func (r Rule) Tolerance(population int64) (Tolerance, error) {
	detect := r.Detect
	if detect == 0 {
		detect = DefaultDetect
	}
	if !(detect > 0 && detect < 1) {
		return Tolerance{}, fmt.Errorf("detect is a rate between 0 and 1, not %v", detect)
	}
	one := big.NewRat(1, 1)
	rate, failures := new(big.Rat), int64(0)
	switch {
	case r.MaxFailures != nil && *r.MaxFailures < 0:
		return Tolerance{}, fmt.Errorf("max_failures is not negative: %d", *r.MaxFailures)
	case r.MaxFailures != nil && *r.MaxFailures > 0:
		if population <= 0 {
			return Tolerance{}, ErrCountUnknown
		}
		failures = *r.MaxFailures
		rate.SetFrac64(min(failures, population), population)
	case r.MaxFailures == nil && r.Mostly != nil && r.Mostly.Cmp(one) != 0:
		if r.Mostly.Sign() < 0 || r.Mostly.Cmp(one) > 0 {
			return Tolerance{}, fmt.Errorf("mostly is a share between 0 and 1, not %s", r.Mostly.FloatString(6))
		}
		rate.Sub(one, r.Mostly)
		failures = -1
		if population > 0 {
			// exactly, for 0.1 of 10 rows is one row
			rows := new(big.Rat).Mul(rate, new(big.Rat).SetInt64(population))
			failures = new(big.Int).Quo(rows.Num(), rows.Denom()).Int64()
		}
	}
	f, _ := rate.Float64()
	return Tolerance{Rate: f, Limit: max(f, detect), Failures: failures}, nil
}
