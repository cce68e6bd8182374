package keysample

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

const (
	// smallRows is up to how many rows a table is read rather than probed: that takes milliseconds.
	smallRows = 10_000
	// surelyLarge is from how many rows by the statistics on a table is not counted. Those of InnoDB are off by half at times.
	surelyLarge = 4 * smallRows
	// pilotPoints and pilotProbes are how many draws tell what draws cost.
	pilotPoints = 256
	pilotProbes = 200
	// pilotShare is how many tell with what share of them a condition leaves weighted draws: that share is part of every weight.
	pilotShare = 400
	// leastShare is the share of draws that have to yield a row: below, too few of a pilot do for the estimate to be one.
	leastShare = 0.02
	// uniformWorth is how many times as dear rows that are equally likely may be as weighted ones.
	uniformWorth = 3
	// patience is up to how many microseconds a scan is worth it whatever weighted draws cost. A row behind a gap of one key may be one that no draw has met, and
	// weighs as much as the space of the keys is wide: what is certain of weighted draws follows from how many numbers of that space they would have looked up, so
	// of sparse keys they decide nothing but that a row fails where none may.
	patience = 10e6
	// widest bounds the numbers that a permutation is made of.
	widest = 1 << 62
)

// plan is how a sample is to be drawn, and what is known of the rows.
type plan struct {
	design query.SampleDesign
	hash   *Key   // to scan by, nil for a reservoir
	key    *Key   // to probe by
	space  *space // of its first column
	share  float64
	rows   float64 // about how many there are, whatever the condition; -1 where nobody knows
	least  float64 // of them there are at least so many
	small  int64   // how many exactly, where they are few; -1 otherwise
}

// PlanSample implements connectors.Sampler. Besides the ends of an index it looks at a few hundred places of it: no statistics tell how
// dense keys are, nor how many rows meet a condition.
func (s *Sampler) PlanSample(ctx context.Context, q query.Sample) (query.SampleDesign, error) {
	p, err := s.prepare(ctx, "plan a sample of "+nameOf(q.From.Dataset), q)
	if err != nil {
		return query.SampleDesign{}, err
	}
	return p.Design(), nil
}

// Prepared is a sample that is planned, to be drawn or not.
type Prepared struct {
	plan  *plan
	asker *asker
	q     query.Sample
}

// Prepare plans as PlanSample does.
func (s *Sampler) Prepare(ctx context.Context, q query.Sample) (*Prepared, error) {
	return s.prepare(ctx, "sample "+nameOf(q.From.Dataset), q)
}

func (s *Sampler) prepare(ctx context.Context, op string, q query.Sample) (*Prepared, error) {
	p, a, err := s.plan(ctx, op, q)
	if err != nil {
		return nil, err
	}
	return &Prepared{p, a, q}, nil
}

// Design is that of the plan.
func (p *Prepared) Design() query.SampleDesign { return p.plan.design }

func (s *Sampler) plan(ctx context.Context, op string, q query.Sample) (*plan, *asker, error) {
	a := &asker{store: s.Store, op: op}
	switch {
	case q.N < 1:
		return nil, nil, failed(op, errNoRows)
	case len(q.From.Joins) > 0:
		return nil, nil, failed(op, errJoined)
	}
	d := s.Store.Dialect()
	// Before anything is asked: what the dialect refuses.
	if _, err := sqlgen.Select(d, query.Select{From: q.From, Columns: q.Columns, Branches: []query.Branch{{Where: q.Where}}}); err != nil {
		return nil, nil, failed(op, err)
	}
	keys, err := s.Store.Keys(ctx, q.From)
	if err != nil {
		return nil, nil, failed(op, err)
	}
	p := &plan{rows: float64(q.From.Schema.Rows), small: -1}
	for i := 0; i < len(keys) && p.hash == nil; i++ {
		p.hashBy(s.Store, q, &keys[i])
	}
	p.design.Rows = -1
	if len(keys) == 0 {
		p.scan(q, "no key is known to tell its rows apart: all are read")
		return p, a, nil
	}
	if err := p.count(ctx, a, q); err != nil {
		return nil, nil, err
	}
	switch {
	case p.small >= 0 && p.design.Rows <= int64(q.N):
		p.all(q)
		return p, a, nil
	case p.small >= 0 && s.Prefer == "":
		p.scan(q, fmt.Sprintf("the table is small: its %d rows are all looked at", p.small))
		return p, a, nil
	}
	return p, a, s.choose(ctx, a, q, keys, p)
}

// hashBy scans by a key where it can be hashed.
func (p *plan) hashBy(store Store, q query.Sample, k *Key) {
	req, err := k.draws(q, 1)
	if err != nil {
		return
	}
	if _, err := store.DrawStatements(req); err == nil {
		p.hash = k
	}
}

// count counts the rows of a small table, where statistics do not say that it is large by far.
func (p *plan) count(ctx context.Context, a *asker, q query.Sample) error {
	if q.From.Schema.Rows > surelyLarge {
		return nil
	}
	st, err := sqlgen.CountUpTo(a.store.Dialect(), q.From, nil, smallRows+1)
	a.show("", st, err)
	n, err := a.numbers(ctx, st, err, 1)
	if err != nil {
		return err
	}
	if n[0] > smallRows {
		p.least = float64(n[0])
		p.rows = max(p.rows, p.least)
		if q.From.Schema.Rows < 0 {
			p.rows = -1
		}
		return nil
	}
	p.small, p.rows = n[0], float64(n[0])
	p.design.Rows, p.design.RowsExact = n[0], true
	if q.Where == nil {
		return nil
	}
	st, err = sqlgen.CountUpTo(a.store.Dialect(), q.From, q.Where, smallRows+1)
	a.show("", st, err)
	if n, err = a.numbers(ctx, st, err, 1); err == nil {
		p.design.Rows = n[0]
	}
	return err
}

// all plans to read every row.
func (p *plan) all(q query.Sample) {
	d := &p.design
	d.Method, d.Linear, d.Looked, d.Statements = query.SampleAll, true, p.small, 1
	d.Reason = fmt.Sprintf("%d rows are wanted and there are %d", q.N, d.Rows)
}

// scan plans to look at every row.
func (p *plan) scan(q query.Sample, why string) {
	d := &p.design
	d.Method, d.Linear, d.Weighted, d.Replacement, d.Statements = query.SampleReservoir, true, false, false, 1
	if p.hash != nil {
		d.Method = query.SampleHashScan
	}
	d.Looked = int64(math.Max(p.rows, 0))
	d.Reason = why
	if p.hash == nil && q.From.Dataset.Query == "" && !strings.HasPrefix(why, "no key") {
		d.Reason += ", and its key cannot be hashed there"
	}
}

// choice is what methods would cost, in microseconds.
type choice struct {
	random, next, scan float64
	points, probes     pilot
}

// pilot is what some draws came to.
type pilot struct {
	n, present, met int
	rows, metRows   float64 // estimates of numbers of rows
	failed          bool
}

func (p pilot) share() float64 { return float64(p.met) / float64(max(p.n, 1)) }

// usable reports whether enough draws yield rows.
func (p pilot) usable() bool { return !p.failed && p.n > 0 && p.share() >= leastShare }

// choose picks a method by its cost.
func (s *Sampler) choose(ctx context.Context, a *asker, q query.Sample, keys []Key, p *plan) error {
	if err := p.find(ctx, a, q, keys); err != nil {
		return err
	}
	if p.key == nil {
		p.scan(q, "no index of it has keys whose order is one of numbers: all rows are looked at")
		return nil
	}
	cost := s.Store.Costs()
	c := choice{random: math.Inf(1), next: math.Inf(1), scan: math.Inf(1)}
	n := float64(q.N)
	var err error
	if len(p.key.Columns) == 1 && p.key.Axes[0] == Integer && p.space.size.IsUint64() && p.space.size.Uint64() <= widest {
		if c.points, err = p.tryPoints(ctx, a, q); err != nil {
			return err
		}
		if c.points.usable() {
			c.random = n / c.points.share() * cost.Point
		}
		if c.points.present >= pilotPoints/8 || p.rows < 0 && c.points.present > 0 {
			p.rows = max(c.points.rows, p.least)
		}
	}
	if dear := c.random > uniformWorth*n*cost.Probe; dear || s.Prefer == query.SampleNextKey {
		if c.probes, err = p.tryProbes(ctx, a, q); err != nil {
			return err
		}
		grouping := 0 // what counting the rows of a group costs
		if p.key.grouped() {
			grouping = 1
		}
		if c.probes.usable() {
			c.next = n / c.probes.share() * (cost.Probe*float64(2*len(p.key.Axes)-1+grouping) + cost.Point)
		}
		if p.rows < 0 && !c.probes.failed {
			p.rows = max(c.probes.rows, p.least)
		}
	}
	if p.rows >= 0 {
		c.scan = p.rows*cost.Row + n*cost.Point/4
	}
	s.settle(q, p, c)
	return nil
}

// settle decides by the costs.
func (s *Sampler) settle(q query.Sample, p *plan, c choice) {
	method := query.SampleHashScan
	switch uniform := min(c.random, c.scan); {
	case s.Prefer == query.SampleRandomKey && !math.IsInf(c.random, 1), s.Prefer == query.SampleNextKey && !math.IsInf(c.next, 1):
		method = s.Prefer
	case s.Prefer != "":
	case c.next*uniformWorth < uniform && uniform > patience:
		method = query.SampleNextKey
	case c.random <= c.scan && !math.IsInf(c.random, 1):
		method = query.SampleRandomKey
	}
	name := p.key.Columns[0].Col.Name
	d := &p.design
	switch method {
	case query.SampleRandomKey:
		p.share = c.points.share()
		d.Method, d.Looked = method, int64(float64(q.N)/p.share)
		d.Reason = fmt.Sprintf("%d of %d numbers between the least and the greatest %s, which are %s apart, %s: about %d look-ups for %d rows%s",
			c.points.met, c.points.n, name, p.space.size, having(q), d.Looked, q.N, p.instead())
		p.expect(c.points.metRows)
	case query.SampleNextKey:
		p.share = c.probes.share()
		d.Method, d.Weighted, d.Replacement, d.Looked = method, true, true, int64(float64(q.N)/p.share)
		d.LargestWeight = math.Inf(1)
		if len(p.key.Axes) == 1 {
			d.LargestWeight = ratio(p.space.size, one) * p.weighing(q)
			if p.key.grouped() {
				d.LargestWeight *= maxGroup
			}
		}
		d.Reason = fmt.Sprintf("%s: about %d probes of the index for %d rows, weighted by the gaps between keys%s", p.sparse(c, name), d.Looked, q.N, p.instead())
		if q.Where != nil {
			d.Reason += fmt.Sprintf("; %d of %d draws met the condition, a share that is part of the weights", c.probes.met, c.probes.n)
			p.expect(c.probes.metRows)
		} else {
			p.expect(p.rows)
		}
	default:
		why := fmt.Sprintf("all of about %.0f rows are looked at: that is as cheap as %d look-ups", p.rows, q.N)
		switch {
		case c.probes.n > 0 && !c.probes.failed && !c.probes.usable():
			why = fmt.Sprintf("%d of %d draws by the index met the condition: all of about %.0f rows are looked at", c.probes.met, c.probes.n, p.rows)
		case c.probes.failed:
			why = fmt.Sprintf("the index on %s holds keys of no known order, or too many rows for one: all of about %.0f rows are looked at", name, p.rows)
		case c.next < c.scan:
			why = fmt.Sprintf("%s, and weighing rows by the gaps between keys decides little: all of about %.0f rows are looked at", p.sparse(c, name), p.rows)
		case c.random > c.scan && !math.IsInf(c.random, 1):
			why = fmt.Sprintf("%d of %d numbers between the ends of %s %s: all of about %.0f rows are looked at", c.points.met, c.points.n, name, having(q), p.rows)
		}
		p.scan(q, why)
		if q.Where == nil {
			p.expect(p.rows)
		} else if c.points.usable() {
			p.expect(c.points.metRows)
		}
	}
	d.Statements = 1 + int(d.Looked)/chunkPoints
}

// weighing is the factor of weights for what a condition rejects.
func (p *plan) weighing(q query.Sample) float64 {
	if q.Where == nil {
		return 1
	}
	return p.share
}

func (p *plan) instead() string {
	if p.rows < 0 {
		return ""
	}
	return fmt.Sprintf(", where a scan would look at about %.0f", p.rows)
}

func (p *plan) sparse(c choice, name string) string {
	switch {
	case len(p.key.Columns) > 1:
		return "the values of a key of several columns are not drawn by chance"
	case c.points.n == 0:
		return "too many values are possible between the least and the greatest " + name + " for one drawn by chance to have a row"
	}
	return fmt.Sprintf("only %d of %d numbers between the least and the greatest %s have a row", c.points.present, c.points.n, name)
}

func having(q query.Sample) string {
	if q.Where == nil {
		return "have a row"
	}
	return "have a row that meets the condition"
}

// expect notes an estimated number of rows, where it is not known.
func (p *plan) expect(rows float64) {
	if !p.design.RowsExact && rows >= 0 {
		p.design.Rows = int64(min(math.Round(rows), math.MaxInt64/2))
	}
}

// find takes the first key that can be probed.
func (p *plan) find(ctx context.Context, a *asker, q query.Sample, keys []Key) error {
	for i := range keys {
		k := &keys[i]
		if len(k.Axes) == 0 {
			continue
		}
		st, err := sqlgen.Ends(a.store.Dialect(), q.From, k.Columns, [][]value.Value{nil})
		a.show("", st, err)
		ends, err := a.ends(ctx, q.From, k, [][]value.Value{nil})
		if err != nil {
			return err
		}
		if ends[0] != nil {
			p.key, p.space = k, ends[0]
			p.hashBy(a.store, q, k) // so that a scan knows what was drawn by it
			return nil
		}
	}
	return nil
}

// tryPoints looks some numbers up.
func (p *plan) tryPoints(ctx context.Context, a *asker, q query.Sample) (pilot, error) {
	r := newRandomKey(a, q, p, mix(q.Seed+1))
	n := int(min(pilotPoints, p.space.size.Uint64()))
	points := r.points(n)
	st, err := sqlgen.Found(a.store.Dialect(), r.lookup(points[:min(n, shownKeys)]))
	a.show(fmt.Sprintf("%d keys by chance, of which %d are shown: how many have a row", n, min(n, shownKeys)), st, err)
	st, err = sqlgen.Found(a.store.Dialect(), r.lookup(points))
	found, err := a.numbers(ctx, st, err, 2)
	if err != nil {
		return pilot{}, err
	}
	t := pilot{n: n, present: int(found[0]), met: int(found[1])}
	size := ratio(p.space.size, one)
	t.rows, t.metRows = size*float64(t.present)/float64(n), size*t.share()
	return t, nil
}

// tryProbes draws some rows by their gaps.
func (p *plan) tryProbes(ctx context.Context, a *asker, q query.Sample) (pilot, error) {
	n := pilotProbes
	if q.Where != nil {
		n = pilotShare
	}
	k := &nextKey{asker: a, from: q.From, key: p.key, root: p.space, seed: mix(q.Seed + 2)}
	k.showStep(fmt.Sprintf("%d draws by the gaps between keys", n))
	draws, err := k.draw(ctx, n)
	if err != nil {
		if isStray(err) {
			return pilot{failed: true, n: n}, nil
		}
		return pilot{}, err
	}
	t := pilot{n: n, present: len(draws), met: len(draws)}
	if q.Where == nil && !p.key.grouped() {
		for _, d := range draws {
			t.rows += d.weight / float64(n)
		}
		return t, nil
	}
	narrow := q
	narrow.Columns = nil
	found, err := k.rows(ctx, narrow, draws)
	if err != nil {
		return pilot{}, err
	}
	t.met = 0
	for _, d := range draws {
		if r, ok := pick(d, found); ok {
			t.met++
			t.metRows += r.weight / float64(n)
		}
		t.rows += d.weight / float64(n) // of rows that share a key, one at least
	}
	if q.Where == nil {
		t.rows = t.metRows
	}
	return t, nil
}
