package value

// NewBatch returns an empty batch with a column of each type.
func NewBatch(types ...Type) *Batch {
	b := &Batch{Cols: make([]Vector, len(types))}
	for i, t := range types {
		b.Cols[i].Reset(t)
	}
	return b
}

// Clear empties the batch and keeps its columns and their buffers.
func (b *Batch) Clear() {
	b.N = 0
	for i := range b.Cols {
		b.Cols[i].Reset(b.Cols[i].Type)
	}
}

// AppendRow appends one row; a column without a value gets null.
func (b *Batch) AppendRow(row ...Value) {
	for i := range b.Cols {
		if i < len(row) {
			b.Cols[i].AppendValue(row[i])
		} else {
			b.Cols[i].AppendNull()
		}
	}
	b.N++
}

// AppendRowFrom appends row i of src, whose columns have the same kinds in the same order.
func (b *Batch) AppendRowFrom(src *Batch, i int) {
	for c := range b.Cols {
		b.Cols[c].AppendFrom(&src.Cols[c], i)
	}
	b.N++
}

// Row returns row i boxed; cells in error are null (see Vector.IsErr).
func (b *Batch) Row(i int) []Value {
	row := make([]Value, len(b.Cols))
	for c := range b.Cols {
		row[c] = b.Cols[c].Value(i)
	}
	return row
}

// Types returns the types of the columns, in order.
func (b *Batch) Types() []Type {
	ts := make([]Type, len(b.Cols))
	for i := range b.Cols {
		ts[i] = b.Cols[i].Type
	}
	return ts
}

// Clone returns a copy that shares nothing with b but list elements, for keeping
// a batch beyond the next call of Rows.Next.
func (b *Batch) Clone() *Batch {
	c := &Batch{N: b.N, Cols: make([]Vector, len(b.Cols))}
	for i := range b.Cols {
		c.Cols[i] = b.Cols[i].clone()
	}
	return c
}

func (v *Vector) clone() Vector {
	return Vector{
		Type: v.Type, N: v.N,
		Nulls: copied(v.Nulls), Errs: copied(v.Errs),
		Bools: copied(v.Bools), Ints: copied(v.Ints), Nanos: copied(v.Nanos), Uints: copied(v.Uints),
		Floats: copied(v.Floats), Decs: copied(v.Decs),
		Offs: copied(v.Offs), Data: copied(v.Data), Lists: copied(v.Lists),
	}
}

func copied[S ~[]E, E any](s S) S {
	if len(s) == 0 {
		return nil
	}
	return append(S(nil), s...)
}
