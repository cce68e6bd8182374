package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/expectations/sample"
)

// defaultConfidence is that of each expectation's verdict on a sample.
const defaultConfidence = 0.99

// sampleFlags are the flags of what can read a sample.
type sampleFlags struct {
	rows       int
	seed       uint64
	seeded     bool
	confidence float64
	detect     float64
	early      bool
	exact      bool
	stratify   string
	maxTime    time.Duration
}

func (f *sampleFlags) register(cmd *cobra.Command) {
	f.drawing(cmd)
	f.suites(cmd)
}

// suites registers what says how the datasets of a suite are sampled, and how far.
func (f *sampleFlags) suites(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.stratify, "stratify", "", "draw from the rows of each value of this column by themselves, in proportion, and name the worst; the values of all rows are counted for it")
	cmd.Flags().BoolVar(&f.exact, "exact-where-needed", false, "evaluate on all rows what no sample decides, instead of skipping it")
}

// drawing registers what says how rows are drawn and judged.
func (f *sampleFlags) drawing(cmd *cobra.Command) {
	f.foretelling(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.early, "early-stop", false, "draw no more once everything is decided; the bounds allow for having looked")
	flags.DurationVar(&f.maxTime, "max-time", 0, "draw from a dataset for no longer than this, and judge by what was drawn")
}

// foretelling registers what tells beforehand what a sample shows.
func (f *sampleFlags) foretelling(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&f.rows, "sample", 0, "judge by so many rows of each dataset, drawn at random, and say with what confidence")
	flags.Uint64Var(&f.seed, "seed", 0, "draw the rows of this seed; the same seed draws the same rows of unchanged data (default: a random one, which the report names)")
	f.confidence, f.detect = defaultConfidence, sample.DefaultDetect
	flags.Var((*rateFlag)(&f.confidence), "confidence", "of each expectation's verdict on a sample, from 0.5 to below 1, or in percent: 99%")
	flags.Var((*rateFlag)(&f.detect), "detect", "the failing rate that a sample must exclude for a pass, or in percent: 0.1%")
}

// rateFlag is a share, as a number or in percent, as a suite has it.
type rateFlag float64

// Set implements pflag.Value.
func (f *rateFlag) Set(text string) error {
	number, percent := strings.CutSuffix(text, "%")
	if number = strings.TrimSpace(number); percent {
		number += "e-2" // for 99.9 / 100 is not 0.999
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return errors.New("a number such as 0.001, or a percentage such as 0.1%")
	}
	*f = rateFlag(v)
	return nil
}

// String implements pflag.Value.
func (f *rateFlag) String() string { return strconv.FormatFloat(float64(*f), 'g', -1, 64) }

// Type implements pflag.Value.
func (*rateFlag) Type() string { return "rate" }

// needSample are the flags that say something of a sample only.
var needSample = [...]string{"seed", "confidence", "detect", "early-stop", "exact-where-needed", "max-time", "stratify"} //nolint:gochecknoglobals // a constant

// check refuses what makes no sample.
func (f *sampleFlags) check(flags *pflag.FlagSet) error {
	if !flags.Changed("sample") {
		for _, name := range needSample {
			if flags.Changed(name) {
				return fmt.Errorf("--%s is about a sample: say how many rows to draw, with --sample N", name)
			}
		}
		return nil
	}
	if full := flags.Lookup("full"); full != nil && full.Changed && full.Value.String() == "true" {
		return errors.New("--full reads everything and --sample does not: say one of them")
	}
	switch err := sample.CheckConfidence(f.confidence); {
	case f.rows < 1:
		return fmt.Errorf("--sample %d: draw at least one row", f.rows)
	case err != nil:
		return fmt.Errorf("--confidence %v: %w", f.confidence, err)
	case !(f.detect > 0 && f.detect < 1):
		return fmt.Errorf("--detect %v: a rate between 0 and 1, such as 0.001", f.detect)
	case f.maxTime < 0:
		return fmt.Errorf("--max-time %s: must not be negative", f.maxTime)
	case flags.Changed("stratify") && f.stratify == "":
		return errors.New("--stratify: name a column")
	case f.stratify != "" && f.early:
		return errors.New("--early-stop judges rows of all strata as they come, and --stratify draws one stratum after the other: say one of them")
	}
	if f.seeded = flags.Changed("seed"); !f.seeded {
		f.seed = rand.Uint64() // #nosec G404 -- it need not be a secret
	}
	return nil
}

// plan is nil where everything is read.
func (f *sampleFlags) plan() *plan.Sampling {
	if f.rows == 0 {
		return nil
	}
	return &plan.Sampling{Rows: f.rows, Seed: f.seed, ExactWhereNeeded: f.exact, Stratify: f.stratify}
}

func (f *sampleFlags) sampling() run.Sampling {
	return run.Sampling{Confidence: f.confidence, Detect: f.detect, EarlyStop: f.early, MaxTime: f.maxTime}
}
