package html_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/result"
)

type cells = map[string]result.Cell

func text(s string) result.Cell { return result.Cell{Value: value.StringValue(s)} }

// compared is a run with a comparison that shows every class.
func compared() *result.Report {
	rep := made(3, result.Pass)
	order := []string{"order_no", "line", "status", "total", "customer_name", "note", "updated_at"}
	key := func(n int) cells {
		return cells{"order_no": text(fmt.Sprintf("SO-%06d", n)), "line": {Value: value.IntValue(1)}}
	}
	total := func(n int64) result.Cell { return result.Cell{Value: value.DecimalValue(value.NewDec(n, 2))} }
	row := cells{"status": text("shipped"), "total": total(129900), "customer_name": text("Zoë Müller"), "note": text(strings.Repeat("left at the door ", 9)), "updated_at": text("2026-03-08T23:12:01Z")}
	e := result.Expectation{
		ID: "orders.compare.sales", Kind: result.KindCompare, Datasets: []string{"orders", "sales"}, Verdict: result.Fail, Severity: result.SeverityError,
		Expression: "orders = sales", Location: result.Location{File: "shop.yaml", Line: 41, Column: 5}, Ran: result.Ran{Where: "here", Method: "merge", Statements: 2, MS: 2140},
		Message: "9 of 1,500,000 keys differ", Rate: new(1_499_991.0 / 1_500_000), Counts: &result.Counts{True: 1_499_991, False: 9},
		Compare: &result.Compare{
			Source: "orders", Target: "sales", Key: order[:2], Strategy: "merge", Reason: "both sides give their rows in the order of the key", Order: order[2:],
			Counts:  result.CompareCounts{Identical: 1_499_978, Changed: 5, Missing: 2, Extra: 1, DuplicateKey: 1, InFlight: 13, SourceRows: 1_500_000, TargetRows: 1_499_998},
			Columns: map[string]int64{"status": 2, "total": 3, "customer_name": 1, "note": 1, "updated_at": 0},
			Findings: []result.Finding{
				{Code: "precision", Column: "updated_at", Text: "updated_at (datetime) keeps 0 digits of the second: times are compared rounded to them"},
				{Code: "one-sided", Column: "loaded_at", Text: "column loaded_at is in sales only: it is not compared"},
			},
		},
		Failures: []result.Failure{
			{
				Class: result.Changed, Key: key(17), Columns: []string{"status", "total"}, Order: order,
				Before: cells{"status": text("paid"), "total": total(1001)}, After: cells{"status": text("shipped"), "total": total(1002)},
			},
			{
				Class: result.Changed, Key: key(18), Columns: []string{"customer_name", "note"}, Order: order,
				Before: cells{"customer_name": text("Zoë Müller"), "note": text(strings.Repeat("left at the door ", 30) + "on Monday" + strings.Repeat(" and rang", 20))},
				After:  cells{"customer_name": text("Zoe\u0308 Müller"), "note": text(strings.Repeat("left at the door ", 30) + "on Sunday" + strings.Repeat(" and rang", 20))},
			},
			{Class: result.Changed, Key: key(19), Columns: []string{"total"}, Order: order, Before: cells{"total": total(500)}, After: cells{"total": {}}},
			{Class: result.Missing, Key: key(20), Order: order, Before: row},
			{Class: result.Extra, Key: key(21), Order: order, After: row},
			{Class: result.DuplicateKey, Key: key(22), Order: order, SourceRows: 1, TargetRows: 3},
		},
	}
	rep.Summary.Failed, rep.Summary.Verdict = 1, result.Fail
	rep.Expectations = append(rep.Expectations, e)
	return rep
}

// What differs is marked in both values, and a row that a side lacks is not shown as an empty one.
func TestDifferencesAreMarked(t *testing.T) {
	b, err := os.ReadFile(write(t, compared()))
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, want := range []string{
		`<td class="source">10.0<mark>1</mark></td><td class="target">10.0<mark>2</mark></td>`,
		`<td rowspan="2" class="class changed">changed</td><td rowspan="2" class="key">&#34;SO-000017&#34;</td><td rowspan="2" class="key">1</td>`,
		`&#34;Zo<mark>\u00eb</mark> Müller&#34;`, `<mark>e\u0308</mark>`, `<mark>Mo</mark>nday`, `<mark>null</mark>`,
		`<td class="target none">no row</td>`, `<td class="source none">no row</td>`, `<td class="source">1 row</td><td class="target">3 rows</td>`,
		"6 of 9 differences", "<dt>missing in target</dt><dd>2</dd>", "total 3, status 2, customer_name 1, note 1", "loaded_at is in sales only",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}
