package mysql

import (
	"strings"

	"github.com/assay-dev/assay/connectors/query"
)

// jsonChecked returns the column that a check of MariaDB holds to JSON: "json_valid(`doc`)", as the type JSON is stored.
func jsonChecked(clause string) (string, bool) {
	name, ok := strings.CutPrefix(strings.TrimSpace(clause), "json_valid(`")
	if !ok {
		return "", false
	}
	if name, ok = strings.CutSuffix(name, "`)"); !ok {
		return "", false
	}
	plain := strings.ReplaceAll(name, "``", "")
	return strings.ReplaceAll(name, "``", "`"), !strings.Contains(plain, "`")
}

// strictJSON refuses what depends on whether a cell is JSON where the server cannot say it as we read it.
func (d dialect) strictJSON(caps query.Caps) query.Caps {
	if d.flavour != mariaDB {
		return caps
	}
	refuse := func(es ...query.Expr) *query.Refusal {
		for _, c := range query.Columns(es...) {
			if nativeOf(c.Col).loose() {
				return d.refuse("json, whose text need be none", c)
			}
		}
		return nil
	}
	expr, measure, set := caps.Expr, caps.Measure, caps.Set
	caps.Expr = func(from query.Relation, e query.Expr) *query.Refusal {
		if r := refuse(e); r != nil {
			return r
		}
		return expr(from, e)
	}
	caps.Measure = func(from query.Relation, m query.Measure) *query.Refusal {
		if r := refuse(append(exprs(m.Nulls...), m.Arg, m.Where, m.Skip)...); r != nil {
			return r
		}
		return measure(from, m)
	}
	caps.Set = func(c query.SetCheck) *query.Refusal {
		if r := refuse(setExprs(c)...); r != nil {
			return r
		}
		return set(c)
	}
	return caps
}

// setExprs are the expressions of a set-level check.
func setExprs(c query.SetCheck) []query.Expr {
	switch c := c.(type) {
	case *query.UniqueCheck:
		return append(exprs(c.Columns...), c.Where)
	case *query.MonotonicCheck:
		return append(append(append(exprs(c.OrderBy...), exprs(c.GroupBy...)...), c.Column), c.Where)
	case *query.ReferenceCheck:
		return append(append(exprs(c.Columns...), exprs(c.ParentColumns...)...), c.Where)
	}
	return nil
}

func exprs(cols ...*query.Column) []query.Expr {
	es := make([]query.Expr, len(cols))
	for i, c := range cols {
		es[i] = c
	}
	return es
}
