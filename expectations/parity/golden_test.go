package parity

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

var update = flag.Bool("update", false, "write what is pinned in testdata and docs/parity.md anew")

const goldenFile = "support.golden.json"

// entry is what one engine does with one shape.
type entry struct {
	Support string `json:"support"`
	// Reasons are of the smallest parts that it refuses.
	Reasons []string `json:"reasons,omitempty"`
	// Data is why the engine finds, while it evaluates, that these rows defeat it.
	Data string `json:"data,omitempty"`
	// Degenerate is the one outcome of all rows that the engine can hold.
	Degenerate string `json:"degenerate,omitempty"`
}

// pinned is a shape with its entries by engine.
type pinned struct {
	Family  string            `json:"family"`
	Shape   string            `json:"shape"`
	Engines map[string]*entry `json:"engines"`
}

// golden is the pinned table of shapes.
type golden struct {
	list []*pinned
	by   map[string]*pinned
	next map[string]map[string]*entry // by shape and engine: what this run found
}

func readGolden(t testing.TB) *golden {
	t.Helper()
	g := &golden{by: map[string]*pinned{}, next: map[string]map[string]*entry{}}
	readJSON(t, goldenFile, &g.list)
	for _, p := range g.list {
		g.by[p.Shape] = p
	}
	return g
}

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil && (!*update || !os.IsNotExist(err)) {
		t.Fatalf("read %s (-update writes it): %v", name, err)
	}
}

func writeJSON(t testing.TB, name string, what any) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(what); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("testdata", name), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// check compares what an engine did with what is pinned.
func (g *golden) check(t *testing.T, engine string, shapes []shape, got []*entry) {
	t.Helper()
	for i, s := range shapes {
		if g.next[s.text] == nil {
			g.next[s.text] = map[string]*entry{}
		}
		g.next[s.text][engine] = got[i]
		if *update {
			continue
		}
		p := g.by[s.text]
		if p == nil || p.Engines[engine] == nil {
			t.Errorf("%s is not pinned: run with -update", s.text)
			continue
		}
		if !reflect.DeepEqual(p.Engines[engine], got[i]) {
			t.Errorf("%s: %+v, pinned is %+v", s.text, *got[i], *p.Engines[engine])
		}
	}
}

// write pins what this run found, and keeps what it did not ask.
func (g *golden) write(t *testing.T, shapes []shape) {
	t.Helper()
	if !*update {
		return
	}
	var list []*pinned
	for _, s := range shapes {
		p := &pinned{Family: s.family, Shape: s.text, Engines: g.next[s.text]}
		if p.Engines == nil {
			p.Engines = map[string]*entry{}
		}
		if old := g.by[s.text]; old != nil {
			for name, e := range old.Engines {
				if p.Engines[name] == nil {
					p.Engines[name] = e
				}
			}
		}
		list = append(list, p)
	}
	writeJSON(t, goldenFile, list)
}
