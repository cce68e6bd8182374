package matrix

import (
	"errors"
	"fmt"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// digested compares the hashes of single rows, those of the servers where they make them. It returns how many sides a server hashed.
func (p *placed) digested(t *testing.T, all map[engine]*server) int {
	t.Helper()
	if ok, _ := p.form.Digestible(); !ok {
		return 0
	}
	served := 0
	var sums [2][]digest.Sum
	var cells [2]*value.Vector
	for s, c := range []*column{p.left, p.right} {
		side := canon.Side(s)
		cells[side] = read(t, all[c.engine].source, c)
		here := p.hashes(cells[side], side)
		there, ok := p.serverHashes(t, all[c.engine].source, c, side)
		if ok {
			served++
			// What the server hashes is what is hashed here, so that one side may be hashed where it is and the other here.
			for k := range here {
				if !here[k].Equal(&there[k]) {
					t.Errorf("%s: %s is hashed otherwise by the server", c, shown(cells[side], k))
				}
			}
			here = there
		}
		sums[side] = here
	}
	for k, row := range p.rows() {
		if want := k < len(p.same); sums[0][k].Equal(&sums[1][k]) != want {
			t.Errorf("%q (%s) beside %q (%s): digests equal %v, want %v", row[0], shown(cells[0], k), row[1], shown(cells[1], k), !want, want)
		}
	}
	return served
}

// hashes are those of single cells.
func (p *placed) hashes(v *value.Vector, side canon.Side) []digest.Sum {
	out := make([]digest.Sum, v.N)
	for k := range out {
		out[k].Add(p.form.Append(nil, v, side, k))
	}
	return out
}

// serverHashes asks the server for the sums of ranges of one row each; false where it cannot say the encoding.
func (p *placed) serverHashes(t *testing.T, src connectors.Source, c *column, side canon.Side) ([]digest.Sum, bool) {
	t.Helper()
	server, ok := src.(connectors.Digester)
	if !ok {
		return nil, false
	}
	key := connectortest.Col(t, c.rel, "k")
	below := func(n int) query.Expr {
		return &query.Call{Op: query.OpLt, Typ: value.Of(value.Bool), Args: []query.Expr{
			key, &query.Literal{Val: value.IntValue(int64(n)), Typ: value.Of(value.Int)},
		}}
	}
	r := digest.Request{From: c.rel, Cells: []digest.Cell{{Column: connectortest.Col(t, c.rel, c.name), Form: &p.form, Side: side}}, Where: below(len(c.cells))}
	for k := 1; k < len(c.cells); k++ {
		r.Steps = append(r.Steps, below(k))
	}
	if _, err := server.DigestStatements(r); err != nil {
		if !errors.As(err, new(*query.Refusal)) {
			t.Errorf("%s: %v", c, err)
		}
		return nil, false
	}
	sums, err := server.Digest(t.Context(), r)
	if err != nil {
		t.Errorf("%s: %v", c, err)
		return nil, false
	}
	for k := range sums {
		if sums[k].Rows != 1 {
			t.Errorf("%s: %d rows in range %d", c, sums[k].Rows, k)
		}
	}
	return sums, true
}

// title names the entry.
func (p *placed) title() string { return fmt.Sprintf("%s beside %s %s", p.l, p.r, p.say) }
