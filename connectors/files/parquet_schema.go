package files

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/assay-dev/assay/connectors"
)

// parquetColumn is a column of a file: a leaf of its schema, or a list of scalars. Groups are not columns; their members' names
// are dotted.
type parquetColumn struct {
	name   string
	native string
	leaf   leafType
	index  int // of the leaf among all leaves
	maxDef int // the definition level of a value
	// Of lists: the level at which there is one, and that at which there is an element.
	list             bool
	listDef, elemDef int
	unusable         string
}

// parquetNode is a node of a schema.
type parquetNode struct {
	elem     *format.SchemaElement
	children []*parquetNode
	index    int // of a leaf
	def      int // its definition level
}

var errDamaged = connectors.Own("the Parquet metadata are damaged")

// parquetColumns returns the columns of a schema, which is a tree written depth first.
func parquetColumns(elems []format.SchemaElement) ([]parquetColumn, error) {
	b := schemaBuilder{elems: elems}
	root, err := b.node(0, 0)
	if err != nil {
		return nil, err
	}
	var out []parquetColumn
	for _, c := range root.children {
		out = c.columns(out, nil)
	}
	seen := make(map[string]bool, len(out))
	for i := range out {
		if seen[out[i].name] {
			return nil, fmt.Errorf("two columns are called %q", clip(out[i].name))
		}
		seen[out[i].name] = true
	}
	return out, nil
}

type schemaBuilder struct {
	elems  []format.SchemaElement
	leaves int
}

func (b *schemaBuilder) node(def, depth int) (*parquetNode, error) {
	if len(b.elems) == 0 || depth > 100 {
		return nil, errDamaged
	}
	n := &parquetNode{elem: &b.elems[0], def: def}
	b.elems = b.elems[1:]
	if depth > 0 && n.repetition() != format.Required {
		n.def++
	}
	if n.elem.Type.Valid {
		n.index = b.leaves
		b.leaves++
		return n, nil
	}
	for range n.elem.NumChildren.V {
		c, err := b.node(n.def, depth+1)
		if err != nil {
			return nil, err
		}
		n.children = append(n.children, c)
	}
	return n, nil
}

func (n *parquetNode) repetition() format.FieldRepetitionType { return n.elem.RepetitionType.V }

func (n *parquetNode) repeated() bool { return n.repetition() == format.Repeated }

func (n *parquetNode) isLeaf() bool { return n.elem.Type.Valid }

// annotated reports whether a group stands for a list or a map.
func (n *parquetNode) annotated(list bool) bool {
	ct, old := n.elem.ConvertedType.V, n.elem.ConvertedType.Valid
	if list {
		_, ok := n.elem.LogicalType.Value.(*format.ListType)
		return ok || old && ct == deprecated.List
	}
	_, ok := n.elem.LogicalType.Value.(*format.MapType)
	return ok || old && (ct == deprecated.Map || ct == deprecated.MapKeyValue)
}

// columns appends the columns at and below n.
func (n *parquetNode) columns(out []parquetColumn, path []string) []parquetColumn {
	path = append(slices.Clip(path), n.elem.Name)
	c := parquetColumn{name: strings.Join(path, ".")}
	switch {
	case n.isLeaf() && n.repeated():
		c.listOf(n, n, n.def-1)
		return append(out, c)
	case n.isLeaf():
		c.leaf, c.native, c.unusable = leafTypeOf(n.elem)
		c.index, c.maxDef = n.index, n.def
		return append(out, c)
	case n.annotated(true) && !n.repeated() && len(n.children) == 1:
		c.annotatedList(n)
		return append(out, c)
	case n.annotated(false):
		c.native, c.unusable = "MAP", "maps have no type in expressions"
		return append(out, c)
	case n.repeated():
		c.native, c.unusable = "repeated group", "lists of structs have no type in expressions"
		return append(out, c)
	case n.variant():
		c.native, c.unusable = "VARIANT", "VARIANT is not supported"
		return append(out, c)
	}
	for _, m := range n.children {
		out = m.columns(out, path)
	}
	return out
}

func (n *parquetNode) variant() bool {
	_, ok := n.elem.LogicalType.Value.(*format.VariantType)
	return ok
}

// annotatedList finds the elements of a LIST, whose form has changed over time: a group of one repeated group of one element, or,
// as old writers have it, of the repeated element itself.
func (c *parquetColumn) annotatedList(n *parquetNode) {
	rep := n.children[0]
	elem := rep
	if !rep.isLeaf() {
		if len(rep.children) != 1 || rep.elem.Name == "array" || rep.elem.Name == n.elem.Name+"_tuple" {
			c.native, c.unusable = "LIST", "lists of structs have no type in expressions"
			return
		}
		elem = rep.children[0]
	}
	if !rep.repeated() || !elem.isLeaf() || elem != rep && elem.repeated() {
		c.native, c.unusable = "LIST", "lists of lists, maps or structs have no type in expressions"
		return
	}
	c.listOf(elem, rep, n.def)
}

// listOf makes the column a list of a leaf's values.
func (c *parquetColumn) listOf(leaf, rep *parquetNode, listDef int) {
	c.leaf, c.native, c.unusable = leafTypeOf(leaf.elem)
	c.native = "LIST(" + c.native + ")"
	c.list, c.listDef, c.elemDef = true, listDef, rep.def
	c.index, c.maxDef = leaf.index, leaf.def
}
