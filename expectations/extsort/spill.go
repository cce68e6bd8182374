package extsort

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/assay-dev/assay/connectors/value"
)

const (
	// blockRows bounds the rows of a block: what is decoded at once.
	blockRows = 1024
	// maxFanIn bounds the runs that are merged at once.
	maxFanIn = 64
	// Bounds of the size of a block.
	minBlock, maxBlock = 4 << 10, 256 << 10
	lengthBytes        = 4
)

// blockBytes is the size at which a block is full: small enough that many runs can be merged within the memory.
func blockBytes(memory int64) int64 {
	return min(max(memory/(4*maxFanIn), minBlock), maxBlock)
}

// spill is a file of runs.
type spill struct {
	f       *os.File
	named   bool // the file still has its name
	written int64
	size    int64
}

// segment is one run of a spill: blocks, each its length and its rows.
type segment struct {
	off, size int64
	widest    int64 // bytes of the largest block
}

// newSpill creates a file that only its owner can read (os.CreateTemp's mode 0600) and takes its name away at once, so that it
// vanishes with the process. Where the system keeps the name of an open file, closing removes it.
func newSpill(dir string) (*spill, error) {
	f, err := os.CreateTemp(dir, "assay-sort-*")
	if err != nil {
		return nil, fmt.Errorf("create a file to sort in: %w", err)
	}
	return &spill{f: f, named: os.Remove(f.Name()) != nil}, nil
}

// close removes the file.
func (s *spill) close() error {
	if s.f == nil {
		return nil
	}
	err := s.f.Close()
	if s.named {
		err = errors.Join(err, os.Remove(s.f.Name()))
	}
	s.f = nil
	if err != nil {
		return fmt.Errorf("remove the file that was sorted in: %w", err)
	}
	return nil
}

// segmentWriter appends one run.
type segmentWriter struct {
	s      *spill
	w      *bufio.Writer
	seg    segment
	buf    []byte
	target int64
	most   int // bytes of a block: its length has 32 bits, and one row may exceed the target
}

func (s *spill) segment(target int64) *segmentWriter {
	return &segmentWriter{
		s: s, seg: segment{off: s.size}, target: target, most: value.MaxData,
		w: bufio.NewWriterSize(io.NewOffsetWriter(s.f, s.size), maxBlock),
	}
}

// write appends the rows of b as one block.
func (w *segmentWriter) write(b *value.Batch) error {
	w.buf = appendBatch(append(w.buf[:0], 0, 0, 0, 0), b)
	n := len(w.buf) - lengthBytes
	if n > w.most {
		return fmt.Errorf("a row of %d bytes is too wide to be sorted in a file, which takes up to %d", n, w.most)
	}
	binary.LittleEndian.PutUint32(w.buf, uint32(n)) //nolint:gosec // w.most is no more than 32 bits
	if _, err := w.w.Write(w.buf); err != nil {
		return fmt.Errorf("write sorted rows: %w", err)
	}
	w.seg.size += int64(len(w.buf))
	w.seg.widest = max(w.seg.widest, int64(len(w.buf))+Size(b))
	return nil
}

// end completes the run.
func (w *segmentWriter) end() (segment, error) {
	if err := w.w.Flush(); err != nil {
		return segment{}, fmt.Errorf("write sorted rows: %w", err)
	}
	w.s.size += w.seg.size
	w.s.written += w.seg.size
	return w.seg, nil
}

// segmentReader reads one run back.
type segmentReader struct {
	f   *os.File
	off int64
	end int64
	buf []byte
	b   *value.Batch
	i   int // the current row of b
}

// next moves to the next row; false at the end.
func (r *segmentReader) next() (bool, error) {
	r.i++
	if r.i < r.b.N {
		return true, nil
	}
	if r.off >= r.end {
		return false, nil
	}
	var head [lengthBytes]byte
	if _, err := r.f.ReadAt(head[:], r.off); err != nil {
		return false, fmt.Errorf("read sorted rows: %w", err)
	}
	n := int64(binary.LittleEndian.Uint32(head[:]))
	if r.off+lengthBytes+n > r.end {
		return false, errBlock
	}
	if int64(cap(r.buf)) < n {
		r.buf = make([]byte, n)
	}
	r.buf = r.buf[:n]
	if _, err := r.f.ReadAt(r.buf, r.off+lengthBytes); err != nil {
		return false, fmt.Errorf("read sorted rows: %w", err)
	}
	r.off += lengthBytes + n
	if err := decodeBatch(r.buf, r.b); err != nil {
		return false, err
	}
	r.i = 0
	return true, nil
}
