package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"net/url"
	"sync"

	modernc "modernc.org/sqlite"
)

// defaultConns bounds concurrent statements: a scan keeps a core busy.
const defaultConns = 4

// pool holds connections to one file. database/sql is not used: it would copy every cell once more.
type pool struct {
	driver *modernc.Driver
	path   string
	dsn    string
	slots  chan struct{}
	// encoders are those of digests under way, which the driver's functions look up.
	encoders *encoders

	mu     sync.Mutex
	idle   []driver.Conn
	closed bool
}

var errClosed = errors.New("the source is closed")

func newPool(path string, conns int) (*pool, error) {
	enc := &encoders{cells: newZones()}
	d, err := newDriver(enc)
	if err != nil {
		return nil, err
	}
	if conns <= 0 {
		conns = defaultConns
	}
	return &pool{driver: d, path: path, dsn: dsn(path), slots: make(chan struct{}, conns), encoders: enc}, nil
}

// dsn opens the file read-only, refuses writes on the connection too, and takes a
// double-quoted name that is no column for an error, not for a string.
func dsn(path string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	q := url.Values{"mode": {"ro"}, "_query_only": {"1"}, "_busy_timeout": {"5000"}, "_dqs": {"0"}}
	u.RawQuery = q.Encode()
	return u.String()
}

// writableDSN opens the file for a Correction. Foreign keys are enforced, which SQLite does for those only that ask for it.
func writableDSN(path string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	q := url.Values{"mode": {"rw"}, "_busy_timeout": {"1000"}, "_dqs": {"0"}, "_pragma": {"foreign_keys(1)"}}
	u.RawQuery = q.Encode()
	return u.String()
}

func (p *pool) get(ctx context.Context) (driver.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		<-p.slots
		return nil, errClosed
	}
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	c, err := p.driver.Open(p.dsn)
	if err != nil {
		<-p.slots
		return nil, err
	}
	return c, nil
}

func (p *pool) put(c driver.Conn) {
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if closed {
		_ = c.Close()
	}
	<-p.slots
}

func (p *pool) discard(c driver.Conn) {
	_ = c.Close()
	<-p.slots
}

func (p *pool) close() error {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	var errs []error
	for _, c := range idle {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
