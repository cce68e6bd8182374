package connectors

import (
	"context"

	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Digester is a Source that hashes rows where they are, so that only sums of hashes travel.
type Digester interface {
	// DigestStatements returns what Digest would send. Its error wraps a *query.Refusal where the source cannot say the encoding of a column,
	// or a condition, exactly: then neither Digest nor Repeats may be asked.
	DigestStatements(q digest.Request) ([]query.Statement, error)
	// Digest returns the sums of the ranges of q, len(q.Steps)+1 of them, computed in one pass.
	Digest(ctx context.Context, q digest.Request) ([]digest.Sum, error)
	// Repeats returns how many keys (From.Dataset.Key) stand in more than one row, for each range of q. Rows whose key holds a value
	// that cannot be represented may count as ones of a repeated key.
	Repeats(ctx context.Context, q digest.Request) ([]int64, error)
	// Cut returns keys, of the columns of q and in ascending order.
	Cut(ctx context.Context, q digest.Cut) (*value.Batch, error)
}
