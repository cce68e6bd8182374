package suites

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites/schema"
)

// rowsOf returns the dataset whose rows an expectation written in CEL judges: the one it stands under, or the one it names.
func (b *builder) rowsOf(o *object, dataset string) (spec.Name, bool) {
	at := o.at
	if _, given := o.pairs["dataset"]; given {
		at = o.keyAt("dataset")
	}
	named := o.name("dataset")
	_, join := o.pairs["join"]
	_, metric := o.pairs["metric"]
	switch {
	case dataset != "" && named.Value != "":
		b.list.Errorf("bad-expectation", at, "leave it out, or move the expectation to expectations: at the top of the suite",
			"this expectation stands under dataset %s", quote(dataset))
		return named, false
	case dataset != "":
		named.Value = dataset
	case named.Value == "" && join:
		if !o.broken {
			b.list.Errorf("bad-expectation", o.keyAt("join"), "add dataset: the one whose rows have partners", "join goes with dataset")
		}
		return named, false
	}
	if metric && dataset != "" {
		b.list.Errorf("bad-expectation", o.keyAt("metric"), "move the expectation to expectations: at the top of the suite; aggregates name their datasets",
			"a metric stands under dataset %s, whose expectations judge single rows", quote(dataset))
		return named, false
	}
	if metric && (join || named.Value != "" && dataset == "") {
		b.list.Errorf("bad-expectation", o.keyAt("metric"), "aggregates name their datasets; leave dataset and join out", "a metric is about no single row")
		return named, false
	}
	return named, true
}

// joins decodes join:.
func (b *builder) joins(o *object) []spec.Join {
	decl := schema.Partner()
	var out []spec.Join
	if o.has("join") && o.pairs["join"].value.Kind == yaml.MappingNode && len(o.pairs["join"].value.Content) == 0 {
		o.bad("join", "write join: {alias: {dataset: …, key: …}}, or leave it out", "join names no partner")
	}
	o.named("join", func(alias string, p pair) {
		at := o.file.span(p.key)
		switch {
		case lang.Reserved(alias) || slices.Contains(celNames(), alias):
			b.list.Errorf("reserved-name", at, "choose another: expressions use it themselves", "%s is reserved and cannot name a partner", quote(alias))
			return
		case !catalog.IsIdentifier(alias):
			b.list.Errorf("bad-name", at, "letters, digits and _, not beginning with a digit; no word of CEL",
				"%s cannot name a partner: expressions could not refer to it", quote(alias))
			return
		}
		x, ok := b.object(o.file, p.value, decl, at)
		if !ok || x.broken {
			return
		}
		j := spec.Join{Alias: spec.Name{Value: alias, At: at}, Dataset: x.name("dataset"), Optional: x.boolean("optional"), KeyAt: x.valueAt("key")}
		j.Keys, j.Positional = x.keyed("key")
		out = append(out, j)
	})
	return out
}

// keyed returns an expression, a list of them, or a map from columns to them.
func (o *object) keyed(key string) (keys []spec.JoinKey, positional bool) {
	if !o.has(key) {
		return nil, true
	}
	n := o.pairs[key].value
	switch n.Kind {
	case yaml.MappingNode:
		order, pairs := o.entries(o.file, n)
		sub := &object{loader: o.loader, file: o.file, decl: o.decl, at: o.file.span(n), pairs: pairs, order: order}
		for _, column := range order {
			keys = append(keys, spec.JoinKey{Column: spec.Name{Value: column, At: o.file.span(pairs[column].key)}, Value: sub.cel(column)})
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			keys = append(keys, spec.JoinKey{Value: o.celOf(item, key)})
		}
		positional = true
	default:
		return []spec.JoinKey{{Value: o.cel(key)}}, true
	}
	if len(keys) == 0 {
		o.bad(key, "write key: row.customer_id, or {id: row.customer_id}", "the key says nothing")
	}
	return keys, positional
}

// celOf returns an expression that is an item of a list.
func (o *object) celOf(item *yaml.Node, key string) diag.Text {
	sub := &object{loader: o.loader, file: o.file, decl: o.decl, at: o.file.span(item), pairs: map[string]pair{key: {key: item, value: follow(item)}}}
	return sub.cel(key)
}

// resolveJoins checks what expectations say of their own dataset and of joined ones, once all are known.
func (b *builder) resolveJoins(sets map[string]spec.Dataset, names []string) {
	for i := range b.expectations {
		e := &b.expectations[i]
		b.known(spec.Name{Value: e.Dataset, At: e.Places["dataset"]}, sets, names)
		for k := range e.Joins {
			j := &e.Joins[k]
			if !b.known(j.Dataset, sets, names) {
				continue
			}
			d := sets[j.Dataset.Value]
			switch n := len(d.Key); {
			case !j.Positional:
			case n == 0 && d.Query != "":
				b.list.Errorf("missing-key", j.KeyAt, "name the columns: key: {id: row.customer_id}; or add key: […] to dataset "+d.Name,
					"dataset %s has no key", quote(d.Name))
			case n > 0 && n != len(j.Keys):
				b.list.Errorf("bad-value", j.KeyAt, "give one expression for each, or name the columns: key: {id: …}",
					"the key of %s has %s, not %s", quote(d.Name), diag.Plural(int64(n), "column"), diag.Group(int64(len(j.Keys))))
			}
		}
	}
}

// known reports a dataset that is not declared; an empty name is none.
func (b *builder) known(n spec.Name, sets map[string]spec.Dataset, names []string) bool {
	if n.Value == "" {
		return false
	}
	if _, ok := sets[n.Value]; ok {
		return true
	}
	if _, declared := b.sets[n.Value]; !declared && n.At.Line > 0 {
		b.list.Errorf("unknown-dataset", n.At, diag.DidYouMean(n.Value, names), "there is no dataset %s", quote(n.Value))
	}
	return false
}
