package plan

import (
	"testing"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/catalog"
)

func TestSchemaItem(t *testing.T) {
	s := &value.Schema{Columns: []value.Column{
		{Name: "total", Type: value.Of(value.Decimal), Native: "numeric(10,2)"},
		{Name: "tags", Type: value.ListOf(value.Of(value.String)), Native: "text[]"},
	}}
	tests := []struct {
		want catalog.SchemaSpec
		ok   bool
	}{
		{catalog.SchemaSpec{Kind: catalog.ColumnExists, Column: "total"}, true},
		{catalog.SchemaSpec{Kind: catalog.ColumnExists, Column: "Total"}, false},
		{catalog.SchemaSpec{Kind: catalog.ColumnType, Column: "total", Type: "decimal"}, true},
		{catalog.SchemaSpec{Kind: catalog.ColumnType, Column: "total", Type: "double"}, false},
		{catalog.SchemaSpec{Kind: catalog.ColumnType, Column: "absent", Type: "decimal"}, false},
		{catalog.SchemaSpec{Kind: catalog.ColumnType, Column: "total", Native: "NUMERIC(10,2)"}, true},
		{catalog.SchemaSpec{Kind: catalog.ColumnType, Column: "total", Native: "numeric"}, false},
		{catalog.SchemaSpec{Kind: catalog.ColumnType, Column: "tags", Type: "list(string)"}, true},
		{catalog.SchemaSpec{Kind: catalog.ColumnType, Column: "tags", Type: "list"}, true},
		{catalog.SchemaSpec{Kind: catalog.ColumnType, Column: "tags", Type: "list(int)"}, false},
	}
	for _, tt := range tests {
		if got := schemaItem(s, &tt.want); got.OK != tt.ok {
			t.Errorf("%+v: %v (%s), want %v", tt.want, got.OK, got.Message, tt.ok)
		}
	}
}
