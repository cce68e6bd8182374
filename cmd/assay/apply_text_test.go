package main

import (
	"slices"
	"testing"
	"time"

	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/rebuild"
)

// TestProgressTexts holds what a terminal shows of corrections that take time.
func TestProgressTexts(t *testing.T) {
	for want, got := range map[string]string{
		"applying 0 of 5,000": progressText("applying", correct.Progress{Total: 5000}),
		"applying 1,200 of 5,000, 3 stale, 1 failed, 600 a second, 6s left": progressText("applying", correct.Progress{Total: 5000, Done: 1200, Stale: 3, Failed: 1, Took: 2 * time.Second}),
		"undoing 5,000 of 5,000, 2,500 a second":                            progressText("undoing", correct.Progress{Total: 5000, Done: 5000, Took: 2 * time.Second}),
		"preparing":                                                         rebuildText(rebuild.Progress{Step: "preparing", Total: -1}),
		"loading 1,000 of 4,000 rows, 500 a second, 6s left":                rebuildText(rebuild.Progress{Step: rebuild.StepLoad, Done: 1000, Total: 4000, Took: 2 * time.Second}),
		"verifying 1,000":                                                   rebuildText(rebuild.Progress{Step: rebuild.StepVerify, Done: 1000, Total: -1, Took: time.Millisecond}),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestKeyValues holds how a key is named on the command line.
func TestKeyValues(t *testing.T) {
	id, tenant := correct.Column{Name: "id", Type: "int"}, correct.Column{Name: "tenant", Type: "string"}
	for _, c := range []struct {
		text string
		key  []correct.Column
		want []string
	}{
		{"7", []correct.Column{id}, []string{"7"}},
		{"id=7", []correct.Column{id}, []string{"7"}},
		{"seven", []correct.Column{id}, nil},
		{"a=1,b", []correct.Column{tenant}, []string{"a=1,b"}},
		{"tenant=a=1,b", []correct.Column{tenant}, []string{"a=1,b"}},
		{"tenant=a,id=7", []correct.Column{tenant, id}, []string{"a", "7"}},
		{"tenant=a,b,id=7", []correct.Column{tenant, id}, []string{"a,b", "7"}},
		{"tenant=a", []correct.Column{tenant, id}, nil},
		{"a,7", []correct.Column{tenant, id}, nil},
		{"7", nil, nil},
	} {
		got, ok := keyValues(c.text, c.key)
		if ok != (c.want != nil) || ok && !slices.Equal(got, c.want) {
			t.Errorf("%s: %q %v, want %q", c.text, got, ok, c.want)
		}
	}
}
