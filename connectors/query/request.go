package query

import "github.com/assay-dev/assay/connectors/value"

// Dataset names data within a connection: exactly one of Table, Index, File and Query is set.
type Dataset struct {
	Name  string // the suite's name of it
	Table string // optionally qualified: schema.table
	Index string
	File  string
	Query string // a read-only query in the engine's own language
	Key   []string
	// Timezone is the IANA zone of naive timestamps, "" when none is declared.
	Timezone string
	// Columns holds what the suite declares about columns, by name.
	Columns map[string]ColumnOptions
}

// ColumnOptions is what a suite declares about one column.
type ColumnOptions struct {
	// Type overrides the logical type ("bool" for MySQL's tinyint(1), "timestamp" for a text of SQLite).
	Type string
	// AbsentIsError makes a missing Elasticsearch field an error instead of null.
	AbsentIsError bool
	// Array says that an Elasticsearch field holds arrays.
	Array bool
}

// OptionsOf are the options by which a suite would declare what a column is.
func OptionsOf(c *value.Column) ColumnOptions {
	t, o := c.Type, ColumnOptions{}
	if t.Kind == value.List && t.Elem != nil {
		o.Array, t = true, *t.Elem
	}
	switch {
	case c.Shape == value.Date:
		o.Type = "date"
	case t.Kind == value.LocalTimestamp, t.Kind == value.Timestamp && c.Zone != "":
		o.Type = "local_timestamp"
	default:
		o.Type = t.Kind.String()
	}
	return o
}

// Says reports whether a declared type says of a column what it is anyway, as an array of which that is the elements' too.
func (o ColumnOptions) Says(c *value.Column) bool {
	is := OptionsOf(c).Type
	return o.Type == "" || o.Type == is || o.Type == "timestamp" && is == "local_timestamp" && c.Zone != ""
}

// Relation is a dataset with its described schema: what requests read from.
type Relation struct {
	Dataset Dataset
	Schema  value.Schema
	// Joins add the columns of further relations, Rel 1 and up in their order. Aggregate and Select take them where Caps.Join says so;
	// set-level checks and orders by key never do.
	Joins []Join
}

// Join adds to each row the columns of the row of another relation whose key is the row's: a left outer join. A row without a
// partner stays, and the joined columns are null. Whoever asks sees to it that no two rows of Relation have the same key.
type Join struct {
	Relation Relation // without joins of its own; its columns are nullable here, whatever the engine says
	On       []JoinKey
}

// JoinKey is one part of a key: Left, over Rel 0, equals Right, a column of the joined relation, as OpEq says, but that null equals
// nothing, and neither does an error.
type JoinKey struct {
	Left  Expr
	Right *Column
}

// Request is a Select, an Aggregate or a SetCheck: what a source can be asked.
type Request interface{ request() }

// Select reads columns of rows.
type Select struct {
	From    Relation
	Columns []*Column
	// Branches are united (UNION ALL). None means all rows, one its rows; with two or more, one
	// Int column holding the branch's position follows Columns in every batch.
	Branches []Branch
	// OrderByKey asks for the order of From.Dataset.Key: numbers and times by
	// value, text and bytes bytewise, nulls last. Only with at most one branch.
	OrderByKey bool
	BatchRows  int // rows a batch, 0 for the connector's default
	// Beside says that the caller reads other selections at the same time, so that nothing is gained by reading this one in parts at once.
	Beside bool
}

// Branch is one bounded set of rows.
type Branch struct {
	Where Expr     // rows for which it is true; nil for all
	Set   SetCheck // or the rows that violate it; Where is then within it
	Limit int      // 0 for no bound
}

// Aggregate computes measures in one pass. It returns one row, or one a group;
// columns are the GroupBy values, then each measure's outputs (Measure.Outputs) in order.
type Aggregate struct {
	From     Relation
	GroupBy  []Expr
	Measures []Measure
}

// MeasureKind says what a Measure computes.
type MeasureKind uint8

// The measures and their outputs, all non-null Ints unless said otherwise.
// "Selected" rows are those for which Where is nil or true and Skip is nil or not true.
const (
	// MeasureTally judges Arg, a Bool, on every selected row. Outputs: true, false, undecided (all of
	// them), undecided_by_null (of those, rows in which one of Nulls is null),
	// where_undecided (rows for which Where is undecided), skipped (Where nil or true, Skip true).
	MeasureTally MeasureKind = iota
	// MeasureCount counts. Outputs: rows for which Where is nil or true; by_null (Where
	// undecided and one of Nulls null); errored (Where undecided otherwise).
	MeasureCount
	// The following take Arg over rows for which Where is nil or true, skipping nulls of Arg (and Arg undecided with one of Nulls null).
	// Outputs: the value(s), then used (rows that counted), by_null (Where or Arg undecided or Arg null, with one of Nulls null), errored
	// (Where or Arg undecided otherwise).
	//
	// MeasureSum: one value, null when no row counted: Decimal for Int, Uint and Decimal (exact, cannot overflow), Double, Duration.
	MeasureSum
	// MeasureMin and MeasureMax: one value of Arg's type, null when no row counted; a NaN makes errored count it.
	MeasureMin
	MeasureMax
	// MeasureSumSquares: one value, the sum of squares: Decimal for Int, Uint and Decimal, Double for Double.
	// avg, stddev and variance of exact types are formed from it and MeasureSum by the caller.
	MeasureSumSquares
	// MeasureStddev: sample standard deviation of Double; one Double, null under two rows.
	MeasureStddev
	// MeasureDistinct: Int, the number of distinct non-null values, exact.
	MeasureDistinct
	// MeasureQuantile: the smallest value v such that at least Q of the used rows are <= v (percentile_disc); Arg's type.
	MeasureQuantile
)

// Measure is one aggregate over the rows of a request.
type Measure struct {
	Kind  MeasureKind
	Arg   Expr
	Where Expr
	Skip  Expr // MeasureTally only
	// Nulls are the columns that the user's expressions name: they tell undecided by null from the rest.
	Nulls []*Column
	Q     float64 // MeasureQuantile: 0 < Q <= 1
}

// Outputs returns the types of the measure's output columns, in order.
func (m Measure) Outputs() []value.Type {
	i := value.Of(value.Int)
	switch m.Kind {
	case MeasureTally:
		return []value.Type{i, i, i, i, i, i}
	case MeasureCount:
		return []value.Type{i, i, i}
	case MeasureDistinct:
		return []value.Type{i, i, i, i}
	case MeasureSum, MeasureSumSquares:
		t := m.Arg.Type()
		switch t.Kind {
		case value.Int, value.Uint, value.Decimal:
			t = value.Of(value.Decimal)
		}
		return []value.Type{t, i, i, i}
	case MeasureStddev:
		return []value.Type{value.Of(value.Double), i, i, i}
	default:
		return []value.Type{m.Arg.Type(), i, i, i}
	}
}

// SetCheck is an expectation about a set of rows: *UniqueCheck, *MonotonicCheck or *ReferenceCheck.
// Its result is a SetResult.
type SetCheck interface {
	Request
	// Relation is what the check reads.
	Relation() Relation
}

// UniqueCheck holds for a row whose Columns no other row shares. Rows with a null in any
// of Columns are skipped. Text compares bytewise.
type UniqueCheck struct {
	From    Relation
	Columns []*Column
	Where   Expr
}

// MonotonicCheck holds for a row whose Column is not less (Strict: greater) than that of the
// previous row in the order of OrderBy, then Column itself (so ties do not depend on
// storage), within its GroupBy group; Descending turns the comparison and the tie order round. Rows
// where Column or an OrderBy column is null are skipped. The first row of a group holds.
type MonotonicCheck struct {
	From       Relation
	Column     *Column
	OrderBy    []*Column
	GroupBy    []*Column
	Strict     bool
	Descending bool
	Where      Expr
}

// ReferenceCheck holds for a row whose Columns exist as ParentColumns of Parent, on the
// same connection. Rows with a null in any of Columns are skipped.
type ReferenceCheck struct {
	From          Relation
	Columns       []*Column
	Parent        Relation
	ParentColumns []*Column
	Where         Expr
}

// SetResult counts the rows of a SetCheck.
type SetResult struct {
	True, False, Skipped int64
	WhereUndecided       int64
	// Errored counts rows whose columns hold values that could not be represented.
	Errored int64
}

func (Select) request()          {}
func (Aggregate) request()       {}
func (*UniqueCheck) request()    {}
func (*MonotonicCheck) request() {}
func (*ReferenceCheck) request() {}

// Relation implements SetCheck.
func (c *UniqueCheck) Relation() Relation { return c.From }

// Relation implements SetCheck.
func (c *MonotonicCheck) Relation() Relation { return c.From }

// Relation implements SetCheck.
func (c *ReferenceCheck) Relation() Relation { return c.From }
