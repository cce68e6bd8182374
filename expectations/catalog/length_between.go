package catalog

import (
	"strings"

	"github.com/assay-dev/assay/connectors/value"
)

func lengthBetween() Entry {
	return Entry{
		Name: "length_between", Kind: Row, EachColumn: true,
		Doc: "The length of the column's text, in code points, lies between two bounds.",
		Params: []Param{
			columnParam(false),
			{Name: "min", Kind: ParamCount, Doc: "the least length allowed"},
			{Name: "max", Kind: ParamCount, Doc: "the greatest length allowed"},
		},
		expand: func(x *expansion) []Expansion {
			if !x.boundsGiven([2]string{"min", ""}, [2]string{"max", ""}) {
				return nil
			}
			x.boundsInOrder()
			return x.perColumn(func(name, cel string, i int) string {
				at := x.columnAt("column", i)
				col, ok := x.column(name, at)
				if !ok {
					return ""
				}
				if col != nil && col.Type.Kind != value.String && col.Type.Kind != value.Bytes && col.Type.Kind != value.List {
					x.errorf(at, "type-mismatch", "", "length_between is about text, and column %q is %s", name, col.Type)
					return ""
				}
				return x.counted("size(" + cel + ")")
			})
		},
	}
}

// counted returns the CEL of min, max and equals over a count.
func (x *expansion) counted(cel string) string {
	var parts []string
	for _, b := range []struct{ name, op string }{{"min", ">="}, {"max", "<="}, {"equals", "=="}} {
		if a, ok := x.arg(b.name); ok {
			parts = append(parts, cel+" "+b.op+" "+plainNumber(a.Text))
		}
	}
	return strings.Join(parts, " && ")
}
