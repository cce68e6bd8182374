package elasticsearch

import (
	"fmt"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// keySort is the sort for the key: nulls last, keywords by their UTF-8 bytes. The server takes a missing integer for the greatest one, but
// not where it sorts integers as doubles: then it is infinite, and of what is one double the integers decide. For the first column
// nullsLast does it, whose order the index has.
func keySort(comp *compiler, from query.Relation) ([]any, error) {
	var out []any
	for n, name := range from.Dataset.Key {
		col, i := from.Schema.Column(name)
		if i < 0 {
			return nil, &connectors.Error{Op: "sort by key", Err: fmt.Errorf("no field %q", name)}
		}
		f, r := comp.comparable(&query.Column{Index: i, Col: col})
		if r != nil {
			return nil, r
		}
		if !f.sortable {
			return nil, refuse(nil, "order by a field of type "+f.typ)
		}
		body := map[string]any{"order": "asc", "missing": "_last"}
		if f.class == classKeyword {
			body["unmapped_type"] = "keyword"
		} else {
			body["unmapped_type"] = f.typ
		}
		switch {
		case n > 0 && f.class == classUint:
			return nil, refuse(nil, "order by a field of type "+f.typ+" that is not the first")
		case n > 0 && f.class == classLong:
			out = append(out, map[string]any{f.asked: map[string]any{"order": "asc", "missing": "_last", "unmapped_type": f.typ, "numeric_type": "double"}})
		}
		out = append(out, map[string]any{f.asked: body})
	}
	return out, nil
}

// nullsLast splits the one branch where a missing value of the first column would sort among the greatest ones: the server takes a missing
// integer for 2^63-1.
func (sel *selection) nullsLast(from query.Relation) {
	if len(from.Dataset.Key) == 0 {
		return
	}
	col, _ := from.Schema.Column(from.Dataset.Key[0])
	f, ok := col.Meta.(*field)
	if !ok || (f.class != classLong && f.class != classUint) {
		return
	}
	var parts []selectBranch
	present := existsClause(f.asked)
	for _, b := range sel.branches {
		parts = append(parts,
			selectBranch{where: and(b.where, present), limit: b.limit}, selectBranch{where: and(b.where, not(present)), limit: b.limit})
	}
	sel.branches, sel.bounded = parts, false
}
