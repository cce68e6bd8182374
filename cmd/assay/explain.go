package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/expectations/spec"
)

func (a *app) explainCommand() *cobra.Command {
	var f loadFlags
	var drawn sampleFlags
	var distrust bool
	var after string
	cmd := &cobra.Command{
		Use:   "explain SUITE [ID]",
		Short: "Show what each expectation stands for, and every statement that a run sends",
		Long: `Shows the CEL that each named expectation stands for, the statements that a run sends to each system,
and what is evaluated here instead, with the reason. Only schemas are read.

The statements are those of a run, letter by letter. Two depend on what a run finds: where a store answers inexactly on the data
at hand, that part is streamed instead; and the one query for failing rows asks for those expectations that failed.
It is shown as if each failed on one row, or, with --after report.json, as that run sent it.

With --sample N it shows how rows would be drawn at random, what that costs, and what they can tell of each expectation. Of the data
only statistics and some places of an index are looked at.`,
		Args: cobra.MatchAll(oneSuite, cobra.MaximumNArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			id := ""
			if len(args) == 2 {
				id = args[1]
			}
			rep, err := readReport(after)
			if err != nil {
				return err
			}
			if err := drawn.check(cmd.Flags()); err != nil {
				return err
			}
			show := explainer{w: a.stdout, only: id, after: rep, sampling: drawn.sampling()}
			return a.explain(cmd.Context(), args[0], &f, plan.Options{DistrustConstraints: distrust, Sample: drawn.plan()}, show)
		},
	}
	f.register(cmd)
	drawn.foretelling(cmd)
	drawn.suites(cmd)
	cmd.Flags().StringVar(&after, "after", "", "the report.json of a run: show the query for failing rows that it sent")
	cmd.Flags().BoolVar(&distrust, "distrust-constraints", false, "check even what the database's own constraints guarantee")
	return cmd
}

// explain prints what show says of each suite.
func (a *app) explain(ctx context.Context, path string, f *loadFlags, opts plan.Options, show explainer) error {
	l, err := a.load(ctx, []string{path}, f, false)
	if err != nil {
		return err
	}
	for i := range l.suites {
		if err := a.explainSuite(ctx, l, &l.suites[i], opts, show); err != nil {
			return err
		}
	}
	return nil
}

// explainSuite prints what e says of one suite.
func (a *app) explainSuite(ctx context.Context, l *loaded, s *spec.Suite, opts plan.Options, e explainer) error {
	p, found, source, done := run.Prepare(ctx, s, run.Options{Open: open, Now: time.Now(), Plan: opts, Timeout: statementTimeout})
	defer done()
	if found.HasErrors() {
		return &foundError{list: found, sources: l.sources}
	}
	e.plan, e.source = p, source
	if err := e.suite(ctx); err != nil {
		return err
	}
	for _, d := range p.Datasets {
		if d.Err != nil {
			a.code = exitError
		}
	}
	return nil
}

// explainer prints a plan.
type explainer struct {
	w      io.Writer
	plan   *plan.Plan
	source func(string) connectors.Source
	only   string
	after  *result.Report // of a run whose query for failing rows is shown, or nil
	err    error

	sampling run.Sampling
	designs  map[*query.Sample]plannedSample
	counted  map[*plan.Dataset]bool // strata whose statements were shown
}

func (e *explainer) printf(format string, args ...any) {
	if e.err == nil {
		_, e.err = fmt.Fprintf(e.w, format, args...)
	}
}

func (e *explainer) suite(ctx context.Context) error {
	matched := false
	e.planSamples(ctx)
	for _, it := range e.plan.Items {
		if e.only != "" && it.ID != e.only {
			continue
		}
		matched = true
		e.item(ctx, it)
	}
	if !matched && e.only != "" {
		var ids []string
		for _, it := range e.plan.Items {
			ids = append(ids, it.ID)
		}
		hint := ""
		if near := diag.DidYouMean(e.only, ids); near != "" {
			hint = "; " + near
		}
		return fmt.Errorf("no expectation has the id %q%s", e.only, hint)
	}
	for _, d := range e.plan.Datasets {
		if e.only == "" || e.concerns(d) {
			e.dataset(ctx, d)
		}
	}
	for _, j := range e.plan.Joins {
		if e.only == "" || slices.ContainsFunc(j.Items, func(it *plan.Item) bool { return it.ID == e.only }) {
			e.join(ctx, j)
		}
	}
	return e.err
}

func (e *explainer) concerns(d *plan.Dataset) bool {
	for _, it := range e.plan.Items {
		if it.ID == e.only && slices.Contains(it.Datasets, d.Spec.Name) {
			return true
		}
	}
	return false
}

func (e *explainer) item(ctx context.Context, it *plan.Item) {
	e.printf("%s  (%s)\n", diag.Visible(it.ID), it.Kind)
	e.printf("  expect: %s\n", strings.ReplaceAll(diag.Visible(it.Expression), `\n`, " "))
	if it.Where != "" {
		e.printf("  where:  %s\n", diag.Visible(it.Where))
	}
	switch {
	case it.Err != nil:
		e.printf("  error:  %s\n", diag.Visible(it.Err.Error()))
	case it.Skip != "":
		e.printf("  runs:   not at all: %s\n", diag.Visible(it.Skip))
	case it.Compare != nil:
		e.comparison(ctx, it)
		return
	case it.Schema != nil:
		e.printf("  runs:   on the schema alone\n")
	case it.Row != nil && it.Row.Proof != "":
		e.printf("  runs:   not at all: proved by constraint %s\n", it.Row.Proof)
	case it.Set != nil && it.Set.Proof != "":
		e.printf("  runs:   not at all: proved by constraint %s\n", it.Set.Proof)
	case it.Join != nil:
		e.joined(it)
	case it.Sampled:
		e.drawn(it)
	case len(it.Refusals) == 0:
		e.printf("  runs:   on the server\n")
	default:
		e.printf("  runs:   here, on streamed rows\n")
		said := map[string]bool{} // of each aggregate of a metric
		for _, r := range it.Refusals {
			if why := diag.Visible(r.Reason) + e.cut(it, r.Span); !said[why] {
				said[why] = true
				e.printf("          because %s\n", why)
			}
		}
	}
	e.printf("\n")
}

// cut is the part of the expression that a refusal is about.
func (e *explainer) cut(it *plan.Item, s query.Span) string {
	r := []rune(it.Expression)
	if s.Start < 0 || s.End > len(r) || s.Start >= s.End || s.End-s.Start == len(r) {
		return ""
	}
	return ": " + diag.Visible(string(r[s.Start:s.End]))
}

func (e *explainer) dataset(ctx context.Context, d *plan.Dataset) {
	e.printf("dataset %s on %s (%s)\n", d.Spec.Name, d.Spec.Connection, d.Driver)
	if d.Err != nil {
		e.printf("  error: %s\n\n", diag.Visible(d.Err.Error()))
		return
	}
	source := e.source(d.Spec.Name)
	if x, ok := source.(connectors.Explainer); ok {
		e.statements("schema", x.DescribeStatements(d.Spec.Dataset), nil)
	}
	if s, ok := source.(connectors.Snapshotter); ok { // where a run asks everything but the schema
		snap, err := s.Snapshot(ctx)
		if err != nil {
			e.printf("  error: %s\n\n", diag.Visible(err.Error()))
			return
		}
		defer func() { _ = snap.Close() }() // nothing was read
		source = snap
	}
	for _, j := range d.Samples {
		what := ""
		if j.Query.Where != nil && len(j.Items) > 0 {
			what = j.Items[0].Where
		}
		if j.Strata != nil {
			e.strata(d, j, what, source)
			continue
		}
		e.sample(&j.Query, what)
	}
	x, ok := source.(connectors.Explainer)
	if !ok {
		e.printf("  (this driver sends no statements)\n\n")
		return
	}
	if d.Pass != nil {
		s, err := x.Statements(*d.Pass)
		e.statements("one pass, "+diag.Plural(int64(len(d.Pass.Measures)), "measure"), s, err)
	}
	for _, j := range d.Sets {
		s, err := x.Statements(j.Check)
		e.statements("set "+j.Item.ID, s, err)
	}
	for _, j := range d.Groups {
		s, err := x.Statements(j.Aggregate)
		e.statements("groups of "+j.Slots[0].Item.ID, s, err)
	}
	if d.Stream != nil {
		s, err := x.Statements(*d.Stream)
		e.statements("stream of "+diag.Plural(int64(len(d.Stream.Columns)), "column")+", evaluated here", s, err)
	}
	e.failing(d, source.Caps(), x)
}

func (e *explainer) statements(title string, list []query.Statement, err error) {
	e.printf("  -- %s\n", title)
	if err != nil {
		e.printf("  (cannot be shown: %s)\n", diag.Visible(err.Error()))
	}
	for _, s := range list {
		if s.Only != "" {
			e.printf("\n  -- %s\n", s.Only)
		}
		for line := range strings.SplitSeq(s.Text, "\n") {
			e.printf("  %s\n", diag.Visible(line))
		}
		if len(s.Args) > 0 {
			e.printf("  -- with %s\n", diag.Visible(quoted(s.Args)))
		}
	}
	e.printf("\n")
}

// quoted lists values so that each can be told from the next: between quotes, a quote doubled.
func quoted(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = "'" + strings.ReplaceAll(v, "'", "''") + "'"
	}
	return strings.Join(out, ", ")
}
