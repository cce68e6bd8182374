package diff

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/extsort"
)

// cutter watches the ordered side while it is read and cuts the key into windows: of about so many bytes of that side each, or of fewer where
// its pages are small.
type cutter struct {
	key   keyOrder // the columns that are cut by
	from  canon.Side
	side  canon.Side      // the one that is read in windows
	cols  []*query.Column // its columns that are cut by
	types []value.Type
	every int64

	since int64 // bytes since the last cut
	pages int   // likewise
	last  *bound
	out   chan *bound
	done  bool
}

// cutAhead bounds the windows that are cut before they are read.
const cutAhead = 64

// cutPages ends a window of small pages: the reader holds only so many, and waits for the window's end to be rid of them.
const cutPages = queued / 4

// saw counts a page that was read, and cuts behind its last row where it is time. It must come before the page is handed on.
func (c *cutter) saw(ctx context.Context, p *page) error {
	c.since += p.bytes
	c.pages++
	if c.done || c.since < c.every && c.pages < cutPages {
		return nil
	}
	b := &bound{side: c.side, row: value.NewBatch(c.types...)}
	b.row.N = 1
	for k := range b.row.Cols {
		if !ceil(&b.row.Cols[k], &c.key[k].Form, &p.Cols[k], c.from, p.N-1) {
			c.close() // nothing of the other side's type is that great: the rest is one window
			return nil
		}
	}
	if c.last != nil && !c.last.before(c.key, b.row, c.side, 0) {
		return nil // still the same keys
	}
	if b.above(0, c.cols) == nil {
		c.close() // nulls are last: nothing can be behind them
		return nil
	}
	c.last, c.since, c.pages = b, 0, 0
	select {
	case c.out <- b:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// close says that there are no more cuts: the last window has no end.
func (c *cutter) close() {
	if !c.done {
		c.done = true
		close(c.out)
	}
}

// window is one range of keys with its rows in order.
type window struct {
	upto *bound // nil for no end
	rows connectors.Rows
}

// fetching is a window that is being read.
type fetching struct {
	window
	seen    int64 // rows
	spilled int64 // bytes
	err     error
	done    chan struct{} // closed when the others are set
}

// windows reads a side window after window, the next three at the same time while one is compared: what a server does alone at the beginning and
// the end of one it does beside the others. On two cores two at once took a quarter less than one, and three a twentieth less than two (make bench).
type windows struct {
	in    *input
	cut   *cutter
	total int64 // rows that there should be
	pool  extsort.Pool
	ahead chan *fetching
	out   chan window
	err   error // set before out is closed
}

// run reads all windows.
func (w *windows) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	w.ahead = make(chan *fetching, 1) // one window waits in it, one here and the next one there
	var started sync.WaitGroup
	started.Go(func() { w.start(ctx) })
	err := w.in.failed(w.hand(ctx))
	// What was read in vain leaves nothing behind.
	cancel()
	for f := range w.ahead {
		err = errors.Join(err, f.drop())
	}
	started.Wait()
	w.err = err
	close(w.out)
	return err
}

// start begins to read the windows, in order.
func (w *windows) start(ctx context.Context) {
	defer close(w.ahead)
	var lo *bound
	for last := false; !last; {
		var hi *bound
		select {
		case b, ok := <-w.cut.out:
			hi, last = b, !ok
		case <-ctx.Done():
			return
		}
		f := &fetching{window: window{upto: hi}, done: make(chan struct{})}
		where := between(lo, hi, w.cut.cols)
		go func() {
			defer close(f.done)
			f.rows, f.err = w.fetch(ctx, where, f)
		}()
		if w.in.sieve != nil {
			<-f.done // it sifts one window at a time
		}
		select {
		case w.ahead <- f:
		case <-ctx.Done():
			_ = f.drop() // the context's end is the error
			return
		}
		lo = hi
	}
}

// drop waits for the window's end and lets go of its rows.
func (f *fetching) drop() error {
	<-f.done
	if f.rows == nil {
		return nil
	}
	return f.rows.Close()
}

// hand hands the windows on, in order.
func (w *windows) hand(ctx context.Context) error {
	seen := int64(0)
	for {
		var f *fetching
		var ok bool
		select {
		case f, ok = <-w.ahead:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if !ok {
			break
		}
		<-f.done
		w.in.read.Windows++
		w.in.read.Spilled += f.spilled
		seen += f.seen
		if f.err != nil {
			return f.err
		}
		select {
		case w.out <- f.window:
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), f.rows.Close())
		}
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if seen != w.total {
		return &CoverageError{Rows: w.total, Seen: seen, Columns: w.in.key.columns(w.in.side)}
	}
	return nil
}

// CoverageError says that rows of a side lie in no range of its keys, or in several, so that nothing can be said of them.
type CoverageError struct {
	Rows, Seen int64
	Columns    []string
}

// WithoutValues is the error itself: it counts.
func (e *CoverageError) WithoutValues() string { return e.Error() }

// Error implements error.
func (e *CoverageError) Error() string {
	return fmt.Sprintf("the ranges of the key %v have %d rows, the whole has %d: a key holds a value that cannot be represented, or the data changed",
		e.Columns, e.Seen, e.Rows)
}

// fetch reads the rows of a window and sorts them. It counts in f.
func (w *windows) fetch(ctx context.Context, where query.Expr, f *fetching) (connectors.Rows, error) {
	q := w.in.selection(where, false)
	q.Beside = w.in.sieve == nil
	rows, err := w.in.selects(ctx, q)
	if err != nil {
		return nil, err
	}
	counted := connectors.Rows(&counting{Rows: rows, n: &f.seen})
	if w.in.sieve != nil {
		counted = &sifted{rows: counted, sieve: w.in.sieve}
	}
	s := &sorting{in: w.in, from: counted, spilled: &f.spilled, pool: &w.pool}
	if err := s.sort(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// next returns the next window; false at the end.
func (w *windows) next(ctx context.Context) (win window, ok bool, err error) {
	select {
	case win, ok = <-w.out:
		if !ok {
			return window{}, false, w.err
		}
		return win, true, nil
	case <-ctx.Done():
		return window{}, false, context.Cause(ctx)
	}
}

// counting counts the rows of a stream.
type counting struct {
	connectors.Rows
	n *int64
}

// Next implements connectors.Rows.
func (c *counting) Next(ctx context.Context) (*value.Batch, error) {
	b, err := c.Rows.Next(ctx)
	if b != nil {
		*c.n += int64(b.N)
	}
	return b, err
}

// newWindows says whether a side can be read in windows while the other one is read in order: nil, and why not, where it cannot.
// It asks the source for a first row in key order and for the number of rows, in its snapshot: a source that cannot trust a range of
// its keys says so then, and the state of the data is fixed before the other side's first row.
func newWindows(ctx context.Context, in *input, every int64) (*windows, string, error) {
	if !in.owned {
		return nil, "the source has no snapshots", nil
	}
	from := canon.Left
	if in.side == canon.Left {
		from = canon.Right
	}
	w := &windows{in: in, out: make(chan window), pool: extsort.Pool{Bytes: 4 * every}} // of the windows that are held at a time
	c := &cutter{from: from, side: in.side, every: max(every, 1), out: make(chan *bound, cutAhead)}
	for k := range in.key {
		f := &in.key[k].Form
		if !rangeable(f, in.side) {
			break
		}
		c.types = append(c.types, in.cols[k].Col.Type)
	}
	w.cut, c.key, c.cols = c, in.key[:len(c.types)], in.cols[:len(c.types)]
	if len(c.types) == 0 {
		return nil, "no range of its key agrees with the order of the comparison", nil
	}
	at := sample(c)
	for _, ends := range [3][2]*bound{{at, at}, {at, nil}, {nil, at}} {
		if reason := refused(in.source.Caps().Expr(in.from, between(ends[0], ends[1], c.cols))); reason != "" {
			return nil, reason, nil
		}
	}
	if reason, err := w.try(ctx, between(at, nil, c.cols)); reason != "" || err != nil {
		return nil, reason, err
	}
	if reason, err := w.count(ctx); reason != "" || err != nil {
		return nil, reason, err
	}
	if w.total > localityRows {
		if reason, err := w.locality(ctx); reason != "" || err != nil {
			return nil, reason, err
		}
	}
	return w, "", nil
}

// How many of the first rows are looked at to see whether rows of like keys lie together, and what part of them must be in order.
const (
	localityRows = 1000
	localityPart = 0.75
)

// locality asks whether the source holds its rows more or less in the order of their keys. Where it does not, the rows of each window lie
// everywhere, a server unpacks nearly everything for each of them, and one sort of the whole is cheaper.
func (w *windows) locality(ctx context.Context) (string, error) {
	q := w.in.selection(nil, false)
	q.Columns, q.BatchRows = w.in.cols[:len(w.in.key)], localityRows
	q.Branches = []query.Branch{{Where: w.in.where, Limit: localityRows}}
	rows, err := w.in.selects(ctx, q)
	if reason := unable(err); reason != "" {
		return reason, nil
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = rows.Close() }()
	pairs, ascending := 0, 0
	for {
		b, err := rows.Next(ctx)
		if err != nil {
			return "", err
		}
		if b == nil {
			break
		}
		for i := 1; i < b.N; i++ {
			pairs++
			if w.in.key.compare(b, w.in.side, i-1, b, w.in.side, i) <= 0 {
				ascending++
			}
		}
	}
	if float64(ascending) < localityPart*float64(pairs) {
		return "rows of like keys do not lie together there", nil
	}
	return "", nil
}

// sample is a bound like those to come, to ask the source whether it can compare with it.
func sample(c *cutter) *bound {
	b := &bound{side: c.side, row: value.NewBatch(c.types...)}
	b.row.N = 1
	for k := range b.row.Cols {
		v := &b.row.Cols[k]
		switch v.Type.Kind {
		case value.Int:
			v.AppendInt(1)
		case value.Uint:
			v.AppendUint(1)
		case value.Decimal:
			v.AppendDecimal(value.NewDec(15, 1))
		case value.Timestamp, value.LocalTimestamp:
			v.AppendTimestamp(1, 0)
		default:
			v.AppendString("a")
		}
	}
	return b
}

// try asks for a row of a range in key order: it is refused where the ranges cannot be trusted on the data at hand.
func (w *windows) try(ctx context.Context, probe query.Expr) (string, error) {
	q := w.in.selection(probe, true)
	q.Branches[0].Limit = 1
	q.From.Dataset.Key = q.From.Dataset.Key[:len(w.cut.cols)]
	rows, err := w.in.selects(ctx, q)
	if err == nil {
		_, err = rows.Next(ctx)
		err = errors.Join(err, rows.Close())
	}
	if reason := unable(err); reason != "" {
		return reason, nil
	}
	return "", err
}

// count counts the rows that the windows must have between them.
func (w *windows) count(ctx context.Context) (string, error) {
	m := query.Measure{Kind: query.MeasureCount, Where: w.in.where}
	if w.in.where != nil {
		m.Nulls = query.Columns(w.in.where)
	}
	if reason := refused(w.in.source.Caps().Measure(w.in.from, m)); reason != "" {
		return reason, nil
	}
	b, err := w.in.counts(ctx, m)
	if reason := unable(err); reason != "" {
		return reason, nil
	}
	if err != nil {
		return "", err
	}
	if b.N != 1 {
		return "", connectors.Own(fmt.Sprintf("a count of %d rows", b.N))
	}
	w.total = b.Cols[0].Ints[0]
	return "", nil
}
