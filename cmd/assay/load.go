package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites"
)

// loadFlags are the flags of every command that reads suites.
type loadFlags struct {
	vars   []string
	unsent bool // no message will be sent
}

func (f *loadFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.vars, "var", nil, "name=value: set vars.name (repeatable)")
}

// loaded is what was read, with the lines of its files for the printer.
type loaded struct {
	suites  []spec.Suite
	files   []string // that were read
	sources diag.Sources
	found   diag.List // warnings only, unless keep was asked for
}

// load reads suites; findings of severity error end the command with them.
func (a *app) load(ctx context.Context, paths []string, f *loadFlags, offline bool) (*loaded, error) {
	vars := map[string]string{}
	for _, v := range f.vars {
		name, val, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--var %q: write name=value", v)
		}
		vars[name] = val
	}
	set, found := suites.Load(ctx, suites.Options{Env: os.LookupEnv, KeepMissingEnv: offline, Unsent: f.unsent, Vars: vars, Drivers: driverNames()}, paths...)
	l := &loaded{suites: set.Suites, files: set.Files(), sources: set.Sources(), found: found}
	if found.HasErrors() {
		return l, &foundError{list: found, sources: l.sources}
	}
	return l, nil
}
