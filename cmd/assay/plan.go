package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/reports"
	"github.com/assay-dev/assay/reports/html"
)

// planName is the file beside a run's report that holds its plan.
const planName = "plan.jsonl"

// shownChanges is the number of changes of a group that plan show shows.
const shownChanges = 5

// planFlags are the flags of plan show and plan filter.
type planFlags struct {
	chosen selection
	state  string
	sql    bool
	html   string
	format string
	limit  int
	out    string
}

func (a *app) planCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Read a correction plan, choose from it, and ask whether it still fits",
		Long: `A correction plan is a file: what to change about what a run found, row by row, with the row as it was seen. assay run --mode plan writes one.
PLAN is its path, the folder or the id of its run, or "last". Nothing is changed by these commands; assay apply changes.`,
		Example: "  assay plan show last\n  assay plan show plan.jsonl --sql --risk high\n  assay plan filter plan.jsonl --risk low -o low.jsonl\n  assay plan verify plan.jsonl",
		Args:    noCommandOf("plan", "show"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.planShow(), a.planFilter(), a.planVerify(), a.planAudit())
	return cmd
}

// noCommandOf refuses a word that is no command of a group of commands.
func noCommandOf(group, usual string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		var names []string
		for _, c := range cmd.Commands() {
			names = append(names, c.Name())
		}
		hint := diag.DidYouMean(args[0], names)
		if hint == "" {
			hint = fmt.Sprintf("there are %s: assay %s %s %s", strings.Join(names, ", "), group, usual, args[0])
		}
		return fmt.Errorf("unknown command %q of assay %s; %s", args[0], group, hint)
	}
}

// onePlan refuses a command line that does not name one plan.
func onePlan(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%s needs one plan: %s plan.jsonl, or the id of its run, or last", cmd.Name(), cmd.CommandPath())
	}
	return nil
}

func (a *app) planShow() *cobra.Command {
	f := &planFlags{}
	cmd := &cobra.Command{
		Use:   "show PLAN",
		Short: "Show what a plan would change, by class, action and risk, with the first rows of each",
		Long: `Reads the plan; no database is asked. --sql shows its changes as statements, or as requests of the bulk API, one a line and with their values in place: for
people to read, since assay sends batches with bound parameters. Values of masked columns are not shown.`,
		Args: onePlan,
		RunE: func(cmd *cobra.Command, args []string) error { return a.showPlan(cmd.Context(), args[0], f) },
	}
	f.chosen.register(cmd)
	registerState(cmd, &f.state)
	cmd.Flags().BoolVar(&f.sql, "sql", false, "show changes as statements or bulk requests")
	cmd.Flags().StringVar(&f.html, "html", "", "write a page to this file")
	cmd.Flags().StringVar(&f.format, "format", "text", "text or json")
	cmd.Flags().IntVar(&f.limit, "limit", shownChanges, "changes to show of each group; of --sql, in all; 0 for all (of --sql, all unless said)")
	return cmd
}

// registerState adds the flag that says where runs are kept.
func registerState(cmd *cobra.Command, state *string) {
	cmd.Flags().StringVar(state, "state", "", "state directory (default: .assay)")
}

func (a *app) showPlan(ctx context.Context, name string, f *planFlags) error {
	switch {
	case f.format != "text" && f.format != "json":
		return fmt.Errorf("--format %q: there are text and json%s", f.format, meant(f.format, []string{"text", "json"}))
	case f.limit < 0:
		return fmt.Errorf("--limit %d: must be 0 or more", f.limit)
	case f.sql && f.format == "json":
		return errors.New("--sql and --format json: one of the two")
	}
	p, err := openPlan(name, f.state)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }() // it was read
	keep, err := f.chosen.of(&p.Header)
	if err != nil {
		return err
	}
	if f.sql {
		limit := f.limit
		if limit == shownChanges {
			limit = 0
		}
		if err := a.planStatements(ctx, p, keep, limit); err != nil || f.html == "" {
			return err
		}
	}
	limit := f.limit
	if limit == 0 {
		limit = int(min(p.Header.Counts.Total, 1<<31-1))
	}
	view := reports.NewPlanView(p.Path, &p.Header, f.chosen.text(), limit)
	if err := p.Changes(ctx, func(c *correct.Change) error {
		if keep(c) {
			view.Add(c)
		}
		return nil
	}); err != nil {
		return worldOrPlan(err)
	}
	if f.html != "" {
		if err := writeFile(f.html, byUmask, func(w io.Writer) error { return html.WritePlan(w, view) }); err != nil {
			return &worldError{err}
		}
	}
	switch {
	case f.sql:
	case f.format == "json":
		err = reports.PlanJSON(a.stdout, view)
	default:
		err = reports.PlanText(a.stdout, view, reports.TextOptions{Color: a.color(a.stdout), Width: width(a.stdout)})
	}
	if err != nil {
		return &worldError{err}
	}
	return nil
}

// worldOrPlan tells what is wrong with a plan, or with what a suite asks for, from what is wrong with the world.
func worldOrPlan(err error) error {
	_, plan := errors.AsType[*correct.PlanError](err)
	_, found := errors.AsType[*foundError](err)
	if plan || found || err == nil {
		return err
	}
	if e, ok := errors.AsType[*connectors.Error](err); ok && e.Kind == connectors.Misconfigured {
		return err
	}
	return &worldError{err}
}

// openPlan opens the plan that a word stands for.
func openPlan(name, state string) (*correct.Plan, error) {
	path, err := planPath(name, state)
	if err != nil {
		return nil, err
	}
	p, err := correct.Open(path)
	if err != nil {
		return nil, worldOrPlan(err)
	}
	return p, nil
}

// planPath is the path of the plan that a word stands for: a file, a folder or a run that has one, or the latest that is kept.
func planPath(name, state string) (string, error) {
	runs := filepath.Join(stateDir(state, nil), "runs")
	if name == lastRun && !exists(name) {
		names, err := keptRuns(runs)
		if err != nil {
			return "", &worldError{err}
		}
		for _, n := range slices.Backward(names) {
			if path := filepath.Join(runs, n, planName); exists(path) {
				return path, nil
			}
		}
		return "", fmt.Errorf("no run in %s has a plan: assay run SUITE --mode plan writes one (--state names another folder)", runs)
	}
	candidates := []string{name}
	if filepath.Base(name) == name {
		candidates = append(candidates, filepath.Join(runs, name))
	}
	for _, path := range candidates {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			continue
		case !info.IsDir():
			return path, nil
		}
		if inside := filepath.Join(path, planName); exists(inside) {
			return inside, nil
		}
		return "", fmt.Errorf("%s: there is no %s in it: that run made no plan; assay run SUITE --mode plan writes one", path, planName)
	}
	names, _ := keptRuns(runs) // for a hint only
	hint := diag.DidYouMean(name, names)
	if hint == "" {
		hint = "assay run SUITE --mode plan writes one"
	}
	return "", fmt.Errorf("there is no plan %q: neither a file nor a run in %s; %s", name, runs, hint)
}
