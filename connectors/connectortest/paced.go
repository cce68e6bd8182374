package connectortest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Link is a TCP proxy of a server that counts what passes, and may be as slow as a network is.
type Link struct {
	// Addr is the proxy's own address, host and port.
	Addr string
	up   pace // to the server
	down pace // from it

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
}

// Cut breaks all connections and lets none through until Mend.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	for c := range l.conns {
		_ = c.Close()
	}
}

// Mend lets connections through again.
func (l *Link) Mend() {
	l.mu.Lock()
	l.cut = false
	l.mu.Unlock()
}

// hold keeps a connection to be cut; false where the link is.
func (l *Link) hold(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns == nil {
		l.conns = map[net.Conn]bool{}
	}
	if !l.cut {
		l.conns[c] = true
	}
	return !l.cut
}

func (l *Link) let(c net.Conn) {
	l.mu.Lock()
	delete(l.conns, c)
	l.mu.Unlock()
}

// Up and Down are the bytes that went to the server and came from it.
func (l *Link) Up() int64 { return l.up.bytes.Load() }

// Down is the number of bytes that came from the server.
func (l *Link) Down() int64 { return l.down.bytes.Load() }

// Slow lets so many bits a second pass in each direction from now on, 0 for any number.
func (l *Link) Slow(bitsPerSecond int64) {
	for _, p := range []*pace{&l.up, &l.down} {
		p.mu.Lock()
		p.perSecond = float64(bitsPerSecond) / 8
		p.mu.Unlock()
	}
}

// pace lets bytes pass at a rate, of all connections together.
type pace struct {
	bytes atomic.Int64

	mu        sync.Mutex
	perSecond float64   // 0 for no bound
	next      time.Time // when the link is free again
}

// wait waits until n bytes have passed.
func (p *pace) wait(n int) {
	p.bytes.Add(int64(n))
	p.mu.Lock()
	if p.perSecond == 0 {
		p.mu.Unlock()
		return
	}
	if now := time.Now(); p.next.Before(now) {
		p.next = now
	}
	p.next = p.next.Add(time.Duration(float64(n) / p.perSecond * float64(time.Second)))
	until := p.next
	p.mu.Unlock()
	time.Sleep(time.Until(until))
}

// Paced starts a proxy of the server at target that lets so many bits a second pass in each direction, 0 for any number. It ends with the test.
func Paced(t testing.TB, target string, bitsPerSecond int64) *Link {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &Link{Addr: listener.Addr().String()}
	l.up.perSecond, l.down.perSecond = float64(bitsPerSecond)/8, float64(bitsPerSecond)/8
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { l.serve(ctx, client, target) })
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = listener.Close()
		wg.Wait()
	})
	return l
}

// serve carries one connection until either end closes it.
func (l *Link) serve(ctx context.Context, client net.Conn, target string) {
	defer func() { _ = client.Close() }()
	if !l.hold(client) {
		return
	}
	defer l.let(client)
	server, err := (&net.Dialer{}).DialContext(ctx, "tcp", target)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = errors.Join(client.Close(), server.Close()) })
	defer stop()
	var wg sync.WaitGroup
	carry := func(to, from net.Conn, p *pace) {
		buf := make([]byte, 8<<10)
		for {
			n, err := from.Read(buf)
			if n > 0 {
				p.wait(n)
				if _, e := to.Write(buf[:n]); e != nil {
					err = e
				}
			}
			if err != nil {
				if tcp, ok := to.(*net.TCPConn); ok && errors.Is(err, io.EOF) {
					_ = tcp.CloseWrite()
					return
				}
				_ = errors.Join(to.Close(), from.Close())
				return
			}
		}
	}
	wg.Go(func() { carry(server, client, &l.up) })
	wg.Go(func() { carry(client, server, &l.down) })
	wg.Wait()
}

// PacedPostgres returns the URL of the PostgreSQL test server by way of a Link. It skips or fails as Postgres does.
func PacedPostgres(t testing.TB, bitsPerSecond int64) (string, *Link) {
	t.Helper()
	u, err := url.Parse(Postgres(t))
	if err != nil {
		t.Fatalf("%s is not a URL", envPostgres)
	}
	l := Paced(t, u.Host, bitsPerSecond)
	u.Host = l.Addr
	return u.String(), l
}

// PacedMySQL returns the DSN of the MySQL test server by way of a Link. It skips or fails as MySQL does.
func PacedMySQL(t testing.TB, bitsPerSecond int64) (string, *Link) {
	t.Helper()
	cfg, err := mysql.ParseDSN(MySQL(t))
	if err != nil {
		t.Fatal("the test server's DSN does not parse") // which is not shown: it may hold a password
	}
	l := Paced(t, cfg.Addr, bitsPerSecond)
	cfg.Net, cfg.Addr = "tcp", l.Addr
	return cfg.FormatDSN(), l
}
