package reports

import (
	"fmt"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// judgeMerged forms the verdict of what several shards said.
func judgeMerged(out *result.Expectation, parts []*result.Expectation) error {
	m := out.Merged
	out.Counts, out.Orphans = mergedCounts(parts)
	out.Compare = mergedCompare(parts)
	switch {
	case m.Errored > 0:
		out.Verdict, out.Message = result.Error, m.Error
		if m.Errored < m.Runs {
			out.Message = fmt.Sprintf("in %d of %d shards: %s", m.Errored, m.Runs, m.Error)
		}
		return nil
	case m.Skipped == m.Runs:
		out.Verdict, out.Message = result.Skipped, parts[0].Message
		return nil
	case out.Counts == nil: // decided by the schema or a constraint
		judgeUncounted(out, parts)
		return nil
	}
	return judgeSums(out, parts)
}

// judgeUncounted takes the worst of what the shards said without counting rows.
func judgeUncounted(out *result.Expectation, parts []*result.Expectation) {
	worst := parts[0]
	for _, v := range []result.Verdict{result.Pass, result.Inconclusive, result.Fail} {
		for _, p := range parts {
			if p.Verdict == v {
				worst = p
			}
		}
	}
	out.Verdict, out.Message = worst.Verdict, worst.Message
	if m := out.Merged; worst.Verdict != result.Fail && m.Skipped > 0 {
		out.Verdict, out.Message = result.Inconclusive, fmt.Sprintf("%d of %d shards did not judge theirs", m.Skipped, m.Runs)
	}
}

// judgeSums judges the rows of all shards together.
func judgeSums(out *result.Expectation, parts []*result.Expectation) error {
	runs, skipped := out.Merged.Runs, out.Merged.Skipped
	passed, failed := out.Tally()
	unsettled := int64(0)
	if out.Compare != nil {
		c := &out.Compare.Counts
		passed, failed, unsettled = c.Identical+c.InFlight, c.Different(), c.Unsettled
	}
	total := passed + failed
	noun := "row"
	if out.Compare != nil {
		noun = "key"
	}
	if total+unsettled == 0 {
		out.Verdict, out.Message = result.Pass, "no "+noun+"s in any shard"
		if skipped > 0 {
			out.Verdict, out.Message = result.Inconclusive, fmt.Sprintf("no %ss; %d of %d shards did not judge theirs", noun, skipped, runs)
		}
		for _, p := range parts {
			if p.Verdict == result.Fail { // on_empty: fail, which a report does not say
				out.Verdict, out.Message = result.Fail, p.Message
			}
		}
		return nil
	}
	if total > 0 {
		rate := float64(passed) / float64(total)
		out.Rate = &rate
	}
	best, err := allowed(out, passed+unsettled, failed)
	if err != nil {
		return err
	}
	worst, err := allowed(out, passed, failed+unsettled)
	if err != nil {
		return err
	}
	out.Message = fmt.Sprintf("%s of %s fail in %s", diag.Group(failed), diag.Plural(total, noun), diag.Plural(int64(runs), "shard"))
	switch {
	case out.MaxFailures != nil:
		out.Message += fmt.Sprintf(", at most %s may", diag.Group(*out.MaxFailures))
	case out.Mostly != "":
		out.Message += ", a share of " + out.Mostly + " must hold"
	}
	switch {
	case !best && (skipped == 0 || out.Mostly == ""): // more rows would not mend it
		out.Verdict = result.Fail
	case !worst || skipped > 0:
		out.Verdict = result.Inconclusive
	default:
		out.Verdict = result.Pass
	}
	if unsettled > 0 {
		out.Message += "; nothing is known of " + diag.Plural(unsettled, noun)
	}
	if skipped > 0 {
		out.Message += fmt.Sprintf("; %d of %d shards did not judge theirs", skipped, runs)
	}
	return nil
}

// allowed reports whether so many rows that hold and that fail meet what the expectation asks, in exact arithmetic.
func allowed(e *result.Expectation, passed, failed int64) (bool, error) {
	switch {
	case e.MaxFailures != nil:
		return failed <= *e.MaxFailures, nil
	case e.Mostly == "":
		return failed == 0, nil
	}
	mostly, err := value.ParseDec(e.Mostly)
	if err != nil {
		return false, fmt.Errorf("its mostly is %q, which is no number", e.Mostly)
	}
	return value.DecFromInt(passed).Cmp(mostly.Mul(value.DecFromInt(passed+failed))) >= 0, nil
}
