package correct_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// everyType are columns of every type.
func everyType() []value.Column {
	var cols []value.Column
	for k := value.Bool; k < value.List; k++ {
		cols = append(cols, value.Column{Name: k.String() + ` "q" `, Type: value.Of(k), Native: k.String()})
	}
	for k := value.Bool; k < value.List; k++ {
		cols = append(cols, value.Column{Name: "list of " + k.String(), Type: value.ListOf(value.Of(k))})
	}
	return append(cols, value.Column{Name: "deep", Type: value.ListOf(value.ListOf(value.Of(value.Int)))})
}

// hostile are values that are lost on the way where one is careless.
func hostile(k value.Kind) []value.Value {
	switch k {
	case value.Bool:
		return []value.Value{value.BoolValue(true), value.BoolValue(false)}
	case value.Int:
		return ints(0, -1, 1<<53, 1<<53+1, -1<<53-1, math.MaxInt64, math.MinInt64)
	case value.Uint:
		return []value.Value{value.UintValue(0), value.UintValue(1 << 53), value.UintValue(1<<53 + 1), value.UintValue(math.MaxUint64)}
	case value.Double:
		return doubles(0, math.Copysign(0, -1), 0.1, 1e300, 5e-324, -1.5e-7, math.MaxFloat64, math.NaN(), math.Inf(1), math.Inf(-1), 1<<53+2)
	case value.Decimal:
		return decimals("0", "0.00", "12.50", "-0.010", "123456789012345678901234567890.1230", "1e30", "-1e-40", "9223372036854775808.0")
	case value.String:
		return texts(value.StringValue)
	case value.JSON:
		return append(texts(value.JSONValue), value.JSONValue("{\n \"a\": 1.0, \"b\":9007199254740993}"), value.JSONValue("null"))
	case value.Bytes:
		return []value.Value{value.BytesValue(nil), value.BytesValue([]byte{0, 255, '"'})}
	case value.Timestamp, value.LocalTimestamp:
		return times(k)
	case value.Duration:
		return []value.Value{value.DurationValue(0), value.DurationValue(1), value.DurationValue(math.MaxInt64), value.DurationValue(math.MinInt64), value.DurationValue(-time.Second / 2)}
	default:
		return nil
	}
}

func ints(n ...int64) (out []value.Value) {
	for _, i := range n {
		out = append(out, value.IntValue(i))
	}
	return out
}

func doubles(n ...float64) (out []value.Value) {
	for _, f := range n {
		out = append(out, value.DoubleValue(f))
	}
	return out
}

func decimals(n ...string) (out []value.Value) {
	for _, s := range n {
		d, err := value.ParseDec(s)
		if err != nil {
			panic(err)
		}
		out = append(out, value.DecimalValue(d))
	}
	return out
}

func texts(of func(string) value.Value) (out []value.Value) {
	for _, s := range []string{"", "null", "NULL", `"`, `\`, "\x00\x01\x1f\x7f", "\n\r\t", "é€😀", "\u2028\u2029", "\xff\xfe", "a\xc3", "\ufffd", "<script>&", "'; DROP TABLE t; --", `\u0041`} {
		out = append(out, of(s))
	}
	return out
}

func times(k value.Kind) (out []value.Value) {
	for _, t := range []time.Time{time.Unix(0, 1), time.Unix(value.MinUnix, 0), time.Unix(value.MaxUnix, 999_999_999), time.Unix(-1, 999_999_999)} {
		v := value.TimestampValue(t)
		if k == value.LocalTimestamp {
			v = value.LocalTimestampValue(t.UTC())
		}
		out = append(out, v)
	}
	return out
}

// cell draws a value of the type, null now and then.
func cell(t *rapid.T, typ value.Type) value.Value {
	if rapid.IntRange(0, 7).Draw(t, "null") == 0 {
		return value.NullValue()
	}
	if typ.Kind == value.List {
		n := rapid.IntRange(0, 3).Draw(t, "elements")
		var list []value.Value
		for range n {
			list = append(list, cell(t, *typ.Elem))
		}
		return value.ListValue(*typ.Elem, list...)
	}
	switch {
	case typ.Kind == value.Double && rapid.Bool().Draw(t, "any"):
		return value.DoubleValue(rapid.Float64().Draw(t, "double"))
	case typ.Kind == value.String && rapid.Bool().Draw(t, "any"):
		return value.StringValue(string(rapid.SliceOf(rapid.Byte()).Draw(t, "octets")))
	}
	return rapid.SampledFrom(hostile(typ.Kind)).Draw(t, "value")
}

// exact is a value with all that tells it from others, a decimal's zeros and the bits of a double included.
func exact(v value.Value) string {
	switch v.Kind() {
	case value.Double:
		if math.IsNaN(v.Double()) {
			return "double NaN"
		}
		return fmt.Sprintf("double %x", math.Float64bits(v.Double()))
	case value.Decimal:
		return "decimal " + v.Decimal().Exact()
	case value.List:
		var b strings.Builder
		for _, e := range v.List() {
			b.WriteString(exact(e) + "|")
		}
		return v.Type().String() + b.String()
	}
	return fmt.Sprintf("%s %q", v.Kind(), v.Text())
}

var exactly = cmp.Comparer(func(a, b value.Value) bool { return exact(a) == exact(b) })

func planHeader(key, columns []value.Column) correct.Header {
	t := correct.NewTarget("shop.orders", "shop", "sqlite", &query.Relation{Dataset: query.Dataset{Name: "orders", Table: "orders"}}, key, columns)
	t.Rows = 100
	return correct.Header{Suite: "s", File: "assay.yaml", Digest: "abc", Targets: []correct.Target{t}}
}

// change draws a change of the header's target with the key.
func change(t *rapid.T, key int64, cols []value.Column) *correct.Change {
	c := &correct.Change{
		Target: "shop.orders", Expectation: rapid.String().Draw(t, "expectation"), Reason: rapid.String().Draw(t, "reason"),
		Class: rapid.SampledFrom([]correct.Class{correct.Missing, correct.Extra, correct.Changed, correct.Duplicate, correct.Violation}).Draw(t, "class"),
		Risk:  rapid.SampledFrom([]correct.Risk{correct.Low, correct.Medium, correct.High, correct.Manual}).Draw(t, "risk"),
	}
	c.Key = []value.Value{value.IntValue(key), value.StringValue("k\n")}
	c.Action = rapid.SampledFrom([]connectors.Action{connectors.Insert, connectors.Update, connectors.Delete}).Draw(t, "action")
	if c.Action != connectors.Insert {
		for _, col := range cols {
			c.Before = append(c.Before, cell(t, col.Type))
		}
	}
	if c.Action != connectors.Delete {
		c.Set = []int{}
		c.After = make([]value.Value, len(cols))
		copy(c.After, c.Before)
		for i, col := range cols {
			if i == 0 || rapid.Bool().Draw(t, "set") {
				c.Set = append(c.Set, i)
				c.After[i] = cell(t, col.Type)
			}
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "document") == 0 {
		c.Document = &connectors.Document{Index: "i", ID: rapid.String().Draw(t, "id"), Routing: "r", SeqNo: math.MaxInt64, PrimaryTerm: 3, Source: json.RawMessage("{ \"a\" : 1 }\n")}
	}
	return c
}

func keyColumns() []value.Column {
	return []value.Column{{Name: "id", Type: value.Of(value.Int)}, {Name: "part", Type: value.Of(value.String)}}
}

// TestPlanFile: what is written is read, whatever the values are.
func TestPlanFile(t *testing.T) {
	cols := everyType()
	path := filepath.Join(t.TempDir(), "plan.jsonl")
	rapid.Check(t, func(t *rapid.T) {
		w, err := correct.Create(path, planHeader(keyColumns(), cols))
		if err != nil {
			t.Fatal(err)
		}
		var want []*correct.Change
		n := rapid.IntRange(0, 5).Draw(t, "changes")
		for i := range n {
			c := change(t, int64(i), cols)
			if err := w.Add(c); err != nil {
				t.Fatal(err)
			}
			want = append(want, c)
		}
		w.Refuse("e", "cannot", 3)
		w.Refuse("e", "cannot", 2)
		h, err := w.Finish()
		if err != nil {
			t.Fatal(err)
		}
		p, err := correct.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		var got []*correct.Change
		if err := p.Changes(context.Background(), func(c *correct.Change) error { got = append(got, c); return nil }); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, exactly); d != "" {
			t.Fatal(d)
		}
		if p.Header.Sum != h.Sum || p.Header.Counts.Total != int64(n) || len(p.Header.Refused) != 1 || p.Header.Refused[0].Rows != 5 {
			t.Fatalf("header %+v", p.Header)
		}
	})
	if names, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
	if s, err := os.Stat(path); err != nil || s.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", s.Mode(), err)
	}
}

// sha is the SHA-256 of b, hexadecimal.
func sha(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// shown is a change with all that tells it from others.
func shown(c *correct.Change) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %q %s %s %q %s %q %v %v %q %+v", c.N, c.Target, c.Action, c.Class, c.Expectation, c.Risk, c.Reason, c.Set, c.Before == nil, c.Restore, c.Document)
	for _, row := range [][]value.Value{c.Key, c.Before, c.After} {
		for _, v := range row {
			b.WriteString(exact(v) + ";")
		}
	}
	return b.String()
}

// TestLongLine: a line that no machine can be asked to hold is refused, with its number, and none is written.
func TestLongLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plan.jsonl")
	good := write(t, path, 1)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	spaces := strings.Repeat(" ", 1<<20)
	_, err = f.WriteString(good[0])
	for range 100 {
		if err == nil {
			_, err = f.WriteString(spaces)
		}
	}
	if err == nil {
		_, err = f.WriteString(good[1])
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := correct.Open(path); err == nil || !strings.Contains(err.Error(), "plan.jsonl:2: the line is longer than 64 MiB") {
		t.Error(err)
	}
	w, err := correct.Create(path, planHeader(keyColumns()[:1], []value.Column{{Name: "name", Type: value.Of(value.Bytes)}}))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	c := &correct.Change{Target: "shop.orders", Class: correct.Missing, Expectation: "e", Risk: correct.Low}
	c.Action, c.Key, c.Set, c.After = connectors.Insert, ints(1), []int{0}, []value.Value{value.BytesValue(make([]byte, 33<<20))}
	if err := w.Add(c); !errors.Is(err, correct.ErrTooLarge) {
		t.Error(err)
	}
	c.After = []value.Value{value.BytesValue([]byte{1})}
	if err := w.Add(c); err != nil {
		t.Error(err)
	}
	if err := w.Add(c); !errors.Is(err, correct.ErrRepeated) {
		t.Error(err)
	}
	h, err := w.Finish()
	if err != nil || h.Counts.Total != 1 {
		t.Errorf("%+v %v", h, err)
	}
}
