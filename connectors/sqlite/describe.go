package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

const (
	tableSQL = "SELECT type, wr, strict FROM pragma_table_list(?1) WHERE schema = ?2"
	// hidden: 1 is a virtual table's own, 2 and 3 are generated columns
	columnsSQL = `SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?1, ?2) WHERE hidden <> 1 ORDER BY cid`
	indexesSQL = `SELECT l.name, l."unique", l.origin, i.name FROM pragma_index_list(?1, ?2) AS l, pragma_index_info(l.name, ?2) AS i ` +
		"WHERE l.partial = 0 ORDER BY l.seq, i.seqno"
)

// sampleRows is how many rows tell the type of a column that declares none.
const sampleRows = 1000

// Describe implements connectors.Source.
func (s *source) Describe(ctx context.Context, d query.Dataset) (value.Schema, error) {
	op := "describe " + nameOf(d)
	var sch value.Schema
	var err error
	if d.Table != "" {
		sch, err = s.describeTable(ctx, op, d)
	} else {
		sch, err = s.describeQuery(ctx, op, d)
	}
	if err != nil {
		return value.Schema{}, wrap(ctx, op, err)
	}
	sch.Rows = -1
	return sch, s.infer(ctx, op, d, &sch)
}

// tableName returns the schema and the table that a dataset names.
func tableName(d query.Dataset) (schema, table string, err error) {
	parts, err := sqlgen.SplitName(d.Table)
	switch {
	case err != nil:
		return "", "", &connectors.Error{Kind: connectors.Misconfigured, Op: "describe " + d.Table, Err: err}
	case len(parts) == 1:
		return "main", parts[0], nil
	case len(parts) == 2:
		return parts[0], parts[1], nil
	}
	return "", "", &connectors.Error{Kind: connectors.Misconfigured, Op: "describe " + d.Table, Err: errors.New("more than schema and table")}
}

func (s *source) describeTable(ctx context.Context, op string, d query.Dataset) (value.Schema, error) {
	var sch value.Schema
	schema, table, err := tableName(d)
	if err != nil {
		return sch, err
	}
	kinds, err := s.values(ctx, op, tableSQL, []any{table, schema})
	if err != nil {
		return sch, err
	}
	cols, err := s.values(ctx, op, columnsSQL, []any{table, schema})
	if err != nil {
		return sch, err
	}
	if len(kinds) == 0 || len(cols) == 0 {
		return sch, &connectors.Error{Kind: connectors.NotFound, Op: op, Err: fmt.Errorf("no table %s", table)}
	}
	t := tableTraits{view: text(kinds[0][0]) == "view", withoutRowid: number64(kinds[0][1]) == 1, strict: number64(kinds[0][2]) == 1}
	for _, c := range cols {
		if number64(c[3]) > 0 {
			t.keys++
		}
	}
	type keyPart struct {
		at   int64
		name string
	}
	var key []keyPart
	for _, c := range cols {
		col, err := column(d, t, text(c[0]), text(c[1]), number64(c[2]) == 1, number64(c[3]) > 0)
		if err != nil {
			return sch, err
		}
		sch.Columns = append(sch.Columns, col)
		if pk := number64(c[3]); pk > 0 {
			key = append(key, keyPart{pk, col.Name})
		}
	}
	sort.Slice(key, func(i, j int) bool { return key[i].at < key[j].at })
	for _, k := range key {
		sch.Key = append(sch.Key, k.name)
	}
	if t.view {
		return sch, nil
	}
	return sch, s.indexes(ctx, op, table, schema, &sch)
}

// indexes reads the indexes and what they guarantee. Foreign keys are never a guarantee: SQLite
// enforces them only for connections that ask it to.
func (s *source) indexes(ctx context.Context, op, table, schema string, sch *value.Schema) error {
	rows, err := s.values(ctx, op, indexesSQL, []any{table, schema})
	if err != nil {
		return err
	}
	if len(sch.Key) > 0 {
		sch.Indexes = append(sch.Indexes, slices.Clone(sch.Key))
		guarantee(sch, value.PrimaryKey, "", sch.Key)
	}
	for i := 0; i < len(rows); {
		name, unique, origin := text(rows[i][0]), number64(rows[i][1]) == 1, text(rows[i][2])
		var cols []string
		expression := false
		for ; i < len(rows) && text(rows[i][0]) == name; i++ {
			if rows[i][3] == nil {
				expression = true
				continue
			}
			cols = append(cols, text(rows[i][3]))
		}
		if expression || origin == "pk" {
			continue
		}
		sch.Indexes = append(sch.Indexes, cols)
		if unique {
			guarantee(sch, value.Unique, name, cols)
		}
	}
	return nil
}

// guarantee lists a constraint where equal stored cells are equal values and the
// other way round; a decimal held as text may have two texts.
func guarantee(sch *value.Schema, kind value.ConstraintKind, name string, cols []string) {
	for _, n := range cols {
		c, at := sch.Column(n)
		if at < 0 {
			return
		}
		switch c.Type.Kind {
		case value.Bool, value.Int, value.Double, value.String, value.Bytes:
		default:
			return
		}
		if kind == value.PrimaryKey && !c.NotNull {
			kind = value.Unique // an old bug that SQLite keeps: such a key may hold nulls
		}
	}
	sch.Constraints = append(sch.Constraints, value.Constraint{Kind: kind, Name: name, Columns: slices.Clone(cols)})
}

// describeQuery asks the statement itself: SQLite knows the declared type of what is plainly a column.
func (s *source) describeQuery(ctx context.Context, op string, d query.Dataset) (value.Schema, error) {
	var sch value.Schema
	from, err := sqlgen.From(s.d, d, "t")
	if err != nil {
		return sch, &connectors.Error{Kind: connectors.Misconfigured, Op: op, Err: err}
	}
	c, err := s.run(ctx, op, "SELECT * FROM "+from+" LIMIT 0", nil)
	if err != nil {
		return sch, err
	}
	defer func() { _ = c.close() }()
	typed, _ := c.rows.(driver.RowsColumnTypeDatabaseTypeName)
	for i, name := range c.rows.Columns() {
		declared := ""
		if typed != nil {
			declared = typed.ColumnTypeDatabaseTypeName(i)
		}
		col, err := column(d, tableTraits{view: true}, name, declared, false, false)
		if err != nil {
			return sch, err
		}
		sch.Columns = append(sch.Columns, col)
	}
	return sch, nil
}

// infer gives columns that declare no type the one that all of their first cells have.
// A later cell of another class is in error, as in any column.
func (s *source) infer(ctx context.Context, op string, d query.Dataset, sch *value.Schema) error {
	var at []int
	var outs []string
	for i, c := range sch.Columns {
		if c.Type.Kind == value.Null {
			at = append(at, i)
			ref := "t." + s.d.QuoteIdent(c.Name)
			outs = append(outs, "group_concat(DISTINCT typeof("+ref+"))")
		}
	}
	if len(at) == 0 {
		return nil
	}
	from, err := sqlgen.From(s.d, d, "t")
	if err != nil {
		return wrap(ctx, op, err)
	}
	sql := "SELECT " + strings.Join(outs, ", ") + " FROM (SELECT * FROM " + from + " LIMIT " + itoa(sampleRows) + ") AS t"
	rows, err := s.values(ctx, op, sql, nil)
	if err != nil {
		if e, ok := errors.AsType[*connectors.Error](err); ok {
			e.Data = true
		}
		return err
	}
	for j, i := range at {
		c := &sch.Columns[i]
		c.MayErr = true
		c.Type, c.Untold, c.Unusable = classType(text(rows[0][j]))
	}
	return nil
}

// Retype implements connectors.Retyper.
func (s *source) Retype(d query.Dataset, c value.Column, o query.ColumnOptions) (value.Column, bool) {
	if !c.Untold || o.Array {
		return c, false
	}
	d.Columns = map[string]query.ColumnOptions{c.Name: o}
	out, err := column(d, tableTraits{view: true}, c.Name, "", c.NotNull, false)
	out.Native = "nothing, as " + o.Type
	return out, err == nil
}

// classType returns the type of a column whose cells have the storage classes, comma-separated; untold where there are none but null.
func classType(classes string) (t value.Type, untold bool, unusable string) {
	var seen []string
	for c := range strings.SplitSeq(classes, ",") {
		if c != "" && c != "null" {
			seen = append(seen, c)
		}
	}
	sort.Strings(seen)
	switch strings.Join(seen, ",") {
	case "integer":
		return value.Of(value.Int), false, ""
	case "real", "integer,real":
		return value.Of(value.Double), false, ""
	case "text":
		return value.Of(value.String), false, ""
	case "blob":
		return value.Of(value.Bytes), false, ""
	case "":
		return value.Of(value.String), true, "declares no type and holds nothing to tell it by: give it one under types:"
	}
	return value.Of(value.String), false, "declares no type and holds " + strings.Join(seen, " and ") + ": give it one under types:"
}

// DescribeStatements implements connectors.Explainer.
func (s *source) DescribeStatements(d query.Dataset) []query.Statement {
	if d.Table != "" {
		schema, table, err := tableName(d)
		if err != nil {
			return nil
		}
		args := []string{table, schema}
		return []query.Statement{{Text: tableSQL, Args: args}, {Text: columnsSQL, Args: args}, {Text: indexesSQL, Args: args}}
	}
	from, err := sqlgen.From(s.d, d, "t")
	if err != nil {
		return nil
	}
	return []query.Statement{{Text: "SELECT * FROM " + from + " LIMIT 0"}}
}

func text(x driver.Value) string {
	s, _ := x.(string)
	return s
}

func number64(x driver.Value) int64 {
	i, _ := x.(int64)
	return i
}
