package mysql

import (
	"context"
	"errors"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

func selectStatement(q query.Select) (statement, error) {
	if len(q.Branches) > 0 {
		return statement{}, errors.New("not yet")
	}
	cols := make([]string, 0, len(q.Columns))
	for _, c := range q.Columns {
		if nativeOf(c.Col).is("float") {
			cols = append(cols, "CAST(t."+ident(c.Col.Name)+" AS DOUBLE)")
			continue
		}
		cols = append(cols, "t."+ident(c.Col.Name))
	}
	st := statement{text: "SELECT " + strings.Join(cols, ", ") + " FROM " + source(q.From.Dataset, "t")}
	if q.OrderByKey {
		st.text += " ORDER BY " + ident(q.From.Dataset.Key[0])
		return st, nil
	}
	return st, nil
}

// explain returns the statement as people read it.
func (st statement) explain() query.Statement {
	out := query.Statement{Text: st.text}
	for range st.args {
		out.Args = append(out.Args, "")
	}
	return out
}

// Select implements connectors.Source.
func (s *Source) Select(ctx context.Context, q query.Select) (connectors.Rows, error) {
	op := "select from " + datasetName(q.From.Dataset)
	st, err := selectStatement(q)
	if err != nil {
		return nil, wrap(op, err)
	}
	dec := make([]decoder, len(q.Columns))
	for i, c := range q.Columns {
		if dec[i], err = newDecoder(c.Col); err != nil {
			return nil, wrap(op, err)
		}
	}
	ses, err := s.acquire(ctx)
	if err != nil {
		return nil, wrap(op, err)
	}
	run, err := ses.query(ctx, st)
	if err != nil {
		return nil, wrap(op, err)
	}
	return newRows(run, op, dec, q.BatchRows), nil
}

// Aggregate implements connectors.Source.
func (s *Source) Aggregate(context.Context, query.Aggregate) (*value.Batch, error) {
	return nil, errors.New("not yet")
}

// Caps implements connectors.Source.
func (s *Source) Caps() query.Caps {
	no := &query.Refusal{Reason: "mysql: not yet"}
	return query.Caps{
		Expr:    func(query.Relation, query.Expr) *query.Refusal { return no },
		Measure: func(query.Relation, query.Measure) *query.Refusal { return no },
		Set:     func(query.SetCheck) *query.Refusal { return no },
	}
}

// Statements implements connectors.Explainer.
func (s *Source) Statements(query.Request) ([]query.Statement, error) {
	return nil, errors.New("not yet")
}
