package schema_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/suites/schema"
)

var update = flag.Bool("update", false, "rewrite the generated files")

// generated compares a generated file with what the declarations make now.
func generated(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale: go test ./suites/schema -update", path)
	}
}

func TestGeneratedFilesAreFresh(t *testing.T) {
	j, err := schema.JSON()
	if err != nil {
		t.Fatal(err)
	}
	generated(t, "suite.schema.json", j)
	generated(t, filepath.Join("..", "..", "docs", "suite.md"), []byte(schema.Markdown()))
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	j, err := schema.JSON()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(j))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schema.ID, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(schema.ID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return s.Validate(plain(v))
}

// plain turns what YAML decodes to a time into the text that editors see.
func plain(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.Format(time.DateOnly)
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	}
	return v
}

const head = `
version: 1
connections: {shop: {driver: postgres, dsn: "${DSN}"}}
`

func nested(item string) string {
	return head + "datasets:\n  orders:\n    connection: shop\n    table: orders\n    expectations:\n      - " + item + "\n"
}

func between(item string) string { return head + "expectations:\n  - " + item + "\n" }

func TestSchemaAcceptsWhatTheLoaderAccepts(t *testing.T) {
	s := compile(t)
	for _, text := range []string{
		head,
		nested("not_null: [id, customer_id]"), nested("not_null: id"), nested("not_null: {columns: [id], mostly: 99%}"),
		nested("in_set: {column: status, values: [new, 1, true]}"), nested("unique: [a, b]"),
		nested("expect: row.a > 0\n        mostly: 0.5\n        tags: x"), nested("row_count: {min: 1}\n        severity: warning"),
		nested("between: {column: a, min: 2024-01-01, strict_max: 3.5}"), nested("fresh: {column: t, max_age: 1d12h}"),
		head + "vars: {a: 1, b: {type: int}}\nexpectations: [{expect: a.count() == 1}]\n",
		head + "datasets: {o: {connection: shop, index: x, columns: {a: {type: bool, absent: error, array: true}}, types: {b: int}}}\n",
		head + "datasets:\nexpectations:\n",
		between("{compare: {source: a, target: b}}"), between("{compare: {source: a, target: b}, where: row.x > 0, key: id, settle: 5s, strategy: merge, mostly: 99%}"),
		between("{compare: {source: a, target: b}, fix: target}"), between("{compare: {source: a, target: b}, fix: source, risk: 'change.rows > 3 ? \"high\" : \"low\"'}"),
		between("{compare: {source: a, target: b}, fix: {to: source, columns: {a: source, b: {newest: at}, c: {prefer: target}, d: manual}, missing: ignore, extra: soft, soft: {column: gone, value: now}, duplicates: {oldest: id}}}"),
		between("{dataset: a, expect: row.x, fix: {x: true, row.y: row.z + 1}}"), nested("not_null: a\n        fix: {a: 0}"),
		head + "corrections: {mode: selective, max_changes: 10, max_fraction: 1%, rate: 100, risk: '\"high\"'}\n",
		between("{compare: {source: a, target: b}, where: {source: row.x > 0}, ignore: [n], map: {a: b}}"),
		between("{compare: {source: a, target: b}, columns: {a b: {tolerance: 0.1}, b: {tolerance: {rel: 1e-9}}, c: {tolerance: 5s}, d: {precision: 1ms}}}"),
		between("{compare: {source: a, target: b}, columns: {a: {normalize: nfc}, b: {normalize: [trim, nfc]}, c: {expect: source.c == target.c}, d: {unordered: true, empty_is_null: true}}}"),
		between("{dataset: a, expect: row.x}"), nested("expect: row.x == c.x\n        join: {c: {dataset: b, key: row.y}}"),
		between("{dataset: a, expect: row.x == c.x, join: {c: {dataset: b, key: [row.y, row.z], optional: true}, d: {dataset: e, key: {k l: row.y}}}}"),
	} {
		if err := validate(t, s, text); err != nil {
			t.Errorf("refused:\n%s\n%v", text, err)
		}
	}
}

func TestSchemaRefusesWhatTheLoaderRefuses(t *testing.T) {
	s := compile(t)
	for _, text := range []string{
		"version: 2\n", "expectation: []\n", "connections: {a: {dsn: x}}\n", "connections: {a: {driver: x, pasword: y}}\n",
		"datasets: {o: {connection: c}}\n", "datasets: {o: {connection: c, table: a, index: b}}\n",
		"datasets: {1o: {connection: c, table: a}}\n", "datasets: {o: {connection: c, table: a, fix: x}}\n",
		nested("not_nul: id"), nested("not_null: {colum: id}"), nested("in_set: {column: a}"), nested("in_set: [a, b]"),
		nested("not_null: id\n        unique: id"), nested("expect: a\n        not_null: id"), nested("where: a"),
		nested("expect: a\n        mostly: 99"), nested("expect: a\n        severity: fatal"),
		nested("expect: a\n        mostly: 1\n        max_failures: 1"), nested("row_count: {min: -1}"),
		nested("fresh: {column: t, max_age: soon}"), nested("matches: {column: t, patern: x}"),
		nested("expect: a\n        compare: {}"), "expectations: [{not_null: id}]\n", "expectations: {a: b}\n",
		nested("compare: {source: a, target: b}"), nested("expect: a\n        where: {source: a}"), nested("not_null: {column: a, where: {source: a}}"),
		between("{compare: {source: a}}"), between("{compare: {source: a, target: b}, expect: a}"), between("{expect: a, settle: 5s}"),
		between("{compare: {source: a, target: b}, strategy: fast}"), between("{compare: {source: a, target: b}, where: {sorce: a}}"),
		between("{compare: {source: a, target: b}, columns: {a: {tolerance: {rel: 1, ulp: 1}}}}"), between("{compare: {source: a, target: b}, columns: {a: {normalize: nfk}}}"),
		between("{compare: {source: a, target: b}, map: [a]}"), between("{compare: {source: a, target: b}, fix: both}"), between("{compare: {source: a, target: b}, risk: a}"),
		between("{compare: {source: a, target: b}, fix: {columns: {a: nobody}}}"), between("{compare: {source: a, target: b}, fix: {columns: {a: {newest: b, prefer: source}}}}"),
		between("{compare: {source: a, target: b}, fix: {}, fix2: {}}"), between("{dataset: a, expect: row.x, fix: [a]}"), head + "corrections: {mode: fix}\n",
		between("{expect: row.x, join: {c: {dataset: b, key: row.y}}}"), between("{dataset: a, expect: row.x, join: {c: {dataset: b}}}"), between("{dataset: a, not_null: x}"),
		nested("expect: row.x\n        dataset: a"), between("{dataset: a, expect: row.x, join: {c d: {dataset: b, key: row.y}}}"), between("{dataset: a, expect: row.x, join: {c: {dataset: b, key: []}}}"),
		nested("not_null: id\n        join: {c: {dataset: b, key: row.y}}"),
	} {
		if err := validate(t, s, text); err == nil {
			t.Errorf("accepted:\n%s", text)
		}
	}
}

// A common key that were an argument's name too could not be told apart.
func TestCommonKeysAndArgumentsDiffer(t *testing.T) {
	for _, e := range catalog.Entries() {
		for _, p := range e.Params {
			for _, name := range append([]string{p.Name}, p.Aliases...) {
				if f, ok := schema.Expectation().Field(name); ok && f.Inside {
					t.Errorf("%s: argument %s is a common key too", e.Name, name)
				}
			}
		}
		if _, ok := schema.Expectation().Field(e.Name); ok {
			t.Errorf("%s is a common key", e.Name)
		}
	}
}

func TestEveryFieldIsDocumented(t *testing.T) {
	for _, o := range []schema.Object{schema.Suite(), schema.Connection(), schema.Dataset(), schema.Column(), schema.Expectation(), schema.Partner(), schema.Sides(), schema.ComparedColumn()} {
		for _, f := range o.Fields {
			if !f.Later && (f.Doc == "" || strings.HasSuffix(f.Doc, ".")) {
				t.Errorf("%s.%s: doc %q", o.Name, f.Name, f.Doc)
			}
		}
	}
}
