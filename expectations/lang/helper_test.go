package lang_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
)

// text returns an expression as a YAML scalar on line 10, column 13 would hold it.
func text(s string) diag.Text {
	t := diag.Text{Value: s, File: "shop.yaml"}
	line, col := 10, 13
	for _, r := range s {
		t.Places = append(t.Places, diag.Pos{File: "shop.yaml", Line: line, Col: col})
		col++
		if r == '\n' {
			line, col = line+1, 13
		}
	}
	t.Places = append(t.Places, diag.Pos{File: "shop.yaml", Line: line, Col: col})
	return t
}

func col(name string, t value.Type) value.Column { return value.Column{Name: name, Type: t} }

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func orders() *query.Relation {
	return &query.Relation{
		Dataset: query.Dataset{Name: "orders", Table: "orders", Key: []string{"id"}},
		Schema: value.Schema{Columns: []value.Column{
			col("id", value.Of(value.Int)),                                                             // 0
			col("total", value.Of(value.Decimal)),                                                      // 1
			col("price", value.Of(value.Decimal)),                                                      // 2
			col("qty", value.Of(value.Int)),                                                            // 3
			col("status", value.Of(value.String)),                                                      // 4
			col("dbl", value.Of(value.Double)),                                                         // 5
			col("created_at", value.Of(value.Timestamp)),                                               // 6
			col("naive", value.Of(value.LocalTimestamp)),                                               // 7
			col("doc", value.Of(value.JSON)),                                                           // 8
			col("tags", value.ListOf(value.Of(value.String))),                                          // 9
			col("u", value.Of(value.Uint)),                                                             // 10
			col("flag", value.Of(value.Bool)),                                                          // 11
			col("strange name", value.Of(value.Int)),                                                   // 12
			col("took", value.Of(value.Duration)),                                                      // 13
			col("raw", value.Of(value.Bytes)),                                                          // 14
			col("address.city", value.Of(value.String)),                                                // 15
			{Name: "body", Type: value.Of(value.String), Unusable: "analysed text has no exact value"}, // 16
			col(`straße "1"`, value.Of(value.Int)),                                                     // 17
		}},
	}
}

func customers() *query.Relation {
	return &query.Relation{
		Dataset: query.Dataset{Name: "customers", Table: "customers", Key: []string{"id"}},
		Schema: value.Schema{Columns: []value.Column{
			col("id", value.Of(value.Int)), col("name", value.Of(value.String)), col("order_count", value.Of(value.Int)),
		}},
	}
}

func scope() lang.Scope {
	return lang.Scope{
		Row:      orders(),
		Datasets: map[string]*query.Relation{"orders": orders(), "customers": customers()},
		Vars: map[string]value.Value{
			"limit": value.IntValue(3), "rate": value.DoubleValue(0.1), "region": value.StringValue("eu"),
			"codes": value.ListValue(value.Of(value.Int), value.IntValue(1), value.IntValue(2)),
		},
		Now: now,
	}
}

// row evaluates an expression over a row given by column name; a missing column is null.
func row(t *testing.T, e *lang.RowExpr, cells map[string]value.Value, errs ...string) (value.Value, error) {
	t.Helper()
	cols := e.Columns()
	vs, bad := make([]value.Value, len(cols)), make([]bool, len(cols))
	for i, c := range cols {
		vs[i] = cells[c.Col.Name]
		for _, n := range errs {
			bad[i] = bad[i] || n == c.Col.Name
		}
	}
	return e.Eval(vs, bad)
}

// outcome is how tests write a result: a value, "null" or "error".
func outcome(v value.Value, err error) string {
	switch {
	case err != nil:
		return "error"
	case v.IsNull():
		return "null"
	case v.Kind() == value.Bool:
		return fmt.Sprint(v.Bool())
	case v.Kind() == value.Int:
		return fmt.Sprint(v.Int())
	case v.Kind() == value.Uint:
		return fmt.Sprintf("%du", v.Uint())
	case v.Kind() == value.Double:
		return fmt.Sprintf("%gd", v.Double())
	case v.Kind() == value.Decimal:
		return v.Decimal().String() + "m"
	case v.Kind() == value.Duration:
		return v.Duration().String()
	case v.Kind() == value.Timestamp:
		return v.Time().Format(time.RFC3339Nano)
	}
	return v.Str()
}

func dec(s string) value.Value {
	d, err := value.ParseDec(s)
	if err != nil {
		panic(err)
	}
	return value.DecimalValue(d)
}
