package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// writeHere makes a database file with the table here and returns its path.
func writeHere(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "local.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, s := range []string{"create table here (id integer primary key, s text)", "insert into here values (1, 'a'), (2, 'b'), (4, 'd')"} {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// address is the breach as a side of a diff; empty where addresses have no such form.
func (b *breach) address() string {
	if b.driver != "elasticsearch" {
		return b.params["dsn"]
	}
	query := url.Values{}
	for k, v := range b.params {
		if k != "url" {
			query.Set(k, v)
		}
	}
	text := "elasticsearch+" + b.params["url"]
	if len(query) > 0 {
		text += "?" + query.Encode()
	}
	return text
}

// say runs the program in-process, expects one of the exit codes, and looks for the secret in all that it says and in the files below dir.
func say(t *testing.T, what, dir, secret string, codes []int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	code := Do(args, strings.NewReader(""), &out, &errs)
	if !slices.Contains(codes, code) {
		t.Errorf("%s: assay %s: exit code %d, want one of %d", what, args[0], code, codes)
	}
	seen := map[string]string{"stdout": out.String(), "stderr": errs.String()}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".db") || strings.HasSuffix(path, ".yaml") { // which the test wrote
			return err
		}
		text, err := os.ReadFile(path) // #nosec G304 -- the test's folder
		seen[filepath.Base(path)] = string(text)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	all := ""
	for where, text := range seen {
		all += text
		for _, f := range append(forms(secret), tails(secret)...) {
			if strings.Contains(text, f) {
				t.Errorf("%s: assay %s: %s holds %q:\n%.2000s", what, args[0], where, f, around(text, f))
				break
			}
		}
	}
	if all == "" {
		t.Errorf("%s: assay %s says nothing", what, args[0])
	}
	return all
}

// tails are the ends of the secret behind what separates the parts of an address, where they are long enough to be no accident.
func tails(secret string) []string {
	var out []string
	for _, sep := range "#@/:?" {
		if i := strings.LastIndex(secret, string(sep)); i >= 0 && len(secret)-i > 5 {
			out = append(out, secret[i+1:])
		}
	}
	return out
}

// TestSecretsOfAddressesAreNeverShown provokes every failure of connecting by the addresses of assay diff, written out and taken from
// the environment, with a table and with none.
func TestSecretsOfAddressesAreNeverShown(t *testing.T) {
	dir := t.TempDir()
	here := "sqlite:" + writeHere(t, dir) + "#here"
	eachBreach(t, func(t *testing.T, _, password string, b *breach) {
		if strings.Contains(b.name, "unknown host") {
			return // the other test has it, and some machines take seconds for it
		}
		at := b.address()
		t.Setenv("ASSAY_SECRET", at)
		out := filepath.Join(dir, "found.json")
		literal := strings.ReplaceAll(at, "${", "$${")
		for _, args := range [][]string{
			{literal + "#nothing", here},
			{here, literal + "#nothing", "--format", "json", "--out", out},
			{"${ASSAY_SECRET}#nothing", here, "--format", "sql-keys"},
			{literal, here, "--format", "csv"},
		} {
			say(t, b.name, dir, password, []int{exitUsage, exitError}, append([]string{"diff", "--key", "id"}, args...)...)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: a file is left", b.name)
		}
	})
}

// TestHashOfPasswordIsNoTable holds that the rest of a password with a # that is not encoded is never taken for the name of a table, which
// messages show; and that the message says what to do.
func TestHashOfPasswordIsNoTable(t *testing.T) {
	dir := t.TempDir()
	here := "sqlite:" + writeHere(t, dir) + "#here"
	cluster := strings.TrimPrefix(connectortest.Elasticsearch(t), "http://") // an account and its password may look like a host and its port
	for _, at := range []string{"postgres://assay:12#Zq7word@127.0.0.1:1/assay", "mariadb://assay:12#Zq7word@127.0.0.1:1/assay", "elasticsearch+http://" + cluster + "#Zq7word@there"} {
		text := say(t, at, dir, "12#Zq7word", []int{exitUsage}, "diff", at, here, "--key", "id")
		if !strings.Contains(text, "the left side: its @ stands behind its #: write %23 for a # within a password") {
			t.Errorf("%s: %s", at, text)
		}
	}
}

// account is one that may read a database and logs in with a hostile password.
type account struct {
	engine string
	dsn    func(password string) string
	set    func(password string) // its password
}

// accounts are one of each engine, with the tables there (one row of which differs from here, one missing, one extra) to read.
func accounts(t *testing.T) []account {
	t.Helper()
	pg, my, maria := connectortest.PostgresDatabase(t, connectortest.LocaleC), connectortest.MySQLDatabase(t), connectortest.MariaDBDatabase(t)
	name := connectortest.Unique("secret")
	opened := func(driver, dsn string, create, drop []string) func(string) {
		db, err := sql.Open(driver, dsn)
		if err != nil {
			t.Fatal("an address that " + driver + " cannot read")
		}
		do := func(text string) {
			if _, err := db.ExecContext(context.WithoutCancel(t.Context()), text); err != nil {
				t.Errorf("%.20s …: %v", text, err)
			}
		}
		for _, s := range append(create, "create table there (id integer primary key, s varchar(10))", "insert into there values (1, 'a'), (2, 'x'), (3, 'c')") {
			do(s)
		}
		t.Cleanup(func() {
			for _, s := range drop {
				do(s)
			}
			_ = db.Close()
		})
		return do
	}
	quoted := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	role := opened("pgx", pg, []string{"create role " + name + " login"}, []string{"drop owned by " + name, "drop role " + name})
	role("grant select on there to " + name)
	list := []account{{
		"postgres",
		func(password string) string {
			u, err := url.Parse(pg)
			if err != nil {
				t.Fatal("an address that is none")
			}
			u.User = url.UserPassword(name, password)
			return u.String()
		},
		func(password string) { role("alter role " + name + " password " + quoted(password)) },
	}}
	for engine, dsn := range map[string]string{"mysql": my, "mariadb": maria} {
		c, err := mysql.ParseDSN(dsn)
		if err != nil {
			t.Fatal("an address that is none")
		}
		user := "'" + name + "'@'%'"
		do := opened("mysql", dsn, []string{"create user " + user}, []string{"drop user " + user})
		do("grant select on `" + c.DBName + "`.there to " + user)
		list = append(list, account{
			engine,
			func(password string) string {
				own := c.Clone()
				own.User, own.Passwd = name, password
				return own.FormatDSN()
			},
			func(password string) {
				do("alter user " + user + " identified by " + quoted(strings.ReplaceAll(password, `\`, `\\`)))
			},
		})
	}
	return list
}

// TestSecretsOfComparisonsAreNeverShown logs in with hostile passwords and compares: no format of a difference, no report, no list of
// failures, no plan and no message of an unknown table or column holds one.
func TestSecretsOfComparisonsAreNeverShown(t *testing.T) {
	list := accounts(t)
	for name, password := range hostilePasswords() {
		t.Run(name, func(t *testing.T) {
			for _, a := range list {
				dir := t.TempDir()
				path := writeHere(t, dir)
				a.set(password)
				dsn := a.dsn(password)
				far, here := strings.ReplaceAll(dsn, "${", "$${"), "sqlite:"+path+"#here"
				for _, format := range []string{"table", "json", "csv", "sql-keys"} {
					text := say(t, a.engine, dir, password, []int{exitFailed}, "diff", far+"#there", here, "--key", "id", "--format", format)
					if !strings.Contains(text, "4") || !strings.Contains(text, "3") {
						t.Errorf("%s, %s: the differences are not told:\n%s", a.engine, format, text)
					}
				}
				say(t, a.engine, dir, password, []int{exitError}, "diff", far+"#nowhere", here, "--key", "id")
				say(t, a.engine, dir, password, []int{exitUsage}, "diff", far+"#there", here, "--key", "nothing", "--format", "json")
				say(t, a.engine, dir, password, []int{exitUsage}, "diff", far+"#there", here, "--key", "id", "--where", "row.s ==")

				suite := filepath.Join(dir, "suite.yaml")
				text := fmt.Sprintf(`version: 1
suite: secrets
connections:
  far: {driver: %s, dsn: %s}
  local: {driver: sqlite, path: local.db}
datasets:
  far: {connection: far, table: there, key: id}
  nowhere: {connection: far, table: nowhere, key: id}
  here: {connection: local, table: here, key: id}
expectations:
  - {id: same, compare: {source: here, target: far}}
  - {id: lost, compare: {source: here, target: nowhere}}
  - {id: joined, dataset: here, join: {f: {dataset: far, key: row.id}}, expect: f.s != ""}
`, a.engine, asJSON(far))
				if err := os.WriteFile(suite, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				out := filepath.Join(dir, "report")
				found := say(t, a.engine, dir, password, []int{exitError}, "run", "--out", out, "--state", out, "--format", "json", "--format", "html", "--format", "text", suite)
				if !strings.Contains(found, `"class":"extra"`) && !strings.Contains(found, `"class": "extra"`) {
					t.Errorf("%s: no difference is told:\n%s", a.engine, found)
				}
				for _, file := range []string{"failures.jsonl", "report.json", "report.html"} {
					if _, err := os.Stat(filepath.Join(out, file)); err != nil {
						t.Error(err)
					}
				}
				say(t, a.engine, dir, password, []int{exitError}, "explain", suite)
				say(t, a.engine, dir, password, []int{exitError}, "lint", suite)
			}
		})
	}
}
