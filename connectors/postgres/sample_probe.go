package postgres

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

const (
	// firstRound is the number of rows that the first round is to find, before anything is known of their size; growth is how many times those of
	// one round the next may have.
	firstRound = 64
	growth     = 8
	// roundBytes is the size of rows that one round should have.
	roundBytes = 8 << 20
	// maxRound is the number of places of one round at most.
	maxRound = 20_000
	// leavesAtOnce is the number of tables that one statement asks.
	leavesAtOnce = 32
	// priorHits is the weight of the density that was expected beside the one that is seen.
	priorHits = 5
	// manyPlaces is what may be left to look at before a scan is thought of, or beyondPlan times as many as were planned where that is more: a plan
	// is not given up for being right.
	manyPlaces = fewPlaces / 3
	beyondPlan = 1.5
)

// probe draws places: every (page, line) of the leaves once, in an order by chance. A row that a snapshot sees lies at one of them alone: a line
// that redirects to it yields nothing.
type probe struct {
	order    permutation
	next     uint64 // position in it
	first    []uint64
	lines    uint64
	hits     int
	bytes    int64
	expected float64 // share of the places that hold rows
	rows     int     // that the next round is to find at most

	found *value.Batch // of the last round
	at    []place
	turn  []int32 // rows of found in the order drawn, those not yet delivered
}

func newProbe(plan *samplePlan, seed uint64) *probe {
	f := plan.tables
	p := &probe{order: newPermutation(plan.cells(), seed), lines: f.lines, rows: firstRound}
	p.expected = min(max(plan.est.rows/max(float64(p.order.n), 1), 1e-9), 1)
	pages := uint64(0)
	for _, l := range f.Leaves {
		p.first = append(p.first, pages)
		pages += l.Pages
	}
	return p
}

// rate is the share of places with a row of the sample, as far as it is known.
func (p *probe) rate() float64 {
	return (float64(p.hits) + priorHits) / (float64(p.next) + priorHits/p.expected)
}

// place returns that of a cell: leaves by their pages, pages by their lines.
func (p *probe) place(cell uint64) place {
	page := cell / p.lines
	i := sort.Search(len(p.first), func(i int) bool { return p.first[i] > page }) - 1
	return placeOf(i, int64((page-p.first[i])<<16|(cell%p.lines+1))) // #nosec G115 -- of 48 bits
}

func (a place) leaf() int    { return int(a >> 48) } // #nosec G115 -- of 15 bits
func (a place) page() uint64 { return uint64(a) >> 16 & (1<<32 - 1) }
func (a place) line() uint64 { return uint64(a) & (1<<16 - 1) }

// probeNext delivers rows of the last round, or looks at more places.
func (d *sampled) probeNext(ctx context.Context) error {
	p := d.probe
	for len(p.turn) > 0 && d.left > 0 && d.out.N < d.size {
		i := p.turn[0]
		p.turn = p.turn[1:]
		d.emit(p.found, int(i), p.at[i])
	}
	switch {
	case d.out.N > 0:
		return nil
	case p.next >= p.order.n:
		d.design.Rows, d.design.RowsExact = int64(p.hits), true
		d.finish(nil)
		return nil
	case d.left == 0:
		if p.hits >= 100 {
			d.design.Rows = int64(float64(p.hits) / float64(p.next) * float64(p.order.n))
		}
		d.finish(nil)
		return nil
	case d.givesWay():
		return d.giveWay(ctx)
	}
	return d.round(ctx)
}

// givesWay reports whether the places that are left to look at, as things look now, cost more than a scan.
func (d *sampled) givesWay() bool {
	p := d.probe
	if d.plan.forced || p.next == 0 {
		return false
	}
	scan := float64(d.plan.tables.pages)
	if d.q.Where != nil {
		scan = d.plan.est.cost
	}
	places := min(float64(d.left)/p.rate(), float64(p.order.n-p.next))
	return places > max(manyPlaces, beyondPlan*d.plan.places(d.q.N)) && places*placeCost > scan
}

// giveWay goes on with a scan, for the rows that are still wanted.
func (d *sampled) giveWay(ctx context.Context) error {
	p := d.probe
	if err := d.settings(ctx, usualSettings); err != nil {
		return err
	}
	d.scan = &scan{percent: 100}
	why := fmt.Sprintf("%d places held %d rows, so the table is scanned for the other %d", p.next, p.hits, d.left)
	d.design.Method, d.design.Linear = query.SampleHashScan, true
	if p.hits >= 100 && d.q.Where == nil {
		d.plan.est.rows = float64(p.hits) / float64(p.next) * float64(p.order.n)
		if share := bernoulliShare(d.q.N, d.plan.est.rows); share < halfScan {
			d.scan.percent, d.design.Method = share, query.SampleBernoulli
		}
	}
	d.design.Reason += "; " + why
	return nil
}

// round looks at as many places as should hold a batch of rows.
func (d *sampled) round(ctx context.Context) error {
	p := d.probe
	want := float64(min(d.left, d.size, p.rows))
	n := uint64(min(math.Ceil((want+2*math.Sqrt(want)+2)/p.rate()), maxRound, float64(p.order.n-p.next)))
	asked := make(map[place]int32, n)
	leaves := map[int][]place{}
	for i := range n {
		at := p.place(p.order.at(p.next + i))
		asked[at] = int32(i) // #nosec G115 -- at most maxRound
		leaves[at.leaf()] = append(leaves[at.leaf()], at)
	}
	if !d.set {
		if err := d.settings(ctx, probeSettings); err != nil {
			return err
		}
	}
	p.found, p.at = nil, p.at[:0]
	turns := make([]int32, 0, n)
	for chunk := range slices.Chunk(sortedKeys(leaves), leavesAtOnce) {
		if err := d.lookUp(ctx, chunk, leaves); err != nil {
			return err
		}
	}
	for _, at := range p.at {
		turn, ok := asked[at]
		if !ok {
			return &connectors.Error{Kind: connectors.Failed, Op: d.op, Err: fmt.Errorf("the server found a row at (%d,%d), which was not asked for", at.page(), at.line())}
		}
		turns = append(turns, turn)
	}
	p.turn = p.turn[:0]
	for i := range turns {
		p.turn = append(p.turn, int32(i)) // #nosec G115 -- at most maxRound
	}
	slices.SortFunc(p.turn, func(a, b int32) int { return int(turns[a]) - int(turns[b]) })
	p.next += n
	p.hits += len(turns)
	d.design.Looked += int64(n) // #nosec G115 -- at most maxRound
	p.rows *= growth
	if p.hits > 0 {
		p.rows = min(p.rows, int(roundBytes*int64(p.hits)/max(p.bytes, 1))+1)
	}
	return nil
}

func sortedKeys(m map[int][]place) []int {
	keys := make([]int, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// lookUp asks some leaves for the rows at places and adds them to what the round found.
func (d *sampled) lookUp(ctx context.Context, chunk []int, leaves map[int][]place) error {
	p := d.probe
	st, err := d.probeStatement(chunk, leaves)
	if err != nil {
		return err
	}
	outs := append(slices.Clip(d.outs), output{typ: value.Of(value.Int)}, tidOutput())
	r, err := d.src.queryOn(ctx, sharing(d.ses), d.op, bind(st, outs), 0)
	if err != nil {
		return err
	}
	b, err := r.drain(ctx)
	if err != nil {
		return err
	}
	d.design.Statements++
	p.bytes += r.bytes
	for i := range b.N {
		p.at = append(p.at, placeOf(int(b.Cols[len(d.outs)].Ints[i]), b.Cols[len(d.outs)+1].Ints[i]))
	}
	if p.found == nil {
		p.found = b
		return nil
	}
	for i := range b.N {
		p.found.AppendRowFrom(b, i)
	}
	return nil
}

// probeStatement asks some leaves for the rows at places.
func (d *sampled) probeStatement(chunk []int, leaves map[int][]place) (sqlgen.Statement, error) {
	w := sqlgen.NewWriter(dialect{})
	pieces := make([]sqlgen.Piece, len(chunk))
	for i, k := range chunk {
		l := d.plan.tables.Leaves[k]
		pieces[i] = sqlgen.Piece{
			From:  "ONLY " + dialect{}.QuoteIdent(l.Schema) + "." + dialect{}.QuoteIdent(l.Name) + " AS " + w.Alias(),
			Outs:  []string{strconv.Itoa(k) + "::int4 AS leaf", w.Alias() + ".ctid AS place"},
			Conds: []string{w.Alias() + ".ctid = ANY (" + w.Bind(sqlgen.Param{Arg: tids(leaves[k]), After: "::tid[]"}) + ")"},
		}
	}
	return sqlgen.Pieces(w, d.q.Columns, d.q.Where, pieces, "")
}

// tidOutput is how ctid comes back.
func tidOutput() output {
	return output{typ: value.Of(value.Int), meta: &columnMeta{oid: oidTID, family: famTID}}
}

// tids writes places of one table as an array.
func tids(at []place) string {
	b := make([]byte, 0, 18*len(at))
	b = append(b, '{')
	for i, a := range at {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `"(`...)
		b = strconv.AppendUint(b, a.page(), 10)
		b = append(b, ',')
		b = strconv.AppendUint(b, a.line(), 10)
		b = append(b, `)"`...)
	}
	return string(append(b, '}'))
}
