package mysql

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

// Encode implements sqlgen.DigestDialect. CONCAT and HEX yield NULL where a text would be longer than max_allowed_packet, so only of values
// that are short a NULL says that there is none.
func (d dialect) Encode(_ *sqlgen.Writer, c digest.Cell, o sqlgen.Operand) (string, *query.Refusal) {
	if r := d.usable(o); r != nil {
		return "", r
	}
	framed, refusal := d.framed(c, o)
	if refusal != nil {
		return "", refusal
	}
	long := o.Type.Kind == value.String || o.Type.Kind == value.Bytes
	return sqlgen.EncodeCell(o, c.Side, framed, long), nil
}

// framed renders the encoding of a value, NULL where o is.
func (d dialect) framed(c digest.Cell, o sqlgen.Operand) (string, *query.Refusal) {
	x := o.SQL
	switch c.Form.Class {
	case canon.Bool, canon.Integer:
		if o.Type.Kind == value.Bool {
			return "CASE (" + x + ") WHEN 1 THEN 'v1:1' WHEN 0 THEN 'v1:0' END", nil
		}
		return frame(integer(o)), nil
	case canon.Number:
		if o.Type.Kind == value.Decimal {
			return frame(number(c.Form, o)), nil
		}
		return frame(integer(o)), nil
	case canon.Double:
		if o.Type.Kind == value.Double {
			return "", d.refuse("encoding of doubles, of which it prints no exact text", nil)
		}
		return frame(integer(o)), nil
	case canon.Text:
		if len(c.Form.Options.Normalize) > 0 {
			return "", d.refuse("normalised text", nil)
		}
		return frame(x), nil
	case canon.Bytes:
		return "CONCAT('v', 2 * LENGTH(" + x + "), ':', LOWER(HEX(" + x + ")))", nil
	case canon.UUID:
		return d.uuid(o)
	case canon.Instant, canon.Local, canon.Span:
		return frame(units(c, o)), nil
	case canon.Mixed, canon.Document, canon.Sequence:
	}
	return "", d.refuse("encoding of "+o.Type.String(), nil)
}

// frame renders a value with its length in octets.
func frame(text string) string { return "CONCAT('v', LENGTH(" + text + "), ':', " + text + ")" }

// zerofilled reports whether numbers of the column are written with zeros before them.
func zerofilled(c value.Column) bool { return strings.Contains(strings.ToLower(c.Native), "zerofill") }

// integer renders a whole number.
func integer(o sqlgen.Operand) string {
	if zerofilled(o.Col.Col) {
		return "CAST(" + o.SQL + " AS UNSIGNED)"
	}
	return o.SQL
}

// number renders a decimal without the zeros at its end.
func number(f *canon.Form, o sqlgen.Operand) string {
	n, r := nativeOf(o.Col.Col), o.Col.Col.Resolution
	x, scale := o.SQL, n.scale
	if zerofilled(o.Col.Col) {
		x += " + 0"
	}
	if f.Scaled && !(r.Known && r.Digits <= f.Scale) {
		x, scale = "ROUND("+x+", "+strconv.Itoa(int(f.Scale))+")", int(f.Scale) // half away from zero
	}
	if r.Known && scale <= 0 {
		return "(" + x + ")"
	}
	trimmed := "TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM " + x + "))"
	if !r.Known {
		trimmed = "CASE WHEN LOCATE('.', " + x + ") > 0 THEN " + trimmed + " ELSE " + x + " END"
	}
	return "CASE WHEN " + x + " = 0 THEN '0' ELSE " + trimmed + " END" // -0.001 rounds to -0.00
}

// uuidPattern is what canon takes for a UUID in a text.
var uuidPattern = func() string {
	hex := func(n int) string { return "[0-9a-fA-F]{" + strconv.Itoa(n) + "}" }
	plain := "(" + hex(32) + "|" + strings.Join([]string{hex(8), hex(4), hex(4), hex(4), hex(12)}, "-") + ")"
	return "'^([uU][rR][nN]:[uU][uU][iI][dD]:" + plain + "|[{]" + plain + "[}]|" + plain + `)\\z'`
}()

// uuid renders a UUID as its 32 hexadecimal digits, and a text that is none as itself.
func (d dialect) uuid(o sqlgen.Operand) (string, *query.Refusal) {
	n := nativeOf(o.Col.Col)
	switch {
	case n.is("binary") && o.Col.Col.Native == "binary(16)":
		return "CONCAT('v32:', LOWER(HEX(" + o.SQL + ")))", nil
	case o.Col.Col.Shape == value.UUID:
		return "CONCAT('v32:', LOWER(REPLACE(" + o.SQL + ", '-', '')))", nil
	case o.Type.Kind != value.String:
		return "", d.refuse("bytes beside a UUID", nil)
	}
	x := o.SQL
	digits := "RIGHT(LOWER(REPLACE(REPLACE(REPLACE(" + x + ", '-', ''), '{', ''), '}', '')), 32)"
	return "CASE WHEN LENGTH(" + x + ") BETWEEN 32 AND 45 AND " + o.Atom() + " REGEXP " + uuidPattern + " THEN CONCAT('v32:', " + digits + ") ELSE " + frame(x) + " END", nil
}

// units renders a time or a span in whole units of the form. All of it is arithmetic of 64 bits: microseconds are what there is.
func units(c digest.Cell, o sqlgen.Operand) string {
	f := c.Form
	x := o.SQL // a span is in microseconds already
	if f.Class != canon.Span {
		x = micros(epoch, o.SQL)
		if off, _ := offsetOf(o.Col.Col.Zone); off != 0 && f.Class == canon.Local && o.Type.Kind == value.Timestamp && o.Col.Col.Shape != value.Date {
			x = "(" + x + " + " + strconv.Itoa(off) + "000000)" // the wall clock again
		}
	}
	whole := x
	step, seconds := f.Step()
	digits := int(step)
	if d := min(int(f.Digits), 6); d < 6 {
		unit := "1" + strings.Repeat("0", 6-d)
		half := "5" + strings.Repeat("0", 5-d)
		r := o.Col.Col.Resolution
		finer := o.Col.Col.Shape != value.Date && !(r.Known && r.Digits <= f.Digits)
		switch {
		case !finer, f.Truncates && f.Class == canon.Span:
			whole = x + " DIV " + unit
		case f.Class == canon.Span:
			whole = "(" + x + " + SIGN(" + x + ") * " + half + ") DIV " + unit
		case f.Truncates:
			whole = floorDiv(x, unit)
		case f.From2000:
			whole = "CASE WHEN " + x + " >= 946684800000000 THEN " + floorDiv("("+x+" + "+half+")", unit) + " ELSE -(" + floorDiv("("+half+" - "+x+")", unit) + ") END"
		default:
			whole = floorDiv("("+x+" + "+half+")", unit)
		}
	}
	whole = "(" + whole + ")"
	switch cut := min(int(f.Digits), 6) - digits; {
	case cut > 0:
		whole = "(" + floorDiv(whole, "1"+strings.Repeat("0", cut)) + ")"
	case cut < 0: // 64 bits hold no year 9999 in nanoseconds
		whole = "(CAST(" + whole + " AS DECIMAL(30,0)) * 1" + strings.Repeat("0", -cut) + ")"
	}
	if seconds > 1 {
		s := strconv.FormatInt(seconds, 10)
		whole = "(" + whole + " - MOD(MOD(" + whole + ", " + s + ") + " + s + ", " + s + "))"
	}
	return whole
}

// floorDiv renders x divided by a positive constant, rounded downwards.
func floorDiv(x, by string) string {
	return "(" + x + " - MOD(MOD(" + x + ", " + by + ") + " + by + ", " + by + ")) DIV " + by
}

// Row implements sqlgen.DigestDialect.
func (dialect) Row(cells []string) string {
	if len(cells) == 1 {
		return cells[0]
	}
	return "CONCAT(" + strings.Join(cells, ", ") + ")"
}

// Sums implements sqlgen.DigestDialect. The limit keeps the hash from being computed for each of its uses, and cuts nothing off.
func (dialect) Sums(step, row, from string) string {
	var b strings.Builder
	b.WriteString("SELECT s, COUNT(*), COUNT(h)")
	for w := range digest.Words {
		b.WriteString(",\n  SUM(CAST(CONV(SUBSTRING(h, " + strconv.Itoa(8*w+1) + ", 8), 16, 10) AS UNSIGNED))")
	}
	b.WriteString("\nFROM (SELECT " + step + " AS s, LEFT(SHA2(" + row + ", 256), 32) AS h" + from + "\nLIMIT 18446744073709551615) AS r\nGROUP BY s")
	return b.String()
}
