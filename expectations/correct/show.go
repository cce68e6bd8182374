package correct

import (
	"slices"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Shown is the target as connectors.Render takes it, without a connection. Masked columns are texts: see Target.ShownChange.
func (t *Target) Shown() connectors.Target {
	columns := func(list []Column) []value.Column {
		out := make([]value.Column, len(list))
		for i := range list {
			out[i] = value.Column{Name: list[i].Name, Type: list[i].typ, Native: list[i].Native}
			if t.masks(list[i].Name) {
				out[i] = value.Column{Name: list[i].Name, Type: value.Of(value.String)}
			}
		}
		return out
	}
	return connectors.Target{
		Relation: query.Relation{Dataset: query.Dataset{Name: t.Dataset, Table: t.Table, Index: t.Index}}, Key: columns(t.Key), Columns: columns(t.Columns),
	}
}

func (t *Target) masks(column string) bool { return slices.Contains(t.Masked, column) }

// ShownChange is a change in which mask stands for the values of masked columns. Of a document only its place is left where any column is masked: its source
// would tell them.
func (t *Target) ShownChange(c *Change, mask func(value.Value) string) connectors.Change {
	out := c.Change
	if len(t.Masked) == 0 {
		return out
	}
	hide := func(values []value.Value, cols []Column) []value.Value {
		values = slices.Clone(values)
		for i, v := range values {
			if i < len(cols) && t.masks(cols[i].Name) && !v.IsNull() {
				values[i] = value.StringValue(mask(v))
			}
		}
		return values
	}
	out.Key, out.Before, out.After, out.Restore = hide(c.Key, t.Key), hide(c.Before, t.Columns), hide(c.After, t.Columns), nil
	if c.Document != nil {
		d := *c.Document
		d.Source = nil
		if slices.ContainsFunc(t.Key, func(k Column) bool { return t.masks(k.Name) }) {
			d.ID, d.Routing = mask(value.StringValue(d.ID)), ""
		}
		out.Document = &d
	}
	return out
}

// Action is what a change does to its row, for those who do not know connectors.
type Action = connectors.Action

// The actions.
const (
	Insert = connectors.Insert
	Update = connectors.Update
	Delete = connectors.Delete
)
