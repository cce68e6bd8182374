package postgres

import (
	"errors"
	"fmt"
	"time"

	"github.com/assay-dev/assay/connectors/guarded"
	"github.com/assay-dev/assay/connectors/value"
)

// copied appends a value as COPY's text has it. What the server would round or shorten is refused, as in corrections.
func (w *wire) copied(b []byte, v value.Value) ([]byte, error) {
	if v.IsNull() {
		return append(b, '\\', 'N'), nil
	}
	if err := guarded.Fit(&w.col, v); err != nil {
		return b, err
	}
	text, err := w.cell(v)
	if err != nil {
		return b, fmt.Errorf("column %s: %w", w.col.Name, err)
	}
	for i := range len(text) {
		switch c := text[i]; c {
		case '\\':
			b = append(b, '\\', '\\')
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, c)
		}
	}
	return b, nil
}

// cell writes a value as the column's type reads it.
func (w *wire) cell(v value.Value) (string, error) {
	switch v.Kind() {
	case value.List:
		b, err := appendList(w, nil, v)
		return string(b), err
	case value.String, value.JSON:
		if err := w.length(v.Str()); err != nil {
			return "", err
		}
	case value.Timestamp, value.LocalTimestamp:
		us, err := w.micros(v)
		if err != nil {
			return "", err
		}
		sec, nanos := splitMicros(us)
		at := time.Unix(sec+epoch, int64(nanos)).UTC()
		if w.meta.family == famDate {
			return at.Format(time.DateOnly), nil
		}
		text := at.Format("2006-01-02 15:04:05.999999")
		if w.meta.family == famTimestamptz {
			text += "+00"
		}
		if at.Year() < 1 {
			return "", errors.New("the clock of its zone shows a year before the first")
		}
		return text, nil
	case value.Duration:
		d := v.Duration()
		if d%time.Microsecond != 0 {
			return "", errors.New("PostgreSQL keeps microseconds")
		}
		if w.meta.family == famInterval {
			return fmt.Sprintf("%d microseconds", d.Microseconds()), nil
		}
		if d < 0 || d > 24*time.Hour {
			return "", errors.New("the column holds times of day, 00:00:00 to 24:00:00")
		}
		return fmt.Sprintf("%02d:%02d:%02d.%06d", d/time.Hour, d/time.Minute%60, d/time.Second%60, d.Microseconds()%1e6), nil
	default:
	}
	return w.text(v)
}
