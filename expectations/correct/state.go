package correct

import (
	"cmp"
	"slices"
)

// state is what a journal says of a plan's changes.
type state struct {
	run  int64 // runs so far
	last *record
	// applied were changed by this plan, already were as it wants them.
	applied, already numbers
	// doubt are those that were sent once when nobody waited for the answer: where they turn out to be as they should, it was this plan that did it.
	doubt numbers
	// open batches were begun, and nothing is known of their end.
	open map[int64]*openBatch
	next int64 // the next batch
	// rows and docs say where in the journal it stands what applied changes left behind, where that is not as planned; doubts likewise of changes in doubt.
	rows, docs, doubts index
	ended              bool // the last record is an end
}

// openBatch is a batch of the journal.
type openBatch struct {
	id       int64
	target   string
	ns       []int64
	audit    int64
	prepared bool
	// transaction says that nothing of it is done before it is prepared.
	transaction bool
	applied     []int64 // where it is prepared
	// rows and docs are those that hold; loose are rows since the last prepared, which says that they do.
	rows, docs, loose []place
}

// place is where in the journal a change's row stands.
type place struct{ n, at int64 }

// index finds places by change; the later one counts.
type index struct {
	list   []place
	sorted bool
}

func (x *index) add(p ...place) {
	x.list, x.sorted = append(x.list, p...), false
}

func (x *index) find(n int64) (at int64, ok bool) {
	if !x.sorted {
		slices.SortStableFunc(x.list, func(a, b place) int { return cmp.Compare(a.n, b.n) })
		x.sorted = true
	}
	i, _ := slices.BinarySearchFunc(x.list, n+1, func(p place, n int64) int { return cmp.Compare(p.n, n) })
	if i == 0 || x.list[i-1].n != n {
		return 0, false
	}
	return x.list[i-1].at, true
}

func newState(total int64) *state {
	return &state{applied: newNumbers(total), already: newNumbers(total), doubt: newNumbers(total), open: make(map[int64]*openBatch), next: 1}
}

// settled reports whether nothing is left to do of a change.
func (s *state) settled(n int64) bool { return s.applied.has(n) || s.already.has(n) }

// take takes a record that stands at a place in the journal; false where it does not follow from those before it.
func (s *state) take(r *record, at int64) bool {
	s.ended = r.kind == "end"
	switch r.kind {
	case "run":
		s.run, s.last = r.id, r
		return true
	case "end":
		return true
	case "begin":
		if s.open[r.id] != nil {
			return false
		}
		s.open[r.id] = &openBatch{id: r.id, target: r.target, ns: r.ns, audit: r.audit, transaction: r.transaction}
		s.next = max(s.next, r.id+1)
		return true
	}
	id := r.id
	if r.kind == "row" || r.kind == "doc" {
		id = r.batch
	}
	b := s.open[id]
	if b == nil {
		return false
	}
	switch r.kind {
	case "row":
		b.loose = append(b.loose, place{r.id, at})
	case "doc":
		b.docs = append(b.docs, place{r.id, at})
	case "prepared":
		// A batch that the server broke off is made again, and only the last time counts.
		b.prepared, b.applied, b.rows, b.loose = true, r.applied, b.loose, nil
	case "done":
		s.done(b, r.applied, r.already, r.doubt)
	case "undone":
		s.undone(b, r.doubt)
	}
	return true
}

func (s *state) done(b *openBatch, applied, already []int64, doubt bool) {
	for _, n := range applied {
		s.applied.add(n)
	}
	for _, n := range already {
		s.already.add(n)
	}
	b.rows = append(b.rows, b.loose...)
	for _, p := range b.rows {
		if s.applied.has(p.n) {
			s.rows.add(p)
		}
	}
	for _, p := range b.docs {
		if s.applied.has(p.n) {
			s.docs.add(p)
		}
	}
	if doubt {
		s.doubtful(b)
	}
	delete(s.open, b.id)
}

// doubtful remembers the changes of a batch that nobody waited for.
func (s *state) doubtful(b *openBatch) {
	for _, n := range b.ns {
		s.doubt.add(n)
	}
	s.doubts.add(b.rows...)
}

func (s *state) undone(b *openBatch, doubt bool) {
	if doubt {
		s.doubtful(b)
	}
	delete(s.open, b.id)
}
