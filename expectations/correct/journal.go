package correct

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// maxOwnLine bounds the lines of journals and audit logs: those of the latter hold a row twice, and what a trigger made of it.
const maxOwnLine = 4 * maxLine

// journal is an open journal, which this process alone writes to.
type journal struct {
	path string
	file *os.File
	st   *state

	// A batch is finished while the next one is sent: both write.
	mu   sync.Mutex
	size int64
	buf  []byte // not yet written
}

// openJournal takes the journal of a plan and reads it. It is a *BusyError where another process has it, a *PlanError where it is another plan's or broken.
func openJournal(path string, p *Plan) (*journal, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // beside the user's own file
		if err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
		ok, err := tryLock(f)
		if err == nil && !ok {
			err = busy(path, f, p)
		}
		if err != nil {
			_ = f.Close()
			return nil, err
		}
		// Who held it before may have put it away: see archive.
		mine, err := f.Stat()
		if there, e := os.Stat(path); err != nil || e != nil || !os.SameFile(mine, there) {
			_ = f.Close()
			continue
		}
		j := &journal{path: path, file: f}
		if err := j.read(p); err != nil {
			_ = f.Close()
			return nil, err
		}
		return j, nil
	}
}

// busy says who has the journal.
func busy(path string, f *os.File, p *Plan) error {
	by := "another process"
	if st, _, err := readState(f, path, p.Header.Counts.Total); err == nil && st.last != nil {
		r := st.last.run
		by = fmt.Sprintf("%s on %s, process %d, since %s", clip(r.who), clip(r.host), r.pid, st.last.time.Format(time.RFC3339))
	}
	return &BusyError{Path: path, By: by}
}

// peekState reads a journal that nobody is to write to; nil where there is none.
func peekState(path string, p *Plan) (*state, error) {
	f, err := os.Open(path) //nolint:gosec // beside the user's own file
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	defer func() { _ = f.Close() }() // it was read only
	st, _, err := readState(f, path, p.Header.Counts.Total)
	if err == nil {
		err = st.of(path, p)
	}
	return st, err
}

// of refuses a journal of another plan.
func (s *state) of(path string, p *Plan) error {
	if s.last != nil && s.last.run.plan != p.Header.Sum {
		return &PlanError{Path: path, Text: "it is the journal of another plan, with the digest " + clip(s.last.run.plan), Hint: "give this plan a name or folder of its own"}
	}
	return nil
}

// read reads the journal and cuts off what a crash left half written.
func (j *journal) read(p *Plan) error {
	st, size, err := readState(j.file, j.path, p.Header.Counts.Total)
	if err != nil {
		return err
	}
	if err := st.of(j.path, p); err != nil {
		return err
	}
	if err := j.file.Truncate(size); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	j.st, j.size = st, size
	return nil
}

// readState reads a journal from its beginning, and returns how many of its bytes are whole lines.
func readState(f *os.File, path string, total int64) (*state, int64, error) {
	st := newState(total)
	size, err := scanJournal(f, path, total, st.take)
	if err != nil {
		return nil, 0, err
	}
	return st, size, nil
}

// scanJournal hands on the records of a journal until take refuses one, and returns how many of its bytes are whole lines.
func scanJournal(f *os.File, path string, total int64, take func(r *record, at int64) bool) (size int64, err error) {
	r := &lines{path: path, r: bufio.NewReaderSize(io.NewSectionReader(f, 0, 1<<62), 1<<18), most: maxOwnLine}
	var at int64
	bad, badLine := int64(-1), 0
	for {
		line, err := r.next()
		if e, ok := errors.AsType[*PlanError](err); ok && e.Hint != "" { // cut off within the line
			line, err = nil, nil
		}
		if err != nil {
			return 0, err
		}
		if line == nil {
			if bad >= 0 {
				at = bad
			}
			return at, nil
		}
		length := int64(len(line)) + 1
		rec, ok := readRecord(line, total)
		if ok && rec.kind == "run" && rec.run.schema != journalSchema {
			return 0, &PlanError{Path: path, Line: r.n, Text: "schema is " + clip(rec.run.schema) + ", and this program reads " + journalSchema}
		}
		switch {
		case bad < 0 && (!ok || !take(rec, at)):
			bad, badLine = at, r.n
		case bad >= 0 && ok && (rec.kind == "run" || rec.kind == "prepared"):
			// What was synchronised stands behind it: no crash did this.
			return 0, &PlanError{Path: path, Line: badLine, Text: "this line is not what was written", Hint: "restore the journal: without it assay cannot tell what was done"}
		}
		at += length
	}
}

// put writes lines later, with what is synchronised next.
func (j *journal) put(lines ...[]byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, l := range lines {
		j.buf = append(j.buf, l...)
	}
}

// flush writes what was put, and makes it last where sync is true.
func (j *journal) flush(sync bool) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.buf) > 0 {
		n, err := j.file.WriteAt(j.buf, j.size)
		if err != nil {
			return fmt.Errorf("journal: %w", err)
		}
		j.size += int64(n)
		j.buf = j.buf[:0]
	}
	if !sync {
		return nil
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// start records that somebody begins.
func (j *journal) start(p *Plan, o *Options) error {
	fresh := j.size == 0
	j.st.run++
	r := &runRecord{schema: journalSchema, plan: p.Header.Sum, plankind: p.Header.Kind, who: o.Who, host: o.Host, pid: int64(os.Getpid())}
	j.put(appendRun(nil, j.st.run, r, o.now()))
	if err := j.flush(true); err != nil {
		return err
	}
	if fresh {
		return syncDir(filepath.Dir(j.path))
	}
	return nil
}

func (j *journal) close() error { return j.file.Close() }

// row reads the row at a place, and whether a cell of it cannot be represented.
func (s *state) row(f io.ReaderAt, at int64, t *Target) (row []value.Value, bad bool, err error) {
	line, err := lineAt(f, at)
	if err != nil {
		return nil, false, err
	}
	rec, ok := readRecord(line, int64(len(s.applied))*64)
	if !ok || rec.kind != "row" {
		return nil, false, errors.New("journal: a row is not where it was")
	}
	l := &lexer{b: rec.cells}
	row, which := l.cells(t.Columns, "cells", t)
	if l.err != nil || len(which) != len(t.Columns) {
		return nil, false, errors.New("journal: a row does not fit its target")
	}
	return row, len(rec.errs) > 0, nil
}

// doc reads the document at a place.
func (s *state) doc(f io.ReaderAt, at int64) (*connectors.Document, error) {
	line, err := lineAt(f, at)
	if err != nil {
		return nil, err
	}
	rec, ok := readRecord(line, int64(len(s.applied))*64)
	if !ok || rec.doc == nil {
		return nil, errors.New("journal: a document is not where it was")
	}
	return rec.doc, nil
}

func lineAt(f io.ReaderAt, at int64) ([]byte, error) {
	line, err := bufio.NewReaderSize(io.NewSectionReader(f, at, maxOwnLine), 1<<12).ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return line[:len(line)-1], nil
}
