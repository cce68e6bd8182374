package files_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// TestLargeFields reads a field of 50 MB, and none beyond the bound.
func TestLargeFields(t *testing.T) {
	for _, mb := range []int{50, 80} {
		big := strings.Repeat("0123456789abcdef", mb<<16)
		dir := write(t, "a.csv", "i,s\n1,\""+big+"\"\n2,x\n", "b.csv", "i,s\n1,"+big+"\n2,x\n", "a.jsonl", `{"i": 1, "s": "`+big+"\"}\n"+`{"i": 2, "s": "x"}`)
		for _, name := range []string{"a.csv", "b.csv", "a.jsonl"} {
			got, err := read(t, open(t, dir), query.Dataset{Name: "x", File: name})
			switch {
			case mb == 50 && err != nil:
				t.Errorf("%s, %d MB: %v", name, mb, err)
			case mb == 50 && (len(got) != 3 || len(got[1]) != len(big)+4 || got[2] != `2 "x"`):
				t.Errorf("%s, %d MB: %d lines", name, mb, len(got))
			case mb == 80 && (err == nil || !strings.HasSuffix(err.Error(), name+": line "+fmt.Sprint(3-min(len(name)-4, 2))+": the record is longer than 64 MiB")):
				t.Errorf("%s, %d MB: %v", name, mb, err)
			}
		}
	}
}

// TestWide reads 10,000 columns in every format.
func TestWide(t *testing.T) {
	const cols, rows = 10_000, 8
	tb := connectortest.Table{Name: "wide"}
	for c := range cols {
		tb.Columns = append(tb.Columns, connectortest.Column{Name: fmt.Sprintf("c%05d", c), Type: value.Of(value.Int)})
	}
	for r := range rows {
		row := make([]connectortest.Cell, cols)
		for c := range row {
			row[c].Value = value.IntValue(int64(r * c))
		}
		tb.Rows = append(tb.Rows, row)
	}
	dir := t.TempDir()
	for _, load := range []func(testing.TB, string, connectortest.Table) query.Dataset{connectortest.LoadCSV, connectortest.LoadJSONLines, connectortest.LoadParquet} {
		d := load(t, dir, tb)
		src := open(t, dir)
		rel := connectortest.Relation(t, src, d)
		got := connectortest.ReadAll(t, src, connectortest.WholeRows(rel), 0)
		if len(rel.Schema.Columns) != cols || len(got) != rows || got[7][9999].Int() != 7*9999 || got[3][5].Int() != 15 {
			t.Errorf("%s: %d columns, %d rows", d.File, len(rel.Schema.Columns), len(got))
		}
		some := connectortest.ReadAll(t, src, query.Select{From: rel, Columns: connectortest.Cols(t, rel, "c09999", "c00001")}, 0)
		if len(some) != rows || some[7][0].Int() != 7*9999 || some[7][1].Int() != 7 {
			t.Errorf("%s: two columns: %v", d.File, some)
		}
	}
}

// TestConstantMemory reads 100 MB that are packed into little, and watches what the process holds.
func TestConstantMemory(t *testing.T) {
	line := "1234567,some text that is not too short,2024-01-31 10:00:00,1.50,,\"quoted, of course\"\n"
	object := `{"id": 1234567, "s": "some text that is not too short", "t": "2024-01-31T10:00:00Z", "d": 1.50, "n": null, "q": "quoted"}` + "\n"
	for name, part := range map[string]string{"a.csv.zst": line, "a.jsonl.zst": object} {
		dir := t.TempDir()
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		z, err := zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedFastest))
		if err != nil {
			t.Fatal(err)
		}
		block := strings.Repeat(part, (1<<20)/len(part))
		if name == "a.csv.zst" {
			_, _ = z.Write([]byte("id,s,t,d,n,q\n"))
		}
		for range 100 {
			if _, err := z.Write([]byte(block)); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(z.Close(), f.Close()); err != nil {
			t.Fatal(err)
		}
		src := open(t, dir)
		rel := connectortest.Relation(t, src, query.Dataset{Name: "x", File: name, Timezone: "UTC"})
		rows, err := src.Select(t.Context(), connectortest.WholeRows(rel))
		if err != nil {
			t.Fatal(err)
		}
		n, most := 0, uint64(0)
		var m runtime.MemStats
		runtime.GC() // what earlier tests left
		runtime.ReadMemStats(&m)
		held := m.HeapAlloc
		for batches := 0; ; batches++ {
			b, err := rows.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if b == nil {
				break
			}
			n += b.N
			if batches%100 == 0 {
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
		if want := 100 * ((1 << 20) / len(part)); n != want {
			t.Errorf("%s: %d rows, want %d", name, n, want)
		}
		if est := rel.Schema.Rows; est < int64(n)/4 || est > int64(n)*4 {
			t.Errorf("%s: %d rows are estimated of %d", name, est, n)
		}
		if most > held+32<<20 {
			t.Errorf("%s: %d MB are held at once, %d before", name, most>>20, held>>20)
		}
	}
}

// parquetBytes returns a file of two row groups.
func parquetBytes(t testing.TB) []byte {
	t.Helper()
	dir := t.TempDir()
	tb := connectortest.BulkTable(90)
	b, err := os.ReadFile(filepath.Join(dir, connectortest.LoadParquet(t, dir, tb).File))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestDamagedParquet reads every beginning of a Parquet file, and the file with each byte changed: an error, or as many rows as the
// metadata say, never a crash.
func TestDamagedParquet(t *testing.T) {
	whole := parquetBytes(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "a.parquet")
	try := func(b []byte) (int, error) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := read(t, open(t, dir), query.Dataset{Name: "x", File: "a.parquet"})
		return len(got) - 1, err
	}
	if n, err := try(whole); n != 90 || err != nil {
		t.Fatalf("the file itself: %d rows, %v", n, err)
	}
	for n := range whole {
		if _, err := try(whole[:n]); err == nil {
			t.Fatalf("%d of %d bytes are read as a whole file", n, len(whole))
		} else if _, ok := errors.AsType[*connectors.Error](err); !ok || len(err.Error()) > 400 {
			t.Fatalf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
	failed := 0
	for i := range whole {
		b := bytes.Clone(whole)
		b[i] ^= 0xFF
		n, err := try(b)
		switch {
		case err != nil:
			failed++
			if _, ok := errors.AsType[*connectors.Error](err); !ok || len(err.Error()) > 400 {
				t.Fatalf("byte %d: %v", i, err)
			}
		case n != 90:
			t.Logf("byte %d: %d rows without an error", i, n)
		}
	}
	if failed < len(whole)/10 {
		t.Errorf("only %d of %d changed bytes are found", failed, len(whole))
	}
}

// TestWrongCounts reads files whose metadata speak of another number of rows than there are.
func TestWrongCounts(t *testing.T) {
	whole := parquetBytes(t)
	for by, want := range map[int64]string{
		5:  `read files: a.parquet: column "id": the file has fewer values than rows`,
		-5: `read files: a.parquet: column "id" has more values than the file has rows: the Parquet metadata are damaged`,
	} {
		f, err := parquet.OpenFile(bytes.NewReader(whole), int64(len(whole)))
		if err != nil {
			t.Fatal(err)
		}
		meta := f.Metadata()
		for i := range meta.RowGroups {
			meta.RowGroups[i].NumRows += by
		}
		footer, err := thrift.Marshal(new(thrift.CompactProtocol), *meta)
		if err != nil {
			t.Fatal(err)
		}
		old := binary.LittleEndian.Uint32(whole[len(whole)-8:])
		b := slices.Concat(whole[:len(whole)-8-int(old)], footer, binary.LittleEndian.AppendUint32(nil, uint32(len(footer))), []byte("PAR1"))
		d := query.Dataset{Name: "x", File: "a.parquet"}
		src := open(t, write(t, "a.parquet", string(b)))
		rel := connectortest.Relation(t, src, d)
		err = connectortest.Drain(t.Context(), src, query.Select{From: rel, Columns: connectortest.Cols(t, rel, "id")})
		if err == nil || err.Error() != want {
			t.Errorf("by %d: %v, want %s", by, err, want)
		}
	}
}

// TestNoFiles opens what is no regular file.
func TestNoFiles(t *testing.T) {
	dir := write(t, "d/a.csv", "a\n1\n", "secret.csv", "a\n1\n")
	src := open(t, dir)
	_, err := src.Describe(t.Context(), query.Dataset{Name: "x", File: "d"})
	if err == nil || err.Error() != "describe files: d: it is a folder: name its files, such as d/*.csv" || connectors.KindOf(err) != connectors.Misconfigured {
		t.Errorf("a folder: %v", err)
	}
	_, err = open(t, dir, "format", "csv").Describe(t.Context(), query.Dataset{Name: "x", File: os.DevNull})
	if err == nil || err.Error() != "describe files: /dev/null: it is no regular file" {
		t.Errorf("a device: %v", err)
	}
	_, err = src.Describe(t.Context(), query.Dataset{Name: "x", File: "none.csv"})
	if err == nil || err.Error() != "describe files: none.csv: no such file or directory" {
		t.Errorf("no file: %v", err)
	}
	if os.Geteuid() == 0 {
		return // may read anything
	}
	if err := os.Chmod(filepath.Join(dir, "secret.csv"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := src.Describe(t.Context(), query.Dataset{Name: "x", File: "secret.csv"}); connectors.KindOf(err) != connectors.Denied {
		t.Errorf("no permission: %v", err)
	}
}

// TestChanges changes a file between two requests, and while it is read.
func TestChanges(t *testing.T) {
	dir := write(t, "a.csv", "a,b\n1,2\n", "p/1.csv", "a\n1\n", "long.csv", "a\n"+strings.Repeat("1\n", 1<<20))
	src := open(t, dir)
	change := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		later := time.Now().Add(time.Hour)
		if err := os.Chtimes(filepath.Join(dir, name), later, later); err != nil {
			t.Fatal(err)
		}
	}
	all := func(s connectors.Source, rel query.Relation) error {
		return connectortest.Drain(t.Context(), s, connectortest.WholeRows(rel))
	}
	rel := connectortest.Relation(t, src, query.Dataset{Name: "a", File: "a.csv"})
	part := connectortest.Relation(t, src, query.Dataset{Name: "p", File: "p/*.csv"})
	snap, err := src.(connectors.Snapshotter).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(all(snap, rel), all(snap, part)); err != nil {
		t.Fatal(err)
	}
	change("a.csv", "b,a\n3,4\n")
	change("p/2.csv", "a\n2\n")
	if err := all(src, rel); err != nil {
		t.Errorf("a new order of columns: %v", err)
	}
	if err := all(snap, rel); err == nil || err.Error() != "read files: a.csv: the file was changed since it was first read" {
		t.Errorf("in a snapshot: %v", err)
	}
	if got := connectortest.ReadAll(t, snap, connectortest.WholeRows(part), 0); len(got) != 1 {
		t.Errorf("a new file joins a snapshot: %d rows", len(got))
	}
	if got := connectortest.ReadAll(t, src, connectortest.WholeRows(part), 0); len(got) != 2 {
		t.Errorf("%d rows, want those of two files", len(got))
	}
	change("a.csv", "a,c\n3,4\n")
	if err := all(src, rel); err == nil || err.Error() != `read files: a.csv: column "b" is gone since the file was described` {
		t.Errorf("another column: %v", err)
	}

	long := connectortest.Relation(t, src, query.Dataset{Name: "l", File: "long.csv"})
	rows, err := src.Select(t.Context(), connectortest.WholeRows(long))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rows.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "long.csv"), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, "2\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			if err.Error() != "read files: long.csv: the file was changed while it was being read" {
				t.Errorf("got %v", err)
			}
			break
		}
		if b == nil {
			t.Error("a file that grew while it was read looks complete")
			break
		}
	}
}

// TestRefusals asks for what Caps refuses.
func TestRefusals(t *testing.T) {
	src := open(t, write(t, "a.csv", "a\n1\n2\n3\n"))
	rel := connectortest.Relation(t, src, query.Dataset{Name: "a", File: "a.csv", Key: []string{"a"}})
	col := connectortest.Col(t, rel, "a")
	if caps := src.Caps(); caps.KeyOrder || caps.Group || caps.Expr(rel, col).Reason != "files: no engine, evaluated here" {
		t.Error("something is evaluated at a file")
	}
	for name, q := range map[string]query.Select{
		"order": {From: rel, OrderByKey: true}, "condition": {From: rel, Branches: []query.Branch{{Where: col}}}, "branches": {From: rel, Branches: make([]query.Branch, 2)},
		"set": {From: rel, Branches: []query.Branch{{Set: &query.UniqueCheck{From: rel}}}},
	} {
		_, err := src.Select(t.Context(), q)
		if _, ok := errors.AsType[*query.Refusal](err); !ok {
			t.Errorf("%s: %v is no refusal", name, err)
		}
	}
	if _, err := src.Aggregate(t.Context(), query.Aggregate{From: rel}); err == nil {
		t.Error("an aggregate is computed")
	}
	got := connectortest.ReadAll(t, src, query.Select{From: rel, Columns: []*query.Column{col}, Branches: []query.Branch{{Limit: 2}}}, 0)
	if len(got) != 2 {
		t.Errorf("%d rows, want the first 2", len(got))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := src.Select(ctx, query.Select{From: rel}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestNoColumns counts rows without reading a cell.
func TestNoColumns(t *testing.T) {
	dir := write(t, "a.csv", "a,b\n1,2\n3,4\n", "a.jsonl", "{}\n{}\n", "a.parquet", string(parquetBytes(t)))
	src := open(t, dir)
	for name, want := range map[string]int{"a.csv": 2, "a.jsonl": 2, "a.parquet": 90} {
		rel := connectortest.Relation(t, src, query.Dataset{Name: "x", File: name})
		rows, err := src.Select(t.Context(), query.Select{From: rel})
		if err != nil {
			t.Fatal(err)
		}
		b, err := rows.Next(t.Context())
		if err != nil || b == nil || b.N != want || len(b.Cols) != 0 {
			t.Errorf("%s: %v, %v", name, b, err)
		}
		if rel.Schema.Rows != int64(want) {
			t.Errorf("%s: %d rows are described, want %d", name, rel.Schema.Rows, want)
		}
	}
}
