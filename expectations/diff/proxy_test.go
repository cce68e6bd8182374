package diff_test

import (
	"errors"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// proxy is a network between assay and a server that fails when it is told to.
type proxy struct {
	listener net.Listener
	target   string
	wg       sync.WaitGroup
	closed   chan struct{}

	mu    sync.Mutex
	conns map[net.Conn]bool
	down  bool
	// left is how many octets of the server are still let through, negative for all; at none, out is called once.
	left int64
	out  func()
	// rate is the octets a second that it lets through, 0 for all at once.
	rate int64
}

// between puts a proxy before the server that a DSN or URL names and returns the DSN through it.
func between(t *testing.T, engine, dsn string) (*proxy, string) {
	t.Helper()
	p := &proxy{conns: map[net.Conn]bool{}, left: -1, closed: make(chan struct{})}
	var err error
	if p.listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if engine == "mysql" {
		c, err := mysql.ParseDSN(dsn)
		if err != nil {
			t.Fatal("the test server's DSN does not parse")
		}
		p.target, c.Addr = c.Addr, p.listener.Addr().String()
		dsn = c.FormatDSN()
	} else {
		u, err := url.Parse(dsn)
		if err != nil {
			t.Fatal("the test server's URL does not parse")
		}
		p.target, u.Host = u.Host, p.listener.Addr().String()
		dsn = u.String()
	}
	p.wg.Go(p.serve)
	return p, dsn
}

func (p *proxy) serve() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.target)
		if err != nil || !p.keep(near, far) {
			_ = near.Close()
			if far != nil {
				_ = far.Close()
			}
			continue
		}
		p.wg.Go(func() { p.copy(far, near, false) })
		p.wg.Go(func() { p.copy(near, far, true) })
	}
}

// keep notes connections that a failure closes; false where it has come already.
func (p *proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.conns[c] = true
	}
	return !p.down
}

// copy carries octets until either end closes.
func (p *proxy) copy(to, from net.Conn, counted bool) {
	defer func() { _ = errors.Join(to.Close(), from.Close()) }()
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if counted {
				p.pass(int64(n))
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass counts octets of the server.
func (p *proxy) pass(n int64) {
	p.mu.Lock()
	rate, out := p.rate, func() {}
	if p.left >= 0 {
		if p.left -= n; p.left <= 0 {
			p.left, out = -1, p.out
		}
	}
	p.mu.Unlock()
	if rate > 0 {
		select {
		case <-time.After(time.Duration(n) * time.Second / time.Duration(rate)):
		case <-p.closed:
		}
	}
	out()
}

// after has f called once so many octets more have come from the server.
func (p *proxy) after(n int64, f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left, p.out = n, f
}

// slow lets through so many octets of the server a second.
func (p *proxy) slow(rate int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rate = rate
}

// cut breaks all connections, and all that come.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
	for c := range p.conns {
		if c, ok := c.(*net.TCPConn); ok {
			_ = c.SetLinger(0) // a reset: nothing that is under way arrives
		}
		_ = c.Close()
	}
}

// close ends the proxy.
func (p *proxy) close() {
	p.cut()
	close(p.closed)
	_ = p.listener.Close()
	p.wg.Wait()
}
