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
	"os/exec"
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

// write writes a plan of n updates of one column, and of a delete, and returns its lines.
func write(t *testing.T, path string, n int) []string {
	t.Helper()
	cols := []value.Column{{Name: "name", Type: value.Of(value.String)}, {Name: "stock", Type: value.Of(value.Int)}}
	w, err := correct.Create(path, planHeader(keyColumns()[:1], cols))
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		c := &correct.Change{Target: "shop.orders", Class: correct.Changed, Expectation: "agree", Risk: correct.Low, Reason: "differs"}
		c.Action, c.Key, c.Set = connectors.Update, ints(int64(i)), []int{1}
		c.Before = []value.Value{value.StringValue("Ada"), value.IntValue(5)}
		c.After = []value.Value{value.StringValue("Ada"), value.IntValue(7)}
		if err := w.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(string(b), "\n")[:n+1]
}

// TestDigest is the computation that the documentation gives.
func TestDigest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plan.jsonl")
	write(t, path, 3)
	p, err := correct.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	out, err := exec.Command("bash", "-c", `sed -E '1s/"digest":"[0-9a-f]{64}"}$/"digest":"'$(printf '0%.0s' {1..64})'"}/' `+path+` | sha256sum`).Output()
	if err != nil {
		t.Skip("no sed or sha256sum: ", err)
	}
	if got, _, _ := strings.Cut(string(out), " "); got != p.Header.Sum {
		t.Errorf("sha256sum says %s, the plan %s", got, p.Header.Sum)
	}
}

// TestTampered: whatever is wrong with a plan is said with its line.
func TestTampered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plan.jsonl")
	good := write(t, path, 3)
	edit := func(line int, old, with string) func() []string {
		return func() []string {
			l := append([]string{}, good...)
			l[line] = strings.Replace(l[line], old, with, 1)
			if l[line] == good[line] {
				t.Fatalf("%q is not in %s", old, l[line])
			}
			return l
		}
	}
	for name, c := range map[string]struct {
		lines func() []string
		want  string
	}{
		"empty":            {func() []string { return nil }, `plan.jsonl: it is empty`},
		"no plan":          {func() []string { return []string{"hello\n"} }, `plan.jsonl:1`},
		"cut":              {func() []string { return []string{good[0], good[1], good[2], good[3][:40]} }, `plan.jsonl:4: the file ends within this line`},
		"a line less":      {func() []string { return good[:3] }, `the digest is not that of what the file holds`},
		"order":            {func() []string { return []string{good[0], good[2], good[1], good[3]} }, `plan.jsonl:2: n is 2`},
		"value":            {edit(2, `"stock":7`, `"stock":8`), `the digest is not that of what the file holds`},
		"suite":            {edit(0, `"suite":"s"`, `"suite":"t"`), `the digest is not that`},
		"target's table":   {edit(0, `"table":"orders"`, `"table":"users"`), `the digest is not that`},
		"digest":           {edit(0, `"digest":"`, `"digest":"0`), `does not end with its digest`},
		"schema":           {edit(0, `assay.plan/v1`, `assay.plan/v9`), `schema is "assay.plan/v9"`},
		"header's member":  {edit(0, `"suite":`, `"sweet":`), `unknown field "sweet"`},
		"header's twice":   {edit(0, `"suite":`, `"file":"x","suite":`), `plan.jsonl:1:`},
		"unknown member":   {edit(2, `"class":`, `"x":1,"class":`), `plan.jsonl:3:49: unknown member "x"`},
		"unknown action":   {edit(2, `"update"`, `"truncate"`), `plan.jsonl:3: unknown action "truncate"`},
		"unknown class":    {edit(2, `"changed"`, `"odd"`), `plan.jsonl:3: unknown class "odd"`},
		"unknown risk":     {edit(2, `"low"`, `"none"`), `plan.jsonl:3: unknown risk "none"`},
		"unknown target":   {edit(2, `shop.orders`, `shop.users`), `plan.jsonl:3:8: target "shop.users" is not in the header`},
		"other column":     {edit(2, `"after":{"stock"`, `"after":{"is_admin"`), `after: "is_admin" is no column of target "shop.orders"`},
		"quoted column":    {edit(2, `"after":{"stock"`, `"after":{"stock\" = 1; --"`), `is no column of target`},
		"column twice":     {edit(2, `"after":{"stock":7`, `"after":{"stock":7,"stock":8`), `after: column "stock" twice`},
		"member twice":     {edit(2, `"risk":"low"`, `"risk":"low","risk":"low"`), `member "risk" twice`},
		"no before":        {edit(2, `"before":{"name":"Ada","stock":5},`, ``), `plan.jsonl:3: an update has a before and an after`},
		"less before":      {edit(2, `"before":{"name":"Ada",`, `"before":{`), `before: column "name" of target "shop.orders" is missing`},
		"key twice":        {edit(3, `"key":{"id":2}`, `"key":{"id":1}`), `plan.jsonl:4: the row of target "shop.orders" with key "1" is changed twice`},
		"null key":         {edit(3, `"key":{"id":2}`, `"key":{"id":null}`), `key: "id" is null`},
		"SQL in a number":  {edit(3, `"key":{"id":2}`, `"key":{"id":"2 OR 1=1"}`), `key: id: "2 OR 1=1" is not a int`},
		"wrong type":       {edit(3, `"stock":7`, `"stock":true`), `after: stock: want a number`},
		"fraction":         {edit(3, `"stock":7`, `"stock":7.5`), `after: stock: "7.5" is not a int`},
		"after the end":    {edit(3, "}\n", "} x\n"), `after the end of the object`},
		"missing member":   {edit(3, `"expectation":"agree",`, ``), `member "expectation" is missing`},
		"not UTF-8":        {edit(3, `Ada`, "A\xffa"), `the text is not UTF-8`},
		"half a surrogate": {edit(3, `Ada`, `A\ud800a`), `a wrong escape`},
		"no columns":       {edit(3, `"after":{"stock":7}`, `"after":{}`), `an update that sets no column`},
	} {
		t.Run(name, func(t *testing.T) {
			text := []byte(strings.Join(c.lines(), ""))
			if name == "key twice" {
				text = digested(text)
			}
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := correct.Open(path)
			if err == nil {
				p.Close()
				t.Fatal("it was taken")
			}
			if e, ok := errors.AsType[*correct.PlanError](err); !ok || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%#v: %v\nwant %s", e, err, c.want)
			}
		})
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
