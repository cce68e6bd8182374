package main_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDrawing compares the drawing of docs/architecture.md with what `go list` says: every package is in it, and every import of
// one package by another is an arrow or follows from arrows, and no arrow is without an import.
func TestDrawing(t *testing.T) {
	text, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "```mermaid\n")
	drawing, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("there is no drawing")
	}
	names := map[string]string{} // the drawing's short names
	for _, m := range regexp.MustCompile(`(?m)^\s*(\w+)\["?([\w/]+)`).FindAllStringSubmatch(drawing, -1) {
		names[m[1]] = m[2]
	}
	drawn := map[[2]string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\s*([\w &]+?) --> ([\w &]+?)\s*$`).FindAllStringSubmatch(drawing, -1) {
		for from := range strings.SplitSeq(m[1], " & ") {
			for to := range strings.SplitSeq(m[2], " & ") {
				a, b := names[from], names[to]
				if a == "" || b == "" {
					t.Errorf("the arrow %s --> %s has an end that is no package", from, to)
					continue
				}
				drawn[[2]string{a, b}] = true
			}
		}
	}
	imports := map[string][]string{}
	for _, p := range listPackages(t) {
		if len(p.GoFiles) == 0 {
			continue // tests alone
		}
		if !slices.Contains(values(names), p.name()) {
			t.Errorf("%s is not in the drawing", p.name())
		}
		for _, i := range p.Imports {
			if to, ours := strings.CutPrefix(i, module); ours {
				imports[p.name()] = append(imports[p.name()], to)
			}
		}
		if imports[p.name()] == nil {
			imports[p.name()] = []string{}
		}
	}
	for _, n := range names {
		if imports[n] == nil {
			t.Errorf("%s is in the drawing, and no package", n)
		}
	}
	// An arrow that follows from others may be left out: reach tells what can be come to by arrows.
	var reach func(from, to string, seen map[string]bool) bool
	reach = func(from, to string, seen map[string]bool) bool {
		if drawn[[2]string{from, to}] {
			return true
		}
		seen[from] = true
		for edge := range drawn {
			if edge[0] == from && !seen[edge[1]] && reach(edge[1], to, seen) {
				return true
			}
		}
		return false
	}
	for from, list := range imports {
		for _, to := range list {
			if !reach(from, to, map[string]bool{}) {
				t.Errorf("%s imports %s, and no arrow leads there", from, to)
			}
		}
	}
	for edge := range drawn {
		if !slices.Contains(imports[edge[0]], edge[1]) {
			t.Errorf("the drawing has %s --> %s, which is no import", edge[0], edge[1])
		}
	}
}

func values(m map[string]string) []string {
	var out []string
	for _, v := range m {
		out = append(out, v)
	}
	return out
}
