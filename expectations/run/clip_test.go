package run

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/result"
)

func TestClipped(t *testing.T) {
	text := func(s string) result.Cell { return result.Cell{Value: value.StringValue(s)} }
	const mega = 1 << 20
	head := strings.Repeat("é", mega/2)
	a, b := head+"left"+strings.Repeat("x", mega), head+"right"+strings.Repeat("x", mega)
	f := clipped(result.Failure{
		Before: map[string]result.Cell{"v": text(a), "short": text("s"), "raw": {Value: value.BytesValue([]byte(a))}, "end": text(head)},
		After:  map[string]result.Cell{"v": text(b), "short": text("t"), "raw": {Value: value.BytesValue([]byte(b))}, "end": text(head + "!")},
	})
	l, r := f.Before["v"].Str(), f.After["v"].Str()
	if !strings.HasPrefix(l, "…é") || !strings.Contains(l, "éleftx") || !strings.HasSuffix(l, "x…") || !strings.Contains(r, "érightx") {
		t.Errorf("the difference is not kept: %.1200q, %.1200q", l, r)
	}
	for side, cells := range map[string]map[string]result.Cell{"before": f.Before, "after": f.After} {
		for name, c := range cells {
			if n := len(c.Str()); n > 2*keptBytes+10 || !utf8.ValidString(c.Str()) {
				t.Errorf("%s %s: %d bytes, valid %v", side, name, n, utf8.ValidString(c.Str()))
			}
		}
	}
	if f.Before["short"].Str() != "s" || f.After["short"].Str() != "t" {
		t.Error("a short value is cut")
	}
	if !strings.HasSuffix(f.After["end"].Str(), "é!") || strings.HasSuffix(f.Before["end"].Str(), "…") {
		t.Errorf("the end: %.20q, %.20q", f.Before["end"].Str()[4000:], f.After["end"].Str()[4000:])
	}
	if f.Before["raw"].Kind() != value.String || f.Before["raw"].Str() == f.After["raw"].Str() {
		t.Error("bytes that differ look alike")
	}
	missing := clipped(result.Failure{Before: map[string]result.Cell{"v": text(a)}})
	if missing.After != nil || !strings.HasPrefix(missing.Before["v"].Str(), "éé") {
		t.Errorf("a row of one side: %.20q", missing.Before["v"].Str())
	}
}
