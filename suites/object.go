package suites

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/suites/schema"
)

// pair is one entry of a map.
type pair struct {
	key   *yaml.Node
	value *yaml.Node // never an alias
}

// object is a decoded map whose keys are those of a schema.Object. What was wrong with it is reported already.
type object struct {
	*loader
	file   *file
	decl   schema.Object
	at     diag.Span
	pairs  map[string]pair
	order  []string
	broken bool // a key was refused
}

// follow returns the node that an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	for range maxDepth {
		if n.Kind != yaml.AliasNode {
			break
		}
		n = n.Alias
	}
	return n
}

// entries returns a map's entries, merge keys (<<) resolved, duplicates reported.
func (l *loader) entries(f *file, n *yaml.Node) (order []string, pairs map[string]pair) {
	pairs = map[string]pair{}
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := follow(n.Content[i]), follow(n.Content[i+1])
		if k.Kind != yaml.ScalarNode {
			l.list.Errorf("bad-value", f.span(k), "", "a key is a single word, not %s", kindName(k))
			continue
		}
		if k.ShortTag() == "!!merge" {
			merges = append(merges, v)
			continue
		}
		if first, ok := pairs[k.Value]; ok {
			at := f.span(first.key)
			l.list.Errorf("duplicate-key", f.span(n.Content[i]), "it stands at line "+strconv.Itoa(at.Line)+" already", "key %s is given twice", keyText(k.Value))
			l.list.Errorf("duplicate-key", at, "", "key %s is given twice: this is the first", keyText(k.Value))
			continue
		}
		pairs[k.Value] = pair{key: k, value: v}
		order = append(order, k.Value)
	}
	for _, m := range merges {
		order = l.merge(f, m, pairs, order)
	}
	return order, pairs
}

// merge takes over the entries of a merge key's map or maps that the map itself lacks.
func (l *loader) merge(f *file, m *yaml.Node, pairs map[string]pair, order []string) []string {
	sources := []*yaml.Node{m}
	if m.Kind == yaml.SequenceNode {
		sources = m.Content
	}
	for _, s := range sources {
		s = follow(s)
		if s.Kind != yaml.MappingNode {
			l.list.Errorf("bad-value", f.span(s), "<<: *name", "<< takes a map, not %s", kindName(s))
			continue
		}
		from, more := l.entries(f, s)
		for _, k := range from {
			if _, ok := pairs[k]; !ok {
				pairs[k] = more[k]
				order = append(order, k)
			}
		}
	}
	return order
}

// keyText shows a key in a message.
func keyText(k string) string {
	if len(k) > 64 || strings.ContainsAny(k, "@") {
		return "of this map"
	}
	return quote(k)
}

// object decodes a map by its declaration: unknown keys, keys of later versions and missing ones are reported.
func (l *loader) object(f *file, n *yaml.Node, decl schema.Object, at diag.Span) (*object, bool) {
	n = follow(n)
	if n.Kind != yaml.MappingNode {
		l.list.Errorf("bad-value", f.span(n), "", "%s is a map of keys, not %s", decl.Name, kindName(n))
		return nil, false
	}
	o := &object{loader: l, file: f, decl: decl, at: at, pairs: map[string]pair{}}
	order, pairs := l.entries(f, n)
	for _, k := range order {
		if l.checkKey(f, decl, pairs[k], nil) {
			o.pairs[k] = pairs[k]
			o.order = append(o.order, k)
		} else {
			o.broken = true
		}
	}
	for _, fd := range decl.Fields {
		if _, ok := pairs[fd.Name]; fd.Required && !ok {
			l.list.Errorf("missing-key", at, "add "+fd.Name+": "+fd.Doc, "%s needs %s", decl.Name, fd.Name)
			o.broken = true
		}
	}
	return o, true
}

// checkKey reports a key that the object does not take. more are further keys that it takes.
func (l *loader) checkKey(f *file, decl schema.Object, p pair, more []string) bool {
	fd, ok := decl.Field(p.key.Value)
	switch {
	case !ok:
		hint := diag.DidYouMean(p.key.Value, append(decl.Names(), more...))
		if isNull(p.value) && strings.ContainsAny(p.key.Value, "()[]=<>") {
			hint = "within { } a comma ends an expression: put quotes around it"
		}
		l.list.Errorf("unknown-key", f.span(p.key), hint,
			"%s has no key %s", decl.Name, keyText(p.key.Value))
		return false
	case fd.Later:
		l.list.Errorf("not-yet", f.span(p.key), "", "%s of %s is not supported by this version", keyText(fd.Name), decl.Name)
		return false
	}
	return true
}

// has reports whether a key is given, reporting one without a value.
func (o *object) has(key string) bool {
	p, ok := o.pairs[key]
	if !ok {
		return false
	}
	if isNull(p.value) {
		if fd, _ := o.decl.Field(key); !mayBeEmpty(fd.Kind) {
			o.list.Errorf("bad-value", o.file.span(p.key), "", "%s has no value", keyText(key))
		}
		return false
	}
	return true
}

func mayBeEmpty(k schema.Kind) bool {
	switch k {
	case schema.Objects, schema.Names, schema.Texts, schema.Expectations, schema.Vars, schema.Strings, schema.Masks, schema.Items, schema.Owners:
		return true
	case schema.String, schema.CEL, schema.Bool, schema.Count, schema.Version, schema.Rate, schema.Duration, schema.Enum, schema.Zone,
		schema.Nested, schema.Switch, schema.Sided, schema.Tolerance, schema.Words, schema.Keyed, schema.Number,
		schema.Fixed, schema.Keeps, schema.Any:
	}
	return false
}

func (o *object) keyAt(key string) diag.Span { return o.file.span(o.pairs[key].key) }

func (o *object) valueAt(key string) diag.Span { return o.file.span(o.pairs[key].value) }

// bad reports a value of the wrong form.
func (o *object) bad(key, hint, format string, args ...any) {
	o.list.Errorf("bad-value", o.valueAt(key), hint, format, args...)
}

// str returns a scalar as text.
func (o *object) str(key string) string {
	if !o.has(key) {
		return ""
	}
	return o.textOf(o.pairs[key].value, key).Value
}

// textOf returns a scalar as text with places; ${ is refused, since only connections take the environment.
func (o *object) textOf(n *yaml.Node, key string) diag.Text {
	n = follow(n)
	if n.Kind != yaml.ScalarNode || isNull(n) {
		o.list.Errorf("bad-value", o.file.span(n), "", "%s is a single text, not %s", key, kindName(n))
		return diag.Text{File: o.file.name, Origin: o.file.span(n)}
	}
	o.noEnvironment(o.file, n)
	return o.file.text(n)
}

// noEnvironment refuses ${ outside connections.
func (l *loader) noEnvironment(f *file, n *yaml.Node) {
	if i := strings.Index(strings.ReplaceAll(n.Value, "$${", "\x00\x00\x00"), "${"); i >= 0 {
		t := diag.Text{Value: n.Value, Origin: f.span(n)}
		at := t.Origin
		if s, ok := f.scalar(n); ok {
			c := s.places[len([]rune(n.Value[:i]))]
			at = f.at(c.line+1, c.col+1, 2)
		}
		l.list.Errorf("environment", at, "use vars: and --var; for the text itself write $${", "${…} is replaced in the values of connections only")
	}
}

// cel returns an expression.
func (o *object) cel(key string) diag.Text {
	if !o.has(key) {
		return diag.Text{}
	}
	t := o.textOf(o.pairs[key].value, key)
	if strings.TrimSpace(t.Value) == "" && follow(o.pairs[key].value).Kind == yaml.ScalarNode {
		o.bad(key, "", "%s is empty", key)
	}
	if at, cut := o.file.cutByComment(follow(o.pairs[key].value)); cut {
		o.list.Errorf("bad-value", at, "put all of it in single quotes, or on the next line behind |", "YAML takes this for a comment, and the text before it does not end")
	}
	return t
}

// cutByComment finds the # that ends a plain scalar within a text in quotes of its expression.
func (f *file) cutByComment(n *yaml.Node) (diag.Span, bool) {
	s, ok := f.scalar(n)
	if n.Style != 0 || !ok {
		return diag.Span{}, false
	}
	var quote rune
	for i, r := range n.Value {
		switch {
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case r == quote && (i == 0 || n.Value[i-1] != '\\'):
			quote = 0
		}
	}
	line := f.lines[s.end.line]
	for c := s.end.col; quote != 0 && c < len(line); c++ {
		if line[c] == '#' {
			return f.at(s.end.line+1, c+1, 1), true
		}
	}
	return diag.Span{}, false
}

// strs returns a text or list of texts with their places.
func (o *object) strs(key string) (out []string, at []diag.Span) {
	if !o.has(key) {
		return nil, nil
	}
	n := o.pairs[key].value
	items := []*yaml.Node{n}
	switch n.Kind {
	case yaml.SequenceNode:
		items = n.Content
	case yaml.MappingNode:
		o.bad(key, "", "%s is a text or a list of texts, not a map", key)
		return nil, nil
	case yaml.ScalarNode, yaml.AliasNode, yaml.DocumentNode:
	}
	for _, c := range items {
		t := o.textOf(c, key)
		if t.Value != "" {
			out, at = append(out, t.Value), append(at, t.Origin)
		}
	}
	return out, at
}

// enum returns one of the field's words, or "".
func (o *object) enum(key string) string {
	v := o.str(key)
	fd, _ := o.decl.Field(key)
	if v == "" {
		return ""
	}
	if slices.Contains(fd.Enum, v) {
		return v
	}
	hint := diag.DidYouMean(v, fd.Enum)
	if hint == "" {
		hint = "it is one of " + strings.Join(fd.Enum, ", ")
	}
	o.bad(key, hint, "%s cannot be %s", key, quote(v))
	return ""
}

// count returns a whole number that is not negative.
func (o *object) count(key string) (int64, bool) {
	if !o.has(key) {
		return 0, false
	}
	n := o.pairs[key].value
	i, err := strconv.ParseInt(n.Value, 10, 64)
	if n.Kind != yaml.ScalarNode || err != nil || i < 0 || n.ShortTag() != "!!int" {
		o.bad(key, "", "%s is a whole number, 0 or more", key)
		return 0, false
	}
	return i, true
}

// boolean returns true or false.
func (o *object) boolean(key string) bool {
	if !o.has(key) {
		return false
	}
	n := o.pairs[key].value
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
		o.bad(key, "", "%s is true or false", key)
		return false
	}
	return strings.EqualFold(n.Value, "true")
}

// named calls each for every entry of a map of names. An absent or empty map has none.
func (o *object) named(key string, each func(name string, p pair)) {
	if !o.has(key) {
		return
	}
	n := o.pairs[key].value
	if n.Kind != yaml.MappingNode {
		o.bad(key, "", "%s is a map from names, not %s", key, kindName(n))
		return
	}
	order, pairs := o.entries(o.file, n)
	for _, name := range order {
		each(name, pairs[name])
	}
}

// list returns the items of a list. An absent or empty one has none.
func (o *object) items(key string) []*yaml.Node {
	if !o.has(key) {
		return nil
	}
	n := o.pairs[key].value
	if n.Kind != yaml.SequenceNode {
		o.bad(key, "begin each with -", "%s is a list, not %s", key, kindName(n))
		return nil
	}
	return n.Content
}
