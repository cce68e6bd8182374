package diff_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/memory"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// described is a side with columns "name kind".
func described(name string, key []string, cols ...string) diff.Side {
	kinds := map[string]value.Kind{
		"int": value.Int, "string": value.String, "double": value.Double, "decimal": value.Decimal, "json": value.JSON, "bool": value.Bool,
		"instant": value.Timestamp, "local": value.LocalTimestamp,
	}
	s := diff.Side{Name: name, Source: memory.New(), Relation: query.Relation{Dataset: query.Dataset{Name: name, Table: name}, Schema: value.Schema{Key: key}}}
	for _, c := range cols {
		n, k, _ := strings.Cut(c, " ")
		col := value.Column{Name: n, Type: value.Of(kinds[k]), Native: k}
		if k == "unusable" {
			col.Unusable = "no such type"
		}
		s.Relation.Schema.Columns = append(s.Relation.Schema.Columns, col)
	}
	return s
}

// paired renders what is compared: "source=target".
func paired(cols []diff.Column) string {
	var out []string
	for _, c := range cols {
		out = append(out, c.Left.Col.Name+"="+c.Right.Col.Name)
	}
	return strings.Join(out, " ")
}

func TestAlign(t *testing.T) {
	for name, c := range map[string]struct {
		left, right  diff.Side
		o            diff.AlignOptions
		key, columns string
		findings     []string // "severity code column"
	}{
		"by name, in any order": {
			left: described("l", []string{"id"}, "id int", "a string", "b int"), right: described("r", nil, "b int", "id int", "a string"),
			key: "id=id", columns: "a=a b=b",
		},
		"by name but for case": {
			left: described("l", []string{"ID"}, "ID int", "Name string"), right: described("r", nil, "id int", "NAME string"),
			key: "ID=id", columns: "Name=NAME", findings: []string{"note renamed ID", "note renamed Name"},
		},
		"case is ambiguous": {
			left: described("l", []string{"id"}, "id int", "name string"), right: described("r", nil, "id int", "Name string", "NAME string"),
			key:      "id=id",
			findings: []string{"warning ambiguous name", "warning source_only name", "warning target_only Name", "warning target_only NAME", "warning no_columns "},
		},
		"exact before case": {
			left: described("l", []string{"id"}, "id int", "name string", "NAME string"), right: described("r", nil, "id int", "NAME string", "Name string"),
			key: "id=id", columns: "name=Name NAME=NAME", findings: []string{"note renamed name"},
		},
		"mapped": {
			left: described("l", []string{"id"}, "id int", "a string", "b string"), right: described("r", nil, "key int", "b string", "x string"),
			o:   diff.AlignOptions{Map: map[string]string{"id": "key", "a": "x"}},
			key: "id=key", columns: "a=x b=b",
		},
		"mapped over a name": {
			left: described("l", []string{"id"}, "id int", "a string", "b string"), right: described("r", nil, "id int", "b string"),
			o:   diff.AlignOptions{Map: map[string]string{"a": "b"}},
			key: "id=id", columns: "a=b", findings: []string{"warning source_only b"},
		},
		"two mapped to one": {
			left: described("l", []string{"id"}, "id int", "a string", "b string"), right: described("r", nil, "id int", "c string"),
			o:   diff.AlignOptions{Map: map[string]string{"a": "c", "b": "c"}},
			key: "id=id", columns: "a=c", findings: []string{"error ambiguous b"},
		},
		"ignored": {
			left: described("l", []string{"id"}, "id int", "a string", "b string"), right: described("r", nil, "id int", "a string", "z string"),
			o:   diff.AlignOptions{Ignore: []string{"b", "z"}},
			key: "id=id", columns: "a=a",
		},
		"ignored by the target's name": {
			left: described("l", []string{"id"}, "id int", "a string", "b string"), right: described("r", nil, "id int", "a string", "z string"),
			o:   diff.AlignOptions{Ignore: []string{"z"}, Map: map[string]string{"b": "z"}},
			key: "id=id", columns: "a=a",
		},
		"chosen": {
			left: described("l", []string{"id"}, "id int", "a string", "b string", "c int"), right: described("r", nil, "id int", "a string", "b string", "z int"),
			o:   diff.AlignOptions{Columns: []string{"b"}},
			key: "id=id", columns: "b=b",
		},
		"options of a column that is not compared": {
			left:  described("l", []string{"id"}, "id int", "a string", "b double", "c double", "d double", "e double"),
			right: described("r", nil, "id int", "a string", "b double", "c double", "e double"),
			o: diff.AlignOptions{
				Columns: []string{"a", "e"}, Ignore: []string{"c"},
				Options: map[string]canon.Options{"b": {}, "d": {}, "e": {}}, Expect: map[string]func(_, _ []value.Value) (bool, bool){"c": nil},
			},
			key: "id=id", columns: "a=a e=e", findings: []string{"error left_out b", "error left_out c", "error left_out d"},
		},
		"chosen and not there": {
			left: described("l", []string{"id"}, "id int", "a string"), right: described("r", nil, "id int"),
			o:   diff.AlignOptions{Columns: []string{"a", "aa"}},
			key: "id=id", findings: []string{"error unknown aa", "error source_only a", "warning no_columns "},
		},
		"declared key": {
			left: described("l", []string{"id"}, "id int", "a string", "b string"), right: described("r", nil, "id int", "a string", "b string"),
			o:   diff.AlignOptions{Key: []string{"b", "a"}},
			key: "b=b a=a", columns: "id=id",
		},
		"no key": {
			left: described("l", nil, "id int"), right: described("r", []string{"id"}, "id int"),
			columns: "id=id", findings: []string{"error no_key "},
		},
		"key without a partner": {
			left: described("l", []string{"id"}, "id int", "a string"), right: described("r", nil, "ident int", "a string"),
			columns: "a=a", findings: []string{"error key id", "warning target_only ident"},
		},
		"key that cannot be compared": {
			left: described("l", []string{"id"}, "id int", "a string"), right: described("r", nil, "id string", "a string"),
			columns: "a=a", findings: []string{"error key id"},
		},
		"key that has no order": {
			left: described("l", []string{"x"}, "x double", "a string"), right: described("r", nil, "x decimal", "a string"),
			columns: "a=a", findings: []string{"error key x"},
		},
		"key with a tolerance": {
			left: described("l", []string{"x"}, "x double", "a string"), right: described("r", nil, "x double", "a string"),
			o:       diff.AlignOptions{Options: map[string]canon.Options{"x": {Tolerance: canon.Tolerance{Set: true, Rel: 0.1}}}},
			columns: "a=a", findings: []string{"error key x"},
		},
		"key with a condition": {
			left: described("l", []string{"x"}, "x int", "a string"), right: described("r", nil, "x int", "a string"),
			o:       diff.AlignOptions{Expect: map[string]func(_, _ []value.Value) (bool, bool){"x": nil, "a": nil}},
			key:     "x=x",
			columns: "a=a",
		},
		"incomparable": {
			left: described("l", []string{"id"}, "id int", "a instant", "b local"), right: described("r", nil, "id int", "a local", "b local"),
			key: "id=id", columns: "b=b", findings: []string{"error incomparable a"},
		},
		"unusable": {
			left: described("l", []string{"id"}, "id int", "a unusable", "b int"), right: described("r", nil, "id int", "a int", "b int"),
			key: "id=id", columns: "b=b", findings: []string{"error incomparable a"},
		},
		"noted": {
			left: described("l", []string{"id"}, "id int", "a bool"), right: described("r", nil, "id int", "a int"),
			key: "id=id", columns: "a=a", findings: []string{"note mapping a"},
		},
		"unknown names": {
			left: described("l", []string{"id"}, "id int", "total int"), right: described("r", nil, "id int", "total int"),
			o: diff.AlignOptions{
				Ignore: []string{"totl"}, Map: map[string]string{"idd": "id", "total": "totall"}, Options: map[string]canon.Options{"totaal": {}},
				Expect: map[string]func(_, _ []value.Value) (bool, bool){"x": nil},
			},
			key: "id=id",
			findings: []string{
				"error unknown totl", "error unknown idd", "error unknown totall", "error unknown totaal", "error unknown x", "warning target_only total", "warning no_columns ",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, findings := diff.Align(c.left, c.right, c.o)
			if got := paired(s.Key); got != c.key {
				t.Errorf("key %q, want %q", got, c.key)
			}
			if got := paired(s.Columns); got != c.columns {
				t.Errorf("columns %q, want %q", got, c.columns)
			}
			var got []string
			failed := false
			for _, f := range findings {
				got = append(got, fmt.Sprintf("%s %s %s", f.Severity, f.Code, f.Column))
				if f.Text == "" {
					t.Errorf("no text: %+v", f)
				}
				failed = failed || f.Severity == diff.SeverityError
			}
			if !slices.Equal(got, c.findings) {
				t.Errorf("findings\n%q, want\n%q", got, c.findings)
			}
			if diff.HasErrors(findings) != failed {
				t.Error("HasErrors is wrong")
			}
			for _, col := range append(slices.Clone(s.Key), s.Columns...) {
				if c.left.Relation.Schema.Columns[col.Left.Index].Name != col.Left.Col.Name || c.right.Relation.Schema.Columns[col.Right.Index].Name != col.Right.Col.Name {
					t.Errorf("%s stands at the wrong place", col.Name)
				}
			}
		})
	}
}

func TestAlignHints(t *testing.T) {
	_, findings := diff.Align(described("l", []string{"id"}, "id int", "total int"), described("r", nil, "id int", "total int"), diff.AlignOptions{Ignore: []string{"totl"}})
	if len(findings) != 1 || !strings.Contains(findings[0].Hint, `"total"`) {
		t.Errorf("%+v", findings)
	}
}
