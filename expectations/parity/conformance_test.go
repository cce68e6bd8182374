package parity

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
	_ "cel.dev/expr/conformance/proto2" // named by the corpus
	_ "cel.dev/expr/conformance/proto3" // named by the corpus
	conformance "cel.dev/expr/conformance/test"
	"google.golang.org/protobuf/encoding/prototext"

	exprpb "cel.dev/expr"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
)

// corpus reads the CEL conformance corpus out of the module that carries it.
func corpus(t *testing.T) []*conformance.SimpleTest {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "cel.dev/expr").Output()
	if err != nil {
		t.Fatalf("find the corpus: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "tests/simple/testdata/*.textproto"))
	if err != nil || len(files) < 25 {
		t.Fatalf("%d files of the corpus: %v", len(files), err)
	}
	var tests []*conformance.SimpleTest
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var file conformance.SimpleTestFile
		if err := prototext.Unmarshal(raw, &file); err != nil {
			t.Fatalf("%s: %v", filepath.Base(f), err)
		}
		for _, s := range file.GetSection() {
			for _, x := range s.GetTest() {
				x.Name = strings.TrimSuffix(filepath.Base(f), ".textproto") + "/" + s.GetName() + "/" + x.GetName()
				tests = append(tests, x)
			}
		}
	}
	return tests
}

// scalarCase reports whether a test of the corpus needs nothing that assay does not have: bindings, declarations,
// containers.
func scalarCase(x *conformance.SimpleTest) bool {
	return len(x.GetBindings()) == 0 && len(x.GetTypeEnv()) == 0 && x.GetContainer() == "" && !x.GetDisableMacros() && !x.GetDisableCheck() && !x.GetCheckOnly()
}

// expected is the outcome that the corpus wants, "" for one that is no scalar.
func expected(x *conformance.SimpleTest) string {
	switch r := x.GetResultMatcher().(type) {
	case nil:
		return "true"
	case *conformance.SimpleTest_EvalError:
		return "error"
	case *conformance.SimpleTest_Value:
		return scalarText(r.Value)
	case *conformance.SimpleTest_TypedResult:
		return scalarText(r.TypedResult.GetResult())
	}
	return ""
}

func scalarText(v *exprpb.Value) string {
	switch k := v.GetKind().(type) {
	case *exprpb.Value_BoolValue:
		return outcomeText(value.BoolValue(k.BoolValue), true)
	case *exprpb.Value_Int64Value:
		return outcomeText(value.IntValue(k.Int64Value), true)
	case *exprpb.Value_Uint64Value:
		return outcomeText(value.UintValue(k.Uint64Value), true)
	case *exprpb.Value_DoubleValue:
		return outcomeText(value.DoubleValue(k.DoubleValue), true)
	case *exprpb.Value_StringValue:
		return outcomeText(value.StringValue(k.StringValue), true)
	case *exprpb.Value_BytesValue:
		return outcomeText(value.BytesValue(k.BytesValue), true)
	case *exprpb.Value_NullValue:
		return "null"
	}
	return ""
}

// lifted is an expression whose literals have become columns of a table with one row.
func lifted(expr string) (string, *table, bool) {
	env, err := cel.NewEnv(cel.OptionalTypes())
	if err != nil {
		return "", nil, false
	}
	parsed, iss := env.Parse(expr)
	if iss.Err() != nil {
		return "", nil, false
	}
	for _, r := range expr {
		if r > 127 { // cel-go's ends are octets, its starts code points
			return "", nil, false
		}
	}
	type place struct {
		start, end int
		v          value.Value
	}
	var places []place
	rep := parsed.NativeRep()
	seen := map[int]bool{}
	celast.PostOrderVisit(rep.Expr(), celast.NewExprVisitor(func(n celast.Expr) {
		if n.Kind() != celast.LiteralKind {
			return
		}
		o, ok := rep.SourceInfo().GetOffsetRange(n.ID())
		v, scalar := literalValue(n.AsLiteral())
		if !ok || !scalar || o.Stop <= o.Start || seen[int(o.Start)] {
			return
		}
		seen[int(o.Start)] = true
		places = append(places, place{int(o.Start), int(o.Stop), v})
	}))
	if len(places) == 0 {
		return "", nil, false
	}
	sort.Slice(places, func(i, j int) bool { return places[i].start < places[j].start })
	tab := &table{rel: query.Relation{Dataset: query.Dataset{Name: "corpus", Table: "corpus"}}, batch: value.Batch{N: 1}}
	var b strings.Builder
	at := 0
	tab.cells, tab.bad = [][]value.Value{nil}, [][]bool{nil}
	for i, p := range places {
		if p.start < at || p.end > len(expr) {
			return "", nil, false
		}
		name := fmt.Sprintf("c%d", i)
		b.WriteString(expr[at:p.start] + "row." + name)
		at = p.end
		c := value.Column{Name: name, Type: p.v.Type()}
		tab.rel.Schema.Columns = append(tab.rel.Schema.Columns, c)
		tab.cols = append(tab.cols, &query.Column{Index: i, Col: c})
		tab.cells[0], tab.bad[0] = append(tab.cells[0], p.v), append(tab.bad[0], false)
		var v value.Vector
		v.Reset(c.Type)
		v.AppendValue(p.v)
		tab.batch.Cols = append(tab.batch.Cols, v)
	}
	b.WriteString(expr[at:])
	return b.String(), tab, true
}

func literalValue(v ref.Val) (value.Value, bool) {
	switch x := v.(type) {
	case types.Bool:
		return value.BoolValue(bool(x)), true
	case types.Int:
		return value.IntValue(int64(x)), true
	case types.Uint:
		return value.UintValue(uint64(x)), true
	case types.Double:
		return value.DoubleValue(float64(x)), true
	case types.String:
		return value.StringValue(string(x)), true
	case types.Bytes:
		return value.BytesValue([]byte(x)), true
	}
	return value.Value{}, false
}

// departures are the tests of the corpus that cel-go 0.33 itself does not pass; cel-go binds.
var departures = map[string]bool{
	"fields/qualified_identifier_resolution/map_value_repeat_key":               true,
	"fields/qualified_identifier_resolution/map_value_repeat_key_heterogeneous": true,
	"optionals/optionals/map_null_entry_no_such_key":                            true,
	"optionals/optionals/map_present_key_invalid_field":                         true,
	"string_ext/value_errors/indexof_out_of_range":                              true,
	"string_ext/value_errors/lastindexof_out_of_range":                          true,
}

// plainCEL evaluates an expression by cel-go with nothing of assay.
func plainCEL(t *testing.T, expr string) string {
	t.Helper()
	env, err := cel.NewEnv(cel.OptionalTypes(), ext.Strings())
	if err != nil {
		t.Fatal(err)
	}
	ast, iss := env.Compile(expr)
	if iss.Err() != nil {
		t.Fatal(iss.Err())
	}
	p, err := env.Program(ast)
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := p.Eval(cel.NoVars())
	if err != nil {
		return "error"
	}
	v, _ := literalValue(out)
	return outcomeText(v, true)
}

// TestConformance takes the CEL conformance corpus: as it stands, the dialect gives the corpus's
// outcomes; with its literals turned into columns, the evaluator gives cel-go's.
func TestConformance(t *testing.T) {
	asIs, agreed, outside := 0, 0, map[string]int{}
	var st stats
	empty := query.Relation{Dataset: query.Dataset{Name: "corpus", Table: "corpus"}}
	for _, x := range corpus(t) {
		if !scalarCase(x) {
			continue
		}
		want := expected(x)
		e, list := lang.CompileRowValue(diag.Text{Value: x.GetExpr()}, lang.Scope{Row: &empty})
		switch {
		case len(list) > 0 && want != "error":
			outside[list[0].Code]++
		case len(list) > 0:
			agreed++ // a literal that can never be computed is an error earlier
		case want != "":
			asIs++
			v, err := e.Eval(nil, nil)
			got := outcomeText(v, err == nil)
			if departures[x.GetName()] {
				if raw := plainCEL(t, x.GetExpr()); got == want || raw != got {
					t.Errorf("%s is pinned as a departure of cel-go: cel-go says %s, the dialect %s, the corpus %s", x.GetName(), raw, got, want)
				}
				continue
			}
			if got != want {
				t.Errorf("%s: %s is %s (%v), the corpus wants %s", x.GetName(), x.GetExpr(), got, err, want)
			}
		}
		text, tab, ok := lifted(x.GetExpr())
		if !ok {
			continue
		}
		if e, ok = compileFuzz(text, tab); !ok {
			continue
		}
		if msg := compare(e, tab, &st); msg != "" {
			t.Errorf("%s: %s\n%s", x.GetName(), text, msg)
		}
	}
	t.Logf("%d as they stand, %d errors found while compiling, outside of the dialect %v; lifted: %+v", asIs, agreed, outside, st)
	if asIs < 800 || st.expressions < 500 || st.expressions-st.locals < 300 {
		t.Errorf("the corpus is hardly used")
	}
}
