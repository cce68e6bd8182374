package postgres

import "math/bits"

// feistelRounds is twice what makes a Feistel network of random functions a strong pseudorandom permutation (Luby and Rackoff).
const feistelRounds = 8

// permutation is the numbers below n in an order that a seed decides: a Feistel network on the next larger square power of two, walked along its
// cycles until it comes back below n. It needs no memory for what it gave already.
type permutation struct {
	n    uint64
	half uint // bits of either half
	keys [feistelRounds]uint64
}

// newPermutation is for n up to 2^62.
func newPermutation(n, seed uint64) permutation {
	p := permutation{n: n, half: max(4, uint(bits.Len64(max(n, 2)-1)+1)/2)} // #nosec G115 -- at most 64
	for i := range p.keys {
		seed += 0x9e3779b97f4a7c15
		p.keys[i] = mix(seed)
	}
	return p
}

// at returns the number at position i, which is below n.
func (p *permutation) at(i uint64) uint64 {
	mask := uint64(1)<<p.half - 1
	for {
		l, r := i>>p.half, i&mask
		for _, k := range p.keys {
			l, r = r, l^mix(r^k)&mask
		}
		i = l<<p.half | r
		if i < p.n {
			return i
		}
	}
}

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
