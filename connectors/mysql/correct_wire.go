package mysql

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/guarded"
	"github.com/assay-dev/assay/connectors/value"
)

// wire says how the values of a column travel: in one JSON document that JSON_TABLE makes rows of, each column of a type that holds its values exactly.
// What a server would read of JSON's own numbers as doubles travels as text.
type wire struct {
	col value.Column
	n   native
	d   dialect
	// decl is the type of the column of JSON_TABLE.
	decl string
	zone *time.Location // of naive times
	// length is how many characters, octets or bits the column holds; 0 where it is not known.
	length int
}

// longest VARCHAR that JSON_TABLE is asked for: many of them must fit into one row.
const maxVarchar = 1000

// newWire chooses how a column's values travel.
func newWire(d dialect, col value.Column) (*wire, error) {
	w := &wire{col: col, n: nativeOf(col), d: d}
	if _, size, ok := strings.Cut(col.Native, "("); ok {
		size, _, _ = strings.Cut(size, ")")
		w.length, _ = strconv.Atoi(size) // a list of labels or a precision and a scale is no length
	}
	switch col.Type.Kind {
	case value.Bool:
		w.decl = "TINYINT"
	case value.Int:
		w.decl = "BIGINT"
	case value.Uint:
		w.decl = "BIGINT UNSIGNED"
	case value.Double:
		w.decl = "DOUBLE"
	case value.Decimal:
		w.decl = "DECIMAL(65,30)"
		if w.n.base {
			w.decl = "DECIMAL(" + strconv.Itoa(w.n.precision) + "," + strconv.Itoa(w.n.scale) + ")"
		}
	case value.String:
		w.decl = w.text(w.length) + " CHARACTER SET utf8mb4" + d.binary()
	case value.Bytes:
		w.decl = w.text((w.length+2)/3*4) + " CHARACTER SET utf8mb4" + d.binary()
	case value.JSON:
		w.decl = "LONGTEXT CHARACTER SET utf8mb4" + d.binary()
	case value.Timestamp, value.LocalTimestamp:
		w.decl = "DATETIME(6)"
		if w.n.is("date") {
			w.decl = "DATE"
		}
	case value.Duration:
		w.decl = "TIME(6)"
	case value.List, value.Null:
	}
	if w.decl == "" || col.Unusable != "" {
		return nil, fmt.Errorf("column %s of type %s can be neither guarded nor written", col.Name, col.Native)
	}
	if col.Zone != "" {
		zone, err := value.LoadZone(col.Zone)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", col.Name, err)
		}
		w.zone = zone
	}
	return w, nil
}

func (w *wire) text(length int) string {
	if length == 0 || length > maxVarchar || w.n.is("enum", "set") {
		return "LONGTEXT"
	}
	return "VARCHAR(" + strconv.Itoa(length) + ")"
}

// ref names the column of the table called t.
func (w *wire) ref() string { return "t." + ident(w.col.Name) }

// output renders the column as it comes back.
func (w *wire) output() string {
	if w.n.is("float") {
		return "CAST(" + w.ref() + " AS DOUBLE)"
	}
	return w.ref()
}

// read renders a value that travelled.
func (w *wire) read(v string) string {
	switch {
	case w.col.Type.Kind == value.Bytes:
		return "FROM_BASE64(" + v + ")"
	case w.col.Type.Kind == value.JSON && w.d.flavour == mySQL:
		return "CAST(" + v + " AS JSON)"
	}
	return v
}

// is renders that the column's cell is v, null for null: octet by octet for texts, by value for numbers and times.
func (w *wire) is(v string) string {
	ref := w.ref()
	switch {
	case w.col.Type.Kind == value.Bool:
		return "(" + ref + " <> 0) <=> " + v
	case w.n.is("year"):
		return "CAST(" + ref + " AS SIGNED) <=> " + v
	case w.n.is("bit"):
		return "CAST(" + ref + " AS UNSIGNED) <=> " + v
	case w.n.is("float"):
		return "CAST(" + ref + " AS DOUBLE) <=> " + v
	case w.n.loose():
		return ref + w.d.binary() + " <=> " + v
	case w.col.Type.Kind == value.String:
		return w.d.bytewise(w.n, ref) + " <=> " + v
	}
	return ref + " <=> " + w.read(v)
}

// keyed renders that the column equals v, which is not null: such that an index serves, and exactly.
func (w *wire) keyed(v string) string {
	switch {
	case w.col.Type.Kind == value.Bool:
		return w.is(v)
	case w.col.Type.Kind != value.String:
		return w.ref() + " = " + w.read(v) + " AND " + w.is(v)
	case w.n.collation == "" || w.n.charset == "" || !w.n.is("char", "varchar", "tinytext", "text", "mediumtext", "longtext"):
		return w.is(v)
	}
	// In the column's own collation for its index; which is looser than what follows.
	same := v + " COLLATE " + w.n.collation
	if w.n.charset != "utf8mb4" {
		same = "CONVERT(" + v + " USING " + w.n.charset + ") COLLATE " + w.n.collation
	}
	return w.ref() + " = " + same + " AND " + w.is(v)
}

// exact reports whether the column surely holds what is written to it, once check has let it pass. Documents are stored in a form of their own, labels
// in the spelling of their declaration.
func (w *wire) exact() bool {
	if w.d.flavour == mariaDB && strings.HasPrefix(w.decl, "LONGTEXT") {
		return false // it has lost such values on their way through its temporary tables: UNHEX of them
	}
	return w.n.base && !w.n.is("json", "enum", "set", "uuid", "inet4", "inet6") && (w.col.Type.Kind != value.String || w.n.charset == "utf8mb4")
}

// check says why the column cannot hold the value as it is. The server would round, pad or shorten some of these without a word.
func (w *wire) check(v value.Value) error {
	if v.IsNull() {
		if w.col.NotNull {
			return fmt.Errorf("column %s cannot be null", w.col.Name)
		}
		return nil
	}
	if err := guarded.Fit(&w.col, v); err != nil {
		return err
	}
	switch {
	case w.n.is("char", "varchar") && w.length > 0 && len(v.Str()) > w.length && utf8.RuneCountInString(v.Str()) > w.length:
		return fmt.Errorf("column %s: %s is too short for the text", w.col.Name, w.col.Native)
	case w.n.is("char") && strings.HasSuffix(v.Str(), " "):
		return fmt.Errorf("column %s: char(n) keeps no blanks at the end", w.col.Name)
	case w.n.is("binary") && w.length > 0 && len(v.Str()) != w.length:
		return fmt.Errorf("column %s: %s takes octet strings of just that length", w.col.Name, w.col.Native)
	case w.n.is("year") && v.Kind() == value.Int && v.Int() != 0 && (v.Int() < 1901 || v.Int() > 2155):
		return fmt.Errorf("column %s holds the years 1901 to 2155", w.col.Name)
	case v.Kind() == value.Decimal && w.n.base:
		if g := digitsOf(v.Decimal().String()); g.whole > max(1, w.n.precision-w.n.scale) || g.scale > w.n.scale {
			return fmt.Errorf("column %s: %s is too short for the number", w.col.Name, w.col.Native)
		}
	}
	return nil
}

var (
	errUTF8   = errors.New("the text is not UTF-8")
	errMicros = errors.New("the server keeps microseconds")
)

// append appends a value as JSON.
func (w *wire) append(b []byte, v value.Value) ([]byte, error) {
	quoted := func(s string) ([]byte, error) { return append(append(append(b, '"'), s...), '"'), nil }
	switch v.Kind() {
	case value.Null:
		return append(b, "null"...), nil
	case value.Bool:
		if v.Bool() {
			return append(b, '1'), nil
		}
		return append(b, '0'), nil
	case value.Int:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case value.Uint:
		return strconv.AppendUint(b, v.Uint(), 10), nil
	case value.Double:
		f := v.Double()
		if f-f != 0 {
			return b, errors.New("the server has no NaN and no infinity")
		}
		return quoted(strconv.FormatFloat(f, 'e', -1, 64))
	case value.Decimal:
		return quoted(v.Decimal().String())
	case value.String, value.JSON:
		return appendJSON(b, v.Str())
	case value.Bytes:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, []byte(v.Str()))
		return append(b, '"'), nil
	case value.Timestamp, value.LocalTimestamp:
		s, err := w.time(v)
		if err != nil {
			return b, err
		}
		return quoted(s)
	case value.Duration:
		d := v.Duration()
		if d%time.Microsecond != 0 {
			return b, errMicros
		}
		return quoted(clockText(d))
	case value.List:
	}
	return b, fmt.Errorf("column %s takes no %s", w.col.Name, v.Kind())
}

// clockText writes a TIME.
func clockText(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	return fmt.Sprintf("%s%02d:%02d:%02d.%06d", sign, int64(d/time.Hour), int64(d/time.Minute%60), int64(d/time.Second%60), int64(d/time.Microsecond%1e6))
}

// time writes an instant as the column has it.
func (w *wire) time(v value.Value) (string, error) {
	at := v.Time()
	if at.Nanosecond()%1000 != 0 {
		return "", errMicros
	}
	if w.n.is("date") {
		return at.Format(time.DateOnly), nil
	}
	if w.zone != nil && v.Kind() == value.Timestamp {
		local := at.In(w.zone)
		_, offset := local.Zone()
		at = at.Add(time.Duration(offset) * time.Second)
		if !value.TimeIn(at, w.zone).Equal(v.Time()) {
			return "", fmt.Errorf("column %s: the clock of %s does not tell this instant from another one", w.col.Name, w.col.Zone)
		}
	}
	return at.Format("2006-01-02 15:04:05.000000"), nil
}

// appendJSON appends a text as a string of JSON.
func appendJSON(b []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return b, errUTF8
	}
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		if c == '"' || c == '\\' {
			b = append(b, '\\', c)
		} else {
			b = append(b, `\u00`...)
			b = append(b, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
	}
	return append(append(b, s[from:]...), '"'), nil
}
