package reports_test

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/reports"
	"github.com/assay-dev/assay/reports/html"
)

// hostileView is the view of a plan whose names, reasons and values may harm a reader.
func hostileView(limit int) *reports.PlanView {
	h := &correct.Header{
		Schema: correct.SchemaName, ID: "20260228T235958-00c0ffee", Kind: correct.KindFix, Run: "20260228T235958-00c0ffee", Suite: "shop " + markup, File: "../../shop.yaml", Digest: "0123", Created: start(),
		Targets: []correct.Target{
			{
				Name: "orders", Dataset: "orders", Connection: "warehouse", Driver: "postgres", Table: "public." + markup, Rows: 5000, Masked: []string{"email"},
				Key: []correct.Column{{Name: "id"}}, Columns: []correct.Column{{Name: "total"}, {Name: "email"}, {Name: markup}},
			},
			{Name: "people", Dataset: "people", Connection: "search", Driver: "elasticsearch", Index: "people" + escape, Rows: -1, Key: []correct.Column{{Name: "email"}}, Columns: []correct.Column{{Name: "name"}}, Masked: []string{"email"}},
		},
		Counts: correct.Counts{
			Total: 7, ByAction: map[string]int64{"update": 4, "insert": 1, "delete": 2}, ByClass: map[string]int64{"changed": 4, "missing": 1, "extra": 1, "duplicate_key": 1},
			ByRisk: map[string]int64{"low": 4, "medium": 1, "high": 2}, ByTarget: map[string]int64{"orders": 6, "people": 1},
		},
		Refused: []correct.Refusal{{Expectation: markup, Reason: lines + bidi, Rows: 12}}, Sum: "beef",
	}
	v := reports.NewPlanView(".assay/runs/x/plan.jsonl", h, "", limit)
	str := value.StringValue
	for i := range int64(4) {
		v.Add(&correct.Change{N: i + 1, Target: "orders", Class: correct.Changed, Expectation: "in-sync", Risk: correct.Low, Change: connectors.Change{
			Action: connectors.Update, Key: []value.Value{value.IntValue(i)}, Set: []int{0, 1, 2},
			Before: []value.Value{dec("1.10").Value, str("secret@before"), str(escape)}, After: []value.Value{dec("1.20").Value, str("secret@after"), str(markup)},
		}})
	}
	v.Add(&correct.Change{N: 5, Target: "orders", Class: correct.Missing, Expectation: "in-sync", Risk: correct.Medium, Reason: markup + escape, Change: connectors.Change{
		Action: connectors.Insert, Key: []value.Value{value.IntValue(9)}, Set: []int{0, 2}, After: []value.Value{dec("1.10").Value, value.NullValue(), str(bidi)},
	}})
	v.Add(&correct.Change{N: 6, Target: "orders", Class: correct.Extra, Expectation: "in-sync", Risk: correct.High, Reason: "a delete is never low", Change: connectors.Change{
		Action: connectors.Delete, Key: []value.Value{value.IntValue(10)}, Before: []value.Value{dec("1.10").Value, str("secret@delete"), str(wide)},
	}})
	v.Add(&correct.Change{N: 7, Target: "people", Class: correct.Duplicate, Expectation: "in-sync", Risk: correct.High, Reason: "a delete is never low", Change: connectors.Change{
		Action: connectors.Delete, Key: []value.Value{str("secret@key")}, Before: []value.Value{str("Ann")},
	}})
	return v
}

func TestPlanView(t *testing.T) {
	var text, doc, page bytes.Buffer
	if err := reports.PlanText(&text, hostileView(3), reports.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "planview.txt", text.String())
	if err := reports.PlanJSON(&doc, hostileView(1)); err != nil {
		t.Fatal(err)
	}
	golden(t, "planview.json", doc.String())
	if err := html.WritePlan(&page, hostileView(3)); err != nil {
		t.Fatal(err)
	}
	golden(t, "planview.html", ours.ReplaceAllString(page.String(), "$1$3$5[… of the page …]$2$4$6"))
	for name, got := range map[string]string{"text": text.String(), "JSON": doc.String(), "HTML": page.String()} {
		if strings.Contains(got, "secret@") {
			t.Errorf("a masked value is in the %s", name)
		}
		for _, r := range got {
			if name != "JSON" && r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)) {
				t.Errorf("%U is in the %s", r, name)
			}
		}
	}
	for what, n := range map[string]int{"<script": 0, "<img": 0, "http:": 0, "https:": 0, "src=\"": 0, "url(": 0, "<style": 1, "<mark>": 12} {
		if got := strings.Count(page.String(), what); got != n {
			t.Errorf("%d times %s in the page, want %d", got, what, n)
		}
	}
}

// TestPlanViewIsBounded holds that a plan with as many reasons as rows makes neither a page nor a text without end, and loses no change.
func TestPlanViewIsBounded(t *testing.T) {
	v := hostileView(2)
	v.Shown, v.Groups = 0, nil
	v = reports.NewPlanView(v.Path, v.Header, "", 2)
	for i := range int64(5000) {
		v.Add(&correct.Change{N: i + 1, Target: "orders", Class: correct.Changed, Expectation: "in-sync", Risk: correct.Low, Reason: "reason " + strconv.FormatInt(i, 10), Change: connectors.Change{
			Action: connectors.Update, Key: []value.Value{value.IntValue(i)}, Set: []int{0}, Before: []value.Value{value.NullValue()}, After: []value.Value{value.IntValue(i)},
		}})
	}
	sum := int64(0)
	for _, g := range v.Groups {
		sum += g.Changes
	}
	if sum != 5000 || v.Shown != 5000 || len(v.Groups) > 300 {
		t.Errorf("%d changes in %d groups, %d shown", sum, len(v.Groups), v.Shown)
	}
	var b bytes.Buffer
	if err := reports.PlanJSON(&b, v); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(b.Bytes()) || b.Len() > 1<<20 {
		t.Errorf("JSON of %d bytes", b.Len())
	}
}
