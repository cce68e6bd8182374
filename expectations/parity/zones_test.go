package parity

import (
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// The shapes of zonedFamily name zonedColumn: a time without a zone, of a dataset whose timezone is zonedIn.
const (
	zonedFamily = "times in a zone"
	zonedColumn = "zt"
	zonedIn     = "Europe/Berlin"
)

// zonedTimes are what clocks in Berlin showed and the instants that this means, written out by hand: no engine's zone tables and not
// Go's. A time of the hour that is missing counts from before the gap, one of the hour that stands twice is the later.
func zonedTimes() [][2]string {
	return [][2]string{
		{"2024-05-05 12:00:00", "2024-05-05T10:00:00Z"},
		{"2024-01-15 12:00:00", "2024-01-15T11:00:00Z"},
		{"2024-03-31 01:59:59.999999", "2024-03-31T00:59:59.999999Z"},
		{"2024-03-31 02:00:00", "2024-03-31T01:00:00Z"},
		{"2024-03-31 02:30:00", "2024-03-31T01:30:00Z"},
		{"2024-03-31 02:59:59.999999", "2024-03-31T01:59:59.999999Z"},
		{"2024-03-31 03:00:00", "2024-03-31T01:00:00Z"},
		{"2024-03-31 03:30:00", "2024-03-31T01:30:00Z"},
		{"2024-10-27 01:59:59", "2024-10-26T23:59:59Z"},
		{"2024-10-27 02:00:00", "2024-10-27T01:00:00Z"},
		{"2024-10-27 02:30:00", "2024-10-27T01:30:00Z"},
		{"2024-10-27 02:59:59.999999", "2024-10-27T01:59:59.999999Z"},
		{"2024-10-27 03:00:00", "2024-10-27T02:00:00Z"},
		{"1970-01-01 00:00:00", "1969-12-31T23:00:00Z"},
		{"1969-12-31 23:59:59.5", "1969-12-31T22:59:59.5Z"},
		{"1900-01-01 00:00:00", "1899-12-31T23:00:00Z"},
		{"1850-06-01 12:00:00", "1850-06-01T11:06:32Z"},
		{"2038-01-19 04:14:08", "2038-01-19T03:14:08Z"},
		{"9999-12-31 23:59:59", "9999-12-31T22:59:59Z"},
		{"2024-02-29 23:59:59.999999", "2024-02-29T22:59:59.999999Z"},
		{"2023-12-31 23:59:59", "2023-12-31T22:59:59Z"},
	}
}

// addZoned appends the column of instants to the hostile table; rows that are null throughout stay so.
func addZoned(t testing.TB, tb *connectortest.Table) {
	t.Helper()
	var texts []string
	for _, p := range zonedTimes() {
		texts = append(texts, p[1])
	}
	vs := instants(t, texts...)
	tb.Columns = append(tb.Columns, connectortest.Column{Name: zonedColumn, Type: value.Of(value.Timestamp)})
	for n, row := range tb.Rows {
		v := vs[n%len(vs)]
		if n%11 == 0 || !slices.ContainsFunc(row[1:], func(c connectortest.Cell) bool { return !c.IsNull() }) {
			v = value.NullValue()
		}
		tb.Rows[n] = append(row, connectortest.Cell{Value: v})
	}
}

// zoned loads what is read of the column, beside instants, and returns its table: nil where the engine has no times without a zone.
func zoned(t *testing.T, src connectors.Source, load func(connectortest.Table) query.Dataset, tb connectortest.Table, e connectortest.Engine, rows int) *bench {
	t.Helper()
	native := map[connectortest.Engine]string{connectortest.EnginePostgres: "timestamp", connectortest.EngineMySQL: "datetime(6)", connectortest.EngineMariaDB: "datetime(6)", connectortest.EngineSQLite: "TEXT"}
	if native[e] == "" {
		return nil
	}
	want := tb
	want.Columns, want.Rows = nil, nil
	kept := []int{tb.Index("id"), tb.Index("ts"), tb.Index(zonedColumn)}
	for _, c := range kept {
		want.Columns = append(want.Columns, tb.Columns[c])
	}
	for _, row := range tb.Rows {
		want.Rows = append(want.Rows, []connectortest.Cell{row[kept[0]], row[kept[1]], row[kept[2]]})
	}
	want = connectortest.Fit(want, e)
	// The first hours of the calendar are of the year 0 in UTC.
	const first = "0001-01-01 00:00:00"
	want.Rows = append(want.Rows, []connectortest.Cell{{Value: value.IntValue(int64(len(want.Rows)))}, want.Rows[1][1], {Raw: "'" + first + "'"}})
	want.Rows = want.Rows[:min(rows, len(want.Rows))]
	stored := want
	stored.Columns = slices.Clone(want.Columns)
	// A text to the loader: what it writes is what the clock showed.
	stored.Columns[2] = connectortest.Column{Name: zonedColumn, Type: value.Of(value.String), Native: native}
	stored.Rows = nil
	for _, row := range want.Rows {
		row = slices.Clone(row)
		if !row[2].IsNull() && !row[2].Err() {
			row[2] = connectortest.Cell{Value: value.StringValue(clockIn(t, row[2], row[0].Int()))}
		}
		stored.Rows = append(stored.Rows, row)
	}
	d := load(stored)
	d.Timezone = zonedIn
	if e == connectortest.EngineSQLite {
		d.Columns[zonedColumn] = query.ColumnOptions{Type: "timestamp"}
	}
	return newBench(t, src, want, d)
}

// clockIn is what the clock showed: of the two readings of an instant that the gap gives, rows take turns.
func clockIn(t *testing.T, c connectortest.Cell, row int64) string {
	t.Helper()
	var found []string
	for _, p := range zonedTimes() {
		if instants(t, p[1])[0].Time().Equal(c.Time()) {
			found = append(found, p[0])
		}
	}
	if len(found) == 0 {
		t.Fatalf("no clock shows %s", c)
	}
	return found[int(row)%len(found)]
}
