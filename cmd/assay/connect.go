package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/files"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/expectations/spec"
)

// statementTimeout bounds a statement where the suite says nothing.
const statementTimeout = 10 * time.Minute

// drivers are the connectors that this program has: a new one is a line here.
func drivers() map[string]connectors.Opener {
	return map[string]connectors.Opener{
		"postgres":      postgres.Open,
		"mysql":         mysql.Open,
		"mariadb":       mysql.Open, // which asks the server what it is
		"elasticsearch": elasticsearch.Open,
		"opensearch":    elasticsearch.Open,
		"sqlite":        sqlite.Open,
		"files":         files.Open,
	}
}

func driverNames() []string {
	var names []string
	for n := range drivers() {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// open opens a declared connection for reading.
func open(ctx context.Context, c *spec.Connection) (connectors.Source, error) {
	return openFor(ctx, c, false)
}

// openFor opens a declared connection, one that corrections may be written through only where the suite allows that.
func openFor(ctx context.Context, c *spec.Connection, writable bool) (connectors.Source, error) {
	opener, ok := drivers()[c.Driver]
	if !ok {
		return nil, fmt.Errorf("no driver %q; there are %s", c.Driver, strings.Join(driverNames(), ", "))
	}
	timeout := c.Timeout
	if timeout == 0 {
		timeout = statementTimeout
	}
	return opener(ctx, connectors.Config{Name: c.Name, Params: params(c), Timeout: timeout, MaxConns: c.MaxConns, Writable: writable && c.Writable})
}

// params are the driver's parameters. A relative path starts where the file that declares the connection lies, so that
// a suite means the same wherever it is run from.
func params(c *spec.Connection) map[string]string {
	path := c.Params["path"]
	if path == "" && c.Driver != "files" || filepath.IsAbs(path) || c.At.File == "" {
		return c.Params
	}
	p := maps.Clone(c.Params)
	p["path"] = filepath.Join(filepath.Dir(c.At.File), path)
	return p
}
