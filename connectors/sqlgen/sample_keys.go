package sqlgen

import (
	"slices"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// MaxProbes is how many probes one statement should be asked for: each is two of its columns, of which SQLite takes 2,000.
const MaxProbes = 100

// Lookup asks for rows by their keys.
type Lookup struct {
	From    query.Relation
	Key     []*query.Column // of an index; compared as they are stored
	Rows    [][]value.Value // keys
	Columns []*query.Column
	Where   query.Expr // nil for none
}

// Find renders the rows of q: the columns of the key, then q.Columns. The condition is said such that no index serves it: the rows are found by their keys.
func Find(d Dialect, q Lookup) (Statement, error) {
	w := NewWriter(d)
	conds, from, err := w.lookup(q)
	if err != nil {
		return Statement{}, err
	}
	hit, err := w.test(q.Where)
	if err != nil {
		return Statement{}, err
	}
	if hit != "" {
		conds += " AND " + hit + " = 1"
	}
	outs := make([]string, 0, len(q.Key)+len(q.Columns))
	for i, c := range append(append([]*query.Column(nil), q.Key...), q.Columns...) {
		o, refusal := w.column(c)
		if refusal != nil {
			return Statement{}, refusal
		}
		outs = append(outs, d.Output(o)+" AS c"+strconv.Itoa(i))
	}
	return w.Finish("SELECT " + strings.Join(outs, ", ") + "\nFROM " + from + "\nWHERE " + conds), nil
}

// Found renders how many of the keys of q have a row, and how many have one that meets the condition: one row of two integers.
func Found(d Dialect, q Lookup) (Statement, error) {
	w := NewWriter(d)
	conds, from, err := w.lookup(q)
	if err != nil {
		return Statement{}, err
	}
	hit, err := w.test(q.Where)
	if err != nil {
		return Statement{}, err
	}
	met := "COUNT(*)"
	if hit != "" {
		met = "COUNT(NULLIF(" + hit + ", 0))"
	}
	return w.Finish("SELECT COUNT(*) AS c0, " + met + " AS c1\nFROM " + from + "\nWHERE " + conds), nil
}

// test renders 1 for rows that meet a condition and 0 for others, "" for no condition.
func (w *Writer) test(e query.Expr) (string, error) {
	conds, refusal := w.conjuncts(e, false)
	if refusal != nil {
		return "", refusal
	}
	if conds = prune(conds); len(conds) == 0 {
		return "", nil
	}
	return "CASE WHEN " + joinConds(true, conds).SQL + " THEN 1 ELSE 0 END", nil
}

func (w *Writer) lookup(q Lookup) (conds, from string, err error) {
	from, refs, err := w.keyed(q.From, q.Key)
	if err != nil {
		return "", "", err
	}
	terms := make([]string, len(q.Rows))
	for i, row := range q.Rows {
		var refusal *query.Refusal
		if len(refs) == 1 {
			terms[i], refusal = w.Param(row[0])
		} else {
			var equal []string
			equal, refusal = w.equal(refs, row)
			terms[i] = "(" + strings.Join(equal, " AND ") + ")"
		}
		if refusal != nil {
			return "", "", refusal
		}
	}
	if len(refs) == 1 {
		return refs[0] + " IN (" + strings.Join(terms, ", ") + ")", from, nil
	}
	return "(" + strings.Join(terms, " OR ") + ")", from, nil
}

// keyed renders where rows are found by a key, and its columns as they are stored.
func (w *Writer) keyed(rel query.Relation, key []*query.Column) (from string, refs []string, err error) {
	if from, err = From(w.d, rel.Dataset, w.alias(0)); err != nil {
		return "", nil, err
	}
	refs, err = w.refs(key)
	return from, refs, err
}

// equal renders that the first of columns have values.
func (w *Writer) equal(refs []string, values []value.Value) ([]string, *query.Refusal) {
	conds := make([]string, len(values))
	for j, v := range values {
		sql, refusal := w.Param(v)
		if refusal != nil {
			return nil, refusal
		}
		conds[j] = refs[j] + " = " + sql
	}
	return conds, nil
}

// refs renders columns as they are stored.
func (w *Writer) refs(cols []*query.Column) ([]string, error) {
	refs := make([]string, len(cols))
	for i, c := range cols {
		o, refusal := w.column(c)
		if refusal != nil {
			return nil, refusal
		}
		refs[i] = o.Ref
	}
	return refs, nil
}

// Probe is a place in an index: At of the column behind those of Prefix.
type Probe struct {
	Prefix []value.Value
	At     value.Value
}

// Neighbours renders one row with two columns for each probe: the least value from At on and the greatest below At; NULL where there is none. The
// key's first columns are those of an index. A minimum and a maximum are one step into it each; ORDER BY and LIMIT 1 cost MySQL a hundred times as
// much, and SELECTs united twice as much.
func Neighbours(d Dialect, from query.Relation, key []*query.Column, probes []Probe) (Statement, error) {
	return ends(d, from, key, probes, true)
}

// Ends renders one row with two columns for each prefix: the least and the greatest value of the column behind it.
func Ends(d Dialect, from query.Relation, key []*query.Column, prefixes [][]value.Value) (Statement, error) {
	probes := make([]Probe, len(prefixes))
	for i := range prefixes {
		probes[i].Prefix = prefixes[i]
	}
	return ends(d, from, key, probes, false)
}

func ends(d Dialect, rel query.Relation, key []*query.Column, probes []Probe, split bool) (Statement, error) {
	w := NewWriter(d)
	from, refs, err := w.keyed(rel, key)
	if err != nil {
		return Statement{}, err
	}
	parts := make([]string, len(probes))
	for i, p := range probes {
		ref := refs[len(p.Prefix)]
		conds, refusal := w.equal(refs, p.Prefix)
		if refusal != nil {
			return Statement{}, refusal
		}
		side := func(fold, op string) (string, *query.Refusal) {
			all := conds
			if split {
				at, refusal := w.Param(p.At)
				if refusal != nil {
					return "", refusal
				}
				all = append(slices.Clip(all), ref+op+at)
			}
			sql := "(SELECT " + fold + "(" + ref + ") FROM " + from
			if len(all) > 0 {
				sql += " WHERE " + strings.Join(all, " AND ")
			}
			return sql + ")", nil
		}
		least, refusal := side("MIN", " >= ")
		if refusal != nil {
			return Statement{}, refusal
		}
		greatest, refusal := side("MAX", " < ")
		if refusal != nil {
			return Statement{}, refusal
		}
		n := strconv.Itoa(i)
		parts[i] = least + " AS a" + n + ", " + greatest + " AS b" + n
	}
	return w.Finish("SELECT " + strings.Join(parts, ",\n  ")), nil
}

// Groups renders one row with a column for each prefix: how many rows have it, or limit where there are more.
func Groups(d Dialect, rel query.Relation, key []*query.Column, prefixes [][]value.Value, limit int) (Statement, error) {
	w := NewWriter(d)
	from, refs, err := w.keyed(rel, key)
	if err != nil {
		return Statement{}, err
	}
	parts := make([]string, len(prefixes))
	for i, p := range prefixes {
		conds, refusal := w.equal(refs, p)
		if refusal != nil {
			return Statement{}, refusal
		}
		n := strconv.Itoa(i)
		parts[i] = "(SELECT COUNT(*) FROM (SELECT 1 AS one FROM " + from + " WHERE " + strings.Join(conds, " AND ") + " LIMIT " + strconv.Itoa(limit) + ") AS g" + n + ") AS c" + n
	}
	return w.Finish("SELECT " + strings.Join(parts, ",\n  ")), nil
}

// CountUpTo renders the number of rows, or limit where there are more.
func CountUpTo(d Dialect, rel query.Relation, e query.Expr, limit int) (Statement, error) {
	w := NewWriter(d)
	from, err := w.rowsOf(rel, e)
	if err != nil {
		return Statement{}, err
	}
	return w.Finish("SELECT COUNT(*) AS c0\nFROM (SELECT 1 AS one" + from + "\nLIMIT " + strconv.Itoa(limit) + ") AS n"), nil
}
