package elasticsearch_test

import (
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// TestResolution finds what fields can tell apart.
func TestResolution(t *testing.T) {
	url := connectortest.Elasticsearch(t)
	index := makeIndex(t, url, `{"properties":{
		"at":{"type":"date"},"nanos":{"type":"date_nanos"},"day":{"type":"date","format":"strict_date||basic_date"},"either":{"type":"date","format":"yyyy-MM-dd||epoch_millis"},
		"f":{"type":"float"},"d":{"type":"double"},"exact":{"type":"float"},"list":{"type":"date"},"k":{"type":"keyword"}}}`)
	rel := connectortest.Relation(t, open(t, url), query.Dataset{Name: "r", Index: index, Columns: map[string]query.ColumnOptions{"list": {Array: true}, "exact": {Type: "decimal"}}})
	millis := value.Resolution{Known: true, Digits: 3, Truncates: true}
	for name, want := range map[string]value.Column{
		"at":     {Resolution: millis},
		"nanos":  {Resolution: value.Resolution{Known: true, Digits: 9, Truncates: true}},
		"day":    {Shape: value.Date},
		"either": {Resolution: millis},
		"f":      {Resolution: value.Resolution{Single: true}},
		"d":      {},
		"exact":  {},
		"list":   {Resolution: millis},
		"k":      {},
		"_id":    {},
	} {
		c, i := rel.Schema.Column(name)
		if i < 0 || c.Resolution != want.Resolution || c.Shape != want.Shape {
			t.Errorf("%s: %+v of shape %d, want %+v and %d", name, c.Resolution, c.Shape, want.Resolution, want.Shape)
		}
	}
}
