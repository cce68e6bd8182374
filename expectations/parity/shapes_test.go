package parity

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	celast "cel.dev/cel-go/common/ast"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
)

// What the suite holds at least.
const (
	minShapes    = 400
	minFamily    = 15
	minNested    = 100
	nestedDepth  = 3
	minExact     = 70 // per cent of all shapes, on each SQL engine
	markOf       = "// degenerate: "
	nestedFamily = "nested"
)

// shape is an expression of the table in testdata/shapes.
type shape struct {
	family, text string
	// degenerate says why the expression has one outcome for all rows, "" where it must have several.
	degenerate string
}

// readShapes reads the families: one file each, in it an expression a line, "//" for a comment.
func readShapes(t testing.TB) []shape {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "shapes", "*.cel"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no shapes: %v", err)
	}
	slices.Sort(files)
	var out []shape
	for _, f := range files {
		family := strings.ReplaceAll(strings.TrimSuffix(filepath.Base(f), ".cel"), "_", " ")
		file, err := os.Open(f)
		if err != nil {
			t.Fatal(err)
		}
		for sc := bufio.NewScanner(file); sc.Scan(); {
			line := strings.TrimSpace(sc.Text())
			if line == "" || strings.HasPrefix(line, "//") {
				continue
			}
			text, why, _ := strings.Cut(line, markOf)
			out = append(out, shape{family: family, text: strings.TrimSpace(text), degenerate: why})
		}
		_ = file.Close()
	}
	return out
}

// compileShape compiles an expression for a relation.
func compileShape(text string, rel *query.Relation) (*lang.RowExpr, diag.List) {
	return lang.CompileRow(diag.Text{Value: text}, lang.Scope{Row: rel, Now: fuzzNow})
}

// memoryRelation is the hostile table as a source that holds everything describes it.
func memoryRelation(t testing.TB) (connectortest.Table, query.Relation) {
	t.Helper()
	tb := connectortest.Fit(hostileTable(t), connectortest.EngineMemory)
	return tb, query.Relation{Dataset: query.Dataset{Name: tb.Name, Key: tb.Key}, Schema: tb.Schema()}
}

// depth is the longest chain of calls in an expression.
func depth(n celast.Expr) int {
	deepest := 0
	down := func(c celast.Expr) {
		if c.Kind() != celast.UnspecifiedExprKind {
			deepest = max(deepest, depth(c))
		}
	}
	switch n.Kind() {
	case celast.CallKind:
		if n.AsCall().IsMemberFunction() {
			down(n.AsCall().Target())
		}
		for _, a := range n.AsCall().Args() {
			down(a)
		}
		return deepest + 1
	case celast.SelectKind:
		down(n.AsSelect().Operand())
	case celast.ListKind:
		for _, e := range n.AsList().Elements() {
			down(e)
		}
	case celast.ComprehensionKind:
		down(n.AsComprehension().IterRange())
		down(n.AsComprehension().LoopStep())
	}
	return deepest
}

// TestShapes holds the table of expressions to its promises: numbers, depth, and that none of them has one
// outcome for every row unless it says why.
func TestShapes(t *testing.T) {
	shapes := readShapes(t)
	tb, rel := memoryRelation(t)
	families, seen := map[string]int{}, map[string]bool{}
	nested, telling := 0, 0
	for _, s := range shapes {
		families[s.family]++
		if seen[s.text] {
			t.Errorf("%s stands twice", s.text)
		}
		seen[s.text] = true
		e, list := compileShape(s.text, &rel)
		if e == nil {
			t.Errorf("%s (%s) does not compile: %v", s.text, s.family, list)
			continue
		}
		d := depth(e.AST().Expr())
		if d >= nestedDepth {
			nested++
		} else if s.family == nestedFamily {
			t.Errorf("%s is only %d deep", s.text, d)
		}
		o := outcomes(e, tableRows(tb))
		kinds := kindsOf(o)
		if len(kinds) > 2 || len(kinds) == 2 && !strings.Contains(kinds, "U") {
			telling++
		}
		switch {
		case len(kinds) == 1 && s.degenerate == "":
			t.Errorf("%s is %s for every row", s.text, verdictNames[kinds[0]])
		case len(kinds) > 1 && s.degenerate != "":
			t.Errorf("%s is marked as degenerate, but has outcomes %s", s.text, kinds)
		}
	}
	t.Logf("%d shapes in %d families, %d nested, %d both true and false", len(shapes), len(families), nested, telling)
	if len(shapes) < minShapes || nested < minNested {
		t.Errorf("%d shapes, %d of them nested: want %d and %d", len(shapes), nested, minShapes, minNested)
	}
	if telling*10 < len(shapes)*8 {
		t.Errorf("only %d of %d shapes are true for a row and false for another", telling, len(shapes))
	}
	for f, n := range families {
		if n < minFamily {
			t.Errorf("family %q has %d shapes, want %d", f, n, minFamily)
		}
	}
}
