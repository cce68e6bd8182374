package files_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// write puts files into a new folder: name, content and so on.
func write(t testing.TB, content ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i+1 < len(content); i += 2 {
		path := filepath.Join(dir, content[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// read describes the dataset and reads it whole: the columns with their types, then every row; or the error.
func read(t testing.TB, src connectors.Source, d query.Dataset) (lines []string, err error) {
	t.Helper()
	sch, err := src.Describe(t.Context(), d)
	if err != nil {
		return nil, err
	}
	rel := query.Relation{Dataset: d, Schema: sch}
	var head []string
	for _, c := range sch.Columns {
		s := c.Name + " " + c.Type.String()
		if c.Shape == value.Date {
			s = c.Name + " date"
		}
		if c.Zone != "" && c.Shape != value.Date {
			s += " in " + c.Zone
		}
		head = append(head, s)
	}
	lines = append(lines, strings.Join(head, ", "))
	rows, err := src.Select(t.Context(), connectortest.WholeRows(rel))
	if err != nil {
		return lines, err
	}
	defer func() { _ = rows.Close() }()
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			if _, again := rows.Next(t.Context()); !errors.Is(again, err) {
				t.Errorf("after the error %v: %v", err, again)
			}
			return lines, err
		}
		if b == nil {
			return lines, nil
		}
		for r := range b.N {
			var cells []string
			for i := range b.Cols {
				c := connectortest.At(&b.Cols[i], r)
				switch {
				case c.Err():
					cells = append(cells, "ERR")
				case c.IsNull():
					cells = append(cells, "-")
				case c.Kind() == value.String:
					cells = append(cells, fmt.Sprintf("%q", c.Str()))
				default:
					cells = append(cells, c.Text())
				}
			}
			lines = append(lines, strings.Join(cells, " "))
		}
	}
}

type textCase struct {
	name   string
	files  []string // name, content, …; the dataset reads the first, or file
	file   string
	params []string
	zone   string
	cols   map[string]query.ColumnOptions
	want   []string
	err    string
	kind   connectors.ErrorKind
}

func (c *textCase) run(t *testing.T) {
	dir := write(t, c.files...)
	d := query.Dataset{Name: "x", File: c.file, Timezone: c.zone, Columns: c.cols}
	if d.File == "" {
		d.File = c.files[0]
	}
	got, err := read(t, open(t, dir, c.params...), d)
	if c.err == "" && err != nil {
		t.Fatal(err)
	}
	if c.err != "" {
		if err == nil {
			t.Fatalf("no error: %q", got)
		}
		if err.Error() != c.err {
			t.Errorf("the error is\n%s\nwant\n%s", err, c.err)
		}
		if e, ok := errors.AsType[*connectors.Error](err); !ok || e.Kind != c.kind {
			t.Errorf("%v is of kind %d, want %d", err, connectors.KindOf(err), c.kind)
		}
	}
	if d := cmp.Diff(c.want, got); c.want != nil && d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func typed(names ...string) map[string]query.ColumnOptions {
	out := map[string]query.ColumnOptions{}
	for _, n := range names {
		col, typ, _ := strings.Cut(n, ":")
		elem, array := strings.CutPrefix(typ, "[]")
		out[col] = query.ColumnOptions{Type: elem, Array: array}
	}
	return out
}

func TestCSV(t *testing.T) {
	for _, c := range []textCase{
		{
			name:  "types",
			files: []string{"a.csv", "i,d,b,day,n,z,s,phone,zip,e\n1,1.5,true,2024-01-31,2024-01-31 10:00:00,2024-01-31T10:00:00Z,a,+49,0171,\n-2,2,false,1999-12-31,2024-01-31T10:00:00.5,2024-01-31T10:00:00+02:00,b,123,0042,\n"},
			want: []string{
				"i int, d decimal, b bool, day date, n local timestamp, z timestamp, s string, phone string, zip string, e string",
				`1 1.5 true 2024-01-31T00:00:00Z 2024-01-31T10:00:00 2024-01-31T10:00:00Z "a" "+49" "0171" -`,
				`-2 2 false 1999-12-31T00:00:00Z 2024-01-31T10:00:00.5 2024-01-31T08:00:00Z "b" "123" "0042" -`,
			},
		},
		{
			name: "naive timestamps in a zone", zone: "Europe/Berlin", files: []string{"a.csv", "t,day\n2024-07-01 12:00:00,2024-07-01\n"},
			want: []string{"t timestamp in Europe/Berlin, day date", "2024-07-01T10:00:00Z 2024-07-01T00:00:00Z"},
		},
		{
			name: "null and empty", files: []string{"a.csv", "i,s\n1,\n,\"\"\n3,NA\n"},
			want: []string{"i int, s string", `1 -`, `- ""`, `3 "NA"`},
		},
		{
			name: "another text for null", params: []string{"null", "NA"}, files: []string{"a.csv", "i,s\n1,\nNA,\"NA\"\n3,NA\n"},
			want: []string{"i int, s string", `1 ""`, `- "NA"`, `3 -`},
		},
		{
			name: "quotes do not make text of numbers", files: []string{"a.csv", "i,s\n\"1\",\"\"\n\"2\",x\n"},
			want: []string{"i int, s string", `1 ""`, `2 "x"`},
		},
		{
			name: "an empty text among numbers", files: []string{"a.csv", "i\n1\n\"\"\n"},
			want: []string{"i string", `"1"`, `""`},
		},
		{
			name: "declared types are read leniently", cols: typed("i:int", "u:uint", "d:decimal", "f:double", "b:bool", "y:bytes", "t:duration", "j:json", "l:local_timestamp", "s:string"),
			files: []string{"a.csv", `i,u,d,f,b,y,t,j,l,s
007,1,+.5,1e5,yes,\x00ff,12:34:56.5,"{""a"": 1}",2024-01-31,1
+1,18446744073709551615,1e3,NaN,0,ABCD,1h30m,[1],2024-01-31 10:00,2
x,-1,"1,5",0x1p4,2,abc,25:00,{,2024-01-31T10:00:00Z,3
`},
			want: []string{
				"i int, u uint, d decimal, f double, b bool, y bytes, t duration, j json, l local timestamp, s string",
				`7 1 0.5 100000 true 00ff 45296.5s {"a": 1} 2024-01-31T00:00:00 "1"`,
				`1 18446744073709551615 1000 NaN false abcd 5400s [1] 2024-01-31T10:00:00 "2"`,
				`ERR ERR ERR ERR ERR ERR ERR ERR ERR "3"`,
			},
		},
		{
			name: "a declared timestamp without a zone is none", cols: typed("t:timestamp"), files: []string{"a.csv", "t\n2024-01-31 10:00:00\n2024-01-31T10:00:00Z\n"},
			want: []string{"t timestamp", "ERR", "2024-01-31T10:00:00Z"},
		},
		{
			name: "invalid UTF-8 is a cell in error", files: []string{"a.csv", "i,s\n1,a\xff\n2,b\n"},
			want: []string{"i int, s string", `1 ERR`, `2 "b"`},
		},
		{
			name: "byte order mark, CRLF and line ends within quotes", files: []string{"a.csv", "\ufeffi,s\r\n1,\"a\r\nb\"\r\n\r\n2,c"},
			want: []string{"i int, s string", `1 "a\r\nb"`, `2 "c"`},
		},
		{
			name: "one column, where an empty line is a null", files: []string{"a.csv", "i\n1\n\n3\n"},
			want: []string{"i int", "1", "-", "3"},
		},
		{name: "header alone", files: []string{"a.csv", "a,b\n"}, want: []string{"a string, b string"}},
		{name: "header without a line end", files: []string{"a.csv", "a,b"}, want: []string{"a string, b string"}},
		{
			name: "no header", params: []string{"header", "false"}, files: []string{"a.csv", "1,x\n2,y\n"},
			want: []string{"c1 int, c2 string", `1 "x"`, `2 "y"`},
		},
		{
			name: "a column without a name", files: []string{"a.csv", ",x\n1,a\n"},
			want: []string{"c1 int, x string", `1 "a"`},
		},
		{
			name: "tab, by name", files: []string{"a.tsv", "a\tb\n1\t\"x\ty\"\n"},
			want: []string{"a int, b string", `1 "x\ty"`},
		},
		{
			name: "semicolon", params: []string{"delimiter", ";"}, files: []string{"a.csv", "a;b\n1;1,5\n"},
			want: []string{"a int, b string", `1 "1,5"`},
		},
		{
			name: "one column with a semicolon in its name", params: []string{"delimiter", ","}, files: []string{"a.csv", "a;b\n1\n"},
			want: []string{"a;b int", `1`},
		},
		{
			name: "format over name", params: []string{"format", "tsv"}, files: []string{"part-0000", "a\tb\n1\t2\n"},
			want: []string{"a int, b int", `1 2`},
		},
		{
			name: "several files", file: "d/*.csv", files: []string{"d/2.csv", "b,a\nx,3\n", "d/10.csv", "a,b\n1,y\n", "d/1.csv", "a,b\n1.5,z\n", "d/3.txt", "no"},
			want: []string{"a decimal, b string", `1.5 "z"`, `1 "y"`, `3 "x"`},
		},
		{
			name: "folders of several files", file: "y=*/m=[12]/*.csv", files: []string{"y=2/m=1/a.csv", "a\n3\n", "y=1/m=2/a.csv", "a\n2\n", "y=1/m=1/b.csv", "a\n1\n", "y=1/m=3/a.csv", "a\nx\n"},
			want: []string{"a int", "1", "2", "3"},
		},
		{
			name: "a name that looks like a pattern", file: "a[1].csv", files: []string{"a[1].csv", "a\n1\n", "a1.csv", "a\n2\n"},
			want: []string{"a int", "1"},
		},

		{name: "empty file", files: []string{"a.csv", ""}, err: "describe files: a.csv: the file is empty: it has no header"},
		{name: "blank file", files: []string{"a.csv", "\n\n"}, err: "describe files: a.csv: the file is empty: it has no header"},
		{name: "too few fields", files: []string{"a.csv", "a,b\n\"1\n2\",3\n4\n"}, err: "describe files: a.csv: line 4: 1 field instead of 2"},
		{name: "too many fields", files: []string{"a.csv", "a,b\n1,2,3\n"}, err: "describe files: a.csv: line 2: 3 fields instead of 2"},
		{name: "a quote that is not closed", files: []string{"a.csv", "a,b\n1,2\n\"3,4\n5,6\n"}, err: "describe files: a.csv: line 3: a quote is not closed"},
		{name: "text behind a quote", files: []string{"a.csv", "a,b\n\"1\"x,2\n"}, err: "describe files: a.csv: line 2: a closing quote is followed by text: within quotes, a quote is written twice"},
		{name: "old Mac", files: []string{"a.csv", "a,b\r1,2\r"}, err: "describe files: a.csv: line 1: a carriage return stands without a line feed: lines end in LF or CRLF, and within quotes anything goes"},
		{name: "UTF-16", files: []string{"a.csv", "\xff\xfea\x00"}, err: "describe files: a.csv: it is UTF-16: save it as UTF-8"},
		{name: "the same name twice", files: []string{"a.csv", "a,b,a\n"}, err: `describe files: a.csv: line 1: the header names column "a" twice`},
		{name: "a name that is no text", files: []string{"a.csv", "a,\xff\n"}, err: "describe files: a.csv: line 1: the name of column 2 is not UTF-8"},
		{
			name: "another delimiter", files: []string{"a.csv", "a;b\n1;2\n"},
			err: `describe files: a.csv: line 1: the header is the one column "a;b": set delimiter: on the connection to what parts the columns, or to what does not`,
		},
		{
			name: "columns that differ", file: "*.csv", files: []string{"1.csv", "a,b\n", "2.csv", "a,c\n"},
			err: `describe files: 2.csv: there is no column "b", which 1.csv has: the files of a dataset have the same columns`,
		},
		{
			name: "a column more", file: "*.csv", files: []string{"1.csv", "a\n", "2.csv", "a,c\n"},
			err: `describe files: 2.csv: column "c" is not in 1.csv: the files of a dataset have the same columns`,
		},
		{
			name: "formats that differ", file: "*", files: []string{"1.csv", "a\n", "2.jsonl", "{}\n"}, kind: connectors.Misconfigured,
			err: `describe files: *: 1.csv is CSV and 2.jsonl is JSON lines: the files of a dataset are of one format`,
		},
		{
			name: "lists", cols: typed("a:[]int"), files: []string{"a.csv", "a\n"}, kind: connectors.Misconfigured,
			err: `describe files: a.csv: column a: array: is for JSON lines: CSV has no lists, or says itself where it has`,
		},
		{name: "two stars", file: "**/a.csv", files: []string{"x/a.csv", "a\n"}, kind: connectors.Misconfigured, err: "describe files: **/a.csv: ** is not understood: write a * for each folder"},
		{name: "a bad pattern", file: "[a.csv", files: []string{"x/a.csv", "a\n"}, kind: connectors.Misconfigured, err: "describe files: [a.csv: it is not a pattern that can be understood"},
	} {
		t.Run(c.name, c.run)
	}
}

func TestJSONLines(t *testing.T) {
	for _, c := range []textCase{
		{
			name: "types",
			files: []string{"a.jsonl", `{"i": 1, "d": 1.5, "e": 1e2, "b": true, "s": "x", "day": "2024-01-31", "z": "2024-01-31T10:00:00Z", "li": [1, 2], "ls": ["a", null], "o": {"a": 1}, "m": 1, "n": null, "ld": ["2024-01-31"]}
{"i": -2, "d": 2, "e": 1, "b": false, "s": "12", "day": "1999-12-31", "z": null, "li": [], "o": [1], "m": "x", "x": ["a", 1], "dd": [1, 2.5]}
`},
			want: []string{
				"i int, d decimal, e decimal, b bool, s string, day date, z timestamp, li list(int), ls list(string), o json, m json, n string, ld list(string), x json, dd list(decimal)",
				`1 1.5 100 true "x" 2024-01-31T00:00:00Z 2024-01-31T10:00:00Z [1, 2] ["a", null] {"a": 1} 1 - ["2024-01-31"] - -`,
				`-2 2 1 false "12" 1999-12-31T00:00:00Z - [] - [1] "x" - - ["a", 1] [1, 2.5]`,
			},
		},
		{
			name: "declared, paths into documents among them", cols: typed("zip:string", "f:double", "a.b:int", "a.b.c:int", "late:int", "tags:[]int", "u:uint", "x:bool"),
			files: []string{"a.jsonl", `{"zip": 7001, "f": "NaN", "a": {"b": 5}, "tags": [1], "u": 18446744073709551615, "x": 1}` + "\n" + `{"zip": "7001", "f": 1.5, "a": {"b": {"c": 6}}, "tags": ["x"], "x": "no"}` + "\n" + `{"zip": {"a":1}, "f": [], "a": 3, "late": 7}`},
			want: []string{
				"zip string, f double, a json, tags list(int), u uint, x bool, late int, a.b int, a.b.c int",
				`"7001" NaN {"b": 5} [1] 18446744073709551615 true - 5 -`,
				`"7001" 1.5 {"b": {"c": 6}} ERR - false - ERR 6`,
				`"{\"a\":1}" ERR 3 - - - 7 - -`,
			},
		},
		{
			name: "escapes and texts that are none", files: []string{"a.jsonl", `{"s": "\u00e9\ud83d\ude00\n\"\\\/", "k\u0065y": 1}` + "\n" + `{"s": "\ud800"}` + "\n{\"s\": \"\xff\"}\n" + `{"s": "\u0000"}`},
			want: []string{"s string, key int", `"é😀\n\"\\/" 1`, "ERR -", "ERR -", `"\x00" -`},
		},
		{
			name: "a key twice is a cell in error", files: []string{"a.jsonl", `{"a": 1, "a": 2, "b": 3}`},
			want: []string{"a int, b int", "ERR 3"},
		},
		{
			name: "blank lines, CRLF, byte order mark", files: []string{"a.ndjson", "\ufeff{\"a\": 1}\r\n\r\n  \n{\"a\": 2}\r\n"},
			want: []string{"a int", "1", "2"},
		},
		{
			name: "keys of several files", file: "*.jsonl", files: []string{"1.jsonl", `{"a": 1}`, "2.jsonl", `{"b": "x", "a": 2.5}`},
			want: []string{"a decimal, b string", `1 -`, `2.5 "x"`},
		},
		{name: "empty file", files: []string{"a.jsonl", ""}, want: []string{""}},
		{name: "numbers without an end", files: []string{"a.jsonl", `{"a": 123456789012345678901234567890, "b": 1e400}`}, want: []string{"a decimal, b decimal", "123456789012345678901234567890 1" + strings.Repeat("0", 400)}},

		{name: "no object", files: []string{"a.jsonl", "{}\n[1]\n"}, err: "describe files: a.jsonl: line 2: it is not one JSON object: JSON lines have an object a line"},
		{name: "two objects", files: []string{"a.jsonl", "{} {}\n"}, err: "describe files: a.jsonl: line 1: it is not one JSON object: JSON lines have an object a line"},
		{name: "several lines", files: []string{"a.jsonl", "{\n\"a\": 1\n}\n"}, err: "describe files: a.jsonl: line 1: the object does not end on its line: it is not valid JSON at byte 2"},
		{name: "cut off", files: []string{"a.jsonl", "{\"a\": 1}\n{\"a\": \"x"}, err: "describe files: a.jsonl: line 2: the object does not end on its line: it is not valid JSON at byte 9"},
		{name: "invalid", files: []string{"a.jsonl", "{\"a\": 01}\n"}, err: "describe files: a.jsonl: line 1: it is not valid JSON at byte 7"},
		{name: "a key that is no text", files: []string{"a.jsonl", `{"\ud800": 1}`}, err: "describe files: a.jsonl: line 1: a key is not a text"},
		{name: "an empty part", cols: typed("a..b:int"), files: []string{"a.jsonl", `{"a": 1}`}, kind: connectors.Misconfigured, err: "describe files: a.jsonl: column a..b: a part of the path is empty"},
	} {
		t.Run(c.name, c.run)
	}
}

// TestBeyondTheSample reads rows that inference did not see: none of them may become something else in silence.
func TestBeyondTheSample(t *testing.T) {
	var c, j strings.Builder
	c.WriteString("i,d,b,day,t\n")
	for range 10_000 {
		c.WriteString("1,1.5,true,2024-01-31,2024-01-31T10:00:00Z\n")
		j.WriteString(`{"i": 1, "d": 1.5, "b": true, "l": [1]}` + "\n")
	}
	c.WriteString("007,1e5,yes,2024-01-31 10:00:00,2024-01-31\n12a,.5,1,2024-02-30,2024-01-31 10:00:00\n,,,,\n2,3,false,2024-02-01,2024-01-31T10:00:00+01:00\n")
	j.WriteString(`{"i": "1", "d": "1.5", "b": 1, "l": ["x"]}` + "\n" + `{"i": 1.5, "d": true, "b": "true", "l": 1}` + "\n" + `{"i": 3.0, "d": 1e2, "b": null, "l": [null]}` + "\n" + `{}`)
	dir := write(t, "a.csv", c.String(), "a.jsonl", j.String(), "late.jsonl", j.String()+"\n"+`{"i": 1, "late": true}`)
	src := open(t, dir)
	for file, want := range map[string][]string{
		"a.csv":   {"ERR ERR ERR ERR ERR", "ERR ERR ERR ERR ERR", "- - - - -", "2 3 false 2024-02-01T00:00:00Z 2024-01-31T09:00:00Z"},
		"a.jsonl": {"ERR ERR ERR ERR", "ERR ERR ERR ERR", "3 100 - [null]", "- - - -"},
	} {
		got, err := read(t, src, query.Dataset{Name: "x", File: file})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 10_005 {
			t.Fatalf("%s: %d lines", file, len(got))
		}
		if d := cmp.Diff(want, got[10_001:]); d != "" {
			t.Errorf("%s (-want +got):\n%s", file, d)
		}
	}
	// A key that nothing was known of: an error where whole rows are asked for, nobody's business where some columns are.
	d := query.Dataset{Name: "x", File: "late.jsonl"}
	_, err := read(t, src, d)
	const want = `read files: late.jsonl: line 10005: key "late" is in none of the first lines, by which the columns were told: declare it under columns: of the dataset`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	rel := connectortest.Relation(t, src, d)
	if got := connectortest.ReadAll(t, src, query.Select{From: rel, Columns: connectortest.Cols(t, rel, "i")}, 0); len(got) != 10_005 {
		t.Errorf("%d rows, want 10005", len(got))
	}
	d.Columns = typed("late:bool")
	got, err := read(t, src, d)
	if err != nil || got[len(got)-1] != "1 - - - true" {
		t.Errorf("declared: %v, %q", err, got[len(got)-1])
	}
}
