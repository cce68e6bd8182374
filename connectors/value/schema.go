package value

// Column describes one column, field or path of a dataset.
type Column struct {
	// Name is the column's name as the engine spells it; nested fields are dotted.
	Name string
	Type Type
	// Native is the engine's own declaration, for example "numeric(10,2)".
	Native string
	// NotNull is true where the engine itself guarantees that no row holds null
	// (a validated constraint). It feeds lowering and lint, never the checker.
	NotNull bool
	// MayErr is true where a stored value may lie outside the logical type
	// (PostgreSQL's infinity and numeric NaN, MySQL's zero dates, a text in an
	// INTEGER column of SQLite). Such a cell is in Vector.Errs.
	MayErr bool
	// Zone is the IANA zone in which a naive timestamp is read ("" for columns
	// that hold instants).
	Zone string
	// Resolution says what the column can tell apart, where the engine declares it.
	Resolution Resolution
	// Shape narrows Type where two engines hold the same thing in different types.
	Shape Shape
	// Untold says that no value was met that tells the type: Type is a stand-in, and a connectors.Retyper gives the column another one.
	Untold bool
	// Unusable says why the column cannot be used in an expression ("" if it can).
	Unusable string
	// Meta belongs to the connector that described the column.
	Meta any
}

// Resolution is how fine the values of a column can be. The zero Resolution says that nothing is known.
type Resolution struct {
	// Known says that Digits holds.
	Known bool
	// Digits is the number of decimal digits that the column keeps: after the point of a Decimal, of the second of a
	// Timestamp, LocalTimestamp or Duration.
	Digits int8
	// Truncates says that the engine cuts further digits off; otherwise it rounds them half away from zero, and instants half to the later.
	Truncates bool
	// From2000 says that a Timestamp or LocalTimestamp is rounded as PostgreSQL does, which counts microseconds from 2000-01-01:
	// what is finer half to even, then to Digits half away from that day.
	From2000 bool
	// Single says that a Double is stored as an IEEE 754 binary32.
	Single bool
}

// Shape tells columns of one Type apart by what they hold.
type Shape uint8

// The shapes.
const (
	// Plain is anything that its Type says all of.
	Plain Shape = iota
	// Date is a Timestamp that is always midnight UTC and stands for a day.
	Date
	// UUID is a String that holds a UUID in lower case with hyphens (the engine's own type).
	UUID
	// Flag is an Int that by custom holds 0 or 1 (tinyint(1)).
	Flag
)

// ConstraintKind names what a constraint guarantees.
type ConstraintKind uint8

// The guarantees that an engine can give.
const (
	PrimaryKey ConstraintKind = iota
	Unique
	ForeignKey
	Check
)

// Constraint is a guarantee that the engine enforces now for every row: it was
// validated and is not deferred, disabled or NOT ENFORCED. Only such ones are listed.
type Constraint struct {
	Kind    ConstraintKind
	Name    string
	Columns []string
	// RefTable and RefColumns are the parent of a ForeignKey; RefTable is qualified
	// as the engine's catalogue spells it ("schema.table").
	RefTable   string
	RefColumns []string
}

// Schema is what is known of a dataset before any row is read.
type Schema struct {
	// Table is the dataset's table as the catalogue spells it, qualified ("schema.table"); "" where it reads
	// something else, or the connector does not say.
	Table       string
	Columns     []Column
	Key         []string // primary key, in its order; nil where there is none
	Constraints []Constraint
	Indexes     [][]string // column lists of usable indexes, primary key included
	// Rows is the engine's own estimate of the row count, -1 when it has none.
	Rows int64
}

// Column returns the column called name and its position, or -1.
func (s *Schema) Column(name string) (Column, int) {
	for i := range s.Columns {
		if s.Columns[i].Name == name {
			return s.Columns[i], i
		}
	}
	return Column{}, -1
}
