// Package memory is a connector over batches held by this process: for unit tests
// of suites and for tests of whatever speaks to a Source. It evaluates everything
// with package eval, query.Local included.
package memory

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
)

// Source holds tables by name.
type Source struct {
	mu     sync.RWMutex
	tables map[string]*table
}

// table is immutable.
type table struct {
	schema  value.Schema
	cols    []*query.Column // the layout of batches
	batches []*value.Batch
	rows    int
}

// New returns a source without tables.
func New() *Source { return &Source{tables: make(map[string]*table)} }

// Put adds or replaces the table called name, read by a Dataset whose Table, Index or File is
// that name. The batches hold schema.Columns in order; the source keeps them, so they must not change.
func (s *Source) Put(name string, schema value.Schema, batches ...*value.Batch) error {
	t := &table{schema: schema, batches: batches}
	for i, c := range schema.Columns {
		t.cols = append(t.cols, &query.Column{Index: i, Col: c})
	}
	for _, b := range batches {
		if len(b.Cols) != len(t.cols) {
			return fmt.Errorf("table %s: batch of %d columns, schema of %d", name, len(b.Cols), len(t.cols))
		}
		for i := range b.Cols {
			if b.Cols[i].N != b.N || !b.Cols[i].Type.Equal(schema.Columns[i].Type) {
				return fmt.Errorf("table %s: column %s is %s with %d rows in a batch of %d, want %s",
					name, schema.Columns[i].Name, b.Cols[i].Type, b.Cols[i].N, b.N, schema.Columns[i].Type)
			}
		}
		t.rows += b.N
	}
	t.schema.Rows = int64(t.rows)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables[name] = t
	return nil
}

// nameOf returns what the dataset reads.
func nameOf(d query.Dataset) string {
	for _, n := range []string{d.Table, d.Index, d.File} {
		if n != "" {
			return n
		}
	}
	return d.Query
}

var errNoTable = errors.New("no such table")

func (s *Source) table(ctx context.Context, op string, d query.Dataset) (*table, error) {
	name := nameOf(d)
	if err := ctx.Err(); err != nil {
		return nil, failed(op, name, err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	t, ok := s.tables[name]
	if !ok {
		return nil, &connectors.Error{Kind: connectors.NotFound, Op: op + " " + name, Err: errNoTable}
	}
	return t, nil
}

func failed(op, name string, err error) error {
	return &connectors.Error{Kind: connectors.Failed, Op: op + " " + name, Err: err}
}

// Describe implements connectors.Source.
func (s *Source) Describe(ctx context.Context, d query.Dataset) (value.Schema, error) {
	t, err := s.table(ctx, "describe", d)
	if err != nil {
		return value.Schema{}, err
	}
	return t.schema, nil
}

// Caps implements connectors.Source: everything is exact.
func (s *Source) Caps() query.Caps {
	return query.Caps{
		Expr:     func(query.Relation, query.Expr) *query.Refusal { return nil },
		Measure:  func(query.Relation, query.Measure) *query.Refusal { return nil },
		Set:      func(query.SetCheck) *query.Refusal { return nil },
		KeyOrder: true,
		Group:    true,
	}
}

// Aggregate implements connectors.Source.
func (s *Source) Aggregate(ctx context.Context, q query.Aggregate) (*value.Batch, error) {
	const op = "aggregate"
	name := nameOf(q.From.Dataset)
	t, err := s.table(ctx, op, q.From.Dataset)
	if err != nil {
		return nil, err
	}
	a, err := eval.NewAggregator(q, t.cols)
	if err != nil {
		return nil, failed(op, name, err)
	}
	for _, b := range t.batches {
		if err := ctx.Err(); err != nil {
			return nil, failed(op, name, err)
		}
		if err := a.Add(b); err != nil {
			return nil, failed(op, name, err)
		}
	}
	out, err := a.Result()
	if err != nil {
		return nil, failed(op, name, err)
	}
	return out, nil
}

// CheckSet implements connectors.SetChecker.
func (s *Source) CheckSet(ctx context.Context, c query.SetCheck) (query.SetResult, error) {
	checker, err := s.check(ctx, c)
	if err != nil {
		return query.SetResult{}, err
	}
	return checker.Result(), nil
}

// check runs a set-level check over its tables.
func (s *Source) check(ctx context.Context, c query.SetCheck) (*eval.SetChecker, error) {
	const op = "check"
	name := nameOf(c.Relation().Dataset)
	t, err := s.table(ctx, op, c.Relation().Dataset)
	if err != nil {
		return nil, err
	}
	checker, err := eval.NewSetChecker(c, t.cols, eval.Limits{})
	if err != nil {
		return nil, failed(op, name, err)
	}
	if r, ok := c.(*query.ReferenceCheck); ok {
		parent, err := s.table(ctx, op, r.Parent.Dataset)
		if err != nil {
			return nil, err
		}
		for _, b := range parent.batches {
			if err := checker.AddParent(project(b, r.ParentColumns)); err != nil {
				return nil, failed(op, nameOf(r.Parent.Dataset), err)
			}
		}
	}
	for _, b := range t.batches {
		if err := ctx.Err(); err != nil {
			return nil, failed(op, name, err)
		}
		if err := checker.Add(b); err != nil {
			return nil, failed(op, name, err)
		}
	}
	return checker, nil
}

// project returns a batch of some columns, shared with b.
func project(b *value.Batch, cols []*query.Column) *value.Batch {
	p := &value.Batch{N: b.N, Cols: make([]value.Vector, len(cols))}
	for i, c := range cols {
		p.Cols[i] = b.Cols[c.Index]
	}
	return p
}

// Close implements connectors.Source. The tables stay.
func (s *Source) Close() error { return nil }
