package eval

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// ErrTooManyRows is returned when a check would keep more than Limits.MaxRows.
var ErrTooManyRows = errors.New("more rows than may be kept in memory")

// Limits bounds what a SetChecker keeps in memory.
type Limits struct {
	// MaxRows bounds the distinct keys of a unique check, the parent keys of a references check
	// and the rows of a monotonic check; 0 for no bound. A key or row costs some 100 bytes and its text.
	MaxRows int
}

// SetChecker evaluates a set-level check over streamed rows, for sources that cannot.
// Keys are compared by exact bytes behind the hash, never by hash alone. It is not for concurrent use.
type SetChecker struct {
	check  query.SetCheck
	limits Limits
	prog   *Program
	where  *node
	cols   []*node // Columns; or Column, OrderBy..., GroupBy...
	result query.SetResult
	seen   int64 // rows given to Add so far: the ordinal of the next
	bad    []int64
	buf    []byte
	views  []*value.Vector // of cols, for the batch at hand

	firsts map[string]*firstSeen // unique
	parent *Program              // references
	keys   map[string]struct{}
	order  int // monotonic: number of OrderBy columns
	rows   value.Batch
	at     []int64 // ordinals of rows
	groups []string
}

// firstSeen is the first row with a key.
type firstSeen struct {
	ordinal  int64
	repeated bool
}

// NewSetChecker prepares a check over batches whose column i holds cols[i].
func NewSetChecker(c query.SetCheck, cols []*query.Column, limits Limits) (*SetChecker, error) {
	s := &SetChecker{check: c, limits: limits}
	var exprs []query.Expr
	var where query.Expr
	add := func(cs ...*query.Column) {
		for _, c := range cs {
			exprs = append(exprs, c)
		}
	}
	switch c := c.(type) {
	case *query.UniqueCheck:
		add(c.Columns...)
		where = c.Where
		s.firsts = make(map[string]*firstSeen)
	case *query.MonotonicCheck:
		add(c.Column)
		add(c.OrderBy...)
		add(c.GroupBy...)
		where, s.order = c.Where, len(c.OrderBy)
		for _, col := range append([]*query.Column{c.Column}, c.OrderBy...) {
			if !ordered(col.Col.Type.Kind) {
				return nil, fmt.Errorf("check: column %s of type %s has no order", col.Col.Name, col.Col.Type)
			}
			s.rows.Cols = append(s.rows.Cols, value.Vector{})
			s.rows.Cols[len(s.rows.Cols)-1].Reset(col.Col.Type)
		}
	case *query.ReferenceCheck:
		add(c.Columns...)
		where = c.Where
		parents := make([]query.Expr, len(c.ParentColumns))
		for i, p := range c.ParentColumns {
			parents[i] = p
		}
		if len(parents) != len(c.Columns) {
			return nil, fmt.Errorf("check: %d columns refer to %d", len(c.Columns), len(parents))
		}
		var err error
		if s.parent, err = Compile(parents, c.ParentColumns); err != nil {
			return nil, fmt.Errorf("check: parent: %w", err)
		}
		s.keys = make(map[string]struct{})
	default:
		return nil, fmt.Errorf("check: unknown %T", c)
	}
	columns := len(exprs)
	if where != nil {
		exprs = append(exprs, where)
	}
	prog, err := Compile(exprs, cols)
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	s.prog, s.cols = prog, prog.roots[:columns]
	if where != nil {
		s.where = prog.roots[columns]
		if s.where.typ.Kind != value.Bool && s.where.state != constNull {
			return nil, fmt.Errorf("check: %w", errNotBool)
		}
	}
	return s, nil
}

// AddParent takes parent rows of a ReferenceCheck, whose column i holds ParentColumns[i].
// All of them must have been added before the first call of Add.
func (s *SetChecker) AddParent(b *value.Batch) error {
	if s.parent == nil {
		return errors.New("check: no parent")
	}
	if err := s.parent.run(b); err != nil {
		return fmt.Errorf("check: parent: %w", err)
	}
	for i := range b.N {
		if nulls, errs := rowMarks(s.parent.roots, i); nulls || errs {
			continue
		}
		s.key(s.parent.roots, i, appendNumber)
		if _, ok := s.keys[string(s.buf)]; ok {
			continue
		}
		if err := s.room(len(s.keys)); err != nil {
			return err
		}
		s.keys[string(s.buf)] = struct{}{}
	}
	return nil
}

// Add takes rows.
func (s *SetChecker) Add(b *value.Batch) error {
	if err := s.prog.run(b); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	s.views = s.views[:0]
	for _, nd := range s.cols {
		s.views = append(s.views, nd.asVector())
	}
	skipOn := len(s.cols)
	if m, ok := s.check.(*query.MonotonicCheck); ok {
		skipOn -= len(m.GroupBy)
	}
	for i := range b.N {
		ordinal := s.seen
		s.seen++
		if s.where != nil {
			v, ok := s.where.valueAt(i)
			if !ok || v.IsNull() {
				s.result.WhereUndecided++
				continue
			}
			if !v.Bool() {
				continue
			}
		}
		nulls, _ := rowMarks(s.cols[:skipOn], i)
		_, errs := rowMarks(s.cols, i)
		switch {
		case nulls:
			s.result.Skipped++
		case errs:
			s.result.Errored++
		default:
			if err := s.row(i, ordinal); err != nil {
				return err
			}
		}
	}
	return nil
}

func rowMarks(nodes []*node, i int) (nulls, errs bool) {
	for _, nd := range nodes {
		nulls = nulls || nd.nulls.Get(i)
		errs = errs || nd.errs.Get(i)
	}
	return nulls, errs
}

// key encodes row i of nodes into buf.
func (s *SetChecker) key(nodes []*node, i int, cell func([]byte, *node, int) []byte) {
	s.buf = s.buf[:0]
	for _, nd := range nodes {
		s.buf = cell(s.buf, nd, i)
	}
}

func (s *SetChecker) room(kept int) error {
	if s.limits.MaxRows > 0 && kept >= s.limits.MaxRows {
		return fmt.Errorf("check: %w: %d", ErrTooManyRows, s.limits.MaxRows)
	}
	return nil
}

// row takes a selected row without nulls and errors.
func (s *SetChecker) row(i int, ordinal int64) error {
	switch s.check.(type) {
	case *query.UniqueCheck:
		s.key(s.cols, i, appendCell)
		f, ok := s.firsts[string(s.buf)]
		if !ok {
			if err := s.room(len(s.firsts)); err != nil {
				return err
			}
			s.firsts[string(s.buf)] = &firstSeen{ordinal: ordinal}
			s.result.True++
			return nil
		}
		if !f.repeated {
			f.repeated = true
			s.result.True--
			s.fail(f.ordinal)
		}
		s.fail(ordinal)
	case *query.ReferenceCheck:
		s.key(s.cols, i, appendNumber)
		if _, ok := s.keys[string(s.buf)]; ok {
			s.result.True++
		} else {
			s.fail(ordinal)
		}
	case *query.MonotonicCheck:
		return s.keep(i, ordinal)
	}
	return nil
}

func (s *SetChecker) fail(ordinal int64) {
	s.result.False++
	s.bad = append(s.bad, ordinal)
}

// keep stores a row of a monotonic check for Result. NaN has no place in an order.
func (s *SetChecker) keep(i int, ordinal int64) error {
	for _, nd := range s.cols[:1+s.order] {
		if nd.typ.Kind == value.Double && math.IsNaN(nd.vec.Floats[i]) {
			s.result.Errored++
			return nil
		}
	}
	if err := s.room(s.rows.N); err != nil {
		return err
	}
	for c, v := range s.views[:1+s.order] {
		s.rows.Cols[c].AppendFrom(v, i)
	}
	s.rows.N++
	s.key(s.cols[1+s.order:], i, appendKey)
	s.groups = append(s.groups, string(s.buf))
	s.at = append(s.at, ordinal)
	return nil
}

// Result returns the counts over the rows added. A references check needs its parent to be
// complete, a monotonic one is sorted here, so call it once.
func (s *SetChecker) Result() query.SetResult {
	if m, ok := s.check.(*query.MonotonicCheck); ok {
		s.monotonic(m)
	}
	return s.result
}

// Violations returns the ordinals, counted from 0 over all calls of Add, of the rows that violate the check, in order. Call it after Result.
func (s *SetChecker) Violations() []int64 {
	slices.Sort(s.bad)
	return s.bad
}

// monotonic compares every row with the one before it in its group.
func (s *SetChecker) monotonic(m *query.MonotonicCheck) {
	sign := 1
	if m.Descending {
		sign = -1
	}
	compare := func(x, y int) int { // of the column itself
		return sign * compareElems(&s.rows.Cols[0], x, &s.rows.Cols[0], y)
	}
	at := make([]int, s.rows.N)
	for i := range at {
		at[i] = i
	}
	sort.SliceStable(at, func(p, q int) bool {
		x, y := at[p], at[q]
		if s.groups[x] != s.groups[y] {
			return s.groups[x] < s.groups[y]
		}
		for c := 1; c <= s.order; c++ {
			if k := compareElems(&s.rows.Cols[c], x, &s.rows.Cols[c], y); k != 0 {
				return k < 0
			}
		}
		return compare(x, y) < 0
	})
	for k, x := range at {
		if k == 0 || s.groups[at[k-1]] != s.groups[x] {
			s.result.True++
			continue
		}
		c := compare(x, at[k-1])
		if c < 0 || m.Strict && c == 0 {
			s.fail(s.at[x])
		} else {
			s.result.True++
		}
	}
}
