package diff_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/memory"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// cell is a value of a table, or one that its engine could not represent.
type cell struct {
	value.Value

	err bool
}

// table is rows as a test makes them.
type table struct {
	cols []value.Column
	key  []string
	rows [][]cell
}

// keyKinds are the kinds that a random key has.
var keyKinds = []value.Kind{
	value.Bool, value.Int, value.Uint, value.Double, value.Decimal, value.String, value.Bytes, value.Timestamp,
	value.LocalTimestamp, value.Duration,
}

// randomValue draws from few values, so that keys meet and repeat.
func randomValue(r *rand.Rand, k value.Kind, spread int) value.Value {
	n := r.IntN(spread)
	switch k {
	case value.Bool:
		return value.BoolValue(n%2 == 0)
	case value.Int:
		return value.IntValue([]int64{int64(n), -int64(n), math.MaxInt64 - int64(n), math.MinInt64 + int64(n)}[r.IntN(4)])
	case value.Uint:
		return value.UintValue([]uint64{uint64(n), math.MaxUint64 - uint64(n)}[r.IntN(2)])
	case value.Double:
		return value.DoubleValue([]float64{float64(n), -float64(n) / 3, math.Inf(1), math.Inf(-1), math.NaN(), math.Copysign(0, -1), 1e300 * float64(n)}[r.IntN(7)])
	case value.Decimal:
		// The same number at several scales.
		return value.DecimalValue([]value.Dec{value.NewDec(int64(n), 0), value.NewDec(int64(n)*100, 2), value.NewDec(-int64(n), 3), dec("123456789012345678901234567890." + strconv.Itoa(n))}[r.IntN(4)])
	case value.String:
		return value.StringValue([]string{"", "a", "A", "ä", "a\u0308", "-", "_", " a", "a ", "é", "\U0001F600", "<null>", "a|b", "\x00"}[r.IntN(14)] + strconv.Itoa(n))
	case value.Bytes:
		return value.BytesValue([]byte{byte(n), byte(r.IntN(256))}[:1+r.IntN(2)])
	case value.Timestamp:
		return value.TimestampValue(time.Unix(int64(n)-int64(r.IntN(2))*4e9, int64(r.IntN(3))*1000))
	case value.LocalTimestamp:
		return value.LocalTimestampValue(time.Unix(int64(n), 0))
	case value.Duration:
		return value.DurationValue(time.Duration(n-spread/2) * time.Millisecond)
	default:
		panic(k)
	}
}

func dec(s string) value.Dec {
	d, err := value.ParseDec(s)
	if err != nil {
		panic(err)
	}
	return d
}

// batches puts rows into batches of random sizes.
func (tb *table) batches(r *rand.Rand) []*value.Batch {
	types := make([]value.Type, len(tb.cols))
	for i, c := range tb.cols {
		types[i] = c.Type
	}
	var out []*value.Batch
	for i := range tb.rows {
		if len(out) == 0 || r.IntN(10) == 0 {
			out = append(out, value.NewBatch(types...))
		}
		b := out[len(out)-1]
		for c, x := range tb.rows[i] {
			if x.err {
				b.Cols[c].AppendErr()
			} else {
				b.Cols[c].AppendValue(x.Value)
			}
		}
		b.N++
	}
	return out
}

// pair is two tables of random shape and content that share rows.
func randomPair(r *rand.Rand) (left, right table) {
	keys := 1 + r.IntN(3)
	if r.IntN(8) == 0 {
		keys = 10
	}
	spread := []int{1, 3, 20, 300}[r.IntN(4)]
	var cols []value.Column
	var key []string
	add := func(name string, k value.Kind) {
		cols = append(cols, value.Column{Name: name, Type: value.Of(k), MayErr: true, Native: k.String(), Resolution: value.Resolution{}})
	}
	for i := range keys {
		key = append(key, "k"+strconv.Itoa(i))
		add(key[i], keyKinds[r.IntN(len(keyKinds))])
	}
	others := r.IntN(4)
	for i := range others {
		add("c"+strconv.Itoa(i), keyKinds[r.IntN(len(keyKinds))])
	}
	left, right = table{cols: cols, key: key}, table{cols: cols, key: key}
	rows := []int{0, 1, 5, 40, 400}[r.IntN(5)]
	skew := r.IntN(4) == 0
	draw := func(c int, key bool) cell {
		switch {
		case key && skew && c == 0 && r.IntN(2) == 0:
			return cell{Value: randomValue(rand.New(rand.NewPCG(1, 2)), cols[c].Type.Kind, spread)}
		case r.IntN(12) == 0:
			return cell{}
		case !key && r.IntN(20) == 0:
			return cell{err: true}
		}
		return cell{Value: randomValue(r, cols[c].Type.Kind, spread)}
	}
	for range rows {
		row := make([]cell, len(cols))
		for c := range cols {
			row[c] = draw(c, c < keys)
		}
		fate := r.IntN(20)
		if fate != 0 {
			left.rows = append(left.rows, row)
		}
		if fate == 1 {
			continue
		}
		other := append([]cell(nil), row...)
		if fate < 5 && others > 0 {
			c := keys + r.IntN(others)
			other[c] = draw(c, false)
		}
		right.rows = append(right.rows, other)
		for fate == 5 && r.IntN(3) > 0 {
			left.rows = append(left.rows, row)
		}
		for fate == 6 && r.IntN(3) > 0 {
			right.rows = append(right.rows, other)
		}
	}
	switch r.IntN(20) {
	case 0:
		left.rows = nil
	case 1:
		right.rows = nil
	}
	r.Shuffle(len(left.rows), func(i, j int) { left.rows[i], left.rows[j] = left.rows[j], left.rows[i] })
	r.Shuffle(len(right.rows), func(i, j int) { right.rows[i], right.rows[j] = right.rows[j], right.rows[i] })
	return left, right
}

// source puts a table into a memory source of its own.
func (tb *table) source(t testing.TB, name string, r *rand.Rand) diff.Side {
	t.Helper()
	src := memory.New()
	schema := value.Schema{Columns: tb.cols, Key: tb.key}
	if err := src.Put(name, schema, tb.batches(r)...); err != nil {
		t.Fatal(err)
	}
	return side(t, src, query.Dataset{Name: name, Table: name})
}

// side describes a dataset.
func side(t testing.TB, src connectors.Source, d query.Dataset) diff.Side {
	t.Helper()
	schema, err := src.Describe(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return diff.Side{Name: d.Name, Source: src, Relation: query.Relation{Dataset: d, Schema: schema}}
}

// align pairs two sides, which must be comparable.
func align(t testing.TB, left, right diff.Side, o diff.AlignOptions) diff.Spec {
	t.Helper()
	s, findings := diff.Align(left, right, o)
	if diff.HasErrors(findings) {
		t.Fatalf("findings: %v", findings)
	}
	return s
}

// want is the difference of two tables by maps: the class of each key, the columns that differ, and how often.
type want struct {
	class       diff.Class
	columns     string
	left, right int64
}

// keyText is the identity of a key: its canonical encoding.
func keyText(s *diff.Spec, side canon.Side, key []cell) string {
	var text []byte
	for i := range s.Key {
		v := vectorOf(s.Key[i].Left.Col.Type, key[i])
		if side == canon.Right {
			v = vectorOf(s.Key[i].Right.Col.Type, key[i])
		}
		text = s.Key[i].Form.Append(text, &v, side, 0)
	}
	return string(text)
}

func vectorOf(t value.Type, c cell) value.Vector {
	var v value.Vector
	v.Reset(t)
	if c.err {
		v.AppendErr()
	} else {
		v.AppendValue(c.Value)
	}
	return v
}

// byMap is the difference as a program with all the memory in the world would find it.
func byMap(s *diff.Spec, left, right *table) (map[string]want, diff.Counts) {
	type group struct{ left, right [][]cell }
	groups := map[string]*group{}
	at := func(k string) *group {
		if groups[k] == nil {
			groups[k] = &group{}
		}
		return groups[k]
	}
	cells := func(row []cell, cols []diff.Column, side canon.Side) []cell {
		out := make([]cell, len(cols))
		for i := range cols {
			c := cols[i].Left
			if side == canon.Right {
				c = cols[i].Right
			}
			out[i] = row[c.Index]
		}
		return out
	}
	var n diff.Counts
	n.LeftRows, n.RightRows = int64(len(left.rows)), int64(len(right.rows))
	for _, row := range left.rows {
		g := at(keyText(s, canon.Left, cells(row, s.Key, canon.Left)))
		g.left = append(g.left, cells(row, s.Columns, canon.Left))
	}
	for _, row := range right.rows {
		g := at(keyText(s, canon.Right, cells(row, s.Key, canon.Right)))
		g.right = append(g.right, cells(row, s.Columns, canon.Right))
	}
	found := map[string]want{}
	for k, g := range groups {
		w := want{left: int64(len(g.left)), right: int64(len(g.right))}
		switch {
		case len(g.left) > 1 || len(g.right) > 1:
			w.class = diff.DuplicateKey
			n.DuplicateKey++
		case len(g.left) == 0:
			w.class = diff.Extra
			n.Extra++
		case len(g.right) == 0:
			w.class = diff.Missing
			n.Missing++
		default:
			for i := range s.Columns {
				l, r := vectorOf(s.Columns[i].Left.Col.Type, g.left[0][i]), vectorOf(s.Columns[i].Right.Col.Type, g.right[0][i])
				if !s.Columns[i].Form.Equal(&l, 0, &r, 0) {
					w.columns += fmt.Sprint(i, " ")
				}
			}
			if w.columns == "" {
				n.Identical++
				continue
			}
			w.class = diff.Changed
			n.Changed++
		}
		found[k] = w
	}
	return found, n
}
