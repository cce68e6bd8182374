package elasticsearch

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/value"
)

// encodeTime appends an instant in one of the field's formats: that of the old text where it can hold the instant, else the first one that can.
func (f *field) encodeTime(b []byte, t time.Time, old []byte) ([]byte, error) {
	t = t.UTC()
	candidates := timeLike(t, old)
	format := f.format
	if format == "" {
		format = defaultDateFormat
	}
	for name := range strings.SplitSeq(format, "||") {
		candidates = append(candidates, timeTexts(name, t)...)
	}
	for _, text := range candidates {
		if f.reads(text, t) {
			return append(b, text...), nil
		}
	}
	return nil, fmt.Errorf("this instant cannot be written exactly in the format %s", format) // which one it is may be masked
}

// reads reports whether JSON text is read as the instant, by the field's formats in their order.
func (f *field) reads(text []byte, t time.Time) bool {
	in, _ := inner(text, nil, utf8.RuneError)
	for _, read := range f.dates {
		if got, ok := read(in); ok {
			return got.Equal(t)
		}
	}
	return false
}

func quoted(text string) []byte { return appendText(nil, text) }

// timeLike writes an instant as an old one is written: as many digits of the second, the same separators.
func timeLike(t time.Time, old []byte) [][]byte {
	if len(old) == 0 {
		return nil
	}
	if old[0] != '"' {
		return [][]byte{epochText(t, time.Millisecond), epochText(t, time.Second)}
	}
	text, _ := inner(old, nil, utf8.RuneError)
	layout, ok := layoutOf(string(text))
	if !ok {
		return nil
	}
	return [][]byte{quoted(t.Format(layout))}
}

// layoutOf is the layout of an ISO text that ends in Z or without an offset.
func layoutOf(text string) (string, bool) {
	const full = "2006-01-02T15:04:05"
	rest, z := strings.CutSuffix(text, "Z")
	whole, fraction, has := strings.Cut(rest, ".")
	if len(whole) > len(full) {
		return "", false
	}
	layout := full[:len(whole)]
	if len(whole) > 10 && whole[10] == ' ' {
		layout = layout[:10] + " " + layout[11:]
	}
	if _, err := time.Parse(layout, whole); err != nil {
		return "", false
	}
	if has {
		layout += "." + strings.Repeat("0", len(fraction))
	}
	if z {
		layout += "Z"
	}
	return layout, true
}

// epochText counts units since 1970, with a fraction where it needs one.
func epochText(t time.Time, unit time.Duration) []byte {
	whole, rest := t.Unix(), int64(t.Nanosecond())
	if unit == time.Millisecond {
		whole, rest = t.UnixMilli(), rest%int64(time.Millisecond)
	}
	if rest == 0 {
		return strconv.AppendInt(nil, whole, 10)
	}
	d := value.NewDec(whole, 0)
	digits := int32(9)
	if unit == time.Millisecond {
		digits = 6
	}
	return []byte(d.Add(value.NewDec(rest, digits)).String())
}

// timeTexts writes an instant in a named format or pattern of the server, the plainest text first.
func timeTexts(name string, t time.Time) [][]byte {
	switch name {
	case "epoch_millis":
		return [][]byte{epochText(t, time.Millisecond)}
	case "epoch_second":
		return [][]byte{epochText(t, time.Second)}
	}
	plain := strings.TrimPrefix(name, "strict_")
	if !isoFormats[plain] {
		layout, ok := goLayout(name)
		if !ok {
			return nil
		}
		return [][]byte{quoted(t.Format(layout))}
	}
	layouts, ok := isoLayouts[plain]
	if !ok {
		layouts = isoLayouts["date_optional_time"]
	}
	var out [][]byte
	for _, l := range layouts {
		if text := quoted(t.Format(l)); !containsBytes(out, text) {
			out = append(out, text)
		}
	}
	return out
}

func containsBytes(list [][]byte, one []byte) bool {
	for _, b := range list {
		if bytes.Equal(b, one) {
			return true
		}
	}
	return false
}

// isoLayouts are the texts that each named format takes; the server refuses others.
var isoLayouts = map[string][]string{ //nolint:gochecknoglobals // immutable
	"date_optional_time":               {"2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05.999999999Z"},
	"date_optional_time_nanos":         {"2006-01-02T15:04:05.000000000Z"},
	"date_time":                        {"2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05.000000000Z"},
	"date_time_no_millis":              {"2006-01-02T15:04:05Z"},
	"date":                             {"2006-01-02"},
	"year_month_day":                   {"2006-01-02"},
	"date_hour":                        {"2006-01-02T15"},
	"date_hour_minute":                 {"2006-01-02T15:04"},
	"date_hour_minute_second":          {"2006-01-02T15:04:05"},
	"date_hour_minute_second_millis":   {"2006-01-02T15:04:05.000"},
	"date_hour_minute_second_fraction": {"2006-01-02T15:04:05.000", "2006-01-02T15:04:05.000000000"},
	"year":                             {"2006"},
	"year_month":                       {"2006-01"},
}
