// Package catalog holds the named expectations as values, one file each, named as in YAML.
// Each expands to CEL where CEL can say it, else to a check of a set of rows or of the schema.
package catalog

import (
	"maps"
	"slices"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
)

// Kind says what an expectation is about.
type Kind uint8

// The kinds of expansions.
const (
	// Row is judged on every row by Expansion.Expr, a bool over `row`.
	Row Kind = iota
	// Metric is judged once by Expansion.Expr, a bool over the dataset's aggregate macros.
	Metric
	// Set is judged on the set of rows by Expansion.Set.
	Set
	// Schema is judged on the live schema by Expansion.Schema, without reading rows.
	Schema
)

// Entry is one named expectation.
type Entry struct {
	Name string
	// Doc is one sentence for editors and lists.
	Doc    string
	Kind   Kind
	Params []Param
	// EachColumn says that a list of columns stands for one expectation a column; otherwise the columns are one key.
	EachColumn bool
	expand     func(*expansion) []Expansion
}

// Param is an argument of a named expectation.
type Param struct {
	Name     string
	Aliases  []string // other spellings: `columns` for `column`
	Kind     ParamKind
	Required bool
	Enum     []string // of ParamEnum
	Doc      string
	// Short says that the argument may be written alone: `not_null: id` for `not_null: {column: id}`.
	Short bool
}

// ParamKind is the form of an argument.
type ParamKind uint8

// The forms of arguments.
const (
	// ParamColumns is a column name or a list of them.
	ParamColumns ParamKind = iota
	// ParamColumn is exactly one column name.
	ParamColumn
	// ParamScalar is a literal that is typed by the column it is compared with.
	ParamScalar
	// ParamScalars is a list of them.
	ParamScalars
	// ParamText is any string.
	ParamText
	// ParamTexts is a string or a list of strings.
	ParamTexts
	// ParamCount is a whole number, 0 or more.
	ParamCount
	// ParamBool is true or false.
	ParamBool
	// ParamEnum is one of Enum.
	ParamEnum
	// ParamDuration is a positive span of time: 90s, 15m, 2h, 1d, 1d12h.
	ParamDuration
	// ParamDataset is the name of a dataset of the suite.
	ParamDataset
)

// Use is one use of a named expectation, to be expanded.
type Use struct {
	Named  *spec.Named
	OnNull spec.NullPolicy
	// Dataset is the suite's name of the dataset that the use is nested in.
	Dataset string
	// Where is the CEL of the expectation's `where`, "" for none. A metric takes it into its CEL; elsewhere the
	// caller joins it with Expansion.Where.
	Where string
	// Schema is the dataset's live schema, nil when offline: then literals are taken as YAML types them.
	Schema *value.Schema
}

// Expansion is what a use stands for.
type Expansion struct {
	// IDSuffix is appended, as it is, to the expectation's id: "" unless a use names several columns one by one
	// (which the suite loader has split already).
	IDSuffix string
	Kind     Kind
	// Expr is the CEL of a Row or Metric.
	Expr string
	// Where is the CEL of rows to take, "" for all: `row.c != null` where a column's nulls are
	// skipped. It stands beside the expectation's own `where`.
	Where string
	// SkipNullColumns are the columns whose nulls Where skips (or a Set check skips), to be counted as skipped_null.
	SkipNullColumns []string
	// Columns are the columns that the expectation is about.
	Columns []string
	// Set is the check of a Set.
	Set *SetSpec
	// Schema is the check of a Schema.
	Schema *SchemaSpec
}

// SetKind names a check of a set of rows.
type SetKind uint8

// The set checks; their meaning is that of query.UniqueCheck, MonotonicCheck and ReferenceCheck.
const (
	Unique SetKind = iota
	Monotonic
	References
)

// SetSpec is a check of a set of rows.
type SetSpec struct {
	Kind       SetKind
	Columns    []string // Monotonic: exactly one
	OrderBy    []string // Monotonic
	GroupBy    []string // Monotonic
	Strict     bool     // Monotonic
	Descending bool     // Monotonic
	// ParentDataset names a dataset of the suite, or ParentTable a table of the same connection.
	ParentDataset string
	ParentTable   string
	// ParentColumns correspond to Columns; empty means the key of ParentDataset.
	ParentColumns []string
}

// SchemaKind names a check of a schema.
type SchemaKind uint8

// The schema checks.
const (
	// ColumnExists holds when the column is there, spelt so.
	ColumnExists SchemaKind = iota
	// ColumnType holds when the column has the logical type Type or, if Native is set, the native type Native.
	ColumnType
)

// SchemaSpec is a check of the live schema.
type SchemaSpec struct {
	Kind   SchemaKind
	Column string
	// Type is a logical type as value.Type.String prints it; Native an engine's own spelling.
	Type, Native string
}

// Entries returns the named expectations by name. The caller may change the slice.
func Entries() []Entry {
	return []Entry{
		between(), columnExists(), columnType(), fresh(), inSet(), isNull(), lengthBetween(), matches(), monotonic(),
		notInSet(), notMatches(), notNull(), references(), rowCount(), unique(),
	}
}

// Names returns the names of the entries, sorted.
func Names() []string {
	es := Entries()
	names := make([]string, len(es))
	for i := range es {
		names[i] = es[i].Name
	}
	slices.Sort(names)
	return names
}

// Lookup returns the entry of that name.
func Lookup(name string) (Entry, bool) {
	for _, e := range Entries() {
		if e.Name == name {
			return e, true
		}
	}
	return Entry{}, false
}

// Expand returns what a use stands for, after checking its arguments. With a
// diagnostic of severity Error the expansions are not to be used.
func Expand(u Use) ([]Expansion, diag.List) {
	var list diag.List
	e, ok := Lookup(u.Named.Name)
	if !ok {
		list.Errorf("unknown-expectation", u.Named.At, diag.DidYouMean(u.Named.Name, Names()), "unknown expectation %q", u.Named.Name)
		return nil, list
	}
	return e.Expand(u)
}

// Expand returns what a use of the entry stands for. With a diagnostic of
// severity Error the expansions are not to be used.
func (e Entry) Expand(u Use) ([]Expansion, diag.List) {
	x := &expansion{Use: u, entry: e}
	x.list = append(x.list, e.Check(u.Named)...)
	if x.list.HasErrors() {
		return nil, x.list
	}
	out := e.expand(x)
	if x.list.HasErrors() {
		return nil, x.list
	}
	return out, x.list
}

// Param returns the parameter of that name or alias.
func (e Entry) Param(name string) (Param, bool) {
	for _, p := range e.Params {
		if p.Name == name || slices.Contains(p.Aliases, name) {
			return p, true
		}
	}
	return Param{}, false
}

// Columns returns the columns that a use of the entry is about, in order.
func (e Entry) Columns(n *spec.Named) []string {
	for _, p := range e.Params {
		if p.Kind != ParamColumns && p.Kind != ParamColumn {
			continue
		}
		// The first parameter of a column's form names what the entry is about.
		if a, ok := n.Args[p.Name]; ok {
			return texts(a)
		}
		return nil
	}
	return nil
}

// Split returns one use for each column where the entry judges columns one by one, else the use itself.
func (e Entry) Split(n *spec.Named) []*spec.Named {
	cols := e.Columns(n)
	if !e.EachColumn || len(cols) < 2 {
		return []*spec.Named{n}
	}
	p := e.Params[0].Name
	out := make([]*spec.Named, 0, len(cols))
	for _, a := range n.Args[p].List {
		args := make(map[string]spec.Arg, len(n.Args))
		maps.Copy(args, n.Args)
		args[p] = a
		out = append(out, &spec.Named{Name: n.Name, Args: args, At: n.At})
	}
	return out
}
