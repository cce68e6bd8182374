package suites

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites/schema"
)

// use is a named expectation, to be checked once every dataset is known.
type use struct {
	expectation spec.Expectation
	entry       catalog.Entry
}

// expectation decodes one item of a list of expectations. dataset is "" for one between datasets.
func (b *builder) expectation(f *file, n *yaml.Node, dataset string) {
	if b.full {
		return
	}
	if len(b.expectations) >= maxExpectations {
		b.full = true
		b.list.Errorf("limit", f.span(n), "split the suite", "a suite holds at most %d expectations", maxExpectations)
		return
	}
	n = follow(n)
	if n.Kind != yaml.MappingNode {
		hint := "write - expect: …"
		if _, ok := b.catalog[n.Value]; ok && n.Kind == yaml.ScalarNode {
			hint = "write - " + n.Value + ": …"
		}
		b.list.Errorf("bad-value", f.span(n), hint, "an expectation is a map of keys, not %s", kindName(n))
		return
	}
	decl := schema.Expectation()
	o := &object{loader: b.loader, file: f, decl: decl, at: f.span(n), pairs: map[string]pair{}}
	order, pairs := b.entries(f, n)
	var entries []catalog.Entry
	for _, k := range order {
		p := pairs[k]
		if e, ok := b.catalog[k]; ok {
			entries = append(entries, e)
			continue
		}
		if b.expectationKey(f, p, decl, pairs) {
			o.pairs[k] = p
			o.order = append(o.order, k)
		} else {
			o.broken = true
		}
	}
	if len(entries) > 1 {
		b.list.Errorf("bad-expectation", f.span(pairs[entries[1].Name].key), "make two of them: begin each with -",
			"one expectation is both %s and %s", entries[0].Name, entries[1].Name)
		return
	}
	if _, ok := o.pairs["compare"]; ok {
		b.comparison(o, entries, dataset)
		return
	}
	b.noComparison(o)
	if len(entries) == 0 {
		b.plainExpectation(o, dataset)
		return
	}
	b.namedExpectation(o, entries[0], pairs[entries[0].Name], dataset)
}

// expectationKey reports a key that an expectation does not take. One that stands where a named expectation's name should is called that.
func (b *builder) expectationKey(f *file, p pair, decl schema.Object, pairs map[string]pair) bool {
	k := p.key.Value
	if _, known := decl.Field(k); known {
		return b.checkKey(f, decl, p, nil)
	}
	_, expect := pairs["expect"]
	_, compare := pairs["compare"]
	named := false
	for n := range pairs {
		if _, ok := b.catalog[n]; ok {
			named = true
		}
	}
	switch {
	case catalog.Later(k):
		b.list.Errorf("not-yet", f.span(p.key), "", "expectation %s is not supported by this version", quote(k))
	case !expect && !named && !compare:
		hint := diag.DidYouMean(k, append(catalog.Names(), decl.Names()...))
		if hint == "" {
			hint = "write expect: and CEL, or one of " + strings.Join(catalog.Names(), ", ")
		}
		b.list.Errorf("unknown-expectation", f.span(p.key), hint, "there is no expectation %s", keyText(k))
	default:
		b.checkKey(f, decl, p, catalog.Names())
	}
	return false
}

// plainExpectation takes one that is written in CEL.
func (b *builder) plainExpectation(o *object, dataset string) {
	rows, about := b.rowsOf(o, dataset)
	e, ok := b.common(o, rows.Value)
	before := len(b.list)
	e.Joins = b.joins(o)
	by := fixedRows
	if e.Dataset == "" {
		by = fixedNothing
	}
	b.fix(o, &e, by)
	ok = ok && about && !b.list[before:].HasErrors()
	_, expect := o.pairs["expect"]
	_, metric := o.pairs["metric"]
	_, base := o.pairs["baseline"]
	if !expect && !(metric && base) { // a metric and its baseline are enough
		if !o.broken && (about || !metric) {
			hint := "add expect: and CEL, or a named expectation"
			switch {
			case base:
				hint = "add metric: and CEL, whose value the baseline judges"
			case metric:
				hint = "add expect: and CEL about metric, or baseline: {}"
			}
			b.list.Errorf("bad-expectation", o.at, hint, "this expectation says nothing that must hold")
		}
		return
	}
	if !ok || expect && e.Expect.Value == "" || !expect && (e.Baseline == nil || e.Metric.Value == "") {
		return
	}
	if e.ID == "" {
		e.ID = derivedID(e)
	}
	b.add(e)
}

// namedExpectation takes a use of the catalogue: one expectation for each column where the entry says so.
func (b *builder) namedExpectation(o *object, entry catalog.Entry, p pair, dataset string) {
	f := o.file
	at := f.span(p.key)
	if x, both := o.pairs["expect"]; both {
		b.list.Errorf("bad-expectation", f.span(x.key), "make two of them: begin each with -", "one expectation is both %s and expect", entry.Name)
		return
	}
	if x, both := o.pairs["metric"]; both {
		b.list.Errorf("bad-expectation", f.span(x.key), "make two of them: begin each with -", "metric goes with expect, not with %s", entry.Name)
		return
	}
	for _, key := range []string{"dataset", "join"} {
		if x, both := o.pairs[key]; both {
			b.list.Errorf("bad-expectation", f.span(x.key), "write what it stands for in CEL, under expect:", "%s goes with expect, not with %s", key, entry.Name)
			return
		}
	}
	if dataset == "" {
		b.list.Errorf("bad-expectation", at, "move it to datasets.NAME.expectations", "%s is about one dataset and stands under it", entry.Name)
		return
	}
	behind := b.arguments(o, entry, p)
	named, list := entry.Bind(at, behind)
	b.list = append(b.list, list...)
	e, ok := b.common(o, dataset)
	fixed := b.fix(o, &e, namedFixed(entry))
	if list.HasErrors() || !ok || !fixed || o.broken {
		return
	}
	e.At = at
	uses := entry.Split(named)
	for _, u := range uses {
		one := e
		one.Named = u
		if len(uses) > 1 { // each column is blamed for its own
			one.At = u.Args[entry.Params[0].Name].At
			one.Fix = fixOf(e.Fix, entry.Columns(u))
		}
		switch {
		case e.ID == "":
			one.ID = namedID(dataset, entry, u)
		case len(uses) > 1:
			one.ID = e.ID + "." + idWord(strings.Join(entry.Columns(u), "_"))
		}
		b.uses = append(b.uses, use{expectation: one, entry: entry})
		b.add(one)
	}
}

// arguments makes the argument behind a name; common keys that stand among the arguments move to the expectation.
func (b *builder) arguments(o *object, entry catalog.Entry, p pair) spec.Arg {
	if p.value.Kind != yaml.MappingNode {
		return b.arg(o.file, p.value)
	}
	a := spec.Arg{Kind: "map", Map: map[string]spec.Arg{}, At: o.file.span(p.value)}
	order, pairs := b.entries(o.file, p.value)
	for _, k := range order {
		in := pairs[k]
		fd, common := o.decl.Field(k)
		if _, own := entry.Param(k); own || !common || !fd.Inside {
			a.Map[k] = b.arg(o.file, in.value)
			if a.Map[k].At.Line == 0 || !own {
				arg := a.Map[k]
				arg.At = o.file.span(in.key)
				a.Map[k] = arg
			}
			continue
		}
		if first, twice := o.pairs[k]; twice {
			b.list.Errorf("duplicate-key", o.file.span(in.key), "it stands at "+o.file.span(first.key).String()+" already",
				"key %s is given twice, beside %s and among its arguments", keyText(k), entry.Name)
			continue
		}
		o.pairs[k] = in
	}
	return a
}

// arg makes an argument of a node.
func (b *builder) arg(f *file, n *yaml.Node) spec.Arg {
	n = follow(n)
	a := spec.Arg{At: f.span(n)}
	switch n.Kind {
	case yaml.ScalarNode:
		a.Kind = map[string]string{"!!null": "null", "!!bool": "bool", "!!int": "int", "!!float": "float"}[n.ShortTag()]
		a.Text = n.Value
		if a.Kind == "" {
			a.Kind = "string"
			b.noEnvironment(f, n)
			a.Text = unescapeDollar(diag.Text{Value: n.Value}).Value
		}
	case yaml.SequenceNode:
		a.Kind = "list"
		for _, c := range n.Content {
			a.List = append(a.List, b.arg(f, c))
		}
	case yaml.MappingNode:
		a.Kind, a.Map = "map", map[string]spec.Arg{}
		order, pairs := b.entries(f, n)
		for _, k := range order {
			a.Map[k] = b.arg(f, pairs[k].value)
		}
	case yaml.AliasNode, yaml.DocumentNode:
		a.Kind = "null"
	}
	return a
}

// common decodes the keys that every expectation takes. It returns false when one of them is wrong.
func (b *builder) common(o *object, dataset string) (spec.Expectation, bool) {
	before := len(b.list)
	e := spec.Expectation{
		Dataset: dataset, At: o.at, Places: map[string]diag.Span{},
		ID: o.str("id"), Expect: o.cel("expect"), Metric: o.cel("metric"), Where: o.where(),
		Severity: spec.Severity(o.enum("severity")), OnNull: spec.NullPolicy(o.enum("on_null")), OnEmpty: spec.EmptyPolicy(o.enum("on_empty")),
		Description: o.str("description"), Message: o.str("message"), MessageExpression: o.cel("message_expression"), Owner: o.str("owner"),
	}
	e.Tags, _ = o.strs("tags")
	var showAt []diag.Span
	e.Show, showAt = o.strs("show")
	for i, name := range e.Show {
		e.Places["show."+name] = showAt[i]
	}
	if e.Severity == "" {
		e.Severity = spec.Error
	}
	if e.OnNull == "" {
		e.OnNull = spec.NullSkip
	}
	if n, ok := o.count("max_failures"); ok {
		e.MaxFailures = &n
	}
	e.Mostly = o.rate("mostly")
	if _, both := o.pairs["max_failures"]; both && e.Mostly != nil {
		b.list.Errorf("bad-expectation", o.keyAt("max_failures"), "keep one of them", "mostly and max_failures exclude each other")
	}
	if e.Detect = o.rate("detect"); e.Detect != nil && (e.Detect.Sign() == 0 || e.Detect.Cmp(value.DecFromInt(1)) == 0) {
		o.bad("detect", "0.1% is the rate looked for unless said", "a sample can exclude neither no row nor every row")
	}
	e.Baseline = b.baseline(o)
	if e.ID != "" && e.ID != idWord(e.ID) {
		o.bad("id", "letters, digits, and . _ - : /", "%s cannot be an id", quote(e.ID))
	}
	for k, p := range o.pairs {
		e.Places[k] = o.file.span(p.value)
	}
	if _, ok := o.pairs["expect"]; ok {
		if _, ok := o.pairs["id"]; !ok {
			e.At = o.keyAt("expect")
		}
	}
	return e, !b.list[before:].HasErrors()
}

// rate returns a decimal from 0 to 1 or a percentage, exactly.
func (o *object) rate(key string) *value.Dec {
	s := strings.TrimSpace(o.str(key))
	if s == "" {
		return nil
	}
	number, percent := strings.CutSuffix(s, "%")
	d, err := value.ParseDec(strings.TrimSpace(number))
	if err != nil {
		o.bad(key, "write 0.99 or 99%", "%s is not a share of rows", quote(s))
		return nil
	}
	one := value.DecFromInt(1)
	if percent {
		d = d.Mul(value.NewDec(1, 2))
	}
	if d.Sign() >= 0 && d.Cmp(one) <= 0 {
		return &d
	}
	hint := "it lies between 0 and 1, or 0% and 100%"
	if !percent && d.Sign() > 0 && d.Cmp(value.DecFromInt(100)) <= 0 {
		hint = "write " + d.String() + "% for a percentage, or " + d.Mul(value.NewDec(1, 2)).String()
	}
	o.bad(key, hint, "%s is not a share of rows", s)
	return nil
}

// add adds an expectation whose id is new.
func (b *builder) add(e spec.Expectation) {
	at := e.At
	if p, ok := e.Places["id"]; ok {
		at = p
	}
	if first, ok := b.ids[e.ID]; ok {
		hint := "it stands at " + first.String() + " already"
		if _, declared := e.Places["id"]; !declared {
			hint += ": give one of them an id"
		}
		b.list.Errorf("duplicate-id", at, hint, "the id %s is used twice", quote(e.ID))
		b.list.Errorf("duplicate-id", first, "", "the id %s is used twice: this is the first", quote(e.ID))
		return
	}
	b.ids[e.ID] = at
	b.expectations = append(b.expectations, e)
}
