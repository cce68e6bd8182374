package files

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// cells reads all records: a field as its text, in quotes where it is quoted.
func cells(r io.Reader, delim byte) (out [][]string, lines []int64, err error) {
	w, err := newWindow(r)
	if err != nil {
		return nil, nil, err
	}
	s := &csvScanner{window: w, delim: delim}
	for {
		err := s.next()
		if errors.Is(err, io.EOF) {
			return out, lines, nil
		}
		if err != nil {
			return out, append(lines, s.start), err
		}
		var rec []string
		for _, f := range s.fields {
			t := string(s.text(f))
			if f.quoted {
				t = "'" + t + "'"
			}
			rec = append(rec, t)
		}
		out, lines = append(out, rec), append(lines, s.start)
	}
}

func TestScanCSV(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       [][]string
		lines      []int64
		err        error
	}{
		{"empty", "", nil, nil, nil},
		{"plain", "a,b\n1,2\n", [][]string{{"a", "b"}, {"1", "2"}}, []int64{1, 2}, nil},
		{"no last line end", "a,b\n1,", [][]string{{"a", "b"}, {"1", ""}}, []int64{1, 2}, nil},
		{"CRLF", "a,b\r\n1,2\r\n", [][]string{{"a", "b"}, {"1", "2"}}, []int64{1, 2}, nil},
		{"byte order mark", "\ufeffa,b\n", [][]string{{"a", "b"}}, []int64{1}, nil},
		{"byte order mark before a quote", "\ufeff\"a\"\n", [][]string{{"'a'"}}, []int64{1}, nil},
		{"empty fields", ",,\n", [][]string{{"", "", ""}}, []int64{1}, nil},
		{"empty and quoted", `"",` + "\n", [][]string{{"''", ""}}, []int64{1}, nil},
		{"blank line", "a\n\nb\n", [][]string{{"a"}, {""}, {"b"}}, []int64{1, 2, 3}, nil},
		{"line ends within quotes", "\"a\nb\",\"c\r\nd\"\ne,f\n", [][]string{{"'a\nb'", "'c\r\nd'"}, {"e", "f"}}, []int64{1, 4}, nil},
		{"delimiter within quotes", "\"a,b\",c\n", [][]string{{"'a,b'", "c"}}, []int64{1}, nil},
		{"doubled quotes", `"a""b","""","""a"""` + "\n", [][]string{{`'a"b'`, `'"'`, `'"a"'`}}, []int64{1}, nil},
		{"a quote within a field", "5\",a\"b\"\n", [][]string{{`5"`, `a"b"`}}, []int64{1}, nil},
		{"blanks are data", " a , \"b\" \n", [][]string{{" a ", ` "b" `}}, []int64{1}, nil},
		{"NUL", "a\x00b,\n", [][]string{{"a\x00b", ""}}, []int64{1}, nil},
		{"quoted at the end", `a,"b"`, [][]string{{"a", "'b'"}}, []int64{1}, nil},
		{"not closed", "a\n\"b,c\n", [][]string{{"a"}}, []int64{1, 2}, errOpenQuote},
		{"text behind a quote", "\"a\"b\n", nil, []int64{1}, errBehind},
		{"old Mac", "a\rb\r", nil, []int64{1}, errBareCR},
		{"carriage return at the end", "a\n\"b\"\r", [][]string{{"a"}}, []int64{1, 2}, errBareCR},
		{"UTF-16", "\xff\xfea\x00", nil, nil, errUTF16},
	} {
		t.Run(c.name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{
				"whole": strings.NewReader(c.text), "byte by byte": iotest.OneByteReader(strings.NewReader(c.text)), "end with data": iotest.DataErrReader(strings.NewReader(c.text)),
			} {
				got, lines, err := cells(r, ',')
				if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
					t.Errorf("%s: error %v, want %v", how, err, c.err)
				}
				if d := cmp.Diff(c.want, got); d != "" {
					t.Errorf("%s (-want +got):\n%s", how, d)
				}
				if d := cmp.Diff(c.lines, lines); d != "" {
					t.Errorf("%s, lines (-want +got):\n%s", how, d)
				}
			}
		})
	}
}

// TestScanCSVErrors passes on what the reader says.
func TestScanCSVErrors(t *testing.T) {
	broken := errors.New("broken")
	_, _, err := cells(io.MultiReader(strings.NewReader("a,b\n1,"), iotest.ErrReader(broken)), ',')
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

// TestCSVRoundTrip writes random tables in every way in which CSV can be written, and reads them in pieces of random sizes.
func TestCSVRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		delim := rapid.SampledFrom([]byte{',', ';', '\t', '|', ' '}).Draw(t, "delimiter")
		crlf := rapid.Bool().Draw(t, "CRLF")
		cols := rapid.IntRange(1, 5).Draw(t, "columns")
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab\"\"\n\r,;\t| é😀\x00")))
		var b bytes.Buffer
		var want [][]string
		for range rapid.IntRange(0, 20).Draw(t, "rows") {
			var rec []string
			for c := range cols {
				if c > 0 {
					b.WriteByte(delim)
				}
				s := text.Draw(t, "cell")
				must := strings.ContainsAny(s, "\n\r"+string(rune(delim))) || strings.HasPrefix(s, `"`)
				if !must && rapid.Bool().Draw(t, "bare") {
					b.WriteString(s)
					rec = append(rec, s)
					continue
				}
				b.WriteString(`"` + strings.ReplaceAll(s, `"`, `""`) + `"`)
				rec = append(rec, "'"+s+"'")
			}
			if crlf {
				b.WriteByte('\r')
			}
			b.WriteByte('\n')
			want = append(want, rec)
		}
		sizes := rapid.SliceOfN(rapid.IntRange(1, 9), 1, 5).Draw(t, "pieces")
		got, _, err := cells(&pieces{b: b.Bytes(), sizes: sizes}, delim)
		if err != nil {
			t.Fatalf("%q: %v", b.String(), err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%q (-want +got):\n%s", b.String(), d)
		}
	})
}

// pieces is a reader of pieces of certain sizes, in turn.
type pieces struct {
	b     []byte
	sizes []int
	n     int
}

func (p *pieces) Read(to []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, io.EOF
	}
	n := copy(to, p.b[:min(p.sizes[p.n%len(p.sizes)], len(p.b))])
	p.b, p.n = p.b[n:], p.n+1
	return n, nil
}

// FuzzCSV compares with encoding/csv wherever that takes a text too: it skips empty lines and writes LF for CRLF within quotes.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\"\"b\",\n\r\n", "\"", "a\"b,\"c\nd\"\r\n", "\ufeffx\n", "a\rb", "\"a\"x\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, _, err := cells(strings.NewReader(text), ',')
		again, _, err2 := cells(iotest.HalfReader(strings.NewReader(text)), ',')
		if fmt.Sprint(err) != fmt.Sprint(err2) || cmp.Diff(got, again) != "" {
			t.Fatalf("%q: read whole %q %v, in halves %q %v", text, got, err, again, err2)
		}
		r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
		r.FieldsPerRecord = -1
		theirs, theirErr := r.ReadAll()
		if theirErr != nil || err != nil {
			if theirErr == nil && !errors.Is(err, errBareCR) && !errors.Is(err, errUTF16) {
				t.Fatalf("%q: %v, and encoding/csv takes it", text, err)
			}
			return
		}
		var ours [][]string
		for _, rec := range got {
			if len(rec) == 1 && rec[0] == "" {
				continue
			}
			var plain []string
			for _, c := range rec {
				if len(c) >= 2 && c[0] == '\'' && c[len(c)-1] == '\'' && strings.Contains(text, `"`) {
					c = strings.ReplaceAll(c[1:len(c)-1], "\r\n", "\n")
				}
				plain = append(plain, c)
			}
			ours = append(ours, plain)
		}
		if strings.Contains(text, "'") {
			return // the mark of a quoted field
		}
		if d := cmp.Diff(theirs, ours); d != "" {
			t.Fatalf("%q (-encoding/csv +ours):\n%s", text, d)
		}
	})
}

func TestClassify(t *testing.T) {
	for text, want := range map[string]class{
		"true": classBool, "False": classBool, "TRUE": classBool, "t": classText, "yes": classText, "1": classInt, "0": classInt, "-5": classInt,
		"9223372036854775807": classInt, "-9223372036854775808": classInt, "9223372036854775808": classDecimal, "123456789012345678901234567890": classDecimal,
		"1.5": classDecimal, "0.10": classDecimal, "-0.01": classDecimal, "1.": classText, ".5": classText, "-.5": classText, "1.5.2": classText, "-": classText, "1,5": classText,
		"007": classText, "00": classText, "01.5": classText, "-01": classText, "+1": classText, "1e5": classText, "1E5": classText, "0x1F": classText, "1_000": classText, " 1": classText, "1 ": classText,
		"+49 30 123456": classText, "030123456": classText, "NaN": classText, "Infinity": classText, "": classText, "abc": classText, "١": classText,
		"2024-02-29": classDay, "2023-02-29": classText, "2024-13-01": classText, "2024-2-9": classText, "20240229": classInt, "0000-01-01": classText, "29.02.2024": classText,
		"2024-02-29T12:00:00": classNaive, "2024-02-29 12:00:00": classNaive, "2024-02-29 12:00": classNaive, "2024-02-29 12:00:00.123456789": classNaive, "2024-02-29 24:00:00": classText,
		"2024-02-29 12:00:00.1234567890": classText, "2024-02-29 12:00:60": classText, "2024-02-29T12:00:00Z": classZoned, "2024-02-29T12:00:00+02:00": classZoned,
		"2024-02-29 12:00:00+02": classZoned, "2024-02-29 12:00:00-0330": classZoned, "2024-02-29T12:00:00 CET": classText, "2024-02-29T12:00:00+25:00": classText, "12:30:00": classText,
		"2024-02-29T": classText, "2024-02-29T12": classText, "10.0.0.1": classText, "-inf": classText, "123e": classText,
	} {
		if got := classify([]byte(text)); got != want {
			t.Errorf("%q is of class %b, want %b", text, got, want)
		}
	}
}

// TestCivilDays compares with package time every day of four centuries and some around the ends.
func TestCivilDays(t *testing.T) {
	days := 0
	for y := 1; y <= 9999; y++ {
		for m := 1; m <= 12; m++ {
			for _, d := range []int{1, daysIn(y, m)} {
				m1, ok := parseMoment(fmt.Appendf(nil, "%04d-%02d-%02d", y, m, d))
				if !ok {
					t.Fatalf("%04d-%02d-%02d is no date", y, m, d)
				}
				if want := dateUnix(y, m, d); m1.sec != want {
					t.Fatalf("%04d-%02d-%02d is %d, want %d", y, m, d, m1.sec, want)
				}
				days++
			}
			if _, ok := parseMoment(fmt.Appendf(nil, "%04d-%02d-%02d", y, m, daysIn(y, m)+1)); ok {
				t.Fatalf("month %d of %d has a day too many", m, y)
			}
		}
	}
	if days != 9999*24 {
		t.Errorf("%d days were compared", days)
	}
}

func dateUnix(y, m, d int) int64 { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC).Unix() }
