package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// farKey is the key of the *far that the verbs of one script share.
type farKey struct{}

// far is a script's own server.
type far struct {
	engine string
	server *connectortest.PrivateServer
	t      testing.TB
}

func farOf(ts *testscript.TestScript) *far {
	f, ok := ts.Value(farKey{}).(*far)
	if !ok || f.server == nil {
		ts.Fatalf("no private-server yet")
	}
	return f
}

// privateServerVerb: private-server ENGINE starts a server that nobody else uses; $FAR_DSN and $FAR_HOST name it.
func privateServerVerb(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, "private-server postgres|mysql|mariadb|elasticsearch")
	f, ok := ts.Value(farKey{}).(*far)
	if !ok {
		ts.Fatalf("not under go test")
	}
	f.engine, f.server = args[0], connectortest.Private(f.t, args[0])
	var host string
	if f.engine == "mysql" || f.engine == "mariadb" {
		c, err := mysql.ParseDSN(f.server.DSN)
		ts.Check(err)
		host = c.Addr
	} else {
		u, err := url.Parse(f.server.DSN)
		ts.Check(err)
		host = u.Host
	}
	ts.Setenv("FAR_DSN", f.server.DSN)
	ts.Setenv("FAR_HOST", host)
	if f.engine == "elasticsearch" {
		ts.Setenv("ES_URL", f.server.DSN) // where the verb es asks
	}
}

// reading counts the requests of assay that the server has taken and not ended.
func (f *far) reading(ts *testscript.TestScript) int {
	if f.engine != "elasticsearch" {
		return busy(f.t, f.engine, f.server.DSN)
	}
	text, err := esRequest(context.WithoutCancel(f.t.Context()), http.MethodGet, f.server.DSN+"/_nodes/stats/indices/search", "")
	ts.Check(err)
	var stats struct {
		Nodes map[string]struct {
			Indices struct {
				Search struct {
					Open    int `json:"open_contexts"` // a stream holds one from its first page to its last
					Fetched int `json:"fetch_total"`
				} `json:"search"`
			} `json:"indices"`
		} `json:"nodes"`
	}
	ts.Check(json.Unmarshal([]byte(text), &stats))
	n := 0
	for _, node := range stats.Nodes {
		if node.Indices.Search.Fetched > 1 { // beyond its first page
			n += node.Indices.Search.Open
		}
	}
	return n
}

// killVerb: kill-during-scan CODE ARGS... runs assay, kills the private server once it works on assay's request, and checks assay's exit code.
func killVerb(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: kill-during-scan CODE ARGS...")
	}
	f := farOf(ts)
	done := make(chan error, 1)
	go func() { done <- ts.Exec("assay", args[1:]...) }()
	for deadline := time.Now().Add(30 * time.Second); f.reading(ts) == 0; time.Sleep(20 * time.Millisecond) {
		select {
		case err := <-done:
			ts.Fatalf("assay ended before the server was killed: %v", err)
		default:
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the server is never asked")
		}
	}
	if f.engine != "elasticsearch" {
		time.Sleep(300 * time.Millisecond) // well into it
	}
	f.server.Kill(f.t)
	// The system takes a moment to clear away a process; until then its port may take connections.
	for deadline := time.Now().Add(20 * time.Second); listens(f.t, ts.Getenv("FAR_HOST")); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("the killed server still listens")
		}
	}
	select {
	case err := <-done:
		checkExit(ts, err, args)
	case <-time.After(20 * time.Second):
		ts.Fatalf("assay does not notice that the server is gone")
	}
}

func listens(t testing.TB, addr string) bool {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(context.WithoutCancel(t.Context()), "tcp", addr)
	if err != nil {
		return false
	}
	_ = conn.Close() // only whether somebody takes it matters
	return true
}

// restartVerb: restart-server starts the private server again after it was killed.
func restartVerb(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 0, "restart-server")
	f := farOf(ts)
	f.server.Restart(f.t)
}

// documentsVerb: documents INDEX N puts N documents {"n": …, "s": "ABC"} into an index.
func documentsVerb(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, "documents INDEX N")
	total, err := strconv.Atoi(args[1])
	ts.Check(err)
	const most = 20_000 // a request
	for n := 0; n < total; {
		var body strings.Builder
		for last := min(n+most, total); n < last; n++ {
			fmt.Fprintf(&body, "{\"index\":{}}\n{\"n\":%d,\"s\":\"ABC\"}\n", n)
		}
		_, err := esRequest(context.Background(), http.MethodPost, ts.Getenv("ES_URL")+"/"+args[0]+"/_bulk?refresh=true", body.String())
		ts.Check(err)
	}
}

// What differs from run to run, and what a script compares in its place.
var (
	tableTime = regexp.MustCompile(`(?m)^((?:verdict|✓ pass|✗ fail|! \w+|- skipped|\? inconclusive) .*?) +(?:time|[0-9][0-9.,]* (?:ms|s|min|h)[ 0-9a-z]*)$`)
	tableRule = regexp.MustCompile(`─+`)
	tookTime  = regexp.MustCompile(`(?m) · [0-9][0-9.,]* (?:ms|s|min|h)[ 0-9a-z]*$`)
	runFolder = regexp.MustCompile(`runs/\d{8}T\d{6}-[0-9a-f]{8}/`)
)

// plainVerb: plain puts the last command's output into the files out and err, as it is but for the time column, the time it took, the
// run's id and what the script's variables name: for cmp with the whole text.
func plainVerb(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 0, "plain")
	var names []string
	for _, v := range []string{"FAR_HOST", "PG_HOST", "PG_DB", "MYSQL_HOST", "MYSQL_DB", "READER", "ES_HOST", "ES_INDEX", "WORK"} {
		if value := ts.Getenv(v); value != "" {
			names = append(names, value, "$"+v)
		}
	}
	replace := strings.NewReplacer(names...)
	for from, to := range map[string]string{"stdout": "out", "stderr": "err"} {
		text := tookTime.ReplaceAllString(ts.ReadFile(from), "")
		text = tableRule.ReplaceAllString(tableTime.ReplaceAllString(text, "$1"), "─")
		text = replace.Replace(runFolder.ReplaceAllString(text, "runs/RUN/"))
		ts.Check(os.WriteFile(ts.MkAbs(to), []byte(text), 0o600))
	}
}
