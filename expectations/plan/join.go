package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/lower"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// JoinItem is an expectation about each row of a dataset and its partners in others. Expressions name the row's columns as Rel 0 and
// those of the partners as Rel 1 and up, in the order of Partners.
type JoinItem struct {
	Pred query.Expr
	// Rows are the conjuncts of where about the row alone: they select rows before partners are looked up. Both are the others,
	// judged on rows that have their partners. Either may be nil.
	Rows, Both query.Expr
	// Nulls are the columns, of whatever relation, that expect names.
	Nulls []*query.Column
	// Columns are shown of failing rows.
	Columns []*query.Column
	Message *lang.RowExpr // message_expression, or nil
	// Fixed are read beside Columns for what is to be changed, and not shown.
	Fixed []*query.Column
	// Optional says of each of Partners that a row may lack it.
	Optional []bool
	// Job runs it, with others over the same partners.
	Job *JoinJob
}

// Partner is a joined dataset.
type Partner struct {
	Alias string
	Spec  *spec.Dataset
	// Relation is the dataset with nullable columns: a row may lack its partner.
	Relation query.Relation
	Keys     []PartnerKey
	// Proof is the constraint that makes the key unique, "" for none; then Check tells.
	Proof  string
	Check  *query.UniqueCheck // over Relation, as Rel 0
	source connectors.Source
	parts  keyParts
}

// Rows is the engine's estimate of the partner dataset's rows, -1 where it has none.
func (p *Partner) Rows() int64 { return p.Relation.Schema.Rows }

// PartnerKey pairs a value of the row with a column of the partner.
type PartnerKey struct {
	Left  query.Expr
	Right *query.Column // of the partner's Rel
	// Form is what is equal, with the row on the left.
	Form canon.Form
	text string
}

// joining is the making of one joined expectation.
type joining struct {
	b     *builder
	it    *Item
	left  *Dataset
	item  *JoinItem
	parts []*Partner
	found diag.List
}

// join compiles a joined expectation.
func (b *builder) join(e *spec.Expectation) {
	it := &Item{ID: e.ID, Kind: result.KindRow, Spec: e, Datasets: []string{e.Dataset}, Expression: e.Expect.Value, Where: e.Where.Value}
	b.plan.Items = append(b.plan.Items, it)
	x := &joining{b: b, it: it, left: b.byName[e.Dataset], item: &JoinItem{}}
	joins := slices.Clone(e.Joins)
	slices.SortFunc(joins, func(a, b spec.Join) int { return strings.Compare(a.Alias.Value, b.Alias.Value) })
	failed := x.left.Err
	for _, j := range joins {
		if !slices.Contains(it.Datasets, j.Dataset.Value) {
			it.Datasets = append(it.Datasets, j.Dataset.Value)
		}
		if d := b.byName[j.Dataset.Value]; d.Err != nil && failed == nil {
			failed = d.Err
		}
	}
	if failed != nil {
		it.Err = failed
		return
	}
	for i := range joins {
		x.partner(&joins[i], i+1)
	}
	x.expressions()
	if !b.compiled(it, x.found.Dedupe()) || x.found.HasErrors() {
		return
	}
	it.Join = x.item
	b.placeJoin(it, x.left, x.parts)
}

// partner resolves one joined dataset and pairs its key.
func (x *joining) partner(j *spec.Join, rel int) {
	d := x.b.byName[j.Dataset.Value]
	p := &Partner{Alias: j.Alias.Value, Spec: d.Spec, Relation: nullable(d.Relation), source: d.source}
	x.parts = append(x.parts, p)
	x.item.Optional = append(x.item.Optional, j.Optional)
	names := x.keyNames(j, d)
	if len(names) != len(j.Keys) {
		return
	}
	check := &query.UniqueCheck{From: d.Relation}
	for i, name := range names {
		c, at := p.Relation.Schema.Column(name.Value)
		if at < 0 {
			x.found.Errorf("unknown-column", name.At, columnHint(name.Value, &p.Relation.Schema), "dataset %s has no column %q", d.Spec.Name, name.Value)
			continue
		}
		right := &query.Column{Rel: rel, Index: at, Col: c}
		if k, ok := x.key(j.Keys[i], right, d); ok {
			p.Keys = append(p.Keys, k)
			check.Columns = append(check.Columns, &query.Column{Index: at, Col: d.Relation.Schema.Columns[at]})
		}
	}
	if len(p.Keys) != len(names) {
		return
	}
	p.Check, p.parts = check, newKeyParts(p.Keys)
	if !x.b.opts.DistrustConstraints && exactRight(p.Keys) {
		p.Proof = provedUnique(&d.Relation.Schema, columnNames(check.Columns))
	}
}

// exactRight reports whether different values of the partner's key are different keys: no form rounds them.
func exactRight(keys []PartnerKey) bool {
	return !slices.ContainsFunc(keys, func(k PartnerKey) bool { return !k.Form.ServerOrder(canon.Right) })
}

// keyNames are the partner's columns that the key's expressions go with.
func (x *joining) keyNames(j *spec.Join, d *Dataset) []spec.Name {
	var names []spec.Name
	if !j.Positional {
		for _, k := range j.Keys {
			names = append(names, k.Column)
		}
		return names
	}
	for _, c := range d.KeyColumns() {
		names = append(names, spec.Name{Value: c.Col.Name, At: j.KeyAt})
	}
	switch {
	case len(names) == 0 && len(d.Spec.Key) == 0:
		x.found.Errorf("missing-key", j.KeyAt, "name the columns: key: {id: row.customer_id}; or add key: […] to dataset "+d.Spec.Name,
			"dataset %s has no primary key, and none is declared", d.Spec.Name)
	case len(names) != len(j.Keys) && len(names) == max(len(d.Spec.Key), len(d.Relation.Schema.Key)):
		x.found.Errorf("bad-value", j.KeyAt, "give one expression for each, or name the columns: key: {id: …}",
			"the key of %s has %s (%s), not %d", d.Spec.Name, diag.Plural(int64(len(names)), "column"), listed(namesOf(names)), len(j.Keys))
	}
	return names
}

func namesOf(names []spec.Name) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n.Value
	}
	return out
}

// key compiles one expression of a key and finds when it equals the partner's column.
func (x *joining) key(k spec.JoinKey, right *query.Column, d *Dataset) (PartnerKey, bool) {
	e, found := lang.CompileRowValue(k.Value, x.b.scope(x.left))
	x.found = append(x.found, found...)
	if e == nil {
		return PartnerKey{}, false
	}
	left := lower.Row(e)
	out := PartnerKey{Left: left, Right: right, text: strings.TrimSpace(k.Value.Value)}
	form, notes, err := canon.Pair(leftColumn(left, out.text), right.Col, canon.Options{})
	switch {
	case err != nil:
	case form.Class == canon.Document || form.Class == canon.Sequence:
		err = errors.New("JSON and lists are no keys")
	default:
		err = form.Orderable()
	}
	if err != nil {
		hint := "convert one of them: string(…), int(…)"
		x.found.Errorf("type-mismatch", k.Value.Origin, hint, "the key cannot be paired with %s of %s: %s", right.Col.Name, d.Spec.Name, err.Error())
		return PartnerKey{}, false
	}
	for _, n := range notes {
		if n.Code == "precision" {
			x.found.Warnf("precision", k.Value.Origin, "keys that differ in what is left out are one key", "%s", n.Text)
		}
	}
	out.Form = form
	return out, true
}

// expressions compiles expect, where, message_expression and show.
func (x *joining) expressions() {
	e := x.it.Spec
	sc := x.b.scope(x.left)
	sc.Joined = map[string]*query.Relation{}
	for _, p := range x.parts {
		sc.Joined[p.Alias] = &p.Relation
	}
	pred, found := lang.CompileRow(e.Expect, sc)
	x.found = append(x.found, found...)
	var shown []*query.Column
	if pred != nil {
		x.item.Pred, x.item.Nulls = lower.Condition(pred), pred.Columns()
		shown = append(shown, pred.Columns()...)
	}
	if e.Where.Value != "" {
		w, found := lang.CompileRow(e.Where, sc)
		x.found = append(x.found, found...)
		if w != nil {
			x.item.Rows, x.item.Both = splitWhere(lower.Condition(w))
			shown = append(shown, w.Columns()...)
		}
	}
	if e.MessageExpression.Value != "" {
		m, found := lang.CompileMessage(e.MessageExpression, sc)
		x.found = append(x.found, found...)
		if m != nil {
			x.item.Message = m
			shown = append(shown, m.Columns()...)
		}
	}
	var keys []*query.Column // a reader wants to know whose partner is meant
	for _, p := range x.parts {
		for _, k := range p.Keys {
			keys = append(keys, query.Columns(k.Left)...)
		}
	}
	x.item.Columns = append(append(keys, shown...), x.shown()...)
	x.found = append(x.found, x.b.fixRows(x.it, x.left, sc)...)
	if x.it.Fix != nil && x.b.opts.Fixes {
		x.item.Fixed = append(x.item.Fixed, x.left.KeyColumns()...)
		for _, s := range x.it.Fix.Set {
			x.item.Fixed = append(append(x.item.Fixed, s.Column), s.Value.Columns()...)
		}
	}
}

// shown resolves `show`: columns of the row, and those of partners as alias.column.
func (x *joining) shown() []*query.Column {
	var out []*query.Column
	for _, name := range x.it.Spec.Show {
		if c, i := x.left.Relation.Schema.Column(name); i >= 0 {
			out = append(out, &query.Column{Index: i, Col: c})
			continue
		}
		at := placeOfKey(x.it.Spec, "show."+name)
		alias, column, _ := strings.Cut(name, ".")
		rel := slices.IndexFunc(x.parts, func(p *Partner) bool { return p.Alias == alias })
		if rel < 0 {
			x.found.Errorf("unknown-column", at, columnHint(name, &x.left.Relation.Schema), "dataset %s has no column %q to show", x.left.Spec.Name, name)
			continue
		}
		schema := &x.parts[rel].Relation.Schema
		c, i := schema.Column(column)
		if i < 0 {
			x.found.Errorf("unknown-column", at, columnHint(column, schema), "dataset %s, here %s, has no column %q to show", x.parts[rel].Spec.Name, alias, column)
			continue
		}
		out = append(out, &query.Column{Rel: rel + 1, Index: i, Col: c})
	}
	return out
}

// NameOf is what reports call a column: those of partners stand behind their alias.
func (j *JoinJob) NameOf(c *query.Column) string {
	if c.Rel == 0 {
		return c.Col.Name
	}
	return fmt.Sprintf("%s.%s", j.Partners[c.Rel-1].Alias, c.Col.Name)
}
