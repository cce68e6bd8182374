package eval

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Aggregator computes the measures of a query.Aggregate over streamed batches, as the
// documentation of package query defines them. It is not for concurrent use: give each goroutine its own
// and Merge them. Its memory grows with the number of groups, and with the
// values that MeasureDistinct and MeasureQuantile must keep.
type Aggregator struct {
	query    query.Aggregate
	prog     *Program
	keys     []*node // GroupBy
	measures []measure
	groups   map[string]*group
	order    []*group // by first appearance
	buf      []byte
	rows     value.Bitmap // of the group at hand
}

// measure holds the nodes of a query.Measure; nil where it has none.
type measure struct {
	kind             query.MeasureKind
	arg, where, skip *node
	nulls            []*node
	used             value.Bitmap
}

// group is the state of one group.
type group struct {
	key    []value.Value
	badKey []bool
	states []state
	rows   []int32 // of the batch at hand
}

// state is that of one measure of one group.
type state struct {
	counts [6]int64 // of MeasureTally; the first three are used, by_null, errored elsewhere
	acc    accumulator
}

// NewAggregator prepares an aggregate over batches whose column i holds cols[i].
func NewAggregator(q query.Aggregate, cols []*query.Column) (*Aggregator, error) {
	a := &Aggregator{query: q, groups: make(map[string]*group)}
	var exprs []query.Expr
	at := func(e query.Expr) int {
		if e == nil {
			return -1
		}
		exprs = append(exprs, e)
		return len(exprs) - 1
	}
	for _, e := range q.GroupBy {
		at(e)
	}
	type places struct {
		arg, where, skip int
		nulls            []int
	}
	ps := make([]places, len(q.Measures))
	for i, m := range q.Measures {
		p := places{arg: at(m.Arg), where: at(m.Where), skip: at(m.Skip)}
		for _, c := range m.Nulls {
			p.nulls = append(p.nulls, at(c))
		}
		ps[i] = p
	}
	prog, err := Compile(exprs, cols)
	if err != nil {
		return nil, fmt.Errorf("aggregate: %w", err)
	}
	root := func(i int) *node {
		if i < 0 {
			return nil
		}
		return prog.roots[i]
	}
	a.prog, a.keys = prog, prog.roots[:len(q.GroupBy)]
	for i, m := range q.Measures {
		p := ps[i]
		me := measure{kind: m.Kind, arg: root(p.arg), where: root(p.where), skip: root(p.skip)}
		for _, n := range p.nulls {
			me.nulls = append(me.nulls, root(n))
		}
		if err := me.check(m); err != nil {
			return nil, fmt.Errorf("aggregate: measure %d: %w", i, err)
		}
		a.measures = append(a.measures, me)
	}
	if len(q.GroupBy) == 0 {
		g, err := a.newGroup(0)
		if err != nil {
			return nil, err
		}
		a.groups[""], a.order = g, append(a.order, g)
	}
	return a, nil
}

var errNotBool = errors.New("a condition is not bool")

// check tests the types that the kernels rely on.
func (m *measure) check(q query.Measure) error {
	for _, c := range []*node{m.where, m.skip} {
		if c != nil && c.typ.Kind != value.Bool && c.state != constNull {
			return errNotBool
		}
	}
	switch m.kind {
	case query.MeasureCount:
		return nil
	case query.MeasureTally:
		if m.arg == nil || m.arg.typ.Kind != value.Bool && m.arg.state != constNull {
			return errNotBool
		}
		return nil
	}
	if m.arg == nil {
		return errors.New("no argument")
	}
	_, err := newAccumulator(q, m.arg.typ)
	return err
}

func (a *Aggregator) newGroup(row int) (*group, error) {
	g := &group{states: make([]state, len(a.measures))}
	for _, k := range a.keys {
		v, ok := k.valueAt(row)
		g.key, g.badKey = append(g.key, v), append(g.badKey, !ok)
	}
	for i, m := range a.query.Measures {
		if m.Kind == query.MeasureTally || m.Kind == query.MeasureCount {
			continue
		}
		acc, err := newAccumulator(m, a.measures[i].arg.typ)
		if err != nil {
			return nil, err
		}
		g.states[i].acc = acc
	}
	return g, nil
}

// Add takes the rows of b.
func (a *Aggregator) Add(b *value.Batch) error {
	if b.N == 0 {
		return nil
	}
	if err := a.prog.run(b); err != nil {
		return fmt.Errorf("aggregate: %w", err)
	}
	if len(a.keys) == 0 {
		a.addRows(a.order[0], filled(&a.rows, b.N), b.N)
		return nil
	}
	var touched []*group
	for i := range b.N {
		a.buf = a.buf[:0]
		for _, k := range a.keys {
			a.buf = appendKey(a.buf, k, i)
		}
		g, ok := a.groups[string(a.buf)]
		if !ok {
			var err error
			if g, err = a.newGroup(i); err != nil {
				return err
			}
			a.groups[string(a.buf)] = g
			a.order = append(a.order, g)
		}
		if len(g.rows) == 0 {
			touched = append(touched, g)
		}
		g.rows = append(g.rows, int32(i))
	}
	for _, g := range touched {
		rows := zeroed(&a.rows, b.N)
		for _, i := range g.rows {
			rows.Set(int(i))
		}
		a.addRows(g, rows, b.N)
		g.rows = g.rows[:0]
	}
	return nil
}

// addRows adds the rows in the bitmap to every measure of g.
func (a *Aggregator) addRows(g *group, rows value.Bitmap, n int) {
	for i := range a.measures {
		m, s := &a.measures[i], &g.states[i]
		switch m.kind {
		case query.MeasureTally:
			m.tally(&s.counts, rows)
		case query.MeasureCount:
			m.count(&s.counts, rows)
		default:
			m.values(s, rows, n)
		}
	}
}

// anyNull returns word i of the rows in which one of the columns is null.
func (m *measure) anyNull(i int, full uint64) uint64 {
	var w uint64
	for _, c := range m.nulls {
		n, _ := c.marks(i, full)
		w |= n
	}
	return w
}

// selected returns word i of where's true and undecided rows.
func (m *measure) selected(i int, rows uint64) (t, undecided uint64) {
	if m.where == nil {
		return rows, 0
	}
	t, _, o := m.where.boolWord(i, rows)
	return t & rows, o & rows
}

func ones(w uint64) int64 { return int64(bits.OnesCount64(w)) }

func (m *measure) tally(c *[6]int64, rows value.Bitmap) {
	for i, r := range rows {
		sel, whereUndecided := m.selected(i, r)
		if m.skip != nil {
			st, _, _ := m.skip.boolWord(i, r)
			c[5] += ones(sel & st)
			sel &^= st
		}
		t, f, o := m.arg.boolWord(i, r)
		c[0] += ones(sel & t)
		c[1] += ones(sel & f)
		c[4] += ones(whereUndecided)
		if o &= sel; o != 0 {
			c[2] += ones(o)
			c[3] += ones(o & m.anyNull(i, r))
		}
	}
}

func (m *measure) count(c *[6]int64, rows value.Bitmap) {
	for i, r := range rows {
		t, o := m.selected(i, r)
		c[0] += ones(t)
		if o != 0 {
			n := m.anyNull(i, r)
			c[1] += ones(o & n)
			c[2] += ones(o &^ n)
		}
	}
}

func (m *measure) values(s *state, rows value.Bitmap, n int) {
	used := sized(&m.used, n)
	for i, r := range rows {
		t, o := m.selected(i, r)
		nulls, errs := m.arg.marks(i, r)
		used[i] = t &^ nulls &^ errs
		if bad := o | t&errs; bad|t&nulls != 0 {
			byNull := m.anyNull(i, r)
			s.counts[1] += ones((bad | t&nulls) & byNull)
			s.counts[2] += ones(bad &^ byNull)
		}
	}
	refused := s.acc.add(m.arg, used)
	s.counts[0] += count(used) - refused
	s.counts[2] += refused
}

// Merge adds what other has seen; other is then no longer of use. Both are made of the same query. The result is the same
// as if one Aggregator had seen all batches: what lets goroutines, and shards of one run, aggregate apart.
func (a *Aggregator) Merge(other *Aggregator) error {
	if len(a.measures) != len(other.measures) || len(a.keys) != len(other.keys) {
		return errors.New("aggregate: merge of different queries")
	}
	byGroup := make(map[*group]string, len(other.groups))
	for k, g := range other.groups {
		byGroup[g] = k
	}
	for _, o := range other.order {
		k := byGroup[o]
		g, ok := a.groups[k]
		if !ok {
			a.groups[k], a.order = o, append(a.order, o)
			continue
		}
		for i := range g.states {
			s, t := &g.states[i], &o.states[i]
			for j := range s.counts {
				s.counts[j] += t.counts[j]
			}
			if s.acc != nil {
				s.acc.merge(t.acc)
			}
		}
	}
	return nil
}

// Result returns one row, or one a group in the order of their first appearance: the
// GroupBy values (a key in error makes a group of its own), then each measure's outputs. More batches may follow.
func (a *Aggregator) Result() (*value.Batch, error) {
	var ts []value.Type
	for _, e := range a.query.GroupBy {
		ts = append(ts, e.Type())
	}
	for _, m := range a.query.Measures {
		ts = append(ts, m.Outputs()...)
	}
	b := value.NewBatch(ts...)
	for _, g := range a.order {
		c := 0
		next := func() *value.Vector { c++; return &b.Cols[c-1] }
		for i := range g.key {
			if g.badKey[i] {
				next().AppendErr()
			} else {
				next().AppendValue(g.key[i])
			}
		}
		for i, m := range a.query.Measures {
			s := &g.states[i]
			n := len(m.Outputs())
			if s.acc != nil {
				s.acc.result(next(), s.counts[0])
				n--
			}
			for j := range n {
				next().AppendInt(s.counts[j])
			}
		}
		b.N++
	}
	return b, nil
}
