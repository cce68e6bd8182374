package mysql

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// errRange is a cell that the column's logical type cannot hold: it goes to Vector.Errs.
var errRange = errors.New("outside the logical type")

// decoder turns the cells of one result column into elements of a vector.
type decoder struct {
	typ  value.Type
	bits bool           // BIT: big-endian octets
	doc  bool           // a text that may be no JSON
	loc  *time.Location // of naive times that are read as instants; nil for UTC
}

func newDecoder(c value.Column) (decoder, error) {
	d := decoder{typ: c.Type, bits: nativeOf(c).is("bit"), doc: nativeOf(c).loose()}
	if c.Zone != "" {
		loc, err := value.LoadZone(c.Zone)
		if err != nil {
			return decoder{}, fmt.Errorf("timezone %q of column %s: %w", c.Zone, c.Name, err)
		}
		if off, fixed := offsetOf(c.Zone); !fixed || off != 0 {
			d.loc = loc
		}
	}
	return d, nil
}

// append adds x, what the driver made of a cell, to v.
func (d *decoder) append(v *value.Vector, x driver.Value) error {
	if x == nil {
		v.AppendNull()
		return nil
	}
	err := d.put(v, x)
	if errors.Is(err, errRange) {
		v.AppendErr()
		return nil
	}
	return err
}

// put adds a cell that is not null; nothing is added where it returns an error.
func (d *decoder) put(v *value.Vector, x driver.Value) error {
	switch d.typ.Kind {
	case value.Bool:
		i, err := d.integer(x)
		return add(v.AppendBool, i != 0, err)
	case value.Int:
		i, err := d.integer(x)
		return add(v.AppendInt, i, err)
	case value.Uint:
		u, err := d.unsigned(x)
		return add(v.AppendUint, u, err)
	case value.Double:
		f, err := double(x)
		return add(v.AppendDouble, f, err)
	case value.Decimal:
		n, err := decimal(x)
		return add(v.AppendDecimal, n, err)
	case value.Duration:
		n, err := duration(x)
		return add(v.AppendInt, n, err)
	case value.Timestamp, value.LocalTimestamp:
		s, n, err := d.instant(x)
		if err == nil {
			v.AppendTimestamp(s, n)
		}
		return err
	case value.String, value.Bytes, value.JSON:
		b, ok := x.([]byte)
		if !ok {
			return unexpected(x)
		}
		if d.doc && !json.Valid(b) {
			return errRange
		}
		if len(v.Data)+len(b) > value.MaxData {
			return errors.New("a batch of more than 4 GiB in one column")
		}
		v.AppendBytes(b)
		return nil
	case value.List, value.Null:
	}
	return fmt.Errorf("a column of type %s cannot be read", d.typ)
}

func add[T any](to func(T), x T, err error) error {
	if err == nil {
		to(x)
	}
	return err
}

// integer reads a whole number within int64.
func (d *decoder) integer(x driver.Value) (int64, error) {
	switch x := x.(type) {
	case int64:
		return x, nil
	case uint64:
		if x > math.MaxInt64 {
			return 0, errRange
		}
		return int64(x), nil
	case []byte:
		if d.bits {
			u := bigEndian(x)
			return int64(u), nil //nolint:gosec // BIT(64) is a Uint; as a bool only zero matters
		}
		i, err := strconv.ParseInt(string(x), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%w: %w", errRange, err)
		}
		return i, nil
	}
	return 0, unexpected(x)
}

func (d *decoder) unsigned(x driver.Value) (uint64, error) {
	switch x := x.(type) {
	case uint64:
		return x, nil
	case int64:
		if x < 0 {
			return 0, errRange
		}
		return uint64(x), nil
	case []byte:
		if d.bits {
			return bigEndian(x), nil
		}
		u, err := strconv.ParseUint(string(x), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%w: %w", errRange, err)
		}
		return u, nil
	}
	return 0, unexpected(x)
}

func bigEndian(b []byte) uint64 {
	var u uint64
	for _, c := range b {
		u = u<<8 | uint64(c)
	}
	return u
}

func double(x driver.Value) (float64, error) {
	switch x := x.(type) {
	case float64:
		return x, nil
	case float32:
		return float64(x), nil
	case int64:
		return float64(x), nil
	case []byte:
		f, err := strconv.ParseFloat(string(x), 64)
		if err != nil {
			return 0, fmt.Errorf("a double: %w", err)
		}
		return f, nil
	}
	return 0, unexpected(x)
}

func decimal(x driver.Value) (value.Dec, error) {
	switch x := x.(type) {
	case []byte:
		// Up to 18 digits without an allocation: the conversion does not escape.
		n, err := value.ParseDec(string(x))
		if err != nil {
			return value.Dec{}, fmt.Errorf("a decimal: %w", err)
		}
		return n, nil
	case int64:
		return value.DecFromInt(x), nil
	case uint64:
		return value.DecFromUint(x), nil
	}
	return value.Dec{}, unexpected(x)
}

func unexpected(x driver.Value) error {
	return fmt.Errorf("unexpected value of type %T from the driver", x)
}
