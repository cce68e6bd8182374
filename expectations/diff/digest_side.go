package diff

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	rowsum "github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// digestSide is one side while ranges of it are hashed.
type digestSide struct {
	in    *input
	cells []rowsum.Cell
	// at are the positions of the cells' columns in the batches of in.
	at []int
	// cutKey and cutCols are the columns that ranges are cut by.
	cutKey  keyOrder
	cutCols []*query.Column
	// server hashes where the rows are; nil where they are read and hashed here, for the reason why.
	server connectors.Digester
	why    string
	// helpers hash other ranges of the same snapshot meanwhile.
	helpers []connectors.Digester
	// ranges says that the source can be asked for the rows between two keys.
	ranges bool
	// unique says that the source guarantees that no key stands in two rows.
	unique bool
	// rows is the number of rows, -1 where nobody has counted them.
	rows int64
}

// newDigestSide says what can be asked of a side; here says that its condition is evaluated here.
func newDigestSide(s *Spec, in *input, here bool) *digestSide {
	d := &digestSide{in: in, rows: -1}
	n := keyOrder(s.Key).cutColumns()
	d.cutKey, d.cutCols = in.key[:n], in.cols[:n]
	for i := range s.Key {
		d.cells = append(d.cells, rowsum.Cell{Column: in.cols[i], Form: &s.Key[i].Form, Side: in.side})
		d.at = append(d.at, i)
	}
	for i := range s.Columns {
		if c := &s.Columns[i]; !c.Carried {
			d.cells = append(d.cells, rowsum.Cell{Column: in.cols[len(s.Key)+i], Form: &c.Form, Side: in.side})
			d.at = append(d.at, len(s.Key)+i)
		}
	}
	d.unique = uniqueKey(&in.from.Schema, in.cols[:len(in.key)]) && in.key.serverOrder(in.side)
	sample := boolean(query.OpNot, isNull(d.cutCols[0]))
	if c, ok := sampleCut(d.cutKey); ok {
		sample = (&segment{lo: &c, hi: &c}).where(in.side, d.cutCols)
	}
	refusal := in.source.Caps().Expr(in.from, sample)
	d.ranges = refusal == nil
	server, ok := in.source.(connectors.Digester)
	switch {
	case !ok:
		d.why = "the source makes no digests"
	case here:
		d.why = "its condition is evaluated here"
	case refusal != nil:
		d.why = refusal.Reason
	default:
		if _, err := server.DigestStatements(rowsum.Request{From: in.from, Cells: d.cells, Where: in.where}); err != nil {
			if d.why = unable(err); d.why == "" {
				d.why = err.Error()
			}
			break
		}
		d.server = server
	}
	return d
}

// sampleCut is a cut like those to come, to ask the sources whether they can compare with it.
func sampleCut(key keyOrder) (cut, bool) {
	types := make([]value.Type, len(key))
	for k := range key {
		types[k] = key[k].Left.Col.Type
	}
	b := value.NewBatch(types...)
	for k := range b.Cols {
		v := &b.Cols[k]
		switch v.Type.Kind {
		case value.Int, value.Duration:
			v.AppendInt(1)
		case value.Uint:
			v.AppendUint(1)
		case value.Decimal:
			v.AppendDecimal(value.DecFromInt(1))
		case value.Timestamp, value.LocalTimestamp:
			v.AppendTimestamp(0, 0)
		default:
			text := "a"
			if key[k].Form.Class == canon.UUID {
				text = "0f0e0d0c-0b0a-4908-8706-050403020100"
				if v.Type.Kind == value.Bytes {
					text = "0123456789abcdef"
				}
			}
			v.AppendString(text)
		}
	}
	b.N = 1
	return newCut(key, b, 0)
}

// uniqueKey reports whether the engine guarantees that no two rows have the same values of cols.
func uniqueKey(s *value.Schema, cols []*query.Column) bool {
	notNull := func(name string) bool {
		return slices.ContainsFunc(cols, func(c *query.Column) bool { return c.Col.Name == name && c.Col.NotNull })
	}
	within := func(name string) bool {
		return slices.ContainsFunc(cols, func(c *query.Column) bool { return c.Col.Name == name })
	}
	all := func(names []string, f func(string) bool) bool {
		return len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool { return !f(n) })
	}
	return slices.ContainsFunc(s.Constraints, func(c value.Constraint) bool {
		return c.Kind == value.PrimaryKey && all(c.Columns, within) || c.Kind == value.Unique && all(c.Columns, notNull)
	})
}

// seeks reports whether the source finds the rows of a range without reading all others. Texts are in the order of an index only where
// their collation is bytewise, which nobody says here.
func (d *digestSide) seeks() bool {
	c := d.cutCols[0].Col
	return d.ranges && (c.Type.Kind != value.String || c.Shape == value.UUID) && slices.ContainsFunc(d.in.from.Schema.Indexes, func(ix []string) bool { return len(ix) > 0 && ix[0] == c.Name })
}

// request is the request for the segments, which are in order.
func (d *digestSide) request(segs []segment) rowsum.Request {
	return rowsum.Request{
		From: d.in.from, Cells: d.cells, Where: allOf(d.in.where, whereAny(segs, d.in.side, d.cutCols)), Steps: steps(segs, d.in.side, d.cutCols),
	}
}

// groups reports whether the server finds the keys that are repeated: where it tells apart what is one key to the comparison, as 1.001 and 1.002
// beside a column of two digits, it would find none.
func (d *digestSide) groups() bool { return d.server != nil && d.in.key.serverOrder(d.in.side) }

// recount says whether the rows that the side's condition leaves undecided are to be counted in what is read next, where it is evaluated here.
func (d *digestSide) recount(yes bool) {
	if d.in.sieve != nil {
		d.in.sieve.again = !yes
	}
}

// digest returns the sums of the segments. first says that no row of them was hashed before.
func (d *digestSide) digest(ctx context.Context, segs []segment, first bool) ([]rowsum.Sum, error) {
	sums := make([]rowsum.Sum, len(segs))
	if d.server != nil {
		return sums, d.in.failed(d.parallel(ctx, segs, func(ctx context.Context, by connectors.Digester, from, to int) error {
			d.in.sent.Add(1)
			part, err := by.Digest(ctx, d.request(segs[from:to]))
			copy(sums[from:to], part)
			return err
		}))
	}
	d.recount(first)
	defer d.recount(false)
	var encoding []byte
	err := d.scan(ctx, segs, false, func(b *value.Batch, i, at int) {
		encoding = encoding[:0]
		for k := range d.cells {
			encoding = d.cells[k].Form.Append(encoding, &b.Cols[d.at[k]], d.in.side, i)
		}
		sums[at].Add(encoding)
	})
	return sums, d.in.failed(err)
}

// repeats returns how many keys of each segment stand in several rows.
func (d *digestSide) repeats(ctx context.Context, segs []segment) ([]int64, error) {
	counts := make([]int64, len(segs))
	if d.groups() {
		return counts, d.in.failed(d.parallel(ctx, segs, func(ctx context.Context, by connectors.Digester, from, to int) error {
			d.in.sent.Add(1)
			part, err := by.Repeats(ctx, d.request(segs[from:to]))
			copy(counts[from:to], part)
			return err
		}))
	}
	last := value.NewBatch(d.keyTypes()...)
	err := d.scan(ctx, segs, true, func(b *value.Batch, i, at int) {
		if last.N == 1 && d.in.key.compare(last, d.in.side, 0, b, d.in.side, i) == 0 {
			counts[at]++
		}
		last.Clear()
		for k := range last.Cols {
			last.Cols[k].AppendFrom(&b.Cols[k], i)
		}
		last.N = 1
	})
	return counts, d.in.failed(err)
}

func (d *digestSide) keyTypes() []value.Type {
	types := make([]value.Type, len(d.in.key))
	for k := range types {
		types[k] = d.in.cols[k].Col.Type
	}
	return types
}

// scan reads the rows of the segments and says of each in which it is.
func (d *digestSide) scan(ctx context.Context, segs []segment, ordered bool, row func(b *value.Batch, i, at int)) (err error) {
	rows, err := d.rowsOf(ctx, segs, ordered)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for {
		b, err := rows.Next(ctx)
		if err != nil || b == nil {
			return err
		}
		if err := d.in.key.represented(b, d.in.side); err != nil {
			return err
		}
		for i := range b.N {
			if at := find(segs, d.cutKey, b, d.in.side, i); at >= 0 {
				row(b, i, at)
			}
		}
	}
}

// rowsOf streams the rows of the segments, in key order or in any.
func (d *digestSide) rowsOf(ctx context.Context, segs []segment, ordered bool) (connectors.Rows, error) {
	var where query.Expr
	if d.ranges {
		where = whereAny(segs, d.in.side, d.cutCols)
	}
	served := ordered && d.in.source.Caps().KeyOrder && d.in.key.serverOrder(d.in.side)
	rows, err := d.in.query(ctx, where, served)
	if err != nil && served && unable(err) != "" {
		served = false
		rows, err = d.in.query(ctx, where, false)
	}
	if err != nil {
		return nil, err
	}
	if !d.ranges {
		rows = &rangeFilter{rows: rows, side: d, segs: segs}
	}
	if ordered && !served {
		return &sorting{in: d.in, from: rows, spilled: &d.in.read.Spilled}, nil
	}
	return rows, nil
}

// count counts the rows, where the source can.
func (d *digestSide) count(ctx context.Context) error {
	m := query.Measure{Kind: query.MeasureCount, Where: d.in.where, Nulls: query.Columns(d.in.where)}
	if d.in.sieve != nil || refused(d.in.source.Caps().Measure(d.in.from, m)) != "" {
		return nil
	}
	b, err := d.in.counts(ctx, m)
	switch {
	case unable(err) != "":
		return nil // no failure: the rows are counted as they come
	case err != nil:
		return d.in.failed(err)
	case b.N != 1:
		return d.in.failed(connectors.Own(fmt.Sprintf("a count of %d rows", b.N)))
	}
	d.rows = b.Cols[0].Ints[0]
	return nil
}

// cut returns the keys at which the segments are cut, each of about every rows: in order, and only such as both sides can be asked for.
func (d *digestSide) cut(ctx context.Context, segs []segment, every int64, other *digestSide) ([]*cut, error) {
	keys, err := d.cutRows(ctx, segs, every)
	if err != nil {
		return nil, d.in.failed(err)
	}
	var cuts []*cut
	var last *cut
	for i := range keys.N {
		c, ok := newCut(d.cutKey, keys, i)
		if !ok || !c.behind(d.cutKey, last) || !d.takes(&c) || !other.takes(&c) {
			continue
		}
		last = &c
		cuts = append(cuts, last)
	}
	return cuts, nil
}

// takes reports whether the source can be asked for the rows up to c.
func (d *digestSide) takes(c *cut) bool {
	return !d.ranges || d.in.source.Caps().Expr(d.in.from, (&segment{lo: c, hi: c}).where(d.in.side, d.cutCols)) == nil
}

func (d *digestSide) cutRows(ctx context.Context, segs []segment, every int64) (*value.Batch, error) {
	if d.server != nil {
		d.in.sent.Add(1)
		return d.server.Cut(ctx, rowsum.Cut{
			From: d.in.from, Columns: d.cutCols, Where: allOf(d.in.where, whereAny(segs, d.in.side, d.cutCols)), Every: every,
		})
	}
	types := d.keyTypes()[:len(d.cutCols)]
	out := value.NewBatch(types...)
	n := int64(0)
	err := d.scan(ctx, segs, true, func(b *value.Batch, i, _ int) {
		if n++; n%every == 0 {
			for k := range out.Cols {
				out.Cols[k].AppendFrom(&b.Cols[k], i)
			}
			out.N++
		}
	})
	return out, err
}

// rangeFilter leaves out the rows that are in none of the segments, for a source that cannot.
type rangeFilter struct {
	rows connectors.Rows
	side *digestSide
	segs []segment
	out  *value.Batch
}

// Next implements connectors.Rows.
func (f *rangeFilter) Next(ctx context.Context) (*value.Batch, error) {
	for {
		b, err := f.rows.Next(ctx)
		if b == nil || err != nil {
			return nil, err
		}
		if err := f.side.in.key.represented(b, f.side.in.side); err != nil {
			return nil, err
		}
		if f.out == nil {
			f.out = value.NewBatch(b.Types()...)
		}
		f.out.Clear()
		for i := range b.N {
			if find(f.segs, f.side.cutKey, b, f.side.in.side, i) >= 0 {
				f.out.AppendRowFrom(b, i)
			}
		}
		if f.out.N > 0 {
			return f.out, nil
		}
	}
}

// Close implements connectors.Rows.
func (f *rangeFilter) Close() error { return f.rows.Close() }
