package mysql

import (
	"database/sql/driver"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// A KILL that the server lost is sent again; the session that was hit more than once is not used again.
func TestKillsAgain(t *testing.T) {
	t.Parallel()
	EachServer(t, func(t *testing.T, is TestServer) {
		t.Parallel()
		src := openTest(t, is.DSN)
		ses, err := src.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		id := ses.dc.id
		// Rows that are too long to wait for one another in the server's buffer.
		run, err := ses.query(t.Context(), statement{text: "SELECT REPEAT('x', 100000) AS c FROM (SELECT 1 AS n" + strings.Repeat(" UNION ALL SELECT 1", 60) + ") AS t WHERE SLEEP(0.2 * n) = 0"})
		if err != nil {
			t.Fatal(err)
		}
		run.mu.Lock()
		run.killed = true // as if the server had taken the first and forgotten it
		run.killing.Add(1)
		run.mu.Unlock()
		began := time.Now()
		go run.insist()
		row := make([]driver.Value, 1)
		for err == nil {
			var ok bool
			if ok, err = run.next(t.Context(), row); err == nil && !ok {
				t.Fatal("the statement ended by itself")
			}
		}
		if took := time.Since(began); took < killAgain/2 || took > killTimeout-time.Second {
			t.Errorf("it ended after %v: %v", took, err)
		}
		run.close()
		next, err := src.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer next.release()
		if next.dc.id == id {
			t.Error("the session is used again")
		}
	})
}

// TestCloseOverSlowLink closes rows of which the server had sent megabytes when the link became slow: what is on its way is not waited for.
func TestCloseOverSlowLink(t *testing.T) {
	t.Parallel()
	dsn, link := connectortest.PacedMySQL(t, 0)
	src := openTest(t, dsn)
	ses, err := src.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	run, err := ses.query(t.Context(), statement{text: "SELECT REPEAT('x', 100000) AS c FROM information_schema.columns AS a, (SELECT 1 UNION ALL SELECT 2) AS b LIMIT 2000"})
	if err != nil {
		t.Fatal(err)
	}
	row := make([]driver.Value, 1)
	for range 3 {
		if ok, err := run.next(t.Context(), row); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	link.Slow(64_000) // at which the buffers of the systems between take many minutes, and a connection for the KILL a second or two
	began := time.Now()
	run.close()
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v", took)
	}
	link.Slow(0)
	next, err := src.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer next.release()
	if next.dc.id == ses.dc.id {
		t.Error("the session is used again")
	}
}
