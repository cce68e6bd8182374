package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// form is how a column's cells are written. SQLite has no types for decimals and times: new cells look like those that are there.
type form struct {
	col  value.Column
	zone *time.Location // of naive times; nil where cells say their offset
	// of times
	sep    string // between day and time
	suffix string // behind a time in UTC: Z, +00:00; "" for naive ones
	day    bool   // midnight is a date alone
	digits int    // of a fraction, always; -1 for as many as there are
	// clock writes durations as times of day; otherwise they are nanoseconds.
	clock bool
	// declared is the column's type as the table has it.
	declared string
}

// newForm is the form of a column of which no cell is known.
func newForm(col value.Column, declared string) form {
	f := form{col: col, declared: declared, sep: " ", digits: -1, day: col.Shape == value.Date}
	if col.Zone != "" {
		f.zone = newZones().load(col.Zone)
	}
	if col.Type.Kind == value.Timestamp && col.Zone == "" {
		f.sep, f.suffix = "T", "Z"
	}
	f.clock = strings.EqualFold(strings.TrimSpace(declared), "TIME") || strings.Contains(strings.ToUpper(declared), "TEXT")
	return f
}

// formOf looks at cells of the column.
func (c *correction) formOf(ctx context.Context, col value.Column) (form, error) {
	f := newForm(col, c.layout.declared[col.Name])
	switch col.Type.Kind {
	case value.Timestamp, value.LocalTimestamp, value.Duration, value.Decimal:
	default:
		return f, nil
	}
	cell := c.d.QuoteIdent(col.Name)
	rows, err := c.query(ctx, "SELECT +"+cell+" FROM "+c.name()+" WHERE "+cell+" IS NOT NULL LIMIT 100", nil)
	if err != nil {
		return f, err
	}
	var cells []string
	for _, row := range rows {
		s, ok := row[0].(string)
		if _, readable := c.s.cells.decodeCell(letter(col.Type.Kind), col.Zone, row[0]); readable && ok {
			cells = append(cells, s)
		}
	}
	if col.Type.Kind == value.Duration && len(rows) > 0 {
		f.clock = len(cells) > 0
	}
	f.follow(cells)
	return f, nil
}

// follow takes the form over that all of the cells have.
func (f *form) follow(cells []string) {
	digits, first := -2, true
	for _, s := range cells {
		clock := s
		switch f.col.Type.Kind {
		case value.Timestamp, value.LocalTimestamp:
			if len(s) == len("2006-01-02") {
				f.day = true
				continue
			}
			clock = s[11:]
			suffix := ""
			if i := strings.IndexAny(clock, "Zz+-"); i >= 0 {
				clock, suffix = clock[:i], clock[i:]
			}
			if first {
				f.sep, f.suffix = s[10:11], utc(suffix)
			}
		default:
		}
		first = false
		n := 0
		if i := strings.IndexByte(clock, '.'); i >= 0 {
			n = len(clock) - i - 1
		}
		if digits == -2 {
			digits = n
		}
		if digits != n {
			digits = -1
		}
	}
	if digits >= 0 {
		f.digits = digits
	}
}

// utc is the offset of UTC in the form of another one.
func utc(offset string) string {
	if len(offset) < 2 {
		return offset
	}
	digits := strings.NewReplacer("1", "0", "2", "0", "3", "0", "4", "0", "5", "0", "6", "0", "7", "0", "8", "0", "9", "0", "-", "+")
	return digits.Replace(offset)
}

var (
	errNaN   = errors.New("SQLite has no NaN")
	errClock = errors.New("the column holds times of day, 00:00:00 to 24:00:00")
)

// write returns the cell that holds v.
func (f *form) write(v value.Value) (driver.Value, error) {
	switch v.Kind() {
	case value.Double:
		if math.IsNaN(v.Double()) {
			return nil, errNaN
		}
	case value.Decimal:
		return pad(v.Decimal().String(), f.digits), nil
	case value.Timestamp, value.LocalTimestamp:
		return f.time(v), nil
	case value.Duration:
		if !f.clock {
			break
		}
		d := v.Duration()
		if d < 0 || d > 24*time.Hour {
			return nil, errClock
		}
		at := time.Unix(0, 0).UTC().Add(d).Format("15:04:05.999999999")
		if d == 24*time.Hour {
			at = "24:00:00"
		}
		return pad(at, f.digits), nil
	default:
	}
	return encode(v), nil
}

// time writes a time, with its offset where the zone's clock shows the same time twice.
func (f *form) time(v value.Value) string {
	at, suffix := v.Time(), f.suffix
	if v.Kind() == value.LocalTimestamp {
		suffix = ""
	}
	if v.Kind() == value.Timestamp && suffix == "" && f.zone != nil {
		at = at.In(f.zone)
	}
	if f.day && at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0 && at.Nanosecond() == 0 {
		return at.Format(time.DateOnly)
	}
	s := at.Format(time.DateOnly) + f.sep + pad(at.Format("15:04:05.999999999"), f.digits) + suffix
	if back, ok := decodeTime(s, f.zone, v.Kind() == value.LocalTimestamp); !ok || !value.Equal(back, v) {
		return v.Time().Format(time.RFC3339Nano)
	}
	return s
}

// pad gives a number at least that many digits behind its point.
func pad(s string, digits int) string {
	if digits <= 0 {
		return s
	}
	have := 0
	if i := strings.IndexByte(s, '.'); i >= 0 {
		have = len(s) - i - 1
	} else {
		s += "."
	}
	return s + strings.Repeat("0", max(0, digits-have))
}

// is implements assay_is(kind, zone, x, v): whether the cell x of a column holds the value v, which is in canonical form; null is null.
func (z *zones) is(args []driver.Value) (driver.Value, error) {
	if len(args) != 4 {
		return nil, errCall
	}
	if args[2] == nil || args[3] == nil {
		return args[2] == nil && args[3] == nil, nil
	}
	kind, _ := args[0].(string)
	got, null, ok, err := z.args(args[:3])
	if err != nil || null || !ok {
		return false, err
	}
	want, ok := decode(kind[0], args[3])
	return ok && sameAs(got, want), nil
}

// sameDocument compares documents by content, numbers as numbers with all of their digits.
func sameDocument(a, b string) bool {
	x, errX := document(a)
	y, errY := document(b)
	return errX == nil && errY == nil && sameNode(x, y)
}

func document(s string) (any, error) {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var x any
	err := d.Decode(&x)
	return x, err
}

func sameNode(a, b any) bool {
	switch x := a.(type) {
	case json.Number:
		y, ok := b.(json.Number)
		if !ok {
			return false
		}
		m, errM := value.ParseDec(x.String())
		n, errN := value.ParseDec(y.String())
		return x == y || errM == nil && errN == nil && m.Cmp(n) == 0
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !sameNode(x[i], y[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for k, e := range x {
			o, ok := y[k]
			if !ok || !sameNode(e, o) {
				return false
			}
		}
		return true
	}
	switch b.(type) {
	case json.Number, []any, map[string]any:
		return false
	}
	return a == b
}
