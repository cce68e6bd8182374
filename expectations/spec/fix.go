package spec

import "github.com/assay-dev/assay/expectations/diag"

// Fix says what is to be changed about what an expectation finds.
type Fix struct {
	// To is the side of a comparison that is corrected where its columns say nothing else: ToTarget or ToSource; "" of an expectation about rows.
	To FixSide
	// Columns say who owns a column of a comparison, by the source's names, in the order of the file; every other one is owned by the side that To is not.
	Columns []OwnedColumn
	// Missing rows are those that the corrected side lacks, extra ones those that it alone has.
	Missing MissingPolicy
	Extra   ExtraPolicy
	Soft    *SoftDelete // of ExtraSoft
	// Duplicates says which of several rows with one key is kept; its zero value keeps all of them.
	Duplicates Duplicates
	// Set are the columns of the expectation's own dataset that get a value, of an expectation about rows.
	Set    []Assignment
	At     diag.Span
	Places map[string]diag.Span // "to", "missing", "soft", ...: where each was said
}

// FixSide is a side of a comparison.
type FixSide string

// The sides, as written in suites.
const (
	ToTarget FixSide = "target"
	ToSource FixSide = "source"
)

// Other is the other side.
func (s FixSide) Other() FixSide {
	if s == ToTarget {
		return ToSource
	}
	return ToTarget
}

// MissingPolicy is what becomes of rows that the corrected side lacks.
type MissingPolicy string

// ExtraPolicy is what becomes of rows that the corrected side alone has.
type ExtraPolicy string

// The policies, as written in suites.
const (
	MissingInsert MissingPolicy = "insert"
	MissingIgnore MissingPolicy = "ignore"
	ExtraDelete   ExtraPolicy   = "delete"
	ExtraSoft     ExtraPolicy   = "soft"
	ExtraIgnore   ExtraPolicy   = "ignore"
)

// OwnedColumn is a column of a comparison with its owner.
type OwnedColumn struct {
	Name  Name // the source's
	Owner Owner
}

// Owner says whose value of a column is right.
type Owner struct {
	Kind OwnerKind
	// Side is the owner (OwnerSide), or the side whose value is taken unless it is null (OwnerPrefer).
	Side FixSide
	// Version is the source's column that says which row is newer (OwnerNewest).
	Version Name
	At      diag.Span
}

// OwnerKind is how a column is owned.
type OwnerKind string

// The kinds of owners.
const (
	OwnerSide   OwnerKind = "side"
	OwnerNewest OwnerKind = "newest"
	OwnerPrefer OwnerKind = "prefer"
	OwnerManual OwnerKind = "manual"
)

// SoftDelete marks a row as deleted by a value of a column.
type SoftDelete struct {
	Column Name      // of the corrected side
	Value  diag.Text // CEL over row, the row of the corrected side
}

// Duplicates says which of several rows with one key is kept.
type Duplicates struct {
	Keep KeepPolicy
	By   Name // the corrected side's column, of KeepNewest and KeepOldest
}

// KeepPolicy is which of several rows with one key is kept.
type KeepPolicy string

// The policies. KeepAll corrects nothing, KeepMatching keeps the one that agrees with the other side.
const (
	KeepAll      KeepPolicy = ""
	KeepMatching KeepPolicy = "matching"
	KeepNewest   KeepPolicy = "newest"
	KeepOldest   KeepPolicy = "oldest"
)

// Assignment gives a column a value.
type Assignment struct {
	Column Name      // without row.
	Value  diag.Text // CEL over row and the partners
}

// Corrections say what a run may do about what it finds.
type Corrections struct {
	// Mode is what a run does where the command line says nothing: "audit", "alert", "plan", "selective", "auto" or "rebuild"; "" for audit.
	Mode string
	// MaxChanges is the most changes that selective and auto make; MaxFraction the largest share of a target's rows, 1 for any.
	MaxChanges  int64
	MaxFraction float64
	// Rate bounds changes a second; 0 for no bound.
	Rate int64
	// Risk is CEL of type string over `change`: "low", "medium", "high" or "manual"; empty for what is usual.
	Risk   diag.Text
	At     diag.Span
	Places map[string]diag.Span
}

// DefaultMaxChanges is Corrections.MaxChanges unless a suite says otherwise.
const DefaultMaxChanges = 10_000

// DefaultCorrections are those of a suite that says nothing.
func DefaultCorrections() Corrections {
	return Corrections{MaxChanges: DefaultMaxChanges, MaxFraction: 1, Places: map[string]diag.Span{}}
}
