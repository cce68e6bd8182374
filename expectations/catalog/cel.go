package catalog

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/assay-dev/assay/expectations/spec"
)

// celReserved are words that CEL does not take as a field's name without backticks.
var celReserved = map[string]bool{
	"in": true, "as": true, "break": true, "const": true, "continue": true, "else": true, "for": true, "function": true,
	"if": true, "import": true, "let": true, "loop": true, "package": true, "namespace": true, "return": true,
	"var": true, "void": true, "while": true, "true": true, "false": true, "null": true,
}

// IsIdentifier reports whether name is an identifier of CEL.
func IsIdentifier(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != "" && !celReserved[name]
}

// Column returns the CEL of a column of row: row.total, row.`net total`, row["größe"].
func Column(name string) string { return field("row", name) }

func field(of, name string) string {
	if IsIdentifier(name) {
		return of + "." + name
	}
	if name == "" || strings.ContainsFunc(name, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("_.-/ ", r)
	}) {
		return of + "[" + Quote(name) + "]" // backticks hold no other characters
	}
	return of + ".`" + name + "`"
}

// Quote returns the CEL literal of a string.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r == 0x7f:
			b.WriteString(`\x`)
			if r < 0x10 {
				b.WriteByte('0')
			}
			b.WriteString(strconv.FormatInt(int64(r), 16))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// validUTF8 is what a CEL string can hold.
func validUTF8(s string) bool { return utf8.ValidString(s) }

// duration returns the CEL of a span of time.
func duration(d time.Duration) string {
	return `duration("` + strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + `s")`
}

// perColumn makes the row expansions of an entry about columns, one each: expr is given a column's name, its CEL and its place in the list.
// An expr of "" makes none.
func (x *expansion) perColumn(expr func(name, cel string, i int) string) []Expansion {
	cols := x.columns("column")
	out := make([]Expansion, 0, len(cols))
	for i, c := range cols {
		cel := expr(c, Column(c), i)
		if cel == "" {
			continue
		}
		e := x.nullable(c, cel)
		if len(cols) > 1 {
			e.IDSuffix = "." + c
		}
		out = append(out, e)
	}
	return out
}

// nullable applies on_null to the CEL of an expectation about column c: its nulls are
// skipped and counted, or fail, or pass.
func (x *expansion) nullable(c, cel string) Expansion {
	e := Expansion{Kind: Row, Columns: []string{c}, Expr: cel}
	col := Column(c)
	switch x.OnNull {
	case spec.NullFail:
		e.Expr = col + " != null && " + operand(cel)
	case spec.NullPass:
		e.Expr = col + " == null || " + operand(cel)
	case spec.NullSkip:
		fallthrough
	default:
		e.Where = col + " != null"
		e.SkipNullColumns = []string{c}
	}
	return e
}

// operand puts parentheses round CEL that is joined by && or ||.
func operand(cel string) string { return "(" + cel + ")" }

// metric makes the expansion of a metric over the dataset.
func metric(cel string, columns ...string) []Expansion {
	return []Expansion{{Kind: Metric, Expr: cel, Columns: columns}}
}
