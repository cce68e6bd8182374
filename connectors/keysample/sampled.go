package keysample

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// defaultBatchRows is the size of batches that are not asked for otherwise: a row is drawn when its batch is.
const defaultBatchRows = 1000

// Sample implements connectors.Sampler. Where the source is no snapshot, each statement sees the state of its moment; a key and the one
// before it are read by one statement, so that weights are right.
func (s *Sampler) Sample(ctx context.Context, q query.Sample) (connectors.Sampled, error) {
	p, err := s.Prepare(ctx, q)
	if err != nil {
		return nil, err
	}
	return p.Sample(ctx), nil
}

// Sample begins to draw, once.
func (p *Prepared) Sample(ctx context.Context) connectors.Sampled {
	a, q := p.asker, p.q
	life, stop := context.WithCancelCause(ctx)
	d := &sampled{asker: a, q: q, plan: p.plan, design: p.plan.design, life: life, stop: stop, size: q.BatchRows, left: q.N}
	d.design.Looked, d.statements = 0, a.statements
	if d.size <= 0 {
		d.size = defaultBatchRows
	}
	types := make([]value.Type, 0, len(q.Columns)+1)
	for _, c := range q.Columns {
		types = append(types, c.Col.Type)
	}
	if p.plan.design.Weighted {
		types = append(types, value.Of(value.Double))
	}
	d.out = value.NewBatch(types...)
	switch p.plan.design.Method {
	case query.SampleRandomKey:
		d.random = newRandomKey(a, q, p.plan, mix(q.Seed))
	case query.SampleNextKey:
		d.near = &nextKey{asker: a, from: q.From, key: p.plan.key, root: p.plan.space, seed: q.Seed}
	default:
	}
	return d
}

// sampled is a sample as it is drawn.
type sampled struct {
	*asker

	q    query.Sample
	plan *plan
	life context.Context //nolint:containedctx // that of the stream
	stop context.CancelCauseFunc

	mu     sync.Mutex // held by Next, Design and Close
	design query.SampleDesign
	out    *value.Batch
	size   int // rows of a batch
	left   int // rows still wanted
	queue  []row
	skip   int // columns of the queue's batches before those asked for

	random *randomKey
	near   *nextKey
	drawn  map[string]bool // keys delivered, by random keys
	draws  int64           // attempts
	hits   int64           // of them with a row
	scan   *scan

	done bool
	err  error
}

// Design implements connectors.Sampled.
func (d *sampled) Design() query.SampleDesign {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.design
	out.Statements = d.statements
	return out
}

// Next implements connectors.Rows.
func (d *sampled) Next(ctx context.Context) (*value.Batch, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.done {
		return nil, d.err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	release := context.AfterFunc(d.life, func() { cancel(context.Cause(d.life)) })
	defer release()
	d.out.Clear()
	for d.out.N < d.size && d.left > 0 {
		if ctx.Err() != nil {
			return nil, d.fail(context.Cause(ctx))
		}
		if len(d.queue) > 0 {
			d.emit()
			continue
		}
		more, err := d.fill(ctx)
		if err != nil {
			return nil, d.fail(err)
		}
		if !more {
			break
		}
	}
	if d.out.N == 0 && d.scan != nil { // whether there are more than were wanted
		for more := true; more; {
			var err error
			if more, err = d.scan.read(ctx, d); err != nil {
				return nil, d.fail(err)
			}
		}
	}
	if d.out.N == 0 || d.left == 0 && d.scan == nil {
		d.finish()
	}
	if d.out.N == 0 {
		return nil, nil
	}
	return d.out, nil
}

// emit delivers rows of the queue.
func (d *sampled) emit() {
	n := min(len(d.queue), d.size-d.out.N, d.left)
	cols := len(d.q.Columns)
	for _, r := range d.queue[:n] {
		for c := range cols {
			d.out.Cols[c].AppendFrom(&r.b.Cols[d.skip+c], r.i)
		}
		if d.design.Weighted {
			d.out.Cols[cols].AppendDouble(r.weight)
		}
		d.out.N++
	}
	d.left -= n
	d.queue = d.queue[n:]
}

// fill puts further rows into the queue; false where there are none.
func (d *sampled) fill(ctx context.Context) (bool, error) {
	switch {
	case d.scan != nil:
		return d.scan.fill(ctx, d)
	case d.random != nil:
		return d.fillRandom(ctx)
	case d.near != nil:
		return d.fillNear(ctx)
	}
	return true, d.begin(ctx)
}

// round is how many draws should yield the rows still wanted of a batch, which are some too many rather than some too few.
func (d *sampled) round(most int) int {
	want := float64(min(d.left, d.size-d.out.N))
	share := (float64(d.hits) + 20*d.plan.share) / (float64(d.draws) + 20)
	return int(min(math.Ceil((want+2*math.Sqrt(want*(1-min(share, 1)))+1)/share), float64(most)))
}

// worn reports whether draws have yielded so few rows that the plan was mistaken.
func (d *sampled) worn() bool {
	return float64(d.draws) > 10_000+20*float64(d.q.N-d.left+1)/d.plan.share
}

func (d *sampled) fillRandom(ctx context.Context) (bool, error) {
	if d.worn() {
		return true, d.giveWay(ctx)
	}
	keys := d.random.points(d.round(chunkPoints))
	if len(keys) == 0 { // all numbers have been drawn: these are all rows
		d.design.Rows, d.design.RowsExact = d.hits, true
		return false, nil
	}
	d.draws += int64(len(keys))
	d.design.Looked += int64(len(keys))
	batches, err := d.find(ctx, d.q, d.plan.key, keys)
	if err != nil {
		return false, err
	}
	found := make(map[string]row, len(keys))
	for _, b := range batches {
		for i := range b.N {
			found[keyText(rowKey(d.plan.key, b, i))] = row{b, i, 0}
		}
	}
	if d.drawn == nil {
		d.drawn = map[string]bool{}
	}
	d.skip = len(d.plan.key.Columns)
	for _, k := range keys {
		text := keyText(k)
		if r, ok := found[text]; ok {
			d.hits++
			d.drawn[text] = true
			d.queue = append(d.queue, r)
		}
	}
	if !d.plan.design.RowsExact && d.draws > pilotPoints {
		d.design.Rows = int64(math.Round(ratio(d.plan.space.size, one) * float64(d.hits) / float64(d.draws)))
	}
	return true, nil
}

func (d *sampled) fillNear(ctx context.Context) (bool, error) {
	if d.worn() {
		return true, d.giveWay(ctx)
	}
	n := d.round(chunkPoints)
	draws, err := d.near.draw(ctx, n)
	if err != nil {
		if isStray(err) {
			return true, d.giveWay(ctx)
		}
		return false, err
	}
	found, err := d.near.rows(ctx, d.q, draws)
	if err != nil {
		return false, err
	}
	d.draws += int64(n)
	d.design.Looked += int64(2*len(d.plan.key.Axes)*n + len(found))
	d.skip = len(d.plan.key.Columns)
	factor := d.plan.weighing(d.q)
	for _, k := range draws {
		if r, ok := pick(k, found); ok {
			d.hits++
			r.weight *= factor
			d.queue = append(d.queue, r)
		}
	}
	return true, nil
}

// giveWay goes on with a scan, where the index has proved to be of no use: what was drawn before stands.
func (d *sampled) giveWay(ctx context.Context) error {
	got := d.q.N - d.left
	d.design.Reason += fmt.Sprintf("; %d draws yielded %d rows, so all rows are looked at for the rest", d.draws, got)
	if d.near != nil && d.draws == 0 {
		d.design.Reason = "a key is not of the order that the first ones have, or too many rows share it: all are looked at"
	}
	d.design.Linear, d.design.Method = true, query.SampleReservoir
	if d.plan.hash != nil {
		d.design.Method = query.SampleHashScan
	}
	return d.begin(ctx)
}

// finish ends the sample. The lock is held.
func (d *sampled) finish() {
	if d.done {
		return
	}
	d.done = true
	if d.scan != nil && d.scan.rows != nil {
		_ = d.scan.rows.Close() // all that was wanted has been read
	}
	d.stop(nil)
}

// fail ends the sample with an error.
func (d *sampled) fail(err error) error {
	d.err = failed(d.op, err)
	d.finish()
	return d.err
}

// Close implements connectors.Rows. It first stops the statement under way, so that a Next returns.
func (d *sampled) Close() error {
	d.stop(errClosed)
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.done {
		d.finish()
		d.err = failed(d.op, errClosed)
	}
	return nil
}
