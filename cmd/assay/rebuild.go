package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/correct/convert"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/rebuild"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/reports"
)

// rebuildFlags are the flags of rebuild.
type rebuildFlags struct {
	load      loadFlags
	resources resourceFlags
	rate      float64
	dropOld   bool
	state     string
	yes       bool
}

func (a *app) rebuildCommand() *cobra.Command {
	f := &rebuildFlags{}
	cmd := &cobra.Command{
		Use:   "rebuild SUITE ID",
		Short: "Make the corrected side of a comparison anew from the other one",
		Long: `Fills a new table or index beside the one that the comparison's fix corrects, verifies it by that very comparison, and lets the two change places at one
instant: readers see the old one whole or the new one whole. Whatever fails before leaves all as it was. The old one is kept until --drop-old.
Exit codes: 0 done, 1 verification found differences, 2 the comparison cannot be rebuilt from, 3 a system failed, 130 interrupted.`,
		Example: "  assay rebuild shop.yaml index-in-sync\n  assay rebuild shop.yaml index-in-sync --drop-old",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return errors.New("rebuild needs a suite and the id of a comparison: assay rebuild suite.yaml index-in-sync")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.rebuild(cmd.Context(), args[0], args[1], f) },
	}
	f.load.register(cmd)
	f.resources.register(cmd)
	registerState(cmd, &f.state)
	cmd.Flags().Float64Var(&f.rate, "rate", 0, "the most rows loaded a second (default: no bound)")
	cmd.Flags().BoolVar(&f.dropOld, "drop-old", false, "rebuild nothing: drop what the last rebuild kept")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "do not ask at a terminal")
	return cmd
}

func (a *app) rebuild(ctx context.Context, path, id string, f *rebuildFlags) error {
	if f.rate < 0 {
		return fmt.Errorf("--rate %v: must be above 0", f.rate)
	}
	var planned plan.Options
	if err := f.resources.add(&planned); err != nil {
		return err
	}
	f.load.unsent = true
	l, err := a.load(ctx, []string{path}, &f.load, false)
	if err != nil {
		return err
	}
	if len(l.suites) != 1 {
		return fmt.Errorf("rebuild needs one suite, and %s has %d", path, len(l.suites))
	}
	suite := &l.suites[0]
	if err := rebuildable(suite, id, l); err != nil {
		return err
	}
	o := rebuild.Options{Open: open, OpenWritable: openWritable, Plan: planned, Now: time.Now(), Timeout: statementTimeout, Rate: f.rate}
	if f.dropOld {
		return a.dropOld(ctx, suite, id, l, o)
	}
	release, err := lockRebuild(stateDir(f.state, []string{path}), suite, id)
	if err != nil {
		return err
	}
	defer release()
	ok, err := a.agreed(f.yes, "Rebuild what expectation "+diag.Visible(id)+" corrects?")
	if err != nil || !ok {
		return err
	}
	a.interrupted = "nothing was swapped, and all is as it was"
	bar := a.rebuildBar()
	o.Progress = bar.event
	rep, found, err := rebuild.Run(ctx, suite, id, o)
	bar.done()
	if found.HasErrors() {
		return &foundError{list: found, sources: l.sources}
	}
	if _, differs := errors.AsType[*rebuild.VerifyError](err); differs {
		a.note("assay: %v", err)
		a.code = exitFailed
		return nil
	}
	if _, refused := errors.AsType[*convert.RefusedError](err); refused {
		a.note("assay: %v; all is as it was", err)
		a.code = exitFailed
		return nil
	}
	if err != nil {
		return worldOrPlan(err)
	}
	a.interrupted = "the rebuild was complete by then"
	text := fmt.Sprintf("rebuilt %s from %s: %s", diag.Visible(rep.Dataset), diag.Visible(rep.From), diag.Plural(rep.Rows, "row"))
	if took := reports.Took(rep.Took.Milliseconds()); took != "" {
		text += " in " + took
	}
	text += "\n"
	if rep.Old != "" {
		text += fmt.Sprintf("the old one is kept as %s; drop it: assay rebuild %s %s --drop-old\n", diag.Visible(rep.Old), reports.ShellWord(path), reports.ShellWord(id))
	}
	if _, err := fmt.Fprint(a.stdout, text); err != nil {
		return &worldError{err}
	}
	return nil
}

// lockRebuild sees to it that a dataset is rebuilt by one process of this machine at a time: a second one would drop the shadow that the first one fills.
func lockRebuild(state string, suite *spec.Suite, id string) (release func(), err error) {
	target := ""
	for i := range suite.Expectations {
		if suite.Expectations[i].ID == id {
			target = rebuild.Target(&suite.Expectations[i])
		}
	}
	if err := os.MkdirAll(state, 0o750); err != nil {
		return nil, &worldError{fmt.Errorf("lock the rebuild: %w", err)}
	}
	name, host := who()
	sum := sha256.Sum256([]byte(suite.Name + "\x00" + target))
	release, err = correct.Lock(filepath.Join(state, "rebuild-"+hex.EncodeToString(sum[:5])+".lock"), fmt.Sprintf("%s on %s, process %d", name, host, os.Getpid()))
	if busy, ok := errors.AsType[*correct.BusyError](err); ok {
		return nil, &worldError{fmt.Errorf("%s is being rebuilt by %s: wait until that has ended", diag.Visible(target), diag.Visible(busy.By))}
	}
	if err != nil {
		return nil, &worldError{err}
	}
	return release, nil
}

// openWritable opens a connection that corrections may be written through.
func openWritable(ctx context.Context, c *spec.Connection) (connectors.Source, error) {
	return openFor(ctx, c, true)
}

// rebuildable refuses a rebuild through a connection that does not allow it, before anything is opened.
func rebuildable(suite *spec.Suite, id string, l *loaded) error {
	for i := range suite.Expectations {
		e := &suite.Expectations[i]
		if e.ID != id || rebuild.Target(e) == "" {
			continue
		}
		c := connectionOfDataset(suite, rebuild.Target(e))
		if c == nil {
			continue
		}
		if found := unwritable(c); found.HasErrors() {
			return &foundError{list: found, sources: l.sources}
		}
	}
	return nil
}

func (a *app) dropOld(ctx context.Context, suite *spec.Suite, id string, l *loaded, o rebuild.Options) error {
	old, found, err := rebuild.DropOld(ctx, suite, id, o)
	switch {
	case found.HasErrors():
		return &foundError{list: found, sources: l.sources}
	case err != nil:
		return worldOrPlan(err)
	}
	text := "dropped " + diag.Visible(old) + "\n"
	if old == "" {
		text = "no rebuild has kept anything\n"
	}
	if _, err := fmt.Fprint(a.stdout, text); err != nil {
		return &worldError{err}
	}
	return nil
}

// rebuildAll rebuilds the targets of the comparisons that found differences, and says so in the report.
func (a *app) rebuildAll(ctx context.Context, c *corrections, rep *result.Report) error {
	rep.Plan = &result.PlanSummary{Mode: c.mode, Changes: map[string]int{}}
	var failed error
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		if e.Compare == nil || e.Verdict == result.Error {
			continue
		}
		n := e.Compare.Counts.Changed + e.Compare.Counts.Missing + e.Compare.Counts.Extra + e.Compare.Counts.DuplicateKey
		target := ""
		for j := range c.suite.Expectations {
			if c.suite.Expectations[j].ID == e.ID {
				target = rebuild.Target(&c.suite.Expectations[j])
			}
		}
		if n == 0 || target == "" {
			continue
		}
		done := result.PlanRebuilt{Expectation: e.ID, Dataset: target}
		release, err := lockRebuild(c.state, c.suite, e.ID)
		if err != nil {
			done.Error = err.Error()
			rep.Plan.Rebuilt = append(rep.Plan.Rebuilt, done)
			failed = errors.Join(failed, err)
			continue
		}
		bar := a.rebuildBar()
		r, found, err := rebuild.Run(ctx, c.suite, e.ID, rebuild.Options{
			Open: open, OpenWritable: openWritable, Plan: c.planned, Now: rep.Run.Now, Timeout: statementTimeout, Progress: bar.event,
		})
		bar.done()
		release()
		_, differs := errors.AsType[*rebuild.VerifyError](err)
		_, refused := errors.AsType[*convert.RefusedError](err)
		switch {
		case found.HasErrors():
			done.Error = found.Error()
		case err != nil:
			if done.Error = err.Error(); !differs && !refused {
				failed = errors.Join(failed, fmt.Errorf("rebuild %s: %w", target, err))
			}
		default:
			done.Rows, done.Old = r.Rows, r.Old
			rep.Summary.RecordsFixed += n
			rep.Summary.FixesByType[modeRebuild] += int(n)
		}
		rep.Plan.Rebuilt = append(rep.Plan.Rebuilt, done)
	}
	return failed
}

// rebuildBar shows how far a rebuild is, on a terminal only.
type rebuildBar struct {
	mu   sync.Mutex
	last rebuild.Progress
	bars *mpb.Progress
	bar  *mpb.Bar
}

func (a *app) rebuildBar() *rebuildBar {
	r := &rebuildBar{last: rebuild.Progress{Step: "preparing", Total: -1}}
	if a.quiet || !terminal(a.stderr) {
		return r
	}
	r.bars = mpb.New(mpb.WithOutput(a.stderr), mpb.WithRefreshRate(120*time.Millisecond), mpb.WithWidth(20))
	r.bar = r.bars.New(0, mpb.SpinnerStyle(), mpb.BarRemoveOnComplete(), mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
		r.mu.Lock()
		defer r.mu.Unlock()
		return rebuildText(r.last)
	})))
	return r
}

func (r *rebuildBar) event(p rebuild.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = p
}

func (r *rebuildBar) done() {
	if r.bars == nil {
		return
	}
	r.bar.SetTotal(-1, true)
	r.bars.Wait()
}

// rebuildText is how far a rebuild is: "loading 1,200 of 5,000 rows, 800 a second, 5s left".
func rebuildText(p rebuild.Progress) string {
	text := p.Step
	if p.Done > 0 {
		text += " " + diag.Group(p.Done)
		if p.Total > 0 {
			text += " of " + diag.Plural(p.Total, "row")
		}
	}
	return text + paceText(p.Done, p.Total, p.Took)
}
