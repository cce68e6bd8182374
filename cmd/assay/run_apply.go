package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// escalations is the number of reasons that a report names for what was left to people.
const escalations = 100

// applyPlan applies the plan of a run as its mode says, and says in the report what became of it and what was left to people. Its error is the world's.
func (a *app) applyPlan(ctx context.Context, p *planning, l *loaded, rep *result.Report, state string) error {
	if p.mode == modePlan {
		return nil
	}
	opened, err := correct.Open(p.path)
	if err != nil {
		return err
	}
	b := &boundPlan{Plan: opened, suite: p.suite, loaded: l, sources: map[string]connectors.Source{}, state: state}
	defer b.close()
	chosen := []correct.Risk{correct.Low}
	if p.mode == modeAuto {
		chosen = []correct.Risk{correct.Low, correct.Medium, correct.High}
	}
	n := int64(0)
	for _, r := range chosen {
		n += b.Header.Counts.ByRisk[string(r)]
	}
	rep.Plan.Applied = &result.PlanApplied{}
	if b.Header.Counts.Total > 0 {
		rep.Plan.Applied.Message = p.overBudget // whatever their risk
	}
	if n > 0 && rep.Plan.Applied.Message == "" {
		if err = a.applyChosen(ctx, b, rep, chosen); err != nil {
			rep.Plan.Applied.Message = "stopped: " + err.Error()
		}
	}
	if rep.Plan.Applied.Message != "" && err == nil { // over budget: nothing was applied
		chosen = nil
	}
	return errors.Join(err, escalate(ctx, b.Plan, rep.Plan, chosen))
}

func (a *app) applyChosen(ctx context.Context, b *boundPlan, rep *result.Report, chosen []correct.Risk) error {
	if err := b.join(ctx, true); err != nil {
		return err
	}
	f := &applyFlags{most: b.suite.Corrections.MaxChanges}
	o, err := f.options(b)
	if err != nil {
		return err
	}
	o.Risks = chosen
	if share := b.suite.Corrections.MaxFraction; share < 1 {
		o.MaxFraction = share
	}
	bar := a.correctionBar("applying")
	o.Progress = bar.event
	done, err := correct.Apply(ctx, b.Plan, o)
	bar.done()
	if budget, _ := busyOrBudget(err); budget != nil {
		rep.Plan.Applied.Message = budget.Error()
		return nil
	}
	rep.Plan.Applied = appliedOf(&done)
	rep.Summary.RecordsFixed += done.Applied
	for action, n := range done.ByAction {
		if n.Applied > 0 {
			rep.Summary.FixesByType[action] += int(n.Applied)
		}
	}
	return err
}

// escalate counts the changes that were left to people: those whose risk was not chosen.
func escalate(ctx context.Context, p *correct.Plan, s *result.PlanSummary, chosen []correct.Risk) error {
	at := map[result.PlanEscalation]int{}
	err := p.Changes(ctx, func(c *correct.Change) error {
		if slices.Contains(chosen, c.Risk) {
			return nil
		}
		e := result.PlanEscalation{Expectation: c.Expectation, Target: c.Target, Action: string(c.Action), Class: string(c.Class), Risk: string(c.Risk), Reason: c.Reason}
		i, ok := at[e]
		if !ok && len(s.Escalated) >= escalations {
			e.Reason = ""
			i, ok = at[e]
		}
		if !ok {
			i = len(s.Escalated)
			at[e] = i
			s.Escalated = append(s.Escalated, e)
		}
		s.Escalated[i].Changes++
		return nil
	})
	slices.SortStableFunc(s.Escalated, func(a, b result.PlanEscalation) int { return cmp.Compare(b.Changes, a.Changes) })
	if err != nil {
		return fmt.Errorf("say what was left to people: %w", err)
	}
	return nil
}

// leftOver reports whether the run left changes undone that it was to make.
func leftOver(rep *result.Report) bool {
	if rep.Plan == nil {
		return false
	}
	for i := range rep.Plan.Rebuilt {
		if rep.Plan.Rebuilt[i].Error != "" {
			return true
		}
	}
	return rep.Plan.Applied != nil && !rep.Plan.Applied.Done()
}

// corrections are what a run does about what it found.
type corrections struct {
	planning *planning // nil where there is no plan
	suite    *spec.Suite
	mode     string
	loaded   *loaded
	state    string
	planned  plan.Options
}

// correct does about what was found what the mode says, and says so in the report. An interrupted run has found a part only: nothing is done about it.
func (a *app) correct(ctx context.Context, c *corrections, rep *result.Report) error {
	if interrupted(ctx) {
		c.planning.abort()
		return nil
	}
	if c.mode == modeRebuild {
		return a.rebuildAll(ctx, c, rep)
	}
	if c.planning == nil {
		return nil
	}
	if err := c.planning.finish(rep); err != nil {
		c.planning.abort()
		return err
	}
	for _, id := range c.planning.sampled {
		a.note("assay: %s was judged by rows drawn at random: the plan has changes of these alone", diag.Visible(id))
	}
	return a.applyPlan(ctx, c.planning, c.loaded, rep, c.state)
}
