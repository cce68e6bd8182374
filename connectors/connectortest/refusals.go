package connectortest

import (
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors/query"
)

// accepts reports whether the source takes the case called name: refusal is its answer. It
// fails the test when that is not what Harness.Refused pins, or when a refusal gives no reason.
func (h *Harness) accepts(t *testing.T, name string, refusal *query.Refusal) bool {
	t.Helper()
	pinned := h.NoEngine || slices.Contains(h.Refused, name)
	switch {
	case refusal == nil && pinned:
		t.Errorf("%q is pinned in Harness.Refused, but the source takes it", name)
	case refusal != nil && !pinned:
		t.Errorf("%q is refused (%s) without being pinned in Harness.Refused", name, refusal.Reason)
	}
	if refusal != nil && refusal.Reason == "" {
		t.Errorf("%q is refused without a reason", name)
	}
	return refusal == nil
}

// refusedExpr asks for an expression; a source without an answer takes none.
func refusedExpr(c query.Caps, from query.Relation, e query.Expr) *query.Refusal {
	if c.Expr == nil {
		return &query.Refusal{Reason: "no pushdown"}
	}
	return c.Expr(from, e)
}

func refusedMeasure(c query.Caps, from query.Relation, m query.Measure) *query.Refusal {
	if c.Measure == nil {
		return &query.Refusal{Reason: "no pushdown"}
	}
	return c.Measure(from, m)
}

func refusedSet(c query.Caps, s query.SetCheck) *query.Refusal {
	if c.Set == nil {
		return &query.Refusal{Reason: "no pushdown"}
	}
	return c.Set(s)
}
