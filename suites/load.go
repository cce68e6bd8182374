// Package suites reads suites from YAML files: it alone knows YAML. Everything that it
// hands on carries the place at which it stands, and everything wrong with a file is a diagnostic.
package suites

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
)

// ConfigName is the file beside a suite that may declare connections for all suites of its folder.
const ConfigName = "assay.yaml"

// Options are what a suite needs from outside.
type Options struct {
	// Env looks up an environment variable. With nil every ${NAME} is missing.
	Env func(name string) (string, bool)
	// KeepMissingEnv makes a missing ${NAME} a warning, and leaves it as it stands: for commands that connect nowhere.
	KeepMissingEnv bool
	// Vars are the overrides of variables, as text: --var name=value.
	Vars map[string]string
	// Unsent says that no message will be sent: a missing ${NAME} of notify is a warning.
	Unsent bool
	// Drivers are the known drivers; empty means any.
	Drivers []string
}

// Set is what was loaded.
type Set struct {
	Suites []spec.Suite
	files  map[string]*file
}

// Files are the names of the files that were read, in their order.
func (s *Set) Files() []string { return slices.Sorted(maps.Keys(s.files)) }

// Sources gives a printer the lines of the files that were read, secrets hidden. The function is for one goroutine.
func (s *Set) Sources() diag.Sources {
	var lastName string
	var lastLine int
	var last diag.Line // many diagnostics about one huge line must not read it anew each time
	return func(name string, line int) (diag.Line, bool) {
		if name == lastName && line == lastLine {
			return last, true
		}
		f, ok := s.files[name]
		if !ok || line < 1 || line > len(f.lines) {
			return diag.Line{}, false
		}
		lastName, lastLine, last = name, line, f.shown(line)
		return last, true
	}
}

// Load reads suites. A path is a file, a folder (its *.yaml and *.yml files but assay.yaml) or a glob. The Set is
// never nil; with an error among the diagnostics its suites may be incomplete.
func Load(ctx context.Context, opts Options, paths ...string) (*Set, diag.List) {
	l := &loader{opts: opts, files: map[string]*file{}, declared: map[string]bool{}}
	set := &Set{files: l.files}
	for _, path := range l.expand(paths) {
		if ctx.Err() != nil {
			l.list.Errorf("interrupted", diag.Span{}, "", "loading was interrupted")
			break
		}
		if s, ok := l.suite(path); ok {
			set.Suites = append(set.Suites, s)
		}
	}
	l.unusedVars()
	l.duplicateSuites(set.Suites)
	l.list.Sort()
	return set, bounded(l.list.Dedupe())
}

// bounded keeps a broken file from flooding the terminal.
func bounded(list diag.List) diag.List {
	if len(list) <= maxDiagnostics {
		return list
	}
	left := len(list) - maxDiagnostics
	list = list[:maxDiagnostics]
	list.Errorf("limit", diag.Span{}, "mend these first", "%d more are not shown", left)
	return list
}

// loader is the state of one Load.
type loader struct {
	opts     Options
	list     diag.List
	files    map[string]*file // by shown name
	declared map[string]bool  // variables that some suite declares
}

// suite loads one suite with its includes and assay.yaml.
func (l *loader) suite(path string) (spec.Suite, bool) {
	b := newBuilder(l, path)
	before := len(l.list)
	b.include(path, diag.Span{}, nil)
	b.config()
	b.resolve()
	name := b.name
	if name == "" {
		name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	}
	h := sha256.New()
	for _, f := range b.read {
		h.Write(f.sum[:])
	}
	s := spec.Suite{
		Name: name, File: path, Digest: hex.EncodeToString(h.Sum(nil)),
		Connections: b.connections, Datasets: b.datasets, Expectations: b.expectations, Vars: b.vars,
	}
	if b.history != nil {
		s.History = *b.history
	}
	s.Exclude, s.Alerts, s.Notify = b.excluded, b.rules(), b.notify
	s.Corrections = b.corrections
	for i := range s.Expectations {
		if base := s.Expectations[i].Baseline; base != nil {
			base.Exclude = append(slices.Clone(b.excluded), base.Exclude...)
			if s.History.Off {
				l.list.Errorf("bad-expectation", s.Expectations[i].Places["baseline"], "leave out baseline, or history: off", "a baseline needs earlier runs, and none are kept")
			}
		}
	}
	return s, !l.list[before:].HasErrors() || len(b.read) > 0
}

// duplicateSuites refuses two files that call themselves alike: their histories would mix.
func (l *loader) duplicateSuites(ss []spec.Suite) {
	first := map[string]string{}
	for i := range ss {
		if other, ok := first[ss[i].Name]; ok {
			l.list.Errorf("duplicate-suite", diag.Span{Pos: diag.Pos{File: ss[i].File}}, "give each a name of its own with suite:",
				"suite %s is declared by %s too", quote(ss[i].Name), other)
			continue
		}
		first[ss[i].Name] = ss[i].File
	}
}

// builder gathers one suite.
type builder struct {
	*loader
	path         string
	name         string
	read         []*file
	done         map[string]bool // files taken in
	connections  []spec.Connection
	datasets     []spec.Dataset
	expectations []spec.Expectation
	uses         []use
	pendingVars  []declaredVar
	vars         map[string]value.Value
	history      *spec.History
	alerts       []*object // that set alert rules, the suite's before those of assay.yaml
	notify       spec.Notify
	notifyAt     diag.Span // where it was said; zero where it was not
	excluded     []baseline.Span
	corrections  spec.Corrections
	conns        map[string]diag.Span
	sets         map[string]diag.Span
	ids          map[string]diag.Span
	varAt        map[string]diag.Span
	catalog      map[string]catalog.Entry
	full         bool // the limit on expectations was reported
}
