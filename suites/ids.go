package suites

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"

	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/expectations/spec"
)

// namedID is the id of a use of the catalogue: orders.not_null.customer_id.
func namedID(dataset string, entry catalog.Entry, n *spec.Named) string {
	id := dataset + "." + entry.Name
	if cols := entry.Columns(n); len(cols) > 0 {
		id += "." + idWord(strings.Join(cols, "_"))
	}
	return id
}

// derivedID is the id of an anonymous expression: its dataset and eight digits of its hash, so
// that it stays when other expectations come and go.
func derivedID(e spec.Expectation) string {
	h := sha256.New()
	for _, s := range []string{e.Expect.Value, e.Metric.Value, e.Where.Value} {
		h.Write([]byte(strings.Join(strings.Fields(s), " ")))
		h.Write([]byte{0})
	}
	id := "expect." + hex.EncodeToString(h.Sum(nil)[:4])
	if e.Dataset != "" {
		id = e.Dataset + "." + id
	}
	return id
}

// idWord replaces what an id cannot hold by -.
func idWord(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-:/", r) {
			return r
		}
		return '-'
	}, s)
}
