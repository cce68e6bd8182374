package lang

import "github.com/assay-dev/assay/connectors/value"

// Value is the value of the expression's aggregate i from its result, ungrouped; null where no row counted, an
// error where a row is undecided for another cause than null.
func (m *MetricExpr) Value(i int, r AggregateResult) (value.Value, error) {
	return m.single(&m.Aggregates[i], r.Outputs)
}
