package plan

import (
	"context"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/spec"
)

// drawing is a source that draws; nothing else of it is asked while a plan is made.
type drawing struct{ connectors.Source }

func (drawing) PlanSample(context.Context, query.Sample) (query.SampleDesign, error) {
	return query.SampleDesign{}, nil
}

func (drawing) Sample(context.Context, query.Sample) (connectors.Sampled, error) { return nil, nil } //nolint:nilnil // never asked

var orders = []value.Column{ //nolint:gochecknoglobals // an immutable table
	{Name: "id", Type: value.Of(value.Int), NotNull: true},
	{Name: "region", Type: value.Of(value.String)},
	{Name: "weight", Type: value.Of(value.Double)},
}

func column(i int) *query.Column { return &query.Column{Index: i, Col: orders[i]} }

// newPlacer samples orders, of a source that says everything but conditions on refused.
func newPlacer(s *Sampling, refused string) *placer {
	ds := &spec.Dataset{}
	ds.Name = "orders"
	caps := query.Caps{
		Expr: func(_ query.Relation, e query.Expr) *query.Refusal {
			for _, c := range query.Columns(e) {
				if c.Col.Name == refused {
					return &query.Refusal{Reason: "it does not say " + refused}
				}
			}
			return nil
		},
		Measure: func(query.Relation, query.Measure) *query.Refusal { return nil },
		Group:   true,
	}
	rel := query.Relation{Schema: value.Schema{Columns: orders, Key: []string{"id"}}}
	return &placer{in: Input{Spec: ds, Driver: "store", Source: drawing{}, Caps: caps}, out: &Dataset{Spec: ds, Relation: rel}, sampling: s}
}

func rowItem(where query.Expr, text string) *Item {
	return &Item{Spec: &spec.Expectation{}, Where: text, Row: &RowItem{Pred: isNull(column(1)), Where: where, Nulls: []*query.Column{column(1)}}}
}

// One sample serves all expectations of the same condition, where the source selects by it, and that of all rows the others.
func TestSamplesAreShared(t *testing.T) {
	p := newPlacer(&Sampling{Rows: 7, Seed: 3}, "weight")
	north, heavy := isNull(column(1)), isNull(column(2))
	items := []*Item{rowItem(nil, ""), rowItem(north, "north"), rowItem(north, "north"), rowItem(heavy, "heavy"), rowItem(nil, "")}
	for _, it := range items {
		if !p.sampleRow(it) || !it.Sampled {
			t.Fatal("not sampled")
		}
	}
	p.finishSamples()
	if len(p.out.Samples) != 2 {
		t.Fatalf("%d samples", len(p.out.Samples))
	}
	all, some := p.out.Samples[0], p.out.Samples[1]
	if len(all.Items) != 3 || len(all.Tallies.Measures) != 3 || all.Query.Where != nil || all.Query.N != 7 || all.Query.Seed != 3 {
		t.Errorf("of all rows: %+v", all)
	}
	if len(some.Items) != 2 || some.Query.Where != north || all.Tallies.Measures[1].Where != heavy {
		t.Errorf("of some: %+v", some)
	}
	names := map[string]bool{}
	for _, c := range all.Query.Columns {
		names[c.Col.Name] = true
	}
	if len(names) != 3 { // what is judged, the condition evaluated here, and the key
		t.Errorf("drawn: %v", names)
	}
}

func TestSampleWithoutSampling(t *testing.T) {
	if p := newPlacer(nil, ""); p.sampleRow(rowItem(nil, "")) || p.sampleSet(&Item{Set: &SetItem{Check: &query.UniqueCheck{}}}) {
		t.Error("sampled although nobody asked")
	}
	p := newPlacer(&Sampling{Rows: 7}, "")
	p.in.Source = struct{ connectors.Source }{}
	if p.sampleRow(rowItem(nil, "")) {
		t.Error("sampled by a source that draws nothing")
	}
	// A number of failing rows is a rate only where the number of rows is known.
	p, most := newPlacer(&Sampling{Rows: 7, ExactWhereNeeded: true}, ""), int64(3)
	it := rowItem(nil, "")
	it.Spec.MaxFailures = &most
	if p.sampleRow(it) {
		t.Error("max_failures is not evaluated on all rows")
	}
}

func TestSampleSkips(t *testing.T) {
	for want, check := range map[string]query.SetCheck{
		"a sample cannot decide it: two rows that are alike are seldom both drawn":                             &query.UniqueCheck{},
		"a sample cannot decide it: rows that follow each other are seldom both drawn":                         &query.MonotonicCheck{},
		"a sample cannot decide it: the rows that are referred to are not drawn with those that refer to them": &query.ReferenceCheck{},
	} {
		it := &Item{Set: &SetItem{Check: check}}
		if !newPlacer(&Sampling{Rows: 7}, "").sampleSet(it) || it.Skip != want+EvaluateAll {
			t.Errorf("%q, not %q", it.Skip, want)
		}
		if it := (&Item{Set: &SetItem{Check: check}}); newPlacer(&Sampling{Rows: 7, ExactWhereNeeded: true}, "").sampleSet(it) || it.Skip != "" {
			t.Errorf("skipped although it is to be evaluated: %q", it.Skip)
		}
	}
	for fn, decided := range map[lang.Fn]bool{
		lang.FnCount: true, lang.FnSum: true, lang.FnAvg: true, lang.FnMin: false, lang.FnMax: false, lang.FnDistinct: false, lang.FnStddev: false, lang.FnQuantile: false, lang.FnFreshness: false,
	} {
		if why := unestimable(&lang.Aggregate{Fn: fn}); (why == "") != decided {
			t.Errorf("%s: %q", fn, why)
		}
	}
	if unestimable(&lang.Aggregate{Fn: lang.FnCount, Keys: make([]*lang.RowExpr, 1)}) == "" {
		t.Error("groups")
	}
}

func TestStrata(t *testing.T) {
	p := newPlacer(&Sampling{Rows: 7, Stratify: "region"}, "")
	for _, it := range []*Item{rowItem(nil, ""), rowItem(isNull(column(1)), "north"), rowItem(nil, "")} {
		p.sampleRow(it)
	}
	p.finishSamples()
	if len(p.out.Samples) != 2 || p.out.Strata == nil || len(p.out.Strata.Sizes.Measures) != 2 || len(p.out.Strata.Sizes.GroupBy) != 1 {
		t.Fatalf("%d samples, %+v", len(p.out.Samples), p.out.Strata)
	}
	for i, j := range p.out.Samples {
		if j.Strata == nil || j.StrataAt != i || p.out.Strata.Sizes.Measures[i].Where != j.Query.Where {
			t.Errorf("%d: %+v", i, j)
		}
	}
	// A metric of the same dataset has a sample of its own, without strata.
	if j := p.sampleJob(&Item{}, nil); j.Strata != nil || len(p.out.Samples) != 3 {
		t.Errorf("%+v", j)
	}
	const refused = "dataset orders cannot be sampled by strata of "
	for _, c := range []struct {
		column, refused, want string
		groups                bool
	}{
		{"weight", "", refused + "weight: it is of type double, whose values are not told apart by equality alone; sample it without --stratify", true},
		{"region", "region", refused + "region: it does not say region; sample it without --stratify", true},
		{"region", "", refused + "region: store does not count by groups; sample it without --stratify", false},
		{"elsewhere", "", "", true},
	} {
		p := newPlacer(&Sampling{Rows: 7, Stratify: c.column}, c.refused)
		p.in.Caps.Group = c.groups
		it := rowItem(nil, "")
		got := ""
		if p.sampleRow(it); it.Err != nil {
			got = it.Err.Error()
		}
		if got != c.want || it.Sampled != (c.want == "") {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestLeavesOut(t *testing.T) {
	nullable, whole := rowItem(nil, ""), rowItem(nil, "")
	whole.Row.Nulls = []*query.Column{column(0)}
	failing := rowItem(nil, "")
	failing.Spec.OnNull = spec.NullFail
	for _, c := range []struct {
		name string
		it   *Item
		want bool
	}{
		{"a null is neither", nullable, true}, {"no null", whole, false}, {"a null fails", failing, false}, {"where", rowItem(isNull(column(0)), "x"), true},
	} {
		if got := c.it.LeavesOut(); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
