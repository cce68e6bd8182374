package elasticsearch

import (
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// field is the Meta of a column: how its values are read and how the index is asked about it. It is immutable.
type field struct {
	name   string   // the column's name
	source []string // path in _source; nil for _id
	typ    string   // the mapping's type
	codec  codec
	format string // of dates, as declared
	dates  []dateFormat
	list   bool
	absent bool // a missing field is an error
	// constant is the value of a constant_keyword.
	constant *string

	// asked is the field to query: itself or its keyword sub-field; "" where comparison is refused for the reason whyNot.
	asked  string
	class  class
	whyNot string
	// exists is the field of an exists query; "" where the null test is refused for the reason whyNotNull.
	exists     string
	whyNotNull string
	// ignored are the names under which values of the field are listed in _ignored when the index dropped them.
	ignored []string
	// keeps is how many characters a value may have for the index to keep it, 0 where that has no bound.
	keeps int
	// sortable is true where the index orders the field as its values are ordered.
	sortable bool
	// openSearch tells whose index it is.
	openSearch bool
}

// class says how indexed values relate to those of _source.
type class uint8

const (
	classNone    class = iota
	classKeyword       // the same bytes
	classBool
	classLong   // the same integers
	classUint   // the same unsigned integers
	classDouble // the same doubles
	classFloat  // rounded to 32 bits
	classMillis // instants truncated to milliseconds
	classNanos  // the same instants
)

// describer walks the mapping of one index.
type describer struct {
	info       *indexInfo
	openSearch bool
	options    map[string]query.ColumnOptions
	copied     map[string]bool // targets of copy_to
	out        map[string]described
}

type described struct {
	f        *field
	kind     value.Type
	native   string
	unusable string
	mayErr   bool
}

func describeIndex(info *indexInfo, openSearch bool, options map[string]query.ColumnOptions) map[string]described {
	d := &describer{info: info, openSearch: openSearch, options: options, copied: map[string]bool{}, out: map[string]described{}}
	d.collectCopies(info.Mappings.Properties)
	d.walk("", nil, info.Mappings.Properties)
	for name, p := range info.Mappings.Runtime {
		d.out[name] = described{
			f: &field{name: name, typ: "runtime"}, kind: value.Of(value.JSON), native: "runtime " + p.Type,
			unusable: "a runtime field is not in _source",
		}
	}
	for _, c := range d.out {
		if c.f != nil {
			c.f.openSearch = openSearch
		}
	}
	return d.out
}

func (d *describer) collectCopies(props map[string]*property) {
	for _, p := range props {
		var one string
		var many []string
		if json.Unmarshal(p.CopyTo, &one) == nil {
			d.copied[one] = true
		} else if json.Unmarshal(p.CopyTo, &many) == nil {
			for _, t := range many {
				d.copied[t] = true
			}
		}
		d.collectCopies(p.Properties)
	}
}

func (d *describer) walk(prefix string, path []string, props map[string]*property) {
	for name, p := range props {
		full := prefix + name
		// A dotted name in a mapping is a path: _source may hold it either way.
		at := append(append([]string(nil), path...), strings.Split(name, ".")...)
		switch {
		case p.Type == "alias":
			if t, tp := d.find(p.Path); t != nil {
				d.add(full, tp, p.Path, t)
			}
		case p.Type == "nested", p.Properties != nil && !is(p.Enabled, true), p.Type == "object" && !is(p.Enabled, true):
			d.add(full, at, full, p)
		case p.Properties != nil || p.Type == "object" || p.Type == "passthrough":
			d.walk(full+".", at, p.Properties)
		default:
			d.add(full, at, full, p)
		}
	}
}

// find resolves the target of an alias.
func (d *describer) find(path string) (*property, []string) {
	props := d.info.Mappings.Properties
	parts := strings.Split(path, ".")
	for i, part := range parts {
		p := props[part]
		if p == nil {
			return nil, nil
		}
		if i == len(parts)-1 {
			return p, parts
		}
		props = p.Properties
	}
	return nil, nil
}

// add describes one field. indexed is its name in the index, that of the target for an alias.
func (d *describer) add(name string, path []string, indexed string, p *property) {
	f := &field{name: name, source: path, typ: p.Type, format: p.Format, constant: p.Value}
	opts := d.options[name]
	f.list, f.absent = opts.Array, opts.AbsentIsError
	out := described{f: f, native: p.Type}
	if out.native == "" {
		out.native = "object"
	}
	f.codec, f.class = codecOf(p.Type)
	out.kind = value.Of(f.codec.kind())
	switch f.codec {
	case codecTime:
		formats, err := parseFormats(p.Format)
		if err != nil {
			out.unusable = err.Error()
		}
		f.dates = formats
		out.mayErr = true
	case codecBytes:
		out.mayErr = true
	}
	malformed := is(p.IgnoreMalformed, is(d.info.Settings.Index.Mapping.IgnoreMalformed, false))
	out.mayErr = out.mayErr || malformed || f.absent
	d.ask(f, indexed, p, malformed)
	if opts.Type != "" {
		if why := f.override(opts, &out); why != "" {
			out.unusable = why
		}
	}
	if f.list {
		elem := out.kind
		if f.codec == codecJSON {
			f.list = false
		} else {
			out.kind = value.ListOf(elem)
			f.refuse("an array")
		}
	}
	if f.absent {
		f.refuse("absent: error")
		f.exists, f.whyNotNull = "", "absent: error"
	}
	if d.copied[indexed] {
		out.unusable = "filled by copy_to, so its values are not in _source"
	}
	if !is(d.info.Mappings.Source.Enabled, true) || d.dropped(indexed) {
		out.unusable = "_source does not hold it"
	}
	d.out[name] = out
}

// dropped reports whether the mapping keeps the field out of _source, by the coarse reading that any pattern that could match does.
func (d *describer) dropped(name string) bool {
	for _, pattern := range d.info.Mappings.Source.Excludes {
		if maskMatches(pattern, name) {
			return true
		}
	}
	includes := d.info.Mappings.Source.Includes
	for _, pattern := range includes {
		if maskMatches(pattern, name) {
			return false
		}
	}
	return len(includes) > 0
}

// maskMatches matches a field mask: * is any text, and an object stands for what is in it.
func maskMatches(mask, name string) bool {
	if i := strings.IndexByte(mask, '*'); i >= 0 {
		if !strings.HasPrefix(name, mask[:i]) {
			return false
		}
		for j := i; j <= len(name); j++ {
			if maskMatches(mask[i+1:], name[j:]) {
				return true
			}
		}
		return false
	}
	return name == mask || strings.HasPrefix(name, mask+".")
}

// ask decides how the index may be asked about the field.
func (d *describer) ask(f *field, indexed string, p *property, malformed bool) {
	if malformed {
		f.ignored = append(f.ignored, indexed)
	}
	f.asked, f.exists = indexed, indexed
	limited := p.IgnoreAbove != nil || d.info.Settings.Index.Mapping.IgnoreAbove != nil
	switch {
	case f.class == classKeyword && p.Type == "text":
		d.askText(f, indexed, p)
		return
	case f.class == classNone:
		f.refuse("a field of type " + orObject(p.Type))
		if !existsKnown[p.Type] {
			f.exists, f.whyNotNull = "", "a field of type "+orObject(p.Type)
		}
	}
	switch {
	case p.NullValue != nil:
		f.refuse("null_value")
		f.exists, f.whyNotNull = "", "null_value"
	case p.Script != nil:
		f.refuse("a script")
		f.exists, f.whyNotNull = "", "a script"
	case !is(p.DocValues, true):
		f.refuse("a field without doc_values")
		f.exists, f.whyNotNull = "", "a field without doc_values"
	case !is(p.Index, true):
		f.refuse("a field without an index")
	case p.Normalizer != "":
		f.refuse("a normalizer")
	}
	if f.class == classKeyword && limited {
		d.limit(f, indexed)
	}
	f.keeps = d.keeps(p)
	f.sortable = f.asked != "" && f.class != classFloat && f.class != classMillis
}

// keeps is ignore_above of a field, 0 for none.
func (d *describer) keeps(p *property) int {
	raw := p.IgnoreAbove
	if raw == nil {
		raw = d.info.Settings.Index.Mapping.IgnoreAbove
	}
	n, err := strconv.Atoi(strings.Trim(string(raw), `"`))
	if err != nil {
		return 0
	}
	return n
}

// limit notes that the index drops long values. Elasticsearch lists the documents in _ignored, OpenSearch nowhere.
func (d *describer) limit(f *field, name string) {
	if d.openSearch {
		f.refuse("ignore_above on OpenSearch")
		f.exists, f.whyNotNull = "", "ignore_above on OpenSearch"
		return
	}
	f.ignored = append(f.ignored, name)
}

// askText finds the keyword sub-field of analysed text.
func (d *describer) askText(f *field, indexed string, p *property) {
	f.refuse("analysed text")
	if !is(p.Norms, true) || !is(p.Index, true) {
		f.exists, f.whyNotNull = "", "text without norms"
	}
	names := make([]string, 0, len(p.Fields))
	for name := range p.Fields {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		sub := p.Fields[name]
		if sub.Type != "keyword" || sub.Normalizer != "" || sub.NullValue != nil || !is(sub.Index, true) || !is(sub.DocValues, true) {
			continue
		}
		full := indexed + "." + name
		if sub.IgnoreAbove != nil || d.info.Settings.Index.Mapping.IgnoreAbove != nil {
			if d.openSearch {
				f.whyNot = "ignore_above on OpenSearch"
				continue
			}
			f.ignored = append(f.ignored, full)
		}
		f.asked, f.whyNot, f.sortable, f.keeps = full, "", true, d.keeps(sub)
		return
	}
}

// refuse keeps comparisons of the field from the server; the first reason stands.
func (f *field) refuse(why string) {
	if f.asked != "" || f.whyNot == "" {
		f.whyNot = why
	}
	f.asked, f.sortable = "", false
}

// override applies the type that the suite declares.
func (f *field) override(o query.ColumnOptions, out *described) string {
	typ := o.Type
	switch {
	case o.Says(&value.Column{Type: out.kind}):
		return ""
	case typ == "decimal":
		switch f.codec {
		case codecString, codecDouble, codecInt, codecUint:
			f.codec, out.kind, out.mayErr = codecDecimal, value.Of(value.Decimal), true
			f.refuse("a decimal of type " + f.typ)
			return ""
		}
	case typ == "string" && f.codec == codecString:
		return ""
	}
	return fmt.Sprintf("a field of type %s cannot be read as %s", orObject(f.typ), typ)
}

func orObject(t string) string {
	if t == "" {
		return "object"
	}
	return t
}

// existsKnown are types that are not compared on the server but whose exists query is true exactly for the documents with a value.
var existsKnown = map[string]bool{"ip": true, "scaled_float": true, "half_float": true, "version": true, "geo_point": true}

// codecOf returns how values of a type are read, and how they are indexed.
func codecOf(typ string) (codec, class) {
	switch typ {
	case "keyword":
		return codecString, classKeyword
	case "text":
		return codecString, classKeyword
	case "constant_keyword", "wildcard", "ip", "version", "match_only_text", "search_as_you_type", "annotated_text", "counted_keyword":
		return codecString, classNone
	case "boolean":
		return codecBool, classBool
	case "long", "integer", "short", "byte":
		return codecInt, classLong
	case "unsigned_long":
		return codecUint, classUint
	case "double":
		return codecDouble, classDouble
	case "float":
		return codecDouble, classFloat
	case "half_float", "scaled_float":
		return codecDouble, classNone
	case "date":
		return codecTime, classMillis
	case "date_nanos":
		return codecTime, classNanos
	case "binary":
		return codecBytes, classNone
	}
	return codecJSON, classNone
}
