package fix

import (
	"errors"
	"fmt"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/correct/convert"
	"github.com/assay-dev/assay/expectations/plan"
)

// rowFix makes wishes of the failing rows of an expectation about rows, with partners or without.
type rowFix struct {
	p     *Planner
	x     *item
	t     *table
	convs map[convID]*conversion
	// fails tells whether a row fails, by its own columns: cols. nil for a joined expectation.
	fails *eval.Program
	cols  []*query.Column
}

// rowFix prepares for the failing rows of an expectation.
func (p *Planner) rowFix(x *item, d *plan.Dataset, source func(string) connectors.Source) (*rowFix, error) {
	if d == nil {
		return nil, fmt.Errorf("dataset %s is not in the plan", x.Datasets[0])
	}
	r := &rowFix{p: p, x: x, t: p.table(d, d.KeyColumns(), source), convs: map[convID]*conversion{}}
	for _, s := range x.Fix.Set {
		r.t.speak(true, s.Column)
		r.speak(s.Value.Columns())
	}
	if x.Join != nil {
		r.speak(x.Join.Nulls)
		for _, e := range []query.Expr{x.Join.Rows, x.Join.Both} {
			if e != nil {
				r.speak(query.Columns(e))
			}
		}
		for _, partner := range x.Join.Job.Partners { // whose value it gets: a row that has another partner meanwhile is another row
			for _, k := range partner.Keys {
				r.speak(query.Columns(k.Left))
			}
		}
		return r, nil
	}
	fails := plan.FailingCondition(x.Item)
	r.cols = query.Columns(fails)
	r.speak(r.cols)
	var err error
	r.fails, err = eval.Compile([]query.Expr{fails}, r.cols)
	if err != nil {
		return nil, fmt.Errorf("its condition: %w", err)
	}
	return r, nil
}

// speak adds columns of the row itself.
func (r *rowFix) speak(cols []*query.Column) {
	for _, c := range cols {
		if c.Rel == 0 {
			r.t.speak(true, c)
		}
	}
}

// take makes a wish of a failing row. What a row without partners gets is computed when it is read again.
func (r *rowFix) take(row *Row) error {
	for i := range row.Key {
		if i < len(row.KeyErrs) && row.KeyErrs[i] {
			r.p.refuse(r.x, "key column "+r.t.key[i].Col.Name+" cannot be represented")
			return nil
		}
	}
	if r.x.Join == nil {
		return r.t.add(r.t.newWish(r.x, wishRow, correct.Violation, row.Key))
	}
	if row.Orphan {
		r.p.refuse(r.x, "the row has no partner to take a value from")
		return nil
	}
	w := r.t.newWish(r.x, wishUpdate, correct.Violation, row.Key)
	for at, c := range r.t.cols {
		v, failed, ok := row.Cell(0, c.Index)
		if ok && !failed {
			w.seen[at], w.known[at] = v, true
		}
	}
	if why := r.assign(w, row.Cell); why != "" {
		r.p.refuse(r.x, why)
		return nil
	}
	return r.t.add(w)
}

// assign computes what the columns of a row get; why says why one of them cannot be.
func (r *rowFix) assign(w *wish, cell func(rel, index int) (value.Value, bool, bool)) (why string) {
	for i, s := range r.x.Fix.Set {
		v, why := evaluate(s.Value, cell)
		if why == "" {
			v, why = r.bring(i, &s, v)
		}
		if why != "" {
			return "column " + s.Column.Col.Name + ": " + why
		}
		at := r.t.at[s.Column.Index]
		w.after[at], w.set[at] = v, true
	}
	return ""
}

// evaluate computes an expression over a row and its partners.
func evaluate(e interface {
	Columns() []*query.Column
	Eval(cells []value.Value, errs []bool) (value.Value, error)
}, cell func(rel, index int) (value.Value, bool, bool),
) (v value.Value, why string) {
	named := e.Columns()
	cells, errs := make([]value.Value, len(named)), make([]bool, len(named))
	for i, c := range named {
		var ok bool
		if cells[i], errs[i], ok = cell(c.Rel, c.Index); !ok {
			return v, "column " + c.Col.Name + " was not read"
		}
	}
	v, err := e.Eval(cells, errs)
	if err != nil {
		return v, "its value cannot be computed" // the error may hold values
	}
	return v, ""
}

// bring converts a computed value to the column's type. Where that is known only now, so is the conversion.
func (r *rowFix) bring(i int, s *plan.FixSet, v value.Value) (value.Value, string) {
	return convertComputed(r.convs, i, s, v, r.t.d.Driver)
}

func convertComputed(known map[convID]*conversion, i int, s *plan.FixSet, v value.Value, driver string) (value.Value, string) {
	if v.IsNull() {
		if s.Column.Col.NotNull {
			return v, "it takes no null"
		}
		return v, ""
	}
	from := plan.Computed(s.Value)
	if from.Type.Kind == value.JSON || from.Type.Kind == value.Null || from.Type.Kind == value.List {
		from.Type = v.Type()
	}
	id := convID{at: i<<8 | int(from.Type.Kind)}
	if known[id] == nil || from.Type.Kind == value.List {
		c, err := convert.New(from, s.Column.Col, driver, canon.Options{})
		known[id] = &conversion{c: c}
		if no := new(canon.IncomparableError); errors.As(err, &no) {
			known[id].why = no.Reason
		} else if err != nil {
			known[id].why = err.Error()
		}
	}
	return known[id].bring(v)
}
