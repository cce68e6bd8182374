package connectortest

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Engine names a store, for what it is able to hold.
type Engine string

// The engines that HostileTable can be fitted to. Memory holds everything.
const (
	EngineMemory        Engine = "memory"
	EnginePostgres      Engine = "postgres"
	EngineMySQL         Engine = "mysql"
	EngineMariaDB       Engine = "mariadb"
	EngineElasticsearch Engine = "elasticsearch"
	EngineOpenSearch    Engine = "opensearch"
	EngineSQLite        Engine = "sqlite"
	EngineCSV           Engine = "csv"
	EngineJSONLines     Engine = "jsonl"
	EngineParquet       Engine = "parquet"
)

// Table is rows with types: what a loader puts into an engine, and what is expected to come back.
type Table struct {
	Name    string
	Columns []Column
	Key     []string
	Rows    [][]Cell // each as long as Columns
}

// Column is one column of a Table.
type Column struct {
	Name    string
	Type    value.Type
	NotNull bool
	// Native overrides the type that a loader declares, by engine.
	Native map[Engine]string
}

// Cell is one value, or one that the engine holds but assay's types cannot say.
type Cell struct {
	value.Value
	// Raw is the engine's own literal of a value outside the logical type, for example
	// "'infinity'"; the cell is then expected in Vector.Errs. Empty for ordinary cells.
	Raw string
}

// Err reports whether the cell is expected to be in error.
func (c Cell) Err() bool { return c.Raw != "" }

// String returns the cell for messages.
func (c Cell) String() string {
	if c.Err() {
		return "error"
	}
	if s := c.Text(); len(s) > 80 {
		return fmt.Sprintf("%q… (%d bytes)", s[:80], len(s))
	}
	return strconv.Quote(c.Text())
}

// Index returns the position of the column called name, or -1.
func (tb *Table) Index(name string) int {
	return slices.IndexFunc(tb.Columns, func(c Column) bool { return c.Name == name })
}

// Cell returns the cell of row r in the column called name; it panics where there is none,
// which is a mistake of the test.
func (tb *Table) Cell(r int, name string) Cell { return tb.Rows[r][tb.Index(name)] }

// Names returns the names of the columns in order.
func (tb *Table) Names() []string {
	out := make([]string, len(tb.Columns))
	for i, c := range tb.Columns {
		out[i] = c.Name
	}
	return out
}

// Schema returns what a source that holds the table in memory would describe.
func (tb *Table) Schema() value.Schema {
	s := value.Schema{Key: slices.Clone(tb.Key), Rows: int64(len(tb.Rows))}
	for i, c := range tb.Columns {
		s.Columns = append(s.Columns, value.Column{
			Name: c.Name, Type: c.Type, NotNull: c.NotNull, Native: c.Type.String(),
			MayErr: slices.ContainsFunc(tb.Rows, func(r []Cell) bool { return r[i].Err() }),
		})
	}
	return s
}

// Relation describes the dataset with src and returns it as a relation.
func Relation(t testing.TB, src connectors.Source, d query.Dataset) query.Relation {
	t.Helper()
	s, err := src.Describe(t.Context(), d)
	if err != nil {
		t.Fatalf("describe %s: %v", d.Name, err)
	}
	return query.Relation{Dataset: d, Schema: s}
}

// Col returns the reference to the column called name of rel.
func Col(t testing.TB, rel query.Relation, name string) *query.Column {
	t.Helper()
	c, i := rel.Schema.Column(name)
	if i < 0 {
		t.Fatalf("%s has no column %s", rel.Dataset.Name, name)
	}
	return &query.Column{Index: i, Col: c}
}

// Cols returns the references to the columns called names of rel.
func Cols(t testing.TB, rel query.Relation, names ...string) []*query.Column {
	t.Helper()
	out := make([]*query.Column, len(names))
	for i, n := range names {
		out[i] = Col(t, rel, n)
	}
	return out
}

// At returns element i of v; its Raw is set where the element is in error.
func At(v *value.Vector, i int) Cell {
	if v.IsErr(i) {
		return Cell{Raw: "error"}
	}
	return Cell{Value: v.Value(i)}
}

// Same reports whether two cells hold the same: doubles bit by bit (all NaNs alike),
// decimals by number, JSON by content.
func Same(a, b Cell) bool {
	if a.Err() || b.Err() {
		return a.Err() == b.Err()
	}
	return sameValue(a.Value, b.Value)
}

func sameValue(a, b value.Value) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() { //exhaustive:enforce
	case value.Double:
		x, y := a.Double(), b.Double()
		return math.Float64bits(x) == math.Float64bits(y) || math.IsNaN(x) && math.IsNaN(y)
	case value.Decimal:
		return a.Decimal().Cmp(b.Decimal()) == 0
	case value.Timestamp, value.LocalTimestamp:
		return a.Time().Equal(b.Time())
	case value.JSON:
		x, errX := document(a.Str())
		y, errY := document(b.Str())
		return errX == nil && errY == nil && reflect.DeepEqual(x, y)
	case value.List:
		return slices.EqualFunc(a.List(), b.List(), sameValue)
	case value.String, value.Bytes:
		return a.Str() == b.Str()
	case value.Null:
		return true
	case value.Bool, value.Int, value.Uint, value.Duration:
		return a.Uint() == b.Uint()
	}
	return false
}

// document decodes JSON keeping the digits of numbers.
func document(s string) (any, error) {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("decode JSON: %w", err)
	}
	return v, nil
}
