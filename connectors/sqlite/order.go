package sqlite

import (
	"database/sql/driver"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/value"
)

func itoa(n int) string { return strconv.Itoa(n) }

// order is assay_order(x): a blob that sorts as the decimal x does, NULL where x is none.
func order(args []driver.Value) (driver.Value, error) {
	if len(args) != 1 {
		return nil, errCall
	}
	if args[0] == nil {
		return nil, nil
	}
	d, ok := decimalOf(args[0])
	if !ok {
		return nil, nil
	}
	return orderKeyOf(d), nil
}

// orderKeyOf writes the sign, the power of ten and the digits; the last two turned round for a negative number.
func orderKeyOf(d value.Dec) []byte {
	if d.Sign() == 0 {
		return []byte{1}
	}
	whole, frac, _ := strings.Cut(d.Abs().String(), ".")
	digits := strings.TrimLeft(whole, "0")
	exponent := len(digits)
	if digits == "" {
		trimmed := strings.TrimLeft(frac, "0")
		exponent, digits = len(trimmed)-len(frac), trimmed
	} else {
		digits += frac
	}
	digits = strings.TrimRight(digits, "0")
	key := binary.BigEndian.AppendUint32([]byte{2}, uint32(exponent+1<<30)) //nolint:gosec // decimals have at most 150,000 digits
	key = append(key, digits...)
	if d.Sign() < 0 {
		key[0] = 0
		for i := 1; i < len(key); i++ {
			key[i] = ^key[i]
		}
		key = append(key, 0xff) // a longer fraction is the smaller number
	}
	return key
}
