package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
)

//go:embed demo_suite.yaml
var demoSuite string

func (a *app) demoCommand() *cobra.Command {
	dir := "assay-demo"
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See assay at work on two embedded databases that have drifted; needs nothing",
		Long: `Makes two embedded databases, a shop and the warehouse fed from it, that have drifted as such systems do,
runs a suite over both, prints the result and writes the HTML and JSON reports, and a plan of what would correct it. Always exits 0.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), dir) },
	}
	cmd.Flags().StringVar(&dir, "dir", dir, "folder to write the databases, the suite and the reports to")
	return cmd
}

func (a *app) demo(ctx context.Context, dir string) error {
	suite, err := demoFiles(ctx, dir, time.Now())
	if err != nil {
		return &worldError{err}
	}
	rep, err := a.demoRun(ctx, suite, dir)
	if err != nil {
		return err
	}
	if err := a.report(rep, []output{{format: "text"}}, shownRows, ""); err != nil {
		return err
	}
	for _, o := range []output{{"html", filepath.Join(dir, "report.html")}, {"json", filepath.Join(dir, "report.json")}} {
		if err := a.report(rep, []output{o}, shownRows, ""); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.stdout, `
Two databases were made in %[1]s: a shop, and the warehouse that is fed from it. They have drifted.

  look at the report       %[1]s%[2]creport.html   (open it in a browser; report.json is for machines)
  read the suite           %[1]s%[2]cshop.yaml
  run it again             assay run %[1]s%[2]cshop.yaml
  see what became of it    assay history %[1]s%[2]cshop.yaml
  see what it asks         assay explain %[1]s%[2]cshop.yaml
  read the correction plan assay plan show %[1]s%[2]cplan.jsonl
  apply it, take it back   assay apply %[1]s%[2]cplan.jsonl, assay undo %[1]s%[2]cplan.jsonl
  break it                 change an expectation in shop.yaml, and assay lint %[1]s%[2]cshop.yaml

The docs folder tells how to point it at PostgreSQL, MySQL and Elasticsearch.
`, dir, filepath.Separator)
	if err != nil {
		return &worldError{err}
	}
	return nil
}

// demoFiles writes the databases and the suite, anew each time, and returns the suite's path.
func demoFiles(ctx context.Context, dir string, now time.Time) (string, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("make the demo's folder: %w", err)
	}
	corrections := filepath.Join(dir, planName)
	for _, path := range []string{
		filepath.Join(dir, "shop.db"), filepath.Join(dir, "warehouse.db"), corrections, correct.JournalPath(corrections), correct.UndoPath(corrections),
	} {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return "", fmt.Errorf("remove the last demo: %w", err)
		}
	}
	if err := makeDemo(ctx, dir, now); err != nil {
		return "", err
	}
	suite := filepath.Join(dir, "shop.yaml")
	if err := os.WriteFile(suite, []byte(demoSuite), 0o600); err != nil {
		return "", fmt.Errorf("write the demo's suite: %w", err)
	}
	return suite, nil
}

func (a *app) demoRun(ctx context.Context, suite, dir string) (*result.Report, error) {
	l, err := a.load(ctx, []string{suite}, &loadFlags{}, false)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	id := run.NewID(now)
	correcting, err := planFor(&l.suites[0], modePlan, dir, id, now, &plan.Options{})
	if err != nil {
		return nil, err
	}
	rep, found := run.Run(ctx, &l.suites[0], run.Options{Open: open, Now: now, FailureRows: defaultFailures, Version: version, ID: id, Fix: correcting.fixer()})
	if found.HasErrors() {
		correcting.abort()
		return nil, &foundError{list: found, sources: l.sources}
	}
	if err := a.correct(ctx, &corrections{planning: correcting, suite: &l.suites[0], mode: modePlan, loaded: l, state: dir}, rep); err != nil {
		return nil, &worldError{err}
	}
	past := &histories{app: a}
	defer past.close()
	return rep, a.finish(ctx, &finishing{suite: &l.suites[0], rep: rep, job: l.suites[0].Name, dir: dir, state: dir}, past)
}
