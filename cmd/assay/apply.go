package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/reports"
)

// applyFlags are the flags of apply, undo and plan verify.
type applyFlags struct {
	bind   bindFlags
	risks  []string
	dryRun bool
	rate   float64
	most   int64
	batch  int
	yes    bool
}

// pacing adds the flags of commands that write.
func (f *applyFlags) pacing(cmd *cobra.Command) {
	cmd.Flags().Float64Var(&f.rate, "rate", 0, "the most changes a second (default: that of the suite's corrections, else no bound)")
	cmd.Flags().IntVar(&f.batch, "batch", 0, "changes of one statement and transaction (default 1000)")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "do not ask at a terminal")
}

func (a *app) applyCommand() *cobra.Command {
	f := &applyFlags{}
	cmd := &cobra.Command{
		Use:   "apply PLAN",
		Short: "Make the changes of a plan, each only where its row is still as it was seen",
		Long: `Makes the changes of a correction plan, in batches: each row is changed only if it still holds what the run saw; one that does not is stale, counted, and left.
It can be killed at any instant and run again: nothing happens twice. assay undo takes back what it did.
Only connections that say writable: true are written to. Changes of risk manual are never made.
Exit codes: 0 all changes are made, 1 some were stale or refused by the server, or there were more than --max-changes, 2 the plan is wrong or not for this suite,
3 a system failed, 130 interrupted.`,
		Example: "  assay apply last --dry-run\n  assay apply plan.jsonl --risk low --rate 500\n  assay apply plan.jsonl --max-changes 1000 --yes",
		Args:    onePlan,
		RunE:    func(cmd *cobra.Command, args []string) error { return a.apply(cmd.Context(), args[0], f) },
	}
	f.bind.register(cmd)
	cmd.Flags().StringSliceVar(&f.risks, "risk", nil, "only changes of these risks: low, medium, high (default: all three)")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "change nothing: say what would become of each change now")
	cmd.Flags().Int64Var(&f.most, "max-changes", 0, "make none of them where there are more")
	f.pacing(cmd)
	return cmd
}

// check refuses flags that say nothing that can be done.
func (f *applyFlags) check() error {
	switch {
	case f.rate < 0:
		return fmt.Errorf("--rate %v: must be above 0", f.rate)
	case f.most < 0:
		return fmt.Errorf("--max-changes %d: must be above 0", f.most)
	case f.batch < 0 || f.batch > 100_000:
		return fmt.Errorf("--batch %d: must be from 1 to 100000", f.batch)
	case slices.Contains(f.risks, string(correct.Manual)):
		return errors.New("--risk manual: such changes are for people, and never applied; assay plan show --risk manual shows them")
	}
	return checkWords("risk", f.risks, riskNames()[:3])
}

// options are those of the engine.
func (f *applyFlags) options(b *boundPlan) (o correct.Options, err error) {
	o = correct.Options{MaxChanges: f.most, DryRun: f.dryRun, Rate: f.rate, BatchRows: f.batch}
	for _, r := range f.risks {
		o.Risks = append(o.Risks, correct.Risk(r))
	}
	if o.Rate == 0 {
		o.Rate = float64(b.suite.Corrections.Rate)
	}
	o.Who, o.Host = who()
	if o.Mask, err = b.mask(); err != nil || f.dryRun {
		return o, err
	}
	o.Audit, err = b.audit()
	return o, err
}

func (a *app) apply(ctx context.Context, name string, f *applyFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	b, err := a.bindPlan(ctx, name, &f.bind, !f.dryRun)
	if err != nil {
		return err
	}
	defer b.close()
	o, err := f.options(b)
	if err != nil {
		return err
	}
	if !f.dryRun {
		ok, err := a.agreed(f.yes, fmt.Sprintf("Apply %s to %s?", chosenText(&b.Header, f.risks), places(&b.Header)))
		if err != nil || !ok {
			return err
		}
		a.interrupted = "what was done stands in the journal; assay apply " + reports.ShellWord(b.Path) + " goes on"
	}
	verb := "applying"
	if f.dryRun {
		verb = "checking"
	}
	return a.correcting(ctx, b, o, verb, correct.Apply)
}

// correcting runs one of the engine's actions on a plan and says what became of it.
func (a *app) correcting(ctx context.Context, b *boundPlan, o correct.Options, verb string, do func(context.Context, *correct.Plan, correct.Options) (correct.Report, error)) error {
	bar := a.correctionBar(verb)
	o.Progress = bar.event
	rep, err := do(ctx, b.Plan, o)
	bar.done()
	if budget, busy := busyOrBudget(err); budget != nil {
		a.note("assay: %v", budget)
		a.code = exitFailed
		return nil
	} else if busy != nil {
		return &worldError{busy}
	}
	if _, wrong := errors.AsType[*correct.PlanError](err); wrong {
		return err
	}
	if e := a.tellApplied(b, &rep, verb); e != nil {
		return e
	}
	if err != nil {
		return worldOrPlan(err)
	}
	if !rep.Clean() {
		a.code = exitFailed
	}
	return nil
}

// agreed asks the person at the terminal, if there is one.
func (a *app) agreed(yes bool, question string) (bool, error) {
	in, ok := a.stdin.(interface{ Fd() uintptr })
	if yes || !ok || !isTerminal(in.Fd()) || !terminal(a.stderr) {
		return true, nil
	}
	if _, err := fmt.Fprintf(a.stderr, "%s [y/N] ", question); err != nil {
		return false, &worldError{err}
	}
	answer, _ := bufio.NewReader(a.stdin).ReadString('\n') // none is no
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true, nil
	}
	a.note("nothing was changed")
	a.code = exitFailed
	return false, nil
}

// chosenText is how many changes are to be made, and of which kind.
func chosenText(h *correct.Header, risks []string) string {
	if len(risks) == 0 {
		risks = riskNames()[:3]
	}
	n := int64(0)
	for _, r := range risks {
		n += h.Counts.ByRisk[r]
	}
	return diag.Plural(n, "change")
}

// places names the datasets that a plan changes.
func places(h *correct.Header) string {
	var names []string
	for i := range h.Targets {
		names = append(names, diag.Visible(h.Targets[i].Dataset)+", "+diag.Visible(reports.TargetPlace(&h.Targets[i])))
	}
	return strings.Join(names, "; ")
}
