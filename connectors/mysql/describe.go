package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

func (s *Source) describeStatement(d query.Dataset) (statement, error) {
	if d.Query != "" {
		from, err := s.from(d)
		return statement{text: "SELECT * FROM " + from + " LIMIT 0"}, err
	}
	parts, err := sqlgen.SplitName(d.Table)
	if err == nil && len(parts) > 2 {
		err = fmt.Errorf("table name %q has more than two parts", d.Table)
	}
	if err != nil {
		return statement{}, &connectors.Error{Kind: connectors.Misconfigured, Op: "describe " + datasetName(d), Err: err}
	}
	var schema any
	if len(parts) == 2 {
		schema = parts[0]
	}
	st := statement{text: s.dial.speaks().catalogue()}
	for range describeParts {
		st.args = append(st.args, schema, parts[len(parts)-1])
	}
	return st, nil
}

// DescribeStatements implements connectors.Explainer.
func (s *Source) DescribeStatements(d query.Dataset) []query.Statement {
	st, err := s.describeStatement(d)
	if err != nil {
		return nil
	}
	return []query.Statement{st.explain()}
}

// Describe implements connectors.Source. A query: dataset is described by the server's answer to it with
// LIMIT 0; a server may still evaluate a query of one row, such as a bare count, to plan that.
func (s *Source) Describe(ctx context.Context, d query.Dataset) (value.Schema, error) {
	op := "describe " + datasetName(d)
	if (d.Table == "") == (d.Query == "") || d.Index != "" || d.File != "" {
		return value.Schema{}, &connectors.Error{Kind: connectors.Misconfigured, Op: op, Err: fmt.Errorf("a %s dataset takes table or query", s.dial.speaks())}
	}
	var (
		schema value.Schema
		err    error
	)
	if d.Query != "" {
		schema, err = s.describeQuery(ctx, d)
	} else {
		schema, err = s.describeTable(ctx, d)
	}
	if err != nil {
		return value.Schema{}, wrap(op, err)
	}
	return schema, nil
}

func datasetName(d query.Dataset) string {
	switch {
	case d.Table != "":
		return d.Table
	case d.Name != "":
		return d.Name
	}
	return "query"
}

func (s *Source) describeTable(ctx context.Context, d query.Dataset) (value.Schema, error) {
	st, err := s.describeStatement(d)
	if err != nil {
		return value.Schema{}, err
	}
	c := catalogue{dataset: d, schema: value.Schema{Rows: -1}, truncates: s.dial.truncates.Load(), flavour: s.dial.speaks()}
	if err := s.collect(ctx, st, c.row); err != nil {
		return value.Schema{}, err
	}
	if !c.found || len(c.schema.Columns) == 0 {
		// The catalogue hides what the account may not see; the server knows whether it is missing or denied.
		from, err := s.from(d)
		if err != nil {
			return value.Schema{}, err
		}
		probe := statement{text: "SELECT 1 FROM " + from + " LIMIT 0"}
		if err := s.collect(ctx, probe, func([]driver.Value) error { return nil }); err != nil {
			if e := serverError(err); e != nil && e.Number == codeTableDenied {
				err = &connectors.Error{Kind: connectors.Denied, Op: "describe " + d.Table, Err: errNoSelect(s.dial.speaks())}
			}
			return value.Schema{}, err
		}
		return value.Schema{}, &connectors.Error{Kind: connectors.NotFound, Op: "describe " + d.Table, Err: errors.New("no such table in the catalogue")}
	}
	c.finish()
	return c.schema, nil
}

// codeTableDenied is ER_TABLEACCESS_DENIED_ERROR.
const codeTableDenied = 1142

// errNoSelect says what the server's refusal leaves open.
func errNoSelect(f flavour) error {
	return fmt.Errorf("SELECT is not granted, or there is no such table (%s does not say which)", f.brand())
}

// catalogue gathers the rows of the statement that describes a table.
type catalogue struct {
	dataset query.Dataset
	schema  value.Schema
	flavour flavour
	// truncates says that the server cuts fractions of a second that a column does not keep.
	truncates bool

	found   bool
	base    bool // a base table
	innodb  bool
	indexes []index
	checks  []string
	json    map[string]bool // columns that a check holds to JSON
}

type index struct {
	name    string
	columns []string
	unique  bool
	ordered bool // visible, of whole columns, in order
	exact   bool // of columns only, no expression
}

func (c *catalogue) row(r []driver.Value) error {
	switch part := text(r[0]); part {
	case "table":
		c.found = true
		c.base = strings.EqualFold(text(r[3]), "BASE TABLE") || strings.EqualFold(text(r[3]), "SYSTEM VERSIONED") // its rows of now
		c.innodb = strings.EqualFold(text(r[4]), "InnoDB")
		if n, err := strconv.ParseInt(text(r[5]), 10, 64); err == nil && c.base {
			c.schema.Rows = n
		}
	case "column":
		col, err := c.column(r)
		c.schema.Columns = append(c.schema.Columns, col)
		return err
	case "index":
		c.indexPart(r)
	case "check":
		c.checks = append(c.checks, text(r[1]))
	case "clause":
		if name, ok := jsonChecked(text(r[3])); ok {
			if c.json == nil {
				c.json = map[string]bool{}
			}
			c.json[name] = true
		}
	default:
		return fmt.Errorf("unexpected catalogue row %q", part)
	}
	return nil
}

// column reads a column; NotNull is settled by finish, when the table's type is known.
func (c *catalogue) column(r []driver.Value) (value.Column, error) {
	n := native{flavour: c.flavour, data: strings.ToLower(text(r[3])), charset: text(r[6]), collation: text(r[7])}
	if n.is("longtext") && c.json[text(r[1])] {
		n.data = "json"
	}
	col := value.Column{Name: text(r[1]), Native: text(r[4]), NotNull: text(r[5]) == "NO"}
	n.unsigned = strings.Contains(strings.ToLower(col.Native), "unsigned")
	precision, scale, _ := strings.Cut(text(r[8]), ",")
	n.precision, _ = strconv.Atoi(precision) // empty for what has none
	n.scale, _ = strconv.Atoi(scale)
	n.base = true
	if n.timed() {
		n.fraction, n.precision = n.precision, 0
	}
	err := logical(&col, n, c.dataset)
	col.Resolution.Truncates = n.timed() && c.truncates
	return col, err
}

// indexPart reads one column of an index: those of all indexes come first, then second columns.
func (c *catalogue) indexPart(r []driver.Value) {
	name := text(r[1])
	at := slices.IndexFunc(c.indexes, func(i index) bool { return i.name == name })
	if at < 0 {
		at = len(c.indexes)
		c.indexes = append(c.indexes, index{
			name: name, unique: text(r[4]) == "0", exact: true, ordered: text(r[5]) == "YES" && text(r[8]) == "BTREE",
		})
	}
	ix := &c.indexes[at]
	ix.columns = append(ix.columns, text(r[3]))
	if r[6] != nil {
		ix.ordered = false // a unique prefix makes the whole unique, but orders nothing
	}
	if r[7] != nil {
		ix.ordered, ix.exact = false, false
	}
}

// finish turns what was gathered into guarantees. Views pass none on: their catalogue rows
// are as old as their definition.
func (c *catalogue) finish() {
	for i := range c.schema.Columns {
		c.schema.Columns[i].NotNull = c.schema.Columns[i].NotNull && c.base
	}
	for _, ix := range c.indexes {
		if ix.name == "PRIMARY" && ix.exact {
			c.schema.Key = ix.columns
		}
		if ix.ordered {
			c.schema.Indexes = append(c.schema.Indexes, ix.columns)
		}
		if !ix.unique || !ix.exact || !c.innodb {
			continue
		}
		kind := value.Unique
		if ix.name == "PRIMARY" {
			kind = value.PrimaryKey
		}
		c.schema.Constraints = append(c.schema.Constraints, value.Constraint{Kind: kind, Name: ix.name, Columns: ix.columns})
	}
	for _, name := range c.checks {
		if c.innodb {
			c.schema.Constraints = append(c.schema.Constraints, value.Constraint{Kind: value.Check, Name: name})
		}
	}
}

// describeQuery reads the columns of a query: dataset from the metadata of its result.
func (s *Source) describeQuery(ctx context.Context, d query.Dataset) (value.Schema, error) {
	st, err := s.describeStatement(d)
	if err != nil {
		return value.Schema{}, err
	}
	ses, err := s.acquire(ctx)
	if err != nil {
		return value.Schema{}, err
	}
	run, err := ses.query(ctx, st)
	if err != nil {
		return value.Schema{}, err
	}
	defer run.close()
	meta, ok := run.rows.(interface {
		driver.RowsColumnTypeDatabaseTypeName
		driver.RowsColumnTypePrecisionScale
	})
	if !ok {
		return value.Schema{}, errors.New("the driver does not tell the types of a result")
	}
	schema := value.Schema{Rows: -1}
	for i, name := range run.rows.Columns() {
		declared := strings.ToLower(meta.ColumnTypeDatabaseTypeName(i))
		n := native{flavour: s.dial.speaks()}
		n.data, n.unsigned = strings.CutPrefix(declared, "unsigned ")
		if p, sc, ok := meta.ColumnTypePrecisionScale(i); ok && n.data == "decimal" {
			n.precision, n.scale = int(p)+1, int(sc) // an unsigned column's length has no sign, which the driver subtracts
		} else if ok && n.timed() {
			n.fraction = int(sc)
		}
		c := value.Column{Name: name, Native: declared}
		if n.data == "null" {
			n.data = "char" // a column that is NULL throughout
		}
		if err := logical(&c, n, d); err != nil {
			return value.Schema{}, err
		}
		c.Resolution.Truncates = n.timed() && s.dial.truncates.Load()
		schema.Columns = append(schema.Columns, c)
	}
	row := make([]driver.Value, len(schema.Columns))
	if _, err := run.next(ctx, row); err != nil {
		return value.Schema{}, err
	}
	return schema, nil
}

// text returns a small value of a catalogue row as text, "" for NULL.
func text(v driver.Value) string {
	switch v := v.(type) {
	case []byte:
		return string(v)
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	}
	return ""
}
