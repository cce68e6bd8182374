package postgres

import (
	"context"
	"fmt"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// outputOf says how a plain column comes back.
func outputOf(c *query.Column) output {
	o := output{typ: c.Col.Type}
	o.meta, _ = c.Col.Meta.(*columnMeta)
	if c.Col.Zone != "" {
		// Describe has loaded the zone before; an unknown one is not met here.
		o.opts.zone, _ = value.LoadZone(c.Col.Zone)
	}
	return o
}

// bind turns a rendered statement into one to send. The dialect's arguments are texts.
func bind(st sqlgen.Statement, outs []output) statement {
	s := statement{text: st.Text, outs: outs}
	for _, a := range st.Args {
		if text, ok := a.(string); ok {
			s.args = append(s.args, []byte(text))
		} else {
			s.args = append(s.args, fmt.Append(nil, a))
		}
	}
	return s
}

// Select implements connectors.Source.
func (s *Source) Select(ctx context.Context, q query.Select) (connectors.Rows, error) {
	op := "read " + title(q.From.Dataset)
	rendered, err := sqlgen.Select(dialect{}, q)
	if err != nil {
		return nil, s.unasked(op, err)
	}
	var outs []output
	for _, c := range q.Columns {
		outs = append(outs, outputOf(c))
	}
	integer := output{typ: value.Of(value.Int)}
	if len(outs) == 0 {
		outs = append(outs, integer)
	}
	if len(q.Branches) > 1 {
		outs = append(outs, integer)
	}
	return s.query(ctx, op, bind(rendered, outs), q.BatchRows)
}

// Aggregate implements connectors.Source.
func (s *Source) Aggregate(ctx context.Context, q query.Aggregate) (*value.Batch, error) {
	op := "measure " + title(q.From.Dataset)
	plan, err := sqlgen.Aggregate(dialect{}, q)
	if err != nil {
		return nil, s.unasked(op, err)
	}
	if bare, ok := sqlgen.Unguarded(dialect{}, q); ok {
		b, err := s.measure(ctx, op, bare)
		switch {
		case err != nil && !raised(err):
			return nil, err
		case err == nil && !bare.Doubtful(b):
			return bare.Result(b), nil
		}
	}
	b, err := s.measure(ctx, op, plan)
	if err != nil {
		return nil, err
	}
	return plan.Result(b), nil
}

func (s *Source) measure(ctx context.Context, op string, plan *sqlgen.Plan) (*value.Batch, error) {
	outs := make([]output, len(plan.Columns))
	for i, t := range plan.Columns {
		outs[i].typ = t
	}
	return s.all(ctx, op, bind(plan.Statement, outs))
}

// CheckSet implements connectors.SetChecker.
func (s *Source) CheckSet(ctx context.Context, c query.SetCheck) (query.SetResult, error) {
	op := "check " + title(c.Relation().Dataset)
	rendered, err := sqlgen.Set(dialect{}, c)
	if err != nil {
		return query.SetResult{}, s.unasked(op, err)
	}
	outs := make([]output, sqlgen.SetColumns)
	for i := range outs {
		outs[i].typ = value.Of(value.Int)
	}
	b, err := s.all(ctx, op, bind(rendered, outs))
	if err != nil {
		return query.SetResult{}, err
	}
	var row [sqlgen.SetColumns]int64
	if b.N != 1 {
		return query.SetResult{}, &connectors.Error{Kind: connectors.Failed, Op: op, Err: fmt.Errorf("%d rows where one was expected", b.N)}
	}
	for i := range row {
		if !b.Cols[i].IsNull(0) {
			row[i] = b.Cols[i].Ints[0]
		}
	}
	return sqlgen.SetResultOf(row), nil
}

// unasked wraps the failure to render a request: a refusal stays visible to errors.As.
func (s *Source) unasked(op string, err error) error {
	return &connectors.Error{Kind: connectors.Failed, Op: op, Err: err}
}

// Statements implements connectors.Explainer.
func (s *Source) Statements(r query.Request) ([]query.Statement, error) {
	list, err := sqlgen.Statements(dialect{}, r)
	if err != nil {
		return nil, s.unasked("explain", err)
	}
	return list, nil
}

// Caps implements connectors.Source: what the dialect renders.
func (s *Source) Caps() query.Caps {
	caps := sqlgen.Caps(dialect{})
	set := caps.Set
	caps.Set = func(c query.SetCheck) *query.Refusal {
		// A window is ordered by the column as it is stored.
		if m, ok := c.(*query.MonotonicCheck); ok {
			for _, col := range append([]*query.Column{m.Column}, m.OrderBy...) {
				if opaqueExpr(col) {
					return &query.Refusal{Reason: "postgres: timestamp without time zone in a named zone", Span: col.At}
				}
			}
		}
		return set(c)
	}
	return caps
}
