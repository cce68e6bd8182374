package main

import (
	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/spec"
)

// baselineRules are what a suite says of baselines.
func baselineRules(suite *spec.Suite) baseline.Rules {
	rules := baseline.Rules{Expectations: map[string]baseline.Rule{}, Exclude: suite.Exclude}
	for i := range suite.Expectations {
		if e := &suite.Expectations[i]; e.Baseline != nil {
			rules.Expectations[e.ID] = baseline.Rule{
				Settings: *e.Baseline, Alone: e.Named == nil && e.Compare == nil && e.Expect.Value == "", Metric: e.Metric.Value, Message: e.Message,
			}
		}
	}
	return rules
}
