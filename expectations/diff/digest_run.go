package diff

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	rowsum "github.com/assay-dev/assay/connectors/digest"
)

// Bounds of how a key is cut into ranges.
const (
	firstRanges = 256     // of the whole, where it has so many rows for them
	mostRanges  = 4096    // of the whole
	mostValues  = 30_000  // bound in one statement: SQLite takes 32,766
	rowsARange  = 1 << 18 // beyond firstRanges, about so many rows a range
	leastRows   = 16      // a range is not cut smaller
	childRanges = 64      // of a range that differs
	// parents is the most ranges that are cut again in one statement.
	parents = 16
	// tooMany is the part of the ranges from which on reading all of their rows is cheaper than finding the ones that differ.
	tooMany = 0.25
	// fewRanges are merged one by one whatever their part is.
	fewRanges = 4
	// leafBytes is what is read rather than cut again.
	leafBytes = 64 << 10
	// mergedRanges is the most ranges that are read in one statement.
	mergedRanges = 64
	// levels bounds how often a range is cut again.
	levels = 8
)

// Statements of a first pass take about so long, after one of firstRows rows.
const (
	passTime  = time.Second
	firstRows = 200_000
)

// DigestStats is what a comparison by digests came to.
type DigestStats struct {
	Ranges    int64 // pairs of ranges whose sums were compared
	Differing int64 // of them, those that were not equal
	Merged    int64 // ranges whose rows were read and compared
	// MergedRows are the rows of them, of the source and of the target.
	MergedRows [2]int64
	// Hashers is how many connections of one snapshot hashed ranges of the source, and of the target, at the same time; 0 where they were
	// hashed here.
	Hashers [2]int
}

// missed bounds the probability that two ranges with different rows have equal sums. Take a row that one of them holds more often. Whatever
// the hashes of all other rows are, the two sums of a word are equal for one value of the row's own word at most: 2^-32 for a hash like a
// random one, and 2^-128 for the four words. A difference is missed only where one of the compared pairs of ranges does so.
const missed = 0x1p-128

// digesting is a comparison by digests under way.
type digesting struct {
	spec  *Spec
	sides [2]*digestSide
	out   *findings
	stats *DigestStats
	width float64 // bytes of a row
	cutBy canon.Side
	// repeats is the side that is asked for repeated keys; nil where a server guarantees that there are none.
	repeats *digestSide
	merge   *merge
}

// run compares the whole.
func (d *digesting) run(ctx context.Context) error {
	if err := both(func(side int) error {
		if d.sides[side].rows >= 0 {
			return nil // when the strategy was chosen, of the same snapshot
		}
		return d.sides[side].count(ctx)
	}); err != nil {
		return err
	}
	first, err := d.first(ctx)
	if err != nil {
		return err
	}
	var seen [2]int64
	chunk := d.chunkOf(first)
	for len(first) > 0 {
		n := min(chunk, len(first))
		if len(first)-n < n/4 {
			n = len(first)
		}
		started := time.Now()
		rows, err := d.pass(ctx, first[:n])
		if err != nil {
			return err
		}
		took := time.Since(started)
		first = first[n:]
		chunk = adapted(n, took)
		for side := range seen {
			seen[side] += rows[side]
			d.sides[side].in.read.Windows += int64(n)
		}
		d.out.tell()
	}
	for side, s := range d.sides {
		if s.rows >= 0 && s.rows != seen[side] {
			return s.in.failed(&CoverageError{Rows: s.rows, Seen: seen[side], Columns: s.in.key.columns(s.in.side)})
		}
	}
	d.out.res.Bound = min(float64(d.stats.Ranges)*missed, 1)
	return nil
}

// adapted returns how many ranges the next statement should take, after one of n that took so long.
func adapted(n int, took time.Duration) int {
	factor := float64(passTime) / float64(max(took, time.Millisecond))
	return max(1, int(float64(n)*min(max(factor, 0.25), 4)))
}

// first cuts the whole key.
func (d *digesting) first(ctx context.Context) ([]segment, error) {
	whole := []segment{{}}
	rows := d.most()
	if rows < 0 {
		return whole, nil
	}
	ranges := rangesOf(rows, len(d.sides[0].cutCols))
	every := max((rows+ranges-1)/ranges, leastRows)
	if every >= rows {
		return whole, nil
	}
	return d.cut(ctx, whole, every)
}

// rangesOf returns into how many ranges a key of so many rows is cut by so many columns.
func rangesOf(rows int64, columns int) int64 {
	values := int64(2*columns - 1) // of a cut: each column but the last is asked to be below its value, or equal to it
	return min(max(rows/rowsARange, firstRanges), mostRanges, mostValues/values)
}

// most is the number of rows of the larger side, as far as it is known, else -1.
func (d *digesting) most() int64 {
	n := int64(-1)
	for _, s := range d.sides {
		n = max(n, s.rows, s.in.from.Schema.Rows)
	}
	return n
}

// chunkOf returns how many of the first ranges the first statement takes: all, where each statement would read a side from end to end.
func (d *digesting) chunkOf(first []segment) int {
	if !d.sides[0].seeks() || !d.sides[1].seeks() {
		return len(first)
	}
	each := max(d.most(), 1) / int64(len(first))
	return int(min(max(firstRows/max(each, 1), 1), math.MaxInt32))
}

// cut cuts the segments, which are in order, into ranges of about every rows.
func (d *digesting) cut(ctx context.Context, segs []segment, every int64) ([]segment, error) {
	by, other := d.sides[d.cutBy], d.sides[1-d.cutBy]
	cuts, err := by.cut(ctx, segs, every, other)
	if err != nil {
		return nil, err
	}
	var out []segment
	for _, s := range segs {
		for len(cuts) > 0 && !cuts[0].behind(by.cutKey, s.lo) {
			cuts = cuts[1:]
		}
		for len(cuts) > 0 && (s.hi == nil || s.hi.behind(by.cutKey, cuts[0])) {
			out = append(out, segment{lo: s.lo, hi: cuts[0]})
			s.lo, cuts = cuts[0], cuts[1:]
		}
		out = append(out, s)
	}
	return out, nil
}

// pass compares some of the first ranges, with whatever their differences need, and returns how many rows they have.
func (d *digesting) pass(ctx context.Context, segs []segment) (seen [2]int64, err error) {
	found, err := d.compare(ctx, segs, true)
	if err != nil {
		return seen, err
	}
	for i := range found {
		for side := range seen {
			seen[side] += found[i].sums[side].Rows
		}
	}
	return seen, d.descend(ctx, found, 1)
}

// descend finds the differences of ranges that were compared: they are cut again until what is left is little enough to read.
func (d *digesting) descend(ctx context.Context, found []compared, level int) error {
	var differ []compared
	for i := range found {
		if found[i].equal {
			d.equal(&found[i])
		} else {
			differ = append(differ, found[i])
		}
	}
	if len(differ) > fewRanges && float64(len(differ)) > tooMany*float64(len(found)) {
		return d.read(ctx, differ)
	}
	for len(differ) > 0 {
		// Rows are read in key order, so what is to be cut again and what is to be read take turns.
		n := 0
		for n < len(differ) && d.small(&differ[n], level) {
			n++
		}
		if err := d.read(ctx, differ[:n]); err != nil {
			return err
		}
		differ = differ[n:]
		n = 0
		for n < len(differ) && n < parents && !d.small(&differ[n], level) {
			n++
		}
		if err := d.again(ctx, differ[:n], level); err != nil {
			return err
		}
		differ = differ[n:]
	}
	return nil
}

// small reports whether a range is read rather than cut again.
func (d *digesting) small(c *compared, level int) bool {
	rows := max(c.sums[0].Rows, c.sums[1].Rows)
	leaf := min(leafBytes, float64(d.spec.memory()/8))
	return level >= levels || rows <= leastRows || float64(rows)*d.width <= leaf || !d.sides[0].ranges || !d.sides[1].ranges
}

// again cuts ranges that differ, and goes on with their parts.
func (d *digesting) again(ctx context.Context, differ []compared, level int) error {
	if len(differ) == 0 {
		return nil
	}
	most := int64(0)
	segs := make([]segment, len(differ))
	for i := range differ {
		segs[i] = differ[i].segment
		most = max(most, differ[i].sums[0].Rows, differ[i].sums[1].Rows)
	}
	parts, err := d.cut(ctx, segs, max((most+childRanges-1)/childRanges, leastRows/4))
	if err != nil {
		return err
	}
	if len(parts) == len(segs) { // nothing to cut at: one key holds most of the rows
		return d.read(ctx, differ)
	}
	found, err := d.compare(ctx, parts, false)
	if err != nil {
		return err
	}
	for side, s := range d.sides {
		var whole, sum int64
		for i := range differ {
			whole += differ[i].sums[side].Rows
		}
		for i := range found {
			sum += found[i].sums[side].Rows
		}
		if whole != sum {
			return s.in.failed(&CoverageError{Rows: whole, Seen: sum, Columns: s.in.key.columns(s.in.side)})
		}
	}
	return d.descend(ctx, found, level+1)
}

// compared is a range with its sums.
type compared struct {
	segment

	sums  [2]rowsum.Sum
	equal bool
}

// compare hashes ranges on both sides; first says that they are no parts of such as were hashed before.
func (d *digesting) compare(ctx context.Context, segs []segment, first bool) ([]compared, error) {
	var sums [2][]rowsum.Sum
	if err := both(func(side int) (err error) {
		sums[side], err = d.sides[side].digest(ctx, segs, first)
		return err
	}); err != nil {
		return nil, err
	}
	out := make([]compared, len(segs))
	alike := false
	for i, s := range segs {
		l, r := sums[canon.Left][i], sums[canon.Right][i]
		out[i] = compared{segment: s, sums: [2]rowsum.Sum{l, r}, equal: l.Equal(&r) && l.Rows < rowsum.MaxRows}
		alike = alike || out[i].equal && l.Rows > 1
	}
	d.stats.Ranges += int64(len(segs))
	if d.repeats != nil && alike {
		counts, err := d.repeats.repeats(ctx, segs)
		if err != nil {
			return nil, err
		}
		for i := range out {
			// A key that both sides repeat alike is a difference too.
			out[i].equal = out[i].equal && counts[i] == 0
		}
	}
	for i := range out {
		if !out[i].equal {
			d.stats.Differing++
		}
	}
	return out, nil
}

// equal counts a range without a difference: none of its keys is repeated.
func (d *digesting) equal(c *compared) {
	n := c.sums[0].Rows
	d.out.read(canon.Left, n)
	d.out.read(canon.Right, n)
	d.out.identical(n)
}

// read compares the rows of ranges, which are in order.
func (d *digesting) read(ctx context.Context, ranges []compared) error {
	for len(ranges) > 0 {
		n := min(len(ranges), mergedRanges)
		if !d.sides[0].ranges || !d.sides[1].ranges {
			n = len(ranges) // each statement would read everything
		}
		if err := d.rows(ctx, ranges[:n]); err != nil {
			return err
		}
		ranges = ranges[n:]
	}
	return nil
}

// rows compares the rows of ranges in one stream of each side.
func (d *digesting) rows(ctx context.Context, ranges []compared) (err error) {
	segs := make([]segment, len(ranges))
	var want, seen [2]int64
	for i := range ranges {
		segs[i] = ranges[i].segment
		for side := range want {
			want[side] += ranges[i].sums[side].Rows
		}
	}
	t := newTask(ctx)
	defer t.cancel()
	var streams [2]connectors.Rows
	defer func() {
		for side, r := range streams {
			if r != nil {
				err = errors.Join(err, d.sides[side].in.failed(r.Close()))
			}
		}
	}()
	if err := both(func(side int) (err error) {
		streams[side], err = d.sides[side].rowsOf(t.ctx, segs, true)
		return d.sides[side].in.failed(err)
	}); err != nil {
		return err
	}
	var cursors [2]*cursor
	for side, s := range d.sides {
		r := newReader(&counting{Rows: streams[side], n: &seen[side]}, &checker{key: s.in.key, side: s.in.side, rows: -1}, d.spec.memory()/4, s.in.failed)
		cursors[side] = &cursor{side: s.in.side, key: s.in.key, in: r}
		t.spawn(r.run)
	}
	t.spawn(func(ctx context.Context) error { return d.merge.run(ctx, cursors[canon.Left], cursors[canon.Right]) })
	if err := t.wait(); err != nil {
		return err
	}
	d.stats.Merged += int64(len(ranges))
	for side, s := range d.sides {
		d.stats.MergedRows[side] += seen[side]
		if seen[side] != want[side] {
			return s.in.failed(&CoverageError{Rows: want[side], Seen: seen[side], Columns: s.in.key.columns(s.in.side)})
		}
	}
	return nil
}
