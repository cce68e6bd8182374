package sqlgen

import (
	"encoding/hex"
	"strconv"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// valueText returns v as people read it in an explained statement.
func valueText(v value.Value) string {
	switch v.Kind() {
	case value.Bool:
		return strconv.FormatBool(v.Bool())
	case value.Int:
		return strconv.FormatInt(v.Int(), 10)
	case value.Uint:
		return strconv.FormatUint(v.Uint(), 10)
	case value.Double:
		return strconv.FormatFloat(v.Double(), 'g', -1, 64)
	case value.Decimal:
		return v.Decimal().String()
	case value.String, value.JSON:
		return v.Str()
	case value.Bytes:
		return "0x" + hex.EncodeToString([]byte(v.Str()))
	case value.Timestamp:
		return v.Time().Format(time.RFC3339Nano)
	case value.LocalTimestamp:
		return v.Time().Format("2006-01-02T15:04:05.999999999")
	case value.Duration:
		return v.Duration().String()
	case value.Null:
		return "null"
	default:
		return v.Kind().String()
	}
}
