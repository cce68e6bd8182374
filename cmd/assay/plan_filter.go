package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/reports"
)

func (a *app) planFilter() *cobra.Command {
	f := &planFlags{}
	cmd := &cobra.Command{
		Use:   "filter PLAN",
		Short: "Write the changes that are chosen as a plan of their own",
		Long: `Writes the changes that every flag given lets through as a new plan, with its own digest, journal and undo. Of a plan that was applied in part, what was done is
found done again, and nothing happens twice.`,
		Example: "  assay plan filter plan.jsonl --risk low,medium -o approved.jsonl\n  assay plan filter plan.jsonl --key id=7 -o one.jsonl",
		Args:    onePlan,
		RunE:    func(cmd *cobra.Command, args []string) error { return a.filterPlan(cmd.Context(), args[0], f) },
	}
	f.chosen.register(cmd)
	registerState(cmd, &f.state)
	cmd.Flags().StringVarP(&f.out, "output", "o", "", "the new plan")
	return cmd
}

func (a *app) filterPlan(ctx context.Context, name string, f *planFlags) error {
	switch {
	case f.out == "":
		return errors.New("plan filter needs a place for the new plan: -o chosen.jsonl")
	case f.chosen.none():
		return errors.New("plan filter needs at least one of --risk, --class, --action, --expectation, --target and --key")
	}
	p, err := openPlan(name, f.state)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }() // it was read
	if sameFile(p.Path, f.out) {
		return fmt.Errorf("-o %s: that is the plan itself; name another file", f.out)
	}
	keep, err := f.chosen.of(&p.Header)
	if err != nil {
		return err
	}
	h, err := correct.Filter(ctx, p, f.out, func(c *correct.Change) (bool, error) { return keep(c), nil })
	if err != nil {
		return worldOrPlan(err)
	}
	if h.Counts.Total == 0 {
		a.note("assay: no change of the plan is of %s: the new plan changes nothing", diag.Visible(f.chosen.text()))
	}
	if !a.quiet {
		a.note("%s of %s: %s", diag.Plural(h.Counts.Total, "change"), diag.Group(p.Header.Counts.Total), reports.ShellWord(f.out))
	}
	return nil
}
