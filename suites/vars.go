package suites

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/expectations/diag"
)

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// declaredVar is a variable as declared.
type declaredVar struct {
	name string
	at   diag.Span
	typ  value.Type
	def  *value.Value // nil when the variable has no default
}

// takeVars decodes vars: a value, whose type is that of YAML, or {type: …, default: …}.
func (b *builder) takeVars(f *file, o *object) {
	o.named("vars", func(name string, p pair) {
		at := f.span(p.key)
		if !catalog.IsIdentifier(name) {
			b.list.Errorf("bad-name", at, "letters, digits and _, not beginning with a digit", "%s cannot name a variable", quote(name))
			return
		}
		if first, ok := b.varAt[name]; ok {
			b.twice("duplicate-variable", "variable", name, first, at)
			return
		}
		b.varAt[name] = at
		b.declared[name] = true
		v, ok := b.declaredVar(f, name, p)
		if ok {
			b.pendingVars = append(b.pendingVars, v)
		}
	})
}

func (b *builder) declaredVar(f *file, name string, p pair) (declaredVar, bool) {
	d := declaredVar{name: name, at: f.span(p.key)}
	if p.value.Kind != yaml.MappingNode {
		v, ok := b.inferred(f, p.value)
		if !ok {
			return d, false
		}
		d.typ, d.def = v.Type(), &v
		return d, true
	}
	order, pairs := b.entries(f, p.value)
	ok := true
	for _, k := range order {
		if !slices.Contains([]string{"type", "default", "description"}, k) {
			b.list.Errorf("unknown-key", f.span(pairs[k].key), diag.DidYouMean(k, []string{"type", "default", "description"}), "a variable has no key %s", keyText(k))
			ok = false
		}
	}
	t, typed := pairs["type"]
	def, hasDefault := pairs["default"]
	switch {
	case !ok:
		return d, false
	case typed:
		var known bool
		if d.typ, known = varType(t.value.Value); !known || t.value.Kind != yaml.ScalarNode {
			b.list.Errorf("bad-value", f.span(t.value), diag.DidYouMean(t.value.Value, varTypes()), "%s is not the type of a variable", quote(t.value.Value))
			return d, false
		}
	case !hasDefault:
		b.list.Errorf("missing-key", d.at, "", "variable %s needs type, or default", quote(name))
		return d, false
	}
	if hasDefault && typed {
		v, err := parseVar(nodeText(def.value), d.typ)
		if err != nil {
			b.list.Errorf("bad-value", f.span(def.value), "", "the default of variable %s is not %s", quote(name), article(d.typ.String()))
			return d, false
		}
		d.def = &v
	} else if hasDefault {
		v, ok := b.inferred(f, def.value)
		if !ok {
			return d, false
		}
		d.typ, d.def = v.Type(), &v
	}
	return d, true
}

// nodeText returns a scalar's text, or a list's texts joined by commas, as --var would say it.
func nodeText(n *yaml.Node) string {
	if n.Kind != yaml.SequenceNode {
		return n.Value
	}
	items := make([]string, len(n.Content))
	for i, c := range n.Content {
		items[i] = follow(c).Value
	}
	return strings.Join(items, ",")
}

// inferred types a value as YAML does.
func (b *builder) inferred(f *file, n *yaml.Node) (value.Value, bool) {
	n = follow(n)
	switch n.Kind {
	case yaml.ScalarNode:
		kind := map[string]value.Kind{"!!int": value.Int, "!!float": value.Double, "!!bool": value.Bool, "!!null": value.Null}[n.ShortTag()]
		if n.ShortTag() == "!!null" {
			break
		}
		if kind == value.Null {
			kind = value.String
			b.noEnvironment(f, n)
		}
		text := n.Value
		if kind == value.String {
			text = f.text(n).Value
		}
		if v, err := parseVar(text, value.Of(kind)); err == nil {
			return v, true
		}
	case yaml.SequenceNode:
		var items []value.Value
		for _, c := range n.Content {
			v, ok := b.inferred(f, c)
			if !ok {
				return v, false
			}
			if v.Kind() == value.List || len(items) > 0 && items[0].Kind() != v.Kind() {
				b.list.Errorf("bad-value", f.span(c), "", "the items of a variable's list are single values of one type")
				return v, false
			}
			items = append(items, v)
		}
		if len(items) > 0 {
			return value.ListValue(items[0].Type(), items...), true
		}
	case yaml.MappingNode, yaml.AliasNode, yaml.DocumentNode:
	}
	b.list.Errorf("bad-value", f.span(n), "give it a type: {type: int}", "a variable needs a value that tells its type")
	return value.Value{}, false
}

func varTypes() []string {
	return []string{"bool", "int", "uint", "double", "decimal", "string", "timestamp", "duration"}
}

func varType(s string) (value.Type, bool) {
	if inner, ok := strings.CutPrefix(s, "list("); ok {
		if inner, ok = strings.CutSuffix(inner, ")"); ok && !strings.HasPrefix(inner, "list(") {
			t, known := varType(inner)
			return value.ListOf(t), known
		}
		return value.Type{}, false
	}
	for _, k := range []value.Kind{
		value.Bool, value.Int, value.Uint, value.Double, value.Decimal, value.String, value.Timestamp, value.Duration,
	} {
		if k.String() == s {
			return value.Of(k), true
		}
	}
	return value.Type{}, false
}

// parseVar reads a variable's value from text. Items of a list are separated by commas.
func parseVar(s string, t value.Type) (value.Value, error) {
	switch t.Kind {
	case value.Bool:
		b, err := strconv.ParseBool(strings.ToLower(s))
		return value.BoolValue(b), wrapVar(err)
	case value.Int:
		i, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 0, 64)
		return value.IntValue(i), wrapVar(err)
	case value.Uint:
		u, err := strconv.ParseUint(strings.ReplaceAll(s, "_", ""), 0, 64)
		return value.UintValue(u), wrapVar(err)
	case value.Double:
		d, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
		return value.DoubleValue(d), wrapVar(err)
	case value.Decimal:
		d, err := value.ParseDec(s)
		return value.DecimalValue(d), wrapVar(err)
	case value.String:
		return value.StringValue(s), nil
	case value.Timestamp:
		for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
			if ts, err := time.Parse(layout, s); err == nil {
				return value.TimestampValue(ts), nil
			}
		}
		return value.Value{}, fmt.Errorf("%q is not a date or an instant", s)
	case value.Duration:
		d, err := catalog.ParseDuration(s)
		return value.DurationValue(d), wrapVar(err)
	case value.List:
		var items []value.Value
		for part := range strings.SplitSeq(s, ",") {
			if s == "" {
				break
			}
			v, err := parseVar(strings.TrimSpace(part), *t.Elem)
			if err != nil {
				return value.Value{}, err
			}
			items = append(items, v)
		}
		return value.ListValue(*t.Elem, items...), nil
	case value.Null, value.Bytes, value.LocalTimestamp, value.JSON:
	}
	return value.Value{}, fmt.Errorf("a variable cannot be %s", article(t.String()))
}

func wrapVar(err error) error {
	if err != nil {
		return fmt.Errorf("read the value: %w", err)
	}
	return nil
}

func article(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}

// resolveVars gives every variable its value: the override, else the default.
func (b *builder) resolveVars() {
	for _, d := range b.pendingVars {
		s, given := b.opts.Vars[d.name]
		switch {
		case given:
			v, err := parseVar(s, d.typ)
			if err != nil {
				b.list.Errorf("bad-variable", d.at, "", "--var %s is not %s", d.name, article(d.typ.String()))
				continue
			}
			b.vars[d.name] = v
		case d.def != nil:
			b.vars[d.name] = *d.def
		default:
			b.list.Errorf("missing-variable", d.at, "pass --var "+d.name+"=…, or give it a default", "variable %s has no value", quote(d.name))
		}
	}
}

// unusedVars reports overrides of variables that no suite declares.
func (l *loader) unusedVars() {
	var names []string
	for n := range l.declared {
		names = append(names, n)
	}
	slices.Sort(names)
	var given []string
	for n := range l.opts.Vars {
		if !l.declared[n] {
			given = append(given, n)
		}
	}
	slices.Sort(given)
	for _, n := range given {
		hint := diag.DidYouMean(n, names)
		if hint == "" {
			hint = "declare it under vars:"
		}
		l.list.Errorf("unknown-variable", diag.Span{}, hint, "--var %s: no suite declares it", quote(n))
	}
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}
