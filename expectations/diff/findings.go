package diff

import (
	"sync/atomic"
	"time"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// findings counts what a comparison finds and hands it on.
type findings struct {
	res *Result
	// candidate takes each difference as it is found, in key order. It counts and reports it, or waits and looks again.
	candidate func(Difference) error
	sink      func(Difference) error
	progress  func(Progress)
	found     int64
	waiting   int64 // candidates that are being read again
	told      time.Time
	steps     int
	sent      [2]atomic.Int64 // statements to each side
}

func newFindings(res *Result, s *Spec, sink func(Difference) error, progress func(Progress)) *findings {
	f := &findings{res: res, sink: sink, progress: progress, told: time.Now()}
	f.candidate = f.final
	res.Columns = make([]int64, len(s.Columns))
	return f
}

// read counts rows of a side.
func (f *findings) read(side canon.Side, n int64) {
	if side == canon.Left {
		f.res.Counts.LeftRows += n
	} else {
		f.res.Counts.RightRows += n
	}
}

// identical counts keys without a difference.
func (f *findings) identical(n int64) { f.res.Counts.Identical += n }

// difference takes what a strategy found.
func (f *findings) difference(d Difference) error {
	f.found++
	return f.candidate(d)
}

// final counts a difference that stays one, and reports it.
func (f *findings) final(d Difference) error {
	switch d.Class {
	case Identical:
	case Changed:
		f.res.Counts.Changed++
	case Missing:
		f.res.Counts.Missing++
	case Extra:
		f.res.Counts.Extra++
	case DuplicateKey:
		f.res.Counts.DuplicateKey++
	}
	for _, c := range d.Columns {
		f.res.Columns[c]++
	}
	if f.sink == nil {
		return nil
	}
	return f.sink(d)
}

// How often progress is told.
const (
	progressSteps = 64
	progressEvery = 100 * time.Millisecond
)

// step tells the progress now and then.
func (f *findings) step() {
	if f.progress == nil {
		return
	}
	f.steps++
	if f.steps%progressSteps != 0 {
		return
	}
	if now := time.Now(); now.Sub(f.told) >= progressEvery {
		f.told = now
		f.tell()
	}
}

// tell tells the progress.
func (f *findings) tell() {
	if f.progress != nil {
		f.progress(Progress{LeftRows: f.res.Counts.LeftRows, RightRows: f.res.Counts.RightRows, Differences: f.found, Waiting: f.waiting})
	}
}

// cells returns the compared cells of a row, and which of them are in error, nil for none.
func (m *merge) cells(b *value.Batch, i int) (cells []value.Value, errs []bool) {
	cells = make([]value.Value, len(m.cols))
	for c := range m.cols {
		v := &b.Cols[len(m.key)+c]
		cells[c] = v.Value(i)
		if v.IsErr(i) {
			if errs == nil {
				errs = make([]bool, len(m.cols))
			}
			errs[c] = true
		}
	}
	return cells, errs
}

func (m *merge) keyOf(b *value.Batch, i int) []value.Value {
	key := make([]value.Value, len(m.key))
	for c := range key {
		key[c] = b.Cols[c].Value(i)
	}
	return key
}

// both is a difference of a key that both sides have.
func (m *merge) both(class Class, l *value.Batch, i int, r *value.Batch, j int) Difference {
	d := Difference{Class: class, Key: m.keyOf(l, i), LeftRows: 1, RightRows: 1}
	d.Left, d.LeftErr = m.cells(l, i)
	d.Right, d.RightErr = m.cells(r, j)
	return d
}

// oneSided is a difference of a key that one side has, in n rows.
func (m *merge) oneSided(class Class, side canon.Side, b *value.Batch, i int, n int64) Difference {
	d := Difference{Class: class, Key: m.keyOf(b, i)}
	if side == canon.Left {
		d.Left, d.LeftErr = m.cells(b, i)
		d.LeftRows = n
	} else {
		d.Right, d.RightErr = m.cells(b, i)
		d.RightRows = n
	}
	return d
}
