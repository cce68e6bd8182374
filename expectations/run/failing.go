package run

import (
	"context"
	"slices"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// failing fetches failing rows of the expectations that failed on the server, in bounded queries: one, unless they are very many.
func (x *execution) failing(ctx context.Context) {
	if x.r.opts.FailureRows <= 0 && !x.r.wantsAny(x.items) || ctx.Err() != nil {
		return
	}
	counts := map[*plan.Item]int64{}
	var items []*plan.Item
	for _, it := range x.items {
		n := x.r.of(it)
		if n.err != nil || !n.server || n.here && (len(n.failures) > 0 || x.r.wants(it)) {
			continue // what is evaluated here is captured as it passes
		}
		if j := judged(it, n); failed(j) || j.failed > 0 && x.r.wants(it) {
			items = append(items, it)
			counts[it] = j.failed
		}
	}
	if len(items) == 0 {
		return
	}
	var queries []*plan.Failing
	for _, all := range []bool{true, false} { // all rows of those that want them, a few of the others
		some, limit := slices.Clone(items), 0
		if !all {
			limit = x.r.opts.FailureRows
		}
		some = slices.DeleteFunc(some, func(it *plan.Item) bool { return x.r.wants(it) != all })
		if all || limit > 0 {
			queries = append(queries, plan.FailingRows(x.d, x.source.Caps(), some, counts, limit)...)
		}
	}
	if len(queries) == 0 {
		return
	}
	x.r.progress(Event{Dataset: x.d.Spec.Name, Step: "failing rows", Total: -1})
	for _, f := range queries {
		x.failingOf(ctx, f)
	}
}

// failingOf fetches the failing rows that one query finds.
func (x *execution) failingOf(ctx context.Context, f *plan.Failing) {
	began := time.Now()
	err := x.fetchFailing(ctx, f)
	ms := time.Since(began).Milliseconds()
	for _, its := range f.Items {
		for _, it := range its {
			x.r.note(it, func(n *numbers) {
				n.statements++
				n.ms += ms
				if err != nil && n.err == nil {
					// The verdict stands on its counts; only the rows are missing, and the report says so.
					n.failuresErr = x.r.failure("dataset "+x.d.Spec.Name, x.d.Spec, x.conn, err, true)
				}
			})
		}
	}
}

// FailingAfter returns the queries for failing rows of a dataset that the run of rep sent, when limit is the number of rows that it kept of
// each expectation; none when it sent none.
func FailingAfter(rep *result.Report, p *plan.Plan, d *plan.Dataset, caps query.Caps, limit int) []*plan.Failing {
	entries := map[string]*result.Expectation{}
	for i := range rep.Expectations {
		entries[rep.Expectations[i].ID] = &rep.Expectations[i]
	}
	counts := map[*plan.Item]int64{}
	var items []*plan.Item
	for _, it := range itemsOf(p, d) {
		e := entries[it.ID]
		if e == nil || e.Counts == nil || e.Ran.Where != onServer || e.Verdict == result.Error {
			continue
		}
		if j := judge(*e.Counts, it.Spec); failed(j) {
			items = append(items, it)
			counts[it] = j.failed
		}
	}
	if limit <= 0 || len(items) == 0 {
		return nil
	}
	return plan.FailingRows(d, caps, items, counts, limit)
}

func (x *execution) fetchFailing(ctx context.Context, f *plan.Failing) error {
	src, err := x.source.Select(ctx, f.Select)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }() // the rows wanted were read
	progs := map[*plan.Item]*eval.Program{}
	for _, its := range f.Items {
		for _, it := range its {
			if it.Row == nil {
				continue
			}
			p, err := eval.Compile([]query.Expr{plan.FailingCondition(it), it.Row.Pred}, f.Select.Columns)
			if err != nil {
				return err
			}
			progs[it] = p
		}
	}
	for {
		b, err := src.Next(ctx)
		if err != nil || b == nil {
			return err
		}
		if err := x.attribute(f, progs, b); err != nil {
			return err
		}
	}
}

// attribute gives each fetched row to the expectations that it fails.
func (x *execution) attribute(f *plan.Failing, progs map[*plan.Item]*eval.Program, b *value.Batch) error {
	cols := f.Select.Columns
	for branch, its := range f.Items {
		for _, it := range its {
			var fails, pred *value.Vector
			if p := progs[it]; p != nil {
				// The branch number that follows the columns is not part of the row.
				vs, err := p.Run(&value.Batch{N: b.N, Cols: b.Cols[:len(cols)]})
				if err != nil {
					return err
				}
				fails, pred = vs[0], vs[1]
			}
			failing := func(i int) bool {
				mine := len(f.Items) < 2 || b.Cols[len(cols)].Ints[i] == int64(branch)
				return mine && (fails == nil || !fails.Errs.Get(i) && fails.Bools[i])
			}
			if err := x.attributed(it, b, cols, failing, pred); err != nil {
				return err
			}
		}
	}
	return nil
}

// attributed gives the failing rows of a batch to an expectation. pred is its predicate, nil where it has none.
func (x *execution) attributed(it *plan.Item, b *value.Batch, cols []*query.Column, failing func(int) bool, pred *value.Vector) error {
	room := 0
	if n := x.r.of(it); failed(judged(it, n)) {
		room = x.r.opts.FailureRows - len(n.failures)
	}
	for i := range b.N {
		if !failing(i) {
			continue
		}
		undecided := pred != nil && (pred.Errs.Get(i) || pred.Nulls.Get(i))
		if x.r.wants(it) {
			if err := x.handKey(it, b, cols, i, undecided); err != nil {
				return err
			}
		}
		if room--; room < 0 {
			continue
		}
		row := x.failure(it, b, cols, i, undecided)
		x.r.note(it, func(n *numbers) { n.failures = append(n.failures, row) })
	}
	return nil
}

// failure forms the report's entry of one failing row: its key, the columns concerned and the message.
func (x *execution) failure(it *plan.Item, b *value.Batch, cols []*query.Column, row int, undecided bool) result.Failure {
	f := result.Failure{Outcome: "false"}
	if undecided {
		f.Outcome = "undecided"
	}
	at := positions(cols)
	x.key(&f, b, at, row)
	x.values(&f, it, b, at, row)
	f.Message = x.message(it, b, at, row)
	return f
}

// key adds the key of a row.
func (x *execution) key(f *result.Failure, b *value.Batch, at map[int]int, row int) {
	f.Key = map[string]result.Cell{}
	for _, c := range x.d.KeyColumns() {
		if i, ok := at[c.Index]; ok {
			f.Key[c.Col.Name] = x.cell(b, i, row, c)
			f.Order = append(f.Order, c.Col.Name)
		}
	}
}

// values adds the columns concerned.
func (x *execution) values(f *result.Failure, it *plan.Item, b *value.Batch, at map[int]int, row int) {
	f.Values = map[string]result.Cell{}
	shown := []*query.Column(nil)
	switch {
	case it.Row != nil:
		shown = it.Row.Columns
	case it.Set != nil:
		shown = it.Set.Columns
	}
	for _, c := range shown {
		i, ok := at[c.Index]
		if _, isKey := f.Key[c.Col.Name]; !ok || isKey {
			continue
		}
		if _, have := f.Values[c.Col.Name]; !have {
			f.Values[c.Col.Name] = x.cell(b, i, row, c)
			f.Order = append(f.Order, c.Col.Name)
		}
	}
}

// cell is a value for the report, masked where the dataset says so.
func (x *execution) cell(b *value.Batch, at, row int, c *query.Column) result.Cell {
	return maskedCell(x.r.opts.Plan.Masker, x.d.Spec.Mask[c.Col.Name], b, at, row)
}

// cell is a value for the report; one that could not be represented is shown as such.
func cell(b *value.Batch, col, row int) result.Cell {
	if b.Cols[col].Errs.Get(row) {
		return unrepresented()
	}
	return result.Cell{Value: b.Cols[col].Value(row)}
}

// unrepresented is shown of a value that could not be represented.
func unrepresented() result.Cell { return result.Cell{Value: value.StringValue("(not representable)")} }

// message evaluates message_expression for a row; on an error, or an empty text, the static message stands.
func (x *execution) message(it *plan.Item, b *value.Batch, at map[int]int, row int) string {
	if it.Row == nil || it.Row.Message == nil {
		return it.Spec.Message
	}
	named := it.Row.Message.Columns()
	if slices.ContainsFunc(named, func(c *query.Column) bool { return x.d.Spec.Mask[c.Col.Name] != spec.Shown }) {
		return withoutMessage(it)
	}
	cells, errs := make([]value.Value, len(named)), make([]bool, len(named))
	for i, c := range named {
		pos, ok := at[c.Index]
		if !ok {
			return it.Spec.Message
		}
		cells[i], errs[i] = b.Cols[pos].Value(row), b.Cols[pos].Errs.Get(row)
	}
	v, err := it.Row.Message.Eval(cells, errs)
	if err != nil || v.Kind() != value.String || v.Str() == "" {
		return it.Spec.Message
	}
	return v.Str()
}
