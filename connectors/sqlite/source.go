// Package sqlite reads SQLite database files with modernc.org/sqlite, which needs no C.
//
// What SQLite itself cannot say exactly (regular expressions, decimals, code
// points, times) is said by functions registered on a driver of this package's own: see functions.go.
package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// source is a database file.
type source struct {
	pool *pool
	d    dialect
	cfg  connectors.Config
	// bound is the connection of a snapshot, nil otherwise.
	bound *bound
	cells *zones
}

var (
	_ connectors.Source      = (*source)(nil)
	_ connectors.SetChecker  = (*source)(nil)
	_ connectors.Explainer   = (*source)(nil)
	_ connectors.Snapshotter = (*source)(nil)
)

// Open opens the database file named by the parameter path, which must exist. It is opened read-only.
func Open(ctx context.Context, c connectors.Config) (connectors.Source, error) {
	path := c.Params["path"]
	for k := range c.Params {
		if k != "path" {
			return nil, &connectors.Error{Kind: connectors.Misconfigured, Op: "open sqlite", Err: fmt.Errorf("unknown parameter %q: sqlite takes only path", k)}
		}
	}
	if path == "" {
		return nil, &connectors.Error{Kind: connectors.Misconfigured, Op: "open sqlite", Err: errors.New("path is missing")}
	}
	if err := regular(path); err != nil {
		return nil, err
	}
	p, err := newPool(path, c.MaxConns)
	if err != nil {
		return nil, wrap(ctx, "open sqlite", err)
	}
	s := &source{pool: p, cfg: c, cells: newZones()}
	rows, err := s.values(ctx, "open sqlite", "PRAGMA encoding", nil)
	if err != nil {
		_ = p.close()
		return nil, err
	}
	if len(rows) == 1 {
		name, _ := rows[0][0].(string)
		s.d.utf16 = name != "UTF-8"
	}
	return s, nil
}

func regular(path string) error {
	info, err := os.Stat(path)
	kind := connectors.Failed
	switch {
	case err == nil && info.IsDir():
		err = fmt.Errorf("%s is a directory", path)
	case errors.Is(err, os.ErrNotExist):
		kind, err = connectors.NotFound, fmt.Errorf("no file %s", path)
	case err == nil:
		if err = readable(path); err == nil {
			return nil
		}
	}
	if errors.Is(err, os.ErrPermission) {
		kind, err = connectors.Denied, fmt.Errorf("no permission to read %s", path)
	}
	return &connectors.Error{Kind: kind, Op: "open sqlite", Err: err}
}

// readable asks the system, whose answer says more than SQLite's.
func readable(path string) error {
	f, err := os.Open(path) // #nosec G304 -- the user's own database
	if err != nil {
		return err
	}
	return f.Close()
}

// Close implements connectors.Source.
func (s *source) Close() error {
	if s.bound != nil {
		return s.bound.end()
	}
	return s.pool.close()
}

// Caps implements connectors.Source.
func (s *source) Caps() query.Caps { return sqlgen.Caps(s.d) }

// bound is a connection within a read transaction; its requests follow one another.
type bound struct {
	conn driver.Conn
	turn chan struct{}
	over chan struct{} // closed when the snapshot ends
	pool *pool
	once sync.Once
}

// Snapshot implements connectors.Snapshotter: a read transaction, which sees one state of the file.
func (s *source) Snapshot(ctx context.Context) (connectors.Source, error) {
	c, err := s.pool.get(ctx)
	if err != nil {
		return nil, wrap(ctx, "begin", err)
	}
	b := &bound{conn: c, turn: make(chan struct{}, 1), over: make(chan struct{}), pool: s.pool}
	snap := &source{pool: s.pool, d: s.d, cfg: s.cfg, bound: b, cells: s.cells}
	// The transaction takes its snapshot with its first read.
	for _, sql := range []string{"BEGIN", "SELECT count(*) FROM sqlite_schema"} {
		if _, err := snap.values(ctx, "begin", sql, nil); err != nil {
			_ = b.end()
			return nil, err
		}
	}
	return snap, nil
}

func (b *bound) end() error {
	b.once.Do(func() {
		close(b.over)
		select {
		case b.turn <- struct{}{}:
			b.pool.discard(b.conn)
		default:
			// A statement that was given up is still on its way to its next row (see rows.Next): the connection is closed behind it.
			go func() {
				b.turn <- struct{}{}
				b.pool.discard(b.conn)
			}()
		}
	})
	return nil
}

// acquire returns a connection and what gives it back; broken ones are not used again.
func (s *source) acquire(ctx context.Context) (driver.Conn, func(broken bool), error) {
	if b := s.bound; b != nil {
		select {
		case b.turn <- struct{}{}:
			return b.conn, func(bool) { <-b.turn }, nil
		case <-b.over:
			return nil, nil, errClosed
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	c, err := s.pool.get(ctx)
	if err != nil {
		return nil, nil, err
	}
	return c, func(broken bool) {
		if broken {
			s.pool.discard(c)
			return
		}
		s.pool.put(c)
	}, nil
}

// cursor is a running statement.
type cursor struct {
	rows   driver.Rows
	ctx    context.Context //nolint:containedctx // the statement's own deadline
	cancel context.CancelFunc
	give   func(broken bool)
	op     string
	over   func() // called once the statement is closed; nil for nothing
	once   sync.Once
	err    error
}

// run starts a statement under the source's timeout. The caller closes the cursor.
func (s *source) run(ctx context.Context, op, sql string, args []any) (*cursor, error) {
	var cancel context.CancelFunc
	if s.cfg.Timeout > 0 {
		ctx, cancel = context.WithTimeoutCause(ctx, s.cfg.Timeout, connectors.ErrStatementTimeout)
	} else {
		ctx, cancel = context.WithCancel(ctx)
	}
	conn, give, err := s.acquire(ctx)
	if err != nil {
		cancel()
		return nil, wrap(ctx, op, err)
	}
	q, ok := conn.(driver.QueryerContext)
	if !ok {
		give(true)
		cancel()
		return nil, wrap(ctx, op, errors.New("the driver cannot query"))
	}
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	rows, err := q.QueryContext(ctx, sql, named)
	if err != nil {
		give(ctx.Err() != nil)
		err = wrap(ctx, op, err)
		cancel()
		return nil, err
	}
	return &cursor{rows: rows, ctx: ctx, cancel: cancel, give: give, op: op}, nil
}

// next reads one row into dest; false at the end.
func (c *cursor) next(ctx context.Context, dest []driver.Value) (bool, error) {
	for _, x := range []context.Context{ctx, c.ctx} {
		if err := x.Err(); err != nil {
			return false, wrap(x, c.op, err)
		}
	}
	err := c.rows.Next(dest)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, wrap(c.ctx, c.op, err)
	}
	return true, nil
}

func (c *cursor) close() error {
	c.once.Do(func() {
		c.err = c.rows.Close()
		c.give(c.ctx.Err() != nil)
		c.cancel()
		if c.over != nil {
			c.over()
		}
	})
	if c.err != nil && c.ctx.Err() == nil {
		return wrap(context.Background(), c.op, c.err)
	}
	return nil
}

// values reads a short result whole.
func (s *source) values(ctx context.Context, op, sql string, args []any) ([][]driver.Value, error) {
	c, err := s.run(ctx, op, sql, args)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.close() }()
	var out [][]driver.Value
	for {
		row := make([]driver.Value, len(c.rows.Columns()))
		ok, err := c.next(ctx, row)
		if err != nil {
			return nil, err
		}
		if !ok {
			return out, nil
		}
		out = append(out, row)
	}
}

// Aggregate implements connectors.Source.
func (s *source) Aggregate(ctx context.Context, q query.Aggregate) (*value.Batch, error) {
	op := "aggregate " + nameOf(q.From.Dataset)
	plan, err := sqlgen.Aggregate(s.d, q)
	if err != nil {
		return nil, &connectors.Error{Op: op, Err: err}
	}
	c, err := s.run(ctx, op, plan.Statement.Text, plan.Statement.Args)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.close() }()
	raw := value.NewBatch(plan.Columns...)
	row := make([]driver.Value, len(plan.Columns))
	for {
		ok, err := c.next(ctx, row)
		if err != nil {
			return nil, err
		}
		if !ok {
			return plan.Result(raw), nil
		}
		for i := range row {
			s.append(&raw.Cols[i], "", row[i])
		}
		raw.N++
	}
}

// CheckSet implements connectors.SetChecker.
func (s *source) CheckSet(ctx context.Context, c query.SetCheck) (query.SetResult, error) {
	op := "check " + nameOf(c.Relation().Dataset)
	st, err := sqlgen.Set(s.d, c)
	if err != nil {
		return query.SetResult{}, &connectors.Error{Op: op, Err: err}
	}
	rows, err := s.values(ctx, op, st.Text, st.Args)
	if err != nil {
		return query.SetResult{}, err
	}
	if len(rows) != 1 || len(rows[0]) != sqlgen.SetColumns {
		return query.SetResult{}, &connectors.Error{Op: op, Err: errors.New("not one row of counts")}
	}
	var counts [sqlgen.SetColumns]int64
	for i, x := range rows[0] {
		counts[i], _ = x.(int64) // NULL is 0
	}
	return sqlgen.SetResultOf(counts), nil
}

// Statements implements connectors.Explainer.
func (s *source) Statements(r query.Request) ([]query.Statement, error) {
	list, err := sqlgen.Statements(s.d, r)
	if err != nil {
		return nil, &connectors.Error{Op: "explain", Err: err}
	}
	return list, nil
}

func nameOf(d query.Dataset) string {
	switch {
	case d.Table != "":
		return d.Table
	case d.Name != "":
		return d.Name
	default:
		return "a query"
	}
}
