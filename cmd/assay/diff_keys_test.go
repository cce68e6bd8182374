package main

import (
	"testing"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// TestCELKeys names columns as expressions do: the header of a CSV file may hold anything.
func TestCELKeys(t *testing.T) {
	column := func(name string) *query.Column { return &query.Column{Col: value.Column{Name: name}} }
	for want, s := range map[string]*keySide{
		"row.id in [1, null]":                          {columns: []*query.Column{column("id")}},
		"row.`order no` in [1, null]":                  {columns: []*query.Column{column("order no")}},
		`row["größe"] in [1, null]`:                    {columns: []*query.Column{column("größe")}},
		"(row.id == 1 && row.`order no` == null)":      {columns: []*query.Column{column("id"), column("order no")}},
		`(row.in_ == 1 && row["a,b"] == "x")`:          {columns: []*query.Column{column("in_"), column("a,b")}},
		"(row.`in` == 1 && row.`0` == decimal(\"2\"))": {columns: []*query.Column{column("in"), column("0")}},
	} {
		keys := [][]string{{"1"}, {""}}
		if len(s.columns) > 1 {
			keys = [][]string{{"1", map[string]string{"a,b": `"x"`, "0": `decimal("2")`}[s.columns[1].Col.Name]}}
		}
		if got := (celKeys{}).statement(s, keys); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
