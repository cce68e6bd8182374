package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql" // the verb mysql
	_ "github.com/jackc/pgx/v5/stdlib" // the verb postgres
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/assay-dev/assay/connectors/connectortest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"assay": main})
}

// TestScripts runs testdata/script: the command line's contract. Besides testscript's own verbs there are
//
//	sqlite FILE STATEMENTS-FILE     run SQL in a database file, made if need be
//	postgres STATEMENTS-FILE        run SQL in a database of this script's own; $PG_DSN names it
//	mysql STATEMENTS-FILE           likewise, $MYSQL_DSN
//	big FILE MEGABYTES              a file of so many megabytes of YAML
//	absent TEXT...                  TEXT stands in no output of the last command and in no file it wrote
//	exits CODE ARGS...              run assay, check its exit code
//	reader CODE ARGS...             run assay as somebody who may only read what is here
//	es METHOD PATH [BODY-FILE]      a request to the cluster, its answer in the file answer
//	fill FILE...                    put the value of the variable X where the files say @X@
//	plain                           the last command's output in the files out and err, times and this run's own names put aside
//	documents INDEX N               so many documents {n, s: "ABC"}
//	receiver [CODE...]              a webhook at $HOOK, and its next answers
//	received FILE                   what it got since the last time, and how many keys ever
//	past HISTORY JOB EVERY FILE     runs in a history: see pastVerb
//	private-server ENGINE           a server of this script's own: $FAR_DSN, $FAR_HOST
//	while-reading kill|drop CODE N ARGS...
//	                                run assay, kill that server, or have it drop all connections, while so many requests read it at once
//	pganswer, mysqlanswer QUERY     a query of one value, in the file answer; sqliteanswer: in local.db
//
// Setting UPDATE_SCRIPTS rewrites the expected output in the scripts.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sqlite": sqliteVerb, "postgres": postgresVerb, "mysql": mysqlVerb, "big": bigVerb, "absent": absentVerb,
			"exits": exitsVerb, "es": esVerb, "fill": fillVerb, "plain": plainVerb,
			"reader": readerVerb, "past": pastVerb, "receiver": receiverVerb, "received": receivedVerb,
			"documents": documentsVerb, "private-server": privateServerVerb, "while-reading": whileVerb,
			"pganswer": sqlVerb("pgx", "PG_DSN"), "mysqlanswer": sqlVerb("mysql", "MYSQL_DSN"), "sqliteanswer": sqlVerb("sqlite", ""),
		},
		Condition: func(cond string) (bool, error) {
			if cond != "root" {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			return os.Geteuid() == 0, nil
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("NO_COLOR", "1")
			env.Setenv("HOME", env.WorkDir)
			tb, ok := env.T().(testing.TB)
			if !ok {
				return nil
			}
			env.Values[farKey{}] = &far{t: tb}
			env.Values[receiverKey{}] = &receiver{}
			// Each script that talks to a server gets a database of its own.
			name := filepath.Base(env.WorkDir)
			if strings.Contains(name, "postgres") {
				env.Setenv("PG_DSN", connectortest.PostgresDatabase(tb, connectortest.LocaleC))
				u, err := url.Parse(env.Getenv("PG_DSN"))
				if err != nil {
					return err
				}
				env.Setenv("PG_HOST", u.Host)
				env.Setenv("PG_DB", strings.TrimPrefix(u.Path, "/"))
				env.Setenv("READER", postgresReader(tb, env.Getenv("PG_DSN")))
			}
			switch {
			case strings.Contains(name, "mysql"):
				if err := mysqlEnv(tb, env, connectortest.MySQLDatabase(tb)); err != nil {
					return err
				}
			case strings.Contains(name, "mariadb"): // whose verbs and variables are those of MySQL
				if err := mysqlEnv(tb, env, connectortest.MariaDBDatabase(tb)); err != nil {
					return err
				}
			}
			if strings.Contains(name, "elasticsearch") {
				esEnv(tb, env)
			}
			return nil
		},
	})
}

// postgresReader makes a role that may log in with a password full of hostile characters and may read the table good alone
// once it exists, and drops it at the end.
func postgresReader(t testing.TB, dsn string) string {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := connectortest.Unique("reader")
	do := func(s string) {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	do(`create role ` + name + ` login password 'hostile%p@ss/w:rd''"'`)
	do(`create function grant_reader() returns event_trigger language plpgsql as $$ begin execute 'grant select on all tables in schema public to ` + name + `'; if to_regclass('public.secret') is not null then execute 'revoke all on public.secret from ` + name + `'; end if; end $$`)
	do(`create event trigger grant_reader on ddl_command_end when tag in ('CREATE TABLE') execute function grant_reader()`)
	t.Cleanup(func() {
		do("drop event trigger grant_reader")
		do("drop owned by " + name)
		do("drop role " + name)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return name
}

func execFile(ts *testscript.TestScript, driver, dsn, file string) {
	db, err := sql.Open(driver, dsn)
	ts.Check(err)
	defer func() { ts.Check(db.Close()) }()
	for s := range strings.SplitSeq(ts.ReadFile(file), ";\n") {
		if strings.TrimSpace(s) == "" {
			continue
		}
		if _, err := db.Exec(s); err != nil {
			ts.Fatalf("%s: %v", s, err)
		}
	}
}

func usage(ts *testscript.TestScript, neg bool, args []string, n int, text string) {
	if neg || len(args) != n {
		ts.Fatalf("usage: %s", text)
	}
}

func sqliteVerb(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, "sqlite FILE STATEMENTS")
	execFile(ts, "sqlite", ts.MkAbs(args[0]), args[1])
}

func postgresVerb(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, "postgres STATEMENTS")
	execFile(ts, "pgx", ts.Getenv("PG_DSN"), args[0])
}

func mysqlVerb(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, "mysql STATEMENTS")
	execFile(ts, "mysql", ts.Getenv("MYSQL_DSN"), args[0])
}

func bigVerb(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, "big FILE MEGABYTES")
	var mb int
	_, err := fmt.Sscan(args[1], &mb)
	ts.Check(err)
	line := "# " + strings.Repeat("x", 1021) + "\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("version: 1\n"+strings.Repeat(line, mb*1024)), 0o600))
}

// absentVerb: absent TEXT... fails when a text stands in the last command's output or in any file below the work folder that
// the program wrote (the state folder).
func absentVerb(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: absent TEXT...")
	}
	seen := map[string]string{"stdout": ts.ReadFile("stdout"), "stderr": ts.ReadFile("stderr")}
	err := filepath.WalkDir(ts.MkAbs(".assay"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // no state folder, nothing written
		}
		b, err := os.ReadFile(path)
		seen[path] = string(b)
		return err
	})
	ts.Check(err)
	for _, text := range args {
		for where, s := range seen {
			if strings.Contains(s, text) {
				ts.Fatalf("%q stands in %s", text, where)
			}
		}
	}
}

// exitsVerb: exits CODE ARGS... runs assay and checks its exit code.
func exitsVerb(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE ARGS...")
	}
	checkExit(ts, ts.Exec("assay", args[1:]...), args)
}

// checkExit compares the end of assay with the first argument.
func checkExit(ts *testscript.TestScript, err error, args []string) {
	code := "0"
	if err != nil {
		code = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if code != args[0] {
		ts.Fatalf("assay %s: exit code %s, not %s", strings.Join(args[1:], " "), code, args[0])
	}
}
