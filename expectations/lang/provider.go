package lang

import (
	"errors"

	"cel.dev/cel-go/common/types"

	"github.com/assay-dev/assay/connectors/value"
)

// provider tells cel-go the columns of the relations; everything else it asks of the
// standard one.
type provider struct {
	types.Provider
	rels map[string]*relation // by type name
}

// FindStructType implements types.Provider.
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if r, ok := p.rels[name]; ok {
		return types.NewTypeTypeWithParam(r.typ), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	r, ok := p.rels[name]
	if !ok {
		return p.Provider.FindStructFieldNames(name)
	}
	return columnNames(r), true
}

// FindStructFieldType implements types.Provider.
func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	r, ok := p.rels[name]
	if !ok {
		return p.Provider.FindStructFieldType(name, field)
	}
	col, i := r.from.Schema.Column(field)
	if i < 0 {
		return nil, false
	}
	return &types.FieldType{
		Type:  columnType(col.Type),
		IsSet: func(any) bool { return true }, // a column is always there; its value may be null
		GetFrom: func(target any) (any, error) {
			row, ok := target.(*rowOf)
			if !ok {
				return nil, errors.New("not a row")
			}
			return row.get(i)
		},
	}, true
}

func columnNames(r *relation) []string {
	out := make([]string, 0, len(r.from.Schema.Columns))
	for i := range r.from.Schema.Columns {
		out = append(out, r.from.Schema.Columns[i].Name)
	}
	return out
}

// columnOf returns a column's type, false where the relation has none of this name.
func (r *relation) column(name string) (value.Column, bool) {
	c, i := r.from.Schema.Column(name)
	return c, i >= 0
}
