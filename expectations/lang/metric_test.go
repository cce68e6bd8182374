package lang_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/lang"
)

func i64(i int64) value.Value { return value.IntValue(i) }

// out builds the outputs of a measure: its value, rows used, by null; none errored.
func out(v value.Value, used, byNull int64) []value.Value {
	return []value.Value{v, i64(used), i64(byNull), i64(0)}
}

func count(n int64) lang.AggregateResult {
	return lang.AggregateResult{Outputs: []value.Value{i64(n), i64(0), i64(0)}}
}

func one(v []value.Value) lang.AggregateResult { return lang.AggregateResult{Outputs: v} }

func TestMetricMeaning(t *testing.T) {
	null := value.NullValue()
	huge, _ := value.ParseDec("9223372036854775808")
	tests := []struct {
		expr    string
		results []lang.AggregateResult
		want    string
		byNull  bool
	}{
		{`orders.count() == customers.count()`, []lang.AggregateResult{count(3), count(3)}, "true", false},
		{`orders.count() + orders.count(o, o.qty > 1) == 5`, []lang.AggregateResult{count(3), count(2)}, "true", false},
		{
			`abs(orders.sum(o, o.total) - customers.sum(c, c.order_count)) <= 0.01`,
			[]lang.AggregateResult{one(out(dec("10.005"), 2, 0)), one(out(dec("10"), 2, 0))},
			"true", false,
		},
		{`orders.sum(o, o.total) <= 0.01`, []lang.AggregateResult{one(out(dec("0.010000000000000000001"), 2, 0))}, "false", false},
		{`orders.sum(o, o.qty) == 7`, []lang.AggregateResult{one(out(dec("7"), 2, 0))}, "true", false},
		{`orders.sum(o, o.qty) > 1`, []lang.AggregateResult{one(out(value.DecimalValue(huge), 2, 0))}, "error", false},
		{`orders.sum(o, o.created_at - now) < duration("0s")`, []lang.AggregateResult{one(out(null, 2, 0))}, "error", false},
		{`orders.sum(o, o.created_at - now) < duration("0s")`, []lang.AggregateResult{one(out(null, 0, 2))}, "error", true},
		{`orders.sum(o, o.u) > 1`, []lang.AggregateResult{one(out(value.DecimalValue(huge), 2, 0))}, "true", false},
		{`orders.sum(o, o.qty) > 1`, []lang.AggregateResult{one(out(null, 0, 4))}, "error", true},
		{`orders.sum(o, o.qty) == null`, []lang.AggregateResult{one(out(null, 0, 0))}, "true", false},
		{`orders.sum(o, o.qty) > 1`, []lang.AggregateResult{one(out(dec("7"), 2, 5))}, "true", false},
		{`orders.max(o, o.total) > 1 || orders.count() == 0`, []lang.AggregateResult{one(out(null, 0, 0)), count(0)}, "true", false},
		{`orders.avg(o, o.qty) == 3.5`, []lang.AggregateResult{one(out(dec("7"), 2, 0))}, "true", false},
		{`orders.avg(o, o.total) == decimal("0.33333333333333333333333333333333333333")`, []lang.AggregateResult{one(out(dec("1"), 3, 0))}, "true", false},
		{`orders.avg(o, o.dbl) == 0.5`, []lang.AggregateResult{one(out(value.DoubleValue(1), 2, 0))}, "true", false},
		{`orders.stddev(o, o.qty) == 1.0`, []lang.AggregateResult{one(append(out(dec("6"), 3, 0), out(dec("14"), 3, 0)...))}, "true", false},
		{`orders.stddev(o, o.qty) > 0`, []lang.AggregateResult{one(append(out(dec("6"), 1, 0), out(dec("36"), 1, 0)...))}, "error", true},
		{`orders.distinct(o, o.status) == 0`, []lang.AggregateResult{one(out(i64(0), 0, 0))}, "true", false},
		{`orders.quantile(o, o.dbl, 0.5) < 1`, []lang.AggregateResult{one(out(value.DoubleValue(0.5), 3, 0))}, "true", false},
		{`orders.freshness(o, o.created_at) <= duration("2h")`, []lang.AggregateResult{one(out(value.TimestampValue(now.Add(-2*time.Hour)), 3, 0))}, "true", false},
		{`orders.freshness(o, o.created_at) <= duration("2h")`, []lang.AggregateResult{one(out(null, 0, 0))}, "error", true},
		{
			`orders.min(o, o.status) == "a" && now > orders.max(o, o.created_at)`,
			[]lang.AggregateResult{one(out(value.StringValue("a"), 1, 0)), one(out(value.TimestampValue(now), 1, 0))},
			"false", false,
		},
		{`orders.count(o, o.qty > 1) / orders.count() == 0`, []lang.AggregateResult{count(1), count(0)}, "error", false},
		{`math.greatest(orders.count(), customers.count()) == 4`, []lang.AggregateResult{count(1), count(4)}, "true", false},
	}
	for _, tt := range tests {
		m, list := lang.CompileMetric(text(tt.expr), scope())
		if len(list) > 0 {
			t.Errorf("%s: %v", tt.expr, list)
			continue
		}
		v, byNull, err := m.Eval(tt.results)
		if got := outcome(v, err); got != tt.want || byNull != tt.byNull {
			t.Errorf("%s = %s, by null %v (%v); want %s, %v", tt.expr, got, byNull, err, tt.want, tt.byNull)
		}
	}
}

func TestMetricRowsInError(t *testing.T) {
	m, list := lang.CompileMetric(text(`orders.count(o, o.qty / o.id > 1) >= 0 || true`), scope())
	if len(list) > 0 {
		t.Fatal(list)
	}
	// Rows undecided for another cause make the metric an error, even where CEL would absorb it.
	_, byNull, err := m.Eval([]lang.AggregateResult{{Outputs: []value.Value{i64(3), i64(1), i64(2)}}})
	if !errors.Is(err, lang.ErrRows) || byNull || !strings.Contains(err.Error(), "2 rows") {
		t.Errorf("err %v, by null %v", err, byNull)
	}
	if _, _, err := m.Eval(nil); err == nil {
		t.Error("too few results are accepted")
	}
}

func TestMetricGroups(t *testing.T) {
	group := func(n int64, key ...value.Value) lang.Group {
		return lang.Group{Key: key, Outputs: []value.Value{i64(n), i64(0), i64(0)}}
	}
	s := value.StringValue
	for _, tt := range []struct {
		expr string
		res  lang.AggregateResult
		want string
	}{
		{`orders.by(o, o.status).count().all(k, n, n > 1)`, lang.AggregateResult{Groups: []lang.Group{group(2, s("a")), group(3, s("b"))}}, "true"},
		{`orders.by(o, o.status).count().all(k, n, n > 2)`, lang.AggregateResult{Groups: []lang.Group{group(2, s("a")), group(3, s("b"))}}, "false"},
		{`orders.by(o, o.status).count()["a"] == 2`, lang.AggregateResult{Groups: []lang.Group{group(2, s("a")), group(9, value.NullValue())}}, "true"},
		{`size(orders.by(o, o.status).count()) == 1`, lang.AggregateResult{Groups: []lang.Group{group(2, s("a")), group(9, value.NullValue())}}, "true"},
		{`orders.by(o, o.status, o.qty).count()['["a",2]'] == 5`, lang.AggregateResult{Groups: []lang.Group{group(5, s("a"), i64(2))}}, "true"},
		{`orders.by(o, o.qty).count().exists(k, k == 2)`, lang.AggregateResult{Groups: []lang.Group{group(5, i64(2))}}, "true"},
	} {
		m, list := lang.CompileMetric(text(tt.expr), scope())
		if len(list) > 0 {
			t.Errorf("%s: %v", tt.expr, list)
			continue
		}
		v, _, err := m.Eval([]lang.AggregateResult{tt.res})
		if got := outcome(v, err); got != tt.want {
			t.Errorf("%s = %s (%v), want %s", tt.expr, got, err, tt.want)
		}
	}
}

func TestMetricShape(t *testing.T) {
	m, list := lang.CompileMetric(text(`orders.stddev(o, o.qty, o.flag) > 1.0 && orders.stddev(o, o.qty, o.flag) < 3 && orders.stddev(o, o.dbl) > 0 && orders.quantile(o, o.qty, 0.9) > 1`), scope())
	if len(list) > 0 {
		t.Fatal(list)
	}
	if len(m.Aggregates) != 3 {
		t.Fatalf("%d aggregates, want equal ones once: 3", len(m.Aggregates))
	}
	a := m.Aggregates[0]
	if a.Dataset != "orders" || a.Fn != lang.FnStddev || a.Where == nil || len(a.Kinds()) != 2 || a.Kinds()[1] != query.MeasureSumSquares {
		t.Errorf("%+v", a)
	}
	if k := m.Aggregates[1].Kinds(); len(k) != 1 || k[0] != query.MeasureStddev {
		t.Errorf("stddev of double takes %v", k)
	}
	if m.Aggregates[2].Q != 0.9 {
		t.Errorf("level %v", m.Aggregates[2].Q)
	}
}

func TestMetricValue(t *testing.T) {
	for expr, want := range map[string]value.Kind{
		`orders.count()`: value.Int, `orders.sum(o, o.total)`: value.Decimal, `orders.avg(o, o.qty)`: value.Decimal,
		`double(orders.count()) / 2.0`: value.Double, `orders.freshness(o, o.created_at)`: value.Duration, `orders.max(o, o.status)`: value.String,
	} {
		m, list := lang.CompileMetricValue(text(expr), scope())
		if len(list) > 0 || m.Type.Kind != want {
			t.Errorf("%s: %v %v, want %s", expr, m, list, want)
		}
	}
	if _, list := lang.CompileMetricValue(text(`orders.by(o, o.status).count()`), scope()); len(list) != 1 {
		t.Errorf("a map as a metric: %v", list)
	}
	s := scope()
	s.Metric = &value.Type{Kind: value.Int}
	m, list := lang.CompileMetric(text(`metric > 0 && metric <= 2.5`), s)
	if len(list) > 0 || !m.UsesMetric {
		t.Fatalf("%v", list)
	}
	for _, tt := range []struct {
		metric value.Value
		want   string
		byNull bool
	}{{i64(2), "true", false}, {i64(3), "false", false}, {value.NullValue(), "error", true}} {
		v, byNull, err := m.EvalWith(tt.metric, nil)
		if got := outcome(v, err); got != tt.want || byNull != tt.byNull {
			t.Errorf("metric %v: %s, by null %v", tt.metric, got, byNull)
		}
	}
}

func TestStddevIsExact(t *testing.T) {
	// The naive q - s*s/n in doubles loses everything here.
	m, list := lang.CompileMetricValue(text(`orders.stddev(o, o.qty)`), scope())
	if len(list) > 0 {
		t.Fatal(list)
	}
	base := value.DecFromInt(1_000_000_000_000)
	sum, sq := value.Dec{}, value.Dec{}
	for i := range 3 {
		x := base.Add(value.DecFromInt(int64(i)))
		sum, sq = sum.Add(x), sq.Add(x.Mul(x))
	}
	v, _, err := m.Eval([]lang.AggregateResult{one(append(out(value.DecimalValue(sum), 3, 0), out(value.DecimalValue(sq), 3, 0)...))})
	if err != nil || math.Abs(v.Double()-1) > 1e-15 {
		t.Errorf("%v %v, want 1", v.Double(), err)
	}
}
