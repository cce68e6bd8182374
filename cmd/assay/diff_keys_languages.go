package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/catalog"
)

// sqlKeys says keys in SQL.
type sqlKeys struct{ driver string }

func (sqlKeys) sayable(c *query.Column) string { return unsayable(c) }

func (sqlKeys) unfindable(value.Value, *query.Column) string { return "" }

func (q sqlKeys) literal(v value.Value, c *query.Column) (string, error) {
	switch v.Kind() {
	case value.Bool:
		return map[bool]string{true: "TRUE", false: "FALSE"}[v.Bool()], nil
	case value.Int, value.Uint, value.Decimal:
		return v.Text(), nil
	case value.Bytes:
		if q.driver == "postgres" {
			return `'\x` + hex.EncodeToString([]byte(v.Str())) + `'::bytea`, nil
		}
		return "X'" + hex.EncodeToString([]byte(v.Str())) + "'", nil
	case value.String:
		return q.text(v.Str(), c), nil
	default:
		return "", fmt.Errorf("%s has no literal", v.Kind())
	}
}

// text quotes a text so that it means the same whatever the server's settings are.
func (q sqlKeys) text(s string, c *query.Column) string {
	doubled := strings.ReplaceAll(s, "'", "''")
	odd := strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == '\\' || r == 0x7f || r == '\ufffd' })
	switch q.driver {
	case "mysql":
		if odd { // a backslash escapes or not, as sql_mode says
			return "_utf8mb4 X'" + hex.EncodeToString([]byte(s)) + "'"
		}
		return "_utf8mb4'" + doubled + "'"
	case "postgres":
		if c.Col.Shape == value.UUID {
			return "'" + doubled + "'::uuid"
		}
		if odd { // a literal still, so that it is of the column's own type, be it an enum
			return "E'" + escaped(doubled) + "'"
		}
		return "'" + doubled + "'"
	default:
		if odd {
			return "CAST(X'" + hex.EncodeToString([]byte(s)) + "' AS TEXT)"
		}
		return "'" + doubled + "'"
	}
}

// escaped is the inside of one of PostgreSQL's E'…' literals.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// name quotes an identifier.
func (q sqlKeys) name(s string) string {
	if q.driver == "mysql" {
		return "`" + strings.ReplaceAll(s, "`", "``") + "`"
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

func (q sqlKeys) statement(s *keySide, keys [][]string) string {
	table := s.from.Schema.Table
	if table == "" {
		table = s.from.Dataset.Table
	}
	var parts []string
	for p := range strings.SplitSeq(table, ".") {
		parts = append(parts, q.name(p))
	}
	return "SELECT * FROM " + strings.Join(parts, ".") + " WHERE " + q.where(s.columns, keys) + ";"
}

// where selects the very keys: to the collation of a column other texts may be equal to them. That it is asked for as well is for the index,
// which SQLite finds by its own collation without.
func (q sqlKeys) where(columns []*query.Column, keys [][]string) string {
	var names, exact []string
	texts := false
	for _, c := range columns {
		name := q.name(c.Col.Name)
		names = append(names, name)
		if c.Col.Type.Kind == value.String && (q.driver != "postgres" || c.Col.Shape != value.UUID) {
			name, texts = q.bytewise(name), true
		}
		exact = append(exact, name)
	}
	if !texts || q.driver == "sqlite" {
		return condition(exact, keys)
	}
	return "(" + condition(names, keys) + ") AND (" + condition(exact, keys) + ")"
}

// bytewise is a column of text so that it compares by its octets.
func (q sqlKeys) bytewise(name string) string {
	switch q.driver {
	case "mysql": // each bytewise collation either pads or is known to one of MySQL and MariaDB only
		return "CAST(CONVERT(" + name + " USING utf8mb4) AS BINARY)"
	case "postgres": // of citext, whatever its collation, by the cast
		return name + `::text COLLATE "C"`
	}
	return name + " COLLATE BINARY"
}

// searchKeys says keys in the query DSL.
type searchKeys struct{}

// searchRows is the most that a search gives unless the index says otherwise: a repeated key has any number of documents.
const searchRows = 10_000

func (searchKeys) sayable(c *query.Column) string {
	if why := unsayable(c); why != "" {
		return why
	}
	if c.Col.Type.Kind == value.Bytes {
		return "no query finds bytes"
	}
	_, why := elasticsearch.QueryField(c.Col)
	return why
}

func (searchKeys) unfindable(v value.Value, c *query.Column) string {
	if v.Kind() != value.String {
		return ""
	}
	if kept, most := elasticsearch.Kept(c.Col, v.Str()); !kept {
		return fmt.Sprintf("of %s the index keeps no text longer than %d characters (ignore_above)", c.Col.Name, most)
	}
	return ""
}

func (searchKeys) literal(v value.Value, _ *query.Column) (string, error) {
	switch v.Kind() {
	case value.Bool, value.Int, value.Uint, value.Decimal:
		return v.Text(), nil
	case value.String:
		b, err := json.Marshal(v.Str())
		return string(b), err
	default:
		return "", fmt.Errorf("%s has no form in the query DSL", v.Kind())
	}
}

func (searchKeys) statement(s *keySide, keys [][]string) string {
	quoted := func(x string) string {
		b, err := json.Marshal(x)
		if err != nil { // a string always has a form
			return `""`
		}
		return string(b)
	}
	field := func(c *query.Column) string {
		name, _ := elasticsearch.QueryField(c.Col)
		return quoted(name)
	}
	missing := func(c *query.Column) string { // what is too long to be kept is no null
		not := `{"exists": {"field": ` + field(c) + `}}`
		if _, most := elasticsearch.Kept(c.Col, ""); most > 0 {
			not = `[` + not + `, {"term": {"_ignored": ` + field(c) + `}}]`
		}
		return `{"bool": {"must_not": ` + not + `}}`
	}
	var found string
	if len(s.columns) == 1 {
		var plain []string
		null := false
		for _, k := range keys {
			if null = null || k[0] == ""; k[0] != "" {
				plain = append(plain, k[0])
			}
		}
		found = `{"terms": {` + field(s.columns[0]) + `: [` + strings.Join(plain, ", ") + `]}}`
		if null {
			found = `{"bool": {"should": [` + found + `, ` + missing(s.columns[0]) + `]}}`
		}
	} else {
		var should []string
		for _, k := range keys {
			var filter []string
			for i, c := range k {
				if c == "" {
					filter = append(filter, missing(s.columns[i]))
				} else {
					filter = append(filter, `{"term": {`+field(s.columns[i])+`: `+c+`}}`)
				}
			}
			should = append(should, `{"bool": {"filter": [`+strings.Join(filter, ", ")+`]}}`)
		}
		found = `{"bool": {"should": [` + strings.Join(should, ", ") + `]}}`
	}
	return fmt.Sprintf("GET /%s/_search\n{\"size\": %d, \"query\": %s}", s.from.Dataset.Index, searchRows, found)
}

// celKeys says keys as a condition of a suite: a file has no other language.
type celKeys struct{}

func (celKeys) sayable(c *query.Column) string { return unsayable(c) }

func (celKeys) unfindable(value.Value, *query.Column) string { return "" }

func (celKeys) literal(v value.Value, _ *query.Column) (string, error) {
	switch v.Kind() {
	case value.Bool, value.Int:
		return v.Text(), nil
	case value.Uint:
		return v.Text() + "u", nil
	case value.Decimal:
		return `decimal("` + v.Text() + `")`, nil
	case value.Bytes:
		var b strings.Builder
		for _, c := range []byte(v.Str()) {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
		return `b"` + b.String() + `"`, nil
	case value.String:
		b, err := json.Marshal(v.Str()) // every escape of JSON is one of CEL
		return string(b), err
	default:
		return "", errors.New("it has no literal in CEL")
	}
}

func (celKeys) statement(s *keySide, keys [][]string) string {
	var names []string
	for _, c := range s.columns {
		names = append(names, catalog.Column(c.Col.Name))
	}
	if len(names) == 1 {
		var list []string
		for _, k := range keys {
			if k[0] == "" {
				k[0] = "null"
			}
			list = append(list, k[0])
		}
		return names[0] + " in [" + strings.Join(list, ", ") + "]"
	}
	var all []string
	for _, k := range keys {
		parts := make([]string, len(k))
		for i, c := range k {
			if c == "" {
				c = "null"
			}
			parts[i] = names[i] + " == " + c
		}
		all = append(all, "("+strings.Join(parts, " && ")+")")
	}
	return strings.Join(all, " || ")
}
