package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/files"
	"github.com/assay-dev/assay/expectations/spec"
)

// input is a file that a command reads, and so must not write.
type input struct{ path, what string }

// inputsOf are the files that suites read beside their text: databases, data and the history.
func inputsOf(list []spec.Suite, state string) []input {
	var in []input
	for i := range list {
		s := &list[i]
		connections := map[string]*spec.Connection{}
		for j := range s.Connections {
			c := &s.Connections[j]
			connections[c.Name] = c
			if path := params(c)["path"]; c.Driver == "sqlite" && path != "" {
				in = append(in, database(path, "the database of connection "+c.Name)...)
			}
		}
		for j := range s.Datasets {
			d := &s.Datasets[j]
			c := connections[d.Connection]
			if c == nil || c.Driver != "files" || d.File == "" {
				continue
			}
			for _, path := range files.Paths(connectors.Config{Name: c.Name, Params: params(c)}, d.File) {
				in = append(in, input{path, "a file of dataset " + d.Name})
			}
		}
		if !s.History.Off && s.History.DSN == "" {
			in = append(in, database(historyPath(s.History, state), "the history")...)
		}
	}
	return append(in, input{filepath.Join(state, maskKeyName), "the key for masking"})
}

// database is a file of SQLite and what it has beside it.
func database(path, what string) []input {
	return []input{{path, what}, {path + "-wal", what}, {path + "-shm", what}, {path + "-journal", what}}
}

// inputs are all files that the command reads: of suites too.
func (l *loaded) inputs(state string) []input {
	var in []input
	for _, path := range l.files {
		in = append(in, input{path, "a file of the suite"})
	}
	return append(in, inputsOf(l.suites, state)...)
}

// spares refuses to write to a file that is read; flag says who asked for it.
func spares(in []input, flag, path string) error {
	to, err := os.Stat(path)
	if err == nil && !to.Mode().IsRegular() {
		return nil // a folder says so itself, a device or a pipe takes what it is given
	}
	for _, i := range in {
		from, missing := os.Stat(i.path)
		if err == nil && missing == nil && os.SameFile(to, from) || written(path) == written(i.path) {
			return fmt.Errorf("%s would overwrite %s (%s), which this command reads; name another file", flag, path, i.what)
		}
	}
	return nil
}

// sparesAll refuses to write outputs, or a run's own files into one of the folders of --out, to files that are read.
func sparesAll(in []input, outs []output, dirs ...string) error {
	for _, o := range outs {
		if o.path == "" {
			continue
		}
		if err := spares(in, "--format "+o.format+"="+o.path, o.path); err != nil {
			return err
		}
	}
	for _, dir := range dirs {
		for _, name := range []string{reportName, pageName, failuresName} {
			if err := spares(in, "--out "+dir, filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}
