package fix_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
)

// risks are the risks by action.
func (p *planned) risks() string {
	n := map[string]int{}
	var order []string
	for i := range p.changes {
		k := string(p.changes[i].Action) + " " + string(p.changes[i].Risk)
		if n[k] == 0 {
			order = append(order, k)
		}
		n[k]++
	}
	var out strings.Builder
	for _, k := range order {
		fmt.Fprintf(&out, "%s %d\n", k, n[k])
	}
	return sortedLines(out.String())
}

func TestRisk(t *testing.T) {
	w := newWorld(t, stockA, stockB)
	for _, c := range []struct{ corrections, own, want string }{
		{"", "", "delete high 1\ninsert medium 1\nupdate low 2"},
		{`corrections: {risk: '"low"'}`, "", "delete high 1\ninsert low 1\nupdate low 2"},
		{`corrections: {risk: '"low"'}`, `risk: '"medium"'`, "delete medium 1\ninsert medium 1\nupdate medium 2"},
		{"", `risk: 'change.columns.size() < 4 && change.action == "update" ? "low" : "manual"'`, "delete manual 1\ninsert manual 1\nupdate low 1\nupdate manual 1"},
		{"", `risk: 'change.rows == 4 && change.fraction > 0.79 && change.fraction < 0.81 && change.class == "changed" && change.expectation == "stock" ? "high" : "low"'`, "delete high 1\ninsert low 1\nupdate high 2"},
		{"corrections: {max_changes: 4, max_fraction: 80%}", "", "delete high 1\ninsert medium 1\nupdate low 2"},
		{`corrections: {max_changes: 3, risk: '"low"'}`, "", "delete high 1\ninsert medium 1\nupdate medium 2"},
		{"corrections: {max_fraction: 79%}", "", "delete high 1\ninsert medium 1\nupdate medium 2"},
	} {
		p := w.fine(c.corrections + "\n" + stocks + "    fix: target\n    " + c.own + "\n")
		is(t, c.corrections+c.own, p.risks(), c.want)
		over := strings.Contains(c.corrections, "3") || strings.Contains(c.corrections, "79")
		if (p.res.OverBudget != "") != over {
			t.Errorf("%s: over the budget: %q", c.corrections, p.res.OverBudget)
		}
	}
	// Of a comparison of some rows the share is one of these.
	half := w.fine("corrections: {max_fraction: 60%}\n" + stocks + "    where: row.id < 4\n    fix: {extra: ignore}\n")
	if half.res.OverBudget != "3 of 2 rows of right are more than max_fraction allows (60.0 %)" {
		t.Errorf("over the budget: %q", half.res.OverBudget)
	}
	p := w.plan(stocks + "    fix: target\n    risk: '\"lo\" + \"we\"'\n")
	if p.err == nil || p.err.Error() != `plan changes of right: stock: risk gives "lowe": did you mean "low"?` {
		t.Errorf("a risk that there is not: %v", p.err)
	}
}

func TestTargetsSayWhatIsMaskedAndHowManyRowsThereAre(t *testing.T) {
	w := newWorld(t, stockA, stockB)
	p := w.fine(strings.Replace(stocks, "b, table: stock, key: id}", "b, table: stock, key: id, mask: [note]}", 1) + "    fix: target\n")
	if len(p.targets) != 2 {
		t.Fatalf("%d targets", len(p.targets))
	}
	for i := range p.targets {
		g := &p.targets[i]
		if g.Dataset != "right" || g.Connection != "b" || g.Driver != "sqlite" || g.Table != "stock" || g.Rows != 5 || fmt.Sprint(g.Masked) != "[note]" {
			t.Errorf("%+v", g)
		}
	}
	for i := range p.changes {
		if strings.Contains(p.changes[i].Reason, "kept") {
			t.Errorf("a masked value: %s", p.changes[i].Reason)
		}
	}
}

// TestSampledRuns plan changes of what they drew, and say so.
func TestSampledRuns(t *testing.T) {
	table := `CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) INSERT INTO t SELECT i, `
	w := newWorld(t, table+"1 FROM n", table+"CASE WHEN i % 2 = 0 THEN 2 ELSE 1 END FROM n WHERE i % 10 <> 3")
	suite := `datasets: {l: {connection: a, table: t}, r: {connection: b, table: t}}
expectations:
  - {id: same, compare: {source: l, target: r}, fix: target}
  - {id: ours, dataset: l, expect: row.v > 1, fix: {v: "2"}, where: row.id > 0}
`
	suite = strings.Replace(suite, "fix: target", "fix: target, where: row.id < 9999", 1)
	p := w.fine(suite, sampled(300))
	if got := strings.Join(p.res.Sampled, " "); got != "same ours" {
		t.Errorf("sampled: %q", got)
	}
	n := map[string]int{}
	for i := range p.changes {
		n[p.changes[i].Target+" "+string(p.changes[i].Action)]++
	}
	if n["l update"] < 200 || n["l update"] > 300 || n["r update"] < 100 || n["r update"] > 500 || n["r insert"] < 5 || n["r insert"] > 100 {
		t.Errorf("%v", n)
	}
	// Rows drawn on both sides are one change.
	seen := map[string]bool{}
	for i := range p.changes {
		k := p.changes[i].Target + p.changes[i].Key[0].Text()
		if seen[k] {
			t.Errorf("two changes of %s", k)
		}
		seen[k] = true
	}
	if p := w.fine(suite, sampled(100_000)); p.res.Sampled != nil {
		t.Errorf("a sample of all rows: %v", p.res.Sampled)
	}
}

// TestFailedExpectation: nothing is planned of what an expectation found before it failed.
func TestFailedExpectation(t *testing.T) {
	w := newWorld(t, stockA, stockB)
	stop := errors.New("stop")
	p := w.fine(stocks+"    fix: target\n", func(o *run.Options) { o.Difference = failAt(3, stop) })
	is(t, "changes", p.lines(), "")
	is(t, "refused", p.refused(), "stock: 2 the expectation could not be evaluated to its end")
}

// failAt fails at the n-th difference.
func failAt(n int, err error) func(string, *result.Failure) error {
	return func(string, *result.Failure) error {
		if n--; n == 0 {
			return err
		}
		return nil
	}
}
