package sqlgen

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// SetColumns is the number of columns of a SetCheck's statement, all Ints in one row, NULL
// for 0: true, false, skipped, where_undecided, errored.
const SetColumns = 5

// SetResultOf reads the row of a SetCheck's statement.
func SetResultOf(row [SetColumns]int64) query.SetResult {
	return query.SetResult{True: row[0], False: row[1], Skipped: row[2], WhereUndecided: row[3], Errored: row[4]}
}

// Set renders a set-level check as one statement.
// The error is a *query.Refusal where the engine cannot say it exactly.
func Set(d Dialect, c query.SetCheck) (Statement, error) {
	w := NewWriter(d)
	var sql string
	var err error
	switch c := c.(type) {
	case *query.UniqueCheck:
		sql, err = w.unique(c)
	case *query.MonotonicCheck:
		sql, err = w.monotonic(c)
	case *query.ReferenceCheck:
		sql, err = w.references(c)
	default:
		err = Refuse(d, fmt.Sprintf("set check %T", c), nil)
	}
	if err != nil {
		return Statement{}, err
	}
	return w.Finish(sql), nil
}

// keys are the rendered columns of a check.
type keys struct {
	ops    []Operand
	groups []string // as keys of GROUP BY and comparison
	bad    []string // further conditions, never NULL, under which a row is bad
}

func (w *Writer) keys(cols []*query.Column) (keys, *query.Refusal) {
	var k keys
	for _, c := range cols {
		o, refusal := w.column(c)
		if refusal != nil {
			return k, refusal
		}
		g, refusal := w.d.GroupKey(w, o)
		if refusal != nil {
			return k, located(refusal, c)
		}
		k.ops = append(k.ops, o)
		k.groups = append(k.groups, g)
	}
	return k, nil
}

// state says of a row whether a key is null (1), bad (2) or neither (0); "" where all rows are fine.
func (k keys) state() string {
	var null []string
	bad := append([]string(nil), k.bad...)
	for _, o := range k.ops {
		if is := isNull(o); is != "" {
			null = append(null, is)
		}
		if ok := okOf(o); ok != "" {
			bad = append(bad, "NOT ("+ok+")")
		}
	}
	if len(null)+len(bad) == 0 {
		return ""
	}
	s := "CASE"
	if len(null) > 0 {
		s += " WHEN " + strings.Join(null, " OR ") + " THEN 1"
	}
	if len(bad) > 0 {
		s += " WHEN " + strings.Join(bad, " OR ") + " THEN 2"
	}
	return s + " ELSE 0 END"
}

// present returns the conditions under which no key is null or bad.
func (k keys) present() []Operand {
	var out []Operand
	for _, o := range k.ops {
		if o.MayBeNull {
			out = append(out, present(o, nil))
		}
	}
	for _, b := range k.bad {
		out = append(out, Operand{SQL: "NOT (" + b + ")", Prec: PrecNot, f: facts{exact: true}})
	}
	return out
}

// int renders a count for output.
func (w *Writer) int(sql string) string {
	return w.d.Output(Operand{SQL: sql, Prec: PrecAtom, Type: value.Of(value.Int)})
}

// selected renders the FROM item and WHERE of a check, and the scalar that counts rows whose where is undecided.
func (w *Writer) selected(from query.Relation, cond query.Expr) (item string, conds []Operand, undecided string, err error) {
	item, err = From(w.d, from.Dataset, w.alias(0))
	if err != nil {
		return "", nil, "", err
	}
	undecided = "0"
	if cond == nil {
		return item, nil, undecided, nil
	}
	conds, refusal := w.conjuncts(cond, false)
	if refusal != nil {
		return "", nil, "", refusal
	}
	exact, refusal := w.cond(cond, false, exactly)
	if refusal != nil {
		return "", nil, "", refusal
	}
	if !exact.never() {
		undecided = "(SELECT count(*) FROM " + item + " WHERE " + exact.Paren(PrecCompare) + " IS NULL)"
	}
	return item, conds, undecided, nil
}

func (w *Writer) row(cols ...string) string {
	for i, c := range cols {
		cols[i] = w.int(c) + " AS c" + strconv.Itoa(i)
	}
	return "SELECT " + strings.Join(cols, ",\n  ")
}

// unique counts by groups: one pass, no window.
func (w *Writer) unique(c *query.UniqueCheck) (string, error) {
	item, conds, undecided, err := w.selected(c.From, c.Where)
	if err != nil {
		return "", err
	}
	k, refusal := w.keys(c.Columns)
	if refusal != nil {
		return "", refusal
	}
	groups := append([]string(nil), k.groups...)
	fine, skipped, bad := "", "0", "0"
	state := k.state()
	inner := "count(*) AS n"
	if state != "" {
		inner += ", " + state + " AS s"
		groups = append(groups, state)
		fine = " AND g.s = 0"
		skipped = "sum(CASE WHEN g.s = 1 THEN g.n ELSE 0 END)"
		bad = "sum(CASE WHEN g.s = 2 THEN g.n ELSE 0 END)"
	}
	return w.row(
		"sum(CASE WHEN g.n = 1"+fine+" THEN 1 ELSE 0 END)",
		"sum(CASE WHEN g.n > 1"+fine+" THEN g.n ELSE 0 END)",
		skipped, undecided, bad,
	) + "\nFROM (SELECT " + inner + " FROM " + item + where(conds) + " GROUP BY " + strings.Join(groups, ", ") + ") AS g", nil
}

// ordered renders the window over which a MonotonicCheck looks back. The keys are what a row
// needs to take part: a null group is a group, a bad one is none, and NaN has no place in an order.
func (w *Writer) ordered(c *query.MonotonicCheck) (v Operand, window string, k keys, err error) {
	v, refusal := w.column(c.Column)
	if refusal != nil {
		return v, "", k, refusal
	}
	k.ops = append(k.ops, v)
	var order []string
	for _, col := range c.OrderBy {
		o, refusal := w.column(col)
		if refusal != nil {
			return v, "", k, refusal
		}
		k.ops = append(k.ops, o)
		order = append(order, w.d.OrderBy(o, false))
	}
	order = append(order, w.d.OrderBy(v, c.Descending))
	for _, o := range k.ops {
		nan, refusal := w.nan(o)
		if refusal != nil {
			return v, "", k, refusal
		}
		if nan != "" {
			k.bad = append(k.bad, o.Paren(PrecCompare)+" IS NOT NULL AND "+nan)
		}
	}
	g, refusal := w.keys(c.GroupBy)
	if refusal != nil {
		return v, "", k, refusal
	}
	for _, o := range g.ops {
		if ok := okOf(o); ok != "" {
			k.bad = append(k.bad, "NOT ("+ok+")")
		}
	}
	if len(g.groups) > 0 {
		window = "PARTITION BY " + strings.Join(g.groups, ", ") + " "
	}
	return v, window + "ORDER BY " + strings.Join(order, ", "), k, nil
}

// falls renders that v does not follow its predecessor prev as c demands.
func (w *Writer) falls(c *query.MonotonicCheck, prev, v string) (Operand, *query.Refusal) {
	op := query.OpLt // v < prev
	switch {
	case c.Strict && c.Descending:
		op = query.OpGe
	case c.Strict:
		op = query.OpLe
	case c.Descending:
		op = query.OpGt
	}
	t := c.Column.Col.Type
	return w.compare(c.Column, op, Operand{SQL: v, Prec: PrecAtom, Type: t, MayBeNull: true}, Operand{SQL: prev, Prec: PrecAtom, Type: t, MayBeNull: true})
}

func (w *Writer) monotonic(c *query.MonotonicCheck) (string, error) {
	item, conds, undecided, err := w.selected(c.From, c.Where)
	if err != nil {
		return "", err
	}
	v, window, k, err := w.ordered(c)
	if err != nil {
		return "", err
	}
	falls, refusal := w.falls(c, "q.p", "q.v")
	if refusal != nil {
		return "", refusal
	}
	skipped, bad := "0", "0"
	if state := k.state(); state != "" {
		count := func(n string) string {
			return "(SELECT count(*) FROM " + item + where(with(conds, Operand{SQL: state + " = " + n, Prec: PrecCompare})) + ")"
		}
		skipped = count("1")
		if strings.Contains(state, "THEN 2") {
			bad = count("2")
		}
	}
	fell := "sum(CASE WHEN " + falls.SQL + " THEN 1 ELSE 0 END)"
	return w.row("sum(CASE WHEN "+falls.SQL+" THEN 0 ELSE 1 END)", fell, skipped, undecided, bad) +
		"\nFROM (SELECT " + v.SQL + " AS v, lag(" + v.SQL + ") OVER (" + window + ") AS p FROM " + item +
		where(with(conds, k.present()...)) + ") AS q", nil
}

// parent renders the distinct keys of a ReferenceCheck's parent as p(k0, k1, ...) and the join condition with the child's keys.
func (w *Writer) parent(c *query.ReferenceCheck, child keys) (derived, on string, err error) {
	item, err := From(w.d, c.Parent.Dataset, "t1")
	if err != nil {
		return "", "", err
	}
	cols := make([]*query.Column, len(c.ParentColumns))
	for i, p := range c.ParentColumns {
		q := *p
		q.Rel = 1
		cols[i] = &q
	}
	k, refusal := w.keys(cols)
	if refusal != nil {
		return "", "", refusal
	}
	var outs, conds []string
	for i, g := range k.groups {
		name := "k" + strconv.Itoa(i)
		outs = append(outs, g+" AS "+name)
		o := k.ops[i]
		cmp, refusal := w.compare(c.Columns[i], query.OpEq, child.ops[i], Operand{SQL: "p." + name, Prec: PrecAtom, Type: o.Type, MayBeNull: true})
		if refusal != nil {
			return "", "", refusal
		}
		conds = append(conds, cmp.Paren(PrecAnd))
	}
	return "SELECT DISTINCT " + strings.Join(outs, ", ") + ", 1 AS hit FROM " + item + where(k.present()), strings.Join(conds, " AND "), nil
}

func (w *Writer) references(c *query.ReferenceCheck) (string, error) {
	item, conds, undecided, err := w.selected(c.From, c.Where)
	if err != nil {
		return "", err
	}
	k, refusal := w.keys(c.Columns)
	if refusal != nil {
		return "", refusal
	}
	derived, on, err := w.parent(c, k)
	if err != nil {
		return "", err
	}
	miss, skipped, bad := "p.hit IS NULL", "0", "0"
	if state := k.state(); state != "" {
		miss += " AND " + state + " = 0"
		skipped = "sum(CASE WHEN " + state + " = 1 THEN 1 ELSE 0 END)"
		bad = "sum(CASE WHEN " + state + " = 2 THEN 1 ELSE 0 END)"
	}
	return w.row("count(p.hit)", "sum(CASE WHEN "+miss+" THEN 1 ELSE 0 END)", skipped, undecided, bad) +
		"\nFROM " + item + "\nLEFT JOIN (" + derived + ") AS p ON " + on + where(conds), nil
}
