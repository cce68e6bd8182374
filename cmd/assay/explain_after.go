package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
)

// readReport reads the JSON report of a run, nil for no path.
func readReport(path string) (*result.Report, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path) // #nosec G304 -- the user's own file
	if err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	// The rows are not needed, and their cells are written for readers of JSON, not read back.
	var rep struct {
		Schema       string `json:"schema"`
		Expectations []struct {
			ID      string          `json:"id"`
			Verdict result.Verdict  `json:"verdict"`
			Counts  *result.Counts  `json:"counts"`
			Orphans *result.Orphans `json:"orphans"`
			Ran     result.Ran      `json:"ran"`
		} `json:"expectations"`
	}
	if err := json.Unmarshal(text, &rep); err != nil || rep.Schema != result.SchemaName {
		return nil, fmt.Errorf("%s is no report of the form %s", path, result.SchemaName)
	}
	out := &result.Report{Schema: rep.Schema}
	for _, e := range rep.Expectations {
		out.Expectations = append(out.Expectations, result.Expectation{ID: e.ID, Verdict: e.Verdict, Counts: e.Counts, Orphans: e.Orphans, Ran: e.Ran})
	}
	return out, nil
}

// failing shows the queries for failing rows, one unless they are very many: those of a run, or as it would be if every expectation failed on one row.
func (e *explainer) failing(d *plan.Dataset, caps query.Caps, x connectors.Explainer) {
	var queries []*plan.Failing
	title := "only if some of them fail: their failing rows (here as if each failed on one row)"
	if e.after != nil {
		queries, title = run.FailingAfter(e.after, e.plan, d, caps, defaultFailures), "failing rows of that run"
	} else {
		queries = hypothetical(d, caps)
	}
	for _, f := range queries {
		s, err := x.Statements(f.Select)
		e.statements(title, s, err)
	}
}

func hypothetical(d *plan.Dataset, caps query.Caps) []*plan.Failing {
	counts := map[*plan.Item]int64{}
	var items []*plan.Item
	for _, s := range d.PassSlots {
		if s.Item != nil && s.Item.Row != nil && s.Part == plan.Whole {
			items = append(items, s.Item)
		}
	}
	for _, j := range d.Sets {
		items = append(items, j.Item)
	}
	for _, it := range items {
		counts[it] = 1
	}
	return plan.FailingRows(d, caps, items, counts, defaultFailures)
}
