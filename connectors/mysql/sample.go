package mysql

import (
	"context"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/keysample"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

var _ connectors.SampleExplainer = (*Source)(nil)

// PlanSample implements connectors.Sampler.
func (s *Source) PlanSample(ctx context.Context, q query.Sample) (query.SampleDesign, error) {
	return s.sampler("").PlanSample(ctx, q)
}

// Sample implements connectors.Sampler. See package keysample for how rows are drawn.
func (s *Source) Sample(ctx context.Context, q query.Sample) (connectors.Sampled, error) {
	return s.sampler("").Sample(ctx, q)
}

// ExplainSample implements connectors.SampleExplainer.
func (s *Source) ExplainSample(ctx context.Context, q query.Sample) (query.SampleDesign, []query.Statement, error) {
	return s.sampler("").ExplainSample(ctx, q)
}

func (s *Source) sampler(prefer query.SampleMethod) *keysample.Sampler {
	return &keysample.Sampler{Store: sampleStore{s}, Prefer: prefer}
}

// sampleStore is a server as keysample sees it.
type sampleStore struct{ *Source }

// Dialect implements keysample.Store.
func (s sampleStore) Dialect() sqlgen.Dialect { return s.dialect() }

// Costs implements keysample.Store, as measured on InnoDB tables in memory.
func (sampleStore) Costs() keysample.Costs { return keysample.Costs{Row: 1.3, Point: 9, Probe: 45} }

// Ask implements keysample.Store.
func (s sampleStore) Ask(ctx context.Context, op string, st sqlgen.Statement, cols []value.Column) (*value.Batch, error) {
	dec := make([]decoder, len(cols))
	types := make([]value.Type, len(cols))
	for i, c := range cols {
		d, err := newDecoder(c)
		if err != nil {
			return nil, wrap(op, err)
		}
		dec[i], types[i] = d, c.Type
	}
	b, err := s.gather(ctx, op, st, dec, types)
	if err != nil {
		return nil, wrap(op, err)
	}
	return b, nil
}

// Keys implements keysample.Store: what InnoDB holds to be unique and not null. Keys of one number come first, then others that can be probed, the
// clustered index before the rest.
func (s sampleStore) Keys(_ context.Context, rel query.Relation) ([]keysample.Key, error) {
	if rel.Dataset.Table == "" {
		return nil, nil
	}
	var keys []keysample.Key
	for _, c := range rel.Schema.Constraints {
		if c.Kind != value.PrimaryKey && c.Kind != value.Unique {
			continue
		}
		k, ok := keyOf(rel.Schema, c.Columns)
		if !ok {
			continue
		}
		if !slices.ContainsFunc(rel.Schema.Indexes, func(ix []string) bool { return slices.Equal(ix, c.Columns) }) {
			k.Axes = nil // invisible, descending in part, or of prefixes
		}
		keys = append(keys, k)
	}
	rank := func(k keysample.Key) int {
		switch {
		case len(k.Axes) == 0:
			return 4
		case len(k.Axes) < len(k.Columns):
			return 3
		case len(k.Axes) > 1:
			return 2
		case k.Axes[0] == keysample.Integer:
			return 0
		}
		return 1
	}
	slices.SortStableFunc(keys, func(a, b keysample.Key) int { return rank(a) - rank(b) })
	return keys, nil
}

// keyOf returns the key of columns; false where one may be null.
func keyOf(schema value.Schema, names []string) (keysample.Key, bool) {
	var k keysample.Key
	for _, name := range names {
		c, at := schema.Column(name)
		if at < 0 || !c.NotNull || c.Unusable != "" {
			return k, false
		}
		k.Columns = append(k.Columns, &query.Column{Index: at, Col: c})
		if axis, ok := axisOf(c); ok && len(k.Axes) == len(k.Columns)-1 {
			k.Axes = append(k.Axes, axis)
		}
	}
	return k, true
}

// axisOf returns how values of a column are laid out, where that is known.
func axisOf(c value.Column) (keysample.Axis, bool) {
	n := nativeOf(c)
	switch {
	case n.integral() && !n.is("year", "bit") && (c.Type.Kind == value.Int || c.Type.Kind == value.Uint):
		return keysample.Integer, true
	case n.is("binary") && c.Type.Kind == value.Bytes:
		return keysample.Octets, true
	case n.is("char", "varchar") && slices.Contains([]string{"char(36)", "varchar(36)", "char(32)", "varchar(32)"}, strings.ToLower(c.Native)):
		return n.uuidAxis()
	}
	return 0, false
}

// uuidAxis says how a text column's collation orders hexadecimal digits. Collations of a language may take two letters for one.
func (n native) uuidAxis() (keysample.Axis, bool) {
	switch {
	case strings.HasSuffix(n.collation, "_bin"), n.collation == "utf8mb4_0900_as_cs":
		return keysample.UUIDBinary, true
	case strings.HasSuffix(n.collation, "_general_ci"), n.collation == "latin1_swedish_ci",
		strings.HasSuffix(n.collation, "_unicode_ci"), strings.HasSuffix(n.collation, "_unicode_520_ci"), strings.HasSuffix(n.collation, "_unicode_nopad_ci"),
		n.collation == "utf8mb4_0900_ai_ci", n.collation == "utf8mb4_0900_as_ci", strings.HasSuffix(n.collation, "_uca1400_ai_ci"), strings.HasSuffix(n.collation, "_uca1400_nopad_ai_ci"):
		return keysample.UUIDText, true
	}
	return 0, false
}
