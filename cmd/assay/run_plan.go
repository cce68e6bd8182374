package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/fix"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites/schema"
)

// What a run does about what it finds: --mode, or mode: of the suite's corrections.
const (
	modeAudit     = "audit"     // finds and reports, and sends no message
	modeAlert     = "alert"     // and notifies, as where nothing is said
	modePlan      = "plan"      // and writes a plan
	modeSelective = "selective" // and applies what is of low risk
	modeAuto      = "auto"      // and applies all of it
	modeRebuild   = "rebuild"   // and rebuilds the targets of comparisons that differ
)

// modeOf is what a run of a suite does about what it finds; "" where nobody said.
func modeOf(suite *spec.Suite, told string) string {
	if told != "" {
		return told
	}
	return suite.Corrections.Mode
}

// checkMode refuses a mode that is none, and what contradicts one.
func checkMode(mode, alerts string) error {
	if mode == "" {
		return nil
	}
	if err := checkWords("mode", []string{mode}, schema.Modes()); err != nil {
		return err
	}
	if mode == modeAlert && alerts == alertsOff {
		return errors.New("--mode alert and --alerts off: one of the two")
	}
	return nil
}

// writes reports whether a run of that mode writes to the systems of the suite.
func writes(mode string) bool {
	return mode == modeSelective || mode == modeAuto || mode == modeRebuild
}

// fixable are the datasets that corrections of a suite may change, in the order of its expectations.
func fixable(suite *spec.Suite) []string {
	var out []string
	add := func(name string) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for i := range suite.Expectations {
		e := &suite.Expectations[i]
		if e.Fix == nil {
			continue
		}
		if e.Compare == nil {
			add(e.Dataset)
			continue
		}
		sides := map[spec.FixSide]string{spec.ToSource: e.Compare.Source.Value, spec.ToTarget: e.Compare.Target.Value}
		add(sides[e.Fix.To])
		for _, c := range e.Fix.Columns {
			o := c.Owner
			if o.Kind == spec.OwnerNewest || o.Kind == spec.OwnerPrefer || o.Kind == spec.OwnerSide && o.Side == e.Fix.To {
				add(sides[e.Fix.To.Other()])
			}
		}
	}
	return out
}

// mayWrite refuses a mode that writes where a connection that it would write to does not allow that: before anything is read.
func (a *app) mayWrite(l *loaded, told string) error {
	var found diag.List
	for i := range l.suites {
		s := &l.suites[i]
		mode := modeOf(s, told)
		targets := fixable(s)
		if len(targets) == 0 && (writes(mode) || mode == modePlan) && !a.quiet {
			a.note("assay: no expectation of %s says fix:, so mode %s finds nothing to correct", diag.Visible(s.Name), mode)
		}
		if !writes(mode) {
			continue
		}
		for _, name := range targets {
			if c := connectionOfDataset(s, name); c != nil {
				found = append(found, unwritable(c)...)
			}
		}
	}
	if found = found.Dedupe(); found.HasErrors() {
		return &foundError{list: found, sources: l.sources}
	}
	return nil
}

// connectionOfDataset is the connection of a suite's dataset, nil where there is none.
func connectionOfDataset(s *spec.Suite, dataset string) *spec.Connection {
	for i := range s.Datasets {
		if s.Datasets[i].Name == dataset {
			return connectionOf(s, s.Datasets[i].Connection)
		}
	}
	return nil
}

// planning makes the plan of a suite's run; nil where the mode makes none.
type planning struct {
	suite   *spec.Suite
	mode    string
	path    string
	writer  *correct.Writer
	planner *fix.Planner
	// overBudget says in words that there are more changes than the suite allows; sampled are expectations whose rows were drawn at random.
	overBudget string
	sampled    []string
}

// planFor begins the plan of a run.
func planFor(suite *spec.Suite, mode, dir, id string, now time.Time, planned *plan.Options) (*planning, error) {
	if mode != modePlan && mode != modeSelective && mode != modeAuto {
		return nil, nil
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, &worldError{fmt.Errorf("keep the plan: %w", err)}
	}
	p := &planning{suite: suite, mode: mode, path: filepath.Join(dir, planName)}
	if exists(correct.JournalPath(p.path)) { // of an earlier run in the same folder: it is needed to undo what that did
		return nil, fmt.Errorf("%s: a plan of an earlier run was applied there, and is needed to undo that; name another folder with --out, or remove the plan with its journal and undo",
			correct.JournalPath(p.path))
	}
	var err error
	p.writer, err = correct.Create(p.path, correct.Header{Run: id, Suite: suite.Name, File: fromFolder(dir, suite.File), Digest: suite.Digest, Created: time.Now()})
	if err != nil {
		return nil, &worldError{err}
	}
	p.planner = fix.New(fix.Options{Target: p.target, Change: p.change, Now: now, MemoryBytes: planned.CompareMemory, TempDir: planned.TempDir})
	return p, nil
}

// fixer is the planner, nil where there is none.
func (p *planning) fixer() *fix.Planner {
	if p == nil {
		return nil
	}
	return p.planner
}

// fromFolder is a file as it is named from a folder, and absolute where that cannot be said.
func fromFolder(dir, file string) string {
	from, err := filepath.Abs(dir)
	if err != nil {
		return file
	}
	to, err := filepath.Abs(file)
	if err != nil {
		return file
	}
	if rel, err := filepath.Rel(from, to); err == nil {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(to)
}

func (p *planning) target(t correct.Target) error { return p.writer.AddTarget(t) }

func (p *planning) change(c *correct.Change) error {
	err := p.writer.Add(c)
	if errors.Is(err, correct.ErrRepeated) || errors.Is(err, correct.ErrTooLarge) {
		p.writer.Refuse(c.Expectation, err.Error(), 1)
		return nil
	}
	return err
}

// abort gives up the plan of a run that did not come to one.
func (p *planning) abort() {
	if p != nil {
		p.writer.Abort()
	}
}

// finish writes the plan of what the run found, and says so in its report.
func (p *planning) finish(rep *result.Report) error {
	res, err := p.planner.Result()
	if err != nil {
		return fmt.Errorf("plan corrections: %w", err)
	}
	p.overBudget, p.sampled = res.OverBudget, res.Sampled
	for _, r := range res.Refused {
		p.writer.Refuse(r.Expectation, r.Reason, r.Rows)
	}
	h, err := p.writer.Finish()
	if err != nil {
		return err
	}
	rep.Plan = planSummary(p.path, p.mode, h)
	return nil
}

// planSummary is what a report says of a plan.
func planSummary(path, mode string, h *correct.Header) *result.PlanSummary {
	small := func(counts map[string]int64) map[string]int {
		out := map[string]int{}
		for k, n := range counts {
			out[k] = int(n)
		}
		return out
	}
	s := &result.PlanSummary{Path: path, Mode: mode, Digest: h.Sum, Changes: small(h.Counts.ByAction), ByClass: small(h.Counts.ByClass), ByRisk: small(h.Counts.ByRisk)}
	for i := range h.Targets {
		if name := h.Targets[i].Dataset; !slices.Contains(s.Targets, name) {
			s.Targets = append(s.Targets, name)
		}
	}
	for _, r := range h.Refused {
		s.Refused = append(s.Refused, result.PlanRefusal{Expectation: r.Expectation, Reason: r.Reason, Rows: r.Rows})
	}
	return s
}
