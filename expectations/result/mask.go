package result

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"github.com/assay-dev/assay/connectors/value"
)

const (
	// Redacted stands where a value was.
	Redacted = "redacted"
	// tokenPrefix begins every token, so that nobody takes one for a value.
	tokenPrefix = "masked:"
	// tokenBytes is the length of a token before it is written in base32: two of a billion values share one with a probability below one in a million.
	tokenBytes = 10
	// tokenDomain keeps what else might be made with a project's key apart.
	tokenDomain = "assay mask v1\x00" //nolint:gosec // no secret
)

// Masker replaces values that nobody is to see by tokens: the same value has the same token wherever it stands, and under another key another one. Without
// the key a token says nothing of its value. A nil Masker has no key: it redacts.
type Masker struct{ key []byte }

// NewMasker makes tokens by HMAC-SHA-256 (RFC 2104) under the key.
func NewMasker(key []byte) *Masker { return &Masker{append([]byte{}, key...)} }

// Token is what stands for a value. Values that are equal share it, whatever their types and however a system writes them: 5 is 5 everywhere.
func (m *Masker) Token(v value.Value) string {
	if m == nil {
		return Redacted
	}
	mac := hmac.New(sha256.New, m.key)
	_, _ = mac.Write([]byte(tokenDomain + sameText(v))) // never fails, says its documentation
	return tokenPrefix + strings.ToLower(base32.StdEncoding.EncodeToString(mac.Sum(nil)[:tokenBytes]))
}

// Cell masks a cell. That there is no value is shown.
func (m *Masker) Cell(c Cell, redact bool) Cell {
	switch {
	case c.IsNull():
		return c
	case redact:
		return Cell{value.StringValue(Redacted)}
	}
	return Cell{value.StringValue(m.Token(c.Value))}
}
