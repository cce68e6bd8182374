package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
)

// auditName is the file in the state directory that says who changed what.
const auditName = "audit.jsonl"

// bindFlags say where the suite of a plan is.
type bindFlags struct {
	load  loadFlags
	suite string
	state string
}

func (f *bindFlags) register(cmd *cobra.Command) {
	f.load.register(cmd)
	registerState(cmd, &f.state)
	cmd.Flags().StringVar(&f.suite, "suite", "", "the suite that says where the plan's datasets are (default: the file that the plan names)")
}

// boundPlan is an open plan with the suite that says where its targets lie.
type boundPlan struct {
	*correct.Plan

	suite   *spec.Suite
	loaded  *loaded
	sources map[string]connectors.Source
	state   string
}

// close closes the plan and the connections.
func (b *boundPlan) close() {
	for _, s := range b.sources {
		_ = s.Close() // what was written is committed
	}
	_ = b.Close() // it was read
}

// bindPlan opens a plan, and the connections of its targets: writable ones where its changes are to be made.
func (a *app) bindPlan(ctx context.Context, name string, f *bindFlags, writable bool) (*boundPlan, error) {
	p, err := openPlan(name, f.state)
	if err != nil {
		return nil, err
	}
	b := &boundPlan{Plan: p, sources: map[string]connectors.Source{}}
	if err := a.bind(ctx, b, f, writable); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (a *app) bind(ctx context.Context, b *boundPlan, f *bindFlags, writable bool) error {
	h := &b.Header
	path, err := suiteOf(b.Plan, f.suite)
	if err != nil {
		return err
	}
	f.load.unsent = true
	if b.loaded, err = a.load(ctx, []string{path}, &f.load, false); err != nil {
		return err
	}
	for i := range b.loaded.suites {
		if b.loaded.suites[i].Name == h.Suite {
			b.suite = &b.loaded.suites[i]
		}
	}
	if b.suite == nil {
		var names []string
		for i := range b.loaded.suites {
			names = append(names, b.loaded.suites[i].Name)
		}
		return b.wrong("", fmt.Sprintf("the plan is of suite %q, and %s is another one%s", diag.Visible(h.Suite), path, meant(h.Suite, names)), "name the plan's suite with --suite")
	}
	if b.suite.Digest != h.Digest && !a.quiet {
		a.note("assay: %s has changed since the plan was made", path)
	}
	b.state = stateDir(f.state, []string{path})
	return b.join(ctx, writable)
}

// join holds the plan to its suite, and opens the connections of its targets.
func (b *boundPlan) join(ctx context.Context, writable bool) error {
	if err := b.check(writable); err != nil {
		return err
	}
	return worldOrPlan(b.Bind(ctx, func(ctx context.Context, t *correct.Target) (connectors.Source, query.Relation, error) {
		return b.resolve(ctx, t, writable)
	}))
}

// suiteOf is the file of a plan's suite.
func suiteOf(p *correct.Plan, told string) (string, error) {
	if told != "" {
		return told, nil
	}
	path := filepath.FromSlash(p.Header.File)
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(p.Path), path)
	}
	if !exists(path) {
		return "", fmt.Errorf("%s: the suite that the plan was made with is not there: %s; name it with --suite", p.Path, diag.Visible(path))
	}
	return path, nil
}

// wrong says that a plan is not for this suite.
func (b *boundPlan) wrong(target, text, hint string) error {
	if target != "" {
		text = "target " + diag.Visible(target) + ": " + text
	}
	return &correct.PlanError{Path: b.Path, Line: 1, Text: text, Hint: hint}
}

// dataset is what a target is in the suite.
func (b *boundPlan) dataset(t *correct.Target) (*spec.Dataset, *spec.Connection, error) {
	var names []string
	for i := range b.suite.Datasets {
		ds := &b.suite.Datasets[i]
		names = append(names, ds.Name)
		if ds.Name != t.Dataset {
			continue
		}
		c := connectionOf(b.suite, ds.Connection)
		switch {
		case c == nil || ds.Connection != t.Connection:
			return nil, nil, b.wrong(t.Name, fmt.Sprintf("the plan is for connection %q, and the dataset is of connection %q", diag.Visible(t.Connection), ds.Connection), "make the plan again")
		case c.Driver != t.Driver:
			return nil, nil, b.wrong(t.Name, fmt.Sprintf("the plan is for %s, and connection %q is one to %s", diag.Visible(t.Driver), c.Name, c.Driver), "make the plan again")
		case ds.Table != t.Table || ds.Index != t.Index:
			return nil, nil, b.wrong(t.Name, fmt.Sprintf("the plan is for %s, and dataset %q is %s", diag.Visible(t.Table+t.Index), ds.Name, ds.Table+ds.Index), "make the plan again")
		}
		return ds, c, nil
	}
	return nil, nil, b.wrong(t.Name, fmt.Sprintf("the suite has no dataset %q%s", diag.Visible(t.Dataset), meant(t.Dataset, names)), "make the plan again, or name the plan's suite with --suite")
}

// check holds the targets to the suite, and their connections to what they allow, before any of them is opened.
func (b *boundPlan) check(writable bool) error {
	var found diag.List
	for i := range b.Header.Targets {
		_, c, err := b.dataset(&b.Header.Targets[i])
		if err != nil {
			return err
		}
		if writable {
			found = append(found, unwritable(c)...)
		}
	}
	if found = found.Dedupe(); found.HasErrors() {
		return &foundError{list: found, sources: b.loaded.sources}
	}
	return nil
}

// connectionOf is the suite's connection of that name, nil where there is none.
func connectionOf(s *spec.Suite, name string) *spec.Connection {
	for i := range s.Connections {
		if s.Connections[i].Name == name {
			return &s.Connections[i]
		}
	}
	return nil
}

// unwritable says where a connection is declared that nobody may write to.
func unwritable(c *spec.Connection) diag.List {
	var found diag.List
	if !c.Writable {
		found.Errorf("read-only", c.At, "add writable: true, and give it an account that may write", "connection %q is not writable, so nothing is corrected through it", c.Name)
	}
	return found
}

func (b *boundPlan) resolve(ctx context.Context, t *correct.Target, writable bool) (connectors.Source, query.Relation, error) {
	ds, c, err := b.dataset(t)
	if err != nil {
		return nil, query.Relation{}, err
	}
	s := b.sources[c.Name]
	if s == nil {
		if s, err = openFor(ctx, c, writable); err != nil {
			return nil, query.Relation{}, fmt.Errorf("connection %s: %w", c.Name, err)
		}
		b.sources[c.Name] = s
	}
	schema, err := s.Describe(ctx, ds.Dataset)
	if err != nil {
		return nil, query.Relation{}, fmt.Errorf("dataset %s: %w", ds.Name, err)
	}
	return s, query.Relation{Dataset: ds.Dataset, Schema: schema}, nil
}

// audit is the path of the audit log.
func (b *boundPlan) audit() (string, error) {
	if err := os.MkdirAll(b.state, 0o750); err != nil {
		return "", &worldError{fmt.Errorf("keep the audit log: %w", err)}
	}
	return filepath.Join(b.state, auditName), nil
}

// mask is what stands for masked values in the audit log; nil redacts, as does a suite that redacts any column of a target.
func (b *boundPlan) mask() (func(value.Value) string, error) {
	masked := false
	for i := range b.Header.Targets {
		t := &b.Header.Targets[i]
		masked = masked || len(t.Masked) > 0
		if ds, _, err := b.dataset(t); err != nil || slices.ContainsFunc(t.Masked, func(c string) bool { return ds.Mask[c] != spec.MaskHash }) {
			return nil, err
		}
	}
	if !masked {
		return nil, nil
	}
	m, err := masker(b.state, []spec.Suite{*b.suite})
	if err != nil || m == nil {
		return nil, err
	}
	return m.Token, nil
}

// who says who runs the program, and where.
func who() (name, host string) {
	if u, err := user.Current(); err == nil {
		name = u.Username
	} else if name = os.Getenv("USER"); name == "" {
		name = "uid " + fmt.Sprint(os.Getuid())
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return name, host
}

// busyOrBudget tells errors that leave all as it was.
func busyOrBudget(err error) (budget *correct.BudgetError, busy *correct.BusyError) {
	budget, _ = errors.AsType[*correct.BudgetError](err)
	busy, _ = errors.AsType[*correct.BusyError](err)
	return budget, busy
}
