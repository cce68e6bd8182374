package main

import (
	"sync"

	"github.com/assay-dev/assay/expectations/run"
)

// lateProgress is a progress that begins after the schema check is printed, and never where differences are printed to a terminal as they
// are found.
type lateProgress struct {
	app   *app
	shown bool
	mu    sync.Mutex
	bar   *progress
}

func (l *lateProgress) start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shown && l.bar == nil {
		l.bar = l.app.progress()
	}
}

func (l *lateProgress) event(e run.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bar != nil {
		l.bar.event(e)
	}
}

func (l *lateProgress) done() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bar != nil {
		l.bar.done()
		l.bar = nil
	}
}
