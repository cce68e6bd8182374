package digest

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"

	"github.com/assay-dev/assay/connectors/query"
)

// Draw asks for rows by the hash of their key. The hash is alike on every engine, so that two systems asked with one seed draw rows of the same
// keys: those of the N least hashes on one side, and on the other those below the greatest hash that came.
//
// Rows come in the ascending order of their hashes, which is an order by chance. One non-null Bytes column follows Columns in every batch: the hash,
// HashSize octets, the highest first, so that octets compare as the numbers do.
type Draw struct {
	From    query.Relation
	Key     []Cell // in the order of their encodings; no two rows should have one key, or they are drawn together
	Columns []*query.Column
	Where   query.Expr // the rows to draw from, nil for all; only those for which it is true
	Seed    uint64
	// Below has only rows drawn whose hash is less; 0 for no bound. Of M rows about M * Below / 2^64 are drawn.
	Below uint64
	// N is the most rows that are drawn, those of the least hashes; 0 for no bound.
	N         int
	BatchRows int // rows a batch, 0 for the connector's default
}

// HashSize is the size of a hash in octets.
const HashSize = 8

// Seeding is what stands before the encoding of a key where it is hashed: the seed in decimal digits and a colon.
func Seeding(seed uint64) string { return strconv.FormatUint(seed, 10) + ":" }

// Hash is that of a key by its encoding (see Append): the first 64 bits of the SHA-256 of Seeding(seed) and the encoding.
func Hash(seed uint64, encoding []byte) uint64 {
	h := sha256.New()
	h.Write(strconv.AppendUint(nil, seed, 10))
	h.Write([]byte{':'})
	h.Write(encoding)
	var sum [sha256.Size]byte
	return binary.BigEndian.Uint64(h.Sum(sum[:0]))
}
