package sqlgen

import (
	"strings"

	"github.com/assay-dev/assay/connectors/query"
)

// from renders a relation with its joins as what stands behind FROM.
func (w *Writer) from(r query.Relation) (string, error) {
	item, err := From(w.d, r.Dataset, w.alias(0))
	if err != nil {
		return "", err
	}
	for i, j := range r.Joins {
		partner, err := From(w.d, j.Relation.Dataset, w.alias(i+1))
		if err != nil {
			return "", err
		}
		on, refusal := w.on(j)
		if refusal != nil {
			return "", refusal
		}
		item += "\nLEFT JOIN " + partner + " ON " + on
	}
	return item, nil
}

// on renders that a row of the joined relation has the row's key: strictly, so that a null and a bad cell match nothing.
func (w *Writer) on(j query.Join) (string, *query.Refusal) {
	if len(j.On) == 0 {
		return "", Refuse(w.d, "join without a key", nil)
	}
	parts := make([]string, len(j.On))
	for i, k := range j.On {
		left, refusal := w.Expr(k.Left)
		if refusal != nil {
			return "", refusal
		}
		right, refusal := w.column(k.Right)
		if refusal != nil {
			return "", refusal
		}
		equal, refusal := w.compare(k.Left, query.OpEq, left, right)
		if refusal != nil {
			return "", refusal
		}
		parts[i] = equal.Paren(PrecAnd)
	}
	return strings.Join(parts, " AND "), nil
}
