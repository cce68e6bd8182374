package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// renderSelect renders what needs no expression.
func renderSelect(q query.Select) (statement, error) {
	var st statement
	var cols []string
	for _, c := range q.Columns {
		ref := quoteIdent(c.Col.Name)
		o := outputOf(c)
		if o.meta != nil && o.meta.expr != "" {
			ref = fmt.Sprintf(o.meta.expr, ref)
		}
		cols = append(cols, ref)
		st.outs = append(st.outs, o)
	}
	from := ""
	if q.From.Dataset.Query != "" {
		from = queryText(q.From.Dataset.Query) + " AS t"
	} else {
		schema, table, err := splitTable(q.From.Dataset.Table)
		if err != nil {
			return st, err
		}
		from = quoteIdent(table)
		if schema != "" {
			from = quoteIdent(schema) + "." + from
		}
	}
	st.text = "SELECT " + strings.Join(cols, ", ") + " FROM " + from
	if len(q.Branches) > 0 {
		return st, errors.New("not yet")
	}
	return st, nil
}

func quoteIdent(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Caps implements connectors.Source.
func (s *Source) Caps() query.Caps {
	no := &query.Refusal{Reason: "postgres: not yet"}
	return query.Caps{
		Expr:    func(query.Relation, query.Expr) *query.Refusal { return no },
		Measure: func(query.Relation, query.Measure) *query.Refusal { return no },
		Set:     func(query.SetCheck) *query.Refusal { return no },
	}
}

// Aggregate implements connectors.Source.
func (s *Source) Aggregate(context.Context, query.Aggregate) (*value.Batch, error) {
	return nil, errors.New("not yet")
}

// Statements implements connectors.Explainer.
func (s *Source) Statements(query.Request) ([]query.Statement, error) {
	return nil, errors.New("not yet")
}
