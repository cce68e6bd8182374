package postgres

import (
	"context"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
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

// Select implements connectors.Source.
func (s *Source) Select(ctx context.Context, q query.Select) (connectors.Rows, error) {
	op := "read " + title(q.From.Dataset)
	st, err := renderSelect(q)
	if err != nil {
		return nil, failure(ctx, op, s.run.hide(), err)
	}
	return s.query(ctx, op, st, q.BatchRows)
}
