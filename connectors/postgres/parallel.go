package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/assay-dev/assay/connectors"
)

// sharePatience is how long a further connection for a shared snapshot is waited for: who else holds the pool's may need this one to end.
const sharePatience = 2 * time.Second

// Share implements connectors.SharedSnapshot: the transaction exports its snapshot, others take it over. What is no snapshot shares none.
func (s *Source) Share(ctx context.Context, n int) ([]connectors.Source, error) {
	held, ok := s.run.(*snapshot)
	if !ok || n < 1 {
		return nil, nil
	}
	p := held.pool
	var out []connectors.Source
	fail := func(err error) ([]connectors.Source, error) {
		for _, o := range out {
			_ = o.Close() // only ever gives a connection back
		}
		return nil, failure(ctx, "share the snapshot of "+s.name, p.secret, err)
	}
	if !p.spare() {
		return nil, nil
	}
	id, err := held.export(ctx)
	if err != nil {
		return fail(err)
	}
	for len(out) < n && p.spare() {
		conn, err := p.adopt(ctx, id)
		if err != nil {
			return fail(err)
		}
		if conn == nil {
			break
		}
		out = append(out, s.bound(conn, p))
	}
	return out, nil
}

// spare reports whether the pool has a connection that nobody uses.
func (p *pooled) spare() bool { return p.pool.Stat().AcquiredConns() < p.pool.Config().MaxConns }

// export names the snapshot, which must not have closed when the name is used.
func (s *snapshot) export(ctx context.Context) (string, error) {
	if err := s.acquire(ctx); err != nil {
		return "", err
	}
	defer s.release()
	// Not within a savepoint: a transaction with one exports nothing.
	return single(ctx, s.conn.Conn().PgConn(), "SELECT pg_export_snapshot()")
}

// adopt begins a transaction on a further connection that sees the exported snapshot; nil where none is free soon.
func (p *pooled) adopt(ctx context.Context, id string) (*pgxpool.Conn, error) {
	soon, cancel := context.WithTimeout(ctx, sharePatience)
	defer cancel()
	conn, err := p.open(soon, "share a snapshot")
	if err != nil {
		if ctx.Err() == nil && soon.Err() != nil {
			return nil, nil //nolint:nilnil // none is free: see above
		}
		return nil, err
	}
	quoted := "'" + strings.ReplaceAll(id, "'", "''") + "'"
	if err := conn.Conn().PgConn().Exec(ctx, "SET TRANSACTION SNAPSHOT "+quoted).Close(); err != nil {
		drop(conn)
		return nil, err
	}
	return conn, nil
}

// single runs a statement of one row and column.
func single(ctx context.Context, pg *pgconn.PgConn, text string) (string, error) {
	results, err := pg.Exec(ctx, text).ReadAll()
	if err != nil {
		return "", err
	}
	if len(results) != 1 || len(results[0].Rows) != 1 || len(results[0].Rows[0]) != 1 {
		return "", fmt.Errorf("%s gave no single value", text)
	}
	return string(results[0].Rows[0][0]), nil
}
