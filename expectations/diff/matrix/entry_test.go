package matrix

import (
	"encoding/json"
	"strings"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
)

// engine is a system under test.
type engine string

const (
	postgres      engine = "postgres"
	mysql         engine = "mysql"
	sqlite        engine = "sqlite"
	elasticsearch engine = "elasticsearch"
)

// side is a column of a pair: an engine's own type, for Elasticsearch the mapping of a field.
type side struct {
	engine engine
	typ    string
	zone   string // the dataset's timezone
	opts   query.ColumnOptions
}

func pg(typ string) side { return side{engine: postgres, typ: typ} }
func my(typ string) side { return side{engine: mysql, typ: typ} }
func sl(typ string) side { return side{engine: sqlite, typ: typ} }
func es(typ string) side { return side{engine: elasticsearch, typ: typ} }

func (s side) in(zone string) side { s.zone = zone; return s }
func (s side) as(typ string) side  { s.opts.Type = typ; return s }
func (s side) array() side         { s.opts.Array = true; return s }

// String names the side in documents.
func (s side) String() string {
	text := string(s.engine) + " " + strings.NewReplacer(`"type":`, "", `"`, "", "{", "", "}", "").Replace(s.typ)
	if s.opts.Type != "" {
		text += " as " + s.opts.Type
	}
	if s.opts.Array {
		text += ", array"
	}
	if s.zone != "" {
		text += " in " + s.zone
	}
	return text
}

// generated reports whether the engine computes the column.
func (s side) generated() bool { return strings.Contains(s.typ, "GENERATED") }

// nothing is the literal of null.
const nothing = "=NULL"

// literal writes a cell: a text that the engine converts, or after = an expression of its own (JSON for Elasticsearch).
func (s side) literal(text string) string {
	raw, isRaw := strings.CutPrefix(text, "=")
	if s.engine == elasticsearch {
		switch {
		case text == nothing:
			return "null"
		case isRaw:
			return raw
		case strings.Contains(s.typ, "keyword"), strings.Contains(s.typ, "text"), strings.Contains(s.typ, "date"), strings.Contains(s.typ, "ip"), strings.Contains(s.typ, "binary"), strings.Contains(s.typ, "wildcard"):
			if b, err := json.Marshal(text); err == nil {
				return string(b)
			}
		}
		return text
	}
	if isRaw {
		return raw
	}
	text = strings.ReplaceAll(text, "'", "''")
	if s.engine == mysql || s.engine == mariadb {
		text = strings.ReplaceAll(text, `\`, `\\`)
	}
	return "'" + text + "'"
}

// entry is a pair of types with rows that must be equal and rows that must differ.
type entry struct {
	section string
	l, r    side
	o       canon.Options
	say     string // the options as a suite writes them
	same    [][2]string
	differ  [][2]string
}

// rows are all rows, the equal ones first.
func (e *entry) rows() [][2]string { return append(append([][2]string{}, e.same...), e.differ...) }

// alike are rows of one text on both sides.
func alike(texts ...string) [][2]string {
	out := make([][2]string, len(texts))
	for i, t := range texts {
		out[i] = [2]string{t, t}
	}
	return out
}

// two are rows of two texts, which stand one behind the other.
func two(texts ...string) [][2]string {
	var out [][2]string
	for i := 0; i+1 < len(texts); i += 2 {
		out = append(out, [2]string{texts[i], texts[i+1]})
	}
	return out
}

func join(parts ...[][2]string) [][2]string {
	var out [][2]string
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// exchanged are rows with their sides exchanged.
func exchanged(rows [][2]string) [][2]string {
	out := make([][2]string, len(rows))
	for i, r := range rows {
		out[i] = [2]string{r[1], r[0]}
	}
	return out
}
