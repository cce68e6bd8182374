package plan

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// named expands a use of the catalogue and compiles what it stands for.
func (b *builder) named(e *spec.Expectation) {
	it := &Item{ID: e.ID, Spec: e, Datasets: []string{e.Dataset}, Expression: e.Named.Name, Where: e.Where.Value}
	b.plan.Items = append(b.plan.Items, it)
	d := b.byName[e.Dataset]
	use := catalog.Use{Named: e.Named, OnNull: e.OnNull, Dataset: e.Dataset, Where: e.Where.Value}
	if d.Err == nil {
		use.Schema = &d.Relation.Schema
	}
	xs, found := catalog.Expand(use)
	if d.Err != nil {
		// The columns cannot be checked; the expansion only tells the kind.
		if len(xs) > 0 {
			it.Kind, it.Expression = kindOf(xs[0].Kind), expressionOf(xs[0], e.Named)
		}
		it.Err = d.Err
		return
	}
	if !b.compiled(it, found) {
		return
	}
	for i, x := range xs {
		if i > 0 {
			it = &Item{Spec: e, Datasets: []string{e.Dataset}, Where: e.Where.Value}
			b.plan.Items = append(b.plan.Items, it)
		}
		it.ID = e.ID + x.IDSuffix
		it.Kind, it.Expression = kindOf(x.Kind), expressionOf(x, e.Named)
		b.expanded(it, d, x)
	}
}

func kindOf(k catalog.Kind) result.Kind {
	switch k {
	case catalog.Metric:
		return result.KindMetric
	case catalog.Set:
		return result.KindSet
	case catalog.Schema:
		return result.KindSchema
	case catalog.Row:
	}
	return result.KindRow
}

// expressionOf is the CEL that the expansion stands for, or, where CEL cannot say it, the check in its own words.
func expressionOf(x catalog.Expansion, n *spec.Named) string {
	switch {
	case x.Expr != "":
		return x.Expr
	case x.Schema != nil && x.Schema.Kind == catalog.ColumnType:
		return fmt.Sprintf("%s(%s, %s)", n.Name, x.Schema.Column, cmp.Or(x.Schema.Native, x.Schema.Type))
	case x.Schema != nil:
		return fmt.Sprintf("%s(%s)", n.Name, x.Schema.Column)
	case x.Set == nil:
		return n.Name
	}
	s := n.Name + "(" + strings.Join(x.Set.Columns, ", ")
	if len(x.Set.OrderBy) > 0 {
		s += " by " + strings.Join(x.Set.OrderBy, ", ")
	}
	if len(x.Set.GroupBy) > 0 {
		s += " within " + strings.Join(x.Set.GroupBy, ", ")
	}
	if p := cmp.Or(x.Set.ParentDataset, x.Set.ParentTable); p != "" {
		s += " in " + p
	}
	return s + ")"
}

func (b *builder) expanded(it *Item, d *Dataset, x catalog.Expansion) {
	text := func(s string) diag.Text { return diag.Text{Value: s, File: it.Spec.At.File, Origin: it.Spec.Named.At} }
	switch x.Kind {
	case catalog.Row:
		b.row(it, text(x.Expr), it.Spec.Where, x.SkipNullColumns)
		if it.Row != nil && len(x.Columns) > 0 {
			it.Row.Proof = b.proved(d, it, x)
		}
	case catalog.Metric:
		b.metric(it, text(x.Expr), diag.Text{})
	case catalog.Set:
		b.setItem(it, d, x)
	case catalog.Schema:
		it.Schema = schemaItem(&d.Relation.Schema, x.Schema)
	}
}

// setItem compiles a set-level expectation. The nulls of its columns are skipped by the check itself.
func (b *builder) setItem(it *Item, d *Dataset, x catalog.Expansion) {
	s := x.Set
	cols, ok := b.columns(it, d, s.Columns)
	if !ok {
		return
	}
	var where query.Expr
	shown := cols
	if it.Spec.Where.Value != "" {
		w, wcols, found := compileWhere(it.Spec.Where, b.scope(d))
		if !b.compiled(it, found) {
			return
		}
		where = w
		shown = append(append([]*query.Column{}, cols...), wcols...)
	}
	extra, found := b.shown(it.Spec, d)
	if !b.compiled(it, found) {
		return
	}
	item := &SetItem{Columns: append(append([]*query.Column{}, shown...), extra...)}
	switch s.Kind {
	case catalog.Unique:
		item.Check = &query.UniqueCheck{From: d.Relation, Columns: cols, Where: where}
	case catalog.Monotonic:
		order, ok1 := b.columns(it, d, s.OrderBy)
		group, ok2 := b.columns(it, d, s.GroupBy)
		if !ok1 || !ok2 {
			return
		}
		item.Check = &query.MonotonicCheck{From: d.Relation, Column: cols[0], OrderBy: order, GroupBy: group, Strict: s.Strict, Descending: s.Descending, Where: where}
		item.Columns = append(append(item.Columns, order...), group...)
	case catalog.References:
		check, ok := b.references(it, d, s, cols, where)
		if !ok {
			return
		}
		item.Check = check
	}
	it.Set = item
	it.Set.Proof = b.provedSet(d, it, it.Set.Check)
}

func (b *builder) references(it *Item, d *Dataset, s *catalog.SetSpec, cols []*query.Column, where query.Expr) (*query.ReferenceCheck, bool) {
	name := s.ParentDataset
	if name == "" {
		name = parentName(d.Spec, s.ParentTable)
	}
	it.Parent = name
	parent := b.byName[name]
	switch {
	case parent == nil:
		names := make([]string, 0, len(b.byName))
		for n, d := range b.byName {
			if !d.parent {
				names = append(names, n)
			}
		}
		return nil, b.compiled(it, diag.List{{
			Code: "unknown-dataset", Span: argPlace(it, "parent"), Message: fmt.Sprintf("unknown dataset %q", name), Hint: diag.DidYouMean(name, names),
		}})
	case parent.Err != nil:
		it.Err = parent.Err
		return nil, false
	case parent.Spec.Connection != d.Spec.Connection:
		return nil, b.compiled(it, diag.List{{
			Code: "not-yet", Span: argPlace(it, "parent"),
			Message: fmt.Sprintf("references needs both datasets on one connection: %s is on %s, %s on %s", d.Spec.Name, d.Spec.Connection, name, parent.Spec.Connection),
		}})
	}
	names := s.ParentColumns
	if len(names) == 0 {
		for _, c := range parent.KeyColumns() {
			names = append(names, c.Col.Name)
		}
	}
	if len(names) != len(cols) {
		return nil, b.compiled(it, diag.List{{
			Code: "bad-argument", Span: it.Spec.Named.At,
			Message: fmt.Sprintf("references compares %d columns with %d of %s", len(cols), len(names), name), Hint: "name as many parent_columns as columns",
		}})
	}
	pcols, ok := b.columns(it, parent, names)
	if !ok {
		return nil, false
	}
	for i := range cols {
		if !mayEqual(cols[i].Col.Type, pcols[i].Col.Type) {
			return nil, b.compiled(it, diag.List{{
				Code: "type-mismatch", Span: it.Spec.Named.At,
				Message: fmt.Sprintf("%s is %s and cannot reference %s, which is %s", cols[i].Col.Name, cols[i].Col.Type, pcols[i].Col.Name, pcols[i].Col.Type),
			}})
		}
	}
	return &query.ReferenceCheck{From: d.Relation, Columns: cols, Parent: parent.Relation, ParentColumns: pcols, Where: where}, true
}

// mayEqual reports whether values of the two types can be equal.
func mayEqual(a, b value.Type) bool {
	return a.Equal(b) || numeric(a.Kind) && numeric(b.Kind)
}

func numeric(k value.Kind) bool {
	return k == value.Int || k == value.Uint || k == value.Decimal
}

func argPlace(it *Item, arg string) diag.Span {
	for _, name := range []string{arg, "dataset", "table"} {
		if a, ok := it.Spec.Named.Args[name]; ok && a.At.Line > 0 {
			return a.At
		}
	}
	return it.Spec.Named.At
}

// columns resolves names; an unknown one is a finding.
func (b *builder) columns(it *Item, d *Dataset, names []string) ([]*query.Column, bool) {
	out := make([]*query.Column, 0, len(names))
	for _, n := range names {
		c, i := d.Relation.Schema.Column(n)
		if i < 0 {
			return nil, b.compiled(it, diag.List{{
				Code: "unknown-column", Span: it.Spec.Named.At,
				Message: fmt.Sprintf("dataset %s has no column %q", d.Spec.Name, n), Hint: columnHint(n, &d.Relation.Schema),
			}})
		}
		out = append(out, &query.Column{Index: i, Col: c})
	}
	return out, true
}

func schemaItem(s *value.Schema, want *catalog.SchemaSpec) *SchemaItem {
	c, i := s.Column(want.Column)
	switch {
	case i < 0:
		return &SchemaItem{Message: fmt.Sprintf("there is no column %q", want.Column)}
	case want.Kind == catalog.ColumnExists:
		return &SchemaItem{OK: true, Message: fmt.Sprintf("column %s is there, %s", c.Name, c.Native)}
	case want.Native != "":
		return &SchemaItem{OK: strings.EqualFold(c.Native, want.Native), Message: fmt.Sprintf("column %s is %s", c.Name, c.Native)}
	default:
		return &SchemaItem{OK: want.Type == c.Type.String() || want.Type == c.Type.Kind.String(), Message: fmt.Sprintf("column %s is %s (%s)", c.Name, c.Type, c.Native)}
	}
}
