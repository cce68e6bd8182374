package diff

import (
	"context"
	"fmt"
	"slices"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/extsort"
)

// group is the different keys among rows drawn.
type group struct {
	keys []*candidate
	ids  []fingerprint
	of   []int // by row: the position of its key
}

// group gathers the keys of rows of a batch.
func (w *way) group(b *value.Batch, picked []int) group {
	var g group
	at := make(map[fingerprint]int, len(picked))
	for _, i := range picked {
		id := w.x.id(w.side, b, i)
		n, ok := at[id]
		if !ok {
			n = len(g.keys)
			at[id] = n
			c := &candidate{side: w.side, key: make([]value.Value, len(w.x.s.Key))}
			for k := range c.key {
				c.key[k] = b.Cols[k].Value(i)
			}
			g.keys, g.ids = append(g.keys, c), append(g.ids, id)
		}
		g.of = append(g.of, n)
	}
	return g
}

// unasked says why the rows of keys are not asked for by these keys, "" where they are.
func (r *rereader) unasked() string {
	if len(r.terms.cols) < len(r.in.key) {
		for k := range r.in.key {
			if !slices.Contains(r.terms.cols, k) {
				return fmt.Sprintf("%s cannot be asked for: its equality there is not that of the comparison", r.in.cols[k].Col.Name)
			}
		}
	}
	schema := &r.in.from.Schema
	if schema.Table == "" && len(schema.Indexes) == 0 {
		return "" // nothing is known of indexes
	}
	for _, ix := range schema.Indexes {
		if len(ix) > 0 && slices.ContainsFunc(r.in.cols[:len(r.in.key)], func(c *query.Column) bool { return c.Col.Name == ix[0] }) {
			return ""
		}
	}
	return "no index begins with a column of the key"
}

// ask asks for the rows of keys, those of them that can be asked for: able says which.
func (r *rereader) ask(ctx context.Context, keys []*candidate) (able []bool, err error) {
	r.await(keys)
	able = make([]bool, len(keys))
	if !r.terms.any || r.unable || len(keys) == 0 {
		return able, nil
	}
	list, odd := r.asked(keys)
	for i := range able {
		able[i] = odd == nil || !odd[i]
	}
	ok, err := r.request(ctx, list)
	if !ok {
		clear(able)
	}
	return able, err
}

// guess is about how many bytes a row takes, until one was read.
const guess = 1024

// rest looks up the keys that wait, on both sides.
func (w *way) rest(ctx context.Context) error {
	n := w.wait.keys.N
	if n == 0 {
		return nil
	}
	memory := w.x.s.memory() / 4
	part, walk := chunk, false
	for side := range w.look {
		walk = w.method(canon.Side(side), min(memory/guess, partStream)) || walk
	}
	defer func() {
		for _, r := range w.look {
			_ = r.end() // the rows that count are read
		}
	}()
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	if walk {
		slices.SortStableFunc(order, func(i, j int) int {
			return w.own().key.compare(w.wait.keys, w.side, i, w.wait.keys, w.side, j)
		})
	}
	if w.look[0].method == BySearch || w.look[1].method == BySearch {
		part = n
	}
	held := w.held
	for from := 0; from < n; {
		to := min(from+part, n)
		draws, err := w.both(ctx, order[from:to])
		if err != nil {
			return err
		}
		if from = to; walk || len(w.held) > 0 {
			held = append(held, draws...)
		} else {
			enough, err := w.x.take(w.side, draws)
			if err != nil {
				return err
			}
			if ending := w.stops(enough && w.decides()); ending != "" && from < n {
				w.leave(int64(n - from))
				w.ended(ending)
				return nil
			}
		}
		if part < n {
			part = int(min(max(memory/w.width(), 1), partStream))
			if !walk {
				part = min(part, chunk)
			}
		}
		w.x.out.tell()
	}
	_, err := w.x.take(w.side, held)
	return err
}

// stops says why no more keys are looked up, "" where more are.
func (w *way) stops(enough bool) Ending {
	switch {
	case enough:
		return EndedDecided
	case w.late():
		return EndedTime
	}
	return ""
}

// leave takes back rows that were drawn and are not looked up.
func (w *way) leave(n int64) {
	w.judged(-n)
	w.res.Drawn -= n
	w.res.All = false
}

// method chooses how the keys that wait are read on a side, and reports whether they must come in key order.
func (w *way) method(side canon.Side, most int64) (walk bool) {
	r, read := w.look[side], &w.res.Asked[side]
	why := r.unasked()
	if why == "" {
		why = w.odd(r)
	}
	r.method = ByKey
	if why != "" {
		r.method = BySearch
		if walk = int64(w.wait.keys.N) > most; walk {
			r.method = ByWalk
		}
	}
	read.Method, read.Reason = r.method, why
	return walk
}

// odd says why some of the keys that wait cannot be asked for, "" where all can.
func (w *way) odd(r *rereader) string {
	if !r.terms.any || r.unable {
		return "the source refuses conditions on the key"
	}
	keys := w.group(w.wait.keys, upTo(w.wait.keys.N)).keys
	for len(keys) > 0 {
		n := min(chunk, len(keys))
		if _, odd := r.asked(keys[:n]); odd != nil {
			return r.whyRefused(keys[slices.Index(odd, true)])
		}
		keys = keys[n:]
	}
	return ""
}

// whyRefused says why a key cannot be asked for.
func (r *rereader) whyRefused(c *candidate) string {
	if cols, certain := r.terms.of(r.put(c), c.side); certain && cols != nil {
		for _, cond := range conditions([]lookedUp{{cols: cols}}) {
			if why := refused(r.in.source.Caps().Expr(r.in.from, cond.where)); why != "" {
				return why
			}
		}
	}
	return "some of the keys cannot be asked for"
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

var errGone = connectors.Own("a row that was drawn was not found again by its key, in the same snapshot")

// both reads the rows of some keys that wait on both sides, and compares them.
func (w *way) both(ctx context.Context, at []int) ([]Draw, error) {
	g := w.group(w.wait.keys, at)
	if err := both(func(side int) error { return w.look[side].read(ctx, g.keys) }); err != nil {
		return nil, err
	}
	var draws []Draw
	for n, i := range at {
		l, r := w.look[canon.Left].rowsOf(g.of[n]), w.look[canon.Right].rowsOf(g.of[n])
		if own := [2]rowsOf{l, r}[w.side]; own.n == 0 {
			if w.own().owned && !w.moved {
				return nil, w.failed(errGone)
			}
			draws = append(draws, w.x.gone(g.ids[g.of[n]], w.wait.weights[i]))
			continue
		}
		d, wait, err := w.x.judge(ctx, w, g.ids[g.of[n]], l, r, w.wait.weights[i])
		if err != nil {
			return nil, err
		}
		if !wait {
			draws = append(draws, d)
		}
	}
	return draws, nil
}

// width is about how many bytes a row of either side takes, by those just read.
func (w *way) width() int64 {
	bytes := int64(1)
	for _, r := range w.look {
		if r.kept.N > 0 {
			bytes = max(bytes, 2*extsort.Size(r.kept)/int64(r.kept.N))
		}
	}
	return max(bytes, 64)
}
