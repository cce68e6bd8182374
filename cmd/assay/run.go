package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/fix"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/expectations/spec"
)

// defaultFailures is the number of failing rows kept of each expectation.
const defaultFailures = 10

// runFlags are the flags of run.
type runFlags struct {
	load      loadFlags
	resources resourceFlags
	tags      []string
	out       string
	state     string
	formats   []string
	strict    bool
	keepGoing bool
	distrust  bool
	full      bool
	sample    sampleFlags
	job       string
	alerts    string
	mode      string
	failures  int
	keys      bool // of every failing row
	shown     int  // failing rows of each expectation in the text form
}

func (a *app) runCommand() *cobra.Command {
	f := &runFlags{shown: shownRows}
	cmd := &cobra.Command{
		Use:   "run SUITE...",
		Short: "Evaluate suites and report",
		Long: `Evaluates every expectation of the suites (files, directories or globs) and prints a table.
Exit codes: 0 all passed, 1 an expectation of severity error failed, 2 a suite or a flag is wrong,
3 something could not be evaluated, 130 interrupted.`,
		Example: "  assay run shop.yaml\n  assay run suites/ --format json=report.json --strict",
		Args:    oneSuite,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("failures") {
				f.shown = f.failures
			}
			if err := f.sample.check(cmd.Flags()); err != nil {
				return err
			}
			return a.run(cmd.Context(), args, f)
		},
	}
	f.load.register(cmd)
	f.resources.register(cmd)
	cmd.Flags().StringArrayVar(&f.tags, "tag", nil, "only expectations with this tag (repeatable)")
	cmd.Flags().StringVar(&f.out, "out", "", "directory for report.json and report.html, one below it for each of several suites (default: a new one in the state directory)")
	cmd.Flags().StringVar(&f.state, "state", "", "state directory (default: .assay beside assay.yaml, else here)")
	cmd.Flags().StringVar(&f.job, "job", "", "name that the history knows the run by (default: the suite's, and +TAG for each --tag)")
	cmd.Flags().StringVar(&f.alerts, "alerts", alertsSend, "send, dry-run (print the message instead of sending it) or off (evaluate no alert rule)")
	cmd.Flags().StringVar(&f.mode, "mode", "", "what to do about what is found: audit (report), alert (and notify, the default), plan (and write a correction plan), selective (and apply what is of low risk), auto (and apply all of it) or rebuild")
	cmd.Flags().StringArrayVar(&f.formats, "format", nil, "text, json, html, junit, sarif, markdown, github, openlineage, csv or jsonl (the key of every failing row), optionally =PATH (repeatable; without a path to standard output)")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "warnings, inconclusive and skipped expectations also fail the run")
	cmd.Flags().BoolVar(&f.keepGoing, "keep-going", false, "an expectation that does not fit its schema is an error of its own, and the rest runs")
	cmd.Flags().BoolVar(&f.distrust, "distrust-constraints", false, "check even what the database's own constraints guarantee")
	cmd.Flags().BoolVar(&f.full, "full", true, "read everything; --sample reads rows at random instead")
	f.sample.register(cmd)
	cmd.Flags().IntVar(&f.failures, "failures", defaultFailures, "failing rows to fetch and show of each expectation; unless said, the text form shows 5 of them")
	return cmd
}

func (a *app) run(ctx context.Context, paths []string, f *runFlags) error {
	out, err := parseFormats(f.formats)
	if err != nil {
		return err
	}
	if !f.full && f.sample.rows == 0 {
		return errors.New("--full=false: say how many rows to draw instead, with --sample N")
	}
	if f.failures < 0 {
		return fmt.Errorf("--failures %d: must be 0 or more", f.failures)
	}
	if err := checkAlerts(f.alerts); err != nil {
		return err
	}
	if err := checkMode(f.mode, f.alerts); err != nil {
		return err
	}
	f.keys = wantsKeys(out)
	if f.keys && f.failures == 0 {
		return fmt.Errorf("--format %s holds the keys of failing rows, and --failures 0 keeps none", keysFormat)
	}
	planned := plan.Options{DistrustConstraints: f.distrust, KeepGoing: f.keepGoing, Sample: f.sample.plan()}
	if err := f.resources.add(&planned); err != nil {
		return err
	}
	f.load.unsent = f.alerts != alertsSend
	l, err := a.load(ctx, paths, &f.load, false)
	if err != nil {
		return err
	}
	if err := a.warn(l.found, l); err != nil {
		return err
	}
	if l.suites, err = withTags(l.suites, f.tags); err != nil {
		return err
	}
	if err := onePath(out, len(l.suites)); err != nil {
		return err
	}
	if err := a.mayWrite(l, f.mode); err != nil {
		return err
	}
	if err := f.spares(l, out, paths); err != nil {
		return err
	}
	if planned.Masker, err = masker(stateDir(f.state, paths), l.suites); err != nil {
		return err
	}
	if f.job != "" && len(l.suites) > 1 {
		return fmt.Errorf("--job %s: there are %d suites, and a job is of one", f.job, len(l.suites))
	}
	sweepRuns(stateDir(f.state, paths))
	r := &running{app: a, f: f, l: l, paths: paths, out: out, planned: planned, past: &histories{app: a}, now: time.Now()}
	defer r.past.close()
	a.interrupted = "what was not evaluated is reported as an error"
	for i := range l.suites {
		if err := r.one(ctx, &l.suites[i]); err != nil {
			return err
		}
	}
	return r.end()
}

// running is a run of several suites.
type running struct {
	app     *app
	f       *runFlags
	l       *loaded
	paths   []string
	out     []output
	planned plan.Options
	past    *histories
	now     time.Time

	reps  []*result.Report
	wrong bool  // a suite
	mute  bool  // a message was not delivered
	left  bool  // corrections that were to be made
	lost  error // of the files of differences, and of corrections: the reports stand without them
}

// one runs a suite, and does about what it finds what its mode says.
func (r *running) one(ctx context.Context, suite *spec.Suite) error {
	a, f := r.app, r.f
	id, state, mode := run.NewID(r.now), stateDir(f.state, r.paths), modeOf(suite, f.mode)
	dir := f.dir(suite, id, r.paths, len(r.l.suites) > 1)
	rights := keptRights(f.out)
	differences := &failuresFile{dir: dir, rights: rights}
	correcting, err := planFor(suite, mode, dir, id, r.now, &r.planned)
	if err != nil {
		return err
	}
	defer correcting.abort()
	rep, found := a.runSuite(ctx, suite, f, r.planned, r.now, id, differences, correcting.fixer())
	path, err := differences.close()
	r.lost = errors.Join(r.lost, err)
	if err := a.warn(found, r.l); err != nil {
		return err
	}
	if found.HasErrors() {
		r.wrong = true // of this suite nothing but schemas was read; the others run
		return nil
	}
	r.lost = errors.Join(r.lost, a.correct(ctx, &corrections{planning: correcting, suite: suite, mode: mode, loaded: r.l, state: state, planned: r.planned}, rep))
	r.left = r.left || leftOver(rep)
	done := &finishing{suite: suite, rep: rep, job: jobOf(suite, f), strict: f.strict, dir: dir, state: state, alerts: f.alerts, mode: mode}
	if err := a.finish(ctx, done, r.past); err != nil {
		return err
	}
	if err = a.report(rep, r.out, f.shown, path); err == nil {
		err = a.keep(rep, dir, rights, f.shown, path)
	}
	if err := a.tell(ctx, done); err != nil { // also where no report can be written: somebody is to hear of the run all the more
		a.note("assay: %v", err)
		r.mute = true
	}
	if err != nil {
		return err
	}
	r.reps = append(r.reps, rep)
	return nil
}

// end sets the exit code.
func (r *running) end() error {
	if r.lost != nil {
		return &worldError{r.lost}
	}
	a := r.app
	if a.code = exitCode(r.reps, r.f.strict); r.left && a.code == exitOK {
		a.code = exitFailed
	}
	if r.wrong {
		a.code = exitUsage
	}
	if (r.past.lost || r.mute) && a.code == exitOK {
		a.code = exitError
	}
	return nil
}

func (a *app) runSuite(ctx context.Context, suite *spec.Suite, f *runFlags, planned plan.Options, now time.Time, id string, differences *failuresFile, fixer *fix.Planner) (*result.Report, diag.List) {
	bar := a.progress()
	defer bar.done()
	keep := differences.take
	if f.failures == 0 {
		keep = nil // no row is to be stored, and a key is of a row
	}
	return run.Run(ctx, suite, run.Options{
		Open: open, Now: now, FailureRows: f.failures, Version: version, Progress: bar.event, Timeout: statementTimeout, Strict: f.strict, ID: id, Difference: keep,
		Plan: planned, Sampling: f.sample.sampling(), Keys: f.keys, Fix: fixer,
	})
}

// spares refuses to write over what the run reads.
func (f *runFlags) spares(l *loaded, out []output, paths []string) error {
	var dirs []string
	for i := range l.suites {
		if f.out != "" {
			dirs = append(dirs, f.dir(&l.suites[i], "", paths, len(l.suites) > 1))
		}
	}
	return sparesAll(l.inputs(stateDir(f.state, paths)), out, dirs...)
}

// onePath refuses to write several suites to one file.
func onePath(outs []output, suites int) error {
	for _, o := range outs {
		if o.path != "" && suites > 1 {
			return fmt.Errorf("--format %s=%s: there are %d suites; --out DIR gives each a folder", o.format, o.path, suites)
		}
	}
	return nil
}

// withTags keeps the expectations that carry one of the tags, and the suites that have any.
func withTags(suites []spec.Suite, tags []string) ([]spec.Suite, error) {
	if len(tags) == 0 {
		return suites, nil
	}
	var kept []spec.Suite
	for i := range suites {
		s := suites[i]
		s.Expectations = slices.DeleteFunc(slices.Clone(s.Expectations), func(e spec.Expectation) bool {
			return !slices.ContainsFunc(e.Tags, func(t string) bool { return slices.Contains(tags, t) })
		})
		if len(s.Expectations) > 0 {
			kept = append(kept, s)
		}
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("--tag: no expectation has the tag %s", strings.Join(tags, " or "))
	}
	return kept, nil
}

// shownRows is the number of failing rows that the text form shows of each expectation where --failures says nothing.
const shownRows = 5

// dir is the folder for the files of one suite's run.
func (f *runFlags) dir(suite *spec.Suite, id string, paths []string, several bool) string {
	switch {
	case f.out == "":
		return filepath.Join(stateDir(f.state, paths), "runs", id)
	case several:
		return filepath.Join(f.out, fileName(suite.Name))
	}
	return f.out
}

// keptRights are those of a run's own files: in the state directory they are private, and where --out names a folder they are for whom the umask says.
func keptRights(out string) fs.FileMode {
	if out == "" {
		return private
	}
	return byUmask
}

// keep writes the run's own files: report.json and report.html.
func (a *app) keep(rep *result.Report, dir string, rights fs.FileMode, shown int, differences string) error {
	if err := os.MkdirAll(dir, folder(rights)); err != nil {
		return &worldError{fmt.Errorf("keep the report: %w", err)}
	}
	for name, format := range map[string]string{reportName: "json", pageName: "html"} {
		err := writeFile(filepath.Join(dir, name), rights, func(w io.Writer) error { return a.render(w, rep, format, shown) })
		if err != nil {
			return &worldError{err}
		}
	}
	if !a.quiet {
		if differences != "" {
			a.note("every difference: %s", differences)
		}
		a.note("report: %s", filepath.Join(dir, pageName))
	}
	return nil
}

// fileName is a suite's name as the name of a folder.
func fileName(suite string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == filepath.Separator || r < ' ' || r == ':' {
			return '_'
		}
		return r
	}, strings.TrimLeft(suite, "."))
}

// stateDir is where runs are kept: as told, beside assay.yaml, or here.
func stateDir(told string, paths []string) string {
	if told != "" {
		return told
	}
	for _, p := range paths {
		dir := filepath.Dir(p)
		if _, err := os.Stat(filepath.Join(dir, "assay.yaml")); err == nil {
			return filepath.Join(dir, ".assay")
		}
	}
	return ".assay"
}
