package main

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"
)

// This file judges metrics without a line of assay's: it reads the flights and the JSON report by itself.

// flightMetric is what the oracle says of a metric expectation of flights.yaml.
type flightMetric struct {
	values []string // of its aggregates, in the order in which the expression names them
	byNull []int64  // the rows that each leaves out for null
	holds  bool     // whether the condition of the suite does, restated here in Go
}

// digits of a mean: as docs/language.md says, 38, rounded half to even.
const meanDigits = 38

// flightMetrics computes every metric expectation of flights.yaml from the file of flights.
func flightMetrics(path string) (map[string]flightMetric, error) {
	var rows, noTail, distance, air, airRows, noDelay int64
	carriers := map[string]bool{}
	var delays []int64
	err := eachFlight(path, func(cell func(string) string) error {
		rows++
		if cell("tailnum") == "" {
			noTail++
		}
		carriers[cell("carrier")] = true
		d, err := strconv.ParseInt(cell("distance"), 10, 64)
		if err != nil {
			return fmt.Errorf("distance of row %d: %w", rows, err)
		}
		distance += d
		if s := cell("air_time"); s != "" {
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				return fmt.Errorf("air_time of row %d: %w", rows, err)
			}
			air, airRows = air+n, airRows+1
		}
		if s := cell("dep_delay"); s == "" {
			noDelay++
		} else {
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				return fmt.Errorf("dep_delay of row %d: %w", rows, err)
			}
			delays = append(delays, n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if airRows == 0 || len(delays) == 0 {
		return nil, errors.New("the flights hold no air_time or no dep_delay")
	}
	mean := big.NewRat(air, airRows)
	lowest, highest := slices.Min(delays), slices.Max(delays)
	text := func(n int64) string { return strconv.FormatInt(n, 10) }
	return map[string]flightMetric{
		"flights.row_count": {[]string{text(rows)}, []int64{0}, rows == 336776},
		"total-distance":    {[]string{text(distance)}, []int64{0}, distance == 350217607},
		"no-tail-number":    {[]string{text(noTail)}, []int64{0}, noTail == 2512},
		"mean-air-time": {
			[]string{significant(mean, meanDigits)},
			[]int64{rows - airRows},
			mean.Cmp(big.NewRat(15068, 100)) > 0 && mean.Cmp(big.NewRat(15069, 100)) < 0,
		},
		"carriers":    {[]string{strconv.Itoa(len(carriers))}, []int64{0}, len(carriers) == 16},
		"worst-delay": {[]string{text(highest), text(lowest)}, []int64{noDelay, noDelay}, highest == 1301 && lowest == -43},
	}, nil
}

// eachFlight gives every row of the file; a cell without text is null.
func eachFlight(path string, visit func(cell func(string) string) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open the flights: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("unpack the flights: %w", err)
	}
	r := csv.NewReader(z)
	header, err := r.Read()
	if err != nil {
		return fmt.Errorf("read the flights' header: %w", err)
	}
	at := map[string]int{}
	for i, name := range header {
		at[name] = i
	}
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the flights: %w", err)
		}
		cell := func(name string) string { return rec[at[name]] }
		if err := visit(cell); err != nil {
			return err
		}
	}
}

// significant writes a positive number with n significant digits, rounded half to even, without trailing zeros.
func significant(r *big.Rat, n int) string {
	whole := len(new(big.Int).Quo(r.Num(), r.Denom()).String())
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n-whole)), nil)
	q, rest := new(big.Int).QuoRem(new(big.Int).Mul(r.Num(), scale), r.Denom(), new(big.Int))
	if c := rest.Lsh(rest, 1).Cmp(r.Denom()); c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(1))
	}
	s := q.String()
	return strings.TrimRight(strings.TrimRight(s[:len(s)-(n-whole)]+"."+s[len(s)-(n-whole):], "0"), ".")
}

// suiteMetrics counts the metric expectations that a suite's text holds: the items of the list outside the datasets, and
// those named expectations that are about a whole dataset.
func suiteMetrics(text string) int {
	datasets, rest, _ := strings.Cut(text, "\nexpectations:\n")
	n := strings.Count(datasets, "- row_count:")
	for line := range strings.SplitSeq(rest, "\n") {
		if strings.HasPrefix(line, "  - ") {
			n++
		}
	}
	return n
}

// reportMetrics reads the metric expectations of a JSON report in the oracle's terms; total counts the report's
// expectations of every kind.
func reportMetrics(report []byte) (metrics map[string]flightMetric, total int, err error) {
	var rep struct {
		Expectations []struct {
			ID, Kind, Verdict string
			Observed          any
			Metrics           []struct {
				Value   any
				ByNull  int64 `json:"undecided_by_null"`
				Errored int64
			}
		}
	}
	dec := json.NewDecoder(strings.NewReader(string(report)))
	dec.UseNumber()
	if err := dec.Decode(&rep); err != nil {
		return nil, 0, fmt.Errorf("read the report: %w", err)
	}
	metrics = map[string]flightMetric{}
	for _, x := range rep.Expectations {
		if x.Kind != "metric" {
			continue
		}
		if x.Verdict != "pass" && x.Verdict != "fail" {
			return nil, 0, fmt.Errorf("%s is neither pass nor fail but %q", x.ID, x.Verdict)
		}
		m := flightMetric{holds: x.Verdict == "pass"}
		for _, a := range x.Metrics {
			if a.Errored != 0 {
				return nil, 0, fmt.Errorf("%s: %d rows in error", x.ID, a.Errored)
			}
			m.values = append(m.values, fmt.Sprint(a.Value))
			m.byNull = append(m.byNull, a.ByNull)
		}
		// One aggregate is the observed value; of several there is no single one.
		if want := x.Observed; len(m.values) == 1 && fmt.Sprint(want) != m.values[0] || len(m.values) != 1 && want != nil {
			return nil, 0, fmt.Errorf("%s observed %v over %v", x.ID, want, m.values)
		}
		metrics[x.ID] = m
	}
	return metrics, len(rep.Expectations), nil
}
