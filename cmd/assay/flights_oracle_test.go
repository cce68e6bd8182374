package main

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/expectations/result"
)

// This file counts rows without a line of assay's: with Go's own comparisons and its regexp.

// flight is a row of the flights as the oracle reads it, its cells in the order of the file; a nil pointer is null.
type flight []*string

// The cells of a flight that the oracle names, in the order of the file.
const (
	atID = iota
	atYear
	atMonth
	atDay
	atDepTime
	atSchedDepTime
	atDepDelay
	atArrTime
	atSchedArrTime
	atArrDelay
	atCarrier
	atFlight
	atTailnum
	atOrigin
	atDest
	atAirTime
	atDistance
	atHour
	atMinute
	atTimeHour
)

// truth is an outcome of the oracle.
type truth int

const (
	yes truth = iota
	no
	byNull // undecided, and a column that the expression names is null
	other  // undecided for another cause
	out    // not selected
	skip   // skipped for null
)

func decide(b bool) truth {
	if b {
		return yes
	}
	return no
}

// num returns a number; ok is false for null.
func (f flight) num(c int) (n int64, ok bool) {
	if f[c] == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(*f[c], 10, 64)
	if err != nil {
		panic(err) // the data is ours
	}
	return n, true
}

func (f flight) str(c int) string {
	if f[c] == nil {
		return ""
	}
	return *f[c]
}

// skipping is the oracle of a named expectation about a column: its nulls are skipped.
func skipping(col int, holds func(s string) bool) func(flight) truth {
	return func(f flight) truth {
		if f[col] == nil {
			return skip
		}
		return decide(holds(*f[col]))
	}
}

func between(col int, lo, hi int64) func(flight) truth {
	return skipping(col, func(s string) bool {
		n, err := strconv.ParseInt(s, 10, 64)
		return err == nil && n >= lo && n <= hi
	})
}

// flightOracles computes, with no code of assay, what each row expectation of flights.yaml says of a row.
func flightOracles() map[string]func(flight) truth {
	notNull := func(c int) func(flight) truth {
		return func(f flight) truth { return decide(f[c] != nil) }
	}
	tail := regexp.MustCompile(`^N[1-9][0-9]{0,4}[A-Z]{0,2}$`)
	upper := regexp.MustCompile(`^\p{Lu}{3}$`)
	return map[string]func(flight) truth{
		"flights.not_null.id":        notNull(atID),
		"flights.not_null.tailnum":   notNull(atTailnum),
		"flights.not_null.dep_time":  notNull(atDepTime),
		"flights.not_null.arr_delay": notNull(atArrDelay),
		"flights.is_null.air_time": func(f flight) truth {
			if f[atArrTime] != nil {
				return out
			}
			return decide(f[atAirTime] == nil)
		},
		"flights.in_set.origin":      skipping(atOrigin, func(s string) bool { return s == "EWR" || s == "JFK" || s == "LGA" }),
		"flights.not_in_set.carrier": skipping(atCarrier, func(s string) bool { return s != "OO" && s != "HA" }),
		"flights.between.dep_delay":  between(atDepDelay, -30, 180),
		"flights.between.month":      between(atMonth, 1, 12),
		"flights.matches.tailnum":    skipping(atTailnum, tail.MatchString),
		"flights.not_matches.dest": skipping(atDest, func(s string) bool {
			return !strings.HasPrefix(s, "BOS") && !strings.HasPrefix(s, "BWI")
		}),
		"flights.matches.dest":           skipping(atDest, upper.MatchString),
		"flights.length_between.tailnum": skipping(atTailnum, func(s string) bool { return len(s) >= 5 && len(s) <= 6 }),
		"delays-differ": func(f flight) truth {
			a, aok := f.num(atDepDelay)
			b, bok := f.num(atArrDelay)
			return decide(aok != bok || a != b)
		},
		"not-that-plane": func(f flight) truth { return decide(f[atTailnum] == nil || *f[atTailnum] != "N14228") },
		"makes-up-time": func(f flight) truth {
			a, aok := f.num(atArrDelay)
			d, dok := f.num(atDepDelay)
			if !aok || !dok {
				return byNull
			}
			return decide(a <= d+60)
		},
		"slow": func(f flight) truth {
			dist, _ := f.num(atDistance)
			minute, _ := f.num(atMinute)
			air, ok := f.num(atAirTime)
			switch {
			case minute != 0 && dist/minute < 100, ok && air < 60:
				return yes
			case !ok:
				return byNull
			case minute == 0:
				return other
			}
			return no
		},
		"remainder": func(f flight) truth {
			n, _ := f.num(atFlight)
			minute, _ := f.num(atMinute)
			if minute == 0 {
				return other
			}
			return decide(n%minute < 30)
		},
		"plane-number": func(f flight) truth {
			if f[atTailnum] == nil {
				return byNull
			}
			s := *f[atTailnum]
			if len(s) < 3 {
				return other
			}
			n, err := strconv.ParseInt(s[1:3], 10, 64)
			if err != nil {
				return other
			}
			return decide(n >= 10)
		},
		"scheduled-adds-up": func(f flight) truth {
			s, _ := f.num(atSchedDepTime)
			h, _ := f.num(atHour)
			m, _ := f.num(atMinute)
			return decide(s == h*100+m)
		},
		"united-or-far": func(f flight) truth {
			d, _ := f.num(atDistance)
			return decide(strings.HasPrefix(f.str(atCarrier), "U") || d > 200)
		},
		"in-2013": func(f flight) truth { return decide(strings.HasPrefix(f.str(atTimeHour), "2013-")) },
		"month-agrees": func(f flight) truth {
			t, err := connectortest.FlightTime(f.str(atTimeHour))
			m, _ := f.num(atMonth)
			return decide(err == nil && int64(t.Month()) == m)
		},
		"cancelled-has-no-delay": func(f flight) truth {
			if f[atDepTime] != nil {
				return out
			}
			return decide(f[atDepDelay] == nil && f[atArrTime] == nil)
		},
		"negated": func(f flight) truth {
			a, ok := f.num(atArrDelay)
			in := f.str(atCarrier) == "UA" || f.str(atCarrier) == "B6"
			switch {
			case !in:
				return yes
			case !ok:
				return byNull
			}
			return decide(a <= 120)
		},
		"on-null-fails": func(f flight) truth {
			a, ok := f.num(atArrDelay)
			if !ok {
				return byNull
			}
			return decide(a < 1000)
		},
		"short-hop": func(f flight) truth {
			a, ok := f.num(atAirTime)
			d, _ := f.num(atDistance)
			switch {
			case !ok:
				return byNull
			case a < 30:
				return decide(d < 200)
			}
			return decide(d >= 80)
		},
		"names-add-up": func(f flight) truth { return decide(len(f.str(atOrigin))+len(f.str(atDest)) == 6) },
	}
}

// flightCounts are the oracle's counts of every row and set expectation.
func flightCounts(t testing.TB, rows [][]*string) map[string]result.Counts {
	t.Helper()
	if cols := connectortest.FlightColumns(); cols[atTimeHour].Name != "time_hour" || len(cols) != atTimeHour+1 || cols[atTailnum].Name != "tailnum" {
		t.Fatal("the oracle does not know the columns of the file")
	}
	counts := map[string]result.Counts{}
	for id, oracle := range flightOracles() { // one after the other, so that no row costs a map
		var c result.Counts
		for _, f := range rows {
			switch oracle(f) {
			case yes:
				c.True++
			case no:
				c.False++
			case byNull:
				c.Undecided++
				c.UndecidedByNull++
			case other:
				c.Undecided++
			case skip:
				c.SkippedNull++
			case out:
			}
		}
		counts[id] = c
	}
	groups := map[[4]string]int64{}
	for _, row := range rows {
		f := flight(row)
		groups[[4]string{f.str(atCarrier), f.str(atFlight), f.str(atTimeHour), f.str(atOrigin)}]++
	}
	n := int64(len(rows))
	counts["flights.unique.id"] = result.Counts{True: n}
	counts["flights.monotonic.id"] = result.Counts{True: n}
	var c result.Counts
	for _, k := range groups {
		if k > 1 {
			c.False += k
		} else {
			c.True++
		}
	}
	counts["flights.unique.carrier_flight_time_hour_origin"] = c
	return counts
}
