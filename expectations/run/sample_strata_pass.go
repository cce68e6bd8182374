package run

import (
	"cmp"
	"container/heap"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// fewSamples is how many strata are drawn each by itself whatever it looks at: what a server picks it need not send.
const fewSamples = 8

// slackRows is how many rows that were dropped again a pass keeps, beside as many as are wanted, before they are cleared away.
const slackRows = 1024

// passing says why all strata are drawn in one pass over all rows, "" where each is a sample of its own.
func (d *drawing) passing(ctx context.Context, src connectors.Sampler, parts []stratum) (string, error) {
	if len(parts) == 0 {
		return "", nil
	}
	q, err := d.within(&parts[0])
	if err != nil {
		return "", err
	}
	design, err := src.PlanSample(ctx, q)
	switch {
	case err != nil:
		return "", err
	case design.Weighted:
		return "rows of a stratum would be drawn with unequal chances, so all rows were read once", nil
	case len(parts) > fewSamples && (design.Linear || int64(len(parts))*design.Looked > d.design.Rows):
		return "drawing each by itself would look at more, so all rows were read once", nil
	}
	return "", nil
}

// strataPass draws rows of all strata from one stream: of each those of the least tags, which are hashes of the key, or numbers by chance where there is none.
type strataPass struct {
	d      *drawing
	parts  []stratum
	at     map[string]int // parts by their value
	column int            // of the stream: what strata are made of
	form   canon.Form
	keys   []int // of the stream: the key's columns
	forms  []canon.Form
	rand   *rand.Rand
	salt   [8]byte

	kept []least
	seen []int64
	held *value.Batch
	rows int // in kept, of all strata
	buf  []byte
}

// tagged is a row that is kept.
type tagged struct {
	tag uint64
	at  int // in held
}

// least is a heap with the greatest tag on top.
type least []tagged

func (l *least) Len() int           { return len(*l) }
func (l *least) Less(i, j int) bool { return (*l)[i].tag > (*l)[j].tag }
func (l *least) Swap(i, j int)      { (*l)[i], (*l)[j] = (*l)[j], (*l)[i] }

// Push implements heap.Interface.
func (l *least) Push(x any) {
	if t, ok := x.(tagged); ok {
		*l = append(*l, t)
	}
}

// Pop implements heap.Interface. Nothing is popped.
func (l *least) Pop() any { return nil }

// pass draws all strata in one pass; done is false where the time was up before its end, and nothing is drawn then.
func (d *drawing) pass(ctx, limited context.Context, parts []stratum) (done bool, err error) {
	p := &strataPass{d: d, parts: parts, at: map[string]int{}, kept: make([]least, len(parts)), seen: make([]int64, len(parts))}
	p.rand = rand.New(rand.NewPCG(d.job.Query.Seed, 0x57a7)) // #nosec G404 -- a sample that can be drawn again
	binary.LittleEndian.PutUint64(p.salt[:], d.job.Query.Seed)
	sel := query.Select{From: d.job.Query.From, Columns: slices.Clone(d.cols)}
	if d.job.Query.Where != nil {
		sel.Branches = []query.Branch{{Where: d.job.Query.Where}}
	}
	if err := p.columns(&sel); err != nil {
		return false, err
	}
	rows, err := d.x.source.Select(limited, sel)
	for err == nil {
		var b *value.Batch
		if b, err = rows.Next(limited); err != nil || b == nil {
			break
		}
		if err = p.add(b); err != nil {
			break
		}
	}
	if rows != nil {
		_ = rows.Close() // what was wanted is read, or the error that counts is returned
	}
	switch {
	case err != nil && d.late(ctx, limited):
		return false, nil
	case err != nil:
		return false, err
	}
	return true, p.finish()
}

// columns has the stream bring what strata are made of, and finds the key.
func (p *strataPass) columns(sel *query.Select) (err error) {
	by := p.d.job.Strata
	p.column = slices.IndexFunc(sel.Columns, func(c *query.Column) bool { return c.Index == by.Index })
	if p.column < 0 {
		p.column = len(sel.Columns)
		sel.Columns = append(sel.Columns, by)
	}
	if p.form, _, err = canon.Pair(by.Col, by.Col, canon.Options{}); err != nil {
		return fmt.Errorf("tell strata of %s apart: %w", by.Col.Name, err)
	}
	value1 := value.NewBatch(by.Col.Type)
	for i := range p.parts {
		value1.Clear()
		value1.AppendRow(p.parts[i].value)
		p.at[string(p.form.Append(nil, &value1.Cols[0], canon.Left, 0))] = i
	}
	names := sel.From.Dataset.Key
	if len(names) == 0 {
		names = sel.From.Schema.Key
	}
	for _, name := range names {
		at := slices.IndexFunc(sel.Columns, func(c *query.Column) bool { return c.Col.Name == name })
		if at < 0 {
			p.keys, p.forms = nil, nil
			return nil
		}
		form, _, err := canon.Pair(sel.Columns[at].Col, sel.Columns[at].Col, canon.Options{})
		if err != nil {
			p.keys, p.forms = nil, nil
			return nil //nolint:nilerr // rows are tagged by chance
		}
		p.keys, p.forms = append(p.keys, at), append(p.forms, form)
	}
	return nil
}

// tag is a number by chance that is the row's.
func (p *strataPass) tag(b *value.Batch, i int) uint64 {
	for _, k := range p.keys {
		if b.Cols[k].IsErr(i) {
			return p.rand.Uint64()
		}
	}
	if len(p.keys) == 0 {
		return p.rand.Uint64()
	}
	p.buf = append(p.buf[:0], p.salt[:]...)
	for n, k := range p.keys {
		p.buf = p.forms[n].Append(p.buf, &b.Cols[k], canon.Left, i)
	}
	sum := sha256.Sum256(p.buf)
	return binary.LittleEndian.Uint64(sum[:])
}

func (p *strataPass) add(b *value.Batch) error {
	if p.held == nil {
		p.held = value.NewBatch(b.Types()...)
	}
	for i := range b.N {
		p.buf = p.form.Append(p.buf[:0], &b.Cols[p.column], canon.Left, i)
		k, known := p.at[string(p.buf)]
		if !known {
			return connectors.Own("rows of another " + p.d.job.Strata.Col.Name + " have come since its values were counted")
		}
		p.seen[k]++
		row := tagged{tag: p.tag(b, i), at: p.held.N}
		switch kept := &p.kept[k]; {
		case int64(len(*kept)) < p.parts[k].wanted:
			heap.Push(kept, row)
			p.rows++
		case row.tag < (*kept)[0].tag:
			(*kept)[0] = row
			heap.Fix(kept, 0)
		default:
			continue
		}
		p.held.AppendRowFrom(b, i)
	}
	if p.held.N > 2*p.rows+slackRows {
		p.compact()
	}
	return nil
}

// compact clears away rows that were dropped again.
func (p *strataPass) compact() {
	out := value.NewBatch(p.held.Types()...)
	for _, kept := range p.kept {
		for i := range kept {
			out.AppendRowFrom(p.held, kept[i].at)
			kept[i].at = out.N - 1
		}
	}
	p.held = out
}

// finish hands on the rows kept, stratum by stratum, each in random order.
func (p *strataPass) finish() error {
	d := p.d
	d.design.Rows = 0
	for k := range p.parts {
		part := &p.parts[k]
		part.size, part.drawn = p.seen[k], int64(len(p.kept[k]))
		part.whole = part.drawn == part.size
		d.design.Rows += part.size
		d.rows += part.drawn
		if part.drawn == 0 {
			continue
		}
		slices.SortFunc(p.kept[k], func(a, b tagged) int {
			return cmp.Or(cmp.Compare(a.tag, b.tag), a.at-b.at)
		})
		rows := value.NewBatch(p.held.Types()[:len(d.cols)]...)
		for _, t := range p.kept[k] {
			for c := range rows.Cols {
				rows.Cols[c].AppendFrom(&p.held.Cols[c], t.at)
			}
			rows.N++
		}
		if err := part.tally.Add(rows); err != nil {
			return err
		}
		if err := d.captured.add(rows); err != nil {
			return err
		}
	}
	d.design.Looked += d.design.Rows
	d.design.Statements++
	return nil
}
