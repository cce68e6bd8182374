package run

import (
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/spec"
)

// Rows without a key are in no group: they are not counted as one, but as rows left out.
func TestMetricsOfGroupsLeaveTheNullKeyOut(t *testing.T) {
	rel := &query.Relation{Schema: value.Schema{Columns: []value.Column{{Name: "grp", Type: value.Of(value.String)}}}}
	e, list := lang.CompileMetric(
		diag.Text{Value: `size(orders.by(o, o.grp).count()) == 1`},
		lang.Scope{Datasets: map[string]*query.Relation{"orders": rel}, Now: time.Unix(0, 0)},
	)
	if len(list) > 0 {
		t.Fatal(list)
	}
	i := value.IntValue
	n := &numbers{aggregates: map[aggKey][][]value.Value{{1, 0, 0}: {
		{value.StringValue("a"), i(5), i(0), i(0)},
		{value.NullValue(), i(7), i(2), i(0)},
	}}}
	ms := (&runner{suite: &spec.Suite{}}).metrics(n, 1, e)
	if len(ms) != 1 || ms[0].Value.Text() != "1 groups" || ms[0].ByNull != 9 || ms[0].Errored != 0 {
		t.Errorf("metrics are %+v; want 1 groups, 9 rows left out for null", ms)
	}
	if v, _, err := e.Eval(results(n, 1, e)); err != nil || !v.Bool() {
		t.Errorf("the map's size is 1: %v, %v", v, err)
	}
}
