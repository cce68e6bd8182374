package suites

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites/schema"
)

func newBuilder(l *loader, path string) *builder {
	entries := map[string]catalog.Entry{}
	for _, e := range catalog.Entries() {
		entries[e.Name] = e
	}
	return &builder{
		catalog: entries,
		loader:  l, path: path, done: map[string]bool{}, vars: map[string]value.Value{}, conns: map[string]diag.Span{},
		corrections: spec.DefaultCorrections(), sets: map[string]diag.Span{}, ids: map[string]diag.Span{}, varAt: map[string]diag.Span{},
	}
}

// include takes in a file and what it includes. chain holds the files that are being taken in; at is the include that named it.
func (b *builder) include(path string, at diag.Span, chain []string) {
	if slices.Contains(chain, path) {
		b.list.Errorf("include-cycle", at, "", "the includes go round in a circle: %s", strings.Join(append(chain[slices.Index(chain, path):], path), " → "))
		return
	}
	if b.done[path] {
		return
	}
	b.done[path] = true
	if len(chain) >= maxIncludeDepth {
		b.list.Errorf("limit", at, "", "includes are nested more than %d deep", maxIncludeDepth)
		return
	}
	f := b.open(path, at)
	if f == nil {
		return
	}
	o, ok := b.take(f)
	if !ok {
		return
	}
	b.excluded = append(b.excluded, b.exclude(o)...)
	switch history := b.takeHistory(f, o); {
	case len(chain) == 0:
		b.name, b.history = o.str("suite"), history
	case history != nil:
		b.list.Errorf("bad-value", o.keyAt("history"), "put it into the suite itself, or into "+ConfigName, "history says nothing in an included file")
	}
	b.takeAlerts(f, o, len(chain) == 0)
	b.takeCorrections(o, len(chain) == 0)
	chain = append(slices.Clone(chain), path)
	patterns, at2 := o.strs("include")
	for i, p := range patterns {
		for _, next := range b.included(f, p, at2[i]) {
			b.include(next, at2[i], chain)
		}
	}
}

// included returns the files that an include names, relative to the file it stands in.
func (b *builder) included(f *file, pattern string, at diag.Span) []string {
	full := filepath.FromSlash(pattern)
	if !filepath.IsAbs(full) {
		full = filepath.Join(filepath.Dir(f.name), full)
	}
	if !isGlob(pattern) {
		return []string{full}
	}
	found, err := filepath.Glob(full)
	if err != nil || len(found) == 0 {
		b.list.Errorf("no-file", at, "", "no file matches %s", quote(pattern))
		return nil
	}
	slices.Sort(found)
	return slices.DeleteFunc(found, func(p string) bool { return p == f.name || filepath.Base(p) == ConfigName })
}

// config takes in assay.yaml beside the suite: a file that declares connections and variables for its folder.
func (b *builder) config() {
	path := filepath.Join(filepath.Dir(b.path), ConfigName)
	if b.done[path] || !exists(path) {
		return
	}
	b.done[path] = true
	f := b.open(path, diag.Span{})
	if f == nil {
		return
	}
	o, ok := b.object(f, f.root, schema.Suite(), f.span(f.root))
	if !ok {
		return
	}
	b.read = append(b.read, f)
	b.version(o)
	for _, k := range []string{"suite", "include", "datasets", "expectations", "exclude", "corrections"} {
		if _, ok := o.pairs[k]; ok {
			b.list.Errorf("bad-config", o.keyAt(k), "put it into a suite", "%s declares connections, vars, history, alerts and notify only, not %s", ConfigName, k)
		}
	}
	b.takeConnections(f, o)
	b.takeVars(f, o)
	if b.history == nil {
		b.history = b.takeHistory(f, o)
	}
	b.takeAlerts(f, o, true)
}

// take decodes the keys of one file.
func (b *builder) take(f *file) (*object, bool) {
	b.hideMisplaced(f)
	o, ok := b.object(f, f.root, schema.Suite(), f.span(f.root))
	if !ok {
		return nil, false
	}
	b.read = append(b.read, f)
	b.version(o)
	o.str("description")
	b.takeVars(f, o)
	b.takeConnections(f, o)
	b.takeDatasets(f, o)
	for _, n := range o.items("expectations") {
		b.expectation(f, n, "")
	}
	return o, true
}

// hideMisplaced hides the values of unknown top-level keys: a connection that lost its indentation is one.
func (b *builder) hideMisplaced(f *file) {
	decl := schema.Suite()
	for i := 0; i+1 < len(f.root.Content); i += 2 {
		k := f.root.Content[i]
		if _, ok := decl.Field(k.Value); ok {
			continue
		}
		if !plainKey.MatchString(k.Value) && k.Kind == yaml.ScalarNode {
			f.hide(k)
		}
		f.hideValue(k, f.root.Content[i+1])
	}
}

func (b *builder) version(o *object) {
	if !o.has("version") {
		return
	}
	if v := o.pairs["version"].value; v.Value != strconv.Itoa(schema.FormatVersion) {
		o.bad("version", "write version: 1", "this program reads version %d of the format", schema.FormatVersion)
	}
}
