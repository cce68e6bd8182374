package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// searchIndex makes an index with the mapping's properties and the documents, drops it at the end, and returns its address for diff.
func searchIndex(t *testing.T, properties string, documents ...string) string {
	t.Helper()
	at := connectortest.Elasticsearch(t)
	name := strings.ToLower(connectortest.Unique("diff_" + strings.ReplaceAll(t.Name(), "/", "_")))
	askSearch(t, http.MethodPut, "/"+name, `{"mappings":{"properties":`+properties+`}}`)
	t.Cleanup(func() { askSearch(t, http.MethodDelete, "/"+name, "") })
	var bulk strings.Builder
	for _, d := range documents {
		bulk.WriteString("{\"index\":{}}\n" + d + "\n")
	}
	askSearch(t, http.MethodPost, "/"+name+"/_bulk?refresh=true", bulk.String())
	return "elasticsearch+" + at + "#" + name
}

func askSearch(t *testing.T, method, path, body string) string {
	t.Helper()
	answer, err := esRequest(context.WithoutCancel(t.Context()), method, connectortest.Elasticsearch(t)+path, body)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return answer
}

// TestSearchKeys sends the printed search: by a keyword beside analysed text it finds every document of a repeated key, and a key that no query
// finds is refused before anything is read.
func TestSearchKeys(t *testing.T) {
	var docs []string
	for _, w := range []string{"New York", "New York", "New York", "York"} {
		docs = append(docs, fmt.Sprintf("{\"word\":%q,\"only\":%q,\"octets\":\"YQ==\"}", w, w))
	}
	right := searchIndex(t, `{"word":{"type":"text","fields":{"keyword":{"type":"keyword"}}},"only":{"type":"text"},"octets":{"type":"binary"}}`, docs...)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "words.csv"), []byte("word,only\nNew York,New York\nYork,York\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	left := "files:" + filepath.Join(dir, "words.csv")
	_, search, _ := strings.Cut(printedKeys(t, left, right, "word"), "-- right: 1 key\nGET ")
	path, body, _ := strings.Cut(search, "\n")
	if found := askSearch(t, http.MethodPost, path, body); strings.Count(found, `"New York"`) != 6 || strings.Contains(found, `"York"`) {
		t.Errorf("%s finds %s", search, found)
	}
	var stdout, stderr bytes.Buffer
	if code := Do([]string{"-q", "diff", left, right, "--key", "only", "--format", "sql-keys"}, nil, &stdout, &stderr); code != exitUsage ||
		!strings.Contains(stderr.String(), "the key column only of the right side is text: analysed text") || stdout.Len() > 0 {
		t.Errorf("exit code %d: %s%s", code, stdout.String(), stderr.String())
	}
}

// TestSearchKeysBeyondTheIndex has keys that are longer than what the index keeps of them: no search finds those, which is said of each, and none
// takes them for the null that they seem to be.
func TestSearchKeysBeyondTheIndex(t *testing.T) {
	long := strings.Repeat("x", 11)
	for name, mapping := range map[string]string{
		"keyword": `{"word":{"type":"keyword","ignore_above":10},"n":{"type":"long"}}`,
		"text":    `{"word":{"type":"text","fields":{"raw":{"type":"keyword","ignore_above":10}}},"n":{"type":"long"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			right := searchIndex(t, mapping, `{"word":"`+long+`","n":1}`, `{"word":"`+long[1:]+`","n":2}`, `{"word":"😀😀😀😀😀😀","n":3}`, `{"n":4}`)
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "words.csv"), []byte("word,n\nother,1\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			out := printedKeys(t, "files:"+filepath.Join(dir, "words.csv"), right, "word")
			_, out, _ = strings.Cut(out, "-- right: 2 keys\nGET ")
			lines := strings.Split(out, "\n")
			if len(lines) < 4 {
				t.Fatalf("printed %q", out)
			}
			found := askSearch(t, http.MethodPost, lines[0], lines[1])
			if strings.Count(found, `"n":`) != 2 || !strings.Contains(found, `"n":2`) || !strings.Contains(found, `"n":4`) {
				t.Errorf("%s finds %s", lines[1], found)
			}
			for i, key := range []string{long, "😀😀😀😀😀😀"} {
				if want := `-- right: no statement finds the key "` + key + `": of word the index keeps no text longer than 10 characters (ignore_above)`; lines[2+i] != want {
					t.Errorf("line %q, want %q", lines[2+i], want)
				}
			}
			if kept := askSearch(t, http.MethodPost, strings.Replace(lines[0], "_search", "_count", 1), `{"query":{"exists":{"field":"`+map[string]string{"keyword": "word", "text": "word.raw"}[name]+`"}}}`); !strings.Contains(kept, `"count":1,`) {
				t.Errorf("the index keeps other texts than these: %s", kept)
			}
		})
	}
}

// TestOwnIDs compares indexes by a key of the documents: their ids, which the engine makes up, are compared where that is asked for.
func TestOwnIDs(t *testing.T) {
	docs := []string{`{"n":1,"v":"a"}`, `{"n":2,"v":"b"}`}
	properties := `{"n":{"type":"long"},"v":{"type":"keyword"}}`
	left := searchIndex(t, properties, docs...)
	right := searchIndex(t, properties, docs...)
	for name, c := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"by n":           {[]string{"--key", "n"}, exitOK, []string{"\ncompared 1 column\n", "note     the documents' own _id is not compared, since it is not the key", "\n2 identical\n"}},
		"_id as well":    {[]string{"--key", "n", "--map", "_id=_id"}, exitFailed, []string{"\ncompared 2 columns\n", "columns: _id 2\n"}},
		"_id alone":      {[]string{"--key", "n", "--columns", "_id"}, exitFailed, []string{"columns: _id 2\n"}},
		"_id left out":   {[]string{"--key", "n", "--ignore", "_id"}, exitOK, []string{"\n2 identical\n"}},
		"by _id, unsaid": {nil, exitFailed, []string{"\n2 missing, 2 extra\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := Do(append([]string{"diff", left, right}, c.args...), nil, &stdout, &stderr); code != c.code {
				t.Fatalf("exit code %d: %s%s", code, stdout.String(), stderr.String())
			}
			for _, want := range c.says {
				if !strings.Contains(stdout.String(), want) {
					t.Errorf("%q is not said:\n%s", want, stdout.String())
				}
			}
		})
	}
}

// TestArraysOfAnIndex compares a field that holds arrays, which no mapping tells, with a column of them.
func TestArraysOfAnIndex(t *testing.T) {
	right := searchIndex(t, `{"id":{"type":"long"},"tags":{"type":"keyword"}}`, `{"id":1,"tags":["a","b"]}`, `{"id":2,"tags":"c"}`, `{"id":3}`)
	path := filepath.Join(t.TempDir(), "tags.jsonl")
	if err := os.WriteFile(path, []byte("{\"id\":1,\"tags\":[\"a\",\"b\"]}\n{\"id\":2,\"tags\":[\"c\"]}\n{\"id\":3,\"tags\":null}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	left := "files:" + path
	for name, c := range map[string]struct {
		sides [2]string
		args  []string
		code  int
		says  string
	}{
		"unsaid":        {[2]string{left, right}, nil, exitUsage, "= say so if it holds arrays on both sides: --type tags=array; or leave it out with --ignore\n"},
		"said":          {[2]string{left, right}, []string{"--type", "tags=array"}, exitOK, "\n3 identical\n"},
		"of one side":   {[2]string{left, right}, []string{"--type", "right.tags=array"}, exitOK, "\n3 identical\n"},
		"while reading": {[2]string{right, right}, nil, exitError, "a document holds more than one value in field: \"tags\"; declare the column with --type COLUMN=array, left.COLUMN=array or right.COLUMN=array\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := Do(append([]string{"diff", c.sides[0], c.sides[1], "--key", "id"}, c.args...), nil, &stdout, &stderr)
			if code != c.code || !strings.Contains(stdout.String()+stderr.String(), c.says) {
				t.Errorf("exit code %d: %s%s", code, stdout.String(), stderr.String())
			}
		})
	}
}
