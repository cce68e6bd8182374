package postgres

import (
	"context"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

var (
	_ connectors.Drawer  = (*Source)(nil)
	_ sqlgen.HashDialect = dialect{}
)

// Hash implements sqlgen.HashDialect. PostgreSQL encodes every row or raises.
func (dialect) Hash(_ *sqlgen.Writer, seed uint64, row string) string {
	return "substr(sha256('" + digest.Seeding(seed) + "'::bytea || " + row + "), 1, 8)"
}

// DrawStatements implements connectors.Drawer.
func (s *Source) DrawStatements(q digest.Draw) ([]query.Statement, error) {
	st, err := sqlgen.Draw(dialect{}, q)
	if err != nil {
		return nil, s.unasked("draw from "+title(q.From.Dataset), err)
	}
	return []query.Statement{st.Query()}, nil
}

// Draw implements connectors.Drawer.
func (s *Source) Draw(ctx context.Context, q digest.Draw) (connectors.Rows, error) {
	op := "draw from " + title(q.From.Dataset)
	st, err := sqlgen.Draw(dialect{}, q)
	if err != nil {
		return nil, s.unasked(op, err)
	}
	outs := make([]output, 0, len(q.Columns)+1)
	for _, c := range q.Columns {
		outs = append(outs, outputOf(c))
	}
	return s.query(ctx, op, bind(st, append(outs, output{typ: value.Of(value.Bytes)})), q.BatchRows)
}
