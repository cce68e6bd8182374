package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/lower"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// Build compiles every expectation of the suite against the described datasets and places its parts. Findings
// about the user's text are returned; unless they are only warnings, the plan must not be run.
func Build(suite *spec.Suite, inputs []Input, now time.Time, opts Options) (*Plan, diag.List) {
	b := &builder{suite: suite, now: now, opts: opts, byName: map[string]*Dataset{}, placers: map[string]*placer{}, keys: map[string]fixKey{}, plan: &Plan{}}
	for i := range inputs {
		b.dataset(inputs[i])
	}
	for i := range suite.Expectations {
		b.expectation(&suite.Expectations[i])
	}
	for _, it := range b.plan.Items {
		b.place(it)
	}
	for _, d := range b.plan.Datasets {
		b.placers[d.Spec.Name].finish()
	}
	b.finishJoins()
	b.stratify()
	return b.plan, b.diags
}

type builder struct {
	suite   *spec.Suite
	now     time.Time
	opts    Options
	plan    *Plan
	byName  map[string]*Dataset
	placers map[string]*placer
	diags   diag.List
	owned   []ownership
	keys    map[string]fixKey // of the datasets that are corrected
}

func (b *builder) dataset(in Input) {
	d := &Dataset{parent: in.Parent, source: in.Source, Spec: in.Spec, Driver: in.Driver, Err: in.Err, Writings: in.Writings, Unwritable: in.Unwritable, Relation: query.Relation{Dataset: in.Spec.Dataset, Schema: in.Schema}}
	b.byName[in.Spec.Name] = d
	if in.Parent {
		return
	}
	b.plan.Datasets = append(b.plan.Datasets, d)
	b.placers[in.Spec.Name] = &placer{in: in, out: d, sampling: b.opts.Sample}
	if in.Err != nil {
		return
	}
	for _, name := range in.Spec.Key {
		if _, i := in.Schema.Column(name); i < 0 {
			b.report(diag.Diagnostic{
				Code: "unknown-column", Span: placeOf(in.Spec, "key."+name),
				Message: fmt.Sprintf("dataset %s has no column %q, which its key names", in.Spec.Name, name),
				Hint:    columnHint(name, &in.Schema),
			})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.Spec.Columns)) {
		if _, i := in.Schema.Column(name); i < 0 && !slices.Contains(in.Spec.MayLack, name) {
			b.report(diag.Diagnostic{
				Code: "unknown-column", Span: placeOf(in.Spec, "columns."+name),
				Message: fmt.Sprintf("dataset %s has no column %q, of which something is declared", in.Spec.Name, name),
				Hint:    columnHint(name, &in.Schema),
			})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.Spec.Mask)) {
		if _, i := in.Schema.Column(name); i < 0 && !slices.Contains(in.Spec.MayLack, name) {
			b.report(diag.Diagnostic{
				Code: "unknown-column", Span: placeOf(in.Spec, "mask."+name),
				Message: fmt.Sprintf("dataset %s has no column %q, which is to be masked", in.Spec.Name, name),
				Hint:    columnHint(name, &in.Schema),
			})
		}
	}
}

func placeOf(d *spec.Dataset, key string) diag.Span {
	if s, ok := d.Places[key]; ok {
		return s
	}
	return d.At
}

func columnHint(name string, s *value.Schema) string {
	names := make([]string, len(s.Columns))
	for i := range s.Columns {
		names[i] = s.Columns[i].Name
	}
	return diag.DidYouMean(name, names)
}

func (b *builder) report(d diag.Diagnostic) { b.diags = append(b.diags, d) }

// scope is what an expression may name. Row is nil for expectations between datasets.
func (b *builder) scope(row *Dataset) lang.Scope {
	s := lang.Scope{Vars: b.suite.Vars, Now: b.now}
	if row != nil {
		s.Row = &row.Relation
	}
	return s
}

// metricScope has every dataset that could be described; naming another one makes the item an error, not a finding.
func (b *builder) metricScope() lang.Scope {
	s := b.scope(nil)
	s.Datasets = map[string]*query.Relation{}
	for name, d := range b.byName {
		if d.Err == nil && !d.parent {
			s.Datasets[name] = &d.Relation
		}
	}
	return s
}

// compiled reports findings about one item; under KeepGoing errors become the item's.
// It returns false when the item cannot be used.
func (b *builder) compiled(it *Item, found diag.List) bool {
	if !found.HasErrors() {
		b.diags = append(b.diags, found...)
		return true
	}
	if !b.opts.KeepGoing {
		b.diags = append(b.diags, found...)
		it.Err = fmt.Errorf("not evaluated: %s", found[0].Message)
		return false
	}
	for _, d := range found {
		if d.Severity == diag.Error && it.Err == nil {
			it.Err = &DiagnosedError{Diagnostic: d}
		}
	}
	return false
}

func (b *builder) expectation(e *spec.Expectation) {
	if e.Named != nil {
		b.named(e)
		return
	}
	if e.Compare != nil {
		b.compare(e)
		return
	}
	if len(e.Joins) > 0 {
		b.join(e)
		return
	}
	it := &Item{ID: e.ID, Spec: e, Expression: e.Expect.Value, Where: e.Where.Value}
	if e.Dataset != "" {
		it.Kind, it.Datasets = result.KindRow, []string{e.Dataset}
		b.plan.Items = append(b.plan.Items, it)
		b.row(it, e.Expect, e.Where, nil)
		return
	}
	it.Kind = result.KindMetric
	if e.Expect.Value == "" {
		it.Expression = e.Metric.Value
	}
	b.plan.Items = append(b.plan.Items, it)
	b.metric(it, e.Expect, e.Metric)
}

// row compiles a row expectation: expect and where as CEL, skip the columns whose null excludes a row.
func (b *builder) row(it *Item, expect, where diag.Text, skip []string) {
	d := b.byName[it.Datasets[0]]
	if d.Err != nil {
		it.Err = d.Err
		return
	}
	sc := b.scope(d)
	pred, found := lang.CompileRow(expect, sc)
	r := &RowItem{}
	var named columnSet
	if pred != nil {
		r.Pred = lower.Condition(pred)
		named.add(pred.Columns()...)
	}
	if where.Value != "" {
		w, more := lang.CompileRow(where, sc)
		found = append(found, more...)
		if w != nil {
			r.Where = lower.Condition(w)
			r.Columns = append(r.Columns, w.Columns()...)
		}
	}
	if it.Spec.MessageExpression.Value != "" {
		m, more := lang.CompileMessage(it.Spec.MessageExpression, sc)
		found = append(found, more...)
		if m != nil {
			r.Message = m
			r.Columns = append(r.Columns, m.Columns()...)
		}
	}
	shown, more := b.shown(it.Spec, d)
	found = append(append(found, more...), b.fixRows(it, d, sc)...)
	if !b.compiled(it, found) || r.Pred == nil {
		return
	}
	r.Nulls = named.list
	r.Columns = append(append(append([]*query.Column{}, named.list...), r.Columns...), shown...)
	r.Skip = skipCondition(d.Relation, skip)
	it.Row = r
}

// shown resolves the columns of `show:`.
func (b *builder) shown(e *spec.Expectation, d *Dataset) ([]*query.Column, diag.List) {
	var cols []*query.Column
	var found diag.List
	for _, name := range e.Show {
		c, i := d.Relation.Schema.Column(name)
		if i < 0 {
			at, ok := e.Places["show."+name]
			if !ok {
				at = e.At
			}
			found = append(found, diag.Diagnostic{
				Code: "unknown-column", Span: at,
				Message: fmt.Sprintf("dataset %s has no column %q to show", d.Spec.Name, name),
				Hint:    columnHint(name, &d.Relation.Schema),
			})
			continue
		}
		cols = append(cols, &query.Column{Index: i, Col: c})
	}
	return cols, found
}

func skipCondition(rel query.Relation, names []string) query.Expr {
	var parts []query.Expr
	for _, n := range names {
		if c, i := rel.Schema.Column(n); i >= 0 {
			parts = append(parts, isNull(&query.Column{Index: i, Col: c}))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return or(parts)
}

// metric compiles an expectation over aggregates.
func (b *builder) metric(it *Item, expect, metric diag.Text) {
	sc := b.metricScope()
	m := &MetricItem{}
	var found diag.List
	if metric.Value != "" {
		var more diag.List
		m.Value, more = lang.CompileMetricValue(metric, sc)
		found = append(found, more...)
		if m.Value != nil {
			t := m.Value.Type
			sc.Metric = &t
		}
	}
	if expect.Value != "" && !found.HasErrors() {
		var more diag.List
		m.Expect, more = lang.CompileMetric(expect, sc)
		found = append(found, more...)
	}
	if failed := b.failedDataset(expect.Value + " " + metric.Value); failed != nil && found.HasErrors() {
		// The text may be right: it names a dataset that could not be described.
		it.Datasets, it.Err = []string{failed.Spec.Name}, failed.Err
		return
	}
	if !b.compiled(it, found) {
		return
	}
	it.Metric, it.Datasets = m, nil // a named metric came with its own dataset, which its aggregates name too
	seen := map[string]bool{}
	for _, x := range []*lang.MetricExpr{m.Value, m.Expect} {
		if x == nil {
			continue
		}
		for i := range x.Aggregates {
			if name := x.Aggregates[i].Dataset; !seen[name] {
				seen[name] = true
				it.Datasets = append(it.Datasets, name)
			}
		}
	}
}

// failedDataset returns a dataset that could not be described and whose name stands in the text as a word.
func (b *builder) failedDataset(text string) *Dataset {
	for _, d := range b.plan.Datasets {
		if d.Err != nil && mentions(text, d.Spec.Name) {
			return d
		}
	}
	return nil
}

// place hands a compiled item to the placers of its datasets.
func (b *builder) place(it *Item) {
	switch {
	case it.Err != nil || it.Schema != nil || it.Compare != nil || it.Join != nil:
	case it.Row != nil:
		if it.Row.Proof == "" {
			b.placers[it.Datasets[0]].row(it)
		}
	case it.Set != nil:
		if it.Set.Proof == "" {
			b.placers[it.Datasets[0]].set(it)
		}
	case it.Metric != nil && b.sampleMetric(it):
	case it.Metric != nil:
		for which, x := range []*lang.MetricExpr{it.Metric.Value, it.Metric.Expect} {
			if x == nil {
				continue
			}
			for i, a := range lower.Measures(x) {
				b.placers[a.Dataset].measures(it, which, i, a.Measures, a.GroupBy)
			}
		}
	}
}

// compileWhere compiles a `where` alone.
func compileWhere(text diag.Text, sc lang.Scope) (query.Expr, []*query.Column, diag.List) {
	w, found := lang.CompileRow(text, sc)
	if w == nil {
		return nil, nil, found
	}
	return lower.Condition(w), w.Columns(), found
}

// mentions reports whether a name stands in the text as a word.
func mentions(text, name string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], name)
		if i < 0 {
			return false
		}
		i += at
		end := i + len(name)
		if (i == 0 || !wordByte(text[i-1])) && (end == len(text) || !wordByte(text[end])) {
			return true
		}
		at = i + 1
	}
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
