package connectortest

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/value"
)

// Fit returns tb as the engine can hold it: columns without a native type are left out,
// values that the engine refuses become null, times are cut to its resolution, and rows with values of the
// engine's own that assay's types cannot say (cells in error) are added. tb is not changed.
func Fit(tb Table, e Engine) Table {
	out := Table{Name: tb.Name, Key: slices.Clone(tb.Key)}
	var from []int
	for i, c := range tb.Columns {
		if NativeType(e, c) != "" {
			out.Columns = append(out.Columns, c)
			from = append(from, i)
		}
	}
	for _, row := range tb.Rows {
		fitted := make([]Cell, len(from))
		for i, j := range from {
			fitted[i] = Cell{Value: fitValue(e, out.Columns[i], row[j].Value), Raw: row[j].Raw}
		}
		out.Rows = append(out.Rows, fitted)
	}
	for _, odd := range oddities(e) {
		out.addOddity(odd)
	}
	return out
}

// addOddity appends a row whose cells are those of row 1, but for the key and the odd one.
func (tb *Table) addOddity(o oddity) {
	c := tb.Index(o.column)
	id := tb.Index("id")
	if c < 0 || id < 0 || len(tb.Rows) < 2 {
		return
	}
	row := slices.Clone(tb.Rows[1])
	row[id] = Cell{Value: value.IntValue(int64(len(tb.Rows)))}
	row[c] = Cell{Raw: o.raw}
	tb.Rows = append(tb.Rows, row)
}

// oddity is a value of an engine's own, written as its literal.
type oddity struct{ column, raw string }

func oddities(e Engine) []oddity {
	switch e {
	case EnginePostgres:
		return []oddity{
			{"dec", "'NaN'"},
			{"dec", "'Infinity'"},
			{"dec", "'-Infinity'"},
			{"ts", "'infinity'"},
			{"ts", "'-infinity'"},
			{"ts", "'0044-03-15 00:00:00+00 BC'"},
			{"ts", "'10000-01-01 00:00:00+00'"},
			{"lt", "'infinity'"},
			{"lt", "'294276-12-31 23:59:59'"},
			{"day", "'infinity'"},
			{"day", "'5874897-12-31'"},
		}
	case EngineMySQL, EngineMariaDB:
		return []oddity{{"lt", "'0000-00-00 00:00:00'"}, {"day", "'0000-00-00'"}, {"day", "'2024-00-15'"}, {"lt", "'2024-02-00 10:00:00'"}, {"ts", "'0000-00-00 00:00:00'"}}
	case EngineSQLite:
		return []oddity{{"i", "'12abc'"}, {"i", "1.5"}, {"i", "x'00ff'"}, {"d", "'abc'"}, {"s", "x'ff'"}, {"ts", "'yesterday'"}, {"dec", "'1,5'"}}
	case EngineCSV:
		return []oddity{{"u", "-1"}, {"u", "1.5"}, {"d", "abc"}, {"by", "xyz"}, {"by", "abc"}, {"tod", "25:00:00"}, {"j", "{"}, {"s", "\xff"}, {"k", "\"a\xc3\""}}
	case EngineJSONLines:
		return []oddity{{"u", "-1"}, {"u", `"x"`}, {"d", `"abc"`}, {"d", "true"}, {"by", `"xyz"`}, {"tod", "[]"}, {"s", `"\ud800"`}, {"k", "\"\xff\""}}
	case EngineParquet:
		return []oddity{{"s", "\xff"}, {"j", "{"}}
	case EngineMemory, EngineElasticsearch, EngineOpenSearch:
	}
	return nil
}

func fitValue(e Engine, c Column, v value.Value) value.Value {
	if v.IsNull() {
		return v
	}
	switch v.Kind() {
	case value.Double:
		return fitDouble(e, v)
	case value.String:
		if refusesText(e, v.Str()) {
			return value.NullValue()
		}
	case value.Timestamp, value.LocalTimestamp:
		return fitTime(e, c, v)
	case value.List:
		return fitList(e, v)
	case value.JSON:
		if e == EngineJSONLines && v.Str() == "null" {
			return value.NullValue() // a null that is a document cannot be told from one that is not
		}
	case value.Null, value.Bool, value.Int, value.Uint, value.Decimal, value.Bytes, value.Duration:
	}
	return v
}

// fitDouble: MySQL, MariaDB and JSON have no NaN and no infinities, SQLite stores NaN as NULL, and it and MariaDB -0.0 as 0.0.
func fitDouble(e Engine, v value.Value) value.Value {
	f := v.Double()
	switch e {
	case EngineMySQL, EngineMariaDB, EngineElasticsearch, EngineOpenSearch:
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return value.NullValue()
		}
		if e == EngineMariaDB && f == 0 {
			return value.DoubleValue(0)
		}
	case EngineSQLite:
		if math.IsNaN(f) {
			return value.NullValue()
		}
		if f == 0 {
			return value.DoubleValue(0)
		}
	case EnginePostgres, EngineMemory, EngineCSV, EngineJSONLines, EngineParquet:
	}
	return v
}

// refusesText: PostgreSQL has no NUL in text, and only SQLite takes bytes that are not UTF-8 (a JSON document is UTF-8 by definition).
func refusesText(e Engine, s string) bool {
	if e != EngineSQLite && e != EngineMemory && !utf8.ValidString(s) {
		return true
	}
	return e == EnginePostgres && strings.Contains(s, "\x00")
}

// fitTime cuts to the engine's resolution and drops what is outside MySQL's TIMESTAMP, which ends in 2038.
func fitTime(e Engine, c Column, v value.Value) value.Value {
	at := v.Time()
	switch e {
	case EnginePostgres, EngineParquet:
		at = at.Truncate(time.Microsecond)
	case EngineMySQL, EngineMariaDB:
		at = at.Truncate(time.Microsecond)
		if NativeType(e, c) == "timestamp(6)" && (at.Unix() < 1 || at.Unix() > math.MaxInt32) {
			return value.NullValue()
		}
	case EngineElasticsearch, EngineOpenSearch:
		at = at.Truncate(time.Millisecond)
	case EngineSQLite, EngineMemory, EngineCSV, EngineJSONLines:
	}
	if v.Kind() == value.LocalTimestamp {
		return value.LocalTimestampValue(at)
	}
	return value.TimestampValue(at)
}

// fitList: to Elasticsearch an empty list, a list of nulls and a missing field are one thing, and null elements are nothing.
func fitList(e Engine, v value.Value) value.Value {
	if e != EngineElasticsearch && e != EngineOpenSearch {
		return v
	}
	kept := slices.DeleteFunc(slices.Clone(v.List()), value.Value.IsNull)
	if len(kept) == 0 {
		return value.NullValue()
	}
	return value.ListValue(*v.Type().Elem, kept...)
}
