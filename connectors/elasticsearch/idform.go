package elasticsearch

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// idForm is how the _id of a document follows from its key: literal texts around the parts of the key in some order, or a digest where the server gave
// the ids of the others.
type idForm struct {
	literals []string // one more than order
	order    []int    // parts of the key
	digest   bool
}

// serverIDLength is the length of an _id that Elasticsearch and OpenSearch give: 15 bytes in base64 for URLs.
const serverIDLength = 20

// id forms the _id of a key.
func (f *idForm) id(parts []string) string {
	if f.digest {
		// Like those that the server gives, and always the same for one key: who inserts a second time finds it there.
		h := sha256.New()
		for _, p := range parts {
			h.Write([]byte(strconv.Itoa(len(p)) + ":" + p))
		}
		return base64.RawURLEncoding.EncodeToString(h.Sum(nil))[:serverIDLength]
	}
	var b strings.Builder
	for i, part := range f.order {
		b.WriteString(f.literals[i])
		b.WriteString(parts[part])
	}
	b.WriteString(f.literals[len(f.order)])
	return b.String()
}

// plain reports a form of nothing but the parts in their order and short signs between them: one document is enough to show it.
func (f *idForm) plain() bool {
	last := len(f.order)
	for i, l := range f.literals {
		if (i == 0 || i == last) && l != "" || len(l) > 2 || strings.ContainsFunc(l, func(c rune) bool { return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }) {
			return false
		}
	}
	return slices.IsSorted(f.order)
}

func (f *idForm) literalBytes() int {
	n := 0
	for _, l := range f.literals {
		n += len(l)
	}
	return n
}

// mostParts bounds the parts of a key of which all orders are tried.
const mostParts = 4

// idForms finds the form of nearly all ids that were seen: some may be of documents that should not be there. Without one it says why.
func idForms(key []*field, seen []evidence) (*idForm, string) {
	natural := &idForm{literals: make([]string, len(key)+1)}
	for i, f := range key {
		natural.order = append(natural.order, i)
		if f.name == idColumn {
			if len(key) > 1 {
				return nil, "_id is only a part of its key"
			}
			return natural, ""
		}
	}
	if len(seen) == 0 {
		if len(key) == 1 {
			return natural, ""
		}
		return nil, "it is empty, so that nothing shows how _id follows from a key of several parts"
	}
	const sources = 5 // documents whose ids are taken apart
	forms := map[string]*idForm{}
	for _, e := range seen[:min(sources, len(seen))] {
		for _, order := range orders(len(key)) {
			takeApart(e.id, e.parts, order, nil, func(literals []string) {
				f := &idForm{literals: slices.Clone(literals), order: order}
				forms[fmt.Sprintf("%q %v", f.literals, f.order)] = f
			})
		}
	}
	type scored struct {
		*idForm
		matches int
	}
	var best []scored
	for _, f := range forms {
		n := 0
		for _, e := range seen {
			if f.id(e.parts) == e.id {
				n++
			}
		}
		if 5*n >= 4*len(seen) && (n > 1 || f.plain()) {
			best = append(best, scored{f, n})
		}
	}
	slices.SortFunc(best, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.matches, a.matches), cmp.Compare(a.literalBytes(), b.literalBytes()), slices.Compare(a.order, b.order),
			slices.Compare(a.literals, b.literals))
	})
	switch {
	case len(best) > 1 && best[0].matches == best[1].matches && slices.Equal(best[0].order, best[1].order):
		return nil, fmt.Sprintf("the _id of %d documents follows from the key in more than one way", len(seen))
	case len(best) > 0:
		return best[0].idForm, ""
	}
	given := 0
	for _, e := range seen {
		if serverGiven(e.id) {
			given++
		}
	}
	if 5*given >= 4*len(seen) {
		return &idForm{digest: true}, ""
	}
	return nil, fmt.Sprintf("the _id of %d documents (%q) neither follows from the key nor was given by the server, so that nothing says which _id a new one has", len(seen), seen[0].id)
}

// serverGiven reports whether an _id looks like one that the server gave.
func serverGiven(id string) bool {
	if len(id) != serverIDLength || id == strings.ToUpper(id) || id == strings.ToLower(id) {
		return false
	}
	_, err := base64.RawURLEncoding.DecodeString(id)
	return err == nil
}

// orders are the orders of n parts.
func orders(n int) [][]int {
	natural := make([]int, n)
	for i := range natural {
		natural[i] = i
	}
	if n > mostParts {
		return [][]int{natural}
	}
	var out [][]int
	var permute func(head, rest []int)
	permute = func(head, rest []int) {
		if len(rest) == 0 {
			out = append(out, slices.Clone(head))
		}
		for i := range rest {
			permute(append(slices.Clip(head), rest[i]), slices.Concat(rest[:i], rest[i+1:]))
		}
	}
	permute(nil, natural)
	return out
}

// takeApart finds all ways in which an _id holds the parts in an order, and hands on what stands around them.
func takeApart(id string, parts []string, order []int, before []string, found func([]string)) {
	if len(order) == 0 {
		found(append(before, id))
		return
	}
	part := parts[order[0]]
	if part == "" {
		return // shows nothing
	}
	for from := 0; ; from++ {
		i := strings.Index(id[from:], part)
		if i < 0 {
			return
		}
		from += i
		takeApart(id[from+len(part):], parts, order[1:], append(slices.Clip(before), id[:from]), found)
	}
}
