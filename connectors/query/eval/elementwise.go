package eval

import "github.com/assay-dev/assay/connectors/value"

// storage is where a vector keeps its elements of Go type T.
type storage[T any] func(*value.Vector) *[]T

func ints(v *value.Vector) *[]int64     { return &v.Ints }
func uints(v *value.Vector) *[]uint64   { return &v.Uints }
func floats(v *value.Vector) *[]float64 { return &v.Floats }
func decs(v *value.Vector) *[]value.Dec { return &v.Decs }

// elementwise computes f of every element. Rows in error are computed too: what they hold is never read.
func elementwise[T any](in storage[T], f func(x T) T) kernel {
	return func(nd *node, n int) {
		nd.strict(n)
		x, m := *in(&nd.args[0].vec), nd.args[0].mask()
		out := grow(*in(&nd.vec), n)
		for i := range out {
			out[i] = f(x[i&m])
		}
		*in(&nd.vec) = out
	}
}

// elementwiseChecked is elementwise of an f that may change the type and returns false where the row is in error.
func elementwiseChecked[T, U any](from storage[T], to storage[U], f func(x T) (U, bool)) kernel {
	return func(nd *node, n int) {
		e := nd.strict(n)
		x, m := *from(&nd.args[0].vec), nd.args[0].mask()
		out := grow(*to(&nd.vec), n)
		for i := range out {
			z, ok := f(x[i&m])
			out[i] = z
			if !ok {
				e.Set(i)
			}
		}
		*to(&nd.vec) = out
	}
}

// parsed reads numbers from String, looking only at rows that have a value; what cannot be read is in error.
func parsed[T any](to storage[T], parse func(s string) (T, error)) kernel {
	return func(nd *node, n int) {
		e := nd.strict(n)
		out := grow(*to(&nd.vec), n)
		for i := range out {
			if e.Get(i) {
				continue
			}
			z, err := parse(alias(nd.args[0].bytesAt(i)))
			out[i] = z
			if err != nil {
				e.Set(i)
			}
		}
		*to(&nd.vec) = out
	}
}

// pairwise computes f of every pair; it is nil where f is.
func pairwise[T any](in storage[T], f func(x, y T) T) kernel {
	if f == nil {
		return nil
	}
	return func(nd *node, n int) {
		nd.strict(n)
		a, b := nd.args[0], nd.args[1]
		x, y, am, bm := *in(&a.vec), *in(&b.vec), a.mask(), b.mask()
		out := grow(*in(&nd.vec), n)
		for i := range out {
			out[i] = f(x[i&am], y[i&bm])
		}
		*in(&nd.vec) = out
	}
}

// pairwiseChecked is pairwise of an f that returns false where the row is in error.
func pairwiseChecked[T any](in storage[T], f func(x, y T) (T, bool)) kernel {
	if f == nil {
		return nil
	}
	return func(nd *node, n int) {
		e := nd.strict(n)
		a, b := nd.args[0], nd.args[1]
		x, y, am, bm := *in(&a.vec), *in(&b.vec), a.mask(), b.mask()
		out := grow(*in(&nd.vec), n)
		for i := range out {
			z, ok := f(x[i&am], y[i&bm])
			out[i] = z
			if !ok {
				e.Set(i)
			}
		}
		*in(&nd.vec) = out
	}
}
