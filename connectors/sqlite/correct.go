package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	modernc "modernc.org/sqlite"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

var _ connectors.Corrector = (*source)(nil)

const (
	// hidden: 2 and 3 are generated columns
	writingsSQL = `SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?1, ?2) WHERE hidden <> 1 ORDER BY cid`
	// The rows of a table are told apart by their rowid, under the name that no column has.
	rowidNames = "rowid _rowid_ oid"
)

// layout is what is known of a table that is to be written.
type layout struct {
	schema, table string
	columns       map[string]connectors.Writing
	declared      map[string]string
	// row are the columns that tell its rows apart: the rowid, or the primary key of a table without one.
	row []string
}

// Writings implements connectors.Corrector.
func (s *source) Writings(ctx context.Context, r query.Relation) (map[string]connectors.Writing, error) {
	l, err := s.layout(ctx, r)
	if err != nil {
		return nil, err
	}
	return l.columns, nil
}

func refuse(kind connectors.ErrorKind, op, format string, args ...any) error {
	return &connectors.Error{Kind: kind, Op: op, Err: fmt.Errorf(format, args...)}
}

// layout reads what is to be known of the relation's table.
func (s *source) layout(ctx context.Context, r query.Relation) (*layout, error) {
	op := "change " + nameOf(r.Dataset)
	if r.Dataset.Table == "" {
		return nil, refuse(connectors.ReadOnly, op, "it is a query: only a table can be changed")
	}
	schema, table, err := tableName(r.Dataset)
	if err != nil {
		return nil, err
	}
	kinds, err := s.values(ctx, op, tableSQL, []any{table, schema})
	if err != nil {
		return nil, err
	}
	cols, err := s.values(ctx, op, writingsSQL, []any{table, schema})
	switch {
	case err != nil:
		return nil, err
	case len(kinds) == 0 || len(cols) == 0:
		return nil, refuse(connectors.NotFound, op, "no table %s", table)
	case text(kinds[0][0]) != "table":
		return nil, refuse(connectors.ReadOnly, op, "it is a %s: only a table can be changed", text(kinds[0][0]))
	}
	l := &layout{schema: schema, table: table, columns: map[string]connectors.Writing{}, declared: map[string]string{}}
	withoutRowid := number64(kinds[0][1]) == 1
	keys := 0
	for _, c := range cols {
		if number64(c[4]) > 0 {
			keys++
		}
	}
	l.row = make([]string, keys)
	for _, c := range cols {
		pk := number64(c[4])
		rowid := pk > 0 && keys == 1 && !withoutRowid && strings.EqualFold(text(c[1]), "INTEGER")
		w := connectors.Writing{Generated: number64(c[5]) > 1, Identity: rowid}
		w.Required = !w.Generated && !rowid && c[3] == nil && (number64(c[2]) == 1 || withoutRowid && pk > 0)
		l.columns[text(c[0])], l.declared[text(c[0])] = w, text(c[1])
		if pk > 0 {
			l.row[pk-1] = text(c[0])
		}
	}
	if withoutRowid {
		return l, nil
	}
	for name := range strings.FieldsSeq(rowidNames) {
		taken := slices.ContainsFunc(cols, func(c []driver.Value) bool { return strings.EqualFold(text(c[0]), name) })
		if !taken {
			l.row = []string{name}
			return l, nil
		}
	}
	return nil, refuse(connectors.Misconfigured, op, "its columns are called rowid, _rowid_ and oid, so that nothing names one of its rows")
}

// Correct implements connectors.Corrector.
func (s *source) Correct(ctx context.Context, t connectors.Target) (connectors.Correction, error) {
	op := "change " + nameOf(t.Relation.Dataset)
	if !s.cfg.Writable {
		return nil, refuse(connectors.ReadOnly, op, "connection %s is read-only: only one that says `writable: true` is ever written to", s.cfg.Name)
	}
	l, err := s.layout(ctx, t.Relation)
	if err != nil {
		return nil, err
	}
	c := &correction{lookup: lookup{d: s.d, target: t}, s: s, op: op, layout: l}
	if err := c.fit(); err != nil {
		return nil, err
	}
	conn, err := s.pool.driver.Open(writableDSN(s.pool.path))
	if err != nil {
		return nil, wrap(ctx, op, err)
	}
	c.conn = conn
	if err := c.prepare(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

// fit refuses columns that cannot be told exactly.
func (c *correction) fit() error {
	if len(c.target.Key) == 0 {
		return refuse(connectors.Misconfigured, c.op, "no key names one of its rows")
	}
	for _, col := range slices.Concat(c.target.Key, c.target.Columns) {
		if _, ok := c.layout.columns[col.Name]; !ok {
			return refuse(connectors.Misconfigured, c.op, "it has no column %s", col.Name)
		}
		if letter(col.Type.Kind) == 0 || col.Unusable != "" {
			return refuse(connectors.Misconfigured, c.op, "column %s of type %s can be neither guarded nor written: %s", col.Name, col.Type, col.Unusable)
		}
	}
	for _, col := range c.target.Key {
		if c.layout.columns[col.Name].Generated {
			return refuse(connectors.Misconfigured, c.op, "column %s of the key is generated", col.Name)
		}
	}
	return nil
}

// prepare looks at how the cells are written, and whether the file takes writes at all.
func (c *correction) prepare(ctx context.Context) error {
	if err := c.begin(ctx); err != nil {
		return err
	}
	defer c.rollback()
	for _, col := range slices.Concat(c.target.Key, c.target.Columns) {
		f, err := c.formOf(ctx, col)
		if err != nil {
			return err
		}
		c.forms = append(c.forms, f)
	}
	if err := c.references(ctx); err != nil {
		return err
	}
	// A statement that changes nothing says whether the file could be changed: a lock alone is granted on a file without write permission too.
	_, err := c.query(ctx, "DELETE FROM "+c.name()+" WHERE 0", nil)
	return err
}

// name is the table's name in statements.
func (c *correction) name() string {
	return c.d.QuoteIdent(c.layout.schema) + "." + c.d.QuoteIdent(c.layout.table)
}

// correction changes rows of one table by a connection of its own.
type correction struct {
	lookup

	s      *source
	op     string
	layout *layout
	conn   driver.Conn
	forms  []form // of the key's columns, then of the others
	// actions are foreign keys that point at the table, deferred the tables whose foreign keys are looked at no sooner than at COMMIT.
	actions  []action
	deferred []string
}

// Transactional implements connectors.Correction.
func (c *correction) Transactional() bool { return true }

// Close implements connectors.Correction.
func (c *correction) Close() error {
	if err := c.conn.Close(); err != nil {
		return wrap(context.Background(), c.op, err)
	}
	return nil
}

// query runs a statement and reads its whole result.
func (c *correction) query(ctx context.Context, sql string, args []driver.Value) ([][]driver.Value, error) {
	if c.s.cfg.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.s.cfg.Timeout, connectors.ErrStatementTimeout)
		defer cancel()
	}
	q, ok := c.conn.(driver.QueryerContext)
	if !ok {
		return nil, wrap(ctx, c.op, errors.New("the driver cannot query"))
	}
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	rows, err := q.QueryContext(ctx, sql, named)
	if err != nil {
		return nil, c.failed(ctx, err)
	}
	var out [][]driver.Value
	cur := &cursor{rows: rows, ctx: ctx, op: c.op}
	for {
		row := make([]driver.Value, len(rows.Columns()))
		more, err := cur.next(ctx, row)
		if err == nil && !more {
			break
		}
		if err != nil {
			_ = rows.Close()
			return nil, err
		}
		out = append(out, row)
	}
	if err := rows.Close(); err != nil {
		return nil, c.failed(ctx, err)
	}
	return out, nil
}

// failed says what a statement failed of, a *guarded.RefusedError where the table would not have the change.
func (c *correction) failed(ctx context.Context, err error) error {
	if e, ok := errors.AsType[*modernc.Error](err); ok && ctx.Err() == nil {
		if r := refusedBy(e, c.op); r != nil {
			return r
		}
	}
	return wrap(ctx, c.op, err)
}
