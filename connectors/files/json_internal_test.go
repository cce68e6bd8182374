package files

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzJSON compares with encoding/json: what is valid, and what strings hold.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"a": [1, -0.5e+3, "x\u00e9\ud83d\ude00\n"], "b": {}}`, `{"a":1,}`, `[1 2]`, `"\ud800"`, `"\ud800\u0041"`, `"\u00zz"`, "\"\x01\"", `01`, `-`, `1.`, `1e`, `nul`, `"a`, `{"a"}`,
		"\"\xff\"", `{"a":{"a":{"a":null}}}`, " true ", `""`, `"\\\/\b\f\r\t\""`, `[[],[{}]]`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b := []byte(text)
		c, err := scanValue(b, skipBlanks(b, 0), 1)
		ours := err == nil && skipBlanks(b, c.to) == len(b)
		if theirs := json.Valid(b); ours != theirs && strings.Count(text, "[")+strings.Count(text, "{") < maxDepth {
			t.Fatalf("%q: valid here %v (%v), in encoding/json %v", text, ours, err, theirs)
		}
		if !ours || c.kind != '"' {
			return
		}
		var want string
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatal(err)
		}
		got, err := unquote(b[c.from:c.to], make([]byte, 0, 4))
		if err != nil {
			// encoding/json puts U+FFFD for what is no text.
			if !strings.Contains(want, "\ufffd") {
				t.Fatalf("%q: %v, and encoding/json reads %q", text, err, want)
			}
			return
		}
		if string(got) != want || !utf8.Valid(got) {
			t.Fatalf("%q is %q, want %q", text, got, want)
		}
	})
}

func TestDeepJSON(t *testing.T) {
	deep := []byte(strings.Repeat("[", 100_000))
	if _, err := scanValue(deep, 0, 1); err == nil {
		t.Error("100,000 open brackets are taken")
	}
	nested := []byte(strings.Repeat("[", 900) + strings.Repeat("]", 900))
	if c, err := scanValue(nested, 0, 1); err != nil || c.to != len(nested) {
		t.Errorf("900 nested lists: %v", err)
	}
}
