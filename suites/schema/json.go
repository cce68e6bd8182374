package schema

import (
	"encoding/json"
	"fmt"

	"github.com/assay-dev/assay/expectations/catalog"
)

// ID names the JSON Schema of suites.
const ID = "https://assay-dev.github.io/assay/suite.schema.json"

// node is a JSON Schema or a part of one.
type node = map[string]any

// JSON returns the JSON Schema (draft 2020-12) of suites, made from the declarations that the decoder uses. It says
// nothing about what only the decoder can know: names that must exist, ids that must differ.
func JSON() ([]byte, error) {
	suite := object(Suite())
	suite["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	suite["$id"] = ID
	suite["title"] = "assay suite"
	suite["$defs"] = node{
		"nested":  expectation(true),
		"between": expectation(false),
	}
	props, ok := suite["properties"].(node)
	if ok {
		props["expectations"] = node{
			"type": []any{"array", "null"}, "items": ref("between"), "description": "expectations between datasets",
		}
	}
	out, err := json.MarshalIndent(suite, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the JSON Schema: %w", err)
	}
	return append(out, '\n'), nil
}

func ref(def string) node { return node{"$ref": "#/$defs/" + def} }

// object returns the schema of a map with known keys.
func object(o Object) node {
	props := node{}
	var required []any
	for _, f := range o.Fields {
		if f.Later {
			continue
		}
		v := field(f)
		v["description"] = f.Doc
		props[f.Name] = v
		if f.Required {
			required = append(required, f.Name)
		}
	}
	n := node{"type": "object", "description": o.Doc, "properties": props, "additionalProperties": false}
	if len(required) > 0 {
		n["required"] = required
	}
	if o.Name == Dataset().Name {
		n["oneOf"] = anyRequired("table", "index", "file", "query")
	}
	return n
}

func anyRequired(names ...string) []any {
	out := make([]any, len(names))
	for i, n := range names {
		out[i] = node{"required": []any{n}}
	}
	return out
}

const (
	durationPattern   = `^([0-9]+d)?([0-9.]+(ns|us|µs|ms|s|m|h))*$`
	identifierPattern = `^[A-Za-z_][A-Za-z0-9_]*$`
	ratePattern       = `^[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?\s*%?$`
)

// field returns the schema of a key's value.
func field(f Field) node {
	switch f.Kind {
	case String, Zone:
		return scalar()
	case CEL:
		return node{"type": []any{"string", "boolean", "number"}}
	case Bool:
		return node{"type": []any{"boolean", "string"}, "enum": []any{true, false, "true", "false"}}
	case Count:
		return node{"type": []any{"integer", "string"}, "minimum": 0}
	case Version:
		return node{"const": FormatVersion}
	case Rate:
		return node{"anyOf": []any{
			node{"type": "number", "minimum": 0, "maximum": 1},
			node{"type": "string", "pattern": ratePattern},
		}}
	case Duration:
		return node{"type": "string", "minLength": 2}
	case Enum:
		return enum(f.Enum)
	case Strings:
		return node{"anyOf": []any{scalar(), node{"type": "array", "items": scalar()}, node{"type": "null"}}}
	case Objects:
		n := node{"type": []any{"object", "null"}, "additionalProperties": object(*f.Of)}
		if f.Of.Name != Column().Name && f.Of.Name != ComparedColumn().Name {
			n["propertyNames"] = node{"pattern": identifierPattern}
		}
		return n
	case Names:
		return node{"type": []any{"object", "null"}, "additionalProperties": enum(ColumnTypes())}
	case Expectations:
		return node{"type": []any{"array", "null"}, "items": ref("nested")}
	case Vars:
		return vars()
	case Texts:
		return node{"type": []any{"object", "null"}, "additionalProperties": scalar()}
	case Nested:
		return object(*f.Of)
	case Number:
		return node{"type": []any{"number", "string"}}
	case Items:
		return node{"type": []any{"array", "null"}, "items": object(*f.Of)}
	case Switch:
		return node{"anyOf": []any{enum([]string{"off"}), node{"const": false}, object(*f.Of)}}
	case Sided:
		cel := field(Field{Kind: CEL})
		return node{"anyOf": []any{cel, node{
			"type": "object", "properties": node{"source": cel, "target": cel}, "minProperties": 1, "additionalProperties": false,
		}}}
	case Masks:
		return node{"anyOf": []any{scalar(), node{"type": "array", "items": scalar()}, node{"type": []any{"object", "null"}, "additionalProperties": enum(f.Enum)}}}
	case Tolerance:
		number := node{"type": []any{"number", "string"}}
		return node{"anyOf": []any{number, node{
			"type": "object", "properties": node{"abs": number, "rel": number, "ulp": number},
			"minProperties": 1, "maxProperties": 1, "additionalProperties": false,
		}}}
	case Words:
		return node{"anyOf": []any{enum(f.Enum), node{"type": "array", "items": enum(f.Enum)}}}
	case Keyed:
		cel := field(Field{Kind: CEL})
		return node{"anyOf": []any{
			cel, node{"type": "array", "items": cel, "minItems": 1}, node{"type": "object", "additionalProperties": cel, "minProperties": 1},
		}}
	case Fixed:
		columns := node{"type": "object", "additionalProperties": field(Field{Kind: CEL}), "minProperties": 1}
		return node{"anyOf": []any{enum(f.Enum), object(*f.Of), columns}}
	case Owners:
		return node{"type": []any{"object", "null"}, "additionalProperties": node{"anyOf": []any{
			enum(f.Enum), one("newest", scalar()), one("prefer", enum(sideNames())),
		}}}
	case Keeps:
		return node{"anyOf": []any{enum(f.Enum), one("newest", scalar()), one("oldest", scalar())}}
	case Any:
	}
	return node{}
}

// one is the schema of a map with one key.
func one(key string, value node) node {
	return node{"type": "object", "properties": node{key: value}, "required": []any{key}, "additionalProperties": false}
}

func scalar() node { return node{"type": []any{"string", "number", "boolean"}} }

func enum(words []string) node {
	vs := make([]any, len(words))
	for i, w := range words {
		vs[i] = w
	}
	return node{"enum": vs}
}

func vars() node {
	value := []any{"string", "number", "boolean", "array"}
	return node{
		"type": []any{"object", "null"}, "propertyNames": node{"pattern": identifierPattern},
		"additionalProperties": node{"anyOf": []any{
			node{"type": value},
			node{
				"type": "object", "additionalProperties": false, "anyOf": anyRequired("type", "default"),
				"properties": node{"type": node{"type": "string"}, "default": node{"type": value}, "description": scalar()},
			},
		}},
	}
}

// expectation returns the schema of an item of a list of expectations. Named ones are nested in a dataset only.
func expectation(nested bool) node {
	n := object(Expectation())
	props, ok := n["properties"].(node)
	if !ok {
		return n
	}
	choices := []string{"expect"}
	if nested {
		for _, f := range Comparison() {
			delete(props, f.Name)
		}
		delete(props, "dataset")
		n["dependentRequired"] = node{"join": []any{"expect"}}
		where := field(Field{Kind: CEL})
		where["description"] = "the rows to judge"
		props["where"] = where
		for _, e := range catalog.Entries() {
			props[e.Name] = named(e)
			choices = append(choices, e.Name)
		}
	}
	if !nested {
		choices = append(choices, "compare")
		with := node{}
		for _, k := range ComparisonKeys() {
			with[k] = []any{"compare"}
		}
		with["dataset"], with["join"] = []any{"expect"}, []any{"dataset", "expect"}
		n["dependentRequired"] = with
	}
	if with, ok := n["dependentRequired"].(node); ok {
		with["risk"] = []any{"fix"}
	}
	n["oneOf"] = append(anyRequired(choices...), node{"required": []any{"metric", "baseline"}, "not": node{"required": []any{"expect"}}})
	n["not"] = node{"required": []any{"mostly", "max_failures"}}
	return n
}

// named returns the schema of what stands behind the name of an entry of the catalogue.
func named(e catalog.Entry) node {
	props := node{}
	var all []any
	var short []any
	for _, f := range Expectation().Fields {
		if f.Inside {
			if f.Kind == Sided {
				f.Kind = CEL
			}
			v := field(f)
			v["description"] = f.Doc
			props[f.Name] = v
		}
	}
	for _, p := range e.Params {
		v := param(p)
		v["description"] = p.Doc
		props[p.Name] = v
		for _, a := range p.Aliases {
			props[a] = v
		}
		if p.Required {
			all = append(all, node{"oneOf": anyRequired(append([]string{p.Name}, p.Aliases...)...)})
		}
		if p.Short {
			short = append(short, param(p))
		}
	}
	n := node{"type": "object", "properties": props, "additionalProperties": false}
	if len(all) > 0 {
		n["allOf"] = all
	}
	if len(short) == 0 {
		n["description"] = e.Doc
		return n
	}
	return node{"description": e.Doc, "anyOf": append(short, n)}
}

// param returns the schema of an argument.
func param(p catalog.Param) node {
	texts := node{"anyOf": []any{node{"type": "string"}, node{"type": "array", "items": node{"type": "string"}, "minItems": 1}}}
	switch p.Kind {
	case catalog.ParamColumns:
		return node{"anyOf": []any{scalar(), node{"type": "array", "items": scalar(), "minItems": 1}}}
	case catalog.ParamColumn, catalog.ParamScalar:
		return scalar()
	case catalog.ParamScalars:
		return node{"type": "array", "items": scalar()}
	case catalog.ParamText, catalog.ParamDataset:
		return node{"type": "string"}
	case catalog.ParamTexts:
		return texts
	case catalog.ParamCount:
		return node{"type": "integer", "minimum": 0}
	case catalog.ParamBool:
		return node{"type": "boolean"}
	case catalog.ParamEnum:
		return enum(p.Enum)
	case catalog.ParamDuration:
		return node{"type": "string", "pattern": durationPattern}
	}
	return node{}
}
