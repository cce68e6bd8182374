package value

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// MinUnix and MaxUnix are the first and last Unix second of a Timestamp: the years 1 to 9999.
const (
	MinUnix int64 = -62135596800
	MaxUnix int64 = 253402300799
)

// ErrTime is returned for text that is not a timestamp, a duration or a zone.
var ErrTime = errors.New("not a time")

// ParseTimestamp reads RFC 3339 exactly as CEL's timestamp() does: a T, seconds, an optional
// fraction after a point, and Z or an offset below 24 hours, letters in upper case; years 1 to 9999 UTC. A leap second is refused.
func ParseTimestamp(s string) (time.Time, error) {
	if !strictRFC3339(s) {
		return time.Time{}, fmt.Errorf("%w: timestamp %q", ErrTime, clip(s))
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.Unix() < MinUnix || t.Unix() > MaxUnix {
		return time.Time{}, fmt.Errorf("%w: timestamp %q", ErrTime, clip(s))
	}
	return t.UTC(), nil
}

// strictRFC3339 rejects what time.Parse takes and RFC 3339 forbids.
func strictRFC3339(s string) bool {
	if len(s) < 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return false
	}
	for _, p := range [...]struct{ at, to, lo, hi int }{{0, 4, 0, 9999}, {5, 7, 1, 12}, {8, 10, 1, 31}, {11, 13, 0, 23}, {14, 16, 0, 59}, {17, 19, 0, 60}} {
		if n, ok := digits(s[p.at:p.to]); !ok || n < p.lo || n > p.hi {
			return false
		}
	}
	rest := s[19:]
	if rest[0] == '.' {
		n := 1
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		if n == 1 {
			return false
		}
		rest = rest[n:]
	}
	if len(rest) == 1 {
		return rest[0] == 'Z'
	}
	if len(rest) != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':' {
		return false
	}
	h, okH := digits(rest[1:3])
	m, okM := digits(rest[4:6])
	return okH && okM && h <= 23 && m <= 59
}

func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// ParseDuration reads a duration as CEL's duration() does: Go's notation, "1h30m", "-0.5s".
func ParseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("%w: duration %q", ErrTime, clip(s))
	}
	return d, nil
}

// offsetPattern is how CEL writes a numeric zone; the sign is optional, digits may be missing as cel-go allows.
var offsetPattern = regexp.MustCompile(`^[+-]?\d+:[+-]?\d+$`)

// LoadZone returns the zone that CEL's time accessors understand by name: an IANA
// name, "UTC", "" (UTC), "Local" is refused, or an offset "+02:00", "-9:30".
func LoadZone(name string) (*time.Location, error) {
	if strings.Contains(name, ":") {
		return offsetZone(name)
	}
	if name == "Local" {
		return nil, fmt.Errorf("%w: zone %q depends on the machine", ErrTime, name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%w: zone %q", ErrTime, clip(name))
	}
	return loc, nil
}

func offsetZone(name string) (*time.Location, error) {
	bad := fmt.Errorf("%w: zone %q", ErrTime, clip(name))
	if !offsetPattern.MatchString(name) {
		return nil, bad
	}
	hs, ms, _ := strings.Cut(name, ":")
	h, errH := strconv.Atoi(hs)
	m, errM := strconv.Atoi(ms)
	if errH != nil || errM != nil || h < -23 || h > 23 || m < 0 || m > 59 {
		return nil, bad
	}
	offset := h*60 + m
	if name[0] == '-' {
		offset = h*60 - m
	}
	return time.FixedZone("", offset*60), nil
}
