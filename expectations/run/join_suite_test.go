package run_test

import (
	"context"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
)

// joinsByID is one expectation over the rows of the first dataset, of which each has a partner in every other one, of the name's alias, by the
// column id. Each dataset is of a connection of its own, called as it is.
func joinsByID(expect string, sets ...query.Dataset) *spec.Suite {
	e := spec.Expectation{ID: "x", Dataset: sets[0].Name, Severity: spec.Error, Expect: diag.Text{Value: expect}}
	s := &spec.Suite{Name: "joined"}
	for i, d := range sets {
		s.Connections = append(s.Connections, spec.Connection{Name: d.Name, Driver: "sqlite"})
		s.Datasets = append(s.Datasets, spec.Dataset{Dataset: d, Connection: d.Name})
		if i > 0 {
			e.Joins = append(e.Joins, spec.Join{
				Alias: spec.Name{Value: d.Name}, Dataset: spec.Name{Value: d.Name}, Keys: []spec.JoinKey{{Column: spec.Name{Value: "id"}, Value: diag.Text{Value: "row.id"}}},
			})
		}
	}
	s.Expectations = []spec.Expectation{e}
	return s
}

// named is a dataset under another name.
func named(d query.Dataset, name string) query.Dataset {
	d.Name = name
	return d
}

// sqliteAt opens one file for every connection.
func sqliteAt(path string) func(context.Context, *spec.Connection) (connectors.Source, error) {
	return func(ctx context.Context, _ *spec.Connection) (connectors.Source, error) {
		return sqlite.Open(ctx, connectors.Config{Params: map[string]string{"path": path}})
	}
}
