package baseline_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/result"
)

// past is a store in memory.
type past map[baseline.Series][]baseline.Point

func (p past) Points(_ context.Context, _ string, before time.Time, requests []baseline.Request) ([][]baseline.Point, error) {
	out := make([][]baseline.Point, len(requests))
	for i, r := range requests {
		all := p[r.Series]
		for len(all) > 0 && !all[len(all)-1].At.Before(before) {
			all = all[:len(all)-1]
		}
		all = all[max(len(all)-r.Limit, 0):]
		for len(all) > 0 && all[0].At.Before(r.Since) {
			all = all[1:]
		}
		out[i] = all
	}
	return out, nil
}

// BenchmarkApply judges 500 metrics by 365 runs before: "own" with a baseline each, "auto" as every figure is.
func BenchmarkApply(b *testing.B) {
	store := past{}
	rules := baseline.Rules{Expectations: map[string]baseline.Rule{}, Shown: 60}
	rep := &result.Report{Run: result.Run{Job: "shop", ID: "now", Start: monday.Add(365 * day)}}
	for i := range 500 {
		id := fmt.Sprintf("e%d", i)
		store[baseline.Series{Of: result.TrendObserved, ID: id}] = daily(around(uint64(i), 365, 1000, 20)...)
		rules.Expectations[id] = baseline.Rule{Settings: baseline.Default()}
		rep.Expectations = append(rep.Expectations, result.Expectation{
			ID: id, Kind: result.KindMetric, Verdict: result.Pass, Severity: result.SeverityError, Observed: result.Cell{Value: value.IntValue(int64(980 + i%40))},
		})
	}
	for name, r := range map[string]baseline.Rules{"own": rules, "auto": {Shown: 60}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := baseline.Apply(b.Context(), store, rep, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
