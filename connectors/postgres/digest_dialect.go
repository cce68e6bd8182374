package postgres

import (
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

var _ sqlgen.DigestDialect = dialect{}

// Encode implements sqlgen.DigestDialect.
func (d dialect) Encode(_ *sqlgen.Writer, c digest.Cell, o sqlgen.Operand) (string, *query.Refusal) {
	if r := opaque(o); r != nil {
		return "", r
	}
	raw, guarded := strings.CutPrefix(o.SQL, "CASE WHEN "+o.Present+" THEN ")
	raw, ended := strings.CutSuffix(raw, " END")
	if o.Present == "" || !guarded || !ended {
		framed, refusal := d.framed(c, o)
		return sqlgen.EncodeCell(o, c.Side, framed, false), refusal
	}
	// A cell that may be none of its type is tested once.
	good := o
	good.SQL, good.Prec = raw, sqlgen.PrecOr
	framed, refusal := d.framed(c, good)
	return "CASE WHEN " + o.Present + " THEN " + framed + " WHEN " + o.Ref + " IS NULL THEN 'n' ELSE " + sqlgen.BadCell(c.Side) + " END", refusal
}

// framed renders the encoding of a value, NULL where o is.
func (d dialect) framed(c digest.Cell, o sqlgen.Operand) (string, *query.Refusal) {
	x := o.Atom()
	switch c.Form.Class {
	case canon.Bool, canon.Integer:
		if o.Type.Kind == value.Bool {
			return "CASE " + x + " WHEN TRUE THEN 'v1:1' WHEN FALSE THEN 'v1:0' END", nil
		}
		return frame(x + "::text"), nil
	case canon.Number:
		return frame(number(c.Form, o)), nil
	case canon.Double:
		return frame(double(c.Form, o)), nil
	case canon.Text:
		if len(c.Form.Options.Normalize) > 0 {
			return "", refuse("normalised text")
		}
		return frame(x), nil
	case canon.Bytes:
		if o.Type.Kind == value.String {
			x = "convert_to(" + o.SQL + ", 'UTF8')"
		}
		return "'v' || 2 * octet_length(" + x + ") || ':' || encode(" + x + ", 'hex')", nil
	case canon.UUID:
		return uuid(o)
	case canon.Instant, canon.Local, canon.Span:
		return frame(units(c, o)), nil
	case canon.Mixed, canon.Document, canon.Sequence:
	}
	return "", refuse("encoding of " + o.Type.String())
}

// frame renders a value with its length in octets.
func frame(text string) string {
	return "'v' || octet_length(" + text + ") || ':' || " + text
}

// number renders an exact number.
func number(f *canon.Form, o sqlgen.Operand) string {
	if o.Type.Kind != value.Decimal {
		return o.Atom() + "::text"
	}
	x, r := o.SQL, o.Col.Col.Resolution
	if f.Scaled && !(r.Known && r.Digits <= f.Scale) {
		x = "round(" + x + ", " + strconv.Itoa(int(f.Scale)) + ")" // half away from zero
	}
	return "trim_scale(" + x + ")::text"
}

// double renders a floating point number. PostgreSQL's own layout is the canonical one, but for the sign of zero.
func double(f *canon.Form, o sqlgen.Operand) string {
	x := o.Atom()
	if o.Type.Kind != value.Double {
		return x + "::text"
	}
	if m := metaOf(o); f.Single && m != nil && m.family == famFloat4 {
		return "CASE WHEN " + x + " = 0 THEN '0' ELSE " + x + "::text END"
	}
	x = float8(o)
	if f.Left.Type.Kind != f.Right.Type.Kind { // beside integers
		const limit, twice = "9223372036854775808", "18446744073709551616"
		return "CASE WHEN abs(" + x + ") < " + limit + " AND " + x + " = trunc(" + x + ") THEN " + x + "::bigint::text" +
			" WHEN abs(" + x + ") >= " + limit + " AND abs(" + x + ") < " + twice + " THEN ((" + x + " / 2)::bigint::numeric * 2)::text" + // even
			" ELSE " + x + "::text END"
	}
	if f.Single {
		// Beyond these bounds the cast raises.
		const most, least = "3.4028235677973362e38", "7.006492321624086e-46"
		return "CASE WHEN abs(" + x + ") <= " + least + " THEN '0' WHEN abs(" + x + ") <= " + most + " THEN " + x + "::float4::text ELSE " + x + "::text END"
	}
	return "CASE WHEN " + x + " = 0 THEN '0' ELSE " + x + "::text END"
}

// uuidPattern is what canon takes for a UUID in a text.
var uuidPattern = "'" + sqlgen.UUIDPattern(`\{`, `\}`, "$") + "'"

// uuid renders a UUID as its 32 hexadecimal digits, and what is none as itself.
func uuid(o sqlgen.Operand) (string, *query.Refusal) {
	x := o.Atom()
	m := metaOf(o)
	switch {
	case m != nil && m.family == famUUID:
		return "'v32:' || replace(" + o.SQL + ", '-', '')", nil
	case o.Type.Kind != value.String:
		return "", refuse("bytes beside a UUID")
	}
	digits := "right(lower(translate(" + o.SQL + `, '-{}', '') COLLATE "C"), 32)`
	return "CASE WHEN " + x + ` COLLATE "C" ~ ` + uuidPattern + " THEN 'v32:' || " + digits + " ELSE " + frame(x) + " END", nil
}

// units renders a time or a span in whole units of the form.
func units(c digest.Cell, o sqlgen.Operand) string {
	f := c.Form
	// extract yields a numeric of six digits: exact.
	x := "extract(epoch FROM " + o.SQL + ")"
	if m := metaOf(o); m != nil && m.family == famDate {
		x = "(" + o.Ref + " - '1970-01-01'::date)::bigint * 86400"
		if f.Digits <= 6 {
			return days(f, x)
		}
		x = "(" + x + ")::numeric"
	}
	if f.Class == canon.Local && o.Type.Kind == value.Timestamp && o.Col.Col.Shape != value.Date {
		if offset, _ := fixedOffset(o.Col.Col.Zone); offset != 0 {
			x = "(" + x + " + " + strconv.Itoa(offset) + ")" // the wall clock again
		}
	}
	if f.Digits > 0 {
		x += " * 1" + strings.Repeat("0", int(f.Digits))
	}
	r := o.Col.Col.Resolution
	finer := o.Col.Col.Shape != value.Date && !(r.Known && r.Digits <= f.Digits) && f.Digits < 6
	switch {
	case !finer, f.Truncates && f.Class == canon.Span:
		x = "trunc(" + x + ")"
	case f.Class == canon.Span:
		x = "round(" + x + ")"
	case f.Truncates:
		x = "floor(" + x + ")"
	case f.From2000:
		x = "CASE WHEN extract(epoch FROM " + o.SQL + ") >= 946684800 THEN floor(" + x + " + 0.5) ELSE ceil(" + x + " - 0.5) END"
	default:
		x = "floor(" + x + " + 0.5)"
	}
	digits, seconds := f.Step()
	if cut := int(f.Digits - digits); cut > 0 {
		x = "floor(" + x + " * 0." + strings.Repeat("0", cut-1) + "1)"
	}
	if seconds > 1 {
		s := strconv.FormatInt(seconds, 10)
		x = "(" + x + " - mod(mod(" + x + ", " + s + ") + " + s + ", " + s + "))"
	}
	return "(" + x + ")::text"
}

// days renders the seconds of a date in whole units of the form, which 64 bits hold.
func days(f *canon.Form, x string) string {
	digits, seconds := f.Step() // a day is whole whatever digits are kept
	if digits > 0 {
		x += " * 1" + strings.Repeat("0", int(digits))
	}
	if seconds > 1 {
		s := strconv.FormatInt(seconds, 10)
		x = x + " - mod(mod(" + x + ", " + s + ") + " + s + ", " + s + ")"
	}
	return "(" + x + ")::text"
}

// Row implements sqlgen.DigestDialect.
func (dialect) Row(cells []string) string {
	for i, c := range cells {
		if strings.HasPrefix(c, "'v' ||") || strings.HasPrefix(c, "'v32:' ||") {
			continue // may stand among others
		}
		if strings.HasPrefix(c, "CASE ") {
			cells[i] = "(" + c + ")"
		}
	}
	return "convert_to(" + strings.Join(cells, " || ") + ", 'UTF8')"
}

// Sums implements sqlgen.DigestDialect. OFFSET 0 keeps the hash from being computed for each of its uses.
func (dialect) Sums(step, row, from string) string {
	var b strings.Builder
	b.WriteString("SELECT s, count(*), count(h)")
	for w := range digest.Words {
		at := func(i int) string { return "get_byte(h, " + strconv.Itoa(4*w+i) + ")" }
		b.WriteString(",\n  sum((" + at(0) + "::bigint << 24) + (" + at(1) + " << 16) + (" + at(2) + " << 8) + " + at(3) + ")")
	}
	b.WriteString("\nFROM (SELECT " + step + " AS s, sha256(" + row + ") AS h" + from + "\nOFFSET 0) AS r\nGROUP BY s")
	return b.String()
}
