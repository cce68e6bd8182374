package diff

import (
	"context"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// denseRows is how many rows a source streams in the time in which it looks one up.
const denseRows = 20

// rereader reads the rows of candidates on one side, as they are now and not as a snapshot has them.
type rereader struct {
	in     *input
	terms  *terms
	rows   int64 // that the side had
	method Method
	stream *keyStream // ByWalk, nil until it is needed
	unable bool       // keys are not to be asked for any more

	index map[string]int // canonical key to the position in a part
	asks  []bool         // the positions that are asked for, nil for all
	found []rowsOf
	came  int64 // rows that were looked at, whose keys were asked for or not
	kept  *value.Batch
	key   [2]*value.Batch // a candidate's key, as each side has it
	buf   []byte
}

func newRereader(st *settling, side canon.Side) (*rereader, error) {
	in, err := freshInput(st.s, side, st.out)
	if err != nil {
		return nil, in.failed(err)
	}
	r := rereaderOf(st.s, in)
	r.rows = st.out.res.Counts.LeftRows
	if side == canon.Right {
		r.rows = st.out.res.Counts.RightRows
	}
	return r, nil
}

// rereaderOf reads from an input as it is.
func rereaderOf(s *Spec, in *input) *rereader {
	r := &rereader{in: in, terms: newTerms(in)}
	types := make([]value.Type, in.keep)
	for i := range types {
		types[i] = in.cols[i].Col.Type
	}
	r.kept = value.NewBatch(types...)
	for side := range r.key {
		var types []value.Type
		for i := range s.Key {
			types = append(types, s.Key[i].of(canon.Side(side)).Col.Type)
		}
		r.key[side] = value.NewBatch(types...)
	}
	return r
}

// freshInput is a side without a snapshot. The comparison has decided already who evaluates the side's condition.
func freshInput(s *Spec, side canon.Side, out *findings) (*input, error) {
	in := inputOf(s, side, &Read{}, &out.sent[side])
	spec := s.side(side)
	switch {
	case spec.Where == nil:
	case !out.res.Reads[side].WhereHere:
		in.where = spec.Where
	default:
		if err := in.sift(spec.Where); err != nil {
			return in, err
		}
	}
	return in, nil
}

// search makes the side ready to read those of n candidates that are left because one of the sides cannot be asked for their keys.
func (r *rereader) search(n, part int64) {
	if r.method = BySearch; n > part {
		r.method = ByWalk
	}
}

// begin chooses how n candidates are read in a sweep; part is how many of them at once where they are found among all rows, and slow says
// that reading those costs much.
func (r *rereader) begin(n, part int64, slow bool) {
	switch {
	case r.terms.any && !r.unable && (slow || n*denseRows <= r.rows):
		r.method = ByKey
	case n <= part:
		r.method = BySearch
	default:
		r.method = ByWalk
	}
}

// end ends a sweep.
func (r *rereader) end() error {
	if r.stream == nil {
		return nil
	}
	err := r.stream.close()
	r.stream = nil
	return r.in.failed(err)
}

// rowsOf returns what the latest read found of candidate i.
func (r *rereader) rowsOf(i int) rowsOf { return r.found[i] }

// read reads the rows of some candidates.
func (r *rereader) read(ctx context.Context, part []*candidate) error {
	r.await(part)
	var err error
	switch r.method {
	case ByKey:
		err = r.lookup(ctx, part)
	case BySearch:
		err = r.filter(ctx, nil)
	case ByWalk:
		err = r.merge(ctx, part[len(part)-1])
	}
	return r.in.failed(err)
}

// await makes ready for the rows of some candidates.
func (r *rereader) await(part []*candidate) {
	r.index = make(map[string]int, len(part))
	r.found, r.asks = make([]rowsOf, len(part)), nil
	r.kept.Clear()
	for i, c := range part {
		r.buf = r.buf[:0]
		b := r.put(c)
		for k := range r.in.key {
			r.buf = r.in.key[k].Form.Append(r.buf, &b.Cols[k], c.side, 0)
		}
		r.index[string(r.buf)] = i
	}
}

// put puts the key of a candidate into a batch of one row.
func (r *rereader) put(c *candidate) *value.Batch {
	b := r.key[c.side]
	b.Clear()
	b.AppendRow(c.key...)
	return b
}

// take looks at a row that was read.
func (r *rereader) take(b *value.Batch, i int) {
	r.buf = r.buf[:0]
	for k := range r.in.key {
		r.buf = r.in.key[k].Form.Append(r.buf, &b.Cols[k], r.in.side, i)
	}
	at, ok := r.index[string(r.buf)]
	if !ok || r.asks != nil && !r.asks[at] {
		return
	}
	f := &r.found[at]
	if f.n++; f.n == 1 {
		r.kept.AppendRowFrom(b, i)
		f.b, f.i = r.kept, r.kept.N-1
	}
}

// lookup asks for the rows by their keys, each of which can be asked for. Where the source finds then that it is unable to answer, all rows
// are read.
func (r *rereader) lookup(ctx context.Context, part []*candidate) error {
	if r.unable {
		return r.filter(ctx, nil)
	}
	asked, _ := r.asked(part)
	able, err := r.request(ctx, asked)
	if able || err != nil {
		return err
	}
	r.await(part)
	return r.filter(ctx, nil)
}

// request reads the rows of keys that can be asked for. It returns false where the source turns out to be unable, as it will be the next time.
func (r *rereader) request(ctx context.Context, asked []lookedUp) (able bool, err error) {
	defer func() { r.asks = nil }()
	for _, cond := range conditions(asked) {
		// A key of which only some columns can be asked for brings rows of other keys, that another condition brings too.
		r.asks = make([]bool, len(r.found))
		for _, at := range cond.keys {
			r.asks[at] = true
		}
		err := r.filter(ctx, cond.where)
		if unable(err) != "" {
			r.unable = true
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// refused returns which of some candidates the side cannot be asked for by their keys, nil for none.
func (r *rereader) refused(part []*candidate) []bool {
	if r.method != ByKey {
		return nil
	}
	if r.unable {
		all := make([]bool, len(part))
		for i := range all {
			all[i] = true
		}
		return all
	}
	_, refused := r.asked(part)
	return refused
}

// asked returns the keys that can have rows, but for those that the side cannot be asked for: these are marked, nil for none.
func (r *rereader) asked(part []*candidate) (keys []lookedUp, refused []bool) {
	refuse := func(i int) {
		if refused == nil {
			refused = make([]bool, len(part))
		}
		refused[i] = true
	}
	for i, c := range part {
		switch cols, certain := r.terms.of(r.put(c), c.side); {
		case !certain:
			refuse(i)
		case cols != nil:
			keys = append(keys, lookedUp{at: i, cols: cols})
		}
	}
	able := func(keys []lookedUp) bool {
		for _, cond := range conditions(keys) {
			if r.in.source.Caps().Expr(r.in.from, cond.where) != nil {
				return false
			}
		}
		return true
	}
	if able(keys) {
		return keys, refused
	}
	askable := keys[:0]
	for _, key := range keys {
		if able([]lookedUp{key}) {
			askable = append(askable, key)
		} else {
			refuse(key.at)
		}
	}
	return askable, refused
}

// filter reads the rows of a condition and takes those of the candidates.
func (r *rereader) filter(ctx context.Context, where query.Expr) error {
	rows, err := r.in.query(ctx, where, false)
	if err != nil {
		return err
	}
	err = r.drain(ctx, rows)
	if e := rows.Close(); err == nil {
		err = e
	}
	return err
}

func (r *rereader) drain(ctx context.Context, rows connectors.Rows) error {
	for {
		b, err := rows.Next(ctx)
		if b == nil || err != nil {
			return err
		}
		if err := r.in.key.represented(b, r.in.side); err != nil {
			return err
		}
		r.came += int64(b.N)
		for i := range b.N {
			r.take(b, i)
		}
	}
}

// merge reads on in key order, up to the key of the last candidate of a part.
func (r *rereader) merge(ctx context.Context, last *candidate) error {
	if r.stream == nil {
		s, err := openKeyStream(ctx, r.in)
		if err != nil {
			return err
		}
		r.stream = s
	}
	upto := r.put(last)
	for {
		ok, err := r.stream.fill(ctx)
		if !ok || err != nil {
			return err
		}
		p := r.stream.cur
		if r.in.key.compare(&p.Batch, r.in.side, r.stream.i, upto, last.side, 0) > 0 {
			return nil
		}
		r.take(&p.Batch, r.stream.i)
		r.stream.i++
	}
}

// keyStream is all rows of a side in key order.
type keyStream struct {
	cursor

	from *input
}

func openKeyStream(ctx context.Context, in *input) (*keyStream, error) {
	from := *in
	from.read, from.check = &Read{}, &checker{key: in.key, side: in.side}
	caps := in.source.Caps()
	if err := from.open(ctx, caps.KeyOrder && !caps.UnorderedFaster && in.key.serverOrder(in.side)); err != nil {
		return nil, err
	}
	s := &keyStream{from: &from}
	s.cursor = cursor{side: in.side, key: in.key, in: &direct{rows: from.rows, check: from.check}}
	return s, nil
}

func (s *keyStream) close() error { return s.from.close() }
