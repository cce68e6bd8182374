package correct_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
)

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
