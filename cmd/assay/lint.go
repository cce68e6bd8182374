package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/expectations/spec"
)

func (a *app) lintCommand() *cobra.Command {
	var f loadFlags
	var offline, strict bool
	cmd := &cobra.Command{
		Use:   "lint SUITE...",
		Short: "Check suites without reading any data",
		Long: `Checks suites: keys, names, arguments and, unless --offline, every expression against the live schemas.
No data is read. Exit codes: 0 clean or warnings only, 1 warnings with --strict, 2 errors, 3 a system could not be asked.`,
		Args: oneSuite,
		RunE: func(cmd *cobra.Command, args []string) error { return a.lint(cmd.Context(), args, &f, offline, strict) },
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&offline, "offline", false, "connect nowhere: check only what the files say")
	cmd.Flags().BoolVar(&strict, "strict", false, "warnings are errors: exit 1")
	return cmd
}

func (a *app) lint(ctx context.Context, paths []string, f *loadFlags, offline, strict bool) error {
	l, err := a.load(ctx, paths, f, offline)
	if err != nil {
		return err
	}
	found := l.found
	var world []error
	expectations := 0
	for i := range l.suites {
		expectations += len(l.suites[i].Expectations)
		if offline {
			continue
		}
		more, failed := lintLive(ctx, &l.suites[i])
		found = append(found, more...)
		world = append(world, failed...)
	}
	found.Sort()
	if found.HasErrors() {
		return &foundError{list: found, sources: l.sources}
	}
	if err := printTo(a.stderr, found, l); err != nil {
		return err
	}
	for _, e := range world {
		a.note("assay: not checked: %s", diag.Visible(e.Error()))
	}
	if !a.quiet {
		if _, err := fmt.Fprintf(a.stdout, "%s, %s: %s\n", diag.Plural(int64(len(l.suites)), "suite"), diag.Plural(int64(expectations), "expectation"), diag.Plural(int64(len(found)), "warning")); err != nil {
			return fmt.Errorf("write to standard output: %w", err)
		}
	}
	switch {
	case len(world) > 0:
		a.code = exitError
	case strict && len(found) > 0:
		a.code = exitFailed
	}
	return nil
}

// lintLive checks a suite against the schemas of its systems. The errors are datasets that could not be described.
func lintLive(ctx context.Context, s *spec.Suite) (diag.List, []error) {
	p, found, _, done := run.Prepare(ctx, s, run.Options{Open: open, Now: time.Now(), Timeout: statementTimeout, Plan: plan.Options{Notes: true}})
	defer done()
	var failed []error
	said := map[string]bool{} // what is wrong with a connection is said once, not for each dataset
	for _, d := range p.Datasets {
		if d.Err == nil || said[d.Err.Error()] {
			continue
		}
		said[d.Err.Error()] = true
		err := d.Err
		if _, ok := errors.AsType[*run.WorldError](err); !ok {
			err = fmt.Errorf("%s: %w", d.Spec.At, err)
		}
		failed = append(failed, err)
	}
	return found, failed
}
