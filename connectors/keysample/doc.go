// Package keysample draws rows at random by their keys, from stores that find a row by its key, and the next key after a point, by an index.
//
// # Methods
//
// Random key: whole numbers between the least and the greatest key, each at most once, in the order of a keyed permutation; those that no row has,
// or whose row does not meet the condition, are rejected. Every row is equally likely.
//
// Next key: points among the numbers that keys can have; each draws the row with the next key. A row's probability is the number of points that draw
// it, the gap before its key, over the number of all points: its weight is the inverse. Behind the first column of a composite key the
// next is drawn among the rows that share the first, and so on: the probabilities multiply. Among rows that share all columns of which the order is known,
// which have to be few, one is drawn uniformly. Where a condition rejects draws, what is left of them is drawn
// with that much more probability; how much is estimated once, by draws of its own, so that the mean weight stays without bias.
//
// Hash scan: the rows of the least hashes of their keys (digest.Draw), for which all are looked at. Reservoir: the same without a key, by a stream of all rows.
//
// The method is chosen by what it would cost, of which a few hundred probes of the index tell: see Costs.
package keysample

import (
	"context"
	"errors"
	"fmt"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// Store is what rows are drawn from.
type Store interface {
	// Dialect renders the statements.
	Dialect() sqlgen.Dialect
	// Keys lists what tells the rows of a relation apart, the best to draw by first; none where nothing certainly does.
	Keys(ctx context.Context, rel query.Relation) ([]Key, error)
	// Ask runs a statement of few rows and returns them, with the columns cols.
	Ask(ctx context.Context, op string, st sqlgen.Statement, cols []value.Column) (*value.Batch, error)
	// Select is connectors.Source's.
	Select(ctx context.Context, q query.Select) (connectors.Rows, error)
	connectors.Drawer
	// Costs is what work costs the store.
	Costs() Costs
}

// Costs are times in microseconds, roughly: what matters is how they compare.
type Costs struct {
	Row   float64 // to read a row in passing and hash its key
	Point float64 // to look a key up
	Probe float64 // to find the keys around a point, for each column of a key
}

// Key is columns that together tell rows apart, none of them null.
type Key struct {
	Columns []*query.Column
	// Axes say how the values of the first columns are laid out in the order of an index on all of them: of as many as are known. None where there
	// is no such index: then rows can be hashed by the key but not found.
	Axes []Axis
}

// probed are the columns that are probed.
func (k *Key) probed() []*query.Column { return k.Columns[:len(k.Axes)] }

// grouped reports whether several rows may have the same values in the columns that are probed.
func (k *Key) grouped() bool { return len(k.Axes) < len(k.Columns) }

// Axis is how the values of a key's column are numbered in the order of its index.
type Axis uint8

// The axes.
const (
	// Integer is whole numbers, of Int or Uint.
	Integer Axis = iota
	// Octets is Bytes all of one length, in bytewise order.
	Octets
	// UUIDText is UUIDs of 36 characters, or of 32 without hyphens, under a collation to which upper and lower case are one.
	UUIDText
	// UUIDBinary is the same under one that tells them apart: all of a table are of one case.
	UUIDBinary
)

// Sampler draws from a Store. It implements connectors.Sampler.
type Sampler struct {
	Store Store
	// Prefer is a method that is used where it can be, whatever it costs; "" for the cheapest.
	Prefer query.SampleMethod
}

var _ connectors.Sampler = (*Sampler)(nil)

var (
	errNoRows  = errors.New("a sample is of at least one row")
	errJoined  = errors.New("a sample of joined relations")
	errStray   = errors.New("a key is none of those that the index was taken to hold")
	errClosed  = errors.New("the rows are closed")
	errTooWide = errors.New("the rows of the sample are too large to be held in memory: ask for fewer rows or columns")
)

func failed(op string, err error) error {
	if _, ok := errors.AsType[*connectors.Error](err); ok || err == nil {
		return err
	}
	return &connectors.Error{Kind: connectors.Failed, Op: op, Err: err}
}

func nameOf(d query.Dataset) string {
	switch {
	case d.Table != "":
		return d.Table
	case d.Name != "":
		return d.Name
	}
	return "query"
}

// asker sends statements and counts them.
type asker struct {
	store      Store
	op         string
	statements int
	shown      []query.Statement // of planning, to be explained
}

func (a *asker) ask(ctx context.Context, st sqlgen.Statement, err error, cols ...value.Column) (*value.Batch, error) {
	if err != nil {
		return nil, failed(a.op, err)
	}
	a.statements++
	b, err := a.store.Ask(ctx, a.op, st, cols)
	if err != nil {
		return nil, failed(a.op, err)
	}
	return b, nil
}

// numbers asks for one row of integers.
func (a *asker) numbers(ctx context.Context, st sqlgen.Statement, err error, n int) ([]int64, error) {
	cols := make([]value.Column, n)
	for i := range cols {
		cols[i].Type = value.Of(value.Int)
	}
	b, err := a.ask(ctx, st, err, cols...)
	if err != nil {
		return nil, err
	}
	if b.N != 1 {
		return nil, failed(a.op, fmt.Errorf("%d rows, not one of counts", b.N))
	}
	out := make([]int64, n)
	for i := range out {
		out[i] = b.Cols[i].Ints[0]
	}
	return out, nil
}

// columnsOf returns what is known of columns.
func columnsOf(cols ...[]*query.Column) []value.Column {
	var out []value.Column
	for _, some := range cols {
		for _, c := range some {
			out = append(out, c.Col)
		}
	}
	return out
}

// draws is the request for the rows of the least hashes of a key.
func (k *Key) draws(q query.Sample, n int) (digest.Draw, error) {
	d := digest.Draw{From: q.From, Where: q.Where, Seed: q.Seed, N: n, BatchRows: q.BatchRows}
	for _, c := range k.Columns {
		cell, err := cellOf(c)
		if err != nil {
			return d, err
		}
		d.Key = append(d.Key, cell)
	}
	d.Columns = append(append(d.Columns, k.Columns...), q.Columns...)
	return d, nil
}
