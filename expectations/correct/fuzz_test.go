package correct_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
)

// FuzzOpen: whatever a plan file holds, reading it ends, without a panic, with a plan or with a *PlanError; and what is read is written the same.
func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	w := &world{t: f, dir: dir, plan: filepath.Join(dir, "plan.jsonl")}
	seed := func(h correct.Header, list ...*correct.Change) {
		w.write(h, list...)
		b, err := os.ReadFile(w.plan)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	cols := everyType()
	seed(planHeader(keyColumns(), cols))
	h := planHeader(keyColumns()[:1], cols)
	for i := range 4 {
		c := &correct.Change{Target: "shop.orders", Class: correct.Missing, Expectation: "e", Risk: correct.Low, Reason: "r"}
		c.Action, c.Key = "insert", ints(int64(i))
		for at, col := range cols {
			cells := hostile(col.Type.Kind)
			if len(cells) == 0 {
				cells = nulls
			}
			c.After, c.Set = append(c.After, cells[i%len(cells)]), append(c.Set, at)
		}
		seed(h, c)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "plan.jsonl")
		// Mutations of lines are to be looked at too, not only the digest refused.
		for range 2 {
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := correct.Open(path)
			if err == nil {
				again(t, p)
				return
			}
			if _, ok := errors.AsType[*correct.PlanError](err); !ok {
				t.Fatalf("%T %v", err, err)
			}
			b = digested(b)
		}
	})
}

var (
	nulls      = []value.Value{value.NullValue()}
	digestText = regexp.MustCompile(`"digest":"[0-9a-f]{64}"}\n`)
)

// digested puts the right digest into a plan.
func digested(b []byte) []byte {
	at := digestText.FindIndex(b)
	if at == nil {
		return b
	}
	out := append([]byte{}, b...)
	digits := out[at[0]+len(`"digest":"`) : at[1]-len("\"}\n")]
	for i := range digits {
		digits[i] = '0'
	}
	copy(digits, sha(out))
	return out
}

// again writes a plan that was read, and reads that.
func again(t *testing.T, p *correct.Plan) {
	t.Helper()
	defer p.Close()
	path := filepath.Join(t.TempDir(), "again.jsonl")
	keep := func(*correct.Change) (bool, error) { return true, nil }
	h, err := correct.Filter(t.Context(), p, path, keep)
	if err != nil {
		t.Fatalf("what was read cannot be written: %v", err)
	}
	q, err := correct.Open(path)
	if err != nil {
		t.Fatalf("what was written cannot be read: %v", err)
	}
	defer q.Close()
	if h.Counts.Total != p.Header.Counts.Total || q.Header.Counts.Total != h.Counts.Total {
		t.Fatal("changes were lost")
	}
	var a, b []*correct.Change
	for _, x := range []struct {
		p    *correct.Plan
		into *[]*correct.Change
	}{{p, &a}, {q, &b}} {
		if err := x.p.Changes(t.Context(), func(c *correct.Change) error { *x.into = append(*x.into, c); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	for i := range a {
		if shown(a[i]) != shown(b[i]) {
			t.Fatalf("%s\n%s", shown(a[i]), shown(b[i]))
		}
	}
}
