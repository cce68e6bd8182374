package rebuild

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/correct/convert"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/spec"
)

// code is that of all that keeps a dataset from being rebuilt.
const code = "not-rebuildable"

// find takes the comparison, and refuses what its text shows cannot be rebuilt.
func (r *rebuilding) find(id string) diag.List {
	var found diag.List
	var ids []string
	for i := range r.suite.Expectations {
		e := &r.suite.Expectations[i]
		if e.ID == id {
			r.e = e
		}
		if e.Compare != nil {
			ids = append(ids, e.ID)
		}
	}
	if r.e == nil {
		found.Errorf("unknown-expectation", diag.Span{Pos: diag.Pos{File: r.suite.File, Line: 1, Col: 1}}, diag.DidYouMean(id, ids), "the suite has no expectation %q", id)
		return found
	}
	e, f := r.e, r.e.Fix
	switch {
	case e.Compare == nil:
		found.Errorf(code, e.At, "a table is rebuilt from the other side of a comparison: compare: {source: …, target: …}, fix: target", "expectation %q is no comparison", id)
		return found
	case f == nil:
		found.Errorf(code, e.At, "add fix: target", "expectation %q does not say which side is right, and so not which is rebuilt", id)
		return found
	case e.Compare.WhereSource.Value != "" || e.Compare.WhereTarget.Value != "":
		found.Errorf(code, place(e.Places["where"], e.At), "compare all rows, or write a plan instead", "expectation %q compares only some rows, and a rebuild would lose the others", id)
	case f.Extra != spec.ExtraDelete:
		found.Errorf(code, place(f.Places["extra"], f.At), "write a plan instead", "rows that only the rebuilt side has are kept by extra: %s, and a rebuild would lose them", f.Extra)
	case f.Missing != spec.MissingInsert:
		found.Errorf(code, place(f.Places["missing"], f.At), "write a plan instead", "rows that the rebuilt side lacks are left out by missing: %s, and a rebuild would add them", f.Missing)
	}
	for _, c := range f.Columns {
		if c.Owner.Kind != spec.OwnerSide || c.Owner.Side == f.To {
			found.Errorf(code, c.Owner.At, "write a plan instead", "column %q is not owned by the other side alone, and a rebuild would lose what the rebuilt side has", c.Name.Value)
		}
	}
	sum := sha256.Sum256([]byte(r.suite.Name + "\x00" + id))
	r.name = "assay_rebuild_" + hex.EncodeToString(sum[:5])
	return found
}

func place(at, otherwise diag.Span) diag.Span {
	if at.File == "" {
		return otherwise
	}
	return at
}

// resolve pairs the columns, and refuses what the schemas show cannot be rebuilt: every column of the rebuilt side gets its value from the other one.
func (r *rebuilding) resolve(p *plan.Plan) diag.List {
	var found diag.List
	it, f := r.item.Compare, r.e.Fix
	for _, d := range p.Datasets {
		if d.Spec.Name == Target(r.e) {
			r.write = d
		} else {
			r.read = d.Relation
		}
	}
	if r.write == nil || r.read.Dataset.Name == "" {
		found.Errorf(code, r.e.At, "", "the datasets of expectation %q are not there", r.e.ID)
		return found
	}
	sides := func(c *diff.Column) (from, to *query.Column) {
		if f.To == spec.ToSource {
			return c.Right, c.Left
		}
		return c.Left, c.Right
	}
	add := func(c *diff.Column, o canon.Options, key bool) {
		from, to := sides(c)
		if from == nil || to == nil || r.write.Writings[to.Col.Name].Generated || slices.ContainsFunc(r.columns, func(p pair) bool { return p.to.Index == to.Index }) {
			return
		}
		conv, err := convert.New(from.Col, to.Col, r.write.Driver, o)
		if err != nil {
			found.Errorf(code, r.e.At, "", "column %q of %s cannot be filled from %q: %s", to.Col.Name, r.write.Spec.Name, from.Col.Name, err.Error())
			return
		}
		r.columns = append(r.columns, pair{from, to, conv, key})
	}
	for i := range it.Spec.Key {
		add(&it.Spec.Key[i], canon.Options{}, true)
	}
	for i := range it.Compared {
		c := &it.Spec.Columns[i]
		if c.Expect != nil {
			found.Errorf(code, r.e.At, "compare it by its value, or write a plan instead", "column %q is compared by an expression, which does not say what value it gets", c.Name)
			continue
		}
		add(c, r.optionsOf(c.Name), false)
	}
	r.uncovered(&found)
	return found
}

// uncovered refuses columns that a rebuild would lose.
func (r *rebuilding) uncovered(found *diag.List) {
	for i := range r.write.Relation.Schema.Columns {
		c := &r.write.Relation.Schema.Columns[i]
		covered := slices.ContainsFunc(r.columns, func(p pair) bool { return p.to.Index == i })
		if covered || r.write.Writings[c.Name].Generated || found.HasErrors() || c.Name == "_id" {
			continue
		}
		found.Errorf(code, r.e.At, "compare it too, or write a plan instead", "column %q of %s is not compared, and a rebuild would lose what it holds", c.Name, r.write.Spec.Name)
	}
}

// optionsOf says how a column is compared, by the source's name.
func (r *rebuilding) optionsOf(name string) canon.Options {
	for _, c := range r.e.Compare.Columns {
		if c.Name.Value == name {
			return c.Options
		}
	}
	return canon.Options{}
}
