package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
)

// sampleFlags registers the flags of a sampled comparison.
func (f *diffFlags) sampleFlags(cmd *cobra.Command) {
	f.sample.drawing(cmd)
	fl := cmd.Flags()
	fl.Lookup("sample").Usage = "compare only so many rows of each side, drawn at random, and say with what confidence that tells of all"
	fl.Lookup("seed").Usage = "draw the rows of this seed; the same seed draws the same rows of unchanged data (default: a random one, which is printed)"
	fl.Lookup("confidence").Usage = "of what is said of both sides together, from 0.5 to below 1"
	fl.Lookup("detect").Usage = "the rate of difference that a sample must exclude to be conclusive"
	fl.Lookup("early-stop").Usage = "draw no more once a difference was met, or the rate is excluded; the bounds allow for having looked"
	fl.Lookup("max-time").Usage = "draw from a side for no longer than this, and judge by what was drawn"
}

// checkSample refuses what makes no sampled comparison.
func (f *diffFlags) checkSample(flags *pflag.FlagSet) error {
	if err := f.sample.check(flags); err != nil {
		return err
	}
	if f.sample.rows > 0 && flags.Changed("strategy") {
		return errors.New("--strategy says how all rows are compared, and --sample compares some: say one of them")
	}
	return nil
}

// diffCode is the exit code of a finished diff: keys that nothing is known of are no agreement.
func diffCode(c *result.Compare) int {
	switch {
	case c.Counts.Different() > 0:
		return exitFailed
	case c.Counts.Unsettled > 0, reports.Sampled(c) && (untold(c.Sample.Source) || untold(c.Sample.Target)):
		return exitError
	}
	return exitOK
}

// untold says that nothing is known of a side: no row of it was compared, and it may have some.
func untold(w *result.CompareWay) bool { return w.Judged == 0 && !w.All }

// sampleText says that only rows drawn at random were compared, and what that tells.
func sampleText(c *result.Compare) string {
	if c.Sample.All {
		return c.Sample.Sentence
	}
	return "a sample: " + c.Sample.Sentence
}
