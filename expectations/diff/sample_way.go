package diff

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
)

// chunk is how many rows are drawn at a time, and about how many keys are looked up at once.
const chunk = 500

// way is one direction while it is gone: rows of a side, and what the other has of their keys.
type way struct {
	x     *sampling
	side  canon.Side // drawn from
	res   *Way
	began time.Time

	look [2]*rereader
	// now is true where the rows drawn are looked up as they come, which only the other side is asked for. Else their keys wait until all are drawn: a
	// side must be read as a whole, or the side drawn from must be asked how many rows have a key, and serves one request at a time.
	now  bool
	wait waiting
	held []Draw // behind one that waits: rows are handed on in random order
	cols []*query.Column
	prog *eval.Program // of the condition that is evaluated here
	// cut says that the time limit ended a statement, moved that what was drawn is looked up in later snapshots.
	cut, moved bool
}

// waiting are keys drawn that are not yet looked up.
type waiting struct {
	keys    *value.Batch
	weights []float64
}

func newWay(x *sampling, side canon.Side) *way {
	w := &way{x: x, side: side, res: &x.res.Ways[side], began: time.Now()}
	w.res.Wanted = int64(x.o.Rows)
	for i, in := range x.ins {
		w.look[i] = rereaderOf(x.s, in)
	}
	w.wait.keys = value.NewBatch(x.ids[side].Types()...)
	return w
}

func (w *way) own() *input          { return w.x.ins[w.side] }
func (w *way) other() *rereader     { return w.look[1-w.side] }
func (w *way) decides() bool        { return w.x.settle == nil }
func (w *way) late() bool           { return w.x.o.MaxTime > 0 && time.Since(w.began) >= w.x.o.MaxTime }
func (w *way) ended(e Ending)       { w.res.Ended = e }
func (w *way) failed(e error) error { return w.own().failed(e) }

// alone reports whether only the side drawn from has the key.
func (w *way) alone(d *Difference) bool {
	if w.side == canon.Left {
		return d.RightRows == 0
	}
	return d.LeftRows == 0
}

// run draws, looks up and compares.
func (w *way) run(ctx context.Context) error {
	in := w.own()
	src, ok := in.source.(connectors.Sampler)
	if !ok {
		return w.failed(ErrNoSampler)
	}
	if err := w.prepare(); err != nil {
		return w.failed(err)
	}
	if err := w.draw(ctx, src); err != nil {
		return err
	}
	if w.res.Ended == EndedDecided {
		return nil
	}
	if w.cut {
		if err := w.x.reopen(ctx); err != nil {
			return err
		}
		w.moved = true
		for i, in := range w.x.ins {
			w.look[i] = rereaderOf(w.x.s, in)
		}
	}
	return w.rest(ctx)
}

// prepare decides when keys are looked up, and what is drawn therefore.
func (w *way) prepare() error {
	in, other := w.own(), w.other()
	why := other.unasked()
	switch {
	case why != "":
		w.res.Asked[other.in.side].Reason = why
	case uniqueKey(&in.from.Schema, in.cols[:len(in.key)]) && in.key.serverOrder(in.side):
		w.now = true
	}
	w.cols = in.cols
	if !w.now {
		w.cols = append(append([]*query.Column{}, in.cols[:len(in.key)]...), in.cols[in.keep:]...)
		if in.sieve != nil { // what it needs may be among the columns that are compared
			w.cols = withColumns(w.cols, query.Columns(w.x.s.side(w.side).Where))
		}
	}
	if in.sieve == nil {
		return nil
	}
	var err error
	w.prog, err = eval.Compile([]query.Expr{w.x.s.side(w.side).Where}, w.cols)
	return err
}

// withColumns adds those that are not there.
func withColumns(cols, more []*query.Column) []*query.Column {
	for _, c := range more {
		have := false
		for _, old := range cols {
			have = have || old.Index == c.Index
		}
		if !have {
			cols = append(cols, c)
		}
	}
	return cols
}

// draw draws the rows.
func (w *way) draw(ctx context.Context, src connectors.Sampler) (err error) {
	limited, cancel := ctx, func() {}
	if most := w.x.o.MaxTime; most > 0 {
		limited, cancel = context.WithTimeout(ctx, most)
	}
	defer cancel()
	cut := func(err error) bool {
		if err == nil || ctx.Err() != nil || !errors.Is(limited.Err(), context.DeadlineExceeded) {
			return false
		}
		w.cut = true
		w.ended(EndedTime)
		return true
	}
	rows, err := src.Sample(limited, w.own().sample(w.x.o, w.cols))
	if err != nil {
		if cut(err) {
			return nil
		}
		return w.failed(err)
	}
	defer func() {
		w.res.Design = rows.Design()
		if e := rows.Close(); err == nil && !w.cut {
			err = w.failed(e)
		}
	}()
	w.res.Design = rows.Design()
	if begin := w.x.o.Begin; begin != nil {
		if err := begin(w.side, w.res.Design); err != nil {
			return err
		}
	}
	for {
		b, err := rows.Next(limited)
		switch {
		case cut(err):
			return nil
		case err != nil:
			return w.failed(err)
		case b == nil:
			d := rows.Design()
			w.res.All = d.Method == query.SampleAll || d.RowsExact && !d.Replacement && w.res.Drawn >= d.Rows
			if w.res.Drawn < w.res.Wanted {
				w.ended(EndedRows)
			}
			return nil
		}
		enough, err := w.add(ctx, b)
		switch {
		case err != nil:
			return err
		case enough && w.res.Drawn < w.res.Wanted:
			w.ended(EndedDecided)
			return nil
		case w.late() && w.res.Drawn < w.res.Wanted:
			w.ended(EndedTime)
			return nil
		}
		w.x.out.tell()
	}
}

// add takes a batch of rows drawn.
func (w *way) add(ctx context.Context, b *value.Batch) (enough bool, err error) {
	w.res.Drawn += int64(b.N)
	if w.res.Drawn > w.res.Wanted {
		return false, w.failed(connectors.Own(fmt.Sprintf("more than %d rows were drawn", w.res.Wanted)))
	}
	picked, err := w.pick(b)
	if err != nil {
		return false, w.failed(err)
	}
	weights := make([]float64, len(picked))
	for n, i := range picked {
		for k := range w.own().key {
			if b.Cols[k].IsErr(i) {
				return false, w.failed(&KeyError{Column: w.own().cols[k].Col.Name})
			}
		}
		weights[n] = 1
		if w.res.Design.Weighted {
			weights[n] = b.Cols[len(w.cols)].Floats[i]
		}
	}
	w.judged(int64(len(picked)))
	if !w.now {
		w.postpone(b, picked, weights)
		return false, nil
	}
	return w.compare(ctx, b, picked, weights)
}

// judged counts rows drawn that are compared.
func (w *way) judged(n int64) {
	w.res.Judged += n
	if w.side == canon.Left {
		w.x.res.Counts.LeftRows += n
	} else {
		w.x.res.Counts.RightRows += n
	}
}

// pick returns the rows of a batch that the side's condition selects.
func (w *way) pick(b *value.Batch) ([]int, error) {
	var picked []int
	if w.prog == nil {
		for i := range b.N {
			picked = append(picked, i)
		}
		return picked, nil
	}
	truth, err := w.prog.RunTruth(b)
	if err != nil {
		return nil, err
	}
	for i := nextSet(truth[0].Undecided, 0, b.N); i < b.N; i = nextSet(truth[0].Undecided, i+1, b.N) {
		w.res.Undecided++
	}
	for i := nextSet(truth[0].True, 0, b.N); i < b.N; i = nextSet(truth[0].True, i+1, b.N) {
		picked = append(picked, i)
	}
	return picked, nil
}

// postpone has the keys of rows wait.
func (w *way) postpone(b *value.Batch, picked []int, weights []float64) {
	for n, i := range picked {
		for k := range w.wait.keys.Cols {
			w.wait.keys.Cols[k].AppendFrom(&b.Cols[k], i)
		}
		w.wait.keys.N++
		w.wait.weights = append(w.wait.weights, weights[n])
	}
}

// compare looks rows up in the other side, as they come.
func (w *way) compare(ctx context.Context, b *value.Batch, picked []int, weights []float64) (enough bool, err error) {
	g := w.group(b, picked)
	asked, err := w.other().ask(ctx, g.keys)
	if err != nil {
		return false, w.other().in.failed(err)
	}
	w.res.Asked[w.other().in.side].Method = ByKey
	var draws []Draw
	for n, i := range picked {
		at := g.of[n]
		if !asked[at] {
			w.postpone(b, picked[n:n+1], weights[n:n+1])
			continue
		}
		var rows [2]rowsOf
		rows[w.side], rows[1-w.side] = rowsOf{n: 1, b: b, i: i}, w.other().rowsOf(at)
		d, wait, err := w.x.judge(ctx, w, g.ids[at], rows[canon.Left], rows[canon.Right], weights[n])
		if err != nil {
			return false, err
		}
		if !wait {
			draws = append(draws, d)
		}
	}
	return w.hand(draws)
}

// hand hands draws on, unless one before them waits.
func (w *way) hand(draws []Draw) (enough bool, err error) {
	if w.wait.keys.N > 0 {
		w.held = append(w.held, draws...)
		return false, nil
	}
	enough, err = w.x.take(w.side, draws)
	return enough && w.decides(), err
}
