package suites

import (
	"context"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites/schema"
)

// takeHistory decodes where runs are kept; nil where the file does not say. No message of it repeats the dsn.
func (b *builder) takeHistory(f *file, o *object) *spec.History {
	p, ok := o.pairs["history"]
	if !ok {
		return nil
	}
	h := &spec.History{At: f.span(p.key)}
	decl := schema.History()
	switch {
	case p.value.Kind == yaml.ScalarNode && (strings.EqualFold(p.value.Value, "off") || strings.EqualFold(p.value.Value, "false")):
		h.Off = true
		return h
	case p.value.Kind != yaml.MappingNode:
		f.hideValue(p.key, p.value) // a dsn may stand there
		b.list.Errorf("bad-value", f.span(p.value), `history: off, or history: {dsn: "${HISTORY_DSN}"}`, "history is off or a map of keys, not %s", kindName(p.value))
		return h
	}
	for i := 0; i+1 < len(p.value.Content); i += 2 {
		k, v := p.value.Content[i], p.value.Content[i+1]
		if fd, ok := decl.Field(k.Value); !ok || !fd.Plain {
			f.hideValue(k, v)
		}
	}
	sub, ok := b.object(f, p.value, decl, h.At)
	if !ok {
		return h
	}
	for key, to := range map[string]*string{"dsn": &h.DSN, "path": &h.Path} {
		if !sub.has(key) {
			continue
		}
		n := sub.pairs[key].value
		if n.Kind != yaml.ScalarNode || n.Value == "" {
			b.list.Errorf("bad-value", f.span(n), "", "%s of history is a single text, not %s", key, kindName(n))
			continue
		}
		v, ok := b.environment(f, n)
		if *to = v; ok && strings.TrimSpace(v) == "" { // another history than the one that was meant would be begun
			b.list.Errorf("bad-value", f.span(n), "set the variable, or leave "+key+" out", "%s of history is empty", key)
		}
	}
	if _, both := sub.pairs["dsn"]; both && sub.has("path") {
		b.list.Errorf("bad-value", sub.keyAt("path"), "leave one out", "a history is in PostgreSQL (dsn) or in a file (path), not in both")
	}
	if sub.has("keep") {
		d, err := catalog.ParseDuration(sub.pairs["keep"].value.Value)
		if h.Keep = d; err != nil {
			sub.bad("keep", "", "keep is a span of time such as 400d")
		}
	}
	if sub.has("runs") {
		n, err := strconv.ParseInt(sub.pairs["runs"].value.Value, 10, 64)
		if h.Runs = int(min(n, math.MaxInt32)); err != nil || n < 2 {
			sub.bad("runs", "", "runs is a whole number from 2 on: the last run is what the next is held against")
		}
	}
	return h
}

// LoadConfig reads assay.yaml of a folder alone. The Set has one suite without a name, which has what that file declares; none where there is no such file.
func LoadConfig(_ context.Context, opts Options, dir string) (*Set, diag.List) {
	l := &loader{opts: opts, files: map[string]*file{}, declared: map[string]bool{}}
	b := newBuilder(l, filepath.Join(dir, "suite.yaml"))
	b.config()
	set := &Set{files: l.files}
	if len(b.read) > 0 {
		s := spec.Suite{Connections: b.connections, Vars: b.vars}
		if b.history != nil {
			s.History = *b.history
		}
		set.Suites = append(set.Suites, s)
	}
	l.list.Sort()
	return set, bounded(l.list.Dedupe())
}
