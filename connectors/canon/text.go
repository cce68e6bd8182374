package canon

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/assay-dev/assay/connectors/value"
)

// text returns a text in common form; dst is memory that may be used for it. Text that is not UTF-8 is left as it is.
func (f *Form) text(dst, s []byte) []byte {
	if !f.normal {
		return s
	}
	nfc, trim, fold := f.asks(NFC), f.asks(Trim), f.asks(Casefold)
	switch {
	case ascii(s):
		if fold {
			s = lower(dst[:0], s)
		}
	case !utf8.Valid(s):
		return s
	case nfc && fold:
		// The canonical caseless match of the Unicode Standard (D145), in NFC.
		s = norm.NFC.Bytes(cases.Fold().Bytes(norm.NFD.Bytes(s)))
	case fold:
		s = cases.Fold().Bytes(s)
	case nfc && !norm.NFC.IsNormal(s):
		s = norm.NFC.Append(dst[:0], s...)
	}
	if trim {
		s = bytes.TrimSpace(s)
	}
	return s
}

func (f *Form) asks(n Normal) bool { return slices.Contains(f.Options.Normalize, n) }

func ascii(s []byte) bool {
	for _, c := range s {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func lower(dst, s []byte) []byte {
	for _, c := range s {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

func (f *Form) equalTexts(l *value.Vector, i int, r *value.Vector, j int) bool {
	a, b := l.Bytes(i), r.Bytes(j)
	if bytes.Equal(a, b) {
		return true
	}
	if !f.normal {
		return false
	}
	s := f.scratch.get()
	defer f.scratch.put(s)
	return bytes.Equal(f.text(s.a, a), f.text(s.b, b))
}

func (f *Form) compareTexts(a *value.Vector, i int, b *value.Vector, j int) int {
	if !f.normal {
		return bytes.Compare(a.Bytes(i), b.Bytes(j))
	}
	s := f.scratch.get()
	defer f.scratch.put(s)
	return bytes.Compare(f.text(s.a, a.Bytes(i)), f.text(s.b, b.Bytes(j)))
}
