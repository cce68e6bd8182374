package connectors

import (
	"context"
	"encoding/json"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Corrector is a Source that changes rows under guard. Only package correct reaches it, and it writes only where Config.Writable was set when it was opened;
// everything else that the source does stays read-only.
type Corrector interface {
	// Writings says of each column of the relation's table how it can be written. A dataset that is a query is refused with an *Error of kind ReadOnly.
	Writings(ctx context.Context, r query.Relation) (map[string]Writing, error)
	// Correct opens what changes the rows of a target. It is an *Error of kind ReadOnly where the connection was not opened writable or the server
	// lets nobody write, Denied where the account may not, Misconfigured where a column cannot be written or guarded: before anything is changed.
	Correct(ctx context.Context, t Target) (Correction, error)
	// Rows reads the rows of t with these keys as they are now (a store of documents: those not yet searchable too), in the order of the keys; nil for one
	// that is not there. It asks for a few statements for all of them and needs no writable connection.
	Rows(ctx context.Context, t Target, keys [][]value.Value) ([]*Row, error)
}

// Row is a row as it is.
type Row struct {
	Values []value.Value // of Target.Columns
	Errs   []bool        // cells that cannot be represented; nil for none
	Many   bool          // several rows have the key: Values are those of one of them
	// Document is the document that the row is, whole; nil outside a store of documents.
	Document *Document
}

// Writing says how a column can be written.
type Writing struct {
	// Generated columns are computed by the server and never written.
	Generated bool
	// Identity columns get a value from the server unless one is given; assay gives one where it knows it.
	Identity bool
	// Required columns need a value in every new row: not null, and without a default.
	Required bool
}

// Target is a dataset whose rows are to be changed. Values of its changes have the types of its columns, as Select gives them.
type Target struct {
	Relation query.Relation // without joins
	Key      []value.Column // name one row; never null
	Columns  []value.Column // beside the key, those that changes speak of
}

// Action is what a change does to its row.
type Action string

// The actions.
const (
	Insert Action = "insert"
	Update Action = "update"
	Delete Action = "delete"
)

// Change is one change of one row under guard: it happens only where the row is still as Before says, or is still not there where it inserts.
type Change struct {
	Action Action
	Key    []value.Value
	Before []value.Value // of Target.Columns; nil where it inserts
	After  []value.Value // of Target.Columns; nil where it deletes
	// Set are the positions in Target.Columns that it writes, ascending; nil where it deletes. Beside these an update leaves all as it is.
	Set []int
	// Document is the document as it was seen, in a store of documents, or its place where it inserts; nil elsewhere.
	Document *Document
	// Restore is the whole document that there shall be, byte for byte, instead of what Set and After say: so a change of a document is undone. nil elsewhere.
	Restore json.RawMessage
}

// Document is one version of a document.
type Document struct {
	Index   string `json:"index"` // the concrete index, not an alias
	ID      string `json:"id"`
	Routing string `json:"routing,omitempty"`
	// SeqNo and PrimaryTerm tell its version from all others of its index; both 0 for a document that is not there.
	SeqNo       int64 `json:"seq_no"`
	PrimaryTerm int64 `json:"primary_term"`
	// Source is the whole document, byte for byte; nil for one that is not there.
	Source json.RawMessage `json:"source,omitempty"`
}

// Outcome is what became of a change.
type Outcome uint8

// The outcomes.
const (
	// Applied: the row was as Before says, and is changed.
	Applied Outcome = iota
	// Unmatched: the guard did not hold, nothing was changed. The caller reads the row to tell whether it was done already or is stale.
	Unmatched
	// Refused: the server would not have this change (a constraint, a value that does not fit), and nothing of it was done. The other changes of the batch are not touched by that.
	Refused
)

// Effect is what became of one change.
type Effect struct {
	Outcome Outcome
	Err     error // why it was Refused: an *Error without secrets
	// Dangling says that it was refused for a foreign key: it may go through once other changes have been made.
	Dangling bool
	// Row holds Target.Columns as they are after the change, with what triggers, defaults and the server's rounding made of them: read in the same transaction
	// before it is committed, so that it is never what somebody else wrote. A store of documents gives it where it holds what was sent byte for byte. nil where
	// nothing was changed, after a delete, and in any other store without transactions.
	Row []value.Value
	// RowErrs marks cells of Row that cannot be represented; nil for none.
	RowErrs []bool
	// Document is the document as it is after the change, its Source as it was sent; nil where nothing was changed or outside a store of documents.
	Document *Document
}

// Correction changes the rows of one target, batch by batch. It is used by one goroutine.
type Correction interface {
	// Apply makes the changes, which are all of one Action and one Set and of different keys, and says of each in their order what became of it. It sends a few
	// statements for all of them and passes every value as a parameter. Where the store has transactions the batch is one: before it is committed the effects
	// are handed to prepared, whose error undoes all of it. A store without transactions does not call prepared.
	//
	// An error that is an *UncertainError leaves it open what was done, as a killed program does; after any other one nothing was done.
	Apply(ctx context.Context, changes []Change, prepared func([]Effect) error) ([]Effect, error)
	// Transactional reports whether Apply is one transaction.
	Transactional() bool
	// Close gives back its connection.
	Close() error
}

// Render shows changes as people would write them, one statement a change with its values in place: to be read, never sent. The package of every connector
// that corrects exports one named Render, for plans are read where there is no connection, or none that may write. A value may be a text that stands for a
// masked one, whatever the type of its column.
type Render func(t Target, changes []Change) ([]query.Statement, error)

// UncertainError says that the connection was lost when a batch may or may not have been done.
type UncertainError struct{ Err error }

// Error implements error.
func (e *UncertainError) Error() string {
	return "it is not known whether the batch was done: " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *UncertainError) Unwrap() error { return e.Err }

// Rebuilder is a Source that fills a new table or index beside the old one and lets the two change places.
type Rebuilder interface {
	// Rebuild makes an empty shadow of the relation's table or index, with the same columns, keys, indexes and settings. What would break by the change of
	// places (foreign keys, views, triggers that point at the table) is an *Error of kind Misconfigured that names it. name tells the shadow from others and
	// is the same when a killed rebuild is taken up again: what an earlier try left under it is dropped.
	Rebuild(ctx context.Context, r query.Relation, columns []value.Column, name string) (Rebuild, error)
	// DropOld drops what the last Swap of the relation kept, and returns its name; "" where there is none.
	DropOld(ctx context.Context, r query.Relation) (string, error)
}

// Rebuild is a shadow that is being filled. It is used by one goroutine.
type Rebuild interface {
	// Load appends rows of the columns that Rebuild was given.
	Load(ctx context.Context, rows *value.Batch) error
	// Finish ends loading (indexes built, documents searchable) and returns the shadow as a dataset that can be read and compared.
	Finish(ctx context.Context) (query.Dataset, error)
	// Swap lets shadow and table change places at one instant for every reader, and returns the name under which the old one is kept.
	Swap(ctx context.Context) (old string, err error)
	// Close drops the shadow unless Swap was done.
	Close(ctx context.Context) error
}
