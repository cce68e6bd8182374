package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/expectations/correct"
)

func (a *app) planVerify() *cobra.Command {
	f := &applyFlags{}
	cmd := &cobra.Command{
		Use:   "verify PLAN",
		Short: "Ask whether each row is still as the plan saw it",
		Long: `Reads the rows that the plan would change and says how many are still as they were seen, how many are as the plan wants them already, and which have changed
since. No writable connection is needed, and nothing is changed.
Exit codes: 0 every change could be made or has been, 1 some are stale, 2 the plan is wrong or not for this suite, 3 a system failed.`,
		Args: onePlan,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.dryRun = true
			if err := f.check(); err != nil {
				return err
			}
			return a.verifyPlan(cmd.Context(), args[0], f)
		},
	}
	f.bind.register(cmd)
	cmd.Flags().StringSliceVar(&f.risks, "risk", nil, "only changes of these risks: low, medium, high (default: all three)")
	return cmd
}

func (a *app) verifyPlan(ctx context.Context, name string, f *applyFlags) error {
	b, err := a.bindPlan(ctx, name, &f.bind, false)
	if err != nil {
		return err
	}
	defer b.close()
	o, err := f.options(b)
	if err != nil {
		return err
	}
	return a.correcting(ctx, b, o, "checking", correct.Verify)
}
