package run

import (
	"encoding/hex"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/result"
)

// Bounds of what a report keeps of one value of a comparison: a sample of rows with values of megabytes would be larger than the memory
// that a comparison takes.
const (
	keptBytes = 4096
	// keptBefore is how much is kept of what two values share before they differ.
	keptBefore = 512
)

// clipped bounds the values of a difference, in a copy. Of a pair of values the stretch from their first difference on is kept.
func clipped(f result.Failure) result.Failure {
	if !long(f.Before) && !long(f.After) {
		return f
	}
	before, after := map[string]result.Cell{}, map[string]result.Cell{}
	for name, c := range f.Before {
		from := 0
		if other, ok := f.After[name]; ok {
			from = differAt(c.Str(), other.Str())
		}
		before[name] = clipCell(c, from)
	}
	for name, c := range f.After {
		from := 0
		if other, ok := f.Before[name]; ok {
			from = differAt(c.Str(), other.Str())
		}
		after[name] = clipCell(c, from)
	}
	if f.Before != nil {
		f.Before = before
	}
	if f.After != nil {
		f.After = after
	}
	return f
}

func long(cells map[string]result.Cell) bool {
	for _, c := range cells {
		if len(c.Str()) > keptBytes {
			return true
		}
	}
	return false
}

// differAt is the length of what two texts begin with.
func differAt(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// clipCell cuts a long text, document or sequence of bytes to what is around position at. What is cut says so, and is a text.
func clipCell(c result.Cell, at int) result.Cell {
	s := c.Str()
	if len(s) <= keptBytes {
		return c
	}
	from := max(min(at-keptBefore, len(s)-keptBytes), 0)
	upto := min(from+keptBytes, len(s))
	if c.Kind() == value.Bytes {
		return result.Cell{Value: value.StringValue(ellipsis(hex.EncodeToString([]byte(s[from:upto])), from > 0, upto < len(s)))}
	}
	for from > 0 && !utf8.RuneStart(s[from]) {
		from--
	}
	for upto < len(s) && !utf8.RuneStart(s[upto]) {
		upto++
	}
	// A copy, or the whole text would stay in memory.
	return result.Cell{Value: value.StringValue(ellipsis(s[from:upto], from > 0, upto < len(s)))}
}

func ellipsis(s string, before, after bool) string {
	const mark = "…"
	out := make([]byte, 0, len(s)+2*len(mark))
	if before {
		out = append(out, mark...)
	}
	out = append(out, s...)
	if after {
		out = append(out, mark...)
	}
	return string(out)
}
