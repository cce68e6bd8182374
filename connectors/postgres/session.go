package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/assay-dev/assay/connectors"
)

// runner hands out read-only transactions.
type runner interface {
	// start begins one request; the caller ends the session it returns.
	start(ctx context.Context, op string) (*session, error)
	// hide returns what no message may contain.
	hide() string
}

// session is one request's hold on a connection inside a read-only transaction.
type session struct {
	pg *pgconn.PgConn
	// end gives the connection back; clean says that no statement failed or was cut short.
	end func(clean bool)
}

// pooled gives every request a connection and a transaction of its own.
type pooled struct {
	pool   *pgxpool.Pool
	begin  string
	secret string
}

func (p *pooled) hide() string { return p.secret }

func (p *pooled) start(ctx context.Context, op string) (*session, error) {
	conn, err := p.open(ctx, op)
	if err != nil {
		return nil, err
	}
	return &session{pg: conn.Conn().PgConn(), end: func(clean bool) { finish(conn, clean) }}, nil
}

// open acquires a connection and begins a transaction on it. A connection that broke while it lay idle is replaced once.
func (p *pooled) open(ctx context.Context, op string) (*pgxpool.Conn, error) {
	for attempt := 0; ; attempt++ {
		conn, err := p.pool.Acquire(ctx)
		if err != nil {
			return nil, failure(ctx, op, p.secret, err)
		}
		begin := p.begin
		if conn.Conn().PgConn().ParameterStatus("server_encoding") == "SQL_ASCII" {
			begin += "; SET LOCAL client_encoding = 'SQL_ASCII'" // else one odd byte fails the whole statement
		}
		err = conn.Conn().PgConn().Exec(ctx, begin).Close()
		if err == nil {
			return conn, nil
		}
		drop(conn)
		err = failure(ctx, op, p.secret, err)
		if attempt == 0 && ctx.Err() == nil && connectors.KindOf(err) == connectors.Lost {
			continue
		}
		return nil, err
	}
}

// finish ends the transaction and returns the connection to the pool, or drops it when the transaction went wrong.
func finish(conn *pgxpool.Conn, clean bool) {
	if clean {
		// The request is answered: its context may be over, which must not cost the connection.
		ctx, cancel := context.WithTimeout(context.Background(), cancelGrace)
		defer cancel()
		if conn.Conn().PgConn().Exec(ctx, "COMMIT").Close() == nil {
			conn.Release()
			return
		}
	}
	drop(conn)
}

// drop closes the connection: after a cancel request nothing tells whether it may still strike the next statement.
func drop(conn *pgxpool.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Conn().Close(ctx) // nothing is lost with a read-only connection
	conn.Release()
}

// Snapshot implements connectors.Snapshotter: one REPEATABLE READ transaction on one connection, whose snapshot its first query takes.
func (s *Source) Snapshot(ctx context.Context) (connectors.Source, error) {
	p, ok := s.run.(*pooled)
	if !ok {
		return s, nil // a snapshot of a snapshot is itself
	}
	conn, err := p.open(ctx, "snapshot of "+s.name)
	if err != nil {
		return nil, err
	}
	return s.bound(conn, p), nil
}

// bound returns the source that reads within a connection's transaction.
func (s *Source) bound(conn *pgxpool.Conn, pool *pooled) *Source {
	sn := &snapshot{conn: conn, free: make(chan struct{}, 1), pool: pool}
	sn.free <- struct{}{}
	return &Source{run: sn, name: s.name, cfg: s.cfg, conn: s.conn, done: sn.close}
}

// snapshot serves requests one after another inside one transaction.
type snapshot struct {
	conn *pgxpool.Conn
	free chan struct{} // holds one token while no request runs; closed for good by taking it
	pool *pooled       // that the connection is of
}

func (s *snapshot) hide() string { return s.pool.secret }

// acquire waits until no request runs in the snapshot, and holds up others until release.
func (s *snapshot) acquire(ctx context.Context) error {
	select {
	case _, open := <-s.free:
		if !open {
			return errSnapshotClosed
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *snapshot) release() { s.free <- struct{}{} }

func (s *snapshot) start(ctx context.Context, op string) (*session, error) {
	switch err := s.acquire(ctx); {
	case errors.Is(err, errSnapshotClosed):
		return nil, &connectors.Error{Kind: connectors.Failed, Op: op, Err: err}
	case err != nil:
		return nil, failure(ctx, op, s.pool.secret, err)
	}
	pg := s.conn.Conn().PgConn()
	// The savepoint lets the snapshot outlive a statement that fails.
	if err := pg.Exec(ctx, "SAVEPOINT assay").Close(); err != nil {
		s.release()
		return nil, failure(ctx, op, s.pool.secret, err)
	}
	return &session{pg: pg, end: func(clean bool) {
		text := "RELEASE SAVEPOINT assay"
		if !clean {
			text = "ROLLBACK TO SAVEPOINT assay; RELEASE SAVEPOINT assay"
		}
		ctx, cancel := context.WithTimeout(context.Background(), cancelGrace)
		defer cancel()
		_ = pg.Exec(ctx, text).Close() // a broken connection shows at the next request
		s.release()
	}}, nil
}

// close ends the transaction once the running request has ended.
func (s *snapshot) close() {
	if _, open := <-s.free; !open {
		return
	}
	close(s.free)
	finish(s.conn, true)
}
