package value

import (
	"cmp"
	"encoding/json"
	"math"
	"strings"
)

// Equal reports a == b as CEL has it: null equals null only; numbers of any kinds
// compare by value (see Compare); NaN equals nothing; lists element by element; JSON by content, its
// numbers as doubles and its objects without order; values of unlike kinds are not equal. It never fails.
func Equal(a, b Value) bool {
	if a.kind == JSON || b.kind == JSON {
		return equalJSON(a, b)
	}
	if a.kind == List || b.kind == List {
		if a.kind != b.kind || len(a.list) != len(b.list) {
			return false
		}
		for i := range a.list {
			if !Equal(a.list[i], b.list[i]) {
				return false
			}
		}
		return true
	}
	if a.kind == Null || b.kind == Null {
		return a.kind == b.kind
	}
	c, ok := Compare(a, b)
	return ok && c == 0
}

// Compare orders a and b as CEL does and returns -1, 0 or 1; ok is false where there is
// no order: null, NaN, lists, JSON, kinds that do not compare (CEL's operators err there, but for NaN, where they are false). Numbers of different
// kinds compare by value: Int, Uint and Decimal exactly; a Double against an Int or
// Uint as cel-go has it, the integer rounded to the nearest double; a Double against a Decimal at its shortest decimal text.
func Compare(a, b Value) (c int, ok bool) {
	if a.kind == b.kind {
		return compareSame(a, b)
	}
	if a.kind > b.kind {
		c, ok = Compare(b, a)
		return -c, ok
	}
	switch { // a.kind < b.kind: Int < Uint < Double < Decimal
	case a.kind == Int && b.kind == Uint:
		return CompareIntUint(a.Int(), b.num), true
	case a.kind == Int && b.kind == Double:
		return compareDoubles(float64(a.Int()), b.Double())
	case a.kind == Uint && b.kind == Double:
		return compareDoubles(float64(a.num), b.Double())
	case a.kind == Int && b.kind == Decimal:
		return DecFromInt(a.Int()).Cmp(b.Decimal()), true
	case a.kind == Uint && b.kind == Decimal:
		return DecFromUint(a.num).Cmp(b.Decimal()), true
	case a.kind == Double && b.kind == Decimal:
		return CompareDoubleDec(a.Double(), b.Decimal())
	}
	return 0, false
}

func compareSame(a, b Value) (int, bool) {
	switch a.kind {
	case Bool, Uint:
		return cmp.Compare(a.num, b.num), true
	case Int, Duration:
		return cmp.Compare(a.Int(), b.Int()), true
	case Double:
		return compareDoubles(a.Double(), b.Double())
	case Decimal:
		return a.Decimal().Cmp(b.Decimal()), true
	case String, Bytes:
		return strings.Compare(a.str, b.str), true
	case Timestamp, LocalTimestamp:
		if c := cmp.Compare(a.Int(), b.Int()); c != 0 {
			return c, true
		}
		return cmp.Compare(a.nsec, b.nsec), true
	case Null, JSON, List:
	}
	return 0, false
}

func compareDoubles(a, b float64) (int, bool) {
	switch {
	case a < b:
		return -1, true
	case a > b:
		return 1, true
	case a == b:
		return 0, true
	}
	return 0, false // NaN
}

// CompareIntUint compares exactly.
func CompareIntUint(i int64, u uint64) int {
	if i < 0 {
		return -1
	}
	return cmp.Compare(uint64(i), u)
}

// CompareDoubleDec compares f, at its shortest decimal text, with d; false for NaN. Infinities lie beyond every decimal.
func CompareDoubleDec(f float64, d Dec) (int, bool) {
	switch {
	case math.IsNaN(f):
		return 0, false
	case math.IsInf(f, 1):
		return 1, true
	case math.IsInf(f, -1):
		return -1, true
	}
	e, err := DecFromFloat(f)
	if err != nil {
		return 0, false
	}
	return e.Cmp(d), true
}

func equalJSON(a, b Value) bool {
	x, okX := decodeJSON(a)
	y, okY := decodeJSON(b)
	return okX && okY && equalAny(x, y)
}

// decodeJSON returns the dynamic form of v: the decoded document, or a Value.
func decodeJSON(v Value) (any, bool) {
	switch v.kind {
	case JSON:
		var x any
		err := json.Unmarshal([]byte(v.str), &x)
		return x, err == nil
	case Null:
		return nil, true
	case Bool:
		return v.Bool(), true
	case String:
		return v.str, true
	case List:
		l := make([]any, len(v.list))
		for i := range v.list {
			x, ok := decodeJSON(v.list[i])
			if !ok {
				return nil, false
			}
			l[i] = x
		}
		return l, true
	default:
		return v, true
	}
}

func equalAny(a, b any) bool {
	switch x := a.(type) {
	case float64:
		switch y := b.(type) {
		case float64:
			return x == y
		case Value:
			return Equal(DoubleValue(x), y)
		}
		return false
	case Value:
		switch y := b.(type) {
		case float64:
			return Equal(x, DoubleValue(y))
		case Value:
			return Equal(x, y)
		}
		return false
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !equalAny(x[i], y[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for k, e := range x {
			f, ok := y[k]
			if !ok || !equalAny(e, f) {
				return false
			}
		}
		return true
	}
	switch b.(type) {
	case []any, map[string]any:
		return false
	}
	return a == b // nil, bool, string
}
