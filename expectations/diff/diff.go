// Package diff finds the differences between two datasets, row by row on a key, in constant memory.
package diff

import (
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Side is one of the two datasets.
type Side struct {
	Name     string // as people know it
	Source   connectors.Source
	Relation query.Relation
	Where    query.Expr // rows to compare, nil for all; evaluated here where the source refuses it
}

// Column is a pair of columns that are compared, or that form the key.
type Column struct {
	Name        string // the source's
	Left, Right *query.Column
	Form        canon.Form
	// Expect replaces Form's equality by a condition over the pair of rows (nil for none): it gets the cells of Spec.Columns'
	// left and right sides and says equal, or ok=false for undecided, which counts as different. It costs a boxed copy of every row.
	Expect func(left, right []value.Value) (equal, ok bool)
	// Needs are the positions in Spec.Columns of the cells that Expect looks at, beside its own: where one of them is in error, it is
	// not asked, and the rows differ.
	Needs []int
	// Carried columns are read and handed on, for what Expect and reports need, but not compared; Form is not set.
	Carried bool
	// Notes are the schema check's remarks.
	Notes []canon.Note
}

// Strategy is how differences are found.
type Strategy string

// The strategies.
const (
	Auto   Strategy = "auto"
	Merge  Strategy = "merge"
	Digest Strategy = "digest"
	// Sampled is that of Sample; no Spec has it.
	Sampled Strategy = "sample"
)

// Spec is a comparison ready to run.
type Spec struct {
	Left, Right Side // source and target
	Key         []Column
	Columns     []Column // compared ones, key excluded
	Strategy    Strategy
	// Settle is how long a change takes at most to reach the target: a candidate difference is read again until it has stayed for so long, or
	// has gone; 0 for never.
	Settle time.Duration
	// SettleRounds bounds how often Settle passes before a key that still changes is left undecided; 0 for 10.
	SettleRounds int
	// MemoryBytes bounds what is buffered of both sides together; 0 for the default (64 MiB).
	MemoryBytes int64
	// TempDir takes spilled data; "" for the system's.
	TempDir string
}

// Class is what a key's rows show.
type Class string

// The classes. Missing rows are in the source only, extra ones in the target only.
const (
	Identical    Class = "identical"
	Changed      Class = "changed"
	Missing      Class = "missing"
	Extra        Class = "extra"
	DuplicateKey Class = "duplicate_key"
	// Of rows drawn only: see Counts.
	InFlight  Class = "in_flight"
	Unsettled Class = "unsettled"
)

// Difference is one key with its rows. Its slices belong to the receiver.
type Difference struct {
	Class Class
	Key   []value.Value // of the source where it has the row, else of the target
	// Columns are the positions in Spec.Columns that differ (Changed only).
	Columns []int
	// Left and Right are the cells of Spec.Columns; nil where the side has no row. LeftErr and RightErr mark
	// cells that their engine could not represent.
	Left, Right       []value.Value
	LeftErr, RightErr []bool
	// LeftRows and RightRows count the rows with this key (DuplicateKey only; else 0 or 1).
	LeftRows, RightRows int64
}

// Counts of a comparison: of keys, but LeftRows and RightRows.
type Counts struct {
	Identical, Changed, Missing, Extra, DuplicateKey int64
	// InFlight keys differed when first read, and were caught up with when read again: the target held what the source held then, or
	// had held before in the same run.
	InFlight int64
	// Unsettled keys still changed whenever they were read again: nothing is known of them.
	Unsettled           int64
	LeftRows, RightRows int64
}

// Choice is the strategy taken and why.
type Choice struct {
	Strategy Strategy
	Reason   string
}

// Result is what a comparison found. Columns counts differing rows by position in Spec.Columns.
type Result struct {
	Counts  Counts
	Columns []int64
	Choice  Choice
	// Bound is the probability that a digest hid a difference, at most; 0 for merge.
	Bound float64
	// Digest is what digests came to, where they were taken.
	Digest DigestStats
	// Partial says that the comparison ended before both sides were read: the counts are of what was read until then, and prove nothing.
	Partial bool
	// Reads says how each side, source and target, was read.
	Reads [2]Read
	// Settled says how differences were read again; nil where Spec.Settle is 0.
	Settled *Settled
}

// Settled is how differences were read again.
type Settled struct {
	Candidates int64         // keys that differed when first read
	Sweeps     int           // how often those that were still open were read again
	Took       time.Duration // from the end of the first reading
	Methods    [2]Method     // by which each side was read in the last sweep
}

// Read is how one side was read.
type Read struct {
	Method Method
	Reason string
	// WhereUndecided counts the rows for which Side.Where is neither true nor false: they are not compared.
	WhereUndecided int64
	// WhereHere says that Side.Where was evaluated here.
	WhereHere bool
	// Windows is the number of key windows read, or of ranges hashed, Spilled the bytes that sorting wrote to files.
	Windows, Spilled int64
	// Statements is the number of those sent to the side: with counts, samples and whatever was read again.
	Statements int64
}

// Method is how the rows of one side come in key order.
type Method string

// The methods.
const (
	// ByServer: the source gives its rows in key order.
	ByServer Method = "key order"
	// BySort: the source gives its rows in any order, and they are sorted here.
	BySort Method = "sorted here"
	// ByDigest: ranges are hashed, and only rows of those that differ are read, in key order.
	ByDigest Method = "digests"
	// ByWindows: the rows between two keys are read in any order and sorted here, window after window.
	ByWindows Method = "key windows"
	// ByKey: the rows of some keys are asked for by these keys.
	ByKey Method = "by key"
	// BySearch: the rows of some keys are found among all rows of the source, in any order.
	BySearch Method = "among all rows"
	// ByWalk: likewise in key order, since there are too many keys to hold all of their rows.
	ByWalk Method = "among all rows in key order"
)

// Progress is how far a comparison has come.
type Progress struct {
	LeftRows, RightRows int64 // compared so far
	Differences         int64 // candidates found so far, of whatever class
	Waiting             int64 // candidates that are being read again
}
