package correct

import (
	"slices"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// phase is a part of a plan that is done with before the next one begins.
type phase struct {
	w      *worker
	delete bool
}

// phases orders the work by foreign keys: inserts and updates parents first, then deletes children first. Where they go in a circle the plan's order counts, and
// what is refused for it is tried again.
func phases(workers []*worker) []phase {
	sorted := parentsFirst(workers)
	var out []phase
	for _, w := range sorted {
		if w.upserts > 0 {
			out = append(out, phase{w: w})
		}
	}
	for _, w := range slices.Backward(sorted) {
		if w.deletes > 0 {
			out = append(out, phase{w: w, delete: true})
		}
	}
	return out
}

// of reports whether a change belongs to the phase.
func (f *phase) of(c *Change) bool {
	return c.Target == f.w.t.Name && (c.Action == connectors.Delete) == f.delete
}

func parentsFirst(workers []*worker) []*worker {
	var out []*worker
	state := make(map[*worker]int, len(workers)) // 1 while its parents are looked for, 2 when it is placed
	var place func(w *worker)
	place = func(w *worker) {
		if state[w] != 0 {
			return
		}
		state[w] = 1
		for _, p := range workers {
			if p != w && w.b != nil && p.b != nil && refers(w, p) {
				place(p)
			}
		}
		state[w] = 2
		out = append(out, w)
	}
	for _, w := range workers {
		place(w)
	}
	return out
}

// refers reports whether the rows of child name rows of parent.
func refers(child, parent *worker) bool {
	if child.t.Connection != parent.t.Connection || parent.b.schema.Table == "" {
		return false
	}
	return slices.ContainsFunc(child.b.schema.Constraints, func(c value.Constraint) bool {
		return c.Kind == value.ForeignKey && c.RefTable == parent.b.schema.Table
	})
}
