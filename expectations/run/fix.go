package run

import (
	"context"
	"maps"
	"slices"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/fix"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/spec"
)

// fixed are the datasets whose rows expectations of the suite correct.
func fixed(suite *spec.Suite) map[string]bool {
	out := map[string]bool{}
	for i := range suite.Expectations {
		switch e := &suite.Expectations[i]; {
		case e.Fix == nil:
		case e.Compare != nil:
			out[e.Compare.Source.Value], out[e.Compare.Target.Value] = true, true
		default:
			out[e.Dataset] = true
		}
	}
	return out
}

// writings asks how the columns of a dataset can be written. That it cannot be written at all is no failure of the run.
func (r *runner) writings(ctx context.Context, in *plan.Input) {
	c, ok := in.Source.(connectors.Corrector)
	if !ok || in.Spec.Query != "" || in.Spec.File != "" {
		in.Unwritable = "rows of " + in.Spec.Name + " cannot be corrected"
		return
	}
	var err error
	if in.Writings, err = c.Writings(ctx, query.Relation{Dataset: in.Spec.Dataset, Schema: in.Schema}); err != nil {
		in.Unwritable = "rows of " + in.Spec.Name + " cannot be corrected: " + causeOf(err)
	}
}

// wants reports whether every failing row of an expectation is to be handed on, not only a few for the report.
func (r *runner) wants(it *plan.Item) bool { return r.wantsKeys() || r.opts.Fix.Wants(it) }

// wantsAny reports whether that is so of one of several expectations.
func (r *runner) wantsAny(items []*plan.Item) bool {
	return slices.ContainsFunc(items, r.wants)
}

// handRow hands a failing row of the dataset to the planner of corrections.
func (x *execution) handRow(it *plan.Item, b *value.Batch, at map[int]int, row int) error {
	if !x.r.opts.Fix.Wants(it) {
		return nil
	}
	out := &fix.Row{}
	for _, c := range x.d.KeyColumns() {
		i, ok := at[c.Index]
		if !ok {
			return nil // the dataset's key is always read; nothing else names the row
		}
		out.Key, out.KeyErrs = append(out.Key, b.Cols[i].Value(row)), append(out.KeyErrs, b.Cols[i].IsErr(row))
	}
	return plain(x.r.opts.Fix.Row(it, out))
}

// handRow hands a failing row to the planner of corrections.
func (c *joinCapture) handRow(b *value.Batch, row int, orphan bool) error {
	f := c.x.r.opts.Fix
	if !f.Wants(c.item) {
		return nil
	}
	out := &fix.Row{Orphan: orphan, Cell: func(rel, index int) (v value.Value, failed, ok bool) {
		at, ok := c.at[[2]int{rel, index}]
		if !ok {
			return v, false, false
		}
		return b.Cols[at].Value(row), b.Cols[at].IsErr(row), true
	}}
	for _, col := range c.x.job.Left.KeyColumns() {
		v, failed, _ := out.Cell(0, col.Index)
		out.Key, out.KeyErrs = append(out.Key, v), append(out.KeyErrs, failed)
	}
	return plain(f.Row(c.item, out))
}

// plain keeps an error of the planner from being told as the world's.
func plain(err error) error {
	if err != nil {
		return plainError{err}
	}
	return nil
}

// plan has changes made of what was found.
func (r *runner) plan(ctx context.Context, p *plan.Plan) {
	f := r.opts.Fix
	if f == nil {
		return
	}
	rows := maps.Clone(r.rows)
	for _, it := range p.Items {
		n := r.of(it)
		if n.err == nil && n.comparison != nil && (n.comparison.drawn == nil || n.comparison.drawn.whole) {
			// Of a dataset whose rows were only compared in part these are the rows that changes can be of.
			c := &n.comparison.res.Counts
			for side, seen := range []int64{c.LeftRows, c.RightRows} {
				if _, known := r.rows[it.Datasets[side]]; !known {
					rows[it.Datasets[side]] = max(rows[it.Datasets[side]], seen)
				}
			}
		}
		switch {
		case n.err != nil || n.failuresErr != nil:
			f.Fail(it)
		case n.drawn != nil && !n.drawn.all, n.comparison != nil && n.comparison.drawn != nil && !n.comparison.drawn.whole:
			f.Drew(it)
		}
	}
	f.Finish(ctx, rows)
}
