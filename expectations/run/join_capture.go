package run

import (
	"iter"
	"math/bits"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// joinCapture keeps the first failing rows of one item, orphans apart from those that fail by what they hold.
type joinCapture struct {
	x    *joinRun
	item *plan.Item
	cols []*query.Column
	at   map[[2]int]int // position by relation and index
	prog *eval.Program  // fails by what it holds, is an orphan, the predicate; each true, false or undecided
	keys *eval.Program  // the keys of all partners, for messages
	// first is the position of each partner's first key in keys.
	first []int
	full  bool
}

func newJoinCapture(x *joinRun, it *plan.Item, cols []*query.Column) (*joinCapture, error) {
	c := &joinCapture{x: x, item: it, cols: cols, at: map[[2]int]int{}}
	for i, col := range cols {
		c.at[[2]int{col.Rel, col.Index}] = i
	}
	values, orphans := x.job.Failing(it)
	var err error
	if c.prog, err = eval.Compile([]query.Expr{orFalse(values), orFalse(orphans), it.Join.Pred}, cols); err != nil {
		return nil, err
	}
	var keys []query.Expr
	for _, p := range x.job.Partners {
		c.first = append(c.first, len(keys))
		for _, k := range p.Keys {
			keys = append(keys, k.Left)
		}
	}
	c.keys, err = eval.Compile(keys, cols)
	return c, err
}

func orFalse(e query.Expr) query.Expr {
	if e == nil {
		return &query.Literal{Val: value.BoolValue(false), Typ: value.Of(value.Bool)}
	}
	return e
}

// take keeps failing rows of a batch, of those that wanted is true for; nil for all.
func (c *joinCapture) take(b *value.Batch, wanted func(int) bool) error {
	j, limit := c.x.found[c.item], c.x.r.opts.FailureRows
	if c.full {
		return nil
	}
	truth, err := c.prog.RunTruth(b)
	if err != nil {
		return err
	}
	undecided := truth[2].Undecided
	each := func(set value.Bitmap, class result.Class, to *[]result.Failure, form func(i int) (result.Failure, error)) error {
		for i := range ones(set) {
			if len(*to) >= limit && !c.x.r.wants(c.item) {
				return nil
			}
			if wanted != nil && !wanted(i) {
				continue
			}
			if err := c.handKey(b, i, class, undecided.Get(i)); err != nil {
				return err
			}
			if len(*to) >= limit {
				continue
			}
			f, err := form(i)
			if err != nil {
				return err
			}
			*to = append(*to, f)
		}
		return nil
	}
	if err := each(truth[0].True, "", &j.failing, func(i int) (result.Failure, error) {
		f := c.row(b, i)
		if undecided.Get(i) {
			f.Outcome = "undecided"
		}
		if f.Message = c.keyless(b, i); f.Message == "" {
			f.Message = c.message(b, i)
		}
		return f, nil
	}); err != nil {
		return err
	}
	if err := each(truth[1].True, result.Orphan, &j.lonely, func(i int) (result.Failure, error) {
		f := c.row(b, i)
		f.Class = result.Orphan
		f.Message, err = c.lack(b, i)
		return f, err
	}); err != nil {
		return err
	}
	c.full = len(j.failing) >= limit && len(j.lonely) >= limit && !c.x.r.wants(c.item)
	return nil
}

// ones are the positions of what is set.
func ones(set value.Bitmap) iter.Seq[int] {
	return func(yield func(int) bool) {
		for w, word := range set {
			for ; word != 0; word &= word - 1 {
				if !yield(w*64 + bits.TrailingZeros64(word)) {
					return
				}
			}
		}
	}
}

// handKey hands on a failing row where every one is wanted.
func (c *joinCapture) handKey(b *value.Batch, i int, class result.Class, undecided bool) error {
	if err := c.handRow(b, i, class == result.Orphan); err != nil || !c.x.r.wantsKeys() {
		return err
	}
	f := c.row(b, i)
	f.Class = class
	if undecided && class == "" {
		f.Outcome = "undecided"
	}
	return c.x.r.hand(c.item, f)
}

// has reports whether row i has a partner.
func (c *joinCapture) has(b *value.Batch, partner, i int) bool {
	k := c.x.job.Partners[partner].Keys[0].Right
	at, ok := c.at[[2]int{k.Rel, k.Index}]
	return ok && !b.Cols[at].IsNull(i)
}

// row forms the report's entry of one row: its key, and what the expectation names of it and of the partners that it has.
func (c *joinCapture) row(b *value.Batch, i int) result.Failure {
	f := result.Failure{Key: map[string]result.Cell{}, Values: map[string]result.Cell{}, Outcome: "false"}
	for _, col := range c.x.job.Left.KeyColumns() {
		if at, ok := c.at[[2]int{0, col.Index}]; ok {
			f.Key[col.Col.Name] = c.cell(b, at, i, col)
			f.Order = append(f.Order, col.Col.Name)
		}
	}
	for _, col := range c.item.Join.Columns {
		at, ok := c.at[[2]int{col.Rel, col.Index}]
		if !ok || col.Rel > 0 && !c.has(b, col.Rel-1, i) {
			continue
		}
		name := c.x.job.NameOf(col)
		if _, isKey := f.Key[name]; isKey {
			continue
		}
		if _, have := f.Values[name]; !have {
			f.Values[name] = c.cell(b, at, i, col)
			f.Order = append(f.Order, name)
		}
	}
	return f
}

// lack says which partners an orphan has not.
func (c *joinCapture) lack(b *value.Batch, i int) (string, error) {
	keys, err := c.keys.Run(b)
	if err != nil {
		return "", err
	}
	var parts []string
	for n, p := range c.x.job.Partners {
		cells, whole := make([]value.Value, len(p.Keys)), true
		for k := range p.Keys {
			v := keys[c.first[n]+k]
			cells[k] = v.Value(i)
			whole = whole && !v.IsNull(i) && !v.IsErr(i)
		}
		if whole && !c.item.Join.Optional[n] && !c.has(b, n, i) {
			parts = append(parts, "no row of "+p.Spec.Name+" has "+c.keyText(p, cells))
		}
	}
	return strings.Join(parts, "; "), nil
}

// keyless says which keys of a row cannot be computed, "" for none.
func (c *joinCapture) keyless(b *value.Batch, i int) string {
	var parts []string
	for n, p := range c.x.job.Partners {
		if c.has(b, n, i) {
			continue
		}
		keys, err := c.keys.Run(b)
		if err != nil {
			continue // it ran before, over the same batch
		}
		at := c.first[n]
		for k := range p.Keys {
			if keys[at+k].IsErr(i) {
				parts = append(parts, "the key of "+p.Alias+" cannot be computed")
				break
			}
		}
	}
	return strings.Join(parts, "; ")
}

// message evaluates message_expression for a row; on an error, or an empty text, the static message stands.
func (c *joinCapture) message(b *value.Batch, i int) string {
	m := c.item.Join.Message
	if m == nil {
		return c.item.Spec.Message
	}
	named := m.Columns()
	if slices.ContainsFunc(named, func(col *query.Column) bool { return c.masking(col) != spec.Shown }) {
		return withoutMessage(c.item)
	}
	cells, errs := make([]value.Value, len(named)), make([]bool, len(named))
	for k, col := range named {
		at, ok := c.at[[2]int{col.Rel, col.Index}]
		if !ok {
			return c.item.Spec.Message
		}
		cells[k], errs[k] = b.Cols[at].Value(i), b.Cols[at].IsErr(i)
	}
	v, err := m.Eval(cells, errs)
	if err != nil || v.Kind() != value.String || v.Str() == "" {
		return c.item.Spec.Message
	}
	return v.Str()
}
