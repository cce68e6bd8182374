package canon

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/value"
)

// document appends the canonical text of a cell of class Document; false where the cell is no document, and dst is as it was.
func document(dst []byte, v *value.Vector, i int) ([]byte, bool) {
	if v.Type.Kind == value.List {
		return appendList(dst, v.Lists[i])
	}
	return appendDocument(dst, v.Bytes(i))
}

// appendList appends a list as a canonical JSON array.
func appendList(dst []byte, l []value.Value) ([]byte, bool) {
	at := len(dst)
	dst = append(dst, '[')
	for n, x := range l {
		if n > 0 {
			dst = append(dst, ',')
		}
		var ok bool
		if dst, ok = appendElement(dst, x); !ok {
			return dst[:at], false
		}
	}
	return append(dst, ']'), true
}

func appendElement(dst []byte, x value.Value) ([]byte, bool) {
	switch x.Kind() {
	case value.Null:
		return append(dst, "null"...), true
	case value.Bool:
		return strconv.AppendBool(dst, x.Bool()), true
	case value.Int, value.Uint, value.Decimal:
		return appendNumberText(dst, x.Text()), true
	case value.Double:
		if math.IsNaN(x.Double()) || math.IsInf(x.Double(), 0) {
			return dst, false
		}
		return appendNumberText(dst, strconv.FormatFloat(x.Double(), 'e', -1, 64)), true
	case value.String:
		return appendQuoted(dst, []byte(x.Str())), true
	case value.JSON:
		return appendDocument(dst, []byte(x.Str()))
	case value.List:
		return appendList(dst, x.List())
	default:
		return dst, false
	}
}

// appendNumberText appends a number of plain or scientific notation in the canonical form of documents.
func appendNumberText(dst []byte, s string) []byte {
	s, neg := strings.CutPrefix(s, "-")
	mantissa, exp, _ := strings.Cut(s, "e")
	whole, frac, _ := strings.Cut(mantissa, ".")
	return appendNumber(dst, neg, []byte(whole), []byte(frac), []byte(exp))
}

func (f *Form) equalDocuments(l *value.Vector, i int, r *value.Vector, j int) bool {
	if l.Type.Kind != value.List && r.Type.Kind != value.List && bytes.Equal(l.Bytes(i), r.Bytes(j)) {
		return true
	}
	s := f.scratch.get()
	defer f.scratch.put(s)
	var okL, okR bool
	if s.a, okL = document(s.a[:0], l, i); !okL {
		return false
	}
	s.b, okR = document(s.b[:0], r, j)
	return okR && bytes.Equal(s.a, s.b)
}

// empty reports whether a cell is an empty list.
func empty(v *value.Vector, i int) bool {
	switch v.Type.Kind {
	case value.List:
		return len(v.Lists[i]) == 0
	case value.JSON, value.String:
		b := bytes.TrimSpace(v.Bytes(i))
		return len(b) >= 2 && b[0] == '[' && b[len(b)-1] == ']' && len(bytes.TrimSpace(b[1:len(b)-1])) == 0
	default:
		return false
	}
}
