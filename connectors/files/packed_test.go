package files_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/assay-dev/assay/connectors/query"
)

func packed(t testing.TB, how, text string) string {
	t.Helper()
	var b bytes.Buffer
	switch how {
	case "gzip":
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(text))
		_ = w.Close()
	case "zstd":
		w, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(text))
		_ = w.Close()
	}
	return b.String()
}

// TestCompressed reads compressed files, whatever their names, and every beginning of one: none may look complete.
func TestCompressed(t *testing.T) {
	var text strings.Builder
	text.WriteString("id,s\n")
	for i := range 3000 {
		fmt.Fprintf(&text, "%d,%x\n", i, i*i*7919)
	}
	for _, how := range []string{"gzip", "zstd"} {
		whole := packed(t, how, text.String())
		half := packed(t, how, text.String()[:9000]) + packed(t, how, text.String()[9000:]) // in two members
		dir := write(t, "a.csv.gz", whole, "b.csv", whole, "c.csv.zst", half)
		src := open(t, dir)
		for _, name := range []string{"a.csv.gz", "b.csv", "c.csv.zst"} {
			got, err := read(t, src, query.Dataset{Name: "x", File: name})
			if err != nil || len(got) != 3001 || got[3000] != `2999 "`+fmt.Sprintf("%x", 2999*2999*7919)+`"` {
				t.Errorf("%s, %s: %d lines, %v", how, name, len(got), err)
			}
		}
		for n := 5; n < len(whole); n += 1 + len(whole)/200 {
			cut := write(t, "cut.csv.gz", whole[:n])
			_, err := read(t, open(t, cut), query.Dataset{Name: "x", File: "cut.csv.gz"})
			if err == nil || !strings.Contains(err.Error(), "the compressed data are cut off") {
				t.Fatalf("%s, %d of %d bytes: %v", how, n, len(whole), err)
			}
		}
		flipped := []byte(whole)
		flipped[len(flipped)/2] ^= 0x10
		if _, err := read(t, open(t, write(t, "a.csv", string(flipped))), query.Dataset{Name: "x", File: "a.csv"}); err == nil {
			t.Errorf("%s: a changed bit is not found", how)
		}
	}
}
