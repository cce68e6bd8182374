package suites

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
)

// masks decodes mask: a column, a list of columns, or a map from columns to what stands in the place of their values.
func (o *object) masks(d *spec.Dataset) {
	const key = "mask"
	if !o.has(key) {
		return
	}
	d.Mask = map[string]spec.Masking{}
	if o.pairs[key].value.Kind != yaml.MappingNode {
		names, at := o.strs(key)
		for i, name := range names {
			if _, twice := d.Mask[name]; twice {
				o.list.Errorf("bad-value", at[i], "", "mask names column %s twice", quote(name))
			}
			d.Mask[name], d.Places["mask."+name] = spec.MaskHash, at[i]
		}
		return
	}
	decl, _ := o.decl.Field(key)
	o.named(key, func(name string, p pair) {
		how := o.textOf(p.value, key)
		switch m := spec.Masking(how.Value); m {
		case spec.MaskHash, spec.MaskRedact:
			d.Mask[name] = m
		default:
			hint := diag.DidYouMean(how.Value, decl.Enum)
			if hint == "" {
				hint = "it is one of " + strings.Join(decl.Enum, ", ")
			}
			o.list.Errorf("bad-value", o.file.span(p.value), hint, "column %s cannot be masked by %s", quote(name), quote(how.Value))
		}
		d.Places["mask."+name] = o.file.span(p.key)
	})
}
