package postgres

import (
	"context"
	"errors"
	"sync"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

var _ connectors.SampleExplainer = (*Source)(nil)

var (
	errNoSample = errors.New("a sample is of at least one row")
	errJoined   = &query.Refusal{Reason: "postgres: a sample of joined rows"}
)

// The settings that sampling changes in its transaction, and back.
const (
	// A look-up of many places is taken for dearer than the scan of a table of middling size, and for dear enough to be compiled.
	probeSettings = "SET LOCAL enable_seqscan = off; SET LOCAL jit = off"
	// Chance that is to repeat itself needs rows in one order.
	orderedSettings = "SET LOCAL synchronize_seqscans = off; SET LOCAL max_parallel_workers_per_gather = 0"
	// Keys are looked up by a bitmap of places, whose pages the server asks the operating system for before it reads them, where it can: that halves
	// the time of pages that are on disk. For after the ends of the key are known, which only an index scan finds at once.
	keySettings = "SET LOCAL enable_indexscan = off; SELECT pg_catalog.set_config('effective_io_concurrency', '16', true)" +
		" FROM pg_catalog.pg_settings WHERE name = 'effective_io_concurrency' AND setting::int8 BETWEEN 1 AND 15"
	usualSettings = "SET LOCAL enable_seqscan TO DEFAULT; SET LOCAL jit TO DEFAULT; SET LOCAL synchronize_seqscans TO DEFAULT; SET LOCAL max_parallel_workers_per_gather TO DEFAULT; " +
		"SET LOCAL enable_indexscan TO DEFAULT; SET LOCAL effective_io_concurrency TO DEFAULT"
)

// PlanSample implements connectors.Sampler: two statements, one that the server only plans and one on the catalogue, and where a key might be drawn by, its
// ends and a few hundred of its numbers.
func (s *Source) PlanSample(ctx context.Context, q query.Sample) (query.SampleDesign, error) {
	p, err := s.planned(ctx, "plan a sample of "+title(q.From.Dataset), q)
	if err != nil {
		return query.SampleDesign{}, err
	}
	return p.design, nil
}

// planned plans a sample that is not drawn.
func (s *Source) planned(ctx context.Context, op string, q query.Sample) (*samplePlan, error) {
	ses, err := s.run.start(ctx, op)
	if err != nil {
		return nil, err
	}
	p, err := s.planSample(ctx, ses, op, q, "")
	if err == nil && p.keyed != nil {
		err = ses.set(ctx, usualSettings)
	}
	ses.end(err == nil)
	if err != nil {
		return nil, failure(ctx, op, s.run.hide(), err)
	}
	return p, nil
}

func (s *Source) planSample(ctx context.Context, ses *session, op string, q query.Sample, method query.SampleMethod) (*samplePlan, error) {
	p := &samplePlan{}
	var err error
	if p.est, err = s.estimate(ctx, ses, q); err != nil {
		return nil, err
	}
	if p.tables, err = s.family(ctx, ses, op, q.From.Dataset); err != nil {
		return nil, err
	}
	p.choose(q, method)
	return p, s.byKeys(ctx, ses, q, p)
}

// Sample implements connectors.Sampler. All its statements see one state of the data. A method that turns out dearer than planned gives way to a
// scan of the table: what was drawn before stands.
func (s *Source) Sample(ctx context.Context, q query.Sample) (connectors.Sampled, error) {
	return s.sample(ctx, q, "")
}

// sample draws by the method, "" for the one that costs least.
func (s *Source) sample(ctx context.Context, q query.Sample, method query.SampleMethod) (connectors.Sampled, error) {
	op := "sample " + title(q.From.Dataset)
	switch {
	case q.N < 1:
		return nil, s.unasked(op, errNoSample)
	case len(q.From.Joins) > 0:
		return nil, s.unasked(op, errJoined)
	}
	// Before anything is asked: what the dialect refuses.
	if _, err := sqlgen.Select(dialect{}, query.Select{From: q.From, Columns: q.Columns, Branches: []query.Branch{{Where: q.Where}}}); err != nil {
		return nil, s.unasked(op, err)
	}
	ses, err := s.run.start(ctx, op)
	if err != nil {
		return nil, err
	}
	p, err := s.planSample(ctx, ses, op, q, method)
	if err != nil {
		ses.end(false)
		return nil, failure(ctx, op, s.run.hide(), err)
	}
	if p.keyed != nil {
		if err := ses.set(ctx, keySettings); err != nil {
			ses.end(false)
			return nil, failure(ctx, op, s.run.hide(), err)
		}
		return &keyed{Sampled: p.keyed.Sample(ctx), ses: ses}, nil
	}
	life, stop := context.WithCancel(ctx)
	d := &sampled{src: s, op: op, q: q, plan: p, design: p.design, ses: ses, ctx: life, stop: stop, left: q.N, size: q.BatchRows}
	d.design.Looked, d.design.Statements = 0, 2
	if d.size <= 0 {
		d.size = defaultBatchRows
	}
	types := make([]value.Type, len(q.Columns))
	for i, c := range q.Columns {
		d.outs = append(d.outs, outputOf(c))
		types[i] = c.Col.Type
	}
	d.out = value.NewBatch(types...)
	if d.design.Method == query.SamplePageLine {
		d.probe = newProbe(p, q.Seed)
	} else {
		d.scan = &scan{percent: p.percent}
	}
	return d, nil
}

// sampled is a sample as it is drawn: by probe, then, where that gives way, by scan.
type sampled struct {
	src  *Source
	op   string
	q    query.Sample
	plan *samplePlan
	outs []output
	stop context.CancelFunc
	ctx  context.Context //nolint:containedctx // the life of the stream, as that of rows

	mu     sync.Mutex // held by Next, Design and Close
	ses    *session
	design query.SampleDesign
	out    *value.Batch
	left   int // rows still wanted
	size   int // rows of a batch
	probe  *probe
	scan   *scan
	drawn  []place // that were delivered
	set    bool    // settings of the transaction are changed
	err    error
	done   bool
}

// place is where a row lies: the number of its table among the leaves, its page and its line.
type place uint64

func placeOf(leaf int, tid int64) place { return place(leaf)<<48 | place(tid) } // #nosec G115 -- of 15 and 48 bits

// Design implements connectors.Sampled.
func (d *sampled) Design() query.SampleDesign {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.design
}

// Next implements connectors.Rows.
func (d *sampled) Next(ctx context.Context) (*value.Batch, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.done {
		return nil, d.err
	}
	release := context.AfterFunc(ctx, d.stop)
	defer release()
	d.out.Clear()
	for d.out.N == 0 && !d.done {
		err := ctx.Err()
		switch {
		case err != nil:
		case d.scan != nil:
			err = d.scanNext(d.ctx)
		default:
			err = d.probeNext(d.ctx)
		}
		if err != nil {
			if ctx.Err() != nil {
				err = failure(ctx, d.op, d.src.run.hide(), errors.Join(ctx.Err(), err))
			}
			d.finish(err)
			return nil, d.err
		}
	}
	if d.out.N == 0 {
		return nil, d.err
	}
	return d.out, nil
}

// emit appends row i of b, whose columns begin with those asked for, and notes its place.
func (d *sampled) emit(b *value.Batch, i int, at place) {
	for c := range d.out.Cols {
		d.out.Cols[c].AppendFrom(&b.Cols[c], i)
	}
	d.out.N++
	d.left--
	d.drawn = append(d.drawn, at)
}

// settings changes those of the transaction, or puts them back.
func (d *sampled) settings(ctx context.Context, text string) error {
	if text == usualSettings && !d.set {
		return nil
	}
	d.set = text != usualSettings
	return d.ses.set(ctx, text)
}

// finish ends the sample for the cause err, nil at its regular end. The lock is held.
func (d *sampled) finish(err error) {
	if d.done {
		return
	}
	d.done = true
	d.err = failure(d.ctx, d.op, d.src.run.hide(), err)
	clean := err == nil || errors.Is(err, errClosed)
	if d.scan != nil && d.scan.rows != nil {
		clean = clean && d.scan.rows.ended()
		_ = d.scan.rows.Close() // why it ends is known
	}
	if clean {
		// A snapshot's transaction goes on, and the life of the sample may be over.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(d.ctx), cancelGrace)
		defer cancel()
		clean = d.settings(ctx, usualSettings) == nil
	}
	d.ses.end(clean)
	d.stop()
}

// Close implements connectors.Rows.
func (d *sampled) Close() error {
	d.stop()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.done {
		d.finish(errClosed)
		d.err = &connectors.Error{Kind: connectors.Failed, Op: d.op, Err: errClosed}
	}
	return nil
}
