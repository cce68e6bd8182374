package suites

import (
	"slices"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites/schema"
)

// celNames are names that CEL and its extensions use: a dataset of that name could not be told from them.
func celNames() []string {
	return []string{
		"int", "uint", "double", "bool", "string", "bytes", "list", "map", "type", "dyn", "null_type", "timestamp",
		"duration", "decimal", "math", "strings", "sets", "optional", "base64", "regex", "google", "cel", "lists", "abs", "size",
		"has", "matches",
	}
}

// takeDatasets decodes the datasets of a file with the expectations nested in them.
func (b *builder) takeDatasets(f *file, o *object) {
	decl := schema.Dataset()
	o.named("datasets", func(name string, p pair) {
		at := f.span(p.key)
		switch {
		case lang.Reserved(name) || slices.Contains(celNames(), name):
			b.list.Errorf("reserved-name", at, "choose another: expressions use it themselves", "%s is reserved and cannot name a dataset", quote(name))
			return
		case !catalog.IsIdentifier(name):
			b.list.Errorf("bad-name", at, "letters, digits and _, not beginning with a digit; no word of CEL",
				"%s cannot name a dataset: expressions could not refer to it", quote(name))
			return
		}
		if first, ok := b.sets[name]; ok {
			b.twice("duplicate-dataset", "dataset", name, first, at)
			return
		}
		b.sets[name] = at
		if d, ok := b.object(f, p.value, decl, at); ok {
			b.dataset(f, name, d)
		}
	})
}

func (b *builder) dataset(f *file, name string, o *object) {
	d := spec.Dataset{At: o.at, Places: map[string]diag.Span{}, Connection: o.str("connection"), UpdatedAt: o.str("updated_at")}
	d.Name = name
	o.str("description")
	var given []string
	for _, w := range []struct {
		key string
		to  *string
	}{{"table", &d.Table}, {"index", &d.Index}, {"file", &d.File}, {"query", &d.Query}} {
		if *w.to = o.str(w.key); *w.to != "" {
			given = append(given, w.key)
		}
	}
	switch {
	case len(given) > 1:
		b.list.Errorf("bad-dataset", o.keyAt(given[1]), "keep one of them", "dataset %s has both %s and %s", quote(name), given[0], given[1])
	case len(given) == 0 && !o.broken:
		b.list.Errorf("bad-dataset", o.at, "add table:, index:, file: or query:", "dataset %s does not say what it reads", quote(name))
	}
	var keyAt []diag.Span
	d.Key, keyAt = o.strs("key")
	for i, k := range d.Key {
		d.Places["key."+k] = keyAt[i]
		if slices.Index(d.Key, k) < i {
			b.list.Errorf("bad-value", keyAt[i], "", "the key names column %s twice", quote(k))
		}
	}
	for _, k := range []string{"connection", "table", "index", "file", "query", "key", "updated_at"} {
		if _, ok := o.pairs[k]; ok {
			d.Places[k] = o.valueAt(k)
		}
	}
	b.columnOptions(f, o, &d)
	o.masks(&d)
	b.datasets = append(b.datasets, d)
	for _, n := range o.items("expectations") {
		b.expectation(f, n, name)
	}
}

// columnOptions decodes columns: and types:.
func (b *builder) columnOptions(f *file, o *object, d *spec.Dataset) {
	d.Columns = map[string]query.ColumnOptions{}
	decl := schema.Column()
	o.named("columns", func(name string, p pair) {
		c, ok := b.object(f, p.value, decl, f.span(p.key))
		if !ok {
			return
		}
		d.Columns[name] = query.ColumnOptions{
			Type: c.enum("type"), AbsentIsError: c.enum("absent") == "error", Array: c.boolean("array"),
		}
		d.Places["columns."+name] = f.span(p.key)
	})
	o.named("types", func(name string, p pair) {
		t := o.textOf(p.value, "types").Value
		if t == "" {
			return
		}
		if !slices.Contains(schema.ColumnTypes(), t) {
			b.list.Errorf("bad-value", f.span(p.value), diag.DidYouMean(t, schema.ColumnTypes()), "%s is not a logical type", quote(t))
			return
		}
		opts := d.Columns[name]
		if opts.Type != "" && opts.Type != t {
			b.list.Errorf("duplicate-key", f.span(p.key), "keep one of them", "the type of column %s is given in columns too", quote(name))
			return
		}
		opts.Type = t
		d.Columns[name] = opts
		if _, ok := d.Places["columns."+name]; !ok {
			d.Places["columns."+name] = f.span(p.key)
		}
	})
}
