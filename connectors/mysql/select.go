package mysql

import (
	"context"
	"fmt"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// Caps implements connectors.Source.
func (s *Source) Caps() query.Caps {
	d := s.dialect()
	caps := d.strictJSON(sqlgen.Caps(d))
	set := caps.Set
	caps.Set = func(c query.SetCheck) *query.Refusal {
		// A window is ordered by the column as it is stored: the hour that a zone puts back would stand in another order.
		if m, ok := c.(*query.MonotonicCheck); ok {
			for _, col := range append([]*query.Column{m.Column}, m.OrderBy...) {
				if r := d.tooLong(col); r != nil {
					return r
				}
				if namedZone(col) {
					return d.refuse("naive timestamp of a named time zone", col)
				}
			}
		}
		return set(c)
	}
	return caps
}

// Select implements connectors.Source.
func (s *Source) Select(ctx context.Context, q query.Select) (connectors.Rows, error) {
	op := "select from " + datasetName(q.From.Dataset)
	st, err := s.dialect().selects(q)
	if err != nil {
		return nil, wrap(op, err)
	}
	dec, err := decoders(q)
	if err != nil {
		return nil, wrap(op, err)
	}
	r, err := s.stream(ctx, op, st, dec, q.BatchRows)
	if err != nil {
		return nil, wrap(op, err)
	}
	return r, nil
}

// decoders returns those of the columns of a select's statement.
func decoders(q query.Select) ([]decoder, error) {
	var dec []decoder
	for _, c := range q.Columns {
		d, err := newDecoder(c.Col)
		if err != nil {
			return nil, err
		}
		dec = append(dec, d)
	}
	if len(dec) == 0 {
		dec = append(dec, decoder{typ: value.Of(value.Int)}) // the constant that stands for no column
	}
	if len(q.Branches) > 1 {
		dec = append(dec, decoder{typ: value.Of(value.Int)})
	}
	return dec, nil
}

func (s *Source) stream(ctx context.Context, op string, st sqlgen.Statement, dec []decoder, size int) (*rows, error) {
	ses, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	run, err := ses.query(ctx, statement{text: st.Text, args: st.Args})
	if err != nil {
		return nil, err
	}
	if n := len(run.rows.Columns()); n != len(dec) {
		run.close()
		return nil, fmt.Errorf("the statement has %d columns, not %d", n, len(dec))
	}
	return newRows(run, op, dec, size), nil
}

// Aggregate implements connectors.Source.
func (s *Source) Aggregate(ctx context.Context, q query.Aggregate) (*value.Batch, error) {
	op := "aggregate " + datasetName(q.From.Dataset)
	plan, err := sqlgen.Aggregate(s.dialect(), q)
	if err != nil {
		return nil, wrap(op, err)
	}
	b, err := s.whole(ctx, op, plan.Statement, plan.Columns)
	if err != nil {
		return nil, wrap(op, err)
	}
	return plan.Result(b), nil
}

// CheckSet implements connectors.SetChecker.
func (s *Source) CheckSet(ctx context.Context, c query.SetCheck) (query.SetResult, error) {
	op := "check " + datasetName(c.Relation().Dataset)
	st, err := sqlgen.Set(s.dialect(), c)
	if err != nil {
		return query.SetResult{}, wrap(op, err)
	}
	types := make([]value.Type, sqlgen.SetColumns)
	for i := range types {
		types[i] = value.Of(value.Int)
	}
	b, err := s.whole(ctx, op, st, types)
	if err != nil {
		return query.SetResult{}, wrap(op, err)
	}
	if b.N != 1 {
		return query.SetResult{}, wrap(op, fmt.Errorf("the statement gave %d rows, not one", b.N))
	}
	var row [sqlgen.SetColumns]int64
	for i := range row {
		row[i] = b.Cols[i].Ints[0]
	}
	return sqlgen.SetResultOf(row), nil
}

// whole runs a statement and returns all of its rows in one batch.
func (s *Source) whole(ctx context.Context, op string, st sqlgen.Statement, types []value.Type) (*value.Batch, error) {
	dec := make([]decoder, len(types))
	for i, t := range types {
		dec[i].typ = t
	}
	return s.gather(ctx, op, st, dec, types)
}

// gather is whole with the decoders of the columns.
func (s *Source) gather(ctx context.Context, op string, st sqlgen.Statement, dec []decoder, types []value.Type) (*value.Batch, error) {
	r, err := s.stream(ctx, op, st, dec, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	all := value.NewBatch(types...)
	for {
		b, err := r.Next(ctx)
		if err != nil {
			return nil, err
		}
		if b == nil {
			return all, nil
		}
		for i := range b.N {
			all.AppendRowFrom(b, i)
		}
	}
}

// Statements implements connectors.Explainer.
func (s *Source) Statements(r query.Request) ([]query.Statement, error) {
	if q, ok := r.(query.Select); ok && q.OrderByKey {
		if refusal := s.dialect().keyTooLong(q.From); refusal != nil {
			return nil, refusal
		}
	}
	return sqlgen.Statements(s.dialect(), r)
}
