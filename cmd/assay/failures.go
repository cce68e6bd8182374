package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// failuresName is the file beside a run's report that holds every difference; of a run that was asked for its keys, every failing row.
const failuresName = "failures.jsonl"

// failuresFile takes the differences and the failing rows of a run, one a line, as they are found: keys and the names of columns, and values only of a
// row that has no key. It
// appears with the first difference.
type failuresFile struct {
	dir    string
	rights fs.FileMode

	mu   sync.Mutex
	file *os.File
	to   *bufio.Writer
	n    int64
}

func (f *failuresFile) path() string { return filepath.Join(f.dir, failuresName) }

// failureLine is a line of the file.
type failureLine struct {
	Expectation string                 `json:"expectation"`
	Class       result.Class           `json:"class,omitempty"`
	Outcome     string                 `json:"outcome,omitempty"` // of a row by itself: false or undecided
	Key         map[string]result.Cell `json:"key"`
	Values      map[string]result.Cell `json:"values,omitempty"`
	Types       map[string]string      `json:"types,omitempty"` // of the cells whose text is escaped
	Columns     []string               `json:"columns,omitempty"`
	SourceRows  int64                  `json:"source_rows,omitempty"`
	TargetRows  int64                  `json:"target_rows,omitempty"`
}

// take writes a difference.
func (f *failuresFile) take(expectation string, d *result.Failure) error {
	bounded := result.BoundFailure(*d)
	d = &bounded
	outcome := ""
	if d.Class == "" {
		outcome = d.Outcome
	}
	line, err := json.Marshal(failureLine{expectation, d.Class, outcome, d.Key, d.Values, result.Escapes(map[string]map[string]result.Cell{"key": d.Key, "values": d.Values}), d.Columns, d.SourceRows, d.TargetRows})
	if err != nil {
		return fmt.Errorf("keep the differences: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.to == nil {
		if err := f.open(); err != nil {
			return fmt.Errorf("keep the differences: %w", err)
		}
	}
	f.n++
	if _, err := f.to.Write(append(result.Inert(line), '\n')); err != nil {
		return fmt.Errorf("keep the differences: %w", err)
	}
	return nil
}

func (f *failuresFile) open() error {
	if err := os.MkdirAll(f.dir, folder(f.rights)); err != nil {
		return err
	}
	if err := f.remove(); err != nil { // an earlier run's may be readable by others
		return err
	}
	file, err := os.OpenFile(f.path(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.rights)
	if err != nil {
		return err
	}
	f.file, f.to = file, bufio.NewWriterSize(file, 1<<16)
	return nil
}

func (f *failuresFile) remove() error {
	if err := os.Remove(f.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// close completes the file; where there was no difference it removes what an earlier run left in its place. It returns the path, ""
// for no file.
func (f *failuresFile) close() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.to == nil {
		if err := f.remove(); err != nil {
			return "", fmt.Errorf("remove the last run's differences: %w", err)
		}
		return "", nil
	}
	err := f.to.Flush()
	if e := f.file.Close(); err == nil {
		err = e
	}
	f.to = nil
	if err != nil {
		return "", fmt.Errorf("keep the differences: %w", err)
	}
	return f.path(), nil
}

// sayMissingKeys names the expectations of a kept report that have failing rows and no key in the file beside it: a run keeps those of rows only where it was asked to,
// and an empty file would say that none fails.
func (a *app) sayMissingKeys(rep *result.Report, keys string) error {
	has, err := keptKeys(keys)
	if err != nil {
		return err
	}
	var missing []string
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		if _, failed := e.Tally(); failed > 0 && !has[e.ID] {
			missing = append(missing, diag.Visible(e.ID))
		}
	}
	if n := len(missing); n > 0 {
		most := min(n, 5)
		text := strings.Join(missing[:most], ", ")
		if n > most {
			text += fmt.Sprintf(" and %d more", n-most)
		}
		a.note("the run kept no key of the rows that fail %s: assay run --format jsonl writes them", text)
	}
	return nil
}

// keptKeys are the expectations that have a line in a file of keys; "" is no file.
func keptKeys(path string) (map[string]bool, error) {
	has := map[string]bool{}
	if path == "" {
		return has, nil
	}
	f, err := os.Open(path) //nolint:gosec // the run's own file
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was read
	for d := json.NewDecoder(f); ; {
		var line struct {
			Expectation string `json:"expectation"`
		}
		switch err := d.Decode(&line); {
		case errors.Is(err, io.EOF):
			return has, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		has[line.Expectation] = true
	}
}
