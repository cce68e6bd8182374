package reports_test

import (
	"testing"

	"github.com/assay-dev/assay/reports"
)

func TestNoFormula(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "a": "a", "'": "'", "it's": "it's", "'quoted'": "'quoted'", "-5": "-5", "+4.5e-3": "+4.5e-3", "1-2": "1-2", " a": " a",
		"=1+1": "'=1+1", "+a": "'+a", "-a": "'-a", "-": "'-", "@a": "'@a", "|a": "'|a", "%0": "'%0", "\uff1d1": "'\uff1d1", "\uff20a": "'\uff20a",
		" =1+1": "' =1+1", "\t=1": "'\t=1", "\r\n=1": "'\r\n=1", "\u00a0=1": "'\u00a0=1", "-0x1p-2": "'-0x1p-2", "+Inf": "'+Inf",
		"'=1+1": "''=1+1", "''=1+1": "'''=1+1",
	} {
		if got := reports.NoFormula(s); got != want {
			t.Errorf("%q: %q, not %q", s, got, want)
		}
	}
}
