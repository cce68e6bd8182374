package value

// Bitmap is a set of row positions, 64 to a word. A nil Bitmap is empty.
type Bitmap []uint64

// Get reports whether bit i is set. Positions beyond the bitmap are not.
func (b Bitmap) Get(i int) bool { return i>>6 < len(b) && b[i>>6]&(1<<(uint(i)&63)) != 0 }

// Set sets bit i, which must be within the bitmap.
func (b Bitmap) Set(i int) { b[i>>6] |= 1 << (uint(i) & 63) }

// Words returns the number of words that n bits need.
func Words(n int) int { return (n + 63) / 64 }

// Vector is one column of a batch. Exactly the slice of its kind is used, with
// N elements; elements under a set Null or Err bit hold any value.
// A position is never both null and in error.
type Vector struct {
	Type  Type
	N     int
	Nulls Bitmap // null values; nil or at least Words(N) long
	Errs  Bitmap // values that could not be computed or represented; likewise

	Bools  []bool    // Bool
	Ints   []int64   // Int; Duration in ns; Timestamp and LocalTimestamp in Unix seconds
	Nanos  []int32   // Timestamp and LocalTimestamp: nanoseconds within the second
	Uints  []uint64  // Uint
	Floats []float64 // Double
	Decs   []Dec     // Decimal
	// String, Bytes, JSON (text): element i is Data[Offs[i]:Offs[i+1]]; Offs has N+1 elements.
	Offs  []uint32
	Data  []byte
	Lists [][]Value // List

	// Memory of Nulls and Errs that outlives Reset.
	spareNulls, spareErrs Bitmap
}

// Bytes returns element i of a String, Bytes or JSON vector, valid until the vector is reset.
func (v *Vector) Bytes(i int) []byte { return v.Data[v.Offs[i]:v.Offs[i+1]] }

// Batch is a run of rows, columnar: Cols in the order that was asked for, each with N rows.
// A batch that a Rows returned is valid until the next call of Next.
type Batch struct {
	N    int
	Cols []Vector
}
