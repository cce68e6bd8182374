package postgres

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// scan reads a share of the rows, or all of them, and takes those that come first in an order by chance. The server keeps no more of them than are wanted.
type scan struct {
	percent float64
	rows    *rows
	seen    int // rows of this pass
	skip    map[place]struct{}
	leaves  map[int64]int // by their oid
}

// bernoulliShare is the percentage of rows at which a Bernoulli scan almost surely yields n of them.
func bernoulliShare(n int, rows float64) float64 {
	return 100 * (1.2*float64(n) + 8*math.Sqrt(float64(n))) / max(rows, 1)
}

// scanNext delivers rows of the scan.
func (d *sampled) scanNext(ctx context.Context) error {
	s := d.scan
	if s.rows == nil {
		return d.startScan(ctx)
	}
	b, err := s.rows.Next(ctx)
	if err != nil {
		return err
	}
	if b == nil {
		d.endScan()
		return nil
	}
	for i := range b.N {
		s.seen++
		at, known := s.placeOf(b, len(d.outs), i)
		if _, drawn := s.skip[at]; known && drawn || d.left == 0 {
			continue
		}
		d.emit(b, i, at)
	}
	return nil
}

// placeOf returns the place of row i; false where rows have none.
func (s *scan) placeOf(b *value.Batch, cols, i int) (place, bool) {
	if s.leaves == nil {
		return 0, false
	}
	oid := b.Cols[cols].Ints[i]
	leaf, ok := s.leaves[oid]
	if !ok { // a partition that came later
		leaf = len(s.leaves)
		s.leaves[oid] = leaf
	}
	return placeOf(leaf, b.Cols[cols+1].Ints[i]), true
}

// endScan concludes what the end of a pass says.
func (d *sampled) endScan() {
	s := d.scan
	complete := s.percent >= 100 && s.seen <= d.q.N
	switch {
	case complete:
		d.design.Rows, d.design.RowsExact = int64(s.seen), true
	case s.percent < 100 && d.left > 0:
		d.design.Reason += fmt.Sprintf("; that yielded %d rows, so all are scanned for the other %d", s.seen, d.left)
		d.design.Method = query.SampleHashScan
		s.percent, s.rows, s.seen = 100, nil, 0
		return
	case d.design.Method == query.SampleAll:
		d.plan.whole(d.q, "there are more rows than the "+strconv.Itoa(d.q.N)+" wanted, and fewer were expected")
		d.design.Method, d.design.Reason = d.plan.design.Method, d.plan.design.Reason
		d.design.Rows = max(d.design.Rows, int64(s.seen))
	}
	d.finish(nil)
}

// startScan sends the statement of a pass. It asks for one row more than is wanted, to know whether these are all.
func (d *sampled) startScan(ctx context.Context) error {
	s := d.scan
	d.scanCost()
	by := d.plan.order(d.q)
	if by == orderRandom {
		if err := d.settings(ctx, orderedSettings); err != nil {
			return err
		}
		seed := strconv.FormatFloat(float64(mix(d.q.Seed^scanSalt)>>11)/(1<<53), 'f', -1, 64)
		if err := d.ses.pg.Exec(ctx, "SELECT pg_catalog.setseed("+seed+")").Close(); err != nil {
			return err
		}
	}
	st, err := d.scanStatement(by)
	if err != nil {
		return err
	}
	outs := slices.Clip(d.outs)
	if by == orderPlace {
		outs = append(outs, output{typ: value.Of(value.Int)}, tidOutput())
		s.leaves = map[int64]int{}
		for i, l := range d.plan.tables.Leaves {
			s.leaves[int64(l.OID)] = i
		}
		s.skip = make(map[place]struct{}, len(d.drawn))
		for _, at := range d.drawn {
			s.skip[at] = struct{}{}
		}
	} else {
		outs = append(outs, output{typ: value.Of(value.Int)})
	}
	s.rows, err = d.src.queryOn(ctx, sharing(d.ses), d.op, bind(st, outs), d.size)
	return err
}

// scanCost counts what the pass looks at.
func (d *sampled) scanCost() {
	d.design.Statements++
	if d.scan.percent < 100 {
		d.design.Looked += int64(d.plan.tables.pages) + int64(d.scan.percent/100*d.plan.est.rows) // #nosec G115 -- pages number below 2^53
		return
	}
	d.design.Looked += d.plan.passed(d.q)
}

// The salts keep the chances of one seed apart.
const (
	scanSalt      = 0x5c4e_0001
	bernoulliSalt = 0x5c4e_0002
)

// scanStatement renders a pass.
func (d *sampled) scanStatement(by scanOrder) (sqlgen.Statement, error) {
	w := sqlgen.NewWriter(dialect{})
	t := w.Alias()
	from, err := sqlgen.From(dialect{}, d.q.From.Dataset, t)
	if err != nil {
		return sqlgen.Statement{}, err
	}
	if d.scan.percent < 100 {
		from += " TABLESAMPLE BERNOULLI (" + strconv.FormatFloat(d.scan.percent, 'f', -1, 64) +
			") REPEATABLE (" + strconv.FormatUint(mix(d.q.Seed^bernoulliSalt)>>11, 10) + ")"
	}
	seed := strconv.FormatInt(int64(mix(d.q.Seed^scanSalt)), 10) // #nosec G115 -- any 64 bits
	piece := sqlgen.Piece{From: from, Outs: []string{"1 AS none"}}
	var order string
	switch by {
	case orderPlace:
		piece.Outs = []string{t + ".tableoid AS leaf", t + ".ctid AS place"}
		order = "pg_catalog.hashtidextended(" + t + ".ctid, '" + seed + "'::int8 # (" + t + ".tableoid::int8 << 24))"
	case orderKey:
		var cols []string
		for _, k := range keyOf(d.q.From) {
			cols = append(cols, t+"."+dialect{}.QuoteIdent(k))
		}
		order = "pg_catalog.hashtextextended((ROW(" + strings.Join(cols, ", ") + `)::text) COLLATE "C", '` + seed + "'::int8)"
	case orderRandom:
		order = "pg_catalog.random()"
	}
	limit := strconv.FormatInt(int64(d.q.N)+1, 10)
	return sqlgen.Pieces(w, d.q.Columns, d.q.Where, []sqlgen.Piece{piece}, "\nORDER BY "+order+"\nLIMIT "+limit)
}
