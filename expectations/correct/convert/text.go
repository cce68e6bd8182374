package convert

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// toText converts to a text: of a UUID column in its own form.
func (c *Converter) toText(v value.Value) (value.Value, error) {
	s := v.Str()
	switch v.Kind() {
	case value.String, value.JSON:
	case value.Bytes:
		if c.form.Class == canon.UUID && len(s) == 16 {
			s = uuidText([16]byte([]byte(s)))
		}
	case value.List:
		j, err := toJSON(v)
		if err != nil {
			return v, err
		}
		s = j.Str()
	default:
		return v, unlike(v)
	}
	if !utf8.ValidString(s) {
		return v, refused("it is not valid UTF-8")
	}
	if c.to.Shape == value.UUID {
		u, ok := canon.ParseUUID(s)
		if !ok {
			return v, refused("it is no UUID")
		}
		s = uuidText(u)
	}
	return value.StringValue(s), nil
}

// toBytes converts to bytes: of UUIDs in 16 bytes where the column holds as many.
func (c *Converter) toBytes(v value.Value) (value.Value, error) {
	switch v.Kind() {
	case value.Bytes, value.String:
	default:
		return v, unlike(v)
	}
	if c.form.Class == canon.UUID && strings.EqualFold(c.to.Native, "binary(16)") {
		u, ok := canon.ParseUUID(v.Str())
		if !ok {
			return v, refused("it is no UUID")
		}
		return value.BytesValue(u[:]), nil
	}
	return value.BytesValue([]byte(v.Str())), nil
}

// uuidText is the lower-case form with hyphens.
func uuidText(u [16]byte) string {
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
