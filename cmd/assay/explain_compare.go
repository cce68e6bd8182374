package main

import (
	"context"
	"fmt"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/plan"
)

// comparison shows what a comparison compares and how, and the statements of both sides.
func (e *explainer) comparison(ctx context.Context, it *plan.Item) {
	c := it.Compare
	for i := range c.Spec.Key {
		e.pair("key:   ", &c.Spec.Key[i])
	}
	for i := range c.Compared {
		e.pair("column:", &c.Spec.Columns[i])
	}
	for _, f := range c.Findings {
		e.printf("  %s: %s\n", map[bool]string{true: "warning", false: "note"}[f.Severity == diff.SeverityWarning], diag.Visible(f.Text))
	}
	if it.Sampled && e.compareSample(ctx, it) {
		return
	}
	if c.Unsampled != "" {
		e.printf("  note: all rows are compared: %s\n", diag.Visible(c.Unsampled))
	}
	choice, asked, err := diff.Explain(c.Spec)
	if err != nil {
		e.printf("  error:  %s\n\n", diag.Visible(err.Error()))
		return
	}
	e.printf("  runs:   %s: %s\n", choice.Strategy, choice.Reason)
	for i, side := range []*diff.Side{&c.Spec.Left, &c.Spec.Right} {
		a := &asked[i]
		text := map[diff.Method]string{diff.ByServer: "in key order", diff.BySort: "sorted here", diff.ByWindows: "in key windows, sorted here", diff.ByDigest: "by digests of ranges of the key, and the rows of those that differ"}[a.Method]
		if a.Reason != "" {
			text += ": " + a.Reason
		}
		e.printf("          %s %s: %s\n", sideNames[i], diag.Visible(side.Name), text)
		if a.WhereHere {
			e.printf("          where is evaluated here\n")
		}
	}
	e.printf("\n")
	for i, side := range []*diff.Side{&c.Spec.Left, &c.Spec.Right} {
		e.asked(ctx, sideNames[i], side, &asked[i])
	}
}

var sideNames = [2]string{"source", "target"}

// pair shows a pair of columns with their own types.
func (e *explainer) pair(what string, c *diff.Column) {
	by := optionsText(&c.Form)
	if c.Expect != nil {
		by = ", by its own expression"
	}
	e.printf("  %s %s (%s) = %s (%s)%s\n", what, diag.Visible(c.Left.Col.Name), diag.Visible(nativeType(c.Left)),
		diag.Visible(c.Right.Col.Name), diag.Visible(nativeType(c.Right)), by)
}

// optionsText says how a column is compared where that is not by equality.
func optionsText(f *canon.Form) string {
	text, o := "", &f.Options
	add := func(format string, args ...any) { text += ", " + fmt.Sprintf(format, args...) }
	if t := o.Tolerance; t.Set {
		switch {
		case t.Rel != 0:
			add("within a share of %g", t.Rel)
		case t.ULP != 0:
			add("within %d representable values", t.ULP)
		case f.Class == canon.Instant || f.Class == canon.Local || f.Class == canon.Span:
			add("within %s s", t.Abs.String())
		default:
			add("within %s", t.Abs.String())
		}
	}
	if o.Digits != nil {
		add("at %d digits of the second", *o.Digits)
	}
	if o.PrecisionSeconds != 0 {
		add("at steps of %s", time.Duration(o.PrecisionSeconds)*time.Second)
	}
	for _, n := range o.Normalize {
		add("%s", map[canon.Normal]string{canon.NFC: "in NFC", canon.Trim: "trimmed", canon.Casefold: "whatever the case"}[n])
	}
	if o.Unordered {
		add("in whatever order")
	}
	if o.EmptyIsNull {
		add("an empty list being null")
	}
	return text
}

func nativeType(c *query.Column) string {
	if c.Col.Native == "" {
		return c.Col.Type.String()
	}
	return c.Col.Native
}

// asked shows the statements of one side.
func (e *explainer) asked(ctx context.Context, name string, side *diff.Side, a *diff.Asked) {
	source := side.Source
	if s, ok := source.(connectors.Snapshotter); ok { // where a run asks
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
		e.printf("  -- %s %s\n  (this driver sends no statements)\n\n", name, diag.Visible(side.Name))
		return
	}
	for _, q := range a.Counts {
		s, err := x.Statements(q)
		e.statements(fmt.Sprintf("%s %s: rows that where leaves undecided", name, diag.Visible(side.Name)), s, err)
	}
	if d, ok := source.(connectors.Digester); ok && a.Digest != nil {
		s, err := d.DigestStatements(*a.Digest)
		e.statements(fmt.Sprintf("%s %s: hashes, without the bounds of the ranges", name, diag.Visible(side.Name)), s, err)
	}
	title := fmt.Sprintf("%s %s: %s", name, diag.Visible(side.Name), diag.Plural(int64(len(a.Select.Columns)), "column"))
	switch a.Method {
	case diff.ByWindows:
		title += ", between two keys at a time"
	case diff.ByDigest:
		title += ", of a range that differs"
	case diff.ByServer, diff.BySort:
	}
	s, err := x.Statements(a.Select)
	e.statements(title, s, err)
}
