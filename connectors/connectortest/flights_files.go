package connectortest

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// FlightsJSONLines writes rows to flights.jsonl in a new folder and returns the folder. A null is a missing key.
func FlightsJSONLines(t testing.TB, rows [][]*string) string {
	t.Helper()
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "flights.jsonl"))
	if err != nil {
		t.Fatalf("write the flights: %v", err)
	}
	w := bufio.NewWriter(f)
	cols := FlightColumns()
	var b []byte
	for _, row := range rows {
		b = flightJSON(b[:0], cols, row, 0)
		_, _ = w.Write(b) // Flush says it
	}
	if err := w.Flush(); err != nil {
		t.Fatalf("write the flights: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatalf("write the flights: %v", err)
	}
	return dir
}

// FlightsParquet writes rows to flights.parquet in a new folder and returns the folder.
func FlightsParquet(t testing.TB, rows [][]*string) string {
	t.Helper()
	group := parquet.Group{}
	at := map[string]int{}
	cols := FlightColumns()
	for i, c := range cols {
		at[c.Name] = i
		switch c.Kind {
		case "int":
			group[c.Name] = parquet.Optional(parquet.Int(32))
		case "time":
			group[c.Name] = parquet.Optional(parquet.TimestampAdjusted(parquet.Millisecond, false))
		default:
			group[c.Name] = parquet.Optional(parquet.String())
		}
	}
	schema := parquet.NewSchema("flights", group)
	var b bytes.Buffer
	w := parquet.NewWriter(&b, schema, parquet.Compression(&parquet.Zstd))
	paths := schema.Columns()
	const part = 1000
	var batch []parquet.Row
	for from := 0; from < len(rows); from += part {
		batch = batch[:0]
		for _, row := range rows[from:min(from+part, len(rows))] {
			out := make(parquet.Row, 0, len(paths))
			for leaf, path := range paths {
				v, level := parquet.NullValue(), 0
				i := at[path[0]]
				if row[i] != nil {
					v, level = flightValue(t, cols[i].Kind, *row[i]), 1
				}
				out = append(out, v.Level(0, level, leaf))
			}
			batch = append(batch, out)
		}
		if _, err := w.WriteRows(batch); err != nil {
			t.Fatalf("write the flights: %v", err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatalf("write the flights: %v", err)
	}
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "flights.parquet"), b.Bytes())
	return dir
}

func flightValue(t testing.TB, kind, text string) parquet.Value {
	switch kind {
	case "int":
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			t.Fatalf("write the flights: %v", err)
		}
		return parquet.Int32Value(int32(n))
	case "time":
		at, err := FlightTime(text)
		if err != nil {
			t.Fatalf("write the flights: %v", err)
		}
		return parquet.Int64Value(at.UnixMilli())
	}
	return parquet.ByteArrayValue([]byte(text))
}
