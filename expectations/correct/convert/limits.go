package convert

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/value"
)

// limits are what a column can hold of its type, as far as its declaration tells; what it does not tell the server refuses when a plan is applied.
type limits struct {
	chars  int64 // code points, 0 for no bound
	bytes  int64 // octets, 0 for no bound
	padded bool  // spaces at the end are not kept
	noNUL  bool
	labels []string // of an enum, nil for any
	// Numbers from low to high, where ranged; decimals with at most whole digits before the point, where that is above 0.
	ranged    bool
	low, high value.Dec
	whole     int32
	double    bool // decimals are kept as doubles
	// Times from first to last, zero for any.
	first, last time.Time
}

// limitsOf reads a column's declaration.
func limitsOf(driver string, c *value.Column) limits {
	var l limits
	native := strings.ToLower(strings.TrimSpace(c.Native))
	base, args, _ := strings.Cut(native, "(")
	base = strings.TrimSpace(base)
	args, rest, _ := strings.Cut(args, ")")
	switch driver {
	case "postgres", "postgresql":
		l.postgres(base, args, native)
	case "mysql", "mariadb":
		l.mysql(base, args, native, rest, c)
	case "elasticsearch", "opensearch":
		l.integers(native, map[string]int{"byte": 8, "short": 16, "integer": 32, "long": 64}, false)
	case "sqlite":
		textual := strings.Contains(native, "char") || strings.Contains(native, "text") || strings.Contains(native, "clob")
		l.double = c.Type.Kind == value.Decimal && !textual
	}
	return l
}

func (l *limits) postgres(base, args, native string) {
	l.noNUL = true
	switch base {
	case "character varying", "varchar":
		l.chars = number(args)
	case "character", "char", "bpchar":
		l.chars, l.padded = number(args), true
	case "numeric", "decimal":
		l.precision(args)
	default:
		l.integers(native, map[string]int{"smallint": 16, "int2": 16, "integer": 32, "int4": 32, "int": 32, "bigint": 64, "int8": 64}, false)
	}
}

// Bounds of MySQL's types: the manual's "Data Type Storage Requirements" and "Date and Time Data Types".
func (l *limits) mysql(base, args, native, rest string, c *value.Column) {
	switch base {
	case "varchar":
		l.chars = number(args)
	case "char":
		l.chars, l.padded = number(args), true
	case "varbinary", "binary":
		l.bytes = number(args)
	case "tinytext", "tinyblob":
		l.bytes = math.MaxUint8
	case "text", "blob":
		l.bytes = math.MaxUint16
	case "mediumtext", "mediumblob":
		l.bytes = 1<<24 - 1
	case "decimal", "numeric":
		l.precision(args)
	case "enum":
		l.labels = quotedList(c.Native)
	case "timestamp":
		l.first, l.last = time.Unix(1, 0).UTC(), time.Unix(math.MaxInt32, 999_999_999).UTC()
	case "datetime", "date":
		l.first, l.last = time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
	default:
		word, _, _ := strings.Cut(base, " ")
		unsigned := strings.Contains(native, "unsigned") || strings.Contains(rest, "unsigned")
		l.integers(word, map[string]int{"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "integer": 32, "bigint": 64}, unsigned)
	}
}

// integers bounds an integer type of so many bits.
func (l *limits) integers(name string, bits map[string]int, unsigned bool) {
	n, ok := bits[name]
	switch {
	case !ok:
	case unsigned:
		l.ranged, l.high = true, value.DecFromUint(math.MaxUint64>>(64-n))
	default:
		l.ranged = true
		l.low, l.high = value.DecFromInt(math.MinInt64>>(64-n)), value.DecFromInt(math.MaxInt64>>(64-n))
	}
}

// precision reads "10,2".
func (l *limits) precision(args string) {
	p, s, _ := strings.Cut(args, ",")
	precision, scale := number(p), number(s)
	if precision > 0 {
		l.whole = int32(precision - scale) //nolint:gosec // engines have at most 1000 digits
		l.ranged = true
		one := value.NewDec(1, -l.whole)
		l.high = one
		l.low = one.Neg()
	}
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	return n
}

// quotedList reads the labels of enum('a','b”c').
func quotedList(native string) []string {
	var out []string
	var label strings.Builder
	in := false
	for i := 0; i < len(native); i++ {
		switch ch := native[i]; {
		case !in:
			in = ch == '\''
		case ch == '\'' && i+1 < len(native) && native[i+1] == '\'':
			label.WriteByte(ch)
			i++
		case ch == '\'':
			out, in = append(out, label.String()), false
			label.Reset()
		default:
			label.WriteByte(ch)
		}
	}
	return out
}

// take refuses what the column cannot hold.
func (l *limits) take(v value.Value) error {
	switch v.Kind() {
	case value.Int, value.Uint, value.Decimal:
		return l.takeNumber(v)
	case value.String, value.JSON, value.Bytes:
		return l.takeText(v)
	case value.Timestamp, value.LocalTimestamp:
		if t := v.Time(); !l.first.IsZero() && (t.Before(l.first) || t.After(l.last)) {
			return refused("the time is outside what the column holds")
		}
	case value.List:
		for _, x := range v.List() {
			if err := l.take(x); err != nil {
				return err
			}
		}
	default:
	}
	return nil
}

func (l *limits) takeNumber(v value.Value) error {
	d := v.Decimal()
	switch v.Kind() {
	case value.Int:
		d = value.DecFromInt(v.Int())
	case value.Uint:
		d = value.DecFromUint(v.Uint())
	default:
		if l.double {
			if kept, err := value.DecFromFloat(d.Float()); err != nil || kept.Cmp(d) != 0 {
				return refused("the number has more digits than the column keeps")
			}
		}
	}
	out := d.Cmp(l.low) < 0 || d.Cmp(l.high) > 0
	if v.Kind() == value.Decimal { // the bound is the first number that has a digit too many
		out = d.Cmp(l.low) <= 0 || d.Cmp(l.high) >= 0
	}
	if l.ranged && out {
		return refused("the number is outside what the column holds")
	}
	return nil
}

func (l *limits) takeText(v value.Value) error {
	s := v.Str()
	switch {
	case l.chars > 0 && v.Kind() == value.String && int64(utf8.RuneCountInString(s)) > l.chars:
		return refused("the text is longer than the column's " + strconv.FormatInt(l.chars, 10) + " characters")
	case l.bytes > 0 && int64(len(s)) > l.bytes:
		return refused("it is longer than the column's " + strconv.FormatInt(l.bytes, 10) + " bytes")
	case l.padded && strings.HasSuffix(s, " "):
		return refused("the column does not keep spaces at the end")
	case l.noNUL && v.Kind() == value.String && strings.ContainsRune(s, 0):
		return refused("the column takes no NUL character")
	case l.labels != nil && v.Kind() == value.String:
		if !slices.Contains(l.labels, s) {
			return refused("it is no label of the enum")
		}
	}
	return nil
}
