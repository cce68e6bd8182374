// Package postgres connects to PostgreSQL 14 and later.
//
// Every request runs in its own read-only transaction, in UTC, under the application
// name assay. Rows travel in the binary format and are decoded straight into columnar batches.
//
// # Types
//
// Beyond the evident: real is the double that equals it; numeric is Decimal, its NaN and
// infinities cells in error; char(n) loses its padding; date is a Timestamp at midnight UTC;
// time a Duration (24:00:00 included); interval a Duration where it has no months, a day
// counting 24 hours as PostgreSQL itself compares them, and a cell in error where it has; enum, uuid, citext and
// network addresses are Strings; a domain is its base type; an array is a List, one of more than
// one dimension a cell in error. Any other type is unusable, with its reason.
package postgres

import (
	"context"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/assay-dev/assay/connectors"
)

// cancelGrace is how long a cancelled statement may take to stop before its connection is dropped.
const cancelGrace = 5 * time.Second

// Source is a PostgreSQL database. It implements connectors.Source, SetChecker, Explainer, Snapshotter
// and, as a snapshot, SharedSnapshot.
type Source struct {
	run  runner
	name string
	// cfg is how the connection was opened, conn how a session of its own connects.
	cfg  connectors.Config
	conn *pgconn.Config
	// done ends what Close has to end: the pool, or a snapshot.
	done func()
}

var (
	_ connectors.Source      = (*Source)(nil)
	_ connectors.SetChecker  = (*Source)(nil)
	_ connectors.Explainer   = (*Source)(nil)
	_ connectors.Snapshotter = (*Source)(nil)

	_ connectors.SharedSnapshot = (*Source)(nil)
)

// Open prepares a pool of connections and connects at the first request. The only
// parameter is dsn: a postgres:// URL or key=value pairs, as libpq reads them.
func Open(_ context.Context, c connectors.Config) (connectors.Source, error) {
	conf, err := poolConfig(c)
	if err != nil {
		return nil, &connectors.Error{Kind: connectors.Misconfigured, Op: "open " + c.Name, Err: err}
	}
	// Not the caller's context: the pool outlives the call.
	pool, err := pgxpool.NewWithConfig(context.Background(), conf) //nolint:contextcheck // see above
	if err != nil {
		return nil, &connectors.Error{Kind: connectors.Misconfigured, Op: "open " + c.Name, Err: errDSN}
	}
	return &Source{
		name: c.Name, cfg: c, conn: &conf.ConnConfig.Config,
		run:  &pooled{pool: pool, begin: beginText(c.Timeout), secret: conf.ConnConfig.Password},
		done: pool.Close,
	}, nil
}

// Close implements connectors.Source.
func (s *Source) Close() error {
	s.done()
	return nil
}

// poolConfig translates the suite's connection. Its errors never repeat the DSN.
func poolConfig(c connectors.Config) (*pgxpool.Config, error) {
	if err := onlyKey(c.Params, "dsn"); err != nil {
		return nil, err
	}
	dsn := c.Params["dsn"]
	if strings.TrimSpace(dsn) == "" {
		return nil, errNoDSN
	}
	if err := checkURL(dsn); err != nil {
		return nil, err
	}
	conf, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errDSN
	}
	if c.MaxConns > 0 {
		conf.MaxConns = int32(min(c.MaxConns, 1000))
	}
	conf.MinConns, conf.MinIdleConns = 0, 0
	params := conf.ConnConfig.RuntimeParams
	// Only parameters that poolers such as PgBouncer track; the others are set in each transaction.
	params["application_name"] = "assay"
	params["client_encoding"] = "UTF8"
	params["TimeZone"] = "UTC"
	params["DateStyle"] = "ISO, MDY"
	params["standard_conforming_strings"] = "on"
	conf.ConnConfig.BuildContextWatcherHandler = func(pg *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: pg, DeadlineDelay: cancelGrace}
	}
	return conf, nil
}

func onlyKey(params map[string]string, known string) error {
	var unknown []string
	for k := range params {
		if k != known {
			unknown = append(unknown, strconv.Quote(k))
		}
	}
	if unknown == nil {
		return nil
	}
	sort.Strings(unknown)
	return fmt.Errorf("unknown parameter %s: postgres takes only %q", strings.Join(unknown, ", "), known)
}

// beginText opens a transaction that cannot write and sees one state of the data.
func beginText(timeout time.Duration) string {
	ms := int64(0)
	if timeout > 0 {
		ms = max(1, timeout.Milliseconds())
	}
	return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL default_transaction_read_only = on; " +
		"SET LOCAL extra_float_digits = 1; SET LOCAL statement_timeout = " + strconv.FormatInt(ms, 10)
}
