package reports_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
)

const schemaFile = "../docs/report.schema.json"

// node is the part of a JSON Schema that the tests look at.
type node struct {
	Description string           `json:"description"`
	Type        any              `json:"type"`
	Ref         string           `json:"$ref"`
	Enum        []string         `json:"enum"`
	Properties  map[string]*node `json:"properties"`
	Required    []string         `json:"required"`
	Additional  any              `json:"additionalProperties"`
	Items       *node            `json:"items"`
	Defs        map[string]*node `json:"$defs"`
}

// published compiles a published schema, formats included.
func published(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// render returns the report as JSON, and as the schema's validator reads it.
func render(t *testing.T, rep *result.Report) map[string]any {
	t.Helper()
	var b bytes.Buffer
	if err := reports.JSON(&b, rep); err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	return v.(map[string]any)
}

// TestSchemaHoldsReports validates written reports, and refuses what is not one.
func TestSchemaHoldsReports(t *testing.T) {
	s := published(t, schemaFile)
	of := func(id string, v result.Verdict) *result.Report {
		return shard(id, result.Expectation{Kind: result.KindRow, Verdict: v, Datasets: []string{}})
	}
	both := merged(t, "both", of("a", result.Skipped), of("b", result.Error))
	for name, rep := range map[string]*result.Report{"hostile": hostile(), "empty": empty(), "merged": both} {
		if err := s.Validate(render(t, rep)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := func(doc map[string]any) map[string]any { return doc["expectations"].([]any)[0].(map[string]any) }
	for name, spoil := range map[string]func(map[string]any){
		"another format":            func(d map[string]any) { d["schema"] = "assay.report/v2" },
		"unknown field":             func(d map[string]any) { d["more"] = 1 },
		"unknown expectation field": func(d map[string]any) { e(d)["more"] = 1 },
		"unknown count":             func(d map[string]any) { e(d)["counts"].(map[string]any)["maybe"] = 1 },
		"unknown verdict":           func(d map[string]any) { e(d)["verdict"] = "maybe" },
		"negative count":            func(d map[string]any) { e(d)["counts"].(map[string]any)["false"] = json.Number("-1") },
		"count as text":             func(d map[string]any) { e(d)["counts"].(map[string]any)["false"] = "1" },
		"object as value":           func(d map[string]any) { e(d)["observed"] = map[string]any{} },
		"no verdict":                func(d map[string]any) { delete(e(d), "verdict") },
		"a start that is no time":   func(d map[string]any) { d["run"].(map[string]any)["start"] = "yesterday" },
		"a rate of two":             func(d map[string]any) { e(d)["rate"] = json.Number("2") },
	} {
		doc := render(t, hostile())
		spoil(doc)
		if s.Validate(doc) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestSchemaDescribesEveryField compares the published schema with the Go types, field by field.
func TestSchemaDescribesEveryField(t *testing.T) {
	root := describes(t, schemaFile, reflect.TypeFor[result.Report](), 12)
	if got := root.Defs["Verdict"].Enum; !slices.Equal(got, []string{string(result.Pass), string(result.Skipped), string(result.Inconclusive), string(result.Fail), string(result.Error)}) {
		t.Errorf("the verdicts are %v", got)
	}
}

// describes compares the schema in a file with a Go type, field by field, and with at least so many types in all.
func describes(t *testing.T, file string, typ reflect.Type, least int) *node {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var root node
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	seen := map[reflect.Type]bool{}
	compare(t, &root, &root, typ, typ.Name(), seen)
	if len(seen) < least {
		t.Errorf("only %d types were compared", len(seen))
	}
	for name, def := range root.Defs {
		if def.Description == "" {
			t.Errorf("%s is not described", name)
		}
	}
	return &root
}

// compare holds the properties of n against the fields of the struct type.
func compare(t *testing.T, root, n *node, typ reflect.Type, path string, seen map[reflect.Type]bool) {
	t.Helper()
	if seen[typ] {
		return
	}
	seen[typ] = true
	if open, ok := n.Additional.(bool); !ok || open {
		t.Errorf("%s takes unknown fields", path)
	}
	fields := map[string]bool{}
	for f := range typ.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		fields[name] = true
		p := n.Properties[name]
		if p == nil || p.Description == "" {
			t.Errorf("%s.%s is not described", path, name)
			continue
		}
		if optional := strings.Contains(options, "omitempty"); slices.Contains(n.Required, name) == optional {
			t.Errorf("%s.%s: optional in Go is %v, and not so in the schema", path, name, optional)
		}
		if s := structOf(f.Type); s != nil && s.PkgPath() != "time" && s != reflect.TypeFor[result.Cell]() {
			compare(t, root, root.Defs[s.Name()], s, path+"."+name, seen)
		}
	}
	for name := range n.Properties {
		if !fields[name] {
			t.Errorf("%s.%s is described, but no field", path, name)
		}
	}
}

// structOf is the struct that a field holds, nil for none.
func structOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct {
		return t
	}
	return nil
}
