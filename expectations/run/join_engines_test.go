package run_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/files"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/expectations/spec"
)

// engine is a store that holds both tables.
type engine struct {
	name   string
	sql    bool
	open   connectors.Opener
	params map[string]string
	load   func(connectortest.Table) query.Dataset
}

func engines(t *testing.T) []engine {
	t.Helper()
	pg, my, es := connectortest.Postgres(t), connectortest.MySQLDatabase(t), connectortest.Elasticsearch(t)
	file, dir := filepath.Join(t.TempDir(), "join.db"), t.TempDir()
	return []engine{
		{"postgres", true, postgres.Open, map[string]string{"dsn": pg}, func(tb connectortest.Table) query.Dataset { return connectortest.LoadPostgres(t, pg, tb) }},
		{"mysql", true, mysql.Open, map[string]string{"dsn": my}, func(tb connectortest.Table) query.Dataset { return connectortest.LoadMySQL(t, my, tb) }},
		{"sqlite", true, sqlite.Open, map[string]string{"path": file}, func(tb connectortest.Table) query.Dataset { return connectortest.LoadSQLite(t, file, tb) }},
		{"elasticsearch", false, elasticsearch.Open, map[string]string{"url": es}, func(tb connectortest.Table) query.Dataset { return connectortest.LoadElasticsearch(t, es, tb) }},
		{"csv", false, files.Open, map[string]string{"path": dir}, func(tb connectortest.Table) query.Dataset { return connectortest.LoadCSV(t, dir, tb) }},
		{"parquet", false, files.Open, map[string]string{"path": dir}, func(tb connectortest.Table) query.Dataset { return connectortest.LoadParquet(t, dir, tb) }},
	}
}

// hostileKeys are texts that careless comparisons take for one another, numbers at the ends of their range, and instants around the
// hours that clocks skip.
func hostileKeys() (texts []string, numbers []int64, times []time.Time) {
	texts = []string{
		"abc", "", " ", "abc ", " abc", "ABC", "aBc", "ab%", "a_c", `a\c`, `\`, "'", `"`, "''; --", "a\nb", "\r\n", "\t", "😀", "a😀b", "é", "e\u0301", "É",
		"ß", "SS", "ss", "ı", "I", "İ", "i", "Σ", "ς", "σ", "שלום", "\u202eabc", "12", " 12", "012", "1e3", "NaN", "null", "NULL", "<null>", "true", "\u00a0abc",
		"\u200b", "\ufeffabc", "\uffff", "\U0010ffff", "\ufffd", "x|y", "x", "y", strings.Repeat("ü", 300), strings.Repeat("x", 3000), strings.Repeat("x", 2999) + "y", "-", "_", "a-b", "a_b",
	}
	for i := range texts {
		n := int64(i)
		numbers = append(numbers, []int64{n, -n - 1, 1<<53 + n, 9223372036854775807 - n, -9223372036854775808 + n}[i%5])
		times = append(times, time.Date(2024, time.March, 31, 0, i*3, 0, i%1000*1e6, time.UTC).AddDate(i%30-18, 0, 0))
	}
	return texts, numbers, times
}

// hostileJoin makes the two tables and says what every key shows: which rows hold, which do not, and which are orphans.
func hostileJoin() (rows, partners connectortest.Table, want result.Counts, orphans int64) {
	texts, numbers, times := hostileKeys()
	cols := func(last string) []connectortest.Column {
		return []connectortest.Column{
			{Name: "id", Type: value.Of(value.Int), NotNull: true},
			{Name: "s", Type: value.Of(value.String)},
			{Name: "n", Type: value.Of(value.Int)},
			{Name: "at", Type: value.Of(value.Timestamp)},
			{Name: last, Type: value.Of(value.String)},
		}
	}
	rows = connectortest.Table{Name: "rows", Key: []string{"id"}, Columns: cols("v")}
	partners = connectortest.Table{Name: "partners", Key: []string{"id"}, Columns: cols("w")}
	row := func(id, key int, last value.Value) []connectortest.Cell {
		if key < 0 {
			return []connectortest.Cell{cellOf(value.IntValue(int64(id))), null(), null(), null(), cellOf(last)}
		}
		return []connectortest.Cell{
			cellOf(value.IntValue(int64(id))), cellOf(value.StringValue(texts[key])), cellOf(value.IntValue(numbers[key])),
			cellOf(value.TimestampValue(times[key])), cellOf(last),
		}
	}
	partners.Rows = append(partners.Rows, row(1000, -1, value.StringValue("nobody")), row(1001, -1, value.StringValue("nobody")))
	for i := range texts {
		if i%7 != 3 {
			partners.Rows = append(partners.Rows, row(i, i, value.StringValue("p")))
		}
	}
	// A partner's value is its own number, which rows say of their partner.
	for i := range partners.Rows {
		partners.Rows[i][4] = cellOf(value.StringValue("p" + partners.Rows[i][0].Text()))
	}
	id := 0
	for range 3 {
		for i := range texts {
			v := "p" + value.IntValue(int64(i)).Text()
			switch {
			case i%7 == 3:
				orphans++
			case id%11 == 5:
				v = "other"
				want.False++
			default:
				want.True++
			}
			rows.Rows = append(rows.Rows, row(id, i, value.StringValue(v)))
			id++
		}
	}
	for range 4 {
		rows.Rows = append(rows.Rows, row(id, -1, value.StringValue("x")))
		want.SkippedNull++
		id++
	}
	return rows, partners, want, orphans
}

// Every pair of engines finds the same partners by hostile keys: text bytewise, numbers and instants by value, whoever joins.
func TestJoinsOfAllEngines(t *testing.T) {
	rows, partners, want, orphans := hostileJoin()
	if want.True == 0 || want.False == 0 || orphans == 0 {
		t.Fatal("the tables prove nothing")
	}
	s := &spec.Suite{Name: "pairs"}
	list := engines(t)
	for _, e := range list {
		s.Connections = append(s.Connections, spec.Connection{Name: e.name, Driver: e.name, Timezone: "UTC"})
		for _, tb := range []connectortest.Table{rows, partners} {
			d := e.load(tb)
			d.Name, d.Timezone = e.name+"_"+tb.Name, "UTC"
			s.Datasets = append(s.Datasets, spec.Dataset{Dataset: d, Connection: e.name})
		}
	}
	keys := map[string]spec.JoinKey{
		"text":    {Column: spec.Name{Value: "s"}, Value: diag.Text{Value: "row.s"}},
		"number":  {Column: spec.Name{Value: "n"}, Value: diag.Text{Value: "row.n"}},
		"decimal": {Column: spec.Name{Value: "n"}, Value: diag.Text{Value: `decimal(string(row.n) + ".00")`}},
		"instant": {Column: spec.Name{Value: "at"}, Value: diag.Text{Value: "row.at"}},
	}
	for _, l := range list {
		for _, r := range list {
			for name, k := range keys {
				s.Expectations = append(s.Expectations, spec.Expectation{
					ID: l.name + "." + r.name + "." + name, Dataset: l.name + "_rows", Severity: spec.Error, OnNull: spec.NullSkip,
					Expect: diag.Text{Value: "row.v == p.w"},
					Joins:  []spec.Join{{Alias: spec.Name{Value: "p"}, Dataset: spec.Name{Value: r.name + "_partners"}, Keys: []spec.JoinKey{k}}},
				})
			}
		}
	}
	rep, found := run.Run(t.Context(), s, run.Options{
		Now: time.Unix(0, 0), FailureRows: 1000,
		Open: func(ctx context.Context, c *spec.Connection) (connectors.Source, error) {
			i := slices.IndexFunc(list, func(e engine) bool { return e.name == c.Name })
			if i < 0 {
				return nil, errors.New("no such engine")
			}
			return list[i].open(ctx, connectors.Config{Name: c.Name, Params: list[i].params})
		},
	})
	if found.HasErrors() {
		t.Fatal(found)
	}
	pushed := 0
	for _, e := range rep.Expectations {
		if e.Verdict == result.Error {
			t.Errorf("%s: %s", e.ID, e.Message)
			continue
		}
		if *e.Counts != want || e.Orphans.Failing != orphans {
			t.Errorf("%s by %s: %+v and %d orphans, not %+v and %d", e.ID, e.Ran.Method, *e.Counts, e.Orphans.Failing, want, orphans)
		}
		if int64(len(e.Failures)) != want.False+orphans {
			t.Errorf("%s by %s: %d failing rows", e.ID, e.Ran.Method, len(e.Failures))
		}
		if strings.HasPrefix(e.Ran.Method, "SQL join") {
			pushed++
		} else {
			t.Logf("%s: %s %v", e.ID, e.Ran.Method, e.Ran.Reasons)
		}
	}
	if pushed < 6 { // text and number, within each SQL engine
		t.Errorf("%d joins by a server", pushed)
	}
}
