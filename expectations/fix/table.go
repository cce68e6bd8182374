package fix

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/extsort"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/spec"
)

// table is a dataset whose rows are corrected.
type table struct {
	p      *Planner
	d      *plan.Dataset
	source connectors.Source
	rows   connectors.Corrector
	// unable says why nothing of it can be changed, "" where it can.
	unable string
	key    []*query.Column
	// cols are the columns that findings speak of, guarded those of them that updates are guarded by: the rest are for new rows only.
	cols    []*query.Column
	at      map[int]int // position in cols by position in the schema
	guarded map[int]bool
	keyAt   map[int]int // position in key by position in the schema
	removes bool        // whole rows may be deleted
	// Forms compare columns with themselves: exactly, and as keys.
	keyForms, forms []canon.Form

	update, insert, remove, manual, byRow *target

	mu     sync.Mutex
	sorter *extsort.Sorter
	batch  *value.Batch
	count  int64 // findings that changes are to be made of
	// written are the changes that were, but for those left to people.
	written int64
	n       int64
}

// target is a target of the plan: some columns of a table, under one key.
type target struct {
	name  string
	key   []*query.Column
	cols  []*query.Column
	added bool
	rows  int64
}

// table returns the table of a dataset, whose rows are known by key.
func (p *Planner) table(d *plan.Dataset, key []*query.Column, source func(string) connectors.Source) *table {
	if t := p.tables[d.Spec.Name]; t != nil {
		return t
	}
	t := &table{p: p, d: d, source: source(d.Spec.Name), key: key, at: map[int]int{}, guarded: map[int]bool{}, keyAt: map[int]int{}}
	var ok bool
	if t.rows, ok = t.source.(connectors.Corrector); !ok {
		t.unable = "rows of " + d.Driver + " cannot be corrected"
	}
	if d.Unwritable != "" {
		t.unable = d.Unwritable
	}
	for i, k := range key {
		t.keyAt[k.Index] = i
	}
	p.tables[d.Spec.Name] = t
	return t
}

// speak adds columns that findings speak of.
func (t *table) speak(guarded bool, cols ...*query.Column) {
	for _, c := range cols {
		if _, isKey := t.keyAt[c.Index]; isKey {
			continue
		}
		if _, ok := t.at[c.Index]; !ok {
			t.at[c.Index] = len(t.cols)
			t.cols = append(t.cols, &query.Column{Index: c.Index, Col: t.d.Relation.Schema.Columns[c.Index]})
		}
		if guarded {
			t.guarded[c.Index] = true
		}
	}
}

// settle is called when all columns are known: findings can be taken from then on.
func (t *table) settle(p *Planner) {
	slices.SortFunc(t.cols, func(a, b *query.Column) int { return a.Index - b.Index })
	for i, c := range t.cols {
		t.at[c.Index] = i
	}
	name := t.d.Spec.Name
	t.insert = &target{name: name, key: t.key, cols: t.cols}
	var guarded, whole []*query.Column
	for _, c := range t.cols {
		if t.guarded[c.Index] {
			guarded = append(guarded, c)
		}
	}
	t.update = t.insert
	if len(guarded) != len(t.cols) {
		t.update = &target{name: name, key: t.key, cols: guarded}
		t.insert.name = name + " (new rows)"
	}
	t.manual = &target{name: name + " (by hand)", key: t.key, cols: guarded}
	whole = t.wholeRow(t.keyAt)
	t.remove = t.insert
	if len(whole) != len(t.cols) {
		t.remove = &target{name: name + " (whole rows)", key: t.key, cols: whole}
	}
	types := make([]value.Type, 0, len(t.key)+wishInts+1+2*len(t.cols))
	for _, k := range t.key {
		types = append(types, k.Col.Type)
		t.keyForms = append(t.keyForms, itself(&k.Col))
	}
	for range wishInts {
		types = append(types, value.Of(value.Int))
	}
	types = append(types, value.Of(value.Bytes))
	for range 2 {
		for _, c := range t.cols {
			types = append(types, c.Col.Type)
		}
	}
	for _, c := range t.cols {
		t.forms = append(t.forms, itself(&c.Col))
	}
	t.batch = value.NewBatch(types...)
	t.sorter = extsort.New(types, extsort.Options{Order: t.inOrder, MemoryBytes: p.opts.MemoryBytes, TempDir: p.opts.TempDir})
}

// wholeRow are all columns that can be read, but for some.
func (t *table) wholeRow(but map[int]int) []*query.Column {
	var out []*query.Column
	for i := range t.d.Relation.Schema.Columns {
		c := t.d.Relation.Schema.Columns[i]
		if _, left := but[i]; !left && c.Unusable == "" && !t.documentID(c.Name) {
			out = append(out, &query.Column{Index: i, Col: c})
		}
	}
	return out
}

// documentID reports whether a column is the id of a document, which every change of one holds anyway.
func (t *table) documentID(column string) bool {
	return column == "_id" && (t.d.Driver == "elasticsearch" || t.d.Driver == "opensearch")
}

// unreadable names a column of the table that cannot be read, "" for none: a row with it could not be brought back.
func (t *table) unreadable() string {
	for i := range t.d.Relation.Schema.Columns {
		if c := &t.d.Relation.Schema.Columns[i]; c.Unusable != "" && !t.d.Writings[c.Name].Generated {
			return c.Name
		}
	}
	return ""
}

// itself compares a column with itself: exactly.
func itself(c *value.Column) canon.Form {
	f, _, err := canon.Pair(*c, *c, canon.Options{})
	if err != nil {
		f, _, _ = canon.Pair(value.Column{Type: value.Of(value.Bytes)}, value.Column{Type: value.Of(value.Bytes)}, canon.Options{})
	}
	return f
}

// inOrder is the order of wishes: by key, then as the expectations stand in the suite, then as they came.
func (t *table) inOrder(a *value.Batch, i int, b *value.Batch, j int) int {
	for k := range t.key {
		if c := t.keyForms[k].Order(&a.Cols[k], canon.Left, i, &b.Cols[k], canon.Left, j); c != 0 {
			return c
		}
	}
	for _, k := range []int{len(t.key) + wishItem, len(t.key) + wishSeq} {
		if x, y := a.Cols[k].Ints[i], b.Cols[k].Ints[j]; x != y {
			return int(x - y)
		}
	}
	return 0
}

// wish is what an expectation wants of a row.
type wish struct {
	item  *item
	class correct.Class
	what  what
	key   []value.Value
	after []value.Value // of table.cols, where set
	seen  []value.Value // of table.cols, where known
	set   []bool
	known []bool
}

// what is to be done.
type what int64

const (
	wishUpdate    what = iota
	wishManual         // an update that is left to people
	wishInsert         //
	wishDelete         //
	wishSoft           // an update whose value is computed from the row as it is
	wishRow            // likewise, of an expectation about rows
	wishDuplicate      // all rows but one, or none, with this key
	wishAllRows        // likewise, where no row is right
)

// Places behind the key in a row of the sorter.
const (
	wishItem = iota
	wishWhat
	wishClass
	wishSeq
	wishInts
)

// The bits of a column in the flags of a wish.
const (
	flagSet   = 1
	flagKnown = 2
)

var classes = []correct.Class{correct.Missing, correct.Extra, correct.Changed, correct.Duplicate, correct.Violation} //nolint:gochecknoglobals // an immutable table

// newWish returns a wish for a row.
func (t *table) newWish(x *item, w what, class correct.Class, key []value.Value) *wish {
	n := len(t.cols)
	return &wish{item: x, class: class, what: w, key: key, after: make([]value.Value, n), seen: make([]value.Value, n), set: make([]bool, n), known: make([]bool, n)}
}

// add takes a wish.
func (t *table) add(w *wish) error {
	if t.unable != "" {
		t.p.refuse(w.item, t.unable)
		return nil
	}
	for i, v := range w.key {
		if v.IsNull() {
			t.p.refuse(w.item, "key column "+t.key[i].Col.Name+" is null, which names no row")
			return nil
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if w.what != wishManual {
		w.item.found++
		t.count++
	}
	t.n++
	row := append([]value.Value{}, w.key...)
	row = append(row, value.IntValue(int64(w.item.n)), value.IntValue(int64(w.what)), value.IntValue(int64(slices.Index(classes, w.class))), value.IntValue(t.n))
	flags := make([]byte, len(t.cols))
	for i := range flags {
		if w.set[i] {
			flags[i] |= flagSet
		}
		if w.known[i] {
			flags[i] |= flagKnown
		}
	}
	row = append(row, value.BytesValue(flags))
	row = append(append(row, w.after...), w.seen...)
	t.batch.AppendRow(row...)
	if t.batch.N < 1024 {
		return nil
	}
	return t.flush(context.Background()) // it ends by itself
}

func (t *table) flush(ctx context.Context) error {
	if err := t.sorter.Add(ctx, t.batch); err != nil {
		return fmt.Errorf("keep the findings of %s: %w", t.d.Spec.Name, err)
	}
	return nil
}

// wishOf reads a wish back.
func (t *table) wishOf(b *value.Batch, i int) *wish {
	k, n := len(t.key), len(t.cols)
	row := b.Row(i)
	w := &wish{
		item: t.p.order[row[k+wishItem].Int()], what: what(row[k+wishWhat].Int()), class: classes[row[k+wishClass].Int()], key: row[:k:k],
		set: make([]bool, n), known: make([]bool, n),
	}
	flags := row[k+wishInts].Str()
	for c := range n {
		w.set[c], w.known[c] = flags[c]&flagSet != 0, flags[c]&flagKnown != 0
	}
	at := k + wishInts + 1
	w.after, w.seen = row[at:at+n:at+n], row[at+n:at+2*n]
	return w
}

// columns describes query columns.
func columnsOf(cols []*query.Column) []value.Column {
	out := make([]value.Column, len(cols))
	for i, c := range cols {
		out[i] = c.Col
	}
	return out
}

// describe is the target as the plan names it.
func (t *table) describe(g *target) correct.Target {
	out := correct.NewTarget(g.name, t.d.Spec.Connection, t.d.Driver, &t.d.Relation, columnsOf(g.key), columnsOf(g.cols))
	out.Rows = g.rows
	for _, c := range append(slices.Clone(g.key), g.cols...) {
		if t.d.Spec.Mask[c.Col.Name] != spec.Shown {
			out.Masked = append(out.Masked, c.Col.Name)
		}
	}
	return out
}

// target is the connector's.
func (t *table) target(g *target) connectors.Target {
	r := t.d.Relation
	r.Joins = nil
	return connectors.Target{Relation: r, Key: columnsOf(g.key), Columns: columnsOf(g.cols)}
}

// write hands on a change of a target.
func (t *table) write(g *target, c *correct.Change) error {
	if !g.added {
		if err := t.p.opts.Target(t.describe(g)); err != nil {
			return err
		}
		g.added = true
	}
	c.Target = g.name
	t.p.res.Changes++
	if g != t.manual {
		t.written++
	}
	return t.p.opts.Change(c)
}

func named(cols []*query.Column) string {
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = c.Col.Name
	}
	return strings.Join(names, ", ")
}
