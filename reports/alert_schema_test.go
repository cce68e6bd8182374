package reports_test

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports/notify"
)

const alertSchemaFile = "../docs/alert.schema.json"

// message is the message of a report as its schema's validator reads it.
func message(t *testing.T, rep *result.Report) map[string]any {
	t.Helper()
	text, err := json.Marshal(notify.Of(rep)) // as the outbox keeps it
	if err != nil {
		t.Fatal(err)
	}
	return unmarshalled(t, string(text))
}

func unmarshalled(t *testing.T, text string) map[string]any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return v.(map[string]any)
}

// loud is a run of which there is more to say than a message holds.
func loud() *result.Report {
	rep := hostile()
	for range 30 {
		rep.Alerts = append(rep.Alerts, result.Alert{Rule: "errors", Level: "critical", Message: broken, Expectation: markup}, result.Alert{Rule: markup, Level: "warning", Dataset: broken})
		for i := range rep.Expectations {
			rep.Expectations[i].Since = []result.Since{result.SinceNew, result.SinceFixed, result.SinceStill}[i%3]
		}
		rep.Expectations = append(rep.Expectations, rep.Expectations[0])
	}
	rep.Previous = &result.Previous{ID: "before", Start: rep.Run.Start, Verdict: result.Error}
	return rep
}

// TestAlertSchemaHoldsMessages validates real messages, and what docs/alerts.md shows, and refuses what is none.
func TestAlertSchemaHoldsMessages(t *testing.T) {
	s := published(t, alertSchemaFile)
	for name, rep := range map[string]*result.Report{"empty": empty(), "hostile": hostile(), "loud": loud()} {
		if err := s.Validate(message(t, rep)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	page, err := os.ReadFile("../docs/alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```json\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/alerts.md shows no message")
	}
	if err := s.Validate(unmarshalled(t, example)); err != nil {
		t.Errorf("the message of docs/alerts.md: %v", err)
	}
	rule := func(d map[string]any) map[string]any { return d["rules"].([]any)[0].(map[string]any) }
	for name, spoil := range map[string]func(map[string]any){
		"another format":      func(d map[string]any) { d["schema"] = "assay.alert/v2" },
		"unknown field":       func(d map[string]any) { d["more"] = 1 },
		"no since":            func(d map[string]any) { delete(d, "since") },
		"unknown level":       func(d map[string]any) { d["level"] = "info" },
		"a rule without one":  func(d map[string]any) { rule(d)["alerts"] = []any{} },
		"unknown alert field": func(d map[string]any) { rule(d)["alerts"].([]any)[0].(map[string]any)["more"] = 1 },
		"no time":             func(d map[string]any) { d["run"].(map[string]any)["start"] = "yesterday" },
		"a negative count": func(d map[string]any) {
			d["since"].(map[string]any)["new"].(map[string]any)["count"] = json.Number("-1")
		},
		"no verdict": func(d map[string]any) { d["summary"].(map[string]any)["verdict"] = "maybe" },
	} {
		doc := message(t, loud())
		spoil(doc)
		if s.Validate(doc) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestAlertSchemaDescribesEveryField(t *testing.T) {
	describes(t, alertSchemaFile, reflect.TypeFor[notify.Message](), 8)
}
