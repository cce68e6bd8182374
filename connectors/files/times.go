package files

import (
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// moment is a text's date and time: an instant where zoned, else what a wall clock showed, in seconds as if it were UTC's.
type moment struct {
	sec   int64
	nanos int32
	zoned bool
	day   bool // a date alone
}

// appendTime reads ISO 8601. A text without a zone is read in the column's; a column of days takes dates alone.
func (p *parser) appendTime(v *value.Vector, b []byte) {
	m, ok := parseMoment(b)
	if !ok || p.day != m.day && (p.day || p.strict) {
		v.AppendErr()
		return
	}
	if p.kind == value.LocalTimestamp || p.day {
		if m.zoned {
			v.AppendErr()
			return
		}
		v.AppendTimestamp(m.sec, m.nanos)
		return
	}
	if !m.zoned {
		if p.zone == nil {
			v.AppendErr()
			return
		}
		m.sec = inZone(m.sec, p.zone)
	}
	v.AppendTimestamp(m.sec, m.nanos)
}

// inZone returns the instant at which a wall clock in loc shows sec.
func inZone(sec int64, loc *time.Location) int64 {
	if loc == time.UTC {
		return sec
	}
	t := time.Unix(sec, 0).UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, loc).Unix()
}

// parseMoment reads YYYY-MM-DD, alone or with T or a blank and HH:MM, HH:MM:SS or HH:MM:SS.f (up to nine digits), and then Z, ±HH,
// ±HHMM or ±HH:MM. A leap second has no place in time and is refused.
func parseMoment(b []byte) (moment, bool) {
	if len(b) < 10 || b[4] != '-' || b[7] != '-' {
		return moment{}, false
	}
	y, ok1 := number(b[:4])
	mo, ok2 := number(b[5:7])
	d, ok3 := number(b[8:10])
	if !ok1 || !ok2 || !ok3 || y < 1 || mo < 1 || mo > 12 || d < 1 || d > daysIn(y, mo) {
		return moment{}, false
	}
	m := moment{sec: civilDays(y, mo, d) * 86400, day: true}
	if len(b) == 10 {
		return m, true
	}
	if b[10] != 'T' && b[10] != ' ' && b[10] != 't' {
		return moment{}, false
	}
	m.day = false
	sec, nanos, n := clock(b[11:])
	if n == 0 || sec >= 86400 {
		return moment{}, false
	}
	m.sec, m.nanos = m.sec+sec, nanos
	zone := b[11+n:]
	if len(zone) == 0 {
		return m, true
	}
	offset, ok := parseOffset(zone)
	m.sec, m.zoned = m.sec-offset, true
	return m, ok
}

// clock reads HH:MM, HH:MM:SS or HH:MM:SS.f at the beginning of b and returns how many bytes it took, 0 for none.
func clock(b []byte) (sec int64, nanos int32, n int) {
	if len(b) < 5 || b[2] != ':' {
		return 0, 0, 0
	}
	h, ok1 := number(b[:2])
	m, ok2 := number(b[3:5])
	if !ok1 || !ok2 || h > 24 || m > 59 {
		return 0, 0, 0
	}
	sec, n = int64(h)*3600+int64(m)*60, 5
	if len(b) < 8 || b[5] != ':' {
		return sec, 0, n
	}
	s, ok := number(b[6:8])
	if !ok || s > 59 {
		return 0, 0, 0
	}
	sec, n = sec+int64(s), 8
	if len(b) == 8 || b[8] != '.' {
		return sec, 0, n
	}
	digits, scale := int32(0), int32(1_000_000_000)
	for n = 9; n < len(b) && b[n]-'0' <= 9; n++ {
		if scale == 1 {
			return 0, 0, 0 // finer than a nanosecond
		}
		digits, scale = digits*10+int32(b[n]-'0'), scale/10
	}
	if n == 9 {
		return 0, 0, 0
	}
	return sec, digits * scale, n
}

// parseClock reads a time of day, 24:00 included.
func parseClock(s string) (time.Duration, bool) {
	sec, nanos, n := clock([]byte(s))
	d := time.Duration(sec)*time.Second + time.Duration(nanos)
	return d, n > 0 && n == len(s) && d <= 24*time.Hour
}

// parseOffset reads Z, ±HH, ±HHMM or ±HH:MM as seconds east of UTC.
func parseOffset(b []byte) (int64, bool) {
	if len(b) == 1 {
		return 0, b[0] == 'Z' || b[0] == 'z'
	}
	if b[0] != '+' && b[0] != '-' {
		return 0, false
	}
	var hh, mm []byte
	switch {
	case len(b) == 3:
		hh, mm = b[1:3], []byte("00")
	case len(b) == 5:
		hh, mm = b[1:3], b[3:5]
	case len(b) == 6 && b[3] == ':':
		hh, mm = b[1:3], b[4:6]
	default:
		return 0, false
	}
	h, ok1 := number(hh)
	m, ok2 := number(mm)
	sec := int64(h)*3600 + int64(m)*60
	if b[0] == '-' {
		sec = -sec
	}
	return sec, ok1 && ok2 && h <= 23 && m <= 59
}

// number reads decimal digits alone.
func number(b []byte) (int, bool) {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(b) > 0
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// civilDays returns the days from 1970-01-01 to a date of the Gregorian calendar, years from 1 on: those before the month, with
// the year taken to begin in March, so that the leap day is its last.
func civilDays(year, month, day int) int64 {
	y, m := int64(year), int64(month)
	if m <= 2 {
		y, m = y-1, m+12
	}
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + int64(day) - 1 - 719468
}
