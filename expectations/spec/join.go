package spec

import "github.com/assay-dev/assay/expectations/diag"

// Join looks up one partner for each row of an expectation's dataset, under an alias.
type Join struct {
	Alias   Name
	Dataset Name
	// Keys pair the partner's key with values of the row, in the order of the file.
	Keys []JoinKey
	// Positional says that Keys go with the columns of the partner dataset's key in their order; otherwise each names its column.
	Positional bool
	// Optional rows may lack a partner: they are then skipped and counted.
	Optional bool
	// KeyAt is where the key is said.
	KeyAt diag.Span
}

// JoinKey is one part of a key.
type JoinKey struct {
	Column Name      // the partner's; empty where keys are positional
	Value  diag.Text // CEL over `row`
}
