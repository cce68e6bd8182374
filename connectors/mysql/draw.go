package mysql

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

// Hash implements sqlgen.HashDialect.
func (dialect) Hash(_ *sqlgen.Writer, seed uint64, row string) string {
	return "COALESCE(LEFT(UNHEX(SHA2(CONCAT('" + digest.Seeding(seed) + "', " + row + "), 256)), 8), X'FFFFFFFFFFFFFFFF')"
}

// DrawStatements implements connectors.Drawer.
func (s *Source) DrawStatements(q digest.Draw) ([]query.Statement, error) {
	st, err := sqlgen.Draw(s.dialect(), q)
	if err != nil {
		return nil, wrap("draw from "+datasetName(q.From.Dataset), err)
	}
	return []query.Statement{st.Query()}, nil
}

// Draw implements connectors.Drawer.
func (s *Source) Draw(ctx context.Context, q digest.Draw) (connectors.Rows, error) {
	op := "draw from " + datasetName(q.From.Dataset)
	st, err := sqlgen.Draw(s.dialect(), q)
	if err != nil {
		return nil, wrap(op, err)
	}
	var dec []decoder
	for _, c := range q.Columns {
		d, err := newDecoder(c.Col)
		if err != nil {
			return nil, wrap(op, err)
		}
		dec = append(dec, d)
	}
	r, err := s.stream(ctx, op, st, append(dec, decoder{typ: value.Of(value.Bytes)}), q.BatchRows)
	if err != nil {
		return nil, wrap(op, err)
	}
	return r, nil
}
