package guarded

import (
	"fmt"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// Fit says why a column cannot hold the value as it is, nil where nothing is known that keeps it from doing so. What a server would round or cut is refused here,
// before it does.
func Fit(col *value.Column, v value.Value) error {
	if v.IsNull() {
		return nil
	}
	if !fitsKind(col.Type, v) {
		return fmt.Errorf("column %s of type %s takes no %s", col.Name, col.Type, v.Kind())
	}
	r := col.Resolution
	switch v.Kind() {
	case value.List:
		elem := *col
		elem.Type = *col.Type.Elem
		for _, e := range v.List() {
			if err := Fit(&elem, e); err != nil {
				return err
			}
		}
	case value.Double:
		if f := v.Double(); r.Single && float64(float32(f)) != f && f == f {
			return fmt.Errorf("column %s holds binary32 and would round the value", col.Name)
		}
	case value.Decimal:
		if r.Known && v.Decimal().Round(int32(r.Digits)).Cmp(v.Decimal()) != 0 {
			return fmt.Errorf("column %s keeps %d decimals and would round the value", col.Name, r.Digits)
		}
	case value.Timestamp, value.LocalTimestamp:
		at := v.Time()
		if col.Shape == value.Date && (at.Hour() != 0 || at.Minute() != 0 || at.Second() != 0 || at.Nanosecond() != 0) {
			return fmt.Errorf("column %s holds days and would cut the time off", col.Name)
		}
		if !whole(int64(at.Nanosecond()), r) {
			return fmt.Errorf("column %s keeps %d digits of a second and would round the value", col.Name, r.Digits)
		}
	case value.Duration:
		if !whole(int64(v.Duration()%time.Second), r) {
			return fmt.Errorf("column %s keeps %d digits of a second and would round the value", col.Name, r.Digits)
		}
	default:
	}
	return nil
}

// fitsKind reports whether v is of the column's type.
func fitsKind(t value.Type, v value.Value) bool {
	if t.Kind != v.Kind() {
		return false
	}
	return t.Kind != value.List || t.Elem != nil
}

// whole reports whether so many nanoseconds are a whole number of what the resolution keeps.
func whole(nanos int64, r value.Resolution) bool {
	if !r.Known {
		return true
	}
	step := int64(1)
	for d := int8(9); d > max(r.Digits, 0); d-- {
		step *= 10
	}
	return nanos%step == 0
}
