package suites

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites/schema"
)

// comparison takes an expectation that compares two datasets row by row.
func (b *builder) comparison(o *object, entries []catalog.Entry, dataset string) {
	at := o.keyAt("compare")
	switch {
	case len(entries) > 0:
		b.list.Errorf("bad-expectation", at, "make two of them: begin each with -", "one expectation is both %s and compare", entries[0].Name)
		return
	case dataset != "":
		b.list.Errorf("bad-expectation", at, "move it to expectations: at the top of the suite", "compare is about two datasets and stands between them")
		return
	}
	wrong := false
	for _, x := range []struct{ key, hint string }{
		{"expect", "make two of them: begin each with -; how one column is compared stands under columns.NAME.expect"},
		{"metric", "metric goes with expect"},
		{"dataset", "source and target name the datasets"},
		{"join", "join goes with expect; keys of a comparison pair the rows"},
		{"message_expression", "message: takes a text"},
		{"on_null", "null equals null, and nothing else"},
	} {
		if _, both := o.pairs[x.key]; both {
			b.list.Errorf("bad-expectation", o.keyAt(x.key), x.hint, "%s has no meaning in a comparison", x.key)
			wrong = true
		}
	}
	if wrong {
		return
	}
	before := len(b.list)
	c := &spec.Compare{}
	c.WhereSource, c.WhereTarget = o.sided("where")
	delete(o.pairs, "where") // it is no condition over one dataset
	e, ok := b.common(o, "")
	b.fix(o, &e, fixedCompare)
	b.sides(o, c)
	c.Key = o.names("key")
	b.comparedColumns(o, c)
	b.mapping(o, c)
	c.Ignore = o.names("ignore")
	if d, ok := o.duration("settle"); ok {
		c.Settle = d
	}
	c.Strategy = o.enum("strategy")
	b.contradictions(c)
	if !ok || o.broken || b.list[before:].HasErrors() {
		return
	}
	e.Compare, e.OnNull = c, ""
	if e.ID == "" {
		e.At = at
		e.ID = c.Source.Value + ".compare." + c.Target.Value
	}
	b.add(e)
}

// noComparison refuses the keys of a comparison where there is none.
func (b *builder) noComparison(o *object) {
	for _, k := range schema.ComparisonKeys() {
		if _, ok := o.pairs[k]; ok {
			b.list.Errorf("bad-expectation", o.keyAt(k), "add compare: {source: …, target: …}", "%s goes with compare", k)
			o.broken = true
		}
	}
}

// sides decodes compare: {source, target}.
func (b *builder) sides(o *object, c *spec.Compare) {
	if !o.has("compare") {
		return
	}
	if o.pairs["compare"].value.Kind != yaml.MappingNode {
		o.bad("compare", "write compare: {source: …, target: …}", "compare takes two datasets, not %s", kindName(o.pairs["compare"].value))
		o.broken = true
		return
	}
	s, ok := b.object(o.file, o.pairs["compare"].value, schema.Sides(), o.keyAt("compare"))
	if !ok || s.broken {
		o.broken = true
		return
	}
	c.Source, c.Target = s.name("source"), s.name("target")
}

// comparedColumns decodes columns: of a comparison.
func (b *builder) comparedColumns(o *object, c *spec.Compare) {
	decl := schema.ComparedColumn()
	o.named("columns", func(name string, p pair) {
		col, ok := b.object(o.file, p.value, decl, o.file.span(p.key))
		if !ok {
			return
		}
		out := spec.ComparedColumn{
			Name: spec.Name{Value: name, At: o.file.span(p.key)}, Expect: col.cel("expect"), Places: map[string]diag.Span{},
		}
		for _, k := range col.order {
			out.Places[k] = col.valueAt(k)
		}
		out.Options.Tolerance = col.tolerance("tolerance")
		col.precision("precision", &out.Options)
		out.Options.Normalize = col.normalizations("normalize")
		out.Options.Unordered, out.Options.EmptyIsNull = col.boolean("unordered"), col.boolean("empty_is_null")
		if out.Expect.Value != "" && len(col.order) > 1 {
			other := col.order[slices.IndexFunc(col.order, func(k string) bool { return k != "expect" })]
			b.list.Errorf("bad-value", col.keyAt(other), "say it in the CEL, or leave expect out", "%s has no effect beside expect", other)
		}
		if len(col.order) == 0 && !col.broken {
			b.list.Errorf("bad-value", out.Name.At, "it is compared anyway where both sides have it", "column %s says nothing about how it is compared", quote(name))
		}
		c.Columns = append(c.Columns, out)
	})
}

// mapping decodes map:.
func (b *builder) mapping(o *object, c *spec.Compare) {
	o.named("map", func(name string, p pair) {
		to := o.textOf(p.value, "map")
		if to.Value == "" {
			return
		}
		m := spec.Mapping{Source: spec.Name{Value: name, At: o.file.span(p.key)}, Target: spec.Name{Value: to.Value, At: to.Origin}}
		if i := slices.IndexFunc(c.Map, func(x spec.Mapping) bool { return x.Target.Value == to.Value }); i >= 0 {
			b.list.Errorf("duplicate-key", to.Origin, "", "column %s of the target is already the partner of %s", quote(to.Value), quote(c.Map[i].Source.Value))
			return
		}
		c.Map = append(c.Map, m)
	})
}

// contradictions reports what a comparison says twice and differently, as far as its own text shows.
func (b *builder) contradictions(c *spec.Compare) {
	mapped := map[string]string{}
	for _, m := range c.Map {
		mapped[m.Source.Value] = m.Target.Value
	}
	ignored := func(name string) bool {
		return slices.ContainsFunc(c.Ignore, func(n spec.Name) bool { return n.Value == name })
	}
	for i, k := range c.Key {
		switch {
		case slices.IndexFunc(c.Key, func(n spec.Name) bool { return n.Value == k.Value }) < i:
			b.list.Errorf("bad-value", k.At, "", "the key names column %s twice", quote(k.Value))
		case ignored(k.Value):
			b.list.Errorf("bad-value", k.At, "keep one of them", "column %s is both in the key and ignored", quote(k.Value))
		}
	}
	for _, m := range c.Map {
		if ignored(m.Source.Value) || ignored(m.Target.Value) {
			b.list.Errorf("bad-value", m.Source.At, "keep one of them", "column %s is both mapped and ignored", quote(m.Source.Value))
		}
	}
	for _, col := range c.Columns {
		switch {
		case ignored(col.Name.Value):
			b.list.Errorf("bad-value", col.Name.At, "keep one of them", "column %s is both compared in its own way and ignored", quote(col.Name.Value))
		case slices.ContainsFunc(c.Key, func(n spec.Name) bool { return n.Value == col.Name.Value }) && col.Expect.Value != "":
			b.list.Errorf("bad-value", col.Places["expect"], "keys pair rows by equality", "column %s is in the key and cannot be compared by an expression", quote(col.Name.Value))
		}
	}
}

// resolveComparisons checks what comparisons say of datasets, once all are known.
func (b *builder) resolveComparisons(sets map[string]spec.Dataset, names []string) {
	for i := range b.expectations {
		e := &b.expectations[i]
		c := e.Compare
		if c == nil {
			continue
		}
		known := true
		for _, side := range []spec.Name{c.Source, c.Target} {
			if _, ok := sets[side.Value]; ok {
				continue
			}
			known = false
			if _, declared := b.sets[side.Value]; !declared {
				b.list.Errorf("unknown-dataset", side.At, diag.DidYouMean(side.Value, names), "there is no dataset %s", quote(side.Value))
			}
		}
		if !known {
			continue
		}
		if c.Source.Value == c.Target.Value && strings.TrimSpace(c.WhereSource.Value) == strings.TrimSpace(c.WhereTarget.Value) {
			b.list.Errorf("bad-expectation", c.Target.At, "name another one, or give each side rows of its own: where: {source: …, target: …}",
				"source and target are the same dataset, which always agrees with itself")
		}
		if source := sets[c.Source.Value]; len(c.Key) == 0 && len(source.Key) == 0 && source.Query != "" {
			b.list.Errorf("missing-key", e.At, "add key: […] here or to dataset "+c.Source.Value, "nothing pairs the rows: dataset %s has no key", quote(c.Source.Value))
		}
	}
}

// where returns an expectation's condition; a comparison takes its own apart before.
func (o *object) where() diag.Text {
	p, ok := o.pairs["where"]
	if ok && p.value.Kind == yaml.MappingNode {
		o.bad("where", "only a comparison has a source and a target", "where is CEL, not a map")
		return diag.Text{}
	}
	return o.cel("where")
}
