package files

import (
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/value"
)

// jsonColumn reads the values of one column.
type jsonColumn struct {
	*parser
	elem *value.Type // of lists
	path []string
}

// append reads the value c of j's line. A value of another JSON type than the column's is in error, but for what the suite declares:
// a declared string takes the text of anything, other declared types the text of a string.
func (p *jsonColumn) append(j *jsonFile, v *value.Vector, c jsonCell) {
	raw := j.line[c.from:c.to]
	switch {
	case c.kind == 'n':
		v.AppendNull()
	case p.kind == value.JSON:
		if !utf8.Valid(raw) {
			v.AppendErr()
			return
		}
		v.AppendBytes(raw)
	case p.kind == value.List:
		if l, ok := p.list(j, c); ok {
			v.AppendList(l)
			return
		}
		v.AppendErr()
	case c.kind == '"':
		b, err := j.text(c)
		if err != nil || p.strict && (p.kind == value.Int || p.kind == value.Decimal || p.kind == value.Bool) {
			v.AppendErr()
			return
		}
		p.parser.append(v, b)
	case p.kind == value.String:
		if p.strict || !utf8.Valid(raw) {
			v.AppendErr()
			return
		}
		v.AppendBytes(raw)
	case c.kind == '0':
		p.number(v, raw)
	case p.kind == value.Bool && (c.kind == 't' || c.kind == 'f'):
		v.AppendBool(c.kind == 't')
	default:
		v.AppendErr()
	}
}

// number reads a number, which JSON writes in more than one way: 1.0 and 1e0 are the integer 1 too.
func (p *jsonColumn) number(v *value.Vector, raw []byte) {
	switch p.kind {
	case value.Int:
		if i, ok := parseInt(raw, true); ok {
			v.AppendInt(i)
			return
		}
		if d, err := value.ParseDec(string(raw)); err == nil {
			if i, ok := d.Int64(); ok && value.DecFromInt(i).Cmp(d) == 0 {
				v.AppendInt(i)
				return
			}
		}
	case value.Decimal:
		if d, err := value.ParseDec(string(raw)); err == nil {
			v.AppendDecimal(d)
			return
		}
	case value.Double, value.Uint, value.Bool:
		if p.kind != value.Bool || !p.strict {
			p.parser.append(v, raw)
			return
		}
	}
	v.AppendErr()
}

// list reads a list of scalars; a null among them stays one.
func (p *jsonColumn) list(j *jsonFile, c jsonCell) ([]value.Value, bool) {
	if c.kind != '[' || p.elem == nil {
		return nil, false
	}
	var one value.Vector
	col := &jsonColumn{parser: &parser{kind: p.elem.Kind, zone: p.zone, strict: p.strict}}
	out, ok := []value.Value{}, true
	_, err := scanArray(j.line, c.from, 1, func(e jsonCell) error {
		one.Reset(*p.elem)
		col.append(j, &one, e)
		ok = ok && !one.IsErr(0)
		out = append(out, one.Value(0))
		return nil
	})
	return out, ok && err == nil
}
