package result_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/assay-dev/assay/expectations/result"
)

func TestInert(t *testing.T) {
	const hostile = "a\u009b31m\u007f\u0085\u202eb\u2066\u200f\u00a0\u00e9\u20ac\\u009b"
	text, err := json.Marshal(map[string]string{hostile: hostile})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "\u009b") {
		t.Fatal("encoding/json escapes it by itself now")
	}
	got := result.Inert(text)
	if bytes.ContainsAny(got, "\u009b\u007f\u0085\u202e\u2066\u200f") || !bytes.Contains(got, []byte("\u00a0\u00e9\u20ac")) {
		t.Errorf("it is %s", got)
	}
	var back map[string]string
	if err := json.Unmarshal(got, &back); err != nil || back[hostile] != hostile {
		t.Errorf("a program reads %q: %v", back, err)
	}
}
