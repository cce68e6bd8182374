package mysql_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/query"
)

// manyRows makes a table whose rows do not fit into the buffers between server and client.
func manyRows(t *testing.T, is mysql.TestServer, db *sql.Conn) {
	t.Helper()
	run(
		t, db, is.Pick("SET SESSION cte_max_recursion_depth = 200000", "SET SESSION max_recursive_iterations = 200000"), "CREATE TABLE many (id int PRIMARY KEY, s varchar(400))",
		"INSERT INTO many WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 100000) SELECT n, REPEAT('x', 400) FROM r",
	)
}

// running returns the ids of the connections that run a statement in the test's database. It does
// not look at the statements: other tests' may hold octets that the catalogue cannot show.
func running(t *testing.T, is mysql.TestServer, db *sql.Conn) []int64 {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), is.Pick(
		"SELECT PROCESSLIST_ID FROM performance_schema.threads WHERE PROCESSLIST_DB = DATABASE() AND PROCESSLIST_COMMAND = 'Query' AND PROCESSLIST_ID <> CONNECTION_ID()",
		"SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND COMMAND = 'Query' AND ID <> CONNECTION_ID()"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		out = append(out, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// eventually waits for a condition on the server.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s: not within five seconds", what)
}

func started(t *testing.T, ctx context.Context, src connectors.Source) (connectors.Rows, int) {
	t.Helper()
	rel := connectortest.Relation(t, src, query.Dataset{Table: "many"})
	rows, err := src.Select(ctx, query.Select{From: rel, Columns: connectortest.Cols(t, rel, "id", "s"), BatchRows: 100})
	if err != nil {
		t.Fatal(err)
	}
	b, err := rows.Next(ctx)
	if err != nil || b == nil {
		t.Fatalf("first batch: %v", err)
	}
	return rows, b.N
}

func TestEarlyCloseStopsTheServer(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "")
		manyRows(t, is, db)
		src := open(t, dsn)
		rows, _ := started(t, t.Context(), src)
		if len(running(t, is, db)) != 1 {
			t.Fatal("the stream is not on the server: the test proves nothing")
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the statement ends", func() bool { return len(running(t, is, db)) == 0 })
		// The connection serves the next statement in full.
		rows, all := started(t, t.Context(), src)
		for {
			b, err := rows.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if b == nil {
				break
			}
			all += b.N
		}
		if all != 100000 {
			t.Errorf("%d rows after a stream that was closed early", all)
		}
	})
}

func TestCancellationReachesTheServer(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "")
		src := open(t, dsn)
		d := query.Dataset{Query: "SELECT COLUMN_NAME AS c FROM information_schema.COLUMNS WHERE SLEEP(1) = 0"}
		rel := connectortest.Relation(t, src, d)
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("the test has had enough")
		done := make(chan error, 1)
		go func() {
			_, err := src.Aggregate(ctx, query.Aggregate{From: rel, Measures: []query.Measure{{Kind: query.MeasureCount}}})
			done <- err
		}()
		eventually(t, "the statement starts", func() bool { return len(running(t, is, db)) == 1 })
		cancel(why)
		select {
		case err := <-done:
			if !errors.Is(err, why) {
				t.Errorf("got %v", err)
			}
		// The session gives its KILL five seconds and then closes the socket, and either ends the call: past six neither
		// happened, however busy the machine.
		case <-time.After(6 * time.Second):
			t.Fatal("the call did not return")
		}
		eventually(t, "the statement ends", func() bool { return len(running(t, is, db)) == 0 })
	})
}

func TestCancelledStream(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "")
		manyRows(t, is, db)
		src := open(t, dsn)
		ctx, cancel := context.WithCancel(t.Context())
		rows, _ := started(t, ctx, src)
		cancel()
		for {
			b, err := rows.Next(ctx)
			if err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Errorf("got %v", err)
				}
				break
			}
			if b == nil {
				t.Fatal("a cancelled stream ended as if whole")
			}
		}
		eventually(t, "the statement ends", func() bool { return len(running(t, is, db)) == 0 })
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A connection that the server ends is an error, never the end of the rows.
func TestKilledStreamIsLost(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		for _, kill := range []string{"KILL %d", "KILL QUERY %d"} {
			t.Run(kill, func(t *testing.T) {
				t.Parallel()
				dsn, db := database(t, is, "")
				manyRows(t, is, db)
				src := open(t, dsn)
				rows, n := started(t, t.Context(), src)
				defer func() { _ = rows.Close() }()
				ids := running(t, is, db)
				if len(ids) != 1 {
					t.Fatalf("%d streams on the server", len(ids))
				}
				run(t, db, fmt.Sprintf(kill, ids[0]))
				for {
					b, err := rows.Next(t.Context())
					if err != nil {
						if got := connectors.KindOf(err); kill == "KILL %d" && got != connectors.Lost {
							t.Errorf("%v is of kind %d", err, got)
						}
						break
					}
					if b == nil {
						t.Fatalf("the stream ended after %d rows as if whole", n)
					}
					n += b.N
				}
				if n >= 100000 {
					t.Error("all rows came before the kill: the test proves nothing")
				}
				// The source recovers.
				more, _ := started(t, t.Context(), src)
				if err := more.Close(); err != nil {
					t.Error(err)
				}
			})
		}
	})
}

// Whatever the DSN asks for, the session reads only, one statement at a time and no local file.
func TestSessionIsPinned(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "")
		run(t, db, "CREATE TABLE t (id int)")
		src := open(t, dsn+"?multiStatements=true&allowAllFiles=true&parseTime=true&charset=latin1&sql_mode=%27NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,ANSI_QUOTES%27&time_zone=%27%2B05:00%27&"+is.Pick("transaction_read_only", "tx_read_only")+"=0")
		rel := connectortest.Relation(t, src, query.Dataset{Query: `SELECT @@SESSION.sql_mode AS mode, @@SESSION.time_zone AS zone, @@SESSION.` + is.Pick("transaction_read_only", "tx_read_only") + ` + 0 AS ro,
		@@SESSION.character_set_results AS cs, @@SESSION.collation_connection AS co, 'it''s \\' AS s,
		` + is.Pick("(SELECT ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE ATTR_NAME = 'program_name' AND PROCESSLIST_ID = CONNECTION_ID())", "'assay'") + ` AS program`})
		got := read(t, src, query.Select{From: rel, Columns: connectortest.Cols(t, rel, "mode", "zone", "ro", "cs", "co", "s", "program")})
		var texts []string
		for _, c := range got[0] {
			texts = append(texts, c.Text())
		}
		if mode := texts[0]; strings.Contains(mode, "BACKSLASH") || strings.Contains(mode, "PAD_CHAR") || !strings.Contains(mode, "ANSI_QUOTES") {
			t.Errorf("sql_mode is %s", mode)
		}
		if all := strings.Join(texts[1:], " "); !strings.Contains(all, "+00:00") || !strings.Contains(all, is.Exact) || !strings.Contains(all, "assay") || texts[2] != "1" {
			t.Errorf("the session is %s", all)
		}
	})
}

func TestStatementTimeoutOfOneMillisecond(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, _ := database(t, is, "")
		c := config(dsn)
		c.Timeout = time.Microsecond // the server counts milliseconds: rounded up, never to none
		src, err := mysql.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = src.Close() }()
		d := query.Dataset{Query: "SELECT COLUMN_NAME AS c FROM information_schema.COLUMNS WHERE SLEEP(1) = 0"}
		schema, err := src.Describe(t.Context(), d)
		if err == nil {
			_, err = src.Aggregate(t.Context(), query.Aggregate{From: query.Relation{Dataset: d, Schema: schema}, Measures: []query.Measure{{Kind: query.MeasureCount}}})
		}
		if connectors.KindOf(err) != connectors.TimedOut {
			t.Errorf("got %v", err)
		}
	})
}

// MySQL holds a sum past the doubles as an infinity but sends 0.
func TestSumPastTheDoubles(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "")
		run(t, db, "CREATE TABLE big (id int PRIMARY KEY, d double, x double)", "INSERT INTO big VALUES (1, 1.7e308, 0.1), (2, 1.7e308, 0.2), (3, -1, 1e22)")
		src := open(t, dsn)
		rel := connectortest.Relation(t, src, query.Dataset{Table: "big"})
		sum := func(column string) query.Measure {
			return query.Measure{Kind: query.MeasureSum, Arg: connectortest.Col(t, rel, column), Nulls: connectortest.Cols(t, rel, column)}
		}
		b, err := src.Aggregate(t.Context(), query.Aggregate{From: rel, Measures: []query.Measure{sum("d"), sum("x")}})
		if err != nil {
			t.Fatal(err)
		}
		one, two, large := 0.1, 0.2, 1e22
		if got := b.Cols[0].Floats[0]; !math.IsInf(got, 1) {
			t.Errorf("the sum is %v", got)
		}
		if got := b.Cols[4].Floats[0]; got != one+two+large {
			t.Errorf("the sum is %v", got)
		}
	})
}
