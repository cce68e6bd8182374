package correct

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// maxLine bounds a line of a plan, in bytes.
const maxLine = 64 << 20

// Writer writes a plan file in constant memory but for 64 bits a change (see ErrRepeated). The file appears, whole and readable by its owner alone, when
// Finish returns. It is used by one goroutine.
type Writer struct {
	path    string
	h       Header
	targets map[string]*Target
	body    *os.File
	out     *bufio.Writer
	line    []byte
	rows    rowSet
	unique  bool // who adds vouches for it that no row comes twice
	counts  counter
	total   int64
	refused map[[2]string]int
}

// Create begins the plan at path. The header's Schema, Counts, Refused and Sum are filled in, and so are ID, Kind (fix) and Created where they are empty.
func Create(path string, h Header) (*Writer, error) {
	h.Schema, h.Counts, h.Refused, h.Sum = SchemaName, Counts{}, nil, ""
	if h.Kind == "" {
		h.Kind = KindFix
	}
	if h.ID == "" {
		h.ID = rand.Text()
	}
	if h.Created.IsZero() {
		h.Created = time.Now()
	}
	h.Created = h.Created.UTC()
	h.Targets = append([]Target{}, h.Targets...)
	if err := h.check(); err != nil {
		return nil, fmt.Errorf("plan %s: %w", path, err)
	}
	w := &Writer{path: path, h: h, targets: make(map[string]*Target), refused: make(map[[2]string]int)}
	for i := range w.h.Targets {
		w.targets[w.h.Targets[i].Name] = &w.h.Targets[i]
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".body.*") // readable by its owner alone
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	w.body, w.out = f, bufio.NewWriterSize(f, 1<<18)
	return w, nil
}

// AddTarget adds a target before the first of its changes: what a run will change is known when it ends.
func (w *Writer) AddTarget(t Target) error {
	w.h.Targets = append(w.h.Targets, t)
	if err := w.h.check(); err != nil {
		return fmt.Errorf("plan %s: %w", w.path, err)
	}
	for i := range w.h.Targets {
		w.targets[w.h.Targets[i].Name] = &w.h.Targets[i]
	}
	return nil
}

// Add writes a change and numbers it. A change that cannot stand in the plan is ErrRepeated or ErrTooLarge, and the next one may follow; any other error ends the writing.
func (w *Writer) Add(c *Change) error {
	t := w.targets[c.Target]
	if t == nil {
		return fmt.Errorf("plan: unknown target %q", c.Target)
	}
	c.N = w.total + 1
	if text := c.check(t); text != "" {
		return fmt.Errorf("plan: change %d of target %q: %s", c.N, c.Target, text)
	}
	w.line = append(appendChange(w.line[:0], c, t), '\n')
	if len(w.line) > maxLine {
		w.line = nil
		return ErrTooLarge
	}
	if !w.unique && !w.rows.add(c) {
		return ErrRepeated
	}
	w.total++
	w.counts.count(c)
	if _, err := w.out.Write(w.line); err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	return nil
}

// Refuse counts rows that no change could be made of.
func (w *Writer) Refuse(expectation, reason string, rows int64) {
	k := [2]string{expectation, reason}
	i, ok := w.refused[k]
	if !ok {
		i = len(w.h.Refused)
		w.refused[k] = i
		w.h.Refused = append(w.h.Refused, Refusal{Expectation: expectation, Reason: reason})
	}
	w.h.Refused[i].Rows += rows
}

// SetRows tells how many rows of a target were compared or checked, where that was not known at the beginning.
func (w *Writer) SetRows(target string, rows int64) {
	if t := w.targets[target]; t != nil {
		t.Rows = rows
	}
}

// Finish writes the file and returns its header. Nothing is left of it where it fails.
func (w *Writer) Finish() (h *Header, err error) {
	defer w.Abort()
	if err := w.out.Flush(); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	w.h.Counts, _ = w.counts.counts()
	line, at, err := w.h.encode()
	if err != nil {
		return nil, err
	}
	if len(line) > maxLine {
		return nil, fmt.Errorf("plan: %w", ErrTooLarge)
	}
	err = replace(w.path, func(f *os.File) error {
		sum := sha256.New()
		if _, err := io.MultiWriter(f, sum).Write(line); err != nil {
			return err
		}
		if _, err := w.body.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(f, sum)}, struct{ io.Reader }{w.body}, make([]byte, 1<<18)); err != nil {
			return err
		}
		w.h.Sum = hex.EncodeToString(sum.Sum(nil))
		_, err := f.WriteAt([]byte(w.h.Sum), int64(at))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	done := w.h
	done.Counts.fill()
	return &done, nil
}

// Abort gives up what was written, unless Finish was called.
func (w *Writer) Abort() {
	if w.body != nil {
		_ = w.body.Close()
		_ = os.Remove(w.body.Name())
		w.body = nil
	}
}

// replace writes a file, readable by its owner alone, and puts it into its place at once and for good.
func replace(path string, write func(*os.File) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
