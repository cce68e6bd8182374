package plan

import (
	"strings"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/spec"
)

// FixItem is what is to be changed about what an item finds, compiled. Exactly one of Compare and Set is set.
type FixItem struct {
	Risk    *lang.RiskExpr // the expectation's own rule, else that of the suite; nil for what is usual
	Compare *FixCompare
	// Set are the columns of the item's own dataset that get a value; of a join their expressions name partners too.
	Set []FixSet
}

// FixSet gives a column a value.
type FixSet struct {
	Column *query.Column
	Value  *lang.RowExpr
}

// FixCompare is how a comparison is corrected.
type FixCompare struct {
	To     canon.Side
	Owners []FixOwner // of the compared columns, by position in Spec.Columns
	// Insert are the positions in Spec.Columns whose values a new row gets beside its key: compared columns, and others that both sides have.
	Insert  []int
	Missing spec.MissingPolicy
	Extra   spec.ExtraPolicy
	Soft    *FixSet // of ExtraSoft; its expression is over the row of the corrected side
	Keep    spec.KeepPolicy
	KeepBy  *query.Column
	// Rows names the rows of the corrected side where several have one key, nil where Keep is KeepAll.
	Rows []*query.Column
}

// FixOwner is the owner of a compared column.
type FixOwner struct {
	Kind spec.OwnerKind
	Side canon.Side
	// Version is the position in Spec.Columns of the column that tells which row is newer, and Form how it is compared (OwnerNewest).
	Version int
	Form    canon.Form
}

// sideOf is a side of a comparison.
func sideOf(s spec.FixSide) canon.Side {
	if s == spec.ToSource {
		return canon.Left
	}
	return canon.Right
}

// risk compiles the rule that weighs an item's changes. What is wrong with its text was reported when the suite was loaded.
func (b *builder) risk(e *spec.Expectation) *lang.RiskExpr {
	text := e.Risk
	if text.Value == "" {
		text = b.suite.Corrections.Risk
	}
	if text.Value == "" {
		return nil
	}
	r, _ := lang.CompileRisk(text, b.suite.Vars, b.now)
	return r
}

// assignment compiles the value that a column gets.
func (b *builder) assignment(d *Dataset, name spec.Name, text diag.Text, sc lang.Scope) (*FixSet, diag.List) {
	col, found := writable(d, name)
	if col == nil {
		return nil, found
	}
	e, more := lang.CompileRowValue(text, sc)
	found = append(found, more...)
	if e == nil {
		return nil, found
	}
	if t := e.Type(); t.Kind == value.Null && col.Col.NotNull {
		found.Errorf("type-mismatch", text.Origin, "", "column %q of %s takes no null", name.Value, d.Spec.Name)
	} else if !known(t) {
		return &FixSet{Column: col, Value: e}, found
	} else if _, _, err := canon.Pair(Computed(e), col.Col, canon.Options{}); err != nil {
		found.Errorf("type-mismatch", text.Origin, "convert it: string(…), int(…), timestamp(…)", "column %q of %s cannot be set to that: %s", name.Value, d.Spec.Name, err.Error())
	}
	return &FixSet{Column: col, Value: e}, found
}

// known reports whether the type of an expression is known before it is evaluated.
func known(t value.Type) bool { return t.Kind != value.JSON && t.Kind != value.Null }

// Computed describes the values of an expression as a column.
func Computed(e *lang.RowExpr) value.Column { return value.Column{Name: "the value", Type: e.Type()} }

// writable resolves a column that is to be written.
func writable(d *Dataset, name spec.Name) (*query.Column, diag.List) {
	var found diag.List
	col, i := d.Relation.Schema.Column(name.Value)
	switch {
	case i < 0:
		found.Errorf("unknown-column", name.At, columnHint(name.Value, &d.Relation.Schema), "dataset %s has no column %q", d.Spec.Name, name.Value)
		return nil, found
	case col.Unusable != "":
		found.Errorf("not-fixable", name.At, "", "column %q of %s cannot be read, so that it cannot be guarded: %s", name.Value, d.Spec.Name, col.Unusable)
		return nil, found
	case d.Writings[name.Value].Generated:
		found.Errorf("not-fixable", name.At, "correct the columns that it is computed from", "column %q of %s is computed by the server and never written", name.Value, d.Spec.Name)
		return nil, found
	}
	for _, k := range d.KeyColumns() {
		if k.Index == i {
			found.Errorf("not-fixable", name.At, "", "column %q is in the key of dataset %s, which names the row and is never changed", name.Value, d.Spec.Name)
			return nil, found
		}
	}
	return &query.Column{Index: i, Col: col}, found
}

// fixRows compiles the assignments of an expectation about rows.
func (b *builder) fixRows(it *Item, d *Dataset, sc lang.Scope) diag.List {
	f := it.Spec.Fix
	if f == nil {
		return nil
	}
	var found diag.List
	if len(d.KeyColumns()) == 0 {
		found.Errorf("missing-key", f.At, "add key: […] to dataset "+d.Spec.Name, "rows of %s cannot be corrected: nothing names them, for it has no primary key, and none is declared", d.Spec.Name)
	}
	item := &FixItem{Risk: b.risk(it.Spec)}
	for _, a := range f.Set {
		set, more := b.assignment(d, a.Column, a.Value, sc)
		found = append(found, more...)
		if set == nil {
			continue
		}
		item.Set = append(item.Set, *set)
		found = append(found, b.owns(ownership{
			dataset: d.Spec.Name, column: a.Column.Value, owner: strings.TrimSpace(a.Value.Value), where: strings.TrimSpace(it.Spec.Where.Value), at: a.Column.At,
		})...)
	}
	found = append(found, b.keyed(d.Spec.Name, columnNames(d.KeyColumns()), f.At)...)
	it.Fix = item
	return found
}

// ownership says who owns a column.
type ownership struct {
	dataset, column string
	owner           string // what two must have in common to agree
	from            string // the column of another dataset whose value it gets, "" for none
	where           string // the rows that it is about, "" for all
	at              diag.Span
}

// owns notes who owns a column, and reports another owner. Expectations that each say which rows they are about may differ: rows that both of them correct
// differently are refused when they are met.
func (b *builder) owns(o ownership) diag.List {
	var found diag.List
	for _, x := range b.owned {
		if x.from == o.dataset+"."+o.column && o.from == x.dataset+"."+x.column {
			found.Errorf("two-owners", o.at, "the other way round is said at "+x.at.String(), "column %q of %s cannot be right and get the value of %s", o.column, o.dataset, o.from)
			return found
		}
		if x.dataset != o.dataset || x.column != o.column || x.owner == o.owner || x.where != "" && o.where != "" && x.where != o.where {
			continue
		}
		found.Errorf("two-owners", o.at, "another value is said to be right at "+x.at.String(), "two expectations own column %q of %s", o.column, o.dataset)
		found.Errorf("two-owners", x.at, "", "two expectations own column %q of %s: this is the first", o.column, o.dataset)
		return found
	}
	b.owned = append(b.owned, o)
	return nil
}

// keyed notes by which key the rows of a dataset are corrected, and reports another one: one row would be changed twice.
func (b *builder) keyed(dataset string, key []string, at diag.Span) diag.List {
	var found diag.List
	text := strings.Join(key, ", ")
	first, ok := b.keys[dataset]
	switch {
	case len(key) == 0:
	case !ok:
		b.keys[dataset] = fixKey{text: text, at: at}
	case first.text != text:
		found.Errorf("not-fixable", at, "give both expectations one key", "rows of %s are corrected by (%s) here, and by (%s) at %s", dataset, text, first.text, first.at)
	}
	return found
}

// fixKey is the key by which the rows of a dataset are corrected, and where that was said first.
type fixKey struct {
	text string
	at   diag.Span
}
