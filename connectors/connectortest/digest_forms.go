package connectortest

import (
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// digestForms returns the forms of a column beside partners of every kind and resolution, under every option that makes other encodings.
func digestForms(c value.Column) []canon.Form {
	var forms []canon.Form
	for _, p := range partnersOf(c) {
		for _, o := range optionsOf(c) {
			if f, _, err := canon.Pair(c, p, o); err == nil {
				if ok, _ := f.Digestible(); ok {
					forms = append(forms, f)
				}
			}
		}
	}
	return forms
}

// partnersOf returns columns that another system could have beside c, c itself first.
func partnersOf(c value.Column) []value.Column {
	out := []value.Column{c}
	add := func(k value.Kind, with func(*value.Column)) {
		p := value.Column{Name: "partner", Type: value.Of(k)}
		if with != nil {
			with(&p)
		}
		out = append(out, p)
	}
	known := func(digits int8) func(*value.Column) {
		return func(p *value.Column) { p.Resolution = value.Resolution{Known: true, Digits: digits} }
	}
	switch c.Type.Kind {
	case value.Bool:
		add(value.Int, nil)
	case value.Int, value.Uint:
		for _, k := range []value.Kind{value.Bool, value.Int, value.Uint, value.Decimal, value.Double} {
			add(k, nil)
		}
	case value.Double:
		add(value.Double, nil)
		add(value.Double, func(p *value.Column) { p.Resolution.Single = true })
		add(value.Int, nil)
	case value.Decimal:
		add(value.Int, nil)
		for _, d := range []int8{-2, 0, 1, 3, 12} {
			add(value.Decimal, known(d))
		}
	case value.String, value.Bytes:
		add(value.String, nil)
		add(value.Bytes, nil)
		add(value.String, func(p *value.Column) { p.Shape = value.UUID })
	case value.Timestamp, value.LocalTimestamp, value.Duration:
		for _, d := range []int8{0, 1, 3, 5, 6, 9} {
			for way := range 3 {
				add(c.Type.Kind, func(p *value.Column) {
					p.Resolution = value.Resolution{Known: true, Digits: d, Truncates: way == 1, From2000: way == 2}
				})
			}
		}
		add(value.Timestamp, func(p *value.Column) { p.Shape = value.Date })
		add(value.Timestamp, func(p *value.Column) { p.Zone = "+05:30" })
		add(value.LocalTimestamp, nil)
	case value.JSON, value.List, value.Null:
	}
	return out
}

func optionsOf(c value.Column) []canon.Options {
	out := []canon.Options{{}}
	switch c.Type.Kind {
	case value.Timestamp, value.LocalTimestamp, value.Duration:
		for _, d := range []int8{0, 2, 3, 9} {
			out = append(out, canon.Options{Digits: &d})
		}
		for _, s := range []int64{1, 7, 60, 86400} {
			out = append(out, canon.Options{PrecisionSeconds: s})
		}
	case value.String:
		out = append(out, canon.Options{Normalize: []canon.Normal{canon.Trim}})
	default:
	}
	return out
}
