// Package mysql reads MySQL 8.0.17 and later, and MariaDB 10.6 and later (see flavour.go).
//
// # How it speaks
//
// Statements go out in the text protocol in one round trip: the driver itself interpolates
// the bound values, escaping them for utf8mb4 under pinned session settings (see session.go),
// and whatever needs a type gets one by CAST. Rows are read through the driver's own
// interface into columnar vectors, past database/sql's conversions.
//
// The account can only read here: every session is SESSION TRANSACTION READ ONLY, multiple
// statements and LOAD DATA LOCAL are off whatever the DSN says, and query: datasets stand
// in a derived table. A cancelled or abandoned statement is stopped by KILL QUERY from a
// connection of its own.
//
// # What a column means
//
// BIT(1) to BIT(63) are ints and BIT(64) a uint; BIGINT UNSIGNED is a uint, all other integers
// and YEAR are ints; FLOAT is the double that is stored, not its six digits; ENUM and SET are strings;
// DATETIME is naive, TIMESTAMP an instant. Zero and partial dates are values in error. Declared `bool`, an
// integer or bit is true where it is not 0. Geometry and vectors cannot be used.
//
// # What counts as a guarantee
//
// NOT NULL of base tables, primary keys, unique indexes and ENFORCED checks of InnoDB. A foreign key is
// not one: a session with foreign_key_checks=0 may have stored orphans, and MySQL never looks again.
package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// defaultMaxConns bounds concurrent statements where Config.MaxConns says nothing.
const defaultMaxConns = 4

// Source reads one MySQL or MariaDB server. Besides connectors.Source it is a connectors.SetChecker,
// a connectors.Explainer and a connectors.Snapshotter.
type Source struct {
	db   *sql.DB
	dial *connector
	// pinned is the session of a snapshot, nil for an ordinary source.
	pinned *session
	turn   chan struct{} // holds one token where pinned is free
	closed sync.Once
	cfg    connectors.Config
	// writer opens the sessions of corrections; nil where the connection is not writable.
	writer *connector
}

var (
	_ connectors.Source      = (*Source)(nil)
	_ connectors.Explainer   = (*Source)(nil)
	_ connectors.SetChecker  = (*Source)(nil)
	_ connectors.Snapshotter = (*Source)(nil)
)

// Open connects to the server that c.Params["dsn"] names: the driver's own form
// (user:password@tcp(host:port)/db?…) or mysql://user:password@host:port/db?….
// It implements connectors.Opener.
func Open(ctx context.Context, c connectors.Config) (connectors.Source, error) {
	cfg, err := parseConfig(c)
	if err != nil {
		return nil, err
	}
	dial, err := newConnector(cfg, c.Timeout)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(dial)
	limit := c.MaxConns
	if limit <= 0 {
		limit = defaultMaxConns
	}
	db.SetMaxOpenConns(limit)
	db.SetMaxIdleConns(limit)
	db.SetConnMaxIdleTime(time.Minute)
	s := &Source{db: db, dial: dial, cfg: c}
	if c.Writable {
		if s.writer, err = newWriter(cfg, c.Timeout); err != nil {
			_ = db.Close()
			return nil, err
		}
	}
	ses, err := s.acquire(ctx)
	if err != nil {
		_ = db.Close()
		return nil, wrap("connect", err)
	}
	ses.release()
	return s, nil
}

// dialect is the SQL of the server, known since Open spoke to it.
func (s *Source) dialect() dialect { return dialect{s.dial.speaks()} }

// Close implements connectors.Source.
func (s *Source) Close() error {
	var err error
	s.closed.Do(func() {
		if s.pinned != nil {
			err = s.endSnapshot()
			return
		}
		err = s.db.Close()
	})
	if err != nil {
		return wrap("close", err)
	}
	return nil
}

// Snapshot implements connectors.Snapshotter: a read-only transaction with a consistent snapshot.
func (s *Source) Snapshot(ctx context.Context) (connectors.Source, error) {
	ses, err := s.acquire(ctx)
	if err != nil {
		return nil, wrap("begin snapshot", err)
	}
	if err := ses.exec(ctx, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"); err != nil {
		ses.drop()
		return nil, wrap("begin snapshot", err)
	}
	turn := make(chan struct{}, 1)
	turn <- struct{}{}
	return &Source{db: s.db, dial: s.dial, pinned: ses, turn: turn, cfg: s.cfg, writer: s.writer}, nil
}

// endSnapshot gives the snapshot's connection back, or closes it where a statement still runs on it.
func (s *Source) endSnapshot() error {
	select {
	case <-s.turn:
	default:
		s.pinned.drop()
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), killTimeout)
	defer cancel()
	if err := s.pinned.exec(ctx, "COMMIT"); err != nil {
		s.pinned.drop()
		return nil // a read-only transaction has nothing to lose, and the connection is closed
	}
	s.pinned.release()
	return nil
}

// acquire takes a session for one statement; release or drop gives it back.
func (s *Source) acquire(ctx context.Context) (*session, error) {
	if s.pinned != nil {
		select {
		case <-s.turn:
			return &session{conn: s.pinned.conn, dc: s.pinned.dc, dial: s.dial, turn: s.turn}, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	c, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	ses := &session{conn: c, dial: s.dial}
	// The driver's connection is used outside of Raw while c is held: c is ours alone until it is closed.
	if err := c.Raw(func(dc any) error {
		own, ok := dc.(*conn)
		if !ok {
			return fmt.Errorf("unexpected driver connection %T", dc)
		}
		ses.dc = own
		return nil
	}); err != nil {
		_ = c.Close()
		return nil, err
	}
	return ses, nil
}

// collect runs a statement and reads all of its rows, which are few.
func (s *Source) collect(ctx context.Context, st statement, read func(row []driver.Value) error) error {
	ses, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	run, err := ses.query(ctx, st)
	if err != nil {
		return err
	}
	defer run.close()
	row := make([]driver.Value, len(run.rows.Columns()))
	for {
		ok, err := run.next(ctx, row)
		if err != nil || !ok {
			return err
		}
		if err := read(row); err != nil {
			return err
		}
	}
}

// statement is SQL with its bound values: int64, uint64, float64, bool, string, []byte or nil.
type statement struct {
	text string
	args []any
}

// explain returns the statement as people read it.
func (st statement) explain() query.Statement {
	out := query.Statement{Text: st.text}
	for _, a := range st.args {
		if a == nil {
			out.Args = append(out.Args, "null")
			continue
		}
		out.Args = append(out.Args, fmt.Sprint(a))
	}
	return out
}
