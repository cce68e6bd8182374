package plan

import (
	"errors"
	"fmt"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
)

// MostStrata is how many strata a dataset may have.
const MostStrata = 1000

// StrataJob counts the strata of a dataset, each the rows of one value of a column. Both requests read the column of every row.
type StrataJob struct {
	Column *query.Column
	// Distinct counts values, so that no answer of more groups than MostStrata is asked for.
	Distinct query.Aggregate
	// Sizes are the rows of each value, by a count for each condition that rows drawn meet.
	Sizes query.Aggregate
}

// strata is the column by whose values the dataset is sampled, nil where it has none of that name.
func (p *placer) strata() (*query.Column, error) {
	name := p.sampling.Stratify
	if name == "" {
		return nil, nil //nolint:nilnil // nothing to be drawn by
	}
	col, at := p.out.Relation.Schema.Column(name)
	if at < 0 {
		return nil, nil //nolint:nilnil // likewise
	}
	c := &query.Column{Index: at, Col: col}
	if err := p.stratified(c); err != nil {
		return nil, connectors.Own(fmt.Sprintf("dataset %s cannot be sampled by strata of %s: %v; sample it without --stratify", p.in.Spec.Name, name, err)) // of its schema alone
	}
	return c, nil
}

// stratified says why rows cannot be told apart by a column on the server.
func (p *placer) stratified(c *query.Column) error {
	switch {
	case c.Col.Unusable != "":
		return errors.New(c.Col.Unusable)
	case !p.in.Caps.Group:
		return errors.New(p.in.Driver + " does not count by groups")
	}
	switch c.Col.Type.Kind {
	case value.Double, value.List, value.JSON, value.Null:
		return fmt.Errorf("it is of type %s, whose values are not told apart by equality alone", c.Col.Type)
	default:
	}
	if r := p.in.Caps.Measure(p.out.Relation, query.Measure{Kind: query.MeasureDistinct, Arg: c}); r != nil {
		return errors.New(r.Reason)
	}
	for _, e := range []query.Expr{c, Stratum(c, value.NullValue()), equals(c, sampleLiteral(c.Col.Type))} {
		if r := p.in.Caps.Expr(p.out.Relation, e); r != nil {
			return errors.New(r.Reason)
		}
	}
	return nil
}

// Stratum is the condition of the rows of one value, null too.
func Stratum(c *query.Column, v value.Value) query.Expr {
	if v.Kind() == value.Null {
		return isNull(c)
	}
	return equals(c, &query.Literal{Val: v, Typ: c.Col.Type})
}

func equals(c *query.Column, l *query.Literal) query.Expr {
	return &query.Call{Op: query.OpEq, Args: []query.Expr{c, l}, Typ: boolean()}
}

// Within is the condition of the rows of a stratum that meet another one, which may be nil.
func Within(where, stratum query.Expr) query.Expr {
	if where == nil {
		return stratum
	}
	return and([]query.Expr{where, stratum})
}

// countStrata has the rows of each stratum that meet a condition counted, and returns the position of that count.
func (d *Dataset) countStrata(c *query.Column, where query.Expr) int {
	if d.Strata == nil {
		d.Strata = &StrataJob{
			Column:   c,
			Distinct: query.Aggregate{From: d.Relation, Measures: []query.Measure{{Kind: query.MeasureDistinct, Arg: c, Nulls: []*query.Column{c}}}},
			Sizes:    query.Aggregate{From: d.Relation, GroupBy: []query.Expr{c}},
		}
	}
	m := query.Measure{Kind: query.MeasureCount, Where: where}
	if where != nil {
		m.Nulls = query.Columns(where)
	}
	d.Strata.Sizes.Measures = append(d.Strata.Sizes.Measures, m)
	return len(d.Strata.Sizes.Measures) - 1
}

// stratify reports a column to stratify by that no dataset has.
func (b *builder) stratify() {
	if b.opts.Sample == nil || b.opts.Sample.Stratify == "" {
		return
	}
	name := b.opts.Sample.Stratify
	var names []string
	for _, d := range b.plan.Datasets {
		if _, at := d.Relation.Schema.Column(name); at >= 0 || d.Err != nil {
			return
		}
		for i := range d.Relation.Schema.Columns {
			names = append(names, d.Relation.Schema.Columns[i].Name)
		}
	}
	b.report(diag.Diagnostic{Code: "unknown-column", Message: fmt.Sprintf("--stratify %s: no dataset has a column of this name", name), Hint: diag.DidYouMean(name, names)})
}
