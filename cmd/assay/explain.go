package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/run"
)

func (a *app) explainCommand() *cobra.Command {
	var f loadFlags
	var distrust bool
	var after string
	cmd := &cobra.Command{
		Use:   "explain SUITE [ID]",
		Short: "Show what each expectation stands for, and every statement that a run sends",
		Long: `Shows the CEL that each named expectation stands for, the statements that a run sends to each system,
and what is evaluated here instead, with the reason. Only schemas are read.

The statements are those of a run, letter by letter. Two depend on what a run finds: where a store answers inexactly on the data
at hand, that part is streamed instead; and the one query for failing rows asks for those expectations that failed.
It is shown as if each failed on one row, or, with --after report.json, as that run sent it.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			id := ""
			if len(args) == 2 {
				id = args[1]
			}
			rep, err := readReport(after)
			if err != nil {
				return err
			}
			return a.explain(cmd.Context(), args[0], &f, plan.Options{DistrustConstraints: distrust}, explainer{w: a.stdout, only: id, after: rep})
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&after, "after", "", "the report.json of a run: show the query for failing rows that it sent")
	cmd.Flags().BoolVar(&distrust, "distrust-constraints", false, "check even what the database's own constraints guarantee")
	return cmd
}

// readReport reads the JSON report of a run, nil for no path.
func readReport(path string) (*result.Report, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path) // #nosec G304 -- the user's own file
	if err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	// The rows are not needed, and their cells are written for readers of JSON, not read back.
	var rep struct {
		Schema       string `json:"schema"`
		Expectations []struct {
			ID      string         `json:"id"`
			Verdict result.Verdict `json:"verdict"`
			Counts  *result.Counts `json:"counts"`
			Ran     result.Ran     `json:"ran"`
		} `json:"expectations"`
	}
	if err := json.Unmarshal(text, &rep); err != nil || rep.Schema != result.SchemaName {
		return nil, fmt.Errorf("%s is no report of the form %s", path, result.SchemaName)
	}
	out := &result.Report{Schema: rep.Schema}
	for _, e := range rep.Expectations {
		out.Expectations = append(out.Expectations, result.Expectation{ID: e.ID, Verdict: e.Verdict, Counts: e.Counts, Ran: e.Ran})
	}
	return out, nil
}

// explain prints what show says of each suite.
func (a *app) explain(ctx context.Context, path string, f *loadFlags, opts plan.Options, show explainer) error {
	l, err := a.load(ctx, []string{path}, f, false)
	if err != nil {
		return err
	}
	for i := range l.suites {
		p, found, source, done := run.Prepare(ctx, &l.suites[i], run.Options{Open: open, Now: time.Now(), Plan: opts})
		defer done()
		if found.HasErrors() {
			return &foundError{list: found, sources: l.sources}
		}
		e := show
		e.plan, e.source = p, func(dataset string) connectors.Source { return snapshotOf(ctx, source(dataset)) }
		if err := e.suite(ctx); err != nil {
			return err
		}
		for _, d := range p.Datasets {
			if d.Err != nil {
				a.code = exitError
			}
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
	err    error
}

func (e *explainer) printf(format string, args ...any) {
	if e.err == nil {
		_, e.err = fmt.Fprintf(e.w, format, args...)
	}
}

func (e *explainer) suite() error {
	matched := false
	for _, it := range e.plan.Items {
		if e.only != "" && it.ID != e.only {
			continue
		}
		matched = true
		e.item(it)
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
			e.dataset(d)
		}
	}
	return e.err
}

func (e *explainer) concerns(d *plan.Dataset) bool {
	for _, it := range e.plan.Items {
		if it.ID != e.only {
			continue
		}
		for _, name := range it.Datasets {
			if name == d.Spec.Name {
				return true
			}
		}
	}
	return false
}

func (e *explainer) item(it *plan.Item) {
	e.printf("%s  (%s)\n", diag.Visible(it.ID), it.Kind)
	e.printf("  expect: %s\n", strings.ReplaceAll(diag.Visible(it.Expression), `\n`, " "))
	if it.Where != "" {
		e.printf("  where:  %s\n", diag.Visible(it.Where))
	}
	switch {
	case it.Err != nil:
		e.printf("  error:  %s\n", diag.Visible(it.Err.Error()))
	case it.Schema != nil:
		e.printf("  runs:   on the schema alone\n")
	case it.Row != nil && it.Row.Proof != "":
		e.printf("  runs:   not at all: proved by constraint %s\n", it.Row.Proof)
	case it.Set != nil && it.Set.Proof != "":
		e.printf("  runs:   not at all: proved by constraint %s\n", it.Set.Proof)
	case len(it.Refusals) == 0:
		e.printf("  runs:   on the server\n")
	default:
		e.printf("  runs:   here, on streamed rows\n")
		for _, r := range it.Refusals {
			e.printf("          because %s%s\n", diag.Visible(r.Reason), e.cut(it, r.Span))
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

func (e *explainer) dataset(d *plan.Dataset) {
	e.printf("dataset %s on %s (%s)\n", d.Spec.Name, d.Spec.Connection, d.Driver)
	if d.Err != nil {
		e.printf("  error: %s\n\n", diag.Visible(d.Err.Error()))
		return
	}
	x, ok := e.source(d.Spec.Name).(connectors.Explainer)
	if !ok {
		e.printf("  (this driver sends no statements)\n\n")
		return
	}
	e.statements("schema", x.DescribeStatements(d.Spec.Dataset), nil)
	if d.Pass != nil {
		s, err := x.Statements(*d.Pass)
		e.statements(fmt.Sprintf("one pass, %d measures", len(d.Pass.Measures)), s, err)
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
		e.statements(fmt.Sprintf("stream of %d columns, evaluated here", len(d.Stream.Columns)), s, err)
	}
	e.failing(d, x)
}

// failing shows the one query for failing rows as it would be if every expectation failed often.
func (e *explainer) failing(d *plan.Dataset, x connectors.Explainer) {
	counts := map[*plan.Item]int64{}
	var items []*plan.Item
	for _, s := range d.PassSlots {
		if s.Item != nil && s.Item.Row != nil && s.Part == plan.Whole {
			items = append(items, s.Item)
		}
	}
	for _, j := range d.Sets {
		items = append(items, j.Item)
	}
	for _, it := range items {
		counts[it] = 1
	}
	f := plan.FailingRows(d, e.source(d.Spec.Name).Caps(), items, counts, defaultFailures)
	if len(f.Select.Branches) == 0 {
		return
	}
	s, err := x.Statements(f.Select)
	e.statements("only if some of them fail: their failing rows (here as if each failed on one row)", s, err)
}

func (e *explainer) statements(title string, list []query.Statement, err error) {
	e.printf("  -- %s\n", title)
	if err != nil {
		e.printf("  (cannot be shown: %s)\n", diag.Visible(err.Error()))
	}
	for _, s := range list {
		for _, line := range strings.Split(s.Text, "\n") {
			e.printf("  %s\n", line)
		}
		if len(s.Args) > 0 {
			e.printf("  -- with %s\n", diag.Visible(strings.Join(s.Args, ", ")))
		}
	}
	e.printf("\n")
}
