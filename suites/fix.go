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

// fixedBy is what an expectation is, as far as its fix is concerned.
type fixedBy uint8

const (
	fixedRows    fixedBy = iota // about each row
	fixedCompare                // a comparison
	fixedNothing                // about more than a row
)

// fix decodes what is to be changed about what an expectation finds; it returns false where that is wrong.
func (b *builder) fix(o *object, e *spec.Expectation, by fixedBy) bool {
	before := len(b.list)
	if e.Risk = o.cel("risk"); e.Risk.Value != "" {
		if _, ok := o.pairs["fix"]; !ok {
			b.list.Errorf("bad-expectation", o.keyAt("risk"), "add fix:, or leave it out", "risk weighs what fix changes")
		}
	}
	if o.has("fix") {
		f := &spec.Fix{At: o.keyAt("fix"), Places: map[string]diag.Span{}}
		switch by {
		case fixedNothing:
			b.list.Errorf("bad-expectation", f.At, "fix goes with a comparison, and with what holds for each row by itself", "there is no row here that could be corrected")
		case fixedCompare:
			b.fixCompare(o, f)
		case fixedRows:
			b.fixRows(o, f)
		}
		e.Fix = f
	}
	return !b.list[before:].HasErrors()
}

// fixCompare decodes the fix of a comparison.
func (b *builder) fixCompare(o *object, f *spec.Fix) {
	f.To, f.Missing, f.Extra = spec.ToTarget, spec.MissingInsert, spec.ExtraDelete
	n := o.pairs["fix"].value
	if n.Kind != yaml.MappingNode {
		f.To = spec.FixSide(o.enum("fix"))
		return
	}
	s, ok := b.object(o.file, n, schema.Fix(), f.At)
	if !ok || s.broken {
		return
	}
	for _, k := range s.order {
		f.Places[k] = s.valueAt(k)
	}
	if to := s.enum("to"); to != "" {
		f.To = spec.FixSide(to)
	}
	if m := s.enum("missing"); m != "" {
		f.Missing = spec.MissingPolicy(m)
	}
	if x := s.enum("extra"); x != "" {
		f.Extra = spec.ExtraPolicy(x)
	}
	s.owners(f)
	b.soft(s, f)
	f.Duplicates = s.keep("duplicates")
}

// owners decodes columns: of a fix.
func (o *object) owners(f *spec.Fix) {
	fd, _ := o.decl.Field("columns")
	o.named("columns", func(name string, p pair) {
		c := spec.OwnedColumn{Name: spec.Name{Value: name, At: o.file.span(p.key)}}
		c.Owner.At = o.file.span(p.value)
		if p.value.Kind != yaml.MappingNode {
			word := o.textOf(p.value, "the owner of "+quote(name)).Value
			switch {
			case word == string(spec.OwnerManual):
				c.Owner.Kind = spec.OwnerManual
			case slices.Contains(fd.Enum, word):
				c.Owner.Kind, c.Owner.Side = spec.OwnerSide, spec.FixSide(word)
			case word != "":
				hint := diag.DidYouMean(word, fd.Enum)
				if hint == "" {
					hint = "it is source, target, manual, {newest: COLUMN} or {prefer: source}"
				}
				o.list.Errorf("bad-value", c.Owner.At, hint, "the owner of %s cannot be %s", quote(name), quote(word))
			}
			f.Columns = append(f.Columns, c)
			return
		}
		key, sub := o.oneOf(p.value, c.Owner.At, "an owner", []string{"newest", "prefer"}, "write {newest: updated_at} or {prefer: source}")
		switch key {
		case "newest":
			c.Owner.Kind, c.Owner.Version = spec.OwnerNewest, sub.name(key)
		case "prefer":
			word := sub.str(key)
			c.Owner.Kind, c.Owner.Side = spec.OwnerPrefer, spec.FixSide(word)
			if word != "" && word != string(spec.ToSource) && word != string(spec.ToTarget) {
				hint := diag.DidYouMean(word, []string{"source", "target"})
				if hint == "" {
					hint = "it is source or target"
				}
				sub.bad(key, hint, "prefer cannot be %s", quote(word))
			}
		}
		f.Columns = append(f.Columns, c)
	})
}

// oneOf takes a map with exactly one of some keys; key is "" where it has none that can be taken.
func (o *object) oneOf(n *yaml.Node, at diag.Span, what string, keys []string, hint string) (key string, sub *object) {
	order, pairs := o.entries(o.file, n)
	sub = &object{loader: o.loader, file: o.file, decl: o.decl, at: at, pairs: pairs, order: order}
	for _, k := range order {
		if !slices.Contains(keys, k) {
			o.list.Errorf("unknown-key", o.file.span(pairs[k].key), diag.DidYouMean(k, keys), "%s has no key %s", what, keyText(k))
			return "", sub
		}
	}
	if len(order) != 1 {
		o.list.Errorf("bad-value", at, hint, "%s is one of %s", what, strings.Join(keys, " and "))
		return "", sub
	}
	if isNull(pairs[order[0]].value) {
		o.list.Errorf("bad-value", o.file.span(pairs[order[0]].key), hint, "%s has no value", keyText(order[0]))
		return "", sub
	}
	return order[0], sub
}

// soft decodes how rows are marked as deleted.
func (b *builder) soft(o *object, f *spec.Fix) {
	given := o.has("soft")
	switch {
	case f.Extra == spec.ExtraSoft && !given:
		b.list.Errorf("missing-key", o.valueAt("extra"), "add soft: {column: deleted_at}", "extra: soft does not say which column marks a deleted row")
	case f.Extra != spec.ExtraSoft && given:
		b.list.Errorf("bad-value", o.keyAt("soft"), "write extra: soft, or leave it out", "soft goes with extra: soft")
	}
	if !given {
		return
	}
	s, ok := b.object(o.file, o.pairs["soft"].value, schema.Soft(), o.keyAt("soft"))
	if !ok || s.broken {
		return
	}
	f.Soft = &spec.SoftDelete{Column: s.name("column"), Value: s.cel("value")}
	if f.Soft.Value.Value == "" {
		f.Soft.Value = diag.Text{Value: "now", File: o.file.name, Origin: f.Soft.Column.At}
	}
}

// keep decodes which of several rows with one key is kept.
func (o *object) keep(key string) spec.Duplicates {
	if !o.has(key) {
		return spec.Duplicates{}
	}
	n := o.pairs[key].value
	if n.Kind != yaml.MappingNode {
		if o.enum(key) == string(spec.KeepMatching) {
			return spec.Duplicates{Keep: spec.KeepMatching}
		}
		return spec.Duplicates{}
	}
	k, sub := o.oneOf(n, o.valueAt(key), key, []string{"newest", "oldest"}, "write {newest: updated_at} or {oldest: id}")
	if k == "" {
		return spec.Duplicates{}
	}
	return spec.Duplicates{Keep: spec.KeepPolicy(k), By: sub.name(k)}
}

// fixRows decodes the assignments of an expectation about rows.
func (b *builder) fixRows(o *object, f *spec.Fix) {
	n := o.pairs["fix"].value
	const hint = "write fix: {status: \"'new'\"}: a column of the row, and CEL for its value"
	if n.Kind != yaml.MappingNode {
		o.bad("fix", hint, "which column gets what value? %s goes with compare", quote(n.Value))
		return
	}
	order, pairs := o.entries(o.file, n)
	if len(order) == 0 {
		o.bad("fix", hint, "fix says nothing")
	}
	sub := &object{loader: o.loader, file: o.file, decl: o.decl, at: o.file.span(n), pairs: pairs, order: order}
	for _, k := range order {
		at := o.file.span(pairs[k].key)
		a := spec.Assignment{Column: spec.Name{Value: strings.TrimPrefix(k, "row."), At: at}}
		if isNull(pairs[k].value) {
			a.Value = diag.Text{Value: "null", File: o.file.name, Origin: at}
		} else {
			a.Value = sub.cel(k)
		}
		if slices.ContainsFunc(f.Set, func(x spec.Assignment) bool { return x.Column.Value == a.Column.Value }) {
			b.list.Errorf("duplicate-key", at, "keep one of them", "column %s gets two values", quote(a.Column.Value))
			continue
		}
		f.Set = append(f.Set, a)
	}
}

// takeCorrections decodes what a run may do.
func (b *builder) takeCorrections(o *object, may bool) {
	if !o.has("corrections") {
		return
	}
	if !may {
		b.list.Errorf("bad-value", o.keyAt("corrections"), "put it into the suite itself", "corrections says nothing in an included file")
		return
	}
	s, ok := b.object(o.file, o.pairs["corrections"].value, schema.Corrections(), o.keyAt("corrections"))
	if !ok || s.broken {
		return
	}
	c := &b.corrections
	c.At = o.keyAt("corrections")
	for _, k := range s.order {
		c.Places[k] = s.valueAt(k)
	}
	c.Mode = s.enum("mode")
	if n, ok := s.count("max_changes"); ok {
		c.MaxChanges = n
	}
	s.threshold("max_fraction", &c.MaxFraction)
	if n, ok := s.count("rate"); ok {
		if c.Rate = n; n == 0 {
			s.bad("rate", "leave it out for no bound", "no change could be made at a rate of 0")
		}
	}
	c.Risk = s.cel("risk")
}

// namedFixed says what can be corrected of a named expectation.
func namedFixed(entry catalog.Entry) fixedBy {
	if entry.Kind == catalog.Row {
		return fixedRows
	}
	return fixedNothing
}

// fixOf is the part of a fix that is about some of the columns of an expectation, all of it where none is: what one column gets is not for a row that fails by another.
func fixOf(f *spec.Fix, columns []string) *spec.Fix {
	if f == nil {
		return nil
	}
	own := *f
	own.Set = slices.DeleteFunc(slices.Clone(f.Set), func(a spec.Assignment) bool { return !slices.Contains(columns, a.Column.Value) })
	if len(own.Set) == 0 {
		return f
	}
	return &own
}
