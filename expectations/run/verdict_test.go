package run

import (
	"testing"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// The sentence must not contradict the verdict by rounding.
func TestRateStandsOnItsSideOfMostly(t *testing.T) {
	for _, tt := range []struct {
		passed, failed int64
		mostly         string
		verdict        result.Verdict
		message        string
	}{
		{4785, 6, "0.999", result.Fail, "99.87 % of 4,791 rows hold, 99.9 % must"},
		{9990, 10, "0.999", result.Pass, "99.9 % of 10,000 rows hold, 99.9 % must"},
		{9991, 9, "0.999", result.Pass, "99.91 % of 10,000 rows hold, 99.9 % must"},
		{9989, 11, "0.999", result.Fail, "99.89 % of 10,000 rows hold, 99.9 % must"},
		{1, 1, "0.99", result.Fail, "50.0 % of 2 rows hold, 99 % must"},
		{2, 1, "0.66667", result.Fail, "66.6667 % of 3 rows hold, 66.667 % must"},
		{99_999_999, 1, "1", result.Fail, "99.999999 % of 100,000,000 rows hold, 100 % must"},
	} {
		m, err := value.ParseDec(tt.mostly)
		if err != nil {
			t.Fatal(err)
		}
		j := judge(result.Counts{True: tt.passed, False: tt.failed}, &spec.Expectation{Mostly: &m})
		if j.verdict != tt.verdict || j.message != tt.message {
			t.Errorf("%d and %d, mostly %s: %s, %q; want %s, %q", tt.passed, tt.failed, tt.mostly, j.verdict, j.message, tt.verdict, tt.message)
		}
	}
}
