package elasticsearch_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
)

// TestLoneSurrogates holds halves of surrogate pairs, which JSON can write and Unicode does not have, to one reading: what the server
// finds is what is found here, by either replacement character.
func TestLoneSurrogates(t *testing.T) {
	servers(t, func(t *testing.T, url string, engine connectortest.Engine) {
		src := open(t, url)
		defer func() { _ = src.Close() }()
		rel := connectortest.Relation(t, src, query.Dataset{Name: "s", Index: makeIndex(t, url, `{"properties": {"k": {"type": "keyword"}}}`,
			`{"k": "a\ud800b"}`, `{"k": "a\udc00"}`, `{"k": "a\ud83d\ude00"}`, `{"k": "a?b"}`, `{"k": "a\ufffdb"}`, `{"k": "\ude00\ud83d"}`, `{"k": "ab"}`)})
		lone := "?"
		if engine == connectortest.EngineOpenSearch {
			lone = "\ufffd"
		}
		want := []string{"a" + lone + "b", "a" + lone, "a😀", "a?b", "a\ufffdb", lone + lone, "ab"}
		if diff := cmp.Diff(want, plain(readColumns(t, src, rel, "k")["k"])); diff != "" {
			t.Errorf("want, got: %s", diff)
		}
		k := connectortest.Col(t, rel, "k")
		for name, e := range map[string]query.Expr{
			"equals ?":        call(query.OpEq, k, text("a?b")),
			"equals U+FFFD":   call(query.OpEq, k, text("a\ufffdb")),
			"contains ?":      call(query.OpContains, k, text("?")),
			"contains U+FFFD": call(query.OpContains, k, text("\ufffd")),
			"ends with ?":     call(query.OpEndsWith, k, text("?")),
			"less":            call(query.OpLt, k, text("aa")),
			"greater":         call(query.OpGt, k, text("a\u00ff")),
		} {
			there, err := tally(t, src, rel, e)
			if err != nil {
				t.Fatal(err)
			}
			if here := judge(t, src, rel, e); there != here {
				t.Errorf("%s: the server counts %v, here are %v", name, there, here)
			}
		}
	})
}
