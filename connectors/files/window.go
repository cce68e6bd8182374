package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/assay-dev/assay/connectors"
)

const (
	firstWindow = 128 << 10
	// maxRecord bounds one record, so that a quote that is never closed, or a file that is one long line, cannot take all memory.
	maxRecord = 64 << 20
)

var (
	errLong  = connectors.Own(fmt.Sprintf("the record is longer than %d MiB", maxRecord>>20))
	errUTF16 = connectors.Own("it is UTF-16: save it as UTF-8")
)

// window holds the record that is being read, and what was read beyond it.
type window struct {
	r   io.Reader
	buf []byte
	// The record begins at rec, pos is the first byte beyond it, end the end of what was read.
	rec, pos, end int
	line          int64 // the line of pos, from 1
	eof           bool
}

func newWindow(r io.Reader) (*window, error) {
	w := &window{r: r, buf: make([]byte, firstWindow), line: 1}
	// A mark of the byte order is no data.
	for w.end < 3 && !w.eof {
		if _, err := w.more(); err != nil {
			return nil, err
		}
	}
	head := w.buf[:w.end]
	switch {
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		w.rec, w.pos = 3, 3
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}), bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return nil, errUTF16
	}
	return w, nil
}

// bytes returns what was read from the record's beginning on.
func (w *window) bytes() []byte { return w.buf[w.rec:w.end] }

// more reads further bytes behind the record; positions relative to its beginning stay right. It reports whether there were any.
func (w *window) more() (bool, error) {
	if w.eof {
		return false, nil
	}
	if w.end == len(w.buf) {
		held := w.end - w.rec
		switch {
		case held >= maxRecord:
			return false, errLong
		case held > len(w.buf)/2:
			grown := make([]byte, min(2*len(w.buf), maxRecord+firstWindow))
			copy(grown, w.buf[w.rec:w.end])
			w.buf = grown
		default:
			copy(w.buf, w.buf[w.rec:w.end])
		}
		w.pos -= w.rec
		w.rec, w.end = 0, held
	}
	for range 100 {
		n, err := w.r.Read(w.buf[w.end:])
		w.end += n
		switch {
		case errors.Is(err, io.EOF):
			w.eof = true
			return n > 0, nil
		case err != nil:
			return false, err
		case n > 0:
			return true, nil
		}
	}
	return false, io.ErrNoProgress
}

// nextLine moves to the next line and returns it without its end; ok is false behind the last. A last line need not be ended.
func (w *window) nextLine() (line []byte, ok bool, err error) {
	w.rec = w.pos
	from := 0
	for {
		b := w.bytes()
		if i := bytes.IndexByte(b[from:], '\n'); i >= 0 {
			line = b[:from+i]
			w.pos = w.rec + from + i + 1
			break
		}
		from = len(b)
		grew, err := w.more()
		if err != nil {
			return nil, false, err
		}
		if !grew {
			if from == 0 {
				return nil, false, nil
			}
			line, w.pos = w.bytes(), w.end
			break
		}
	}
	w.line++
	return bytes.TrimSuffix(line, []byte{'\r'}), true, nil
}
