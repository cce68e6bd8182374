package connectortest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Encoder returns the encodings of rows as the engine itself makes them, behind the column beside: sqlgen.Encodings, run.
type Encoder func(ctx context.Context, q digest.Request, beside *query.Column) (*value.Batch, error)

// DigestReport is what CheckDigest found that an engine can do.
type DigestReport struct {
	// Forms counts the forms that were compared, by class of form and kind of column ("7/string").
	Forms map[string]int
	// Refusals are the reasons of refusals, each with the columns refused.
	Refusals map[string][]string
}

// CheckDigest compares the encodings that an engine makes of every column of a dataset with those of canon, byte by byte, beside every
// partner that the column could have in a comparison, and the sums of all of them together with sums made here. The column id must be
// an int, and different in every row.
func CheckDigest(t *testing.T, src connectors.Source, d query.Dataset, id string, encode Encoder) DigestReport {
	t.Helper()
	schema, err := src.Describe(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	digester, ok := src.(connectors.Digester)
	if !ok {
		t.Fatal("the source makes no digests")
	}
	c := &digestCheck{
		src: src, digester: digester, encode: encode, rel: query.Relation{Dataset: d, Schema: schema},
		report: DigestReport{Forms: map[string]int{}, Refusals: map[string][]string{}},
	}
	col, i := schema.Column(id)
	if i < 0 {
		t.Fatalf("no column %s", id)
	}
	c.id = &query.Column{Index: i, Col: col}
	var whole []digest.Cell
	for i, col := range schema.Columns {
		if col.Unusable != "" {
			continue
		}
		q := &query.Column{Index: i, Col: col}
		rows := c.read(t, q)
		for _, f := range digestForms(col) {
			for _, side := range [2]canon.Side{canon.Left, canon.Right} {
				cell := digest.Cell{Column: q, Form: &f, Side: side}
				if side == canon.Right {
					turned, _, err := canon.Pair(f.Right, f.Left, f.Options)
					if err != nil {
						t.Fatal(err)
					}
					cell.Form = &turned
				}
				if c.cell(t, cell, rows) && side == canon.Left {
					whole = append(whole, cell)
				}
			}
			if t.Failed() {
				break // one report a column
			}
		}
	}
	if !t.Failed() {
		c.sums(t, whole)
	}
	return c.report
}

type digestCheck struct {
	src      connectors.Source
	digester connectors.Digester
	encode   Encoder
	rel      query.Relation
	id       *query.Column
	report   DigestReport
}

// read returns the identifiers and the cells of columns, for all rows.
func (c *digestCheck) read(t *testing.T, cols ...*query.Column) *value.Batch {
	t.Helper()
	all := append([]*query.Column{c.id}, cols...)
	rows, err := c.src.Select(t.Context(), query.Select{From: c.rel, Columns: all})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	types := make([]value.Type, len(all))
	for i, x := range all {
		types[i] = x.Col.Type
	}
	out := value.NewBatch(types...)
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			return out
		}
		for i := range b.N {
			out.AppendRowFrom(b, i)
		}
	}
}

// cell compares the encodings of one column; false where the engine refuses it.
func (c *digestCheck) cell(t *testing.T, cell digest.Cell, rows *value.Batch) bool {
	t.Helper()
	q := digest.Request{From: c.rel, Cells: []digest.Cell{cell}}
	name := fmt.Sprintf("%s (%s) as %s", cell.Column.Col.Name, cell.Column.Col.Native, describeForm(&cell))
	if _, err := c.digester.DigestStatements(q); err != nil {
		reason := err.Error()
		if at := strings.Index(reason, ": "); at >= 0 {
			reason = reason[at+2:]
		}
		c.report.Refusals[reason] = append(c.report.Refusals[reason], name)
		return false
	}
	got, err := c.encode(t.Context(), q, c.id)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return false
	}
	if got.N != rows.N || got.N == 0 {
		t.Errorf("%s: %d encodings of %d rows", name, got.N, rows.N)
		return false
	}
	at := map[int64]int{}
	for i := range rows.N {
		at[rows.Cols[0].Ints[i]] = i
	}
	for i := range got.N {
		r := at[got.Cols[0].Ints[i]]
		want := cell.Form.Append(nil, &rows.Cols[1], cell.Side, r)
		if have := got.Cols[1].Bytes(i); got.Cols[1].IsNull(i) || !bytes.Equal(have, want) {
			t.Errorf("%s: row %d holds %s: the engine makes %.200q (null: %v), canon %.200q", name, got.Cols[0].Ints[i], rows.Cols[1].Value(r), have, got.Cols[1].IsNull(i), want)
			return false // one report a form
		}
	}
	c.report.Forms[fmt.Sprintf("%d/%s", cell.Form.Class, cell.Column.Col.Type.Kind)]++
	return true
}

func describeForm(c *digest.Cell) string {
	f := c.Form
	other := f.Right
	if c.Side == canon.Right {
		other = f.Left
	}
	digits := "-"
	if f.Options.Digits != nil {
		digits = fmt.Sprint(*f.Options.Digits)
	}
	return fmt.Sprintf("side %d, class %d beside %s (%+v, zone %q), digits %d, truncates %v, from 2000 %v, single %v, scale %v %d, precision %s %d s",
		c.Side, f.Class, other.Type, other.Resolution, other.Zone, f.Digits, f.Truncates, f.From2000, f.Single, f.Scaled, f.Scale, digits, f.Options.PrecisionSeconds)
}

// sums compares the digest of three ranges over many columns at once with one made here.
func (c *digestCheck) sums(t *testing.T, cells []digest.Cell) {
	t.Helper()
	const most = 40 // a statement of every form would be a long one
	for len(cells) > 0 {
		n := min(most, len(cells))
		some := cells[:n]
		cells = cells[n:]
		cols := make([]*query.Column, n)
		for i := range some {
			cols[i] = some[i].Column
		}
		rows := c.read(t, cols...)
		step := func(upto int64) query.Expr {
			lit := &query.Literal{Val: value.IntValue(upto), Typ: value.Of(value.Int)}
			return &query.Call{Op: query.OpLe, Args: []query.Expr{c.id, lit}, Typ: value.Of(value.Bool)}
		}
		third := int64(rows.N) / 3
		q := digest.Request{From: c.rel, Cells: some, Steps: []query.Expr{step(third), step(2 * third)}}
		got, err := c.digester.Digest(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]digest.Sum, 3)
		for i := range rows.N {
			var enc []byte
			for k := range some {
				enc = some[k].Form.Append(enc, &rows.Cols[1+k], some[k].Side, i)
			}
			id := rows.Cols[0].Ints[i]
			at := 0
			for at < 2 && id > int64(at+1)*third {
				at++
			}
			want[at].Add(enc)
		}
		if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || want[1].Rows == 0 {
			t.Errorf("sums %+v, want %+v", got, want)
		}
	}
}

// DigestCells returns the cells of all columns of a schema, each beside one of its own kind.
func DigestCells(t *testing.T, s value.Schema) []digest.Cell {
	t.Helper()
	var cells []digest.Cell
	for i, c := range s.Columns {
		f, _, err := canon.Pair(c, c, canon.Options{})
		if err != nil {
			t.Fatal(err)
		}
		cells = append(cells, digest.Cell{Column: &query.Column{Index: i, Col: c}, Form: &f})
	}
	return cells
}
