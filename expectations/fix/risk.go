package fix

import (
	"fmt"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
)

// weighed weighs a change and hands it on.
func (t *table) weighed(g *target, c *correct.Change, x *item, columns []string) error {
	risk := usual(c)
	switch {
	case g == t.manual:
		risk = correct.Manual
	case x.Fix.Risk != nil:
		text, err := x.Fix.Risk.Eval(lang.Correction{
			Action: string(c.Action), Class: string(c.Class), Columns: columns, Rows: x.found, Fraction: fraction(x.found, g.rows, g.rows >= 0), Expectation: x.ID,
		})
		if err != nil {
			return fmt.Errorf("%s: %w", x.ID, err)
		}
		if risk = correct.Risk(text); !known(risk) {
			hint := diag.DidYouMean(text, lang.Risks())
			if hint == "" {
				hint = "it is low, medium, high or manual"
			}
			return fmt.Errorf("%s: risk gives %q: %s", x.ID, text, hint)
		}
	}
	// Whatever a rule says: what is deleted, or more than anybody expected, is for people to look at.
	if risk == correct.Low && (c.Action == connectors.Delete || t.p.res.OverBudget != "") {
		if risk = correct.Medium; c.Action == connectors.Delete {
			risk = correct.High
		}
	}
	c.Risk = risk
	return t.write(g, c)
}

func known(r correct.Risk) bool {
	switch r {
	case correct.Low, correct.Medium, correct.High, correct.Manual:
		return true
	}
	return false
}

// usual is the risk of a change where no rule weighs it: an update can be seen beside what was there, a new row may have effects elsewhere as a row that is marked as
// deleted has, and a deleted one is gone.
func usual(c *correct.Change) correct.Risk {
	switch c.Action {
	case connectors.Update:
		if c.Class == correct.Extra || c.Class == correct.Missing {
			return correct.Medium
		}
		return correct.Low
	case connectors.Insert:
		return correct.Medium
	case connectors.Delete:
	}
	return correct.High
}
