package mysql

import (
	"context"
	"database/sql/driver"
	"slices"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/sqlgen"
)

var _ connectors.Corrector = (*Source)(nil)

// newWriter returns what opens sessions that may write. Updates answer with the rows that they met, not only those that they made different.
func newWriter(cfg *mysql.Config, timeout time.Duration) (*connector, error) {
	own := cfg.Clone()
	own.ClientFoundRows = true
	return newConnector(own, timeout)
}

// writing are the settings of a session that writes, on top of those of every other: nothing is shortened or replaced without an error, a zero is no request for a
// number, and what the tables promise is enforced.
const writing = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ERROR_FOR_DIVISION_BY_ZERO', foreign_key_checks = 1, unique_checks = 1, sql_safe_updates = 0"

// correction changes rows of one table by a session of its own.
type correction struct {
	lookup

	s      *Source
	op     string
	layout *layout
	table  string // quoted
	conn   *conn
	// packet is how long one statement should be, most how long the document of a single row may be.
	packet, most int
	begin        []string
	used         bool // something has been tried since the last savepoint
}

// Correct implements connectors.Corrector.
func (s *Source) Correct(ctx context.Context, t connectors.Target) (connectors.Correction, error) {
	op := "change " + datasetName(t.Relation.Dataset)
	if s.writer == nil {
		return nil, wrong(connectors.ReadOnly, op, "connection %s is read-only: only one that says `writable: true` is ever written to", s.cfg.Name)
	}
	l, err := s.layout(ctx, t.Relation)
	if err != nil {
		return nil, err
	}
	look, err := newLookup(s.dialect(), op, t)
	if err != nil {
		return nil, err
	}
	for _, col := range slices.Concat(t.Key, t.Columns) {
		if _, ok := l.columns[col.Name]; !ok {
			return nil, wrong(connectors.Misconfigured, op, "it has no column %s", col.Name)
		}
	}
	for _, col := range t.Key {
		if l.columns[col.Name].Generated {
			return nil, wrong(connectors.Misconfigured, op, "column %s of the key is generated", col.Name)
		}
	}
	table, err := sqlgen.QuoteName(s.dialect(), t.Relation.Dataset.Table)
	if err != nil {
		return nil, wrong(connectors.Misconfigured, op, "%w", err)
	}
	c := &correction{lookup: *look, s: s, op: op, layout: l, table: table}
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	if err := c.allowed(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// connect opens the session.
func (c *correction) connect(ctx context.Context) error {
	dc, err := c.s.writer.Connect(ctx)
	if err != nil {
		return wrap(c.op, err)
	}
	own, ok := dc.(*conn)
	if !ok {
		return wrong(connectors.Failed, c.op, "unexpected driver connection %T", dc)
	}
	c.conn = own
	settings := writing
	if c.s.dial.speaks() == mariaDB {
		settings += ", check_constraint_checks = 1"
	}
	var packet, format string
	_, err = c.exec(ctx, settings)
	if err == nil {
		_, err = c.exec(ctx, "SET SESSION TRANSACTION READ WRITE")
	}
	if err == nil {
		err = c.query(ctx, statement{text: "SELECT @@max_allowed_packet, @@GLOBAL.read_only, @@log_bin AND @@binlog_format = 'STATEMENT'"}, func(row []driver.Value) error {
			packet, format = text(row[0]), text(row[2])
			if text(row[1]) != "0" && text(row[1]) != "OFF" {
				return wrong(connectors.ReadOnly, c.op, "the server is read-only")
			}
			return nil
		})
	}
	if err != nil {
		_ = c.Close()
		return wrap(c.op, err)
	}
	n, _ := strconv.Atoi(packet)
	n = min(n, 64<<20) // the driver sends no more
	// Escapes may double it.
	c.packet, c.most = min(max(n/4, 1<<14), 8<<20), max(n/2-1<<14, 1<<10)
	// Locks on rows alone suffice where no two rows have one key; else the gaps between them are locked too.
	level := "READ COMMITTED"
	switch {
	case !c.unique:
		level = "SERIALIZABLE"
	case format == "1":
		level = "REPEATABLE READ" // logging statements allows no less
	}
	c.begin = []string{"SET TRANSACTION ISOLATION LEVEL " + level, "START TRANSACTION READ WRITE", "SAVEPOINT assay"}
	return nil
}

// allowed asks by statements that change nothing whether the account may change anything.
func (c *correction) allowed(ctx context.Context) error {
	key := ident(c.target.Key[0].Name)
	var denied error
	for _, sql := range []string{
		"UPDATE " + c.table + " SET " + key + " = " + key + " WHERE FALSE", "DELETE FROM " + c.table + " WHERE FALSE",
		"INSERT INTO " + c.table + " (" + key + ") SELECT " + key + " FROM " + c.table + " WHERE FALSE",
	} {
		_, err := c.exec(ctx, sql)
		switch kindOf(err) {
		case connectors.Denied:
			denied = err
		case connectors.ReadOnly, connectors.Lost, connectors.TimedOut:
			if err != nil {
				return wrap(c.op, err)
			}
			return nil
		default:
			return nil // the first that is granted; any other error is none of the account
		}
	}
	return wrap(c.op, denied)
}

// Transactional implements connectors.Correction.
func (c *correction) Transactional() bool { return true }

// Close implements connectors.Correction. What was not committed is undone.
func (c *correction) Close() error {
	if c.conn != nil {
		_ = c.conn.Close()
	}
	c.conn = nil
	return nil
}

// watched runs f, which sends one statement, and has the server stop it when ctx ends; the session is lost then.
func (c *correction) watched(ctx context.Context, f func(inner context.Context) error) error {
	if c.conn == nil {
		return connectors.ErrConnectionLost
	}
	if c.s.cfg.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.s.cfg.Timeout, connectors.ErrStatementTimeout)
		defer cancel()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	killed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(killed)
		if c.s.writer.kill(ctx, c.conn.id) != nil {
			cancel()
		}
	})
	err := f(inner)
	if !stop() {
		<-killed
		_ = c.Close()
		if cause := context.Cause(ctx); cause == connectors.ErrStatementTimeout { //nolint:errorlint // set above
			return &connectors.Error{Kind: connectors.TimedOut, Op: c.op, Err: cause}
		}
		return context.Cause(ctx)
	}
	if err != nil && serverError(err) == nil {
		_ = c.Close()
	}
	return err
}

// exec runs a statement and returns the number of rows that it met.
func (c *correction) exec(ctx context.Context, sql string, args ...any) (met int64, err error) {
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	err = c.watched(ctx, func(ctx context.Context) error {
		res, err := c.conn.ExecContext(ctx, sql, named)
		if err == nil {
			met, err = res.RowsAffected()
		}
		return err
	})
	return met, err
}

// query runs a statement and reads all of its rows.
func (c *correction) query(ctx context.Context, st statement, read func([]driver.Value) error) error {
	named := make([]driver.NamedValue, len(st.args))
	for i, a := range st.args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return c.watched(ctx, func(ctx context.Context) error {
		rows, err := c.conn.QueryContext(ctx, st.text, named)
		if err != nil {
			return err
		}
		return drain(rows, read)
	})
}
