package extsort

import "github.com/assay-dev/assay/connectors/value"

// Bytes of one element of the fixed-size slices of a vector.
const (
	decBytes  = 24
	cellBytes = 96 // a boxed value
)

// Size returns about how many bytes of memory the rows of b take.
func Size(b *value.Batch) int64 {
	n := flatSize(b)
	for i := range b.Cols {
		for _, l := range b.Cols[i].Lists {
			n += listSize(l)
		}
	}
	return n
}

// flatSize is Size but for what lists hold.
func flatSize(b *value.Batch) int64 {
	n := int64(0)
	for i := range b.Cols {
		v := &b.Cols[i]
		n += int64(len(v.Bools)) + 8*int64(len(v.Ints)+len(v.Uints)+len(v.Floats)) + 4*int64(len(v.Nanos)+len(v.Offs)) +
			decBytes*int64(len(v.Decs)) + int64(len(v.Data)) + 8*int64(len(v.Nulls)+len(v.Errs))
	}
	return n
}

// Gauge measures a batch that grows at its end, looking at each row once only: Size walks all lists.
type Gauge struct {
	rows  int
	lists int64
}

// Size returns what Size would say of b, to which nothing but rows at its end may have been added since the last call.
func (g *Gauge) Size(b *value.Batch) int64 {
	for i := range b.Cols {
		if lists := b.Cols[i].Lists; len(lists) > g.rows {
			for _, l := range lists[g.rows:] {
				g.lists += listSize(l)
			}
		}
	}
	g.rows = b.N
	return flatSize(b) + g.lists
}

// rowSize returns about how many bytes row i takes.
func rowSize(b *value.Batch, i int) int64 {
	n := int64(0)
	for c := range b.Cols {
		v := &b.Cols[c]
		switch v.Type.Kind {
		case value.String, value.Bytes, value.JSON:
			n += 4 + int64(v.Offs[i+1]-v.Offs[i])
		case value.List:
			n += listSize(v.Lists[i])
		case value.Decimal:
			n += decBytes
		default:
			n += 8
		}
	}
	return n
}

func listSize(l []value.Value) int64 {
	n := int64(24)
	for i := range l {
		n += cellBytes + int64(len(l[i].Str()))
		if l[i].Kind() == value.List {
			n += listSize(l[i].List())
		}
	}
	return n
}
