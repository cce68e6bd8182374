package run

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
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
	other := c.Undecided - c.UndecidedByNull
	var j judgement
	j.passed, j.failed = tallied(c, e)
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
		j.message = fmt.Sprintf("%s of %s rows fail, at most %s may", diag.Group(j.failed), diag.Group(total), diag.Group(*e.MaxFailures))
	case e.Mostly != nil:
		// T >= mostly * (T + F), in exact arithmetic.
		if value.DecFromInt(j.passed).Cmp(e.Mostly.Mul(value.DecFromInt(total))) < 0 {
			j.verdict = result.Fail
		}
		j.message = fmt.Sprintf("%s of %s rows hold, %s must", rateBeside(j.passed, total, *e.Mostly), diag.Group(total), percentOf(*e.Mostly))
	default:
		if j.failed > 0 {
			j.verdict = result.Fail
		}
		j.message = fmt.Sprintf("%s of %s rows fail", diag.Group(j.failed), diag.Group(total))
	}
	if j.failed == 0 {
		j.message = fmt.Sprintf("all %s rows hold", diag.Group(total))
		if total == 1 {
			j.message = "the one row holds"
		}
	}
	if other > 0 {
		j.message += fmt.Sprintf("; %s undecided for a cause other than null count as failing", diag.Group(other))
	}
	return j
}

// tallied says how many rows count as true and as false.
func tallied(c result.Counts, e *spec.Expectation) (passed, failed int64) {
	passed, failed = c.True, c.False+c.Undecided-c.UndecidedByNull
	switch e.OnNull {
	case spec.NullFail:
		failed += c.UndecidedByNull
	case spec.NullPass:
		passed += c.UndecidedByNull
	case spec.NullSkip:
	}
	return passed, failed
}

func judgeEmpty(j judgement, c result.Counts, e *spec.Expectation) judgement {
	why := "no rows"
	switch {
	case c.SkippedNull > 0 || c.Undecided > 0:
		why = fmt.Sprintf("no row to judge: %s skipped for null", diag.Group(c.SkippedNull+c.Undecided))
	case c.WhereUndecided > 0:
		why = fmt.Sprintf("no rows selected (where is undecided for %s)", diag.Group(c.WhereUndecided))
	}
	if e.OnEmpty == spec.EmptyFail {
		j.verdict, j.message = result.Fail, why+", and on_empty is fail"
		return j
	}
	j.verdict, j.message = result.Pass, why
	return j
}

// rateBeside is the share of passed rows in per cent, with as many digits as it takes to stand on its side of mostly:
// 99.87 % beside 99.9 %, not 99.9 %.
func rateBeside(passed, total int64, mostly value.Dec) string {
	rate := float64(passed) / float64(total)
	want := value.DecFromInt(passed).Cmp(mostly.Mul(value.DecFromInt(total)))
	text := diag.Percent(rate)
	for digits := 2; digits < 16; digits++ {
		shown, err := value.ParseDec(strings.TrimSuffix(text, " %"))
		if err != nil || shown.Cmp(mostly.Mul(value.DecFromInt(100))) == want {
			break
		}
		text = strconv.FormatFloat(rate*100, 'f', digits, 64) + " %"
	}
	return text
}

func percentOf(d value.Dec) string { return d.Mul(value.DecFromInt(100)).String() + " %" }
