package postgres

import (
	"math"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
)

// TestFolds computes measures whose naive SQL would raise, be rounded or differ.
func TestFolds(t *testing.T) {
	dsn := connectortest.Postgres(t)
	s := openDSN(t, dsn)
	values := func(typ, list string) query.Dataset {
		return query.Dataset{Name: "v", Query: "SELECT v::" + typ + " AS v FROM unnest('{" + list + "}'::text[]) v"}
	}
	tests := []struct {
		typ, list string
		kind      query.MeasureKind
		want      string
	}{
		{"float8", "1.7e308,1.7e308", query.MeasureSum, "+Inf"},
		{"float8", "1.7e308,-1.7e308,1", query.MeasureSum, "1"},
		{"float8", "-1.7e308,-1.7e308", query.MeasureSum, "-Inf"},
		{"float8", "1e300,1,NULL", query.MeasureSum, "1e+300"},
		{"float8", "Infinity,-Infinity", query.MeasureSum, "NaN"},
		{"float8", "NaN,1", query.MeasureSum, "NaN"},
		{"float8", "0.5,0.25", query.MeasureSum, "0.75"},
		{"float8", "NULL", query.MeasureSum, "NULL"},
		{"float8", "2,4,4,4,5,5,7,9", query.MeasureStddev, "2.138089935299395"},
		{"float8", "5", query.MeasureStddev, "NULL"},
		{"float8", "NaN,1,NaN", query.MeasureDistinct, "2"},
		{"float8", "-0,0", query.MeasureDistinct, "1"},
		{"int8", "9223372036854775807,9223372036854775807", query.MeasureSum, "18446744073709551614"},
		{"int8", "9223372036854775807", query.MeasureSumSquares, "85070591730234615847396907784232501249"},
		{"numeric", "1e-9000", query.MeasureSumSquares, "ERR"},
		{"numeric", "1.5,NaN", query.MeasureSum, "1.5"},
		{"numeric", "1.5,-2", query.MeasureSumSquares, "6.25"},
		{"interval", "1 day,00:00:00.000001,NULL", query.MeasureSum, "86400.000001s"},
		{"interval", "100000 days,100000 days", query.MeasureSum, "ERR"},
		{"interval", "NULL", query.MeasureSum, "NULL"},
		{"bytea", "\\\\xff,\\\\x00,\\\\x0001", query.MeasureMin, "00"},
		{"bytea", "\\\\xff,\\\\x00,\\\\x0001", query.MeasureMax, "ff"},
		{"text", "b,B,a,é", query.MeasureMin, "B"},
		{"bool", "t,f", query.MeasureMin, "false"},
	}
	for _, tt := range tests {
		rel := describe(t, s, values(tt.typ, tt.list))
		m := query.Measure{Kind: tt.kind, Arg: columns(rel)[0], Nulls: columns(rel)}
		if r := s.Caps().Measure(rel, m); r != nil {
			t.Errorf("%s %s: %v", tt.typ, tt.list, r)
			continue
		}
		b, err := s.Aggregate(t.Context(), query.Aggregate{From: rel, Measures: []query.Measure{m}})
		if err != nil {
			t.Errorf("%s %s: %v", tt.typ, tt.list, err)
			continue
		}
		if tt.kind == query.MeasureStddev && tt.want != "NULL" {
			if got := b.Cols[0].Floats[0]; math.Abs(got-2.138089935299395) > 1e-12 {
				t.Errorf("stddev %v", got)
			}
			continue
		}
		if got := cellText(&b.Cols[0], 0); got != tt.want {
			t.Errorf("kind %d of %s %s: %s, want %s", tt.kind, tt.typ, tt.list, got, tt.want)
		}
	}
	rel := describe(t, s, values("float8", "1e300,-1e300"))
	m := query.Measure{Kind: query.MeasureStddev, Arg: columns(rel)[0], Nulls: columns(rel)}
	b, err := s.Aggregate(t.Context(), query.Aggregate{From: rel, Measures: []query.Measure{m}})
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Cols[0].Floats[0]; math.Abs(got/1.4142135623730951e300-1) > 1e-12 {
		t.Errorf("stddev of large doubles %v", got)
	}
}
