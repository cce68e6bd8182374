package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/reports"
)

// reportName is the file that a run is kept in.
const reportName = "report.json"

// pageName is the page beside it.
const pageName = "report.html"

// lastRun stands for the latest run that is kept.
const lastRun = "last"

// reportFlags are the flags of report and report merge.
type reportFlags struct {
	state   string
	formats []string
	shown   int
	out     string
	strict  bool
}

func (a *app) reportCommand() *cobra.Command {
	f := &reportFlags{}
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "Write a kept run in other formats",
		Long: `Reads the report.json of a run and writes it in other formats; no database is asked. RUN is the run's id, "last", or the path of
a report.json or of its folder.`,
		Example: "  assay report last\n  assay report 20261122T001412-99c4f152 --format junit=out.xml --format html=run.html",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New(`report needs one run: assay report last, or an id, or the path of a report.json`)
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.reportOf(args[0], f) },
	}
	a.reportRegister(cmd, f)
	merge := &cobra.Command{
		Use:   "merge REPORT REPORT...",
		Short: "Make one report of those of a run's shards",
		Long: `Adds up the rows of reports that each read a part of them, forms the verdicts anew and exactly, and keeps the report of the whole. The values of metrics, and
checks about several rows together (unique, monotonic), cannot be told from parts: each must stand in one of the reports only.
Exit codes are those of run.`,
		Example: "  assay report merge shard-*/report.json --out merged",
		Args:    cobra.MinimumNArgs(2),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.reportMerge(cmd.Context(), args, f) },
	}
	a.reportRegister(merge, f)
	merge.Flags().StringVar(&f.out, "out", "", "directory for report.json and report.html (default: a new one in the state directory)")
	merge.Flags().BoolVar(&f.strict, "strict", false, "warnings, inconclusive and skipped expectations also fail the run")
	cmd.AddCommand(merge)
	return cmd
}

func (a *app) reportRegister(cmd *cobra.Command, f *reportFlags) {
	cmd.Flags().StringVar(&f.state, "state", "", "state directory (default: .assay)")
	cmd.Flags().StringArrayVar(&f.formats, "format", nil, "text, json, html, junit, sarif, markdown, github, openlineage or csv, optionally =PATH (repeatable; without a path to standard output)")
	cmd.Flags().IntVar(&f.shown, "failures", shownRows, "failing rows of each expectation that the text form shows")
}

func (a *app) reportOf(name string, f *reportFlags) error {
	out, err := parseFormats(f.formats)
	if err != nil {
		return err
	}
	path, err := keptReport(name, stateDir(f.state, nil))
	if err != nil {
		return err
	}
	rep, err := openReport(path)
	if err != nil {
		return err
	}
	keys := keysBeside(path)
	if err := sparesAll([]input{{path, "the report"}, {keys, "the keys of its rows"}}, out); err != nil {
		return err
	}
	if wantsKeys(out) {
		if err := a.sayMissingKeys(rep, keys); err != nil {
			return &worldError{err}
		}
	}
	return a.report(rep, out, max(f.shown, 0), keys)
}

// keptReport is the path of the report.json that a word stands for.
func keptReport(name, state string) (string, error) {
	runs := filepath.Join(state, "runs")
	if name == lastRun {
		return latestReport(runs)
	}
	for _, path := range []string{name, filepath.Join(runs, name)} {
		info, err := os.Stat(path)
		if err != nil || path != name && filepath.Base(name) != name {
			continue
		}
		if !info.IsDir() {
			return path, nil
		}
		if path = filepath.Join(path, reportName); exists(path) {
			return path, nil
		}
	}
	names, _ := keptRuns(runs) // for a hint only
	hint := diag.DidYouMean(name, names)
	if hint == "" {
		hint = "one that was written elsewhere (--out) is named by its path"
	}
	return "", fmt.Errorf("there is no report of %q: neither a file nor a run in %s; %s", name, runs, hint)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// keptRuns are the names of the folders of runs: in the order of their time.
func keptRuns(runs string) ([]string, error) {
	entries, err := os.ReadDir(runs)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for runs: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// latestReport is that of the run that started last. Names have seconds and then chance: of two within a second the one that was written last is meant.
func latestReport(runs string) (string, error) {
	names, err := keptRuns(runs)
	if err != nil {
		return "", err
	}
	best, second, written := "", "", time.Time{}
	for _, n := range slices.Backward(names) {
		path := filepath.Join(runs, n, reportName)
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		started, _, _ := strings.Cut(n, "-")
		if best != "" && started != second {
			break
		}
		if best == "" || info.ModTime().After(written) {
			best, second, written = path, started, info.ModTime()
		}
	}
	if best == "" {
		return "", fmt.Errorf("no run is kept in %s: assay run SUITE keeps one (--state names another folder)", runs)
	}
	return best, nil
}

// openReport reads a report.json.
func openReport(path string) (*result.Report, error) {
	file, err := os.Open(path) // #nosec G304 -- the user's own file
	if err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	rep, err := reports.Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rep, nil
}

func (a *app) reportMerge(_ context.Context, paths []string, f *reportFlags) error {
	out, err := parseFormats(f.formats)
	if err != nil {
		return err
	}
	if wantsKeys(out) {
		return errors.New("--format jsonl: the keys of the failing rows stand beside the reports of the shards, in files that can be put one behind the other")
	}
	var shards []*result.Report
	var read []input
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil && info.IsDir() {
			p = filepath.Join(p, reportName)
		}
		read = append(read, input{p, "a shard's report"}, input{filepath.Join(filepath.Dir(p), failuresName), "the keys of a shard's rows"})
		rep, err := openReport(p)
		if err != nil {
			return err
		}
		shards = append(shards, rep)
	}
	id := run.NewID(shards[0].Run.Start)
	rep, err := reports.Merge(shards, id)
	if err != nil {
		return fmt.Errorf("the reports cannot be merged: %w", err)
	}
	dir := f.out
	if dir == "" {
		dir = filepath.Join(stateDir(f.state, nil), "runs", id)
	}
	if err := sparesAll(read, out, dir); err != nil {
		return err
	}
	if err := a.report(rep, out, max(f.shown, 0), ""); err != nil {
		return err
	}
	sweepRuns(stateDir(f.state, nil))
	if err := a.keep(rep, dir, keptRights(f.out), f.shown, ""); err != nil {
		return err
	}
	a.code = exitCode([]*result.Report{rep}, f.strict)
	return nil
}
