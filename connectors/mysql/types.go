package mysql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// native is what the server itself says of a column: value.Column.Meta.
type native struct {
	flavour   flavour
	data      string // DATA_TYPE in lower case: "int", "varchar", "datetime"; "json" for MariaDB's longtext of that meaning too
	unsigned  bool
	charset   string // of text columns; "" where it is not known (query: datasets)
	collation string
	precision int // decimal: digits in all; bit: bits
	scale     int
	base      bool // described by the catalogue, so that its declaration is known in full
	fraction  int  // datetime, timestamp, time: digits of the second
}

// of returns what was described of a column; a column from elsewhere has only its logical type.
func nativeOf(c value.Column) native {
	n, _ := c.Meta.(native)
	return n
}

// is reports whether the column's declared type is one of names.
func (n native) is(names ...string) bool {
	return slices.Contains(names, n.data)
}

// integral reports whether the column holds whole numbers of the server's integer types.
func (n native) integral() bool {
	return n.is("tinyint", "smallint", "mediumint", "int", "integer", "bigint", "year", "bit")
}

// datelike reports whether the column can hold zero and partial dates.
func (n native) datelike() bool { return n.is("date", "datetime", "timestamp") }

// loose reports whether the column is JSON by a check only, whose idea of JSON is wider than the standard and which a session may turn off.
func (n native) loose() bool { return n.flavour == mariaDB && n.is("json") }

// logical fills in what the column means to assay.
func logical(c *value.Column, n native, d query.Dataset) error {
	c.Meta = n
	c.Type = value.Of(kindOfNative(n))
	c.MayErr = n.datelike() || n.loose()
	resolve(c, n)
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
		if _, err := value.LoadZone(d.Timezone); err != nil {
			return &connectors.Error{Kind: connectors.Misconfigured, Op: "describe " + datasetName(d), Err: err}
		}
		c.Type, c.Zone = value.Of(value.Timestamp), d.Timezone
	}
	override(c, n, d.Columns[c.Name])
	return nil
}

// override applies the suite's own type of a column.
func override(c *value.Column, n native, o query.ColumnOptions) {
	if c.Unusable != "" || o.Says(c) {
		return
	}
	switch want := o.Type; want {
	case "bool":
		if !n.integral() || n.is("year") {
			c.Unusable = "declared bool, but " + c.Native + " is not an integer"
			return
		}
		c.Type = value.Of(value.Bool)
	case "json":
		// MariaDB's JSON has no type of its own, and the result of a query tells nothing of its checks.
		if n.flavour != mariaDB || !n.is("tinytext", "text", "mediumtext", "longtext", "char", "varchar") {
			c.Unusable = "declared json, which " + c.Native + " cannot be read as"
			return
		}
		n.data = "json"
		c.Meta, c.Type, c.MayErr = n, value.Of(value.JSON), true
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
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set", "uuid", "inet4", "inet6":
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

// ident quotes an identifier.
func ident(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }

// from returns the FROM item of a dataset.
func (s *Source) from(d query.Dataset) (string, error) {
	item, err := sqlgen.From(s.dialect(), d, "t")
	if err != nil {
		return "", fmt.Errorf("dataset %s: %w", datasetName(d), err)
	}
	return item, nil
}
