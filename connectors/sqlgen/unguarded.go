package sqlgen

import (
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Sound is a Dialect that can compute without the guards of columns that MayErr as long as none of their cells is bad.
// Guards stand at every use of a column: on a table with times and decimals they are half the cost of a statement.
type Sound interface {
	// SoundColumn renders a column as Column does, but without a guard: OK is "". bad is TRUE exactly on cells in error,
	// FALSE or NULL on all others, and never raises. ok is false where the column has no guard or must keep it.
	SoundColumn(w *Writer, ref string, c *query.Column) (o Operand, bad string, ok bool)
}

// doubts are the conditions under which a fragment without guards is wrong.
type doubts struct{ conds []string }

func (h *doubts) add(cond string) {
	if !slices.Contains(h.conds, cond) {
		h.conds = append(h.conds, cond)
	}
}

// Doubt reports whether a guard may be left out that is missed on rows for which bad is TRUE: the statement then counts
// these rows, and a statement with guards is asked should there be one. bad must not raise.
func (w *Writer) Doubt(bad string) bool {
	if w.hope != nil {
		w.hope.add(bad)
	}
	return w.hope != nil
}

// MayRaise reports whether a fragment may raise where with its guard it would be NULL: a statement that raised is asked
// again with guards.
func (w *Writer) MayRaise() bool { return w.hope != nil }

// sound renders a column, without its guard where that may be left out.
func (w *Writer) sound(ref string, c *query.Column) (Operand, *query.Refusal) {
	if d, ok := w.d.(Sound); ok && w.hope != nil {
		if o, bad, ok := d.SoundColumn(w, ref, c); ok {
			w.hope.add(bad)
			return o, nil
		}
	}
	return w.d.Column(w, ref, c)
}

// Unguarded renders q without the guards against cells that are hardly ever met: infinities, NaN, sums that overflow. Its
// outputs are those of Aggregate if the statement does not raise and Plan.Doubtful denies its result; else Aggregate's
// statement must be asked. ok is false where the dialect knows no such form, or it is Aggregate's.
func Unguarded(d Dialect, q query.Aggregate) (p *Plan, ok bool) {
	if _, ok := d.(Sound); !ok {
		return nil, false
	}
	w := NewWriter(d)
	w.hope = &doubts{}
	p, err := aggregate(w, q)
	if err != nil {
		return nil, false // Aggregate says why
	}
	return p, true
}

// doubt adds the count of rows on which a guard is missed and returns its column, -1 for none.
func (a *aggregation) doubt() int {
	if a.w.hope == nil || len(a.w.hope.conds) == 0 {
		return -1
	}
	cond := strings.Join(a.w.hope.conds, " OR ")
	return a.add(Operand{SQL: a.w.d.CountIf(cond), Prec: PrecAtom, Type: value.Of(value.Int)})
}

// Doubtful reports whether the decoded rows of the statement hold a group on which a guard was missed: they are then worth nothing.
func (p *Plan) Doubtful(raw *value.Batch) bool {
	if p.doubt < 0 {
		return false
	}
	v := &raw.Cols[p.doubt]
	for i := range v.N {
		if !v.Nulls.Get(i) && v.Ints[i] != 0 {
			return true
		}
	}
	return false
}
