package eval

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// cel-go turns strings into []rune for most operations, so a byte that is not
// UTF-8 counts as one code point and comes out as U+FFFD. The functions here walk the bytes instead
// and do the same.

// sizeKernel is size() of String (code points), Bytes or List.
func sizeKernel(kind value.Kind) (kernel, error) {
	var f func(a *node, i int) int
	switch kind {
	case value.String:
		f = func(a *node, i int) int { return utf8.RuneCount(a.vec.Bytes(i)) }
	case value.Bytes:
		f = func(a *node, i int) int { return int(a.vec.Offs[i+1] - a.vec.Offs[i]) }
	case value.List:
		f = func(a *node, i int) int { return len(a.vec.Lists[i]) }
	default:
		return nil, errNoOperator
	}
	return func(nd *node, n int) {
		nd.strict(n)
		a := nd.args[0]
		out, m := grow(nd.vec.Ints, n), a.mask()
		for i := range out {
			out[i] = int64(f(a, i&m))
		}
		nd.vec.Ints = out
	}, nil
}

func texts(op query.Op, args []*node, kinds ...value.Kind) error {
	for i, a := range args {
		if a.typ.Kind != kinds[min(i, len(kinds)-1)] {
			return mismatch(op, args)
		}
	}
	return nil
}

// textKernel finds the kernel of an operator that yields String.
func textKernel(op query.Op, args []*node) (kernel, error) {
	var err error
	switch op {
	case query.OpSubstring, query.OpCharAt:
		err = texts(op, args, value.String, value.Int)
	default:
		err = texts(op, args, value.String)
	}
	if err != nil {
		return nil, err
	}
	switch op {
	case query.OpLowerASCII:
		return mapText(func(dst, s []byte) []byte { return appendASCII(dst, s, 'A', 'Z') }), nil
	case query.OpUpperASCII:
		return mapText(func(dst, s []byte) []byte { return appendASCII(dst, s, 'a', 'z') }), nil
	case query.OpTrim:
		return mapText(func(dst, s []byte) []byte { return append(dst, bytes.TrimSpace(s)...) }), nil
	case query.OpReverse:
		return mapText(appendReversed), nil
	case query.OpReplace:
		return replaceKernel, nil
	case query.OpSubstring:
		return substringKernel, nil
	default: // OpCharAt
		return charAtKernel, nil
	}
}

// mapText applies f, which appends the text of one row to dst.
func mapText(f func(dst, s []byte) []byte) kernel {
	return func(nd *node, n int) {
		e := nd.strict(n)
		nd.beginText(n)
		for i := range n {
			if !e.Get(i) {
				nd.vec.Data = f(nd.vec.Data, nd.args[0].bytesAt(i))
			}
			nd.endText()
		}
	}
}

// appendRunes appends s with every byte that is not UTF-8 as U+FFFD.
func appendRunes(dst, s []byte) []byte {
	if utf8.Valid(s) {
		return append(dst, s...)
	}
	for len(s) > 0 {
		r, w := utf8.DecodeRune(s)
		dst = utf8.AppendRune(dst, r)
		s = s[w:]
	}
	return dst
}

// appendASCII appends s with the letters from lo to hi in the other case.
func appendASCII(dst, s []byte, lo, hi byte) []byte {
	at := len(dst)
	dst = appendRunes(dst, s)
	for i := at; i < len(dst); i++ {
		if c := dst[i]; c >= lo && c <= hi {
			dst[i] = c ^ 0x20
		}
	}
	return dst
}

func appendReversed(dst, s []byte) []byte {
	for len(s) > 0 {
		r, w := utf8.DecodeLastRune(s)
		dst = utf8.AppendRune(dst, r)
		s = s[:len(s)-w]
	}
	return dst
}

// runeOffset returns the byte offset of code point k, false where s has fewer than k.
func runeOffset(s []byte, k int64) (int, bool) {
	at := 0
	for ; k > 0; k-- {
		if at >= len(s) {
			return 0, false
		}
		if s[at] < utf8.RuneSelf {
			at++
			continue
		}
		_, w := utf8.DecodeRune(s[at:])
		at += w
	}
	return at, true
}

func substringKernel(nd *node, n int) {
	e := nd.strict(n)
	from, fm := nd.args[1].vec.Ints, nd.args[1].mask()
	nd.beginText(n)
	for i := range n {
		if !e.Get(i) {
			s := nd.args[0].bytesAt(i)
			lo := from[i&fm]
			start, within := runeOffset(s, lo)
			ok := within && lo >= 0
			end := len(s)
			if ok && len(nd.args) == 3 {
				hi := nd.args[2].vec.Ints[i&nd.args[2].mask()]
				var length int
				length, within = runeOffset(s[start:], hi-lo)
				ok = within && hi >= lo
				end = start + length
			}
			if ok {
				nd.vec.Data = appendRunes(nd.vec.Data, s[start:end])
			} else {
				e.Set(i)
			}
		}
		nd.endText()
	}
}

func charAtKernel(nd *node, n int) {
	e := nd.strict(n)
	at, m := nd.args[1].vec.Ints, nd.args[1].mask()
	nd.beginText(n)
	for i := range n {
		if !e.Get(i) {
			s, k := nd.args[0].bytesAt(i), at[i&m]
			o, ok := runeOffset(s, k)
			switch {
			case k < 0 || !ok:
				e.Set(i)
			case o < len(s):
				r, _ := utf8.DecodeRune(s[o:])
				nd.vec.Data = utf8.AppendRune(nd.vec.Data, r)
			}
		}
		nd.endText()
	}
}

func replaceKernel(nd *node, n int) {
	e := nd.strict(n)
	nd.beginText(n)
	for i := range n {
		if !e.Get(i) {
			s, old, by := nd.args[0].bytesAt(i), nd.args[1].bytesAt(i), nd.args[2].bytesAt(i)
			if len(old) == 0 {
				nd.vec.Data = append(nd.vec.Data, strings.ReplaceAll(string(s), "", string(by))...)
			} else {
				for {
					k := bytes.Index(s, old)
					if k < 0 {
						break
					}
					nd.vec.Data = append(append(nd.vec.Data, s[:k]...), by...)
					s = s[k+len(old):]
				}
				nd.vec.Data = append(nd.vec.Data, s...)
			}
		}
		nd.endText()
	}
}
