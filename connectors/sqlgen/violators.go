package sqlgen

import (
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
)

// violators renders the FROM item and the conditions of the rows that violate a
// set-level check; of all rows when c is nil.
func (w *Writer) violators(from query.Relation, c query.SetCheck) (string, []Operand, error) {
	switch c := c.(type) {
	case nil:
		item, err := w.from(from)
		return item, nil, err
	case *query.UniqueCheck:
		return w.duplicates(c)
	case *query.MonotonicCheck:
		return w.falling(c)
	case *query.ReferenceCheck:
		return w.orphans(c)
	default:
		return "", nil, Refuse(w.d, "rows of an unknown set check", nil)
	}
}

func (w *Writer) duplicates(c *query.UniqueCheck) (string, []Operand, error) {
	item, conds, _, err := w.selected(c.From, c.Where)
	if err != nil {
		return "", nil, err
	}
	k, refusal := w.keys(c.Columns)
	if refusal != nil {
		return "", nil, refusal
	}
	// The groups stand in a derived table: MySQL would push the comparison into HAVING, where only_full_group_by refuses it.
	list := strings.Join(k.groups, ", ")
	named, names := make([]string, len(k.groups)), make([]string, len(k.groups))
	for i, g := range k.groups {
		names[i] = "k" + strconv.Itoa(i)
		named[i] = g + " AS " + names[i]
	}
	conds = with(conds, k.present()...)
	twice := Operand{
		SQL: "(" + list + ") IN (SELECT " + strings.Join(names, ", ") + " FROM (SELECT " + strings.Join(named, ", ") + " FROM " + item + where(conds) +
			" GROUP BY " + list + " HAVING count(*) > 1) AS d)",
		Prec: PrecCompare,
	}
	return item, with(conds, twice), nil
}

func (w *Writer) falling(c *query.MonotonicCheck) (string, []Operand, error) {
	item, conds, _, err := w.selected(c.From, c.Where)
	if err != nil {
		return "", nil, err
	}
	v, window, k, err := w.ordered(c)
	if err != nil {
		return "", nil, err
	}
	// Which of several equal rows follows which is not fixed by the check; the key fixes it, so that the same rows are shown each time.
	for _, name := range c.From.Dataset.Key {
		col, index := c.From.Schema.Column(name)
		if index < 0 {
			continue
		}
		o, refusal := w.column(&query.Column{Index: index, Col: col})
		if refusal != nil {
			return "", nil, refusal
		}
		window += ", " + w.d.OrderBy(o, false)
	}
	// Within the derived table the row keeps its columns, so they can be selected by their names outside.
	derived := "(SELECT t.*, " + v.SQL + " AS assay_value, lag(" + v.SQL + ") OVER (" + window + ") AS assay_previous FROM " + item +
		where(with(conds, k.present()...)) + ") AS t"
	falls, refusal := w.falls(c, "t.assay_previous", "t.assay_value")
	if refusal != nil {
		return "", nil, refusal
	}
	return derived, []Operand{falls}, nil
}

func (w *Writer) orphans(c *query.ReferenceCheck) (string, []Operand, error) {
	item, conds, _, err := w.selected(c.From, c.Where)
	if err != nil {
		return "", nil, err
	}
	k, refusal := w.keys(c.Columns)
	if refusal != nil {
		return "", nil, refusal
	}
	derived, on, err := w.parent(c, k)
	if err != nil {
		return "", nil, err
	}
	none := Operand{SQL: "NOT EXISTS (SELECT 1 FROM (" + derived + ") AS p WHERE " + on + ")", Prec: PrecNot}
	return item, with(conds, append(k.present(), none)...), nil
}
