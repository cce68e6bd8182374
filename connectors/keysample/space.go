package keysample

import (
	"encoding/hex"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"strings"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// space is the numbers that the values of a column can have, from that of the least value to that of the greatest.
type space struct {
	axis    Axis
	kind    value.Kind
	lo, hi  *big.Int
	size    *big.Int // hi - lo + 1
	octets  int      // of a value
	hyphens bool
	upper   bool
}

// newSpace returns the space of the values from lo to hi; false where they are not what the axis says.
func newSpace(axis Axis, lo, hi value.Value) (*space, bool) {
	s := &space{axis: axis, kind: lo.Kind()}
	switch axis {
	case Octets:
		s.octets = len(lo.Str())
	case UUIDText, UUIDBinary:
		s.octets, s.hyphens = 16, len(lo.Str()) == 36
		s.upper = strings.ContainsAny(lo.Str()+hi.Str(), "ABCDEF")
	case Integer:
	}
	var okLo, okHi bool
	if s.lo, okLo = s.number(lo); !okLo {
		return nil, false
	}
	if s.hi, okHi = s.number(hi); !okHi || s.hi.Cmp(s.lo) < 0 {
		return nil, false
	}
	s.size = new(big.Int).Sub(s.hi, s.lo)
	s.size.Add(s.size, big.NewInt(1))
	return s, true
}

// number returns that of a value, in the order of the values; false for one that has none.
func (s *space) number(v value.Value) (*big.Int, bool) {
	if v.Kind() != s.kind {
		return nil, false
	}
	switch s.axis {
	case Integer:
		switch v.Kind() {
		case value.Int:
			return big.NewInt(v.Int()), true
		case value.Uint:
			return new(big.Int).SetUint64(v.Uint()), true
		default:
			return nil, false
		}
	case Octets:
		if v.Kind() != value.Bytes || len(v.Str()) != s.octets {
			return nil, false
		}
		return new(big.Int).SetBytes([]byte(v.Str())), true
	case UUIDText, UUIDBinary:
		if v.Kind() != value.String {
			return nil, false
		}
		return s.uuid(v.Str())
	}
	return nil, false
}

func (s *space) uuid(text string) (*big.Int, bool) {
	digits := text
	if s.hyphens {
		if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
			return nil, false
		}
		digits = text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:]
	}
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != s.octets {
		return nil, false
	}
	n := new(big.Int).SetBytes(b)
	if s.axis == UUIDBinary && s.text(n) != text {
		return nil, false
	}
	return n, true
}

func (s *space) text(n *big.Int) string {
	text := hex.EncodeToString(n.FillBytes(make([]byte, s.octets)))
	if s.upper {
		text = strings.ToUpper(text)
	}
	if s.hyphens {
		text = text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
	}
	return text
}

// value returns that of a number.
func (s *space) value(n *big.Int) value.Value {
	switch s.axis {
	case Octets:
		return value.BytesValue(n.FillBytes(make([]byte, s.octets)))
	case UUIDText, UUIDBinary:
		return value.StringValue(s.text(n))
	case Integer:
	}
	if s.kind == value.Uint {
		return value.UintValue(n.Uint64())
	}
	return value.IntValue(n.Int64())
}

// point draws a number of the space.
func (s *space) point(r *rand.Rand) *big.Int {
	n := new(big.Int)
	for {
		left := (s.size.BitLen() + 63) / 64 * 64
		words := make([]byte, 0, left/8)
		for range left / 64 {
			u := r.Uint64()
			words = append(words, byte(u>>56), byte(u>>48), byte(u>>40), byte(u>>32), byte(u>>24), byte(u>>16), byte(u>>8), byte(u)) //nolint:gosec // octets of a word
		}
		n.SetBytes(words)
		n.Rsh(n, uint(left-s.size.BitLen()))
		if n.Cmp(s.size) < 0 {
			return n.Add(n, s.lo)
		}
	}
}

// ratio is a/b.
func ratio(a, b *big.Int) float64 {
	f, _ := new(big.Float).Quo(new(big.Float).SetInt(a), new(big.Float).SetInt(b)).Float64()
	return f
}

// permutation is the numbers below n in an order by chance: a Feistel network of eight rounds on the least even number of bits that holds them,
// walked on where it leaves the range.
type permutation struct {
	n    uint64
	half uint
	keys [8]uint64
}

func newPermutation(n, seed uint64) permutation {
	p := permutation{n: n, half: uint(max(1, (bits.Len64(max(n, 2)-1)+1)/2))}
	r := rand.New(rand.NewPCG(seed, 0x5eed_0001)) // #nosec G404 -- a sample that can be drawn again
	for i := range p.keys {
		p.keys[i] = r.Uint64()
	}
	return p
}

// at returns the i-th number, i below n.
func (p *permutation) at(i uint64) uint64 {
	mask := uint64(1)<<p.half - 1
	for {
		l, r := i>>p.half&mask, i&mask
		for _, k := range p.keys {
			l, r = r, l^mix(r^k)&mask
		}
		if i = l<<p.half | r; i < p.n {
			return i
		}
	}
}

// mix is the finalizer of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// cellOf is a column of a key with the form in which it is hashed.
func cellOf(c *query.Column) (digest.Cell, error) {
	form, _, err := canon.Pair(c.Col, c.Col, canon.Options{})
	if err != nil {
		return digest.Cell{}, err
	}
	return digest.Cell{Column: c, Form: &form}, nil
}
