package mysql

import (
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// native is what MySQL itself says of a column: value.Column.Meta.
type native struct {
	data      string // DATA_TYPE in lower case: "int", "varchar", "datetime"
	unsigned  bool
	charset   string // of text columns; "" where it is not known (query: datasets)
	collation string
	precision int // decimal: digits in all; bit: bits
	scale     int
	base      bool // a column of a base table
}

// of returns what was described of a column; a column from elsewhere has only its logical type.
func nativeOf(c value.Column) native {
	n, _ := c.Meta.(native)
	return n
}

// is reports whether the column's declared type is one of names.
func (n native) is(names ...string) bool {
	for _, s := range names {
		if n.data == s {
			return true
		}
	}
	return false
}

// integral reports whether the column holds whole numbers of the server's integer types.
func (n native) integral() bool {
	return n.is("tinyint", "smallint", "mediumint", "int", "integer", "bigint", "year", "bit")
}

// datelike reports whether the column can hold zero and partial dates.
func (n native) datelike() bool { return n.is("date", "datetime", "timestamp") }

// logical fills in what the column means to assay.
func logical(c *value.Column, n native, d query.Dataset) {
	c.Meta = n
	c.Type = value.Of(kindOfNative(n))
	c.MayErr = n.datelike()
	switch {
	case n.is("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geomcollection", "geometrycollection"):
		c.Unusable = "geometry has no type in expressions"
	case n.is("vector"):
		c.Unusable = "vector has no type in expressions"
	case c.Type.Kind == value.Null:
		c.Unusable = "the type " + c.Native + " is not known"
	}
	if c.Unusable != "" {
		c.Type = value.Of(value.Bytes)
	}
	if n.is("datetime") && d.Timezone != "" {
		c.Type, c.Zone = value.Of(value.Timestamp), d.Timezone
	}
	override(c, n, d.Columns[c.Name].Type)
}

// override applies the suite's own type of a column.
func override(c *value.Column, n native, want string) {
	switch want {
	case "", c.Type.String():
	case "bool":
		if !n.integral() || n.is("year") {
			c.Unusable = "declared bool, but " + c.Native + " is not an integer"
			return
		}
		c.Type = value.Of(value.Bool)
	default:
		c.Unusable = "declared " + want + ", which " + c.Native + " cannot be read as"
	}
}

func kindOfNative(n native) value.Kind {
	switch n.data {
	case "tinyint", "smallint", "mediumint", "int", "integer", "year":
		return value.Int
	case "bigint":
		if n.unsigned {
			return value.Uint
		}
		return value.Int
	case "bit":
		if n.precision == 0 || n.precision > 63 {
			return value.Uint
		}
		return value.Int
	case "float", "double", "real":
		return value.Double
	case "decimal", "numeric":
		return value.Decimal
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set":
		return value.String
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return value.Bytes
	case "date", "timestamp":
		return value.Timestamp
	case "datetime":
		return value.LocalTimestamp
	case "time":
		return value.Duration
	case "json":
		return value.JSON
	}
	return value.Null
}

// table is a table's name in two parts; Schema is "" for the connection's database.
type table struct{ schema, name string }

// parseTable reads name or schema.name, each part plain or in backticks.
func parseTable(s string) table {
	if first, rest, ok := cutIdent(s); ok {
		return table{schema: first, name: unquote(rest)}
	}
	return table{name: unquote(s)}
}

// cutIdent cuts s at its first dot outside of backticks.
func cutIdent(s string) (string, string, bool) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '`':
			quoted = !quoted
		case s[i] == '.' && !quoted:
			return unquote(s[:i]), s[i+1:], true
		}
	}
	return s, "", false
}

func unquote(s string) string {
	if len(s) >= 2 && s[0] == '`' && s[len(s)-1] == '`' {
		return strings.ReplaceAll(s[1:len(s)-1], "``", "`")
	}
	return s
}

// ident quotes an identifier.
func ident(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }

func (t table) sql() string {
	if t.schema == "" {
		return ident(t.name)
	}
	return ident(t.schema) + "." + ident(t.name)
}

// source returns the FROM item of a dataset with its alias. The line break ends a comment at the end of a query.
func source(d query.Dataset, alias string) string {
	if d.Query != "" {
		return "(" + trimQuery(d.Query) + "\n) AS " + alias
	}
	return parseTable(d.Table).sql() + " AS " + alias
}

func trimQuery(q string) string {
	return strings.TrimRight(strings.TrimSpace(q), "; \t\r\n")
}
