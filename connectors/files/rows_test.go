package files_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// TestEndedRows reads on where a stream was closed or failed: it must not look as if it had been read whole.
func TestEndedRows(t *testing.T) {
	var text strings.Builder
	text.WriteString("id\n")
	for i := range 100 {
		fmt.Fprintln(&text, i)
	}
	dir := write(t, "many.csv", text.String())
	src := open(t, dir)
	d := query.Dataset{File: "many.csv"}
	schema, err := src.Describe(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	q := query.Select{From: query.Relation{Dataset: d, Schema: schema}, Columns: []*query.Column{{Col: schema.Columns[0]}}, BatchRows: 60}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, end := range map[string]func(rows connectors.Rows){
		"closed":    func(rows connectors.Rows) { _ = rows.Close() },
		"cancelled": func(rows connectors.Rows) { _, _ = rows.Next(cancelled) },
	} {
		rows, err := src.Select(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := rows.Next(t.Context()); err != nil || b.N != 60 {
			t.Fatalf("%v, %v", b, err)
		}
		end(rows)
		for range 2 {
			if b, err := rows.Next(t.Context()); b != nil || err == nil {
				t.Errorf("%s: %v, %v", name, b, err)
			}
		}
	}
	rows, err := src.Select(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{60, 40, 0, 0} {
		switch b, err := rows.Next(t.Context()); {
		case err != nil, want == 0 && b != nil, want > 0 && (b == nil || b.N != want):
			t.Errorf("%v, %v, want %d rows", b, err, want)
		}
	}
	_ = rows.Close()
	if b, err := rows.Next(t.Context()); b != nil || err != nil {
		t.Errorf("all rows had been read: %v, %v", b, err)
	}
}
