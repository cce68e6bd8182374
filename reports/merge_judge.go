package reports

import (
	"fmt"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// judgeMerged forms the verdict of what several shards said.
func judgeMerged(out *result.Expectation, parts []*result.Expectation) error {
	byVerdict := map[result.Verdict][]*result.Expectation{}
	for _, p := range parts {
		byVerdict[p.Verdict] = append(byVerdict[p.Verdict], p)
	}
	out.Counts, out.Orphans = mergedCounts(parts)
	out.Compare = mergedCompare(parts)
	if broken := byVerdict[result.Error]; len(broken) > 0 {
		out.Verdict, out.Message = result.Error, broken[0].Message
		if n := len(broken); n < len(parts) {
			out.Message = fmt.Sprintf("in %d of %d shards: %s", n, len(parts), out.Message)
		}
		return nil
	}
	skipped := byVerdict[result.Skipped]
	if len(skipped) == len(parts) {
		out.Verdict, out.Message = result.Skipped, skipped[0].Message
		return nil
	}
	if out.Counts == nil { // decided by the schema or a constraint
		worst := parts[0]
		for _, p := range parts {
			if p.Verdict == result.Fail {
				worst = p
			}
		}
		out.Verdict, out.Message = worst.Verdict, worst.Message
		return nil
	}
	return judgeSums(out, parts, len(skipped))
}

// judgeSums judges the rows of all shards together; skipped is the number of shards that did not judge theirs.
func judgeSums(out *result.Expectation, parts []*result.Expectation, skipped int) error {
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
	out.Message = fmt.Sprintf("%s of %s fail in %s", diag.Group(failed), diag.Plural(total, noun), diag.Plural(int64(len(parts)), "shard"))
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
		out.Message += fmt.Sprintf("; %d of %d shards did not judge theirs", skipped, len(parts))
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
