package elasticsearch

import (
	"fmt"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// dateFormat reads a text in one of a field's formats.
type dateFormat func(text []byte) (time.Time, bool)

// defaultDateFormat is the format of a date without one.
const defaultDateFormat = "strict_date_optional_time||epoch_millis"

// isoFormats are named formats whose texts are all read by parseISO; the server has validated them.
var isoFormats = map[string]bool{
	"date_optional_time": true, "date_optional_time_nanos": true, "date_time": true, "date_time_no_millis": true, "date": true,
	"date_hour": true, "date_hour_minute": true, "date_hour_minute_second": true, "date_hour_minute_second_millis": true,
	"date_hour_minute_second_fraction": true, "year": true, "year_month": true, "year_month_day": true,
}

// parseFormats reads the format of a date field. An unknown one is an error that names it.
func parseFormats(format string) ([]dateFormat, error) {
	if format == "" {
		format = defaultDateFormat
	}
	var out []dateFormat
	for name := range strings.SplitSeq(format, "||") {
		switch plain := strings.TrimPrefix(name, "strict_"); {
		case isoFormats[plain]:
			out = append(out, parseISO)
		case name == "epoch_millis":
			out = append(out, epoch(3))
		case name == "epoch_second":
			out = append(out, epoch(0))
		default:
			layout, ok := goLayout(name)
			if !ok {
				return nil, fmt.Errorf("date format %q is not known", name)
			}
			out = append(out, func(text []byte) (time.Time, bool) {
				t, err := time.Parse(layout, string(text))
				return t, err == nil
			})
		}
	}
	return out, nil
}

// goLayout translates a Java pattern of plain numeric parts, or a named basic format.
func goLayout(pattern string) (string, bool) {
	switch pattern {
	case "basic_date":
		return "20060102", true
	case "basic_date_time_no_millis":
		return "20060102T150405Z0700", true
	}
	parts := map[string]string{
		"yyyy": "2006", "uuuu": "2006", "MM": "01", "dd": "02", "HH": "15", "mm": "04", "ss": "05",
		"X": "Z07", "XX": "Z0700", "XXX": "Z07:00", "Z": "-0700", "ZZ": "-0700",
	}
	var b strings.Builder
	for i := 0; i < len(pattern); {
		c := pattern[i]
		if c == '\'' {
			end := strings.IndexByte(pattern[i+1:], '\'')
			if end <= 0 || strings.ContainsAny(pattern[i+1:i+1+end], "0123456789_JMPZpm") {
				return "", false // a word that Go's layout would read, or a quote
			}
			b.WriteString(pattern[i+1 : i+1+end])
			i += end + 2
			continue
		}
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			if c >= '0' && c <= '9' || c == '_' || c == '[' || c == ']' {
				return "", false
			}
			b.WriteByte(c)
			i++
			continue
		}
		j := i
		for j < len(pattern) && pattern[j] == c {
			j++
		}
		run := pattern[i:j]
		switch {
		case parts[run] != "":
			b.WriteString(parts[run])
		case c == 'S' && i > 0 && (pattern[i-1] == '.' || pattern[i-1] == ',') && j-i <= 9:
			b.WriteString(strings.Repeat("0", j-i))
		default:
			return "", false
		}
		i = j
	}
	return b.String(), true
}

// epoch reads a count of seconds with digits behind the point moved by scale: 3 for milliseconds.
func epoch(scale int) dateFormat {
	return func(text []byte) (time.Time, bool) {
		if n, ok := parseInt(text); ok {
			if scale == 3 {
				return time.UnixMilli(n).UTC(), true
			}
			return time.Unix(n, 0).UTC(), true
		}
		d, err := value.ParseDec(string(text))
		if err != nil {
			return time.Time{}, false
		}
		nanos := d.Mul(value.NewDec([]int64{1e9, 0, 0, 1e6}[scale], 0))
		billion := value.NewDec(1e9, 0)
		rest, _ := nanos.Rem(billion)
		r, ok := rest.Int64()
		sec, ok2 := nanos.Sub(rest).Mul(value.NewDec(1, 9)).Int64()
		return time.Unix(sec, r).UTC(), ok && ok2
	}
}

// isoText is a date and time that is being read from the left.
type isoText struct {
	rest []byte
	bad  bool
}

// digits reads n digits.
func (x *isoText) digits(n int) int {
	if len(x.rest) < n {
		x.bad = true
		return 0
	}
	v := 0
	for _, c := range x.rest[:n] {
		if c < '0' || c > '9' {
			x.bad = true
			return 0
		}
		v = v*10 + int(c-'0')
	}
	x.rest = x.rest[n:]
	return v
}

// after reads a separator where it is there.
func (x *isoText) after(sep byte) bool {
	if len(x.rest) == 0 || x.rest[0] != sep {
		return false
	}
	x.rest = x.rest[1:]
	return true
}

// fraction reads the first nine digits of a fraction of a second, in nanoseconds.
func (x *isoText) fraction() int {
	nsec, scale, n := 0, 100_000_000, 0
	for n < 9 && n < len(x.rest) && x.rest[n] >= '0' && x.rest[n] <= '9' {
		nsec += int(x.rest[n]-'0') * scale
		scale /= 10
		n++
	}
	x.rest = x.rest[n:]
	x.bad = x.bad || n == 0
	return nsec
}

// parseISO reads the texts of date_optional_time: a year, and as much of month, day, time, fraction and offset as there is. No offset is UTC.
func parseISO(text []byte) (time.Time, bool) {
	x := isoText{rest: text}
	year, month, day := x.digits(4), 1, 1
	if x.after('-') {
		month = x.digits(2)
		if x.after('-') {
			day = x.digits(2)
		}
	}
	hour, minute, sec, nsec, offset := 0, 0, 0, 0, 0
	if len(x.rest) > 0 && !x.after('T') {
		return time.Time{}, false
	}
	if len(x.rest) > 0 {
		hour = x.digits(2)
		if x.after(':') {
			minute = x.digits(2)
			if x.after(':') {
				sec = x.digits(2)
				if x.after('.') || x.after(',') {
					nsec = x.fraction()
				}
			}
		}
		var ok bool
		if offset, ok = parseOffset(x.rest); !ok {
			return time.Time{}, false
		}
	}
	t := time.Date(year, time.Month(month), day, hour, minute, sec, nsec, time.UTC)
	if x.bad || t.Day() != day || t.Month() != time.Month(month) || hour > 23 || minute > 59 || sec > 59 {
		return time.Time{}, false
	}
	return t.Add(-time.Duration(offset) * time.Second), true
}

// parseOffset reads Z, +hh, +hhmm, +hh:mm or nothing, in seconds east of UTC.
func parseOffset(s []byte) (int, bool) {
	if len(s) == 0 || (len(s) == 1 && s[0] == 'Z') {
		return 0, true
	}
	sign := 1
	switch s[0] {
	case '-':
		sign = -1
	case '+':
	default:
		return 0, false
	}
	var d []byte
	for _, c := range s[1:] {
		if c >= '0' && c <= '9' {
			d = append(d, c)
		} else if c != ':' {
			return 0, false
		}
	}
	switch len(d) {
	case 2:
		d = append(d, '0', '0')
	case 4:
	default:
		return 0, false
	}
	n, _ := parseInt(d)
	return sign * (int(n/100)*3600 + int(n%100)*60), true
}

// inYears reports whether t lies within the dialect's years 1 to 9999.
func inYears(t time.Time) bool {
	y := t.UTC().Year()
	return y >= 1 && y <= 9999
}
