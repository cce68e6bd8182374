package sqlite

import (
	"context"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/keysample"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

var (
	_ connectors.SampleExplainer = (*source)(nil)
	_ connectors.Drawer          = (*source)(nil)
	_ sqlgen.HashDialect         = dialect{}
)

// PlanSample implements connectors.Sampler.
func (s *source) PlanSample(ctx context.Context, q query.Sample) (query.SampleDesign, error) {
	return s.sampler("").PlanSample(ctx, q)
}

// Sample implements connectors.Sampler. See package keysample for how rows are drawn.
func (s *source) Sample(ctx context.Context, q query.Sample) (connectors.Sampled, error) {
	return s.sampler("").Sample(ctx, q)
}

// ExplainSample implements connectors.SampleExplainer.
func (s *source) ExplainSample(ctx context.Context, q query.Sample) (query.SampleDesign, []query.Statement, error) {
	return s.sampler("").ExplainSample(ctx, q)
}

func (s *source) sampler(prefer query.SampleMethod) *keysample.Sampler {
	return &keysample.Sampler{Store: sampleStore{s}, Prefer: prefer}
}

// sampleStore is a file as keysample sees it.
type sampleStore struct{ *source }

// Dialect implements keysample.Store.
func (s sampleStore) Dialect() sqlgen.Dialect { return s.d }

// Costs implements keysample.Store, as measured on files in memory.
func (sampleStore) Costs() keysample.Costs { return keysample.Costs{Row: 1.1, Point: 7, Probe: 24} }

// Ask implements keysample.Store.
func (s sampleStore) Ask(ctx context.Context, op string, st sqlgen.Statement, cols []value.Column) (*value.Batch, error) {
	return s.whole(ctx, op, st, cols)
}

// Keys implements keysample.Store: the rowid, an integer that every table has whatever its key, or the key of a table WITHOUT ROWID.
func (s sampleStore) Keys(ctx context.Context, rel query.Relation) ([]keysample.Key, error) {
	if rel.Dataset.Table == "" {
		return nil, nil
	}
	schema, table, err := tableName(rel.Dataset)
	if err != nil {
		return nil, err
	}
	rows, err := s.values(ctx, "sample "+nameOf(rel.Dataset), tableSQL, []any{table, schema})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || text(rows[0][0]) != "table" {
		return nil, nil // a view, or a virtual table, whose rowid need be none
	}
	if number64(rows[0][1]) == 0 {
		if name, ok := rowid(rel.Schema); ok {
			c := value.Column{Name: name, Type: value.Of(value.Int), Native: "INTEGER", NotNull: true}
			return []keysample.Key{{Columns: []*query.Column{{Index: -1, Col: c}}, Axes: []keysample.Axis{keysample.Integer}}}, nil
		}
		return nil, nil
	}
	var k keysample.Key
	for _, name := range rel.Schema.Key {
		c, at := rel.Schema.Column(name)
		if at < 0 || c.Unusable != "" {
			return nil, nil
		}
		k.Columns = append(k.Columns, &query.Column{Index: at, Col: c})
		if axis, ok := axisOf(c); ok && len(k.Axes) == len(k.Columns)-1 {
			k.Axes = append(k.Axes, axis)
		}
	}
	return []keysample.Key{k}, nil
}

// rowid returns a name of the rowid that no column has taken.
func rowid(schema value.Schema) (string, bool) {
	for _, name := range []string{"rowid", "_rowid_", "oid"} {
		if !slices.ContainsFunc(schema.Columns, func(c value.Column) bool { return strings.EqualFold(c.Name, name) }) {
			return name, true
		}
	}
	return "", false
}

// axisOf returns how values of a column should be laid out. A cell may hold anything else, which shows where it is met.
func axisOf(c value.Column) (keysample.Axis, bool) {
	switch c.Type.Kind {
	case value.Int:
		return keysample.Integer, true
	case value.Bytes:
		return keysample.Octets, true
	case value.String:
		return keysample.UUIDBinary, true
	default:
		return 0, false
	}
}

// Hash implements sqlgen.HashDialect.
func (dialect) Hash(_ *sqlgen.Writer, seed uint64, row string) string {
	return prefix + "hash('" + digest.Seeding(seed) + "', " + row + ")"
}

// DrawStatements implements connectors.Drawer.
func (s *source) DrawStatements(q digest.Draw) ([]query.Statement, error) {
	d, end := s.digesting()
	defer end()
	st, err := sqlgen.Draw(d, q)
	if err != nil {
		return nil, &connectors.Error{Op: "draw from " + nameOf(q.From.Dataset), Err: err}
	}
	return []query.Statement{st.Query()}, nil
}

// Draw implements connectors.Drawer.
func (s *source) Draw(ctx context.Context, q digest.Draw) (connectors.Rows, error) {
	op := "draw from " + nameOf(q.From.Dataset)
	d, end := s.digesting()
	st, err := sqlgen.Draw(d, q)
	if err != nil {
		end()
		return nil, &connectors.Error{Op: op, Err: err}
	}
	hash := &query.Column{Col: value.Column{Type: value.Of(value.Bytes)}}
	r, err := s.stream(ctx, op, st, append(slices.Clip(q.Columns), hash), q.BatchRows, end)
	if err != nil {
		end()
		return nil, err
	}
	return r, nil
}
