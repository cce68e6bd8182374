package canon

import (
	"sync"

	"github.com/assay-dev/assay/connectors/value"
)

// scratch is memory for one comparison.
type scratch struct {
	a, b []byte
	l, r value.Vector
}

// scratches hands out memory to concurrent comparisons.
type scratches struct{ pool sync.Pool }

func (s *scratches) get() *scratch {
	if x, ok := s.pool.Get().(*scratch); ok {
		return x
	}
	return &scratch{a: make([]byte, 0, 256), b: make([]byte, 0, 256)}
}

// maxScratch keeps one huge document from holding its memory for ever.
const maxScratch = 1 << 20

func (s *scratches) put(x *scratch) {
	if cap(x.a) <= maxScratch && cap(x.b) <= maxScratch {
		s.pool.Put(x)
	}
}
