package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/reports/history"
)

// durationID names the duration of runs where an id is asked for.
const durationID = "duration"

// baselineFlags are the flags of the commands about baselines.
type baselineFlags struct {
	pastFlags

	run, from, to, reason string
	undo                  bool
	at, format            string
	limit                 int
}

func (a *app) baselineCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "baseline",
		Short: "Show what is expected of a figure, and say what is to be learned from",
		Long: `A baseline holds a figure against the runs before: the value of a metric, the failing rate of an expectation, a dataset's rows (by the
dataset's name) or the run's duration (by the word duration).`,
		Example: "  assay baseline show shop.yaml daily-volume\n  assay baseline forget shop.yaml daily-volume --from 2026-11-01 --to 2026-11-03 --reason migration\n" +
			"  assay baseline accept shop.yaml daily-volume",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.baselineShow(), a.baselineMark(baseline.Forgotten), a.baselineMark(baseline.Accepted))
	return cmd
}

func (a *app) baselineShow() *cobra.Command {
	f := &baselineFlags{}
	cmd := &cobra.Command{
		Use:   "show SUITE [ID]",
		Short: "Show the band in which the next figure would pass, and the runs it was learned from",
		Args:  cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onFigures(cmd.Context(), args, f, func(ctx context.Context, b *figures) error { return a.showBaselines(ctx, b, f) })
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&f.at, "at", "", "the time of the run to foretell: 2026-11-01T14:30:00Z (default: now)")
	cmd.Flags().IntVar(&f.limit, "limit", historyRuns, "runs to show of one figure, the latest ones; 0 for all")
	cmd.Flags().StringVar(&f.format, "format", "text", "text or json")
	return cmd
}

func (a *app) baselineMark(mark baseline.Mark) *cobra.Command {
	f := &baselineFlags{}
	f.write = true
	verb, short := "forget", "Learn nothing from runs: an incident, a migration"
	if mark == baseline.Accepted {
		verb, short = "accept", "Take the figure of a run for normal: nothing before it is learned from"
	}
	cmd := &cobra.Command{
		Use: verb + " SUITE [ID]", Short: short, Args: cobra.RangeArgs(1, 2),
		Long: short + ".\nWithout an id all figures of the runs are meant. --undo takes back what was said.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onFigures(cmd.Context(), args, f, func(ctx context.Context, b *figures) error { return a.mark(ctx, b, f, mark) })
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&f.run, "run", "", "the run's id")
	if mark == baseline.Forgotten {
		cmd.Flags().StringVar(&f.from, "from", "", "runs from this time on: 2026-11-01, or 2026-11-01T14:30:00Z")
		cmd.Flags().StringVar(&f.to, "to", "", "runs before this time; a day counts in full")
	} else {
		cmd.Flags().Lookup("run").Usage += " (default: the last one)"
	}
	cmd.Flags().StringVar(&f.reason, "reason", "", "why, for whoever reads it later")
	cmd.Flags().BoolVar(&f.undo, "undo", false, "take back what was said of the runs")
	return cmd
}

// figures are the figures of a job with what the suite says of them.
type figures struct {
	*pastOf

	rules  baseline.Rules
	job    string
	series []baseline.Series // those meant; all where no id was given
	one    bool              // an id was given
	units  map[string]float64
}

// onFigures opens the history of a suite and finds the figures that the arguments mean.
func (a *app) onFigures(ctx context.Context, args []string, f *baselineFlags, do func(context.Context, *figures) error) error {
	l, err := a.load(ctx, args[:1], &f.load, true)
	if err != nil {
		return err
	}
	if len(l.suites) != 1 {
		return fmt.Errorf("%s: name one suite, not %d", args[0], len(l.suites))
	}
	past, err := a.past(ctx, args[0], &f.pastFlags)
	if err != nil {
		return err
	}
	defer past.close()
	b := &figures{pastOf: past, rules: baselineRules(&l.suites[0]), job: f.job}
	if b.job == "" {
		b.job = past.suite
	}
	err = b.find(ctx, &l.suites[0], args[1:])
	if err == nil {
		err = do(ctx, b)
	}
	if err == nil {
		err = past.settled()
	}
	if err != nil && !errors.As(err, new(*unknownError)) && !errors.As(err, new(*flagError)) {
		return &worldError{err}
	}
	return err
}

// flagError says that a flag is wrong.
type flagError struct{ text string }

func (e *flagError) Error() string { return e.text }

// find finds the series that an id means: that of an expectation of the suite or of its last run, of a dataset, or the duration.
func (b *figures) find(ctx context.Context, suite *spec.Suite, id []string) error {
	last, outcomes, err := b.store.Previous(ctx, b.job, time.Now().Add(24*time.Hour))
	if err != nil {
		return err
	}
	if last == nil {
		return &unknownError{fmt.Sprintf("%s has no run of job %s", b.place, b.job)}
	}
	var all []baseline.Series
	var names []string
	for i := range suite.Expectations {
		e := suite.Expectations[i].ID
		names = append(names, e)
		if o, ok := outcomes[e]; ok && o.Of != "" {
			all = append(all, baseline.Series{Of: o.Of, ID: e})
		} else if rule, ok := b.rules.Expectations[e]; ok {
			of := result.TrendObserved
			if o.Kind != result.KindMetric && (o.Kind != "" || rule.Metric == "") {
				of = result.TrendFailureRate
			}
			all = append(all, baseline.Series{Of: of, ID: e})
		}
	}
	for i := range suite.Datasets {
		names = append(names, suite.Datasets[i].Name)
		all = append(all, baseline.Series{Of: result.TrendRows, ID: suite.Datasets[i].Name})
	}
	names = append(names, durationID)
	all = append(all, baseline.Series{Of: result.TrendDuration})
	b.units = map[string]float64{}
	for e, o := range outcomes {
		if o.Counts != nil && o.Interval == nil {
			if n := o.Counts.True + o.Counts.False + o.Orphans; n > 0 {
				b.units[e] = 1 / float64(n)
			}
		}
	}
	if b.series = all; len(id) == 0 {
		return nil
	}
	b.one = true
	for _, s := range all {
		if s.ID == id[0] || s.ID == "" && id[0] == durationID {
			b.series = []baseline.Series{s}
			return nil
		}
	}
	if slices.Contains(names, id[0]) {
		return &unknownError{fmt.Sprintf("%s has no figure: it counts no rows and has no one value", id[0])}
	}
	hint := diag.DidYouMean(id[0], names)
	if hint == "" {
		hint = "name an expectation's id, a dataset, or " + durationID
	}
	return &unknownError{fmt.Sprintf("the suite has no expectation or dataset %s; %s", id[0], hint)}
}

// settings are those that judge a series.
func (b *figures) settings(s baseline.Series) baseline.Settings {
	if rule, ok := b.rules.Expectations[s.ID]; ok && s.Of != result.TrendRows {
		return rule.Settings
	}
	return baseline.Usual(s.Of, b.rules.Exclude)
}

// mark says of the runs that the flags mean what is to be thought of them.
func (a *app) mark(ctx context.Context, b *figures, f *baselineFlags, mark baseline.Mark) error {
	runs, err := b.meant(ctx, f, mark)
	if err != nil {
		return err
	}
	m := history.Marked{Job: b.job, Mark: mark, Note: f.reason, At: time.Now()}
	what := "all figures"
	if b.one {
		m.Series = b.series[0]
		what = seriesName(m.Series)
	}
	done := markedAs(mark)
	if f.undo {
		if runs, err = b.saidOf(ctx, runs, m); err != nil {
			return err
		}
		m.Mark, done = baseline.Unmarked, "taken back"
	}
	for _, r := range runs {
		m.Run = r.ID
		if err := b.store.Mark(ctx, m); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(a.stdout, "%s: %s of run %s of %s\n", done, what, r.ID, r.Start.UTC().Format(time.RFC3339)); err != nil {
			return err
		}
	}
	return nil
}

// markedAs says what a mark makes of a run.
func markedAs(mark baseline.Mark) string {
	if mark == baseline.Accepted {
		return "accepted"
	}
	return "forgotten"
}

// saidOf are those of the runs of which m was said: there is nothing to take back of the others.
func (b *figures) saidOf(ctx context.Context, runs []*history.Run, m history.Marked) ([]*history.Run, error) {
	marks, err := b.store.Marks(ctx, b.job)
	if err != nil {
		return nil, err
	}
	var said []*history.Run
	var others []string
	for i := range marks {
		if marks[i].Series != m.Series || marks[i].Mark != m.Mark {
			continue
		}
		if at := slices.IndexFunc(runs, func(r *history.Run) bool { return r.ID == marks[i].Run }); at >= 0 {
			said = append(said, runs[at])
		} else {
			others = append(others, marks[i].Run)
		}
	}
	if len(said) > 0 {
		slices.SortFunc(said, func(a, b *history.Run) int { return a.Start.Compare(b.Start) })
		return said, nil
	}
	what := "all figures"
	if b.one {
		what = seriesName(m.Series)
	}
	which := "run " + runs[0].ID + " is not " + markedAs(m.Mark)
	if len(runs) > 1 {
		which = "none of those " + diag.Plural(int64(len(runs)), "run") + " is " + markedAs(m.Mark)
	}
	hint := "no run is"
	if len(others) > 0 {
		hint = "these are: --run " + strings.Join(others[:min(len(others), 5)], ", --run ")
	}
	return nil, &unknownError{fmt.Sprintf("there is nothing to take back: %s for %s; %s", which, what, hint)}
}

// meant are the runs that the flags mean.
func (b *figures) meant(ctx context.Context, f *baselineFlags, mark baseline.Mark) ([]*history.Run, error) {
	runs, err := b.store.Runs(ctx, b.job, 0)
	if err != nil {
		return nil, err
	}
	slices.Reverse(runs) // the oldest first
	if f.run != "" {
		if f.from != "" || f.to != "" {
			return nil, &flagError{"--run names one run; leave --from and --to out"}
		}
		i := slices.IndexFunc(runs, func(r *history.Run) bool { return r.ID == f.run })
		if i < 0 {
			return nil, &unknownError{fmt.Sprintf("%s has no run %s of job %s: assay history %s lists them", b.place, f.run, b.job, b.job)}
		}
		return runs[i : i+1], nil
	}
	if mark == baseline.Accepted {
		return runs[len(runs)-1:], nil
	}
	if f.from == "" && f.to == "" {
		return nil, &flagError{"say which runs: --run ID, or --from and --to"}
	}
	span := baseline.Span{}
	if span.From, err = instantOf("--from", f.from, false); err != nil {
		return nil, err
	}
	if span.To, err = instantOf("--to", f.to, true); err != nil {
		return nil, err
	}
	runs = slices.DeleteFunc(runs, func(r *history.Run) bool { return !span.Holds(r.Start) })
	if len(runs) == 0 {
		return nil, &unknownError{"no run of job " + b.job + " is of that time"}
	}
	return runs, nil
}

// instantOf reads a day or a point in time; of an end the day counts in full.
func instantOf(flag, text string, end bool) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		if end {
			t = t.AddDate(0, 0, 1)
		}
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, &flagError{fmt.Sprintf("%s %q: write 2026-11-01, or 2026-11-01T14:30:00Z", flag, text)}
	}
	return t, nil
}

// seriesName names a figure.
func seriesName(s baseline.Series) string {
	switch s.Of {
	case result.TrendRows:
		return "the rows of " + s.ID
	case result.TrendDuration:
		return "the duration"
	case result.TrendFailureRate:
		return "the failing rate of " + s.ID
	case result.TrendObserved:
	}
	return s.ID
}
