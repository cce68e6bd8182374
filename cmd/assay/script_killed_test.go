package main

import (
	"context"
	"database/sql"
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
		return f.statements(ts)
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

// open opens the server's database.
func (f *far) open(ts *testscript.TestScript) *sql.DB {
	driver := "mysql"
	if f.engine == "postgres" {
		driver = "pgx"
	}
	db, err := sql.Open(driver, f.server.DSN)
	ts.Check(err)
	return db
}

// statements counts those of assay that read the table far: a view that takes its time for every row.
func (f *far) statements(ts *testscript.TestScript) int {
	query := "select count(*) from pg_stat_activity where application_name = 'assay' and state = 'active' and query like '%far%'"
	if f.engine != "postgres" {
		query = "select count(*) from information_schema.processlist where db = database() and command = 'Query' and info like '%far%' and id <> connection_id()"
	}
	db := f.open(ts)
	defer func() { _ = db.Close() }()
	var n int
	ts.Check(db.QueryRowContext(context.WithoutCancel(f.t.Context()), query).Scan(&n))
	return n
}

// whileVerb: while-reading kill|drop CODE N ARGS... runs assay and, once the private server works on N requests of assay at once (this one's
// and those of the programs in the background), kills it, or has it end their connections; then it checks assay's exit code.
func whileVerb(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 || args[0] != "kill" && args[0] != "drop" {
		ts.Fatalf("usage: while-reading kill|drop CODE N ARGS...")
	}
	drop := args[0] == "drop"
	atOnce, err := strconv.Atoi(args[2])
	ts.Check(err)
	args = append([]string{args[1]}, args[3:]...)
	f := farOf(ts)
	done := make(chan error, 1)
	go func() { done <- ts.Exec("assay", args[1:]...) }()
	most := 0
	for deadline := time.Now().Add(2 * time.Minute); most < atOnce; time.Sleep(20 * time.Millisecond) {
		most = max(most, f.reading(ts))
		select {
		case err := <-done:
			f.server.Kill(f.t) // for what runs in the background to end
			ts.Fatalf("assay ended too early: %v", err)
		default:
		}
		if time.Now().After(deadline) {
			f.server.Kill(f.t)
			<-done // which says what it was about
			ts.Fatalf("the server is never asked more than %d things at once", most)
		}
	}
	if f.engine != "elasticsearch" {
		time.Sleep(300 * time.Millisecond) // well into it
	}
	if drop {
		f.drop(ts)
	} else {
		f.kill(ts)
	}
	select {
	case err := <-done:
		checkExit(ts, err, args)
	case <-time.After(time.Minute):
		f.server.Kill(f.t)
		ts.Fatalf("assay does not notice that nobody answers")
	}
}

// kill returns once nobody listens any more.
func (f *far) kill(ts *testscript.TestScript) {
	f.server.Kill(f.t)
	// The system takes a moment to clear away a process; until then its port may take connections.
	for deadline := time.Now().Add(time.Minute); listens(f.t, ts.Getenv("FAR_HOST")); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("the killed server still listens")
		}
	}
}

// drop has the server end all connections but its own, as an administrator does.
func (f *far) drop(ts *testscript.TestScript) {
	db := f.open(ts)
	defer func() { _ = db.Close() }()
	ctx := context.WithoutCancel(f.t.Context())
	list := "select pid from pg_stat_activity where application_name = 'assay'"
	if f.engine != "postgres" {
		list = "select id from information_schema.processlist where db = database() and id <> connection_id()"
	}
	rows, err := db.QueryContext(ctx, list)
	ts.Check(err)
	defer func() { _ = rows.Close() }()
	var ids []int64
	for rows.Next() {
		var id int64
		ts.Check(rows.Scan(&id))
		ids = append(ids, id)
	}
	ts.Check(rows.Err())
	for _, id := range ids {
		end := fmt.Sprintf("select pg_terminate_backend(%d)", id)
		if f.engine != "postgres" {
			end = fmt.Sprintf("kill %d", id)
		}
		if _, err := db.ExecContext(ctx, end); err != nil && !strings.Contains(err.Error(), "nknown thread") { // gone by itself
			ts.Fatalf("%s: %v", end, err)
		}
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
