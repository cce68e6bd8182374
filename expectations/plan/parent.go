package plan

import (
	"cmp"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/spec"
)

// parentName is the name under which a table that only `references` names is described with the suite's datasets.
// No dataset can be called so.
func parentName(child *spec.Dataset, table string) string {
	return child.Connection + "/" + table
}

// Parents are the tables of a suite that no dataset declares and `references` names, each once and on its child's connection.
// Whoever describes the suite's datasets describes them as well, and marks their inputs with Parent.
func Parents(suite *spec.Suite) []*spec.Dataset {
	children := map[string]*spec.Dataset{}
	for i := range suite.Datasets {
		children[suite.Datasets[i].Name] = &suite.Datasets[i]
	}
	var out []*spec.Dataset
	seen := map[string]bool{}
	for i := range suite.Expectations {
		e := &suite.Expectations[i]
		child := children[e.Dataset]
		if e.Named == nil || e.Named.Name != "references" || child == nil {
			continue
		}
		table, ok := e.Named.Args["table"]
		name := parentName(child, table.Text)
		if !ok || seen[name] {
			continue
		}
		seen[name] = true
		p := &spec.Dataset{
			Dataset: query.Dataset{Name: name, Timezone: child.Timezone}, Connection: child.Connection, At: table.At,
		}
		if cmp.Or(child.Table, child.Query) == "" && child.Index != "" {
			p.Index = table.Text
		} else {
			p.Table = table.Text
		}
		out = append(out, p)
	}
	return out
}
