package run

import (
	"fmt"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// judgement is the verdict on counted rows with the sentence that explains it.
type judgement struct {
	verdict result.Verdict
	passed  int64 // rows that count as true
	failed  int64 // rows that count as false
	rate    *float64
	message string
}

// judge forms the verdict of an expectation that counts rows: the undecided are counted as on_null says (by null)
// or as false (otherwise), and the rate is compared with mostly exactly.
func judge(c result.Counts, e *spec.Expectation) judgement {
	byNull, other := c.UndecidedByNull, c.Undecided-c.UndecidedByNull
	j := judgement{passed: c.True, failed: c.False + other}
	switch e.OnNull {
	case spec.NullFail:
		j.failed += byNull
	case spec.NullPass:
		j.passed += byNull
	case spec.NullSkip:
	}
	total := j.passed + j.failed
	if total == 0 {
		return judgeEmpty(j, c, e)
	}
	rate := float64(j.passed) / float64(total)
	j.rate = &rate
	j.verdict = result.Pass
	switch {
	case e.MaxFailures != nil:
		if j.failed > *e.MaxFailures {
			j.verdict = result.Fail
		}
		j.message = fmt.Sprintf("%s of %s rows fail, at most %s may", group(j.failed), group(total), group(*e.MaxFailures))
	case e.Mostly != nil:
		// T >= mostly * (T + F), in exact arithmetic.
		if value.DecFromInt(j.passed).Cmp(e.Mostly.Mul(value.DecFromInt(total))) < 0 {
			j.verdict = result.Fail
		}
		j.message = fmt.Sprintf("%s of %s rows hold, %s must", percent(j.passed, total), group(total), percentOf(*e.Mostly))
	default:
		if j.failed > 0 {
			j.verdict = result.Fail
		}
		j.message = fmt.Sprintf("%s of %s rows fail", group(j.failed), group(total))
	}
	if j.failed == 0 {
		j.message = fmt.Sprintf("all %s rows hold", group(total))
		if total == 1 {
			j.message = "the one row holds"
		}
	}
	if other > 0 {
		j.message += fmt.Sprintf("; %s undecided for a cause other than null count as failing", group(other))
	}
	return j
}

func judgeEmpty(j judgement, c result.Counts, e *spec.Expectation) judgement {
	why := "no rows"
	switch {
	case c.SkippedNull > 0 || c.Undecided > 0:
		why = fmt.Sprintf("no row to judge: %s skipped for null", group(c.SkippedNull+c.Undecided))
	case c.WhereUndecided > 0:
		why = fmt.Sprintf("no rows selected (where is undecided for %s)", group(c.WhereUndecided))
	}
	if e.OnEmpty == spec.EmptyFail {
		j.verdict, j.message = result.Fail, why+", and on_empty is fail"
		return j
	}
	j.verdict, j.message = result.Pass, why
	return j
}

// group prints n with thousands separated by commas.
func group(n int64) string {
	s := fmt.Sprint(n)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// percent prints part/total with as many digits as it takes never to show 100 % or 0 % for anything else.
func percent(part, total int64) string {
	switch part {
	case total:
		return "100 %"
	case 0:
		return "0 %"
	}
	p := 100 * float64(part) / float64(total)
	for digits := 1; digits < 16; digits++ {
		s := fmt.Sprintf("%.*f", digits, p)
		if d, err := value.ParseDec(s); err == nil && d.Sign() > 0 && d.Cmp(value.DecFromInt(100)) < 0 {
			return s + " %"
		}
	}
	return fmt.Sprintf("%v %%", p)
}

func percentOf(d value.Dec) string { return d.Mul(value.DecFromInt(100)).String() + " %" }
