package connectortest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// sqlTime is the layout of timestamps in SQL literals.
const sqlTime = "2006-01-02 15:04:05.999999"

// clock returns a time of day as SQL writes it, "24:00:00" included.
func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d:%02d.%06d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60, d.Microseconds()%1_000_000)
}

func postgresLiteral(c Column, v value.Value) (string, error) {
	if s, ok := plainLiteral(v); ok {
		// a bare -9223372036854775808 is a negated numeric
		return "'" + s + "'", nil
	}
	switch v.Kind() {
	case value.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case value.Double:
		return "'" + doubleText(v.Double()) + "'", nil
	case value.Decimal:
		return "'" + v.Decimal().String() + "'", nil
	case value.String, value.JSON:
		return quoteText(v.Str()), nil
	case value.Bytes:
		return fmt.Sprintf(`'\x%x'`, v.Str()), nil
	case value.Timestamp:
		return "'" + v.Time().Format(sqlTime) + "+00'", nil
	case value.LocalTimestamp:
		return "'" + v.Time().Format(sqlTime) + "'", nil
	case value.Duration:
		return "'" + clock(v.Duration()) + "'", nil
	case value.List:
		parts := make([]string, len(v.List()))
		for i, e := range v.List() {
			parts[i] = "null"
			if e.IsNull() {
				continue
			}
			s, err := postgresLiteral(c, e)
			if err != nil {
				return "", err
			}
			parts[i] = s
		}
		return "array[" + strings.Join(parts, ", ") + "]::" + NativeType(EnginePostgres, c), nil
	case value.Null, value.Int, value.Uint:
	}
	return "", unsupported(EnginePostgres, v)
}

func doubleText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(f, 'e', -1, 64)
}

func mysqlLiteral(_ Column, v value.Value) (string, error) {
	if s, ok := plainLiteral(v); ok {
		return s, nil
	}
	switch v.Kind() {
	case value.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case value.Double:
		return strconv.FormatFloat(v.Double(), 'e', -1, 64), nil
	case value.Decimal:
		return v.Decimal().String(), nil
	case value.String, value.JSON:
		// hex needs no escape, whatever the sql_mode says of backslashes
		return fmt.Sprintf("_utf8mb4 x'%x'", v.Str()), nil
	case value.Bytes:
		return fmt.Sprintf("x'%x'", v.Str()), nil
	case value.Timestamp, value.LocalTimestamp:
		return "'" + v.Time().Format(sqlTime) + "'", nil
	case value.Duration:
		return "'" + clock(v.Duration()) + "'", nil
	case value.Null, value.Int, value.Uint, value.List:
	}
	return "", unsupported(EngineMySQL, v)
}

func sqliteLiteral(_ Column, v value.Value) (string, error) {
	if s, ok := plainLiteral(v); ok {
		return s, nil
	}
	switch v.Kind() {
	case value.Bool:
		if v.Bool() {
			return "1", nil
		}
		return "0", nil
	case value.Double:
		if math.IsInf(v.Double(), 0) {
			return strings.ReplaceAll(strings.TrimPrefix(strconv.FormatFloat(v.Double(), 'f', -1, 64), "+"), "Inf", "9e999"), nil
		}
		return strconv.FormatFloat(v.Double(), 'e', 17, 64), nil
	case value.Decimal:
		return quoteText(v.Decimal().String()), nil
	case value.String, value.JSON:
		return fmt.Sprintf("cast(x'%x' as text)", v.Str()), nil
	case value.Bytes:
		return fmt.Sprintf("x'%x'", v.Str()), nil
	case value.Timestamp:
		return quoteText(v.Time().Format(time.RFC3339Nano)), nil
	case value.Null, value.Int, value.Uint, value.LocalTimestamp, value.Duration, value.List:
	}
	return "", unsupported(EngineSQLite, v)
}
