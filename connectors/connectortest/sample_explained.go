package connectortest

import (
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// CheckExplained holds a sampler that shows its statements to the design that it plans, and to showing a few places of those that look up many.
func CheckExplained(t testing.TB, s connectors.Sampler, q query.Sample, planned query.SampleDesign) []query.Statement {
	t.Helper()
	x, ok := s.(connectors.SampleExplainer)
	if !ok {
		t.Fatalf("%T shows no statements", s)
	}
	d, sent, err := x.ExplainSample(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if d != planned {
		t.Errorf("explained %+v, planned %+v", d, planned)
	}
	if len(sent) == 0 {
		t.Error("no statement is shown")
	}
	for _, st := range sent {
		if strings.TrimSpace(st.Text) == "" || len(st.Args) > 8 {
			t.Errorf("shown: %q, with %d values", st.Text, len(st.Args))
		}
	}
	return sent
}
