package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
)

// renderer shows the changes of one driver's targets.
type renderer struct {
	render connectors.Render
	// end closes a statement, and note begins a comment.
	end, note string
}

// renderers are those of the drivers that can be written to.
func renderers() map[string]renderer {
	return map[string]renderer{
		"postgres":      {postgres.Render, ";", "-- "},
		"mysql":         {mysql.Render, ";", "-- "},
		"mariadb":       {mysql.Render, ";", "-- "},
		"sqlite":        {sqlite.Render, ";", "-- "},
		"elasticsearch": {elasticsearch.Render, "", "# "},
		"opensearch":    {elasticsearch.Render, "", "# "},
	}
}

// renderedAtOnce is the number of changes that are rendered together.
const renderedAtOnce = 500

// errEnough ends the reading of a plan.
var errEnough = errors.New("enough was read")

// planStatements writes the chosen changes as statements or bulk requests; at most limit, 0 for all.
func (a *app) planStatements(ctx context.Context, p *correct.Plan, keep func(*correct.Change) bool, limit int) error {
	s := &statements{app: a, w: bufio.NewWriterSize(a.stdout, 1<<16), plan: p}
	shown := 0
	err := p.Changes(ctx, func(c *correct.Change) error {
		if !keep(c) {
			return nil
		}
		if limit > 0 && shown == limit {
			return errEnough
		}
		shown++
		return s.add(c)
	})
	if err == nil || errors.Is(err, errEnough) {
		err = s.flush()
	}
	if e := s.w.Flush(); err == nil && e != nil {
		err = &worldError{e}
	}
	return worldOrPlan(err)
}

// statements writes changes of one target after another.
type statements struct {
	app     *app
	w       *bufio.Writer
	plan    *correct.Plan
	target  *correct.Target
	with    renderer
	shown   connectors.Target
	pending []connectors.Change
	manual  []bool
}

func (s *statements) add(c *correct.Change) error {
	if s.target == nil || s.target.Name != c.Target {
		if err := s.flush(); err != nil {
			return err
		}
		t := s.plan.Target(c.Target)
		with, ok := renderers()[t.Driver]
		if !ok {
			return &correct.PlanError{Path: s.plan.Path, Line: 1, Text: fmt.Sprintf("target %s: no driver %q that could be written to", diag.Visible(t.Name), diag.Visible(t.Driver))}
		}
		s.target, s.with, s.shown = t, with, t.Shown()
		s.printf("%s%s: %s\n", with.note, reports.Clip(diag.Visible(t.Name), 200), reports.Clip(diag.Visible(reports.TargetPlace(t)), 500))
		if len(t.Masked) > 0 {
			s.printf("%smasked columns are not shown, so that these cannot be run: %s\n", with.note, reports.Clip(diag.Visible(strings.Join(t.Masked, ", ")), 500))
		}
	}
	s.pending = append(s.pending, s.target.ShownChange(c, func(value.Value) string { return result.Redacted }))
	s.manual = append(s.manual, c.Risk == correct.Manual)
	if len(s.pending) < renderedAtOnce {
		return nil
	}
	return s.flush()
}

func (s *statements) flush() error {
	if len(s.pending) == 0 {
		return nil
	}
	list, err := s.with.render(s.shown, s.pending)
	if err != nil {
		return fmt.Errorf("show the changes of %s: %w", diag.Visible(s.target.Name), err)
	}
	for i := range list {
		before := ""
		if i < len(s.manual) && s.manual[i] {
			before = s.with.note + "for people to decide, never applied: "
		}
		// What acts on a terminal is written out; the lines of a bulk request stay lines.
		lines := []string{list[i].Text}
		if s.with.end == "" {
			lines = strings.Split(strings.TrimRight(list[i].Text, "\n"), "\n")
		}
		for _, l := range lines {
			s.printf("%s%s%s\n", before, diag.Visible(l), s.with.end)
		}
	}
	s.pending, s.manual = s.pending[:0], s.manual[:0]
	return nil
}

func (s *statements) printf(format string, args ...any) { _, _ = fmt.Fprintf(s.w, format, args...) } // Flush says what failed
