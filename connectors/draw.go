package connectors

import (
	"context"

	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
)

// Drawer is a Source that draws rows by a hash of their key, so that two systems can draw the same keys. It looks at every row.
type Drawer interface {
	// DrawStatements returns what Draw would send. Its error wraps a *query.Refusal where the source cannot say the encoding of a column of the
	// key, or the condition, exactly: then Draw may not be asked.
	DrawStatements(q digest.Draw) ([]query.Statement, error)
	// Draw streams the rows that q draws. The caller closes them.
	Draw(ctx context.Context, q digest.Draw) (Rows, error)
}
