package correct_test

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
)

// audited applies a plan whose column name is masked, with a stale and a failed row, and returns the log's lines.
func audited(t *testing.T) (*world, []string) {
	t.Helper()
	w := newWorld(t, 300, `CREATE TRIGGER no BEFORE UPDATE ON items WHEN new.id = 3 BEGIN SELECT raise(ABORT, 'item 3 is not for sale'); END`)
	h := w.header("items")
	h.Targets[0].Masked = []string{"name"}
	w.write(h, restock(1, 5), restock(2, 5), restock(3, 5), planned("update", 3+1, seeded(4), item("renamed", 1, 1), 0, 1, 2), add(1000), remove(7))
	w.exec(`UPDATE items SET price = 0 WHERE id = 2`)
	o := w.options()
	o.Mask = func(v value.Value) string { return "masked:" + v.Text()[len(v.Text())-1:] }
	tally(t, w.apply(o), 4, 0, 1, 1, 0)
	return w, w.auditLines()
}

// TestAudit: every change that was tried has its line, and what is masked stands nowhere in it.
func TestAudit(t *testing.T) {
	_, l := audited(t)
	// The row that was refused was tried again when others had been changed.
	if len(l) != 7 {
		t.Fatalf("%d lines", len(l))
	}
	all := strings.Join(l, "\n")
	for _, secret := range []string{"item ", "renamed", "new 1000"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q stands in the log:\n%s", secret, all)
		}
	}
	for _, want := range []string{
		`"who":"ada","host":"here","plan":"`, `"kind":"fix","n":1,"target":"shop.items","action":"update","key":{"id":1},"before":{"name":"masked:1","stock":1,"price":0.25},"after":{"name":"masked:1","stock":5,"price":0.25},"result":"applied"`,
		`"before":{"name":"masked:2","stock":2,"price":0.5},"after":{"name":"masked:2","stock":2,"price":0},"result":"stale","reason":"changed since it was seen: price"`,
		`"result":"failed"`, `masked:3 is not for sale`, `"before":null,"after":{"name":"masked:0","stock":null,"price":1.5},"result":"applied"`, `"after":null,"result":"applied"`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
}

// TestAuditChain: whatever is done to the log is found, and where.
func TestAuditChain(t *testing.T) {
	w, l := audited(t)
	if _, err := correct.CheckAudit(w.audit()); err != nil {
		t.Fatal(err)
	}
	swapped := append([]string{}, l...)
	swapped[2], swapped[3] = swapped[3], swapped[2]
	edited := append([]string{}, l...)
	edited[4] = strings.Replace(edited[4], `"who":"ada"`, `"who":"eve"`, 1)
	for name, c := range map[string]struct {
		lines []string
		line  int64
	}{
		"first removed":  {l[1:], 1},
		"middle removed": {append(append([]string{}, l[:3]...), l[4:]...), 4},
		"last removed":   {l[:len(l)-1], 0},
		"all removed":    {nil, 0},
		"swapped":        {swapped, 3},
		"changed":        {edited, 5},
		"twice":          {append(append([]string{}, l...), l[0]), 8},
		"other text":     {append(append([]string{}, l...), "{}"), 8},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Join(c.lines, "\n")
			if len(c.lines) > 0 {
				text += "\n"
			}
			if err := os.WriteFile(w.audit(), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := correct.CheckAudit(w.audit())
			if e, ok := errors.AsType[*correct.AuditError](err); !ok || e.Line != c.line {
				t.Errorf("%v, want line %d", err, c.line)
			}
		})
	}
	// Nobody appends to a log that has lost its end: with more lines that could not be seen.
	if err := os.WriteFile(w.audit(), []byte(l[0]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := w.dump("items")
	if _, err := correct.Undo(t.Context(), w.bind(), w.options()); err == nil || !strings.Contains(err.Error(), "its end is missing") {
		t.Errorf("%v", err)
	}
	if after := w.dump("items"); after[1] != before[1] {
		t.Error("something was undone without a log")
	}
}

// TestAuditCut: what a crash left half written is cut off, and the chain goes on.
func TestAuditCut(t *testing.T) {
	w, l := audited(t)
	f, err := os.OpenFile(w.audit(), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(l[0][:50])
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := correct.CheckAudit(w.audit()); err == nil {
		t.Error("half a line counts as whole")
	}
	w.undo(w.options())
	if n := len(w.auditLines()); n != 11 {
		t.Errorf("%d lines", n)
	}
}

// TestAuditTogether: several append to one log at the same time.
func TestAuditTogether(t *testing.T) {
	first := newWorld(t, 300)
	var wg sync.WaitGroup
	for range 4 {
		w := newWorld(t, 300)
		w.write(w.header("items"), mixed()...)
		o := w.options()
		o.Audit, o.BatchRows = first.audit(), 11
		p := w.bind()
		wg.Go(func() {
			if _, err := correct.Apply(t.Context(), p, o); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if l := first.auditLines(); len(l) != 4*240 {
		t.Errorf("%d lines", len(l))
	}
}

// TestConceal: what a server quotes of a masked value is not shown, though it be the beginning only.
func TestConceal(t *testing.T) {
	target := correct.Target{Key: []correct.Column{{Name: "id"}}, Columns: []correct.Column{{Name: "email"}, {Name: "stock"}}, Masked: []string{"email"}}
	c := &correct.Change{}
	long := strings.Repeat("ada@example.org ", 10)
	c.Key, c.After = ints(7), []value.Value{value.StringValue(long), value.IntValue(5)}
	for why, want := range map[string]string{
		"Duplicate entry '" + long + "' for key 5":      "Duplicate entry 'redacted' for key 5",
		"Duplicate entry '" + long[:64] + "' for key 7": "Duplicate entry 'redacted' for key 7",
		"Duplicate entry 'ada' for key":                 "Duplicate entry 'ada' for key",
	} {
		if got := correct.Conceal(why, c, &target, nil); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
