package files_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

const parquetDir = "testdata/parquet"

// wanted reads what make.py says that its files hold: cells as text, null for null.
func wanted(t *testing.T) []map[string]*string {
	t.Helper()
	f, err := os.Open(filepath.Join(parquetDir, "want.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var out []map[string]*string
	for s := bufio.NewScanner(f); s.Scan(); {
		row := map[string]*string{}
		if err := json.Unmarshal(s.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	if len(out) != 60 {
		t.Fatalf("%d rows are wanted, not 60", len(out))
	}
	return out
}

// same compares a cell with its text as Python writes it.
func same(t *testing.T, c connectortest.Cell, want *string) bool {
	t.Helper()
	if c.Err() || want == nil || c.IsNull() {
		return !c.Err() && want == nil && c.IsNull()
	}
	switch c.Kind() {
	case value.Decimal:
		d, err := value.ParseDec(*want)
		return err == nil && d.Cmp(c.Decimal()) == 0
	case value.Double:
		f, err := strconv.ParseFloat(*want, 64)
		return err == nil && f == c.Double()
	case value.Timestamp, value.LocalTimestamp:
		layout := "2006-01-02T15:04:05.999999"
		if len(*want) == len(time.DateOnly) {
			layout = time.DateOnly
		}
		at, err := time.Parse(layout, *want)
		return err == nil && at.Equal(c.Time())
	case value.Duration:
		return strconv.FormatInt(c.Duration().Milliseconds(), 10) == *want
	case value.List:
		var l []any
		d := json.NewDecoder(strings.NewReader(*want))
		d.UseNumber()
		if err := d.Decode(&l); err != nil || len(l) != len(c.List()) {
			return false
		}
		for i, e := range c.List() {
			if l[i] == nil != e.IsNull() || l[i] != nil && fmt.Sprint(l[i]) != e.Text() {
				return false
			}
		}
		return true
	default:
		return c.Text() == *want
	}
}

// TestForeignParquet reads what pyarrow wrote, in every encoding and compression that it has, and compares each cell.
func TestForeignParquet(t *testing.T) {
	want := wanted(t)
	for _, name := range []string{"arrow", "arrow_v2_zstd", "arrow_gzip_delta", "arrow_brotli_old", "arrow_lz4", "arrow_int96"} {
		t.Run(name, func(t *testing.T) {
			src := open(t, parquetDir)
			rel := connectortest.Relation(t, src, query.Dataset{Name: name, File: name + ".parquet"})
			if rel.Schema.Rows != 60 {
				t.Errorf("%d rows are described, not 60", rel.Schema.Rows)
			}
			var cols []*query.Column
			for i, c := range rel.Schema.Columns {
				if c.Unusable == "" {
					cols = append(cols, &query.Column{Index: i, Col: c})
				}
			}
			got := connectortest.ReadAll(t, src, query.Select{From: rel, Columns: cols, BatchRows: 11}, 11)
			if len(got) != len(want) {
				t.Fatalf("%d rows, want %d", len(got), len(want))
			}
			compared := 0
			for r := range got {
				for i, c := range cols {
					if name == "arrow_int96" && c.Col.Name == "at_ns" && want[r]["at_ns"] != nil && !got[r][i].IsNull() {
						// INT96 says nothing of a zone: its instants read as wall clocks of UTC.
						if got[r][i].Kind() != value.LocalTimestamp {
							t.Fatalf("INT96 is read as a %s", got[r][i].Kind())
						}
					}
					w, ok := want[r][c.Col.Name]
					if !ok {
						t.Fatalf("nothing is wanted of column %s", c.Col.Name)
					}
					compared++
					if !same(t, got[r][i], w) {
						t.Errorf("row %d, column %s (%s): got %s, want %v", r, c.Col.Name, c.Col.Native, got[r][i], show(w))
					}
				}
			}
			if least := 60 * 3; compared < least {
				t.Errorf("only %d cells were compared", compared)
			}
		})
	}
}

func show(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

// TestParquetTypes pins what each type of pyarrow, DuckDB and Polars is read as.
func TestParquetTypes(t *testing.T) {
	src := open(t, parquetDir)
	describe := func(name string) []string {
		rel := connectortest.Relation(t, src, query.Dataset{Name: name, File: name})
		var out []string
		for _, c := range rel.Schema.Columns {
			s := c.Name + ": " + c.Type.String()
			switch c.Shape {
			case value.Date:
				s += " date"
			case value.UUID:
				s += " uuid"
			case value.Plain, value.Flag:
			}
			if r := c.Resolution; r.Known {
				s += " " + strconv.Itoa(int(r.Digits))
			}
			if c.Resolution.Single {
				s += " single"
			}
			if c.NotNull {
				s += " not null"
			}
			if c.Unusable != "" {
				s = c.Name + ": (" + c.Unusable + ")"
			}
			out = append(out, s)
		}
		return out
	}
	if diff := cmp.Diff([]string{
		"id: int", "b: bool", "i8: int", "i16: int", "i32: int", "i64: int", "u8: int", "u16: int", "u32: int", "u64: uint",
		"f16: double", "f32: double single", "f64: double", "dec9: decimal 2", "dec18: decimal 4", "dec38: decimal 10", "dec76: decimal 38",
		"s: string", "big: string", "word: string", "by: bytes", "fix: bytes", "day: timestamp date", "t_ms: duration 3", "t_us: duration 6", "t_ns: duration 9",
		"ts_ms: local timestamp 3", "ts_us: local timestamp 6", "ts_ns: local timestamp 9", "at_ms: timestamp 3", "at_us: timestamp 6", "at_ns: timestamp 9",
		"uu: string uuid", "js: json", "none: string", "li: list(int)", "ls: list(string)", "st.a: int", "st.in.c: string",
		"map: (maps have no type in expressions)", "los: (lists of lists, maps or structs have no type in expressions)", "lol: (lists of lists, maps or structs have no type in expressions)",
	}, describe("arrow.parquet")); diff != "" {
		t.Errorf("pyarrow (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"id: int", "d: double", "h: double", "day: timestamp date", "ts: local timestamp 6", "at: timestamp 6", "t: duration 6 not null", "s: string", "li: list(int) not null",
		"st.a: int", "st.b: string", "u: string uuid not null", "u8: int", "iv: (an interval of months and days is no duration)", "by: bytes not null", "e: string not null",
	}, describe("duckdb.parquet")); diff != "" {
		t.Errorf("DuckDB (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"id: int", "s: string", "d: decimal 2", "ts: local timestamp 6", "day: timestamp date", "li: list(int)", "cat: string"}, describe("polars.parquet")); diff != "" {
		t.Errorf("Polars (-want +got):\n%s", diff)
	}
}

// TestDuckDBAndPolars reads some cells of what they wrote.
func TestDuckDBAndPolars(t *testing.T) {
	src := open(t, parquetDir)
	rel := connectortest.Relation(t, src, query.Dataset{Name: "d", File: "duckdb.parquet", Timezone: "Asia/Tokyo"})
	got := connectortest.ReadAll(t, src, query.Select{From: rel, Columns: connectortest.Cols(t, rel, "id", "d", "day", "ts", "at", "t", "s", "li", "st.a", "u", "by", "e")}, 0)
	var texts []string
	for _, c := range got[4] {
		texts = append(texts, c.Text())
	}
	want := []string{"4", "0.5", "2024-03-03T00:00:00Z", "2023-12-31T15:00:04Z", "2024-01-01T00:00:04Z", "3723s", "row 4", "[4, null]", "4", "0f0e0d0c-0b0a-4908-8706-050403020100", "aa", "a"}
	if diff := cmp.Diff(want, texts); len(got) != 60 || diff != "" {
		t.Errorf("%d rows; row 4 (-want +got):\n%s", len(got), diff)
	}
	if !got[3][1].IsNull() {
		t.Errorf("d of row 3 is %s, want null", got[3][1])
	}
	rel = connectortest.Relation(t, src, query.Dataset{Name: "p", File: "polars.parquet"})
	got = connectortest.ReadAll(t, src, connectortest.WholeRows(rel), 0)
	texts = nil
	for _, c := range got[2] {
		texts = append(texts, c.Text())
	}
	if diff := cmp.Diff([]string{"2", "", "-2.25", "1969-12-31T23:59:59.5", "1969-12-31T00:00:00Z", "[]", "y"}, texts); len(got) != 60 || diff != "" {
		t.Errorf("%d rows; row 2 (-want +got):\n%s", len(got), diff)
	}
}

// TestParquetDeclared reads columns as other types than the file's.
func TestParquetDeclared(t *testing.T) {
	src := open(t, parquetDir)
	rel := connectortest.Relation(t, src, query.Dataset{Name: "d", File: "arrow.parquet", Timezone: "UTC", Columns: map[string]query.ColumnOptions{
		"i8": {Type: "decimal"}, "s": {Type: "int"}, "by": {Type: "string"}, "b": {Type: "string"}, "u8": {Type: "bool"}, "day": {Type: "string"}, "li": {Type: "string"}, "ts_us": {Type: "local_timestamp"},
	}})
	for name, want := range map[string]string{"i8": "decimal", "s": "int", "by": "string", "b": "string", "u8": "bool", "day": "string", "ts_us": "timestamp"} {
		if c := connectortest.Col(t, rel, name); c.Col.Type.String() != want || c.Col.Unusable != "" {
			t.Errorf("%s is %s (%s), want %s", name, c.Col.Type, c.Col.Unusable, want)
		}
	}
	if c := connectortest.Col(t, rel, "li"); c.Col.Unusable == "" {
		t.Error("a list can be read as a string")
	}
	got := connectortest.ReadAll(t, src, query.Select{From: rel, Columns: connectortest.Cols(t, rel, "i8", "s", "by", "b", "u8", "day")}, 0)
	texts := map[int]string{}
	for _, r := range []int{1, 2, 3, 5} {
		var row []string
		for _, c := range got[r] {
			row = append(row, c.String())
		}
		texts[r] = strings.Join(row, " ")
	}
	// "abc" and "" are no ints, "007" is one to who says so; \xff is no text; 255 is no truth.
	want := map[int]string{
		1: `"0" error "" "true" "false" "2024-02-29"`,
		2: `"127" error error "false" error "1969-12-31"`,
		3: `"-128" error "abc" "true" "false" "0001-01-01"`,
		5: `"127" "7" error "true" "false" "1582-10-10"`,
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
