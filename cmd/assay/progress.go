package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/run"
)

// progress shows what a run is doing, on a terminal only.
type progress struct {
	mu    sync.Mutex
	bars  *mpb.Progress
	bar   *mpb.Bar
	steps map[string]string
}

func (a *app) progress() *progress {
	p := &progress{steps: map[string]string{}}
	if a.quiet || !terminal(a.stderr) {
		return p
	}
	p.bars = mpb.New(mpb.WithOutput(a.stderr), mpb.WithRefreshRate(120*time.Millisecond), mpb.WithWidth(20))
	p.bar = p.bars.New(0, mpb.SpinnerStyle(), mpb.BarRemoveOnComplete(), mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return p.line() })))
	return p
}

// event takes note of a step; several datasets may report at once.
func (p *progress) event(e run.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Step == "done" {
		delete(p.steps, e.Dataset)
		return
	}
	s := e.Step
	if e.Rows > 0 {
		s += " " + diag.Group(e.Rows)
		if e.Total > 0 {
			s += " of about " + diag.Group(e.Total)
		}
	}
	p.steps[e.Dataset] = s
}

func (p *progress) line() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var parts []string
	for name, s := range p.steps {
		parts = append(parts, diag.Visible(name)+": "+s)
	}
	slices.Sort(parts)
	return strings.Join(parts, "  ")
}

func (p *progress) done() {
	if p.bars == nil {
		return
	}
	p.bar.SetTotal(-1, true)
	p.bars.Wait()
}

// warn prints findings that stop nothing.
func (a *app) warn(found diag.List, l *loaded) error {
	if len(found) == 0 || a.quiet && !found.HasErrors() {
		return nil
	}
	return printTo(a.stderr, found, l)
}

func printTo(w io.Writer, found diag.List, l *loaded) error {
	if err := diag.Print(w, found, l.sources); err != nil {
		return &worldError{fmt.Errorf("print findings: %w", err)}
	}
	return nil
}
