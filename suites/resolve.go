package suites

import (
	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
)

// resolve checks what one part of a suite says of another, once everything is read.
func (b *builder) resolve() {
	b.resolveVars()
	conns := map[string]spec.Connection{}
	var names []string
	for _, c := range b.connections {
		conns[c.Name] = c
	}
	for n := range b.conns {
		names = append(names, n)
	}
	names = sorted(names)
	sets := map[string]spec.Dataset{}
	var setNames []string
	for i := range b.datasets {
		d := &b.datasets[i]
		c, ok := conns[d.Connection]
		if _, declared := b.conns[d.Connection]; !ok && !declared && d.Connection != "" {
			hint := diag.DidYouMean(d.Connection, names)
			if hint == "" && len(names) == 0 {
				hint = "declare it under connections:, here or in " + ConfigName
			}
			b.list.Errorf("unknown-connection", d.Places["connection"], hint, "there is no connection %s", quote(d.Connection))
		}
		d.Timezone = c.Timezone
		sets[d.Name] = *d
		setNames = append(setNames, d.Name)
	}
	setNames = sorted(setNames)
	for _, u := range b.uses {
		b.checkUse(u, sets, setNames)
	}
	b.resolveComparisons(sets, setNames)
	b.resolveJoins(sets, setNames)
	b.resolveFixes(sets)
}

// checkUse checks a named expectation as far as that is possible without a live schema.
func (b *builder) checkUse(u use, sets map[string]spec.Dataset, names []string) {
	e := u.expectation
	out, list := u.entry.Expand(catalog.Use{Named: e.Named, OnNull: e.OnNull, Dataset: e.Dataset, Where: e.Where.Value})
	b.list = append(b.list, list...)
	for _, x := range out {
		if x.Set == nil || x.Set.ParentDataset == "" {
			continue
		}
		a := e.Named.Args["dataset"]
		parent, ok := sets[x.Set.ParentDataset]
		switch child := sets[e.Dataset]; {
		case !ok:
			if _, declared := b.sets[x.Set.ParentDataset]; !declared {
				b.list.Errorf("unknown-dataset", a.At, diag.DidYouMean(a.Text, names), "there is no dataset %s", quote(a.Text))
			}
		case parent.Connection != child.Connection:
			b.list.Errorf("not-yet", a.At, "both must be of one connection",
				"references from %s to %s cross connections, which is not supported by this version", quote(e.Dataset), quote(a.Text))
		case len(x.Set.ParentColumns) == 0 && len(parent.Key) != len(x.Set.Columns):
			b.list.Errorf("bad-argument", e.Named.At, "add parent_columns: […]",
				"references: the key of %s has %d columns, not %d", quote(a.Text), len(parent.Key), len(x.Set.Columns))
		}
	}
}
