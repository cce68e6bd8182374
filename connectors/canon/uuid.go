package canon

import (
	"bytes"
	"encoding/hex"

	"github.com/assay-dev/assay/connectors/value"
)

// uuid returns a cell of class UUID as its 16 bytes; false where it is no UUID. 16 bytes of a Bytes column are one, and any
// text of parseUUID.
func uuid(v *value.Vector, i int) (u [16]byte, ok bool) {
	b := v.Bytes(i)
	if v.Type.Kind == value.Bytes && len(b) == len(u) {
		copy(u[:], b)
		return u, true
	}
	return parseUUID(b)
}

// parseUUID reads 32 hexadecimal digits in either case, with hyphens after the 8th, 12th, 16th and 20th or without, in braces or not, after "urn:uuid:" or not.
func parseUUID(b []byte) (u [16]byte, ok bool) {
	const urn = "urn:uuid:"
	if len(b) > len(urn) && bytes.EqualFold(b[:len(urn)], []byte(urn)) {
		b = b[len(urn):]
	} else if len(b) > 2 && b[0] == '{' && b[len(b)-1] == '}' {
		b = b[1 : len(b)-1]
	}
	switch len(b) {
	case 32:
		_, err := hex.Decode(u[:], b)
		return u, err == nil
	case 36:
		if b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
			return u, false
		}
		var h [32]byte
		copy(h[:8], b[:8])
		copy(h[8:12], b[9:13])
		copy(h[12:16], b[14:18])
		copy(h[16:20], b[19:23])
		copy(h[20:], b[24:])
		_, err := hex.Decode(u[:], h[:])
		return u, err == nil
	}
	return u, false
}

func equalUUIDs(l *value.Vector, i int, r *value.Vector, j int) bool {
	if l.Type.Kind == r.Type.Kind && bytes.Equal(l.Bytes(i), r.Bytes(j)) {
		return true
	}
	return compareUUIDs(l, i, r, j) == 0
}

// compareUUIDs orders UUIDs by their bytes; what is none comes after, bytewise.
func compareUUIDs(a *value.Vector, i int, b *value.Vector, j int) int {
	x, okX := uuid(a, i)
	y, okY := uuid(b, j)
	switch {
	case okX && okY:
		return bytes.Compare(x[:], y[:])
	case okX:
		return -1
	case okY:
		return 1
	}
	return bytes.Compare(a.Bytes(i), b.Bytes(j))
}
