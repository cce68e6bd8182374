package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/run"
)

// joined says how the rows of an expectation meet their partners.
func (e *explainer) joined(it *plan.Item) {
	j := it.Join.Job
	if j.Method == plan.JoinServer {
		e.printf("  runs:   on the server, by a join\n")
	} else {
		e.printf("  runs:   here, by a %s\n", j.Method)
	}
	if j.Sample != nil {
		e.tellsRows(it, j.Sample)
	}
	for _, r := range j.Reasons {
		e.printf("          because %s\n", diag.Visible(r))
	}
	for _, p := range j.Partners {
		unique := "by constraint " + p.Proof
		switch {
		case p.Proof != "":
		case slices.Contains(j.Checks, p):
			unique = "as a statement shows first"
		default:
			unique = "as is seen while reading it"
		}
		e.printf("          %s is unique in %s %s\n", diag.Visible(keyNames(p)), diag.Visible(p.Spec.Name), diag.Visible(unique))
	}
}

func keyNames(p *plan.Partner) string {
	names := make([]string, len(p.Keys))
	for i, k := range p.Keys {
		names[i] = k.Right.Col.Name
	}
	return strings.Join(names, ", ")
}

// join shows the statements of a join.
func (e *explainer) join(ctx context.Context, j *plan.JoinJob) {
	e.printf("join of %s", j.Left.Spec.Name)
	for _, p := range j.Partners {
		e.printf(" with %s as %s", p.Spec.Name, p.Alias)
	}
	e.printf(" (%s)\n", diag.Plural(int64(len(j.Items)), "expectation"))
	if j.Sample != nil {
		e.sample(j.Sample, "")
	}
	show := func(dataset, title string, r query.Request) { e.sent(ctx, dataset, title, r) }
	for _, p := range j.Checks {
		show(p.Spec.Name, "that the key of "+p.Spec.Name+" is unique", p.Check)
	}
	if j.Method == plan.JoinServer {
		show(j.Left.Spec.Name, "one pass, "+diag.Plural(int64(len(j.Aggregate.Measures)), "measure"), j.Aggregate)
		title := "only if some of them fail: their failing rows (here as if each failed on two rows, of which one is an orphan)"
		failing := map[*plan.Item]plan.JoinFailing{}
		for _, it := range j.Items {
			failing[it] = plan.JoinFailing{Rows: 2, Orphans: 1}
		}
		if e.after != nil {
			failing, title = run.JoinFailingAfter(e.after, j), "failing rows of that run"
		}
		for _, f := range j.FailingRows(e.source(j.Left.Spec.Name).Caps(), failing, defaultFailures) {
			show(j.Left.Spec.Name, title, f.Select)
		}
		return
	}
	for i, p := range j.Partners {
		title := "partners of " + p.Alias
		if j.Method == plan.JoinLookup {
			title += ", those with the keys of the rows only"
		}
		show(p.Spec.Name, title, query.Select{From: p.Check.From, Columns: j.Needs[i]})
	}
	if j.Sample != nil {
		return
	}
	show(j.Left.Spec.Name, fmt.Sprintf("rows, %s, evaluated here", diag.Plural(int64(len(j.Stream.Columns)), "column")), j.Stream)
}

// sent shows the statements of a request as a run sends them: to a snapshot where there are any.
func (e *explainer) sent(ctx context.Context, dataset, title string, r query.Request) {
	source := e.source(dataset)
	if s, ok := source.(connectors.Snapshotter); ok {
		snap, err := s.Snapshot(ctx)
		if err != nil {
			e.printf("  error: %s\n\n", diag.Visible(err.Error()))
			return
		}
		defer func() { _ = snap.Close() }() // nothing was read
		source = snap
	}
	x, ok := source.(connectors.Explainer)
	if !ok {
		e.printf("  -- %s\n  (this driver sends no statements)\n\n", title)
		return
	}
	s, err := x.Statements(r)
	e.statements(title, s, err)
}
