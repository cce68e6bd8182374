package connectortest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// describer is the part of a source that Relation needs.
type describer interface {
	Describe(ctx context.Context, d query.Dataset) (value.Schema, error)
}

// Text returns a value for the messages of tests, long ones cut.
func Text(v value.Value) string {
	switch v.Kind() {
	case value.Null:
		return "null"
	case value.Bool:
		return strconv.FormatBool(v.Bool())
	case value.Int:
		return strconv.FormatInt(v.Int(), 10)
	case value.Uint:
		return strconv.FormatUint(v.Uint(), 10) + "u"
	case value.Double:
		return strconv.FormatFloat(v.Double(), 'g', -1, 64)
	case value.Decimal:
		return v.Decimal().String()
	case value.Timestamp:
		return v.Time().Format(time.RFC3339Nano)
	case value.LocalTimestamp:
		return v.Time().Format("2006-01-02T15:04:05.999999999")
	case value.Duration:
		return v.Duration().String()
	case value.List:
		parts := make([]string, len(v.List()))
		for i, e := range v.List() {
			parts[i] = Text(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case value.String, value.Bytes, value.JSON:
	}
	if s := v.Str(); len(s) > 80 {
		return fmt.Sprintf("%q… (%d bytes)", s[:80], len(s))
	}
	return strconv.Quote(v.Str())
}

func instant(k value.Kind, sec int64, nsec int32) value.Value {
	t := time.Unix(sec, int64(nsec)).UTC()
	if k == value.LocalTimestamp {
		return value.LocalTimestampValue(t)
	}
	return value.TimestampValue(t)
}

func duration(ns int64) time.Duration { return time.Duration(ns) }
