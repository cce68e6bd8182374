package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// relation is the answer of describeSQL.
type relation struct {
	Schema   string  `json:"schema"`
	Name     string  `json:"name"`
	Kind     string  `json:"kind"`
	Rows     float64 `json:"rows"`
	Readable bool    `json:"readable"`
	Usage    bool    `json:"usage"`
	Encoding string  `json:"encoding"`
	Columns  []struct {
		Name     string   `json:"name"`
		Native   string   `json:"native"`
		NotNull  bool     `json:"notnull"`
		Readable bool     `json:"readable"`
		Bytewise bool     `json:"bytewise"`
		Determ   bool     `json:"deterministic"`
		Type     typeInfo `json:"type"`
	} `json:"columns"`
	Indexes []struct {
		Name    string   `json:"name"`
		Columns []string `json:"columns"`
		Primary bool     `json:"primary"`
		Unique  bool     `json:"unique"`
	} `json:"indexes"`
	References []struct {
		Name       string   `json:"name"`
		Columns    []string `json:"columns"`
		Table      string   `json:"table"`
		RefColumns []string `json:"ref_columns"`
	} `json:"references"`
}

var (
	errNoTable    = errors.New("no such table or view")
	errNoUsage    = errors.New("USAGE of its schema is not granted")
	errNoSelect   = errors.New("SELECT is not granted")
	errNoColumns  = errors.New("it has no columns")
	errSource     = errors.New(`a dataset of postgres is a "table" or a "query"`)
	errTableName  = errors.New(`a table is named table or schema.table, either part in double quotes if it holds a dot`)
	errManyColumn = errors.New("two columns of the query have the same name")
)

// Describe implements connectors.Source: one statement on the catalogue for a table, a prepare without running it for a query.
func (s *Source) Describe(ctx context.Context, d query.Dataset) (value.Schema, error) {
	op := "describe " + title(d)
	schema, err := s.describe(ctx, op, d)
	if err == nil {
		err = useZone(&schema, d.Timezone)
	}
	if err != nil {
		return value.Schema{}, failure(ctx, op, s.run.hide(), err)
	}
	for i := range schema.Columns {
		c := &schema.Columns[i]
		if o := d.Columns[c.Name]; c.Unusable == "" && !o.Says(c) { // every column has a type here
			c.Unusable = "declared " + o.Type + ", which " + c.Native + " cannot be read as"
		}
	}
	return schema, nil
}

func (s *Source) describe(ctx context.Context, op string, d query.Dataset) (value.Schema, error) {
	switch {
	case d.Table != "":
		return s.describeTable(ctx, op, d)
	case d.Query != "":
		return s.describeQuery(ctx, op, d)
	}
	return value.Schema{}, &connectors.Error{Kind: connectors.Misconfigured, Op: op, Err: errSource}
}

// title names a dataset in messages.
func title(d query.Dataset) string {
	if d.Table != "" {
		return d.Table
	}
	return d.Name
}

// splitTable splits schema.table; parts may be in double quotes, as SQL writes them. schema is "" when there is none.
func splitTable(name string) (schema, table string, err error) {
	parts, err := sqlgen.SplitName(name)
	if err != nil || strings.IndexByte(name, 0) >= 0 {
		return "", "", errTableName
	}
	switch len(parts) {
	case 1:
		return "", parts[0], nil
	case 2:
		return parts[0], parts[1], nil
	}
	return "", "", errTableName
}

func tableArgs(schema, table string) [][]byte {
	if schema == "" {
		return [][]byte{nil, []byte(table)}
	}
	return [][]byte{[]byte(schema), []byte(table)}
}

func (s *Source) describeTable(ctx context.Context, op string, d query.Dataset) (value.Schema, error) {
	schema, table, err := splitTable(d.Table)
	if err != nil {
		return value.Schema{}, &connectors.Error{Kind: connectors.Misconfigured, Op: op, Err: err}
	}
	var rel relation
	found, err := s.document(ctx, op, describeSQL, tableArgs(schema, table), &rel)
	if err != nil {
		return value.Schema{}, err
	}
	if !found {
		return value.Schema{}, &connectors.Error{Kind: connectors.NotFound, Op: op, Err: missing(schema)}
	}
	if !rel.Usage {
		return value.Schema{}, &connectors.Error{Kind: connectors.Denied, Op: op, Err: errNoUsage}
	}
	if !rel.Readable {
		return value.Schema{}, &connectors.Error{Kind: connectors.Denied, Op: op, Err: errNoSelect}
	}
	if len(rel.Columns) == 0 {
		return value.Schema{}, &connectors.Error{Kind: connectors.Failed, Op: op, Err: errNoColumns}
	}
	return rel.schema(), nil
}

// missing is why there is no such table.
func missing(schema string) error {
	if schema == "" {
		return connectors.ErrNotOnPath
	}
	return errNoTable
}

// schema translates the catalogue's answer.
func (r *relation) schema() value.Schema {
	out := value.Schema{Rows: -1, Table: r.Schema + "." + r.Name}
	if r.Rows >= 0 {
		out.Rows = int64(r.Rows)
	}
	for _, c := range r.Columns {
		col := value.Column{Name: c.Name, Native: c.Native, NotNull: c.NotNull}
		settle(&col, c.Type, c.Bytewise, c.Determ)
		encode(&col, r.Encoding)
		if !c.Readable {
			col.Unusable = "permission denied: SELECT is not granted on it"
		}
		out.Columns = append(out.Columns, col)
	}
	for _, ix := range r.Indexes {
		out.Indexes = append(out.Indexes, ix.Columns)
		if ix.Primary {
			out.Key = ix.Columns
		}
		if ix.Unique {
			kind := value.Unique
			if ix.Primary {
				kind = value.PrimaryKey
			}
			out.Constraints = append(out.Constraints, value.Constraint{Kind: kind, Name: ix.Name, Columns: ix.Columns})
		}
	}
	for _, f := range r.References {
		out.Constraints = append(out.Constraints, value.Constraint{
			Kind: value.ForeignKey, Name: f.Name, Columns: f.Columns, RefTable: f.Table, RefColumns: f.RefColumns,
		})
	}
	return out
}

// document runs a statement that yields one JSON document into dst; false when it yields no row.
func (s *Source) document(ctx context.Context, op, sql string, args [][]byte, dst any) (bool, error) {
	b, err := s.all(ctx, op, statement{text: sql, args: args, outs: []output{{typ: value.Of(value.String)}}})
	if err != nil {
		return false, err
	}
	if b.N == 0 || b.Cols[0].IsNull(0) {
		return false, nil
	}
	if err := json.Unmarshal(b.Cols[0].Bytes(0), dst); err != nil {
		return false, fmt.Errorf("read the catalogue's answer: %w", err)
	}
	return true, nil
}

// describeQuery prepares the query, which does not run it, and looks up the types it yields.
func (s *Source) describeQuery(ctx context.Context, op string, d query.Dataset) (value.Schema, error) {
	text, err := querySQL(d)
	if err != nil {
		return value.Schema{}, &connectors.Error{Kind: connectors.Misconfigured, Op: op, Err: err}
	}
	fields, err := s.prepare(ctx, op, text)
	if err != nil {
		return value.Schema{}, err
	}
	oids, mods := make([]string, len(fields)), make([]string, len(fields))
	for i, f := range fields {
		oids[i] = strconv.FormatUint(uint64(f.DataTypeOID), 10)
		mods[i] = strconv.FormatInt(int64(f.TypeModifier), 10)
	}
	var types []struct {
		Native   string   `json:"native"`
		Encoding string   `json:"encoding"`
		Type     typeInfo `json:"type"`
	}
	args := [][]byte{[]byte("{" + strings.Join(oids, ",") + "}"), []byte("{" + strings.Join(mods, ",") + "}")}
	if _, err := s.document(ctx, op, typesSQL, args, &types); err != nil {
		return value.Schema{}, err
	}
	if len(types) != len(fields) {
		return value.Schema{}, &connectors.Error{Kind: connectors.Failed, Op: op, Err: errNoColumns}
	}
	out := value.Schema{Rows: -1}
	for i, f := range fields {
		if slices.ContainsFunc(out.Columns, func(c value.Column) bool { return c.Name == f.Name }) {
			return value.Schema{}, &connectors.Error{Kind: connectors.Misconfigured, Op: op, Err: fmt.Errorf("%w: %q", errManyColumn, f.Name)}
		}
		col := value.Column{Name: f.Name, Native: types[i].Native}
		settle(&col, types[i].Type, false, false)
		encode(&col, types[i].Encoding)
		out.Columns = append(out.Columns, col)
	}
	return out, nil
}

// querySQL selects all that a dataset's query yields.
func querySQL(d query.Dataset) (string, error) {
	from, err := sqlgen.From(dialect{}, d, "t")
	if err != nil {
		return "", err
	}
	return "SELECT * FROM " + from, nil
}

// prepare returns the columns of a statement that is not run.
func (s *Source) prepare(ctx context.Context, op, sql string) ([]pgconn.FieldDescription, error) {
	ses, err := s.run.start(ctx, op)
	if err != nil {
		return nil, err
	}
	sd, err := ses.pg.Prepare(ctx, "", sql, nil)
	ses.end(err == nil)
	if err != nil {
		return nil, err
	}
	return sd.Fields, nil
}

// useZone makes naive timestamps instants of the zone that the dataset declares.
func useZone(s *value.Schema, zone string) error {
	if zone == "" {
		return nil
	}
	if _, err := value.LoadZone(zone); err != nil {
		return &connectors.Error{Kind: connectors.Misconfigured, Op: "timezone " + strconv.Quote(zone), Err: err}
	}
	for i := range s.Columns {
		if c := &s.Columns[i]; c.Type.Kind == value.LocalTimestamp {
			c.Type, c.Zone = value.Of(value.Timestamp), zone
		}
	}
	return nil
}

// DescribeStatements implements connectors.Explainer. Of a query it shows the prepared statement and the lookup of its types.
func (s *Source) DescribeStatements(d query.Dataset) []query.Statement {
	if d.Query != "" {
		text, err := querySQL(d)
		if err != nil {
			return nil
		}
		return []query.Statement{
			{Text: text},
			{Text: typesSQL, Args: []string{"the types of its columns", "their modifiers"}},
		}
	}
	schema, table, err := splitTable(d.Table)
	if err != nil {
		return nil
	}
	return []query.Statement{{Text: describeSQL, Args: []string{schema, table}}}
}
