package suites

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
)

// name returns a text with its place.
func (o *object) name(key string) spec.Name {
	if !o.has(key) {
		return spec.Name{}
	}
	t := o.textOf(o.pairs[key].value, key)
	return spec.Name{Value: t.Value, At: o.valueAt(key)}
}

// names returns a text or a list of texts with their places.
func (o *object) names(key string) []spec.Name {
	texts, at := o.strs(key)
	out := make([]spec.Name, len(texts))
	for i := range texts {
		out[i] = spec.Name{Value: texts[i], At: at[i]}
	}
	return out
}

// sided returns the conditions of a comparison's two sides: one for both, or a map with one for each.
func (o *object) sided(key string) (source, target diag.Text) {
	if !o.has(key) {
		return source, target
	}
	n := o.pairs[key].value
	if n.Kind != yaml.MappingNode {
		t := o.cel(key)
		return t, t
	}
	order, pairs := o.entries(o.file, n)
	sub := &object{loader: o.loader, file: o.file, decl: o.decl, at: o.file.span(n), pairs: pairs, order: order}
	for _, k := range order {
		switch k {
		case "source":
			source = sub.cel(k)
		case "target":
			target = sub.cel(k)
		default:
			o.list.Errorf("unknown-key", o.file.span(pairs[k].key), diag.DidYouMean(k, []string{"source", "target"}), "%s has no key %s", key, keyText(k))
		}
	}
	return source, target
}

// duration returns a span of time that is not negative.
func (o *object) duration(key string) (time.Duration, bool) {
	s := o.str(key)
	if s == "" {
		return 0, false
	}
	d, err := catalog.ParseDuration(s)
	if err != nil || d < 0 {
		o.bad(key, "write 90s, 2h or 1d", "%s is not a span of time", quote(s))
		return 0, false
	}
	return d, true
}

// tolerance returns how far values may lie apart: a number, a span of time, or a map with one of abs, rel and ulp.
func (o *object) tolerance(key string) canon.Tolerance {
	if !o.has(key) {
		return canon.Tolerance{}
	}
	n := o.pairs[key].value
	if n.Kind != yaml.MappingNode {
		return o.absolute(key)
	}
	order, pairs := o.entries(o.file, n)
	sub := &object{loader: o.loader, file: o.file, decl: o.decl, at: o.file.span(n), pairs: pairs, order: order}
	var out canon.Tolerance
	for _, k := range order {
		switch k {
		case "abs":
			out = sub.absolute(k)
		case "rel":
			out = sub.relative(k)
		case "ulp":
			u, err := strconv.ParseUint(pairs[k].value.Value, 10, 64)
			if err != nil {
				sub.bad(k, "a whole number of representable values: {ulp: 4}", "ulp is a whole number, 0 or more")
			}
			out = canon.Tolerance{ULP: u, Set: err == nil}
		default:
			o.list.Errorf("unknown-key", o.file.span(pairs[k].key), diag.DidYouMean(k, []string{"abs", "rel", "ulp"}), "a tolerance has no key %s", keyText(k))
		}
	}
	if len(order) != 1 {
		o.bad(key, "write 0.01, {rel: 1e-9} or {ulp: 4}", "a tolerance is one of abs, rel and ulp")
	}
	return out
}

// absolute returns a number, or a span of time in seconds.
func (o *object) absolute(key string) canon.Tolerance {
	s := strings.TrimSpace(o.str(key))
	if s == "" {
		return canon.Tolerance{}
	}
	d, err := value.ParseDec(s)
	if err != nil {
		span, spanErr := catalog.ParseDuration(s)
		d, err = value.NewDec(span.Nanoseconds(), 9), spanErr
	}
	switch {
	case err != nil && strings.HasSuffix(s, "%"):
		o.bad(key, "write {rel: 0.01} for 1 %", "%s is not a tolerance", quote(s))
	case err != nil:
		o.bad(key, "write 0.01, {rel: 1e-9}, {ulp: 4}, or 5s of times", "%s is not a tolerance", quote(s))
	case d.Sign() < 0:
		o.bad(key, "", "a tolerance is not negative")
	default:
		return canon.Tolerance{Abs: d, Set: true}
	}
	return canon.Tolerance{}
}

// relative returns a share of the larger of the two values.
func (o *object) relative(key string) canon.Tolerance {
	s := strings.TrimSpace(o.str(key))
	number, percent := strings.CutSuffix(s, "%")
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		f /= 100
	}
	if err != nil || f < 0 || math.IsInf(f, 0) || math.IsNaN(f) || f >= 1 {
		o.bad(key, "a share of the larger of the two: {rel: 1e-9}", "rel is a number from 0 to below 1")
		return canon.Tolerance{}
	}
	return canon.Tolerance{Rel: f, Set: true}
}

// precision takes the step at which times are compared.
func (o *object) precision(key string, to *canon.Options) {
	d, ok := o.duration(key)
	if !ok {
		return
	}
	step := time.Second
	for digits := int8(0); digits <= 9; digits++ {
		if d == step {
			to.Digits = &digits
			return
		}
		step /= 10
	}
	if d > time.Second && d%time.Second == 0 {
		to.PrecisionSeconds = int64(d / time.Second)
		return
	}
	o.bad(key, "write 1s, 1ms, 1us, or whole seconds", "%s is no step of time: a power of ten below a second, or whole seconds above", quote(o.str(key)))
}

// normalizations returns what is done to text first.
func (o *object) normalizations(key string) []canon.Normal {
	words := map[string]canon.Normal{"nfc": canon.NFC, "trim": canon.Trim, "casefold": canon.Casefold}
	fd, _ := o.decl.Field(key)
	var out []canon.Normal
	texts, at := o.strs(key)
	for i, w := range texts {
		n, ok := words[w]
		if !ok {
			hint := diag.DidYouMean(w, fd.Enum)
			if hint == "" {
				hint = "it is one of " + strings.Join(fd.Enum, ", ")
			}
			o.list.Errorf("bad-value", at[i], hint, "%s cannot be %s", key, quote(w))
			continue
		}
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}
