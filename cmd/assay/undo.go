package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/reports"
)

func (a *app) undoCommand() *cobra.Command {
	f := &applyFlags{}
	cmd := &cobra.Command{
		Use:   "undo PLAN",
		Short: "Take back what applying a plan changed, and nothing that changed since",
		Long: `Puts the rows that assay apply changed back to what they were, each only where it still holds what apply left; one that was changed since is stale, and left.
It can be killed at any instant and run again.
Exit codes: 0 all is undone, 1 some rows were stale or refused by the server, 2 the plan is wrong, not for this suite, or was not applied, 3 a system failed, 130 interrupted.`,
		Args: onePlan,
		RunE: func(cmd *cobra.Command, args []string) error { return a.undo(cmd.Context(), args[0], f) },
	}
	f.bind.register(cmd)
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "change nothing: say what would become of each change now")
	f.pacing(cmd)
	return cmd
}

func (a *app) undo(ctx context.Context, name string, f *applyFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	b, err := a.bindPlan(ctx, undonePlan(name), &f.bind, !f.dryRun)
	if err != nil {
		return err
	}
	defer b.close()
	if !exists(correct.JournalPath(b.Path)) {
		return fmt.Errorf("%s was not applied: there is no journal %s, and so nothing to undo", b.Path, correct.JournalPath(b.Path))
	}
	o, err := f.options(b)
	if err != nil {
		return err
	}
	verb := "undoing"
	if f.dryRun {
		verb = "checking the undo"
	} else {
		ok, err := a.agreed(f.yes, "Undo what was applied to "+places(&b.Header)+"?")
		if err != nil || !ok {
			return err
		}
		a.interrupted = "what was undone stands in the journal; assay undo " + reports.ShellWord(b.Path) + " goes on"
	}
	return a.correcting(ctx, b, o, verb, correct.Undo)
}

// undonePlan is the plan that an undo plan belongs to, where that is what was named.
func undonePlan(name string) string {
	ext := filepath.Ext(name)
	plan, ok := strings.CutSuffix(strings.TrimSuffix(name, ext), ".undo")
	if ok && exists(name) && exists(plan+ext) {
		return plan + ext
	}
	return name
}
