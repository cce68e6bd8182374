package catalog_test

import (
	"testing"

	"github.com/assay-dev/assay/expectations/catalog"
)

func TestColumn(t *testing.T) {
	for name, want := range map[string]string{
		"total":      "row.total",
		"net total":  "row.`net total`",
		"in":         "row.`in`",
		"1st":        "row.`1st`",
		"größe":      `row["größe"]`,
		`a"b`:        `row["a\"b"]`,
		"a`b":        "row[\"a`b\"]",
		"umsatz (€)": `row["umsatz (€)"]`,
	} {
		if got := catalog.Column(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
