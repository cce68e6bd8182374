package catalog

import (
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
)

func columnType() Entry {
	return Entry{
		Name: "column_type", Kind: Schema, EachColumn: true,
		Doc: "The column has a logical type, or the engine's own type.",
		Params: []Param{
			columnParam(false),
			{Name: "type", Kind: ParamText, Doc: "the logical type, the same on every engine: " + strings.Join(logicalTypes(), ", ")},
			{Name: "native", Kind: ParamText, Doc: "the engine's own type instead, as it prints it: numeric(10,2)"},
		},
		expand: func(x *expansion) []Expansion {
			_, logical := x.arg("type")
			_, native := x.arg("native")
			if logical == native {
				x.errorf(x.Named.At, "bad-argument", "give type, or native", "column_type takes either type or native")
				return nil
			}
			t := x.text("type", "")
			if logical && !isLogicalType(t) {
				hint := diag.DidYouMean(t, logicalTypes())
				if hint == "" {
					hint = "it is one of " + strings.Join(logicalTypes(), ", ") + "; the engine's own types go under native"
				}
				x.errorf(x.at("type"), "bad-argument", hint, "%q is not a logical type", clip(t))
				return nil
			}
			return x.perColumnSchema(func(name string) *SchemaSpec {
				return &SchemaSpec{Kind: ColumnType, Column: name, Type: t, Native: x.text("native", "")}
			})
		},
	}
}

// logicalTypes are the names of the logical types, as value.Type prints them; lists are list(int) and so on.
func logicalTypes() []string {
	kinds := []value.Kind{
		value.Bool, value.Int, value.Uint, value.Double, value.Decimal, value.String, value.Bytes, value.Timestamp,
		value.LocalTimestamp, value.Duration, value.JSON, value.List,
	}
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = k.String()
	}
	return out
}

// isLogicalType reports whether s names a logical type: int, list, list(int).
func isLogicalType(s string) bool {
	if inner, ok := strings.CutPrefix(s, "list("); ok {
		inner, ok = strings.CutSuffix(inner, ")")
		return ok && isLogicalType(inner)
	}
	return slices.Contains(logicalTypes(), s)
}
