package mysql

import (
	"bytes"
	"database/sql/driver"
	"strconv"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// instant reads "2006-01-02" or "2006-01-02 15:04:05[.999999]" as Unix seconds and nanoseconds. Zero, partial
// and impossible dates (sql_mode lets them in) and year 0 are errRange.
func (d *decoder) instant(x driver.Value) (int64, int32, error) {
	b, ok := x.([]byte)
	if !ok {
		return 0, 0, unexpected(x)
	}
	if len(b) < 10 || b[4] != '-' || b[7] != '-' {
		return 0, 0, errRange
	}
	year, ok1 := digits(b[0:4])
	month, ok2 := digits(b[5:7])
	day, ok3 := digits(b[8:10])
	if !ok1 || !ok2 || !ok3 || year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, 0, errRange
	}
	var sec int64
	var nanos int32
	if rest := b[10:]; len(rest) > 0 {
		if rest[0] != ' ' && rest[0] != 'T' {
			return 0, 0, errRange
		}
		if sec, nanos, ok = clock(rest[1:]); !ok {
			return 0, 0, errRange
		}
	}
	if d.loc == nil {
		return daysSinceEpoch(year, month, day)*86400 + sec, nanos, nil
	}
	t := value.TimeIn(time.Date(year, time.Month(month), day, int(sec/3600), int(sec/60%60), int(sec%60), int(nanos), time.UTC), d.loc)
	if u := t.UTC().Year(); u < 1 || u > 9999 {
		return 0, 0, errRange
	}
	return t.Unix(), nanos, nil
}

// duration reads "[-]hh:mm:ss[.ffffff]" of TIME, up to ±838:59:59, as nanoseconds.
func duration(x driver.Value) (int64, error) {
	b, ok := x.([]byte)
	if !ok {
		return wholeMicros(x)
	}
	if bytes.IndexByte(b, ':') < 0 {
		n, err := strconv.ParseInt(string(b), 10, 64)
		if err != nil {
			return 0, errRange
		}
		return wholeMicros(n)
	}
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	sec, nanos, ok := clock(b)
	if !ok {
		return 0, errRange
	}
	n := sec*int64(time.Second) + int64(nanos)
	if neg {
		n = -n
	}
	return n, nil
}

// wholeMicros reads a computed duration.
func wholeMicros(x driver.Value) (int64, error) {
	us, ok := x.(int64)
	if !ok {
		return 0, unexpected(x)
	}
	if n := us * 1000; n/1000 == us {
		return n, nil
	}
	return 0, errRange
}

// clock reads h…:mm:ss[.f…] as seconds and nanoseconds.
func clock(b []byte) (sec int64, nanos int32, ok bool) {
	h := 0
	for h < len(b) && b[h] != ':' {
		h++
	}
	if h == 0 || h > 3 || len(b) < h+6 || b[h+3] != ':' {
		return 0, 0, false
	}
	hours, ok1 := digits(b[:h])
	minutes, ok2 := digits(b[h+1 : h+3])
	seconds, ok3 := digits(b[h+4 : h+6])
	if !ok1 || !ok2 || !ok3 || minutes > 59 || seconds > 59 {
		return 0, 0, false
	}
	if rest := b[h+6:]; len(rest) > 0 {
		if rest[0] != '.' || len(rest) > 10 {
			return 0, 0, false
		}
		frac, ok := digits(rest[1:])
		if !ok {
			return 0, 0, false
		}
		for range 10 - len(rest) {
			frac *= 10
		}
		nanos = int32(frac) //nolint:gosec // at most nine digits
	}
	return int64(hours)*3600 + int64(minutes)*60 + int64(seconds), nanos, true
}

func digits(b []byte) (int, bool) {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(b) > 0
}

func leap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

func daysIn(y, m int) int {
	switch m {
	case 2:
		if leap(y) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysSinceEpoch counts the days from 1970-01-01 in the proleptic Gregorian calendar
// (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil).
func daysSinceEpoch(y, m, d int) int64 {
	if m <= 2 {
		y--
	}
	era := y / 400 // y is never negative: years start at 1
	yoe := y - era*400
	doy := (153*((m+9)%12)+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return int64(era)*146097 + int64(doe) - 719468
}
