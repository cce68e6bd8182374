package parity

import (
	"hash/fnv"
	"math/rand/v2"
	"testing"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/lower"
)

// TestFuzzPrefilter draws sources that refuse arbitrary leaves: what they prefilter leaves out is
// certainly true by cel-go, the prefilter never errs, and it holds no part that was refused.
func TestFuzzPrefilter(t *testing.T) {
	pairs, seed := fuzzSettings(t)
	pairs /= 5
	g := &gen{r: rand.New(rand.NewPCG(seed, 3))}
	n := map[lower.Support]int{}
	checked, leftOut := 0, 0
	for checked < pairs {
		tab := g.table(rowsPerTable)
		for range 60 {
			text := g.logic(3)
			e, ok := compileFuzz(text, tab)
			if !ok {
				continue
			}
			x := lower.Condition(e)
			caps := refuseSome(g.r.Uint32())
			d := lower.Decide(tab.rel, caps, x)
			n[d.Support]++
			if d.Support == lower.Exact {
				if len(d.Refusals) > 0 || query.HasLocal(x) {
					t.Fatalf("seed %d: %s is exact with refusals %v", seed, text, d.Refusals)
				}
				continue
			}
			if len(d.Refusals) == 0 {
				t.Fatalf("seed %d: %s is %s without a reason", seed, text, d.Support)
			}
			for _, r := range d.Refusals {
				if r.Span.Start < 0 || r.Span.End > len([]rune(text)) || r.Span.End <= r.Span.Start {
					t.Fatalf("seed %d: %s: span %v of %q", seed, text, r.Span, r.Reason)
				}
			}
			if d.Support != lower.Superset {
				continue
			}
			if r := caps.Expr(tab.rel, d.Prefilter); r != nil {
				t.Fatalf("seed %d: %s: the prefilter %s holds a refused part: %s", seed, text, query.String(d.Prefilter), r.Reason)
			}
			p, err := eval.Compile([]query.Expr{d.Prefilter}, tab.cols)
			if err != nil {
				t.Fatalf("seed %d: %s: %v", seed, text, err)
			}
			truth, err := p.RunTruth(&tab.batch)
			if err != nil {
				t.Fatal(err)
			}
			for row := range tab.batch.N {
				checked++
				if truth[0].Undecided.Get(row) {
					t.Fatalf("seed %d: %s: the prefilter %s is undecided", seed, text, query.String(d.Prefilter))
				}
				if truth[0].True.Get(row) {
					continue
				}
				leftOut++
				if v, ok := oracle(e, tab, row); !ok || v.Kind() != value.Bool || !v.Bool() {
					t.Fatalf("seed %d: %s: the prefilter %s leaves out a row that is %s\n%s", seed, text, query.String(d.Prefilter),
						outcomeText(v, ok), describeRow(e, tab, row))
				}
			}
		}
	}
	t.Logf("seed %d: %v, %d of %d rows left out", seed, n, leftOut, checked)
	for _, s := range []lower.Support{lower.Exact, lower.Superset, lower.Refused} {
		if n[s]*20 < n[lower.Exact]+n[lower.Superset]+n[lower.Refused] {
			t.Errorf("the draw is degenerate: %v", n)
		}
	}
	if leftOut*20 < checked {
		t.Errorf("only %d of %d rows are left out", leftOut, checked)
	}
}

// logic draws conditions that are mostly logic.
func (g *gen) logic(d int) string {
	if d == 0 || g.one(8) {
		return g.expr(kBool, 2)
	}
	switch g.r.IntN(6) {
	case 0:
		return "!" + g.paren(g.logic(d-1))
	case 1:
		return "(" + g.logic(d-1) + " ? " + g.logic(d-1) + " : " + g.logic(d-1) + ")"
	case 2:
		return g.paren(g.logic(d-1) + " && " + g.logic(d-1))
	default:
		return g.paren(g.logic(d-1) + " || " + g.logic(d-1))
	}
}

// refuseSome refuses a quarter of the leaves of the logic, and what holds one.
func refuseSome(salt uint32) query.Caps {
	var caps query.Caps
	caps.Expr = func(_ query.Relation, e query.Expr) *query.Refusal {
		var found *query.Refusal
		query.Walk(e, func(x query.Expr) bool {
			if found != nil {
				return false
			}
			switch x := x.(type) {
			case *query.Local:
				found = &query.Refusal{Reason: "local", Span: x.At}
			case *query.Call:
				switch x.Op {
				case query.OpNot, query.OpAnd, query.OpOr, query.OpCond, query.OpIsTrue, query.OpIsFalse:
					return true
				}
				h := fnv.New32a()
				_, _ = h.Write([]byte(query.String(x)))
				if (h.Sum32()^salt)%4 == 0 {
					found = &query.Refusal{Reason: "refused", Span: x.At}
				}
				return !query.HasLocal(x) || found == nil
			}
			return found == nil
		})
		return found
	}
	return caps
}
