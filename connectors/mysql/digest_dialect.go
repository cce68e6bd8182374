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
	if n := nativeOf(o.Col.Col); n.datelike() {
		return dated(c, o, n), nil
	}
	framed, refusal := d.framed(c, o)
	if refusal != nil {
		return "", refusal
	}
	long := o.Type.Kind == value.String || o.Type.Kind == value.Bytes
	return sqlgen.EncodeCell(o, c.Side, framed, long), nil
}

// dated renders the encoding of a date or time, which is tested once for being one.
func dated(c digest.Cell, o sqlgen.Operand, n native) string {
	good, sql := goodDate(o.Ref, n, o.Col.Col)
	null := " WHEN " + o.Ref + " <=> NULL THEN 'n'"
	if o.Col.Col.NotNull {
		null = ""
	}
	o.SQL = sql
	return "CASE WHEN " + good + " THEN " + frame(units(c, o)) + null + " ELSE " + sqlgen.BadCell(c.Side) + " END"
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
	case canon.Span:
		return frame(units(c, o)), nil
	case canon.Instant, canon.Local, canon.Mixed, canon.Document, canon.Sequence:
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
	// Characters of one octet are cut off faster.
	trimmed := "TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(" + x + " AS CHAR CHARACTER SET latin1)))"
	if !r.Known {
		trimmed = "CASE WHEN LOCATE('.', " + x + ") > 0 THEN " + trimmed + " ELSE " + x + " END"
	}
	return trimmed
}

// uuidPattern is what canon takes for a UUID in a text.
var uuidPattern = "'" + sqlgen.UUIDPattern("[{]", "[}]", `\\z`) + "'"

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
	f, col := c.Form, o.Col.Col
	whole := col.Shape == value.Date || col.Resolution.Known && col.Resolution.Digits == 0
	off := 0 // of the wall clock
	if f.Class == canon.Local && o.Type.Kind == value.Timestamp && col.Shape != value.Date {
		off, _ = offsetOf(col.Zone)
	}
	step, seconds := f.Step()
	digits := int(step)
	d := min(int(f.Digits), 6)
	var x string
	switch {
	case f.Class == canon.Span: // microseconds already
		x = coarse(f, col, o.SQL, d)
	case whole:
		x = "TO_SECONDS(" + o.SQL + ") - 62167219200" // 1970
		if col.Shape == value.Date {
			x = "(TO_DAYS(" + o.SQL + ") - 719528) * 86400"
		}
		if off != 0 {
			x += " + " + strconv.Itoa(off)
		}
		if d > 0 {
			x = "(" + x + ") * 1" + strings.Repeat("0", d)
		}
	default:
		x = micros(epoch, o.SQL)
		if off != 0 {
			x = "(" + x + " + " + strconv.Itoa(off) + "000000)"
		}
		x = coarse(f, col, x, d)
	}
	x = "(" + x + ")"
	switch cut := d - digits; {
	case cut > 0:
		x = "(" + floorDiv(x, "1"+strings.Repeat("0", cut)) + ")"
	case cut < 0: // 64 bits hold no year 9999 in nanoseconds
		x = "(CAST(" + x + " AS DECIMAL(30,0)) * 1" + strings.Repeat("0", -cut) + ")"
	}
	if seconds > 1 {
		s := strconv.FormatInt(seconds, 10)
		x = "(" + x + " - MOD(MOD(" + x + ", " + s + ") + " + s + ", " + s + "))"
	}
	return x
}

// coarse brings microseconds to d digits of the second, as canon does.
func coarse(f *canon.Form, c value.Column, x string, d int) string {
	if d == 6 {
		return x
	}
	unit, half := "1"+strings.Repeat("0", 6-d), "5"+strings.Repeat("0", 5-d)
	finer := !(c.Resolution.Known && c.Resolution.Digits <= f.Digits)
	switch {
	case !finer, f.Truncates && f.Class == canon.Span:
		return x + " DIV " + unit
	case f.Class == canon.Span:
		return "(" + x + " + SIGN(" + x + ") * " + half + ") DIV " + unit
	case f.Truncates:
		return floorDiv(x, unit)
	case f.From2000:
		return "CASE WHEN " + x + " >= 946684800000000 THEN " + floorDiv("("+x+" + "+half+")", unit) + " ELSE -(" + floorDiv("("+half+" - "+x+")", unit) + ") END"
	}
	return floorDiv("("+x+" + "+half+")", unit)
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
