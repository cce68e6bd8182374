package connectortest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// LoadCSV writes tb as a CSV file of the folder and returns the dataset that reads it. What no text can tell by
// itself is declared; the rest is left to inference. Raw of a cell is written as it is.
func LoadCSV(t testing.TB, dir string, tb Table) query.Dataset {
	t.Helper()
	var b bytes.Buffer
	for i, c := range tb.Columns {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quoteCSV(c.Name))
	}
	b.WriteByte('\n')
	for _, row := range tb.Rows {
		for i, cell := range row {
			if i > 0 {
				b.WriteByte(',')
			}
			switch {
			case cell.Err():
				b.WriteString(cell.Raw)
			case !cell.IsNull():
				b.WriteString(quoteCSV(fileText(tb.Columns[i], cell.Value)))
			}
		}
		b.WriteByte('\n')
	}
	d := query.Dataset{Name: tb.Name, File: Unique("ct_"+tb.Name) + ".csv", Key: tb.Key}
	declare(&d, tb, value.Uint, value.Double, value.Bytes, value.Duration, value.JSON)
	writeFile(t, filepath.Join(dir, d.File), b.Bytes())
	return d
}

// LoadJSONLines writes tb as a file of JSON lines, as LoadCSV does. A null is left out of every other row.
func LoadJSONLines(t testing.TB, dir string, tb Table) query.Dataset {
	t.Helper()
	var b bytes.Buffer
	for r, row := range tb.Rows {
		b.WriteByte('{')
		first := true
		for i, cell := range row {
			if !cell.Err() && cell.IsNull() && r%2 == 1 {
				continue
			}
			if !first {
				b.WriteString(", ")
			}
			first = false
			b.WriteString(strconv.Quote(tb.Columns[i].Name) + ": ")
			if cell.Err() {
				b.WriteString(cell.Raw)
			} else {
				b.WriteString(jsonText(t, tb.Columns[i], cell.Value))
			}
		}
		b.WriteString("}\n")
	}
	d := query.Dataset{Name: tb.Name, File: Unique("ct_"+tb.Name) + ".jsonl", Key: tb.Key}
	declare(&d, tb, value.Uint, value.Double, value.Bytes, value.Duration)
	if len(tb.Rows) < 2 { // nothing tells the columns
		for _, c := range tb.Columns {
			d.Columns[c.Name] = query.ColumnOptions{Type: NativeType(EngineJSONLines, c), Array: c.Type.Kind == value.List}
		}
	}
	writeFile(t, filepath.Join(dir, d.File), b.Bytes())
	return d
}

func writeFile(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatalf("write %s: %v", path, err)
	}
}

// quoteCSV quotes what must be, the empty text among it: nothing stands for null.
func quoteCSV(s string) string {
	if s != "" && !strings.ContainsAny(s, "\",\r\n") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// fileText writes a value as text.
func fileText(c Column, v value.Value) string {
	switch v.Kind() {
	case value.Timestamp:
		if c.Native[EngineCSV] == "date" {
			return v.Time().Format(time.DateOnly)
		}
		return v.Time().Format(time.RFC3339Nano)
	case value.LocalTimestamp:
		return v.Time().Format("2006-01-02 15:04:05.999999999")
	case value.Duration:
		return clock(v.Duration())
	case value.Bytes:
		return hex.EncodeToString([]byte(v.Str()))
	case value.Double:
		return doubleText(v.Double())
	case value.Null, value.Bool, value.Int, value.Uint, value.Decimal, value.String, value.JSON, value.List:
	}
	return v.Text()
}

// jsonText writes a value as JSON.
func jsonText(t testing.TB, c Column, v value.Value) string {
	t.Helper()
	switch v.Kind() {
	case value.Null:
		return "null"
	case value.Bool, value.Int, value.Uint, value.Decimal, value.JSON:
		return v.Text()
	case value.Double:
		if f := v.Double(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return doubleText(f)
		}
	case value.List:
		parts := make([]string, len(v.List()))
		for i, e := range v.List() {
			parts[i] = jsonText(t, c, e)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case value.String, value.Bytes, value.Timestamp, value.LocalTimestamp, value.Duration:
	}
	b, err := json.Marshal(fileText(c, v))
	if err != nil {
		t.Fatalf("write %s as JSON: %v", c.Name, err)
	}
	return string(b)
}
