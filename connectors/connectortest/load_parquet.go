package connectortest

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// parquetScale is the scale of decimals: that of the finest of HostileTable.
const parquetScale = 20

// LoadParquet writes tb as a Parquet file of the folder, in row groups of a few rows, and returns the dataset that reads it.
// Raw of a cell is written as its bytes.
func LoadParquet(t testing.TB, dir string, tb Table) query.Dataset {
	t.Helper()
	group := parquet.Group{}
	for _, c := range tb.Columns {
		n := parquetNode(c)
		if n == nil {
			t.Fatalf("Parquet has no type for column %s of %s", c.Name, c.Type)
		}
		group[c.Name] = n
	}
	schema := parquet.NewSchema(tb.Name, group)
	var b bytes.Buffer
	w := parquet.NewWriter(&b, schema, parquet.Compression(&parquet.Snappy))
	var order []int // of the leaves, sorted by name
	for _, path := range schema.Columns() {
		order = append(order, tb.Index(path[0]))
	}
	groupRows := max(37, len(tb.Rows)/4)
	for r, row := range tb.Rows {
		var out parquet.Row
		for leaf, i := range order {
			out = append(out, parquetCells(tb.Columns[i], row[i], leaf)...)
		}
		if _, err := w.WriteRows([]parquet.Row{out}); err != nil {
			t.Fatalf("write row %d of %s as Parquet: %v", r, tb.Name, err)
		}
		if r%groupRows == groupRows-1 {
			if err := w.Flush(); err != nil {
				t.Fatalf("write %s as Parquet: %v", tb.Name, err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatalf("write %s as Parquet: %v", tb.Name, err)
	}
	d := query.Dataset{Name: tb.Name, File: Unique("ct_"+tb.Name) + ".parquet", Key: tb.Key}
	writeFile(t, filepath.Join(dir, d.File), b.Bytes())
	return d
}

// parquetNode returns the schema of a column.
func parquetNode(c Column) parquet.Node {
	var n parquet.Node
	switch NativeType(EngineParquet, c) {
	case "date":
		n = parquet.Date()
	case "uuid":
		n = parquet.UUID()
	case "int32":
		n = parquet.Int(32)
	case "float":
		n = parquet.Leaf(parquet.FloatType)
	default:
		n = parquetScalar(c.Type.Kind)
	}
	if c.Type.Kind == value.List {
		n = parquet.List(parquet.Optional(parquetScalar(c.Type.Elem.Kind)))
	}
	if n == nil || c.NotNull {
		return n
	}
	return parquet.Optional(n)
}

func parquetScalar(k value.Kind) parquet.Node {
	switch k {
	case value.Bool:
		return parquet.Leaf(parquet.BooleanType)
	case value.Int:
		return parquet.Int(64)
	case value.Uint:
		return parquet.Uint(64)
	case value.Double:
		return parquet.Leaf(parquet.DoubleType)
	case value.Decimal:
		return parquet.Decimal(parquetScale, 76, parquet.ByteArrayType)
	case value.String:
		return parquet.String()
	case value.Bytes:
		return parquet.Leaf(parquet.ByteArrayType)
	case value.Timestamp:
		return parquet.Timestamp(parquet.Microsecond)
	case value.LocalTimestamp:
		return parquet.TimestampAdjusted(parquet.Microsecond, false)
	case value.Duration:
		return parquet.Time(parquet.Microsecond)
	case value.JSON:
		return parquet.JSON()
	case value.Null, value.List:
	}
	return nil
}

// parquetCells returns the values of a cell, a list's elements each one, with the levels that say what is null.
func parquetCells(c Column, cell Cell, leaf int) []parquet.Value {
	present := 1
	if c.NotNull {
		present = 0
	}
	switch {
	case cell.Err():
		return []parquet.Value{parquet.ByteArrayValue([]byte(cell.Raw)).Level(0, present, leaf)}
	case cell.IsNull():
		return []parquet.Value{parquet.NullValue().Level(0, 0, leaf)}
	case c.Type.Kind != value.List:
		return []parquet.Value{parquetValue(c, cell.Value).Level(0, present, leaf)}
	case len(cell.List()) == 0:
		return []parquet.Value{parquet.NullValue().Level(0, 1, leaf)}
	}
	var out []parquet.Value
	for i, e := range cell.List() {
		rep := min(i, 1)
		if e.IsNull() {
			out = append(out, parquet.NullValue().Level(rep, 2, leaf))
		} else {
			out = append(out, parquetValue(Column{Type: *c.Type.Elem}, e).Level(rep, 3, leaf))
		}
	}
	return out
}

func parquetValue(c Column, v value.Value) parquet.Value {
	switch v.Kind() {
	case value.Bool:
		return parquet.BooleanValue(v.Bool())
	case value.Int:
		if NativeType(EngineParquet, c) == "int32" {
			return parquet.Int32Value(int32(v.Int()))
		}
		return parquet.Int64Value(v.Int())
	case value.Uint:
		return parquet.Int64Value(int64(v.Uint()))
	case value.Double:
		if NativeType(EngineParquet, c) == "float" {
			return parquet.FloatValue(float32(v.Double()))
		}
		return parquet.DoubleValue(v.Double())
	case value.Decimal:
		return parquet.ByteArrayValue(unscaled(v.Decimal()))
	case value.Timestamp, value.LocalTimestamp:
		if NativeType(EngineParquet, c) == "date" {
			return parquet.Int32Value(int32(floorDiv(v.Time().Unix(), 86400)))
		}
		return parquet.Int64Value(v.Time().UnixMicro())
	case value.Duration:
		return parquet.Int64Value(v.Duration().Microseconds())
	case value.Null, value.String, value.Bytes, value.JSON, value.List:
	}
	if NativeType(EngineParquet, c) == "uuid" {
		b, _ := hex.DecodeString(strings.ReplaceAll(v.Str(), "-", "")) // ours
		return parquet.FixedLenByteArrayValue(b)
	}
	return parquet.ByteArrayValue([]byte(v.Str()))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// unscaled returns the two's complement of d's digits at parquetScale.
func unscaled(d value.Dec) []byte {
	text := d.String()
	whole, frac, _ := strings.Cut(text, ".")
	n, _ := new(big.Int).SetString(whole+frac+strings.Repeat("0", parquetScale-len(frac)), 10) // ours
	if strings.HasPrefix(text, "-") && n.Sign() > 0 {
		n.Neg(n)
	}
	const width = 32
	if n.Sign() < 0 {
		n.Add(n, new(big.Int).Lsh(big.NewInt(1), width*8))
	}
	b := n.FillBytes(make([]byte, width))
	return slices.Clip(b)
}
