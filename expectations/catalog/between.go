package catalog

import (
	"strings"

	"github.com/assay-dev/assay/connectors/value"
)

func between() Entry {
	return Entry{
		Name: "between", Kind: Row, EachColumn: true,
		Doc: "The column's value lies between two bounds: a number, a time or a text.",
		Params: []Param{
			columnParam(false),
			{Name: "min", Kind: ParamScalar, Doc: "the least value allowed"},
			{Name: "max", Kind: ParamScalar, Doc: "the greatest value allowed"},
			{Name: "strict_min", Kind: ParamScalar, Doc: "the value that must be exceeded"},
			{Name: "strict_max", Kind: ParamScalar, Doc: "the value that must not be reached"},
		},
		expand: func(x *expansion) []Expansion {
			if !x.boundsGiven([2]string{"min", "strict_min"}, [2]string{"max", "strict_max"}) {
				return nil
			}
			x.boundsInOrder()
			return x.perColumn(func(name, cel string, i int) string {
				col, ok := x.column(name, x.columnAt("column", i))
				if !ok {
					return ""
				}
				return x.bounds(cel, col)
			})
		},
	}
}

// boundsGiven checks that at least one bound is given and none twice.
func (x *expansion) boundsGiven(pairs ...[2]string) bool {
	given, fine := false, true
	for _, p := range pairs {
		_, first := x.arg(p[0])
		_, second := x.arg(p[1])
		given = given || first || second
		if first && second {
			x.errorf(x.at(p[1]), "bad-argument", "keep one of them", "%s has both %s and %s", x.entry.Name, p[0], p[1])
			fine = false
		}
	}
	if !given {
		x.errorf(x.Named.At, "bad-argument", "give "+pairs[0][0]+" or "+pairs[1][0]+" or both", "%s has no bound", x.entry.Name)
		return false
	}
	return fine
}

// boundsInOrder reports numeric bounds that no value satisfies.
func (x *expansion) boundsInOrder() {
	lo, loOK := x.firstNumber("min", "strict_min")
	hi, hiOK := x.firstNumber("max", "strict_max")
	if loOK && hiOK && lo.Cmp(hi) > 0 {
		at := x.at("max")
		if _, ok := x.arg("max"); !ok {
			at = x.at("strict_max")
		}
		x.errorf(at, "bad-argument", "", "%s can never hold: %s is less than %s", x.entry.Name, hi, lo)
	}
}

func (x *expansion) firstNumber(names ...string) (value.Dec, bool) {
	for _, n := range names {
		if a, ok := x.arg(n); ok && (a.Kind == "int" || a.Kind == "float") {
			d, err := value.ParseDec(plainNumber(a.Text))
			return d, err == nil
		}
	}
	return value.Dec{}, false
}

// bounds returns the CEL of the bounds on a column.
func (x *expansion) bounds(cel string, col *value.Column) string {
	var parts []string
	for _, b := range []struct{ name, op string }{{"min", ">="}, {"strict_min", ">"}, {"max", "<="}, {"strict_max", "<"}} {
		a, ok := x.arg(b.name)
		if !ok {
			continue
		}
		if lit := x.literal(a, col, x.Named.At, ordering); lit != "" {
			parts = append(parts, cel+" "+b.op+" "+lit)
		}
	}
	return strings.Join(parts, " && ")
}
