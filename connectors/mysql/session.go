package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/assay-dev/assay/connectors"
)

// pins are the session settings that statements and decoding rely on, whatever the server's defaults; flavours add theirs.
// The rest of sql_mode stays the server's, so that query: datasets read as they do elsewhere.
//   - UTC makes TIMESTAMP text an instant;
//   - PAD_CHAR_TO_FULL_LENGTH would pad CHAR, HIGH_NOT_PRECEDENCE would rebind NOT, NO_BACKSLASH_ESCAPES would
//     change what a literal is, REAL_AS_FLOAT and NO_UNSIGNED_SUBTRACTION what arithmetic is;
//   - a slow reader of a stream must not be cut off after net_write_timeout's 60 s;
//   - sort_buffer_size must hold some long keys of a sort, which fails otherwise; the servers take of it what they need.
const pins = "SET SESSION time_zone = '+00:00'," +
	" sql_mode = REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(@@SESSION.sql_mode, 'PAD_CHAR_TO_FULL_LENGTH', '')," +
	" 'HIGH_NOT_PRECEDENCE', ''), 'NO_BACKSLASH_ESCAPES', ''), 'REAL_AS_FLOAT', ''), 'NO_UNSIGNED_SUBTRACTION', '')," +
	" character_set_client = 'utf8mb4', character_set_results = 'utf8mb4'," +
	" sql_auto_is_null = 0, autocommit = 1, net_write_timeout = 600," +
	" sort_buffer_size = CAST(GREATEST(@@SESSION.sort_buffer_size, 16777216) AS UNSIGNED)"

// connector opens connections whose sessions are pinned and whose ids are known.
type connector struct {
	base    driver.Connector
	timeout time.Duration // of a statement, 0 for none
	// flavour is what the first server that answered is, as an int32; 0 before.
	flavour atomic.Int32
	// truncates says that the server's sessions cut fractions of a second that a column does not keep: they round otherwise.
	truncates atomic.Bool
}

func newConnector(cfg *mysql.Config, timeout time.Duration) (*connector, error) {
	base, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, misconfigured("dsn has options that do not go together")
	}
	return &connector{base: base, timeout: timeout}, nil
}

// conn is a connection of the driver with its id on the server.
type conn struct {
	driverConn
	id uint64
}

// driverConn is what the driver's connections are able to do.
type driverConn interface {
	driver.Conn
	driver.QueryerContext
	driver.ExecerContext
	driver.SessionResetter
	driver.Validator
	driver.Pinger
}

// Driver implements driver.Connector.
func (c *connector) Driver() driver.Driver { return c.base.Driver() }

// Connect implements driver.Connector.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	raw, err := c.open(ctx)
	if err != nil {
		return nil, &connectError{err}
	}
	own := &conn{driverConn: raw}
	var is flavour
	if own.id, is, err = c.introduce(ctx, raw); err == nil {
		err = c.pin(ctx, raw, is)
	}
	if err != nil {
		_ = raw.Close()
		return nil, &connectError{fmt.Errorf("set up the session: %w", err)}
	}
	return own, nil
}

func (c *connector) open(ctx context.Context) (driverConn, error) {
	dc, err := c.base.Connect(ctx)
	if err != nil {
		return nil, err
	}
	raw, ok := dc.(driverConn)
	if !ok {
		_ = dc.Close()
		return nil, fmt.Errorf("unexpected driver connection %T", dc)
	}
	return raw, nil
}

// introduce asks the server for the connection's id, for what it is, and for what it does to the seconds that others write.
func (c *connector) introduce(ctx context.Context, dc driverConn) (id uint64, is flavour, err error) {
	rows, err := dc.QueryContext(ctx, "SELECT CONNECTION_ID(), @@GLOBAL.sql_mode, VERSION()", nil)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = rows.Close() }()
	row := make([]driver.Value, 3)
	if err := rows.Next(row); err != nil {
		return 0, 0, err
	}
	is = flavourOf(text(row[2]))
	if was := flavour(c.flavour.Swap(int32(is))); was != 0 && was != is {
		return 0, 0, fmt.Errorf("the server was %s and is %s now", was, is)
	}
	c.truncates.Store(is.truncates(text(row[1])))
	switch n := row[0].(type) {
	case uint64:
		return n, is, nil
	case int64:
		return uint64(n), is, nil //nolint:gosec // connection ids are never negative
	}
	return 0, 0, fmt.Errorf("connection id of type %T", row[0])
}

// speaks is what the server is, known once a connection has been opened.
func (c *connector) speaks() flavour { return flavour(c.flavour.Load()) }

// pin makes the session's settings those that statements rely on.
func (c *connector) pin(ctx context.Context, dc driverConn, is flavour) error {
	for _, text := range is.pins(c.timeout) {
		if _, err := dc.ExecContext(ctx, text, nil); err != nil {
			return err
		}
	}
	return nil
}

// session is a connection held for one statement.
type session struct {
	conn *sql.Conn
	dc   *conn
	dial *connector
	turn chan struct{} // of a snapshot: where the token goes back
	once sync.Once
}

// release gives a healthy session back.
func (s *session) release() {
	s.once.Do(func() {
		if s.turn != nil {
			s.turn <- struct{}{}
			return
		}
		_ = s.conn.Close()
	})
}

// drop closes the connection itself.
func (s *session) drop() {
	s.once.Do(func() {
		_ = s.dc.Close()
		if s.turn != nil {
			s.turn <- struct{}{}
			return
		}
		// ErrBadConn tells the pool that the connection is gone.
		_ = s.conn.Raw(func(any) error { return driver.ErrBadConn })
		_ = s.conn.Close()
	})
}

func (s *session) exec(ctx context.Context, text string) error {
	_, err := s.dc.ExecContext(ctx, text, nil)
	return err
}

// running is a statement whose rows are being read.
type running struct {
	ses    *session
	rows   driver.Rows
	outer  context.Context //nolint:containedctx // the request's, asked for its cause when the server reports the kill
	cancel context.CancelFunc
	ended  bool // the server has sent its last packet for the statement

	mu      sync.Mutex
	stop    func() bool // ends the watch of outer; nil before it began and after the statement
	killing sync.WaitGroup
	killed  bool
	over    chan struct{} // closed once the statement has ended here
	again   bool          // it was killed more than once: one of the kills may still hit what comes next
}

// query sends a statement. The driver sees a context that is not cancelled with ctx: it would only close the
// socket, and a server that sorts or counts would go on. Instead ctx ends the statement there.
func (s *session) query(ctx context.Context, st statement) (*running, error) {
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &running{ses: s, outer: ctx, cancel: cancel, over: make(chan struct{})}
	if err := ctx.Err(); err != nil {
		r.finish(true)
		return nil, context.Cause(ctx)
	}
	args := make([]driver.NamedValue, len(st.args))
	for i, a := range st.args {
		args[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	r.mu.Lock() // a context that has ended meanwhile starts kill at once
	r.stop = context.AfterFunc(ctx, r.kill)
	r.mu.Unlock()
	rows, err := s.dc.QueryContext(inner, st.text, args)
	if err != nil {
		if errors.Is(err, driver.ErrSkip) {
			err = connectors.Own("the statement's values do not fit its places or the server's max_allowed_packet")
		}
		healthy := serverError(err) != nil
		err = r.cause(ctx, err)
		r.finish(healthy)
		return nil, err
	}
	r.rows = rows
	return r, nil
}

// next reads a row into dest, false at the end of the rows.
func (r *running) next(ctx context.Context, dest []driver.Value) (bool, error) {
	if r.ended {
		return false, nil
	}
	err := r.rows.Next(dest)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, io.EOF):
		// The driver returns io.EOF for the server's own end packet only; a broken connection is another error.
		r.ended = true
		if r.wasKilled() {
			// The kill came too late to be seen; the rows are all there, but the caller has gone.
			return false, r.cause(ctx, errKilled)
		}
		return false, nil
	}
	if serverError(err) != nil {
		r.ended = true
	}
	return false, r.cause(ctx, err)
}

// cause returns the reason of ctx where our own kill is what broke the statement.
func (r *running) cause(ctx context.Context, err error) error {
	switch {
	case !r.wasKilled():
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case r.outer.Err() != nil:
		return context.Cause(r.outer)
	}
	return err
}

// errKilled is what is left to say of a statement that was closed while it was read.
var errKilled = errors.New("the statement was stopped")

// close ends the statement, on the server too where it still runs, and gives the session back.
func (r *running) close() {
	if r.ended {
		r.finish(true)
		return
	}
	r.kill()
	// After KILL QUERY the server ends the rows with an error, at once; the connection is then as good as new. What the server had sent by then
	// may take hours on a slow link. Closing the rows would read all of it with nobody to stop it: the driver watches a context no more then.
	timer := time.AfterFunc(killTimeout, r.cancel)
	err := r.drain()
	timer.Stop()
	r.finish(errors.Is(err, io.EOF) || serverError(err) != nil)
}

// drain reads what is still to come, until the server's end or the end of the connection.
func (r *running) drain() error {
	row := make([]driver.Value, len(r.rows.Columns()))
	for {
		if err := r.rows.Next(row); err != nil {
			return err
		}
	}
}

// finish ends the watches, waits for a kill under way, which would otherwise
// hit the connection's next statement, and gives the session back.
func (r *running) finish(healthy bool) {
	r.mu.Lock()
	if r.stop != nil {
		r.stop()
		r.stop = nil
	}
	select {
	case <-r.over:
	default:
		close(r.over)
	}
	r.mu.Unlock()
	r.killing.Wait()
	if r.rows != nil {
		_ = r.rows.Close()
	}
	r.cancel()
	if healthy && !r.again {
		r.ses.release()
		return
	}
	r.ses.drop()
}
