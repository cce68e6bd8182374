package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/lower"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// CompareItem is a comparison of two datasets.
type CompareItem struct {
	Spec diff.Spec
	// Findings are what the schema check says of what can be compared, and of columns that are left out.
	Findings []diff.Finding
	// Compared is how many of Spec.Columns are compared; the rest are carried.
	Compared int
	// Shown are the columns that `show` asks for.
	Shown []Shown
	// Keys is the position of the first column of the key among Spec.Columns, under Options.CarryKeys and, of what is corrected, Options.Fixes.
	Keys int
	// Names are the names of Spec.Columns in reports, "" for a column that is not shown.
	Names []string
	// Sample is what is drawn where Item.Sampled. Unsampled says why all rows are compared although rows were to be drawn.
	Sample    diff.SampleOptions
	Unsampled string
	// SourceMask and TargetMask are the columns that each side masks. Masker makes what stands in the place of their values.
	SourceMask, TargetMask map[string]spec.Masking
	Masker                 *result.Masker
}

// Masking says how the values of a pair of columns are masked: as the stricter side has it. Target is nil for a column that only the source has.
func (c *CompareItem) Masking(source, target *query.Column) spec.Masking {
	var m spec.Masking
	if source != nil {
		m = c.SourceMask[source.Col.Name]
	}
	if target != nil {
		m = m.Stricter(c.TargetMask[target.Col.Name])
	}
	return m
}

// Position is where the source has the column at position at of Spec.Columns: the order of reports.
func (c *CompareItem) Position(at int) int { return c.Spec.Columns[at].Left.Index }

// Shown is a column of a comparison that reports show of every row that differs.
type Shown struct {
	At         int // in Spec.Columns
	SourceOnly bool
}

// comparing is the making of one comparison.
type comparing struct {
	b           *builder
	it          *Item
	c           *spec.Compare
	left, right *Dataset
	found       diag.List
	item        *CompareItem
	conditions  []condition
	carried     carriers
}

// condition is a column that is compared by an expression.
type condition struct {
	column  spec.ComparedColumn
	expr    *lang.RowExpr
	source  *query.Column
	partner *query.Column
}

// compare compiles a comparison.
func (b *builder) compare(e *spec.Expectation) {
	c := e.Compare
	it := &Item{
		ID: e.ID, Kind: result.KindCompare, Spec: e, Datasets: []string{c.Source.Value, c.Target.Value},
		Expression: "compare " + c.Source.Value + " with " + c.Target.Value, Where: whereText(c),
	}
	b.plan.Items = append(b.plan.Items, it)
	x := &comparing{b: b, it: it, c: c, left: b.byName[c.Source.Value], right: b.byName[c.Target.Value], item: &CompareItem{Masker: b.opts.Masker}}
	for _, d := range []*Dataset{x.left, x.right} {
		if d.Err != nil {
			it.Err = d.Err
			return
		}
	}
	x.item.SourceMask, x.item.TargetMask = x.left.Spec.Mask, x.right.Spec.Mask
	x.connections()
	x.typed()
	x.expressions()
	spec, findings := diff.Align(x.side(x.left, c.WhereSource), x.side(x.right, c.WhereTarget), x.options())
	x.item.Spec = spec
	x.judge(findings)
	if !x.found.HasErrors() {
		x.columns()
		x.shown()
		x.fix()
		if x.b.opts.CarryKeys || x.b.opts.Fixes && x.it.Fix != nil {
			x.keys()
		}
		x.carried.add(x.item)
	}
	if !x.found.HasErrors() {
		x.remarks()
	}
	x.found.Sort()
	if b.compiled(it, x.found.Dedupe()) {
		it.Compare = x.item
		b.sampleCompare(it)
	}
}

func whereText(c *spec.Compare) string {
	s, t := c.WhereSource.Value, c.WhereTarget.Value
	switch {
	case s == t:
		return s
	case t == "":
		return "source: " + s
	case s == "":
		return "target: " + t
	}
	return "source: " + s + "; target: " + t
}

// connections refuses what could only wait for itself: both sides are read at once.
func (x *comparing) connections() {
	if x.left.Spec.Connection != x.right.Spec.Connection {
		return
	}
	for i := range x.b.suite.Connections {
		if c := &x.b.suite.Connections[i]; c.Name == x.left.Spec.Connection && c.MaxConns == 1 {
			x.found.Errorf("max-conns", x.it.Spec.At, "allow connection "+c.Name+" two: max_conns: 2",
				"%s and %s are both on connection %s, which allows one statement at a time; a comparison reads both sides at once",
				x.left.Spec.Name, x.right.Spec.Name, c.Name)
		}
	}
}

// typed refuses a declared type of a column that neither side has.
func (x *comparing) typed() {
	for _, n := range x.c.Typed {
		if x.has(x.left, n.Value) || x.has(x.right, x.c.Mapped(n.Value)) {
			continue
		}
		var names []string
		for _, d := range []*Dataset{x.left, x.right} {
			for i := range d.Relation.Schema.Columns {
				names = append(names, d.Relation.Schema.Columns[i].Name)
			}
		}
		x.found.Errorf("unknown-column", n.At, diag.DidYouMean(n.Value, names), "neither side has a column %q, whose type is declared", n.Value)
	}
}

func (*comparing) has(d *Dataset, column string) bool {
	_, i := d.Relation.Schema.Column(column)
	return i >= 0
}

// side is a dataset with the condition on its rows.
func (x *comparing) side(d *Dataset, where diag.Text) diff.Side {
	s := diff.Side{Name: d.Spec.Name, Source: d.source, Relation: d.Relation}
	if where.Value != "" {
		w, found := lang.CompileRow(where, x.b.scope(d))
		x.found = append(x.found, found...)
		if w != nil {
			s.Where = lower.Condition(w)
		}
	}
	return s
}

// options are what Align is told. Columns with a condition are added afterwards: their types need not be comparable.
func (x *comparing) options() diff.AlignOptions {
	o := diff.AlignOptions{
		Map: map[string]string{}, Options: map[string]canon.Options{}, Strategy: diff.Strategy(x.c.Strategy), Settle: x.c.Settle,
		TempDir: x.b.opts.TempDir, MemoryBytes: x.b.opts.CompareMemory,
	}
	for _, k := range x.c.Key {
		o.Key = append(o.Key, k.Value)
	}
	for _, n := range x.c.Ignore {
		o.Ignore = append(o.Ignore, n.Value)
	}
	for _, n := range x.c.Only {
		o.Columns = append(o.Columns, n.Value)
	}
	for _, m := range x.c.Map {
		o.Map[m.Source.Value] = m.Target.Value
	}
	if x.ownIDs() {
		o.Ignore = append(o.Ignore, idColumn)
		x.item.Findings = append(x.item.Findings, diff.Finding{
			Code: diff.CodeMetadata, Severity: diff.SeverityNote, Column: idColumn, Text: "the documents' own _id is not compared, since it is not the key; pair it under map: if it is to be",
		})
	}
	for _, c := range x.c.Columns {
		if c.Expect.Value == "" {
			o.Options[c.Name.Value] = c.Options
		} else if _, i := x.left.Relation.Schema.Column(c.Name.Value); i >= 0 {
			o.Ignore = append(o.Ignore, c.Name.Value)
		}
	}
	return o
}

// expressions compiles the conditions of columns over both rows.
func (x *comparing) expressions() {
	sc := lang.Scope{
		Joined: map[string]*query.Relation{"source": &x.left.Relation, "target": &x.right.Relation}, Vars: x.b.suite.Vars, Now: x.b.now,
	}
	for _, c := range x.c.Columns {
		if c.Expect.Value == "" {
			continue
		}
		col, i := x.left.Relation.Schema.Column(c.Name.Value)
		if i < 0 {
			x.found.Errorf("unknown-column", c.Name.At, columnHint(c.Name.Value, &x.left.Relation.Schema),
				"dataset %s, the source, has no column %q", x.left.Spec.Name, c.Name.Value)
			continue
		}
		if slices.Contains(x.key(), c.Name.Value) {
			x.found.Errorf("bad-key", c.Name.At, "keys pair rows by equality: choose another key, or convert it in a query",
				"column %q is in the key and cannot be compared by an expression", c.Name.Value)
			continue
		}
		e, found := lang.CompileRow(c.Expect, sc)
		x.found = append(x.found, found...)
		if e == nil {
			continue
		}
		cond := condition{column: c, expr: e, source: &query.Column{Index: i, Col: col}}
		if cond.partner = x.partner(c, e); cond.partner == nil {
			x.found.Errorf("one-sided", c.Expect.Origin, "where: selects rows; compare it with a column of target", "the expression says nothing of target")
			continue
		}
		x.conditions = append(x.conditions, cond)
	}
}

// partner is the target's column beside which a column with a condition is shown: the mapped one, that of its name, or the first
// one that the condition names; nil where it names none.
func (x *comparing) partner(c spec.ComparedColumn, e *lang.RowExpr) *query.Column {
	var first *query.Column
	wanted := x.c.Mapped(c.Name.Value)
	for _, col := range e.Columns() {
		if col.Rel != targetRel {
			continue
		}
		if own := (&query.Column{Index: col.Index, Col: col.Col}); first == nil || col.Col.Name == wanted {
			first = own
		}
	}
	return first
}

// The relations of a condition over both rows, in the order that lang gives them: sorted by alias.
const (
	sourceRel = 1
	targetRel = 2
)

// key are the names of the key's columns in the source.
func (x *comparing) key() []string {
	var out []string
	for _, k := range x.c.Key {
		out = append(out, k.Value)
	}
	if len(out) == 0 {
		for _, c := range x.left.KeyColumns() {
			out = append(out, c.Col.Name)
		}
	}
	return out
}

// columns adds the columns with a condition.
func (x *comparing) columns() {
	s := &x.item.Spec
	for _, c := range s.Columns {
		x.item.Names = append(x.item.Names, c.Name)
	}
	first := len(s.Columns)
	for _, c := range x.conditions {
		s.Columns = append(s.Columns, diff.Column{Name: c.column.Name.Value, Left: c.source, Right: c.partner})
		x.item.Names = append(x.item.Names, c.column.Name.Value)
	}
	x.item.Compared = len(s.Columns)
	x.carried.from(s)
	for i, c := range x.conditions {
		refs := make([]reference, 0, len(c.expr.Columns()))
		var needs []int
		for _, col := range c.expr.Columns() {
			side := canon.Left
			if col.Rel == targetRel {
				side = canon.Right
			}
			at := x.carried.position(side, col)
			refs = append(refs, reference{side, at})
			needs = append(needs, at)
		}
		s.Columns[first+i].Expect, s.Columns[first+i].Needs = holds(c.expr, refs), needs
	}
}

// shown resolves `show`, by the source's names.
func (x *comparing) shown() {
	for _, name := range x.it.Spec.Show {
		col, i := x.left.Relation.Schema.Column(name)
		switch {
		case i < 0:
			x.found.Errorf("unknown-column", placeOfKey(x.it.Spec, "show"), columnHint(name, &x.left.Relation.Schema), "dataset %s, the source, has no column %q to show", x.left.Spec.Name, name)
			continue
		case slices.Contains(x.key(), name):
			continue // it is shown anyway
		}
		if at := slices.Index(x.item.Names, name); at >= 0 {
			x.item.Shown = append(x.item.Shown, Shown{At: at})
			continue
		}
		var partner *query.Column
		if r, j := x.right.Relation.Schema.Column(x.c.Mapped(name)); j >= 0 {
			partner = &query.Column{Index: j, Col: r}
		}
		at := x.carried.show(name, &query.Column{Index: i, Col: col}, partner)
		x.item.Shown = append(x.item.Shown, Shown{At: at, SourceOnly: partner == nil})
	}
}

// keys carries the key's columns, so that each side's own form of the key is known.
func (x *comparing) keys() {
	x.item.Keys = x.carried.first + len(x.carried.pairs)
	for _, k := range x.item.Spec.Key {
		x.carried.pairs = append(x.carried.pairs, carried{left: k.Left, right: k.Right})
	}
}

func placeOfKey(e *spec.Expectation, key string) diag.Span {
	if at, ok := e.Places[key]; ok {
		return at
	}
	return e.At
}

// named reports whether a condition names the target's or the source's column.
func (x *comparing) named(rel int, name string) bool {
	return slices.ContainsFunc(x.conditions, func(c condition) bool {
		return slices.ContainsFunc(c.expr.Columns(), func(col *query.Column) bool { return col.Rel == rel && col.Col.Name == name })
	})
}

// judge turns what Align found into findings about the text.
func (x *comparing) judge(findings []diff.Finding) {
	for _, f := range findings {
		switch {
		case f.Code == diff.CodeSourceOnly && x.named(sourceRel, f.Column), f.Code == diff.CodeTargetOnly && x.named(targetRel, f.Column):
			continue // an expression sees to it
		case f.Code == diff.CodeSourceOnly && x.marks(spec.ToSource, f.Column), f.Code == diff.CodeTargetOnly && x.marks(spec.ToTarget, f.Column):
			continue
		case f.Code == diff.CodeSourceOnly && x.metadata(x.left, f.Column), f.Code == diff.CodeTargetOnly && x.metadata(x.right, f.Column):
			continue
		case f.Code == diff.CodeNoColumns && len(x.conditions) > 0:
			continue
		case f.Severity != diff.SeverityError:
			x.item.Findings = append(x.item.Findings, f)
		case f.Code == diff.CodeUnknown && !strings.HasPrefix(f.Text, "key") || !x.unknownKey(f):
			x.found = append(x.found, diag.Diagnostic{
				Code: codeOf(f), Span: x.place(f), Message: f.Text, Hint: f.Hint,
			})
		}
	}
}

// idColumn is the column of a search index that holds the documents' own ids.
const idColumn = "_id"

// metadata reports whether a column is the engine's own, which nobody expects on the other side.
func (x *comparing) metadata(d *Dataset, column string) bool {
	return column == idColumn && (d.Driver == "elasticsearch" || d.Driver == "opensearch")
}

// ownIDs reports whether both sides have ids that the engine may have made up by itself, and that nothing names: rows that are paired by another
// key are the same whatever they are.
func (x *comparing) ownIDs() bool {
	named := func(n spec.Name) bool { return n.Value == idColumn }
	return x.metadata(x.left, idColumn) && x.metadata(x.right, idColumn) && !slices.Contains(x.key(), idColumn) &&
		!slices.ContainsFunc(x.c.Only, named) && !slices.ContainsFunc(x.c.Ignore, named) &&
		!slices.ContainsFunc(x.c.Columns, func(c spec.ComparedColumn) bool { return named(c.Name) }) &&
		!slices.ContainsFunc(x.c.Map, func(m spec.Mapping) bool { return named(m.Source) || named(m.Target) })
}

// codeOf is the code of a diagnostic about a finding.
func codeOf(f diff.Finding) string {
	switch f.Code {
	case diff.CodeUnknown:
		return "unknown-column"
	case diff.CodeKey, diff.CodeNoKey:
		return "bad-key"
	}
	return strings.ReplaceAll(f.Code, "_", "-")
}

// unknownKey reports whether a finding is about a column that the dataset's own key names and the dataset lacks: that
// stands among the findings about the dataset.
func (x *comparing) unknownKey(f diff.Finding) bool {
	_, i := x.left.Relation.Schema.Column(f.Column)
	return i < 0 && len(x.c.Key) == 0 && slices.Contains(x.left.Spec.Key, f.Column)
}

// place finds where the text says what a finding is about.
func (x *comparing) place(f diff.Finding) diag.Span {
	is := func(n spec.Name) bool { return n.Value == f.Column }
	about := func(word string) bool { return f.Code != diff.CodeUnknown || strings.HasPrefix(f.Text, word+" ") }
	if i := slices.IndexFunc(x.c.Key, is); i >= 0 && about("key") {
		return x.c.Key[i].At
	}
	if i := slices.IndexFunc(x.c.Ignore, is); i >= 0 && about("ignore") {
		return x.c.Ignore[i].At
	}
	if i := slices.IndexFunc(x.c.Only, is); i >= 0 && about("columns") {
		return x.c.Only[i].At
	}
	for _, c := range x.c.Columns {
		if !is(c.Name) || !about("columns") {
			continue
		}
		for key, at := range c.Places {
			if strings.Contains(f.Hint, "`"+key+"`") {
				return at
			}
		}
		return c.Name.At
	}
	for _, m := range x.c.Map {
		if is(m.Source) && about("map") {
			return m.Source.At
		}
		if is(m.Target) && about("map") {
			return m.Target.At
		}
	}
	return x.c.Target.At
}

// remarks warns of columns that are not compared, in one sentence, and under Options.Notes of everything else that will be lost.
func (x *comparing) remarks() {
	var source, target []string
	for _, f := range x.item.Findings {
		switch {
		case f.Code == diff.CodeSourceOnly:
			source = append(source, f.Column)
		case f.Code == diff.CodeTargetOnly:
			target = append(target, f.Column)
		case f.Severity == diff.SeverityWarning && x.b.opts.Notes:
			x.found.Warnf(codeOf(f), x.place(f), f.Hint, "%s", f.Text)
		}
	}
	if len(source)+len(target) == 0 {
		return
	}
	var parts []string
	for _, s := range []struct {
		names []string
		of    *Dataset
	}{{source, x.left}, {target, x.right}} {
		if len(s.names) > 0 {
			parts = append(parts, fmt.Sprintf("%s only in %s", listed(s.names), s.of.Spec.Name))
		}
	}
	x.found.Warnf("one-sided", x.it.Spec.At, "pair them under map:, or name them under ignore:", "columns of one side only are not compared: %s", strings.Join(parts, "; "))
}

// listedNames bounds how many names a sentence lists.
const listedNames = 8

func listed(names []string) string {
	if len(names) > listedNames {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:listedNames], ", "), len(names)-listedNames)
	}
	return strings.Join(names, ", ")
}
