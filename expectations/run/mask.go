package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// maskedAs is a cell as its masking has it.
func maskedAs(m *result.Masker, how spec.Masking, c result.Cell) result.Cell {
	if how == spec.Shown {
		return c
	}
	return m.Cell(c, how == spec.MaskRedact)
}

// maskedCell is a value of a batch for the report, as its masking has it.
func maskedCell(m *result.Masker, how spec.Masking, b *value.Batch, at, row int) result.Cell {
	c := cell(b, at, row)
	if b.Cols[at].Errs.Get(row) {
		return c // it says so, and nothing else
	}
	return maskedAs(m, how, c)
}

// withoutMessage is what stands in the place of a message that is computed from masked columns.
func withoutMessage(it *plan.Item) string {
	text := it.Spec.Message
	if text == "" {
		text = it.Expression
	}
	return text + " (its message_expression is not shown: it reads masked columns)"
}

// masking says how a column of a join is masked, by the dataset that has it.
func (c *joinCapture) masking(col *query.Column) spec.Masking {
	if col.Rel == 0 {
		return c.x.job.Left.Spec.Mask[col.Col.Name]
	}
	return c.x.job.Partners[col.Rel-1].Spec.Mask[col.Col.Name]
}

// cell is a value for the report, masked where its dataset says so.
func (c *joinCapture) cell(b *value.Batch, at, row int, col *query.Column) result.Cell {
	return maskedCell(c.x.r.opts.Plan.Masker, c.masking(col), b, at, row)
}

// keyText is the key of a partner that a row names. A key is masked where the partner's column is, or one that the row's is computed from.
func (c *joinCapture) keyText(p *plan.Partner, cells []value.Value) string {
	shown := slices.Clone(cells)
	for i := range p.Keys {
		how := c.masking(p.Keys[i].Right)
		for _, col := range query.Columns(p.Keys[i].Left) {
			how = how.Stricter(c.masking(col))
		}
		shown[i] = maskedAs(c.x.r.opts.Plan.Masker, how, result.Cell{Value: cells[i]}).Value
	}
	return keyText(p, shown)
}

// maskOf is what a dataset masks.
func (r *runner) maskOf(dataset string) map[string]spec.Masking {
	for i := range r.suite.Datasets {
		if d := &r.suite.Datasets[i]; d.Name == dataset {
			return d.Mask
		}
	}
	return nil
}

// aggregateMasking says how the value of an aggregate is masked: as strictly as any column that it is computed from, unless it only counts. A condition
// says which rows are computed from, and nothing of what they hold.
func (r *runner) aggregateMasking(a *lang.Aggregate) spec.Masking {
	if a.Arg == nil || a.Fn == lang.FnCount || a.Fn == lang.FnDistinct {
		return spec.Shown
	}
	return r.strictest(a.Dataset, a.Arg)
}

// groupMasking says how the groups of an aggregate are masked.
func (r *runner) groupMasking(a *lang.Aggregate) spec.Masking {
	return r.strictest(a.Dataset, a.Keys...)
}

func (r *runner) strictest(dataset string, exprs ...*lang.RowExpr) spec.Masking {
	mask := r.maskOf(dataset)
	how := spec.Shown
	for _, e := range exprs {
		for _, c := range e.Columns() {
			how = how.Stricter(mask[c.Col.Name])
		}
	}
	return how
}

// metricMasking says how the value of an expression over aggregates is masked.
func (r *runner) metricMasking(m *lang.MetricExpr) spec.Masking {
	how := spec.Shown
	for i := range m.Aggregates {
		how = how.Stricter(r.aggregateMasking(&m.Aggregates[i])).Stricter(r.groupMasking(&m.Aggregates[i]))
	}
	return how
}

// maskedValue is the value of an expression over aggregates, masked where it has to be.
func (r *runner) maskedValue(how spec.Masking, v value.Value) value.Value {
	return maskedAs(r.opts.Plan.Masker, how, result.Cell{Value: v}).Value
}

// plainError is an error that holds no value of a row.
type plainError struct{ error }

// Unwrap returns the error itself.
func (e plainError) Unwrap() error { return e.error }

// errHidden stands for an error that may quote what is masked.
var errHidden = errors.New("why is not said here, for it may quote values of columns that are masked; a run without their masks says it")

// errHiddenByServer stands for one that a server said, which keeps a log of its own.
var errHiddenByServer = errors.New("why is not said here, for it may quote values of columns that are masked; a run without their masks says it, and the server's log may")

// postgresDriver is that of PostgreSQL.
const postgresDriver = "postgres"

// sqliteDriver and filesDriver are those whose data no server holds.
const sqliteDriver = "sqlite"

// ofStatement begins the codes of what is wrong with a statement's own text, by the SQL standard: it names what the suite names, and no row was looked at.
const ofStatement = "42"

// ofItem is what may be said of an error of an item.
func (r *runner) ofItem(it *plan.Item, err error) error {
	if _, ok := errors.AsType[*plan.DiagnosedError](err); ok || err == nil {
		return err // of the suite's own text
	}
	names := append(slices.Clone(it.Datasets), it.Parent)
	if it.Spec.Dataset != "" {
		names = append(names, it.Spec.Dataset)
	}
	for _, j := range it.Spec.Joins {
		names = append(names, j.Dataset.Value)
	}
	return r.told(err, names...)
}

// quotesNames reports whether the system of a dataset looks names up that stand in rows (email::regclass) and parses texts of rows as it does statements
// (email::tsquery), so that its errors of missing names and wrong statements may quote values: 42601, 42P01, 42704, 3F000.
func (r *runner) quotesNames(dataset string) bool {
	for i := range r.suite.Datasets {
		d := &r.suite.Datasets[i]
		if c := r.conns[d.Connection]; d.Name == dataset && c != nil && c.spec.Driver == postgresDriver {
			return true
		}
	}
	return false
}

// hidden is what to say in the place of an error of a dataset that may quote what is masked.
func (r *runner) hidden(err error, dataset string) error {
	if _, said := errors.AsType[*connectors.Error](err); !said {
		return errHidden // by an evaluation here
	}
	for i := range r.suite.Datasets {
		d := &r.suite.Datasets[i]
		if c := r.conns[d.Connection]; d.Name == dataset && c != nil && c.spec.Driver != filesDriver && c.spec.Driver != sqliteDriver {
			return errHiddenByServer
		}
	}
	return errHidden
}

// told is what may be said of an error of datasets. One that masks columns has no errors told that may quote a value: what a system or an evaluation
// says of data. Whether a server can be reached, a name exists, a right is granted and the time was enough is said always, and so is what this program says in its own words.
func (r *runner) told(err error, datasets ...string) error {
	var masked []string
	for _, name := range datasets {
		if len(r.maskOf(name)) > 0 && !slices.Contains(masked, name) {
			masked = append(masked, name)
		}
	}
	_, plain := errors.AsType[plainError](err)
	if _, file := errors.AsType[*fs.PathError](err); file { // of a file that is read, or that a comparison spills to
		plain = true
	}
	if err == nil || len(masked) == 0 || plain || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, errHidden) || errors.Is(err, errHiddenByServer) {
		return err // when the dataset was described
	}
	names := slices.ContainsFunc(masked, r.quotesNames) // of a dataset that was described well: a row named what is not there
	if e, ok := errors.AsType[*connectors.Error](err); ok && e.Kind != connectors.Failed && !(names && e.Kind == connectors.NotFound) {
		return err
	}
	text := "dataset " + strings.Join(masked, ", ") + ": it could not be evaluated"
	if coded, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok && coded.SQLState() != "" {
		if strings.HasPrefix(coded.SQLState(), ofStatement) && !names {
			return err
		}
		text += " (SQLSTATE " + coded.SQLState() + ")"
	}
	of := masked[0]
	side, sided := errors.AsType[*diff.SideError](err)
	if sided {
		of = side.Dataset
	}
	why := r.hidden(err, of)
	hidden := fmt.Errorf("%s; %w", text, why)
	if own, ok := errors.AsType[connectors.Told](err); ok {
		said := own.WithoutValues()
		if sided {
			said = (&diff.SideError{Side: side.Side, Dataset: side.Dataset, Err: errors.New(said)}).Error()
		}
		why = connectors.Own(said)
		hidden = fmt.Errorf("%s: %w", text, why)
	}
	if w, ok := errors.AsType[*WorldError](err); ok {
		return &WorldError{At: w.At, Message: hidden.Error(), cause: why}
	}
	return hidden
}
