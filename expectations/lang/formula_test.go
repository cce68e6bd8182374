package lang_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/assay-dev/assay/expectations/lang"
)

// show writes a formula as a person would, all brackets set.
func show(f *lang.Formula) string {
	switch f.Op {
	case lang.FormulaNumber:
		return fmt.Sprint(f.Number)
	case lang.FormulaAggregate:
		return fmt.Sprint("a", f.Aggregate)
	case lang.FormulaMetric:
		return "metric"
	}
	parts := make([]string, len(f.Args))
	for i, a := range f.Args {
		parts[i] = show(a)
	}
	if len(parts) == 2 {
		return "(" + parts[0] + " " + string(f.Op) + " " + parts[1] + ")"
	}
	return string(f.Op) + "(" + strings.Join(parts, ", ") + ")"
}

func TestFormula(t *testing.T) {
	for expr, want := range map[string]string{
		`orders.count() > 3`: "(a0 > 3)",
		`orders.sum(o, o.total) >= 3 && !(orders.avg(o, o.qty) == 2.5)`:     "((a0 >= 3) && !((a1 == 2.5)))",
		`double(orders.count(o, o.qty > 1)) / double(orders.count()) < 0.5`: "((a0 / a1) < 0.5)",
		`orders.count(o, o.qty > 1) / orders.count() != 1`:                  "(truncate((a0 / a1)) != 1)",
		`orders.avg(o, o.total) - decimal("1.5") <= -orders.avg(o, o.qty)`:  "((a0 - 1.5) <= negative(a1))",
		`abs(orders.sum(o, o.qty) - orders.count() * 2) < 10`:               "(abs((a0 - (a1 * 2))) < 10)",
		`orders.count() == 1 || orders.count() == 2`:                        "((a0 == 1) || (a0 == 2))",
	} {
		m, found := lang.CompileMetric(text(expr), scope())
		if m == nil {
			t.Errorf("%s: %v", expr, found)
			continue
		}
		f, err := m.Formula()
		if err != nil {
			t.Errorf("%s: %v", expr, err)
		} else if got := show(f); got != want {
			t.Errorf("%s is %s, not %s", expr, got, want)
		}
	}
	for expr, want := range map[string]string{
		`orders.max(o, o.status) == "x"`:                     "string",
		`orders.count() % 2 == 0`:                            "_%_()",
		`[orders.count(), 3].exists(x, x > 2)`:               "such an expression",
		`orders.count() > 2 ? true : false`:                  "_?_:_()",
		`orders.freshness(o, o.created_at) < duration("1h")`: "duration()",
		`orders.count() in [1, 2]`:                           "@in()",
	} {
		m, found := lang.CompileMetric(text(expr), scope())
		if m == nil {
			t.Errorf("%s: %v", expr, found)
			continue
		}
		f, err := m.Formula()
		var refused *lang.FormulaError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %s refused", expr, f, err, want)
		}
	}
}
