package canon_test

import (
	"testing"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// col describes a column of kind k.
func col(k value.Kind, with ...func(*value.Column)) value.Column {
	c := value.Column{Name: "c", Type: value.Of(k)}
	for _, w := range with {
		w(&c)
	}
	return c
}

// res gives a column a resolution.
func res(r value.Resolution) func(*value.Column) {
	return func(c *value.Column) { r.Known = true; c.Resolution = r }
}

func digits(n int8) func(*value.Column) { return res(value.Resolution{Digits: n}) }

func single(c *value.Column) { c.Resolution.Single = true }

func shaped(s value.Shape) func(*value.Column) { return func(c *value.Column) { c.Shape = s } }

func zoned(z string) func(*value.Column) { return func(c *value.Column) { c.Zone = z } }

// vec returns a vector of a column's type that holds vals; an error where a value is not of the type.
func vec(c value.Column, vals ...value.Value) *value.Vector {
	v := new(value.Vector)
	v.Reset(c.Type)
	for _, x := range vals {
		v.AppendValue(x)
	}
	return v
}

func pair(t testing.TB, l, r value.Column, o canon.Options) canon.Form {
	t.Helper()
	f, _, err := canon.Pair(l, r, o)
	if err != nil {
		t.Fatalf("%s beside %s: %v", l.Type, r.Type, err)
	}
	return f
}

// same compares two values by every means that the form has, and fails where they do not agree.
func same(t testing.TB, f *canon.Form, l, r value.Value) bool {
	t.Helper()
	a, b := vec(f.Left, l), vec(f.Right, r)
	eq := f.Equal(a, 0, b, 0)
	differ := make(value.Bitmap, 1)
	f.Run(a, 0, b, 0, 1, differ)
	if differ.Get(0) == eq {
		t.Fatalf("%v, %v: Equal %v, Run differs %v", l, r, eq, differ.Get(0))
	}
	swapped, _, err := canon.Pair(f.Right, f.Left, f.Options)
	if err != nil {
		t.Fatalf("swapped: %v", err)
	}
	if swapped.Equal(b, 0, a, 0) != eq {
		t.Fatalf("%v, %v: %v, and the other way round not", l, r, eq)
	}
	if ok, _ := f.Digestible(); ok && !a.IsErr(0) {
		x, y := f.Append(nil, a, canon.Left, 0), f.Append(nil, b, canon.Right, 0)
		if (string(x) == string(y)) != eq {
			t.Fatalf("%v, %v: Equal %v, encodings %q and %q", l, r, eq, x, y)
		}
		if c := f.Order(a, canon.Left, 0, b, canon.Right, 0); (c == 0) != eq {
			t.Fatalf("%v, %v: Equal %v, Order %d", l, r, eq, c)
		}
	}
	return eq
}
