package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// hostileReader is the password of the accounts that scripts read with.
const hostileReader = `hostile%p@ss/w:rd'"`

// mysqlEnv gives a script the database of dsn and an account that may read its table good alone: $MYSQL_DSN is the administrator's,
// $READER_DSN, $READER_URL and $READER_WRONG are the reader's, in the driver's form, as a URL and with a wrong password, and
// grant.sql grants once the table exists.
func mysqlEnv(t testing.TB, env *testscript.Env, dsn string) error {
	t.Helper()
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		return err
	}
	name := connectortest.Unique("reader")
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return err
	}
	do := func(s string) error {
		_, err := db.ExecContext(context.WithoutCancel(t.Context()), s)
		return err
	}
	quoted := strings.ReplaceAll(hostileReader, "'", "''")
	if err := do("create user '" + name + "'@'%' identified by '" + quoted + "'"); err != nil {
		return err
	}
	t.Cleanup(func() {
		if err := do("drop user '" + name + "'@'%'"); err != nil {
			t.Error(err)
		}
		_ = db.Close()
	})
	env.Setenv("MYSQL_DSN", dsn)
	env.Setenv("MYSQL_DB", c.DBName)
	env.Setenv("MYSQL_HOST", c.Addr)
	env.Setenv("MYSQL_URL", fmt.Sprintf("mysql://%s@%s/%s", url.UserPassword(c.User, c.Passwd), c.Addr, c.DBName))
	nowhere := c.Clone()
	nowhere.DBName = "nowhere"
	env.Setenv("ADMIN_NOWHERE", nowhere.FormatDSN())
	c.User, c.Passwd = name, hostileReader
	env.Setenv("READER_DSN", c.FormatDSN())
	env.Setenv("READER_URL", fmt.Sprintf("mysql://%s:hostile%%25p%%40ss%%2Fw%%3Ard'%%22@%s/%s", name, c.Addr, c.DBName))
	c.Passwd = "not:the/word"
	env.Setenv("READER_WRONG", c.FormatDSN())
	c.Addr = "127.0.0.1:1"
	env.Setenv("READER_REFUSED", c.FormatDSN())
	grant := fmt.Sprintf("grant select on `%s`.good to '%s'@'%%';\n", c.DBName, name)
	return os.WriteFile(filepath.Join(env.WorkDir, "grant.sql"), []byte(grant), 0o600)
}

// esEnv gives a script the cluster's address, $ES_URL and $ES_HOST, and the name of an index of its own, $ES_INDEX.
func esEnv(t testing.TB, env *testscript.Env) {
	t.Helper()
	at := connectortest.Elasticsearch(t)
	index := connectortest.Unique("assay_script")
	env.Setenv("ES_URL", at)
	env.Setenv("ES_HOST", strings.TrimPrefix(at, "http://"))
	env.Setenv("ES_INDEX", index)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		names, err := esRequest(ctx, http.MethodGet, at+"/_cat/indices/"+index+"*?h=index&expand_wildcards=all", "") // with those that a rebuild made
		if err != nil {
			t.Error(err)
		}
		for name := range strings.FieldsSeq(names) {
			if _, err := esRequest(ctx, http.MethodDelete, at+"/"+name, ""); err != nil {
				t.Error(err)
			}
		}
	})
}

func esRequest(ctx context.Context, method, url, body string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: HTTP %d %s", method, url, res.StatusCode, text)
	}
	return string(text), err
}

// esVerb: es METHOD PATH [BODY-FILE] sends a request to the cluster; the answer is for grep in $WORK/answer.
func esVerb(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: es METHOD PATH [BODY]")
	}
	body := ""
	if len(args) == 3 {
		body = ts.ReadFile(args[2])
	}
	text, err := esRequest(context.Background(), args[0], ts.Getenv("ES_URL")+args[1], body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("answer"), []byte(text), 0o600))
}

// sqlVerb returns the verb that answers one query of one value into $WORK/answer: mysqlanswer 'select count(*) from t'.
func sqlVerb(driver, env string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		usage(ts, neg, args, 1, "QUERY")
		dsn := ts.Getenv(env)
		if driver == "sqlite" {
			dsn = ts.MkAbs("local.db")
		}
		db, err := sql.Open(driver, dsn)
		ts.Check(err)
		defer func() { ts.Check(db.Close()) }()
		var answer string
		ts.Check(db.QueryRowContext(context.Background(), args[0]).Scan(&answer))
		ts.Check(os.WriteFile(ts.MkAbs("answer"), []byte(answer+"\n"), 0o600))
	}
}

// fillVerb: fill FILE... puts the values of variables where the files say @NAME@.
func fillVerb(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: fill FILE...")
	}
	for _, name := range args {
		text := regexp.MustCompile(`@([A-Z_]+)@`).ReplaceAllStringFunc(ts.ReadFile(name), func(s string) string {
			return ts.Getenv(strings.Trim(s, "@"))
		})
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}
