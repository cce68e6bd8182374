package lang_test

import (
	"math"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/lang"
)

func TestRowMeaning(t *testing.T) {
	full := map[string]value.Value{
		"id": value.IntValue(7), "total": dec("0.30"), "price": dec("0.1"), "qty": value.IntValue(3),
		"status": value.StringValue("new"), "dbl": value.DoubleValue(0.1), "created_at": value.TimestampValue(now.Add(-time.Hour)),
		"naive": value.LocalTimestampValue(now), "u": value.UintValue(5), "flag": value.BoolValue(true),
		"doc":  value.JSONValue(`{"a": {"b": 3}, "list": [1, 2.5, null], "s": "x", "n": null}`),
		"tags": value.ListValue(value.Of(value.String), value.StringValue("a"), value.NullValue()), "strange name": value.IntValue(1), `straße "1"`: value.IntValue(7),
		"took": value.DurationValue(-90 * time.Second), "raw": value.BytesValue([]byte("é")), "address.city": value.StringValue("Köln"),
	}
	nan := map[string]value.Value{"dbl": value.DoubleValue(math.NaN()), "total": dec("1")}
	inf := map[string]value.Value{"dbl": value.DoubleValue(math.Inf(1)), "total": dec("1")}
	huge := map[string]value.Value{"id": value.IntValue(math.MinInt64), "dbl": value.DoubleValue(9007199254740992), "qty": value.IntValue(9007199254740993), "u": value.UintValue(math.MaxUint64)}
	none := map[string]value.Value{}
	tests := []struct {
		expr  string
		cells map[string]value.Value
		want  string
	}{
		// exact decimals
		{`row.total == row.price * row.qty`, full, "true"},
		{`row.total == row.price * row.qty && row.total > 0`, full, "true"},
		{`row.total == 0.3`, full, "true"},
		{`row.total == 0.30000000000000000001`, full, "false"},
		{`0.3 == row.total`, full, "true"},
		{`row.total > 0.29999999999999999999`, full, "true"},
		{`row.price == row.dbl`, full, "true"},
		{`row.dbl == row.price`, full, "true"},
		{`row.price < row.dbl`, full, "false"},
		{`row.total - 1 == -0.7`, full, "true"},
		{`1 - row.total == 0.7`, full, "true"},
		{`row.total / 0 == 1`, full, "error"},
		{`row.total % 0.25 == 0.05`, full, "true"},
		{`-row.total < 0`, full, "true"},
		{`row.qty == row.total`, full, "false"},
		{`row.qty * 1 == row.total * 10`, full, "true"},
		{`row.total in [0.3, 1]`, full, "true"},
		{`row.qty in [3.0, 1]`, full, "true"},
		{`row.qty in [decimal("3.00")]`, full, "true"},
		{`decimal("1e2") == 100`, full, "true"},
		{`decimal(0.1) + decimal(row.qty) == 3.1`, full, "true"},
		{`string(row.total) == "0.3"`, full, "true"},
		{`double(row.total) == 0.3`, full, "true"},
		{`int(row.total + 1.9) == 2`, full, "true"},
		{`abs(row.total - 1) == 0.7 && abs(-3) == 3 && abs(-1.5) == 1.5`, full, "true"},
		{`abs(row.took) == duration("90s")`, full, "true"},
		{`(row.flag ? row.total : 1) == 0.3`, full, "true"},
		{`[row.total, 1].exists(x, x == 1)`, full, "true"},
		{`row.doc.a.b == row.total * 10`, full, "true"},
		// columns by their name as a text
		{`row["total"] == row.price * row["qty"]`, full, "true"},
		{`row["straße \"1\""] + row["strange name"] == 8`, full, "true"},
		{`row["address.city"] == "Köln"`, full, "true"},
		{`row["doc"].a.b == 3 && has(row["doc"].s) && row["doc"]["s"] == "x"`, full, "true"},
		{`row["qty"] > 1`, none, "error"},
		{`[1].all(x, x < row["qty"])`, full, "true"},
		// nulls
		{`row.total == null`, none, "true"},
		{`row.total != 5`, none, "true"},
		{`row.total > 0`, none, "error"},
		{`row.total == row.price * row.qty`, none, "error"},
		{`row.qty == row.total`, none, "true"},
		{`row.qty != row.total`, map[string]value.Value{"qty": value.IntValue(1)}, "true"},
		{`row.dbl == row.qty`, none, "true"},
		{`row.qty + 1 == null`, full, "false"},
		{`row.status == null || row.status.startsWith("n")`, none, "true"},
		{`row.status.startsWith("n")`, none, "error"},
		{`row.tags == null`, none, "true"},
		{`row.tags == null`, full, "false"},
		{`row.doc == null`, none, "true"},
		{`row.created_at == null && row.took == null`, none, "true"},
		{`row.status in ["a", null]`, none, "true"},
		{`!(row.status in ["a", "b"])`, none, "true"},
		{`row.flag`, none, "null"},
		{`row.flag && false`, none, "false"},
		{`row.flag || row.qty > 1`, none, "error"},
		{`has(row.total)`, none, "true"},
		// literals meet doubles and uints
		{`row.dbl * 2 == 0.2`, full, "true"},
		{`row.dbl > 0`, full, "true"},
		// cel-go compares an int with a double as doubles; a decimal is exact
		{`row.dbl == 9007199254740993`, huge, "true"},
		{`row.dbl == row.qty`, huge, "true"},
		{`row.dbl < row.qty`, huge, "false"},
		{`decimal(row.dbl) < row.qty`, huge, "true"},
		{`row.u == 5 && row.u + 1 == 6 && row.u > -1`, full, "true"},
		{`row.u == row.qty`, full, "false"},
		{`row.u > row.id`, huge, "true"},
		{`row.qty > 2.5`, full, "true"},
		{`row.dbl in [1, 0.1]`, full, "true"},
		// NaN and infinities
		{`row.dbl == row.dbl`, nan, "false"},
		{`row.dbl < 1`, nan, "false"},
		{`row.dbl >= 1`, nan, "false"},
		{`row.dbl < row.total`, nan, "false"},
		{`row.dbl == row.total`, nan, "false"},
		{`row.dbl < row.price`, nan, "error"}, // a null is stronger than a NaN
		{`row.dbl > row.total`, inf, "true"},
		{`row.dbl + row.total > 0`, inf, "error"},
		{`abs(row.id) > 0`, huge, "error"},
		// text, time, JSON, lists
		{`row.status.matches("^[a-n]") && "strange" != row.status`, full, "true"},
		{"row.`strange name` == 1", full, "true"},
		{`row.address.city == "Köln" && size(row.address.city) == 4`, full, "true"},
		{`now - row.created_at == duration("1h")`, full, "true"},
		{`row.created_at < now`, full, "true"},
		{`row.naive == row.naive && row.naive <= row.naive`, full, "true"},
		{`row.doc.a.b == 3 && row.doc.list[1] == 2.5 && row.doc.n == null`, full, "true"},
		{`row.doc.missing == 1`, full, "error"},
		{`has(row.doc.a) && !has(row.doc.z)`, full, "true"},
		{`row.doc.list.exists(x, x == 2.5)`, full, "true"},
		{`"a" in row.tags && row.tags.exists(t, t == null)`, full, "true"},
		{`row.raw == b"é" && string(row.raw) == "é"`, full, "true"},
		{`row.status.upperAscii() == "NEW" && math.greatest(row.qty, 1) == 3`, full, "true"},
		{`row.tags.all(i, t, i >= 0)`, full, "true"},
		{`[1, 2].map(x, x * 2) == [2, 4]`, full, "true"},
		{`"%s of %d".format([row.total, row.qty]) == "0.3 of 3"`, full, "true"},
		{`[1.0, 2.0, 3] == [1u, 2, 3u]`, full, "true"},
		{`type(row.qty) == int`, full, "true"},
		{`optional.of(row.qty).orValue(1) == 3`, full, "true"},
		// variables
		{`row.qty == vars.limit && row.price == vars.rate && vars.region == "eu" && row.dbl < vars.limit`, full, "true"},
		{`row.qty in vars.codes`, full, "false"},
		{`row.total < vars.limit`, full, "true"},
	}
	for _, tt := range tests {
		e, list := lang.CompileRow(text(tt.expr), scope())
		if len(list) > 0 {
			t.Errorf("%s: %v", tt.expr, list)
			continue
		}
		if got := outcome(row(t, e, tt.cells)); got != tt.want {
			_, err := row(t, e, tt.cells)
			t.Errorf("%s = %s (%v), want %s", tt.expr, got, err, tt.want)
		}
	}
}

func TestRowCellInError(t *testing.T) {
	e, list := lang.CompileRow(text(`row.qty > 0 || row.status == "new"`), scope())
	if len(list) > 0 {
		t.Fatal(list)
	}
	if cols := e.Columns(); len(cols) != 2 || cols[0].Col.Name != "qty" || cols[1].Col.Name != "status" {
		t.Fatalf("columns %v", cols)
	}
	cells := map[string]value.Value{"status": value.StringValue("new")}
	if got := outcome(row(t, e, cells, "qty")); got != "true" {
		t.Errorf("an absorbed error gave %s", got)
	}
	cells["status"] = value.StringValue("old")
	if got := outcome(row(t, e, cells, "qty")); got != "error" {
		t.Errorf("a cell in error gave %s", got)
	}
}
