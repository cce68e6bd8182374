package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// hostilePasswords are passwords that break quoting, splitting and escaping somewhere.
func hostilePasswords() map[string]string {
	return map[string]string{
		"url":     `Zq7@ho:st/pa%th?que#fr&x=1`,
		"quotes":  `Zq7'"it\s''"\\x\`,
		"blanks":  `Zq7 two  words = and;semi,comma`,
		"unicode": "Zq7пароль密码é😀",
		"shell":   "Zq7$(id)`id`${HOME}|<>*!~",
		"percent": `Zq7%41%zz%25%`,
		"yaml":    `Zq7: {a: [b]} #c &d *e !f |g >h`,
		"html":    `Zq7<b>&amp;"x"</b>`,
	}
}

// forms are the texts by which a secret could stand somewhere: as it is, its characteristic part, and encoded.
func forms(secret string) []string {
	plain := strings.Trim(asJSON(secret), `"`)
	return []string{
		secret, "Zq7", plain, url.QueryEscape(secret), url.PathEscape(secret), url.UserPassword("u", secret).String(),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
		base64.StdEncoding.EncodeToString([]byte("assay:" + secret)), base64.StdEncoding.EncodeToString([]byte("x:" + secret)),
		fmt.Sprintf("%q", secret),
	}
}

// asJSON is a text between JSON's quotes, which YAML reads likewise.
func asJSON(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// breach is a connection that must fail without telling its secret.
type breach struct {
	name   string
	driver string
	params map[string]string
	usage  bool // a finding in the suite, not a failure of the world
	either bool // it depends on the password whether the text has a form at all
}

// quoteKeyValue quotes a value of PostgreSQL's key=value form.
func quoteKeyValue(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

func postgresBreaches(t *testing.T, password string) []breach {
	t.Helper()
	good, err := url.Parse(connectortest.Postgres(t))
	if err != nil {
		t.Fatal("unreadable " + "DSN")
	}
	with := func(name string, change func(u *url.URL)) breach {
		u := *good
		u.User = url.UserPassword("assay", password)
		change(&u)
		return breach{name: "postgres: " + name, driver: "postgres", params: map[string]string{"dsn": u.String()}}
	}
	keys := func(name, host, port string) breach {
		return breach{name: "postgres: key=value, " + name, driver: "postgres", params: map[string]string{
			"dsn": fmt.Sprintf("host=%s port=%s user=assay password=%s dbname=assay sslmode=disable connect_timeout=5", host, port, quoteKeyValue(password)),
		}}
	}
	raw := func(name, dsn string) breach {
		return breach{name: "postgres: " + name, driver: "postgres", params: map[string]string{"dsn": dsn}}
	}
	list := []breach{
		with("wrong password", func(*url.URL) {}),
		with("refused", func(u *url.URL) { u.Host = "127.0.0.1:1" }),
		with("unknown host", func(u *url.URL) { u.Host = "no-such-host.invalid:5432" }),
		with("no such database", func(u *url.URL) { u.Path = "/nowhere" }),
		with("no TLS there", func(u *url.URL) { u.RawQuery = "sslmode=require" }),
		with("no such certificate", func(u *url.URL) { u.RawQuery = "sslmode=verify-full&sslrootcert=/nowhere/ca.pem" }),
		with("unknown sslmode", func(u *url.URL) { u.RawQuery = "sslmode=perhaps" }),
		with("not a port", func(u *url.URL) { u.Host = "127.0.0.1:1"; u.RawQuery = "port=none" }),
		keys("wrong password", good.Hostname(), good.Port()), keys("refused", "127.0.0.1", "1"), keys("not a port", "127.0.0.1", "none"),
		raw("not encoded", "postgres://assay:"+password+"@127.0.0.1:1/assay"),
		raw("bad escape", "postgres://assay:"+password+"%zz@127.0.0.1:1/assay"),
		raw("not quoted", "host=127.0.0.1 port=1 user=assay password="+password),
		raw("unclosed quote", "host=127.0.0.1 port=1 password='"+password),
		raw("no form at all", password),
	}
	return unreadable(list, "no such certificate", "unknown sslmode", "not a port", "not encoded", "bad escape", "not quoted", "unclosed quote", "no form at all")
}

// unreadable marks the breaches whose settings no driver could take: the suite is wrong, not the world.
func unreadable(list []breach, names ...string) []breach {
	for i := range list {
		b := &list[i]
		b.usage = b.usage || slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(b.name, n) })
		b.either = b.usage && b.driver == "postgres" && (strings.HasSuffix(b.name, "not quoted") || strings.HasSuffix(b.name, "no form at all"))
		if u := b.params["url"]; strings.Contains(u, ",") { // which separates URLs
			b.usage = true
		}
	}
	return list
}

func mysqlBreaches(t *testing.T, password string) []breach {
	t.Helper()
	return breachesOfMySQL(t, "mysql", connectortest.MySQL(t), password)
}

func mariadbBreaches(t *testing.T, password string) []breach {
	t.Helper()
	return breachesOfMySQL(t, "mariadb", connectortest.MariaDB(t), password)
}

// breachesOfMySQL are those of the driver, whose URLs have its name as their scheme.
func breachesOfMySQL(t *testing.T, driver, dsn, password string) []breach {
	t.Helper()
	good, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal("unreadable " + "DSN")
	}
	with := func(name string, change func(c *mysql.Config)) breach {
		c := good.Clone()
		c.Passwd = password
		change(c)
		return breach{name: driver + ": " + name, driver: driver, params: map[string]string{"dsn": c.FormatDSN()}}
	}
	raw := func(name, dsn string) breach {
		return breach{name: driver + ": " + name, driver: driver, params: map[string]string{"dsn": dsn}}
	}
	user := url.UserPassword("assay", password).String()
	return unreadable([]breach{
		with("wrong password", func(*mysql.Config) {}),
		with("refused", func(c *mysql.Config) { c.Addr = "127.0.0.1:1" }),
		with("unknown host", func(c *mysql.Config) { c.Addr = "no-such-host.invalid:3306" }),
		with("no such database", func(c *mysql.Config) { c.DBName = "nowhere" }),
		with("TLS that nobody trusts", func(c *mysql.Config) { c.TLSConfig = "true" }),
		with("TLS without a name", func(c *mysql.Config) { c.TLSConfig = "nobody" }),
		raw("URL, wrong password", driver+"://"+user+"@"+good.Addr+"/assay"), raw("URL, refused", driver+"://"+user+"@127.0.0.1:1/assay"),
		raw("URL, not encoded", driver+"://assay:"+password+"@127.0.0.1:1/assay"), raw("URL, not a port", driver+"://"+user+"@127.0.0.1:none/assay"),
		raw("URL, unknown option", driver+"://"+user+"@127.0.0.1:1/assay?nonsense=%zz"),
		raw("no database part", "assay:"+password+"@tcp(127.0.0.1:1)"), raw("no protocol", "assay:"+password+"@127.0.0.1:1/assay"),
		raw("no form at all", password),
	}, "TLS without a name", "not encoded", "not a port", "unknown option", "no database part", "no protocol", "no form at all")
}

func elasticsearchBreaches(t *testing.T, password string) []breach {
	t.Helper()
	good, err := url.Parse(connectortest.Elasticsearch(t))
	if err != nil {
		t.Fatal("unreadable " + "URL")
	}
	with := func(name, scheme, host string, userinfo bool, params map[string]string) breach {
		u := url.URL{Scheme: scheme, Host: host}
		if userinfo {
			u.User = url.UserPassword("assay", password)
		}
		p := map[string]string{"url": u.String()}
		maps.Copy(p, params)
		return breach{name: "elasticsearch: " + name, driver: "elasticsearch", params: p}
	}
	basic, key := map[string]string{"username": "assay", "password": password}, map[string]string{"api_key": password}
	list := []breach{
		{name: "elasticsearch: not encoded", driver: "elasticsearch", params: map[string]string{"url": "http://assay:" + password + "@127.0.0.1:1"}},
		{name: "elasticsearch: no form at all", driver: "elasticsearch", params: map[string]string{"url": password}},
		{name: "elasticsearch: in a query", driver: "elasticsearch", params: map[string]string{"url": "http://127.0.0.1:1/?key=" + url.QueryEscape(password)}},
	}
	for name, p := range map[string]map[string]string{"userinfo": nil, "username": basic, "api_key": key} {
		list = append(
			list, with(name+", not a truth", "https", good.Host, p == nil, merge(p, map[string]string{"insecure_skip_verify": "perhaps"})), with(name+", which the server does not ask for", "http", good.Host, p == nil, p), with(name+", refused", "http", "127.0.0.1:1", p == nil, p), with(name+", unknown host", "http", "no-such-host.invalid:9200", p == nil, p),
			with(name+", TLS to a plain server", "https", good.Host, p == nil, p),
			with(name+", no such certificate", "https", good.Host, p == nil, merge(p, map[string]string{"ca_cert": "/nowhere/ca.pem"})),
		)
	}
	return unreadable(list, "not encoded", "no form at all", "in a query", "no such certificate", "not a truth")
}

func merge(a, b map[string]string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, a)
	maps.Copy(out, b)
	return out
}

// TestSecretsAreNeverShown provokes every failure of connecting with every hostile password, written into the suite and taken from the
// environment, and looks for the password in all that the program writes.
func TestSecretsAreNeverShown(t *testing.T) {
	eachBreach(t, func(t *testing.T, name, password string, b *breach) {
		if strings.Contains(b.name, "unknown host") && name != "url" {
			return // asking for a name takes seconds on some machines
		}
		b.try(t, password, true)
		b.try(t, password, false)
	})
}

// leastBreaches is the least number of breaches of an engine and a password: fewer of them would prove little.
const leastBreaches = 10

// eachBreach tries every breach of every engine with every hostile password; what an engine that is not there would show is skipped by its name.
func eachBreach(t *testing.T, try func(t *testing.T, name, password string, b *breach)) {
	t.Helper()
	for engine, breaches := range map[string]func(*testing.T, string) []breach{
		"postgres": postgresBreaches, "mysql": mysqlBreaches, "mariadb": mariadbBreaches, "elasticsearch": elasticsearchBreaches,
	} {
		t.Run(engine, func(t *testing.T) {
			for name, password := range hostilePasswords() {
				list := breaches(t, password) // which skips where the server is missing
				if len(list) < leastBreaches {
					t.Errorf("%s: only %d failures are provoked", name, len(list))
				}
				t.Run(name, func(t *testing.T) {
					for i := range list {
						try(t, name, password, &list[i])
					}
				})
			}
		})
	}
}

// try runs every command over a suite with the connection.
func (b *breach) try(t *testing.T, password string, fromEnv bool) {
	t.Helper()
	dir := t.TempDir()
	var params strings.Builder
	n := 0
	for k, v := range b.params {
		n++
		shown := asJSON(v)
		if fromEnv {
			env := fmt.Sprintf("ASSAY_SECRET_%d", n)
			t.Setenv(env, v)
			shown = `"${` + env + `}"`
		} else {
			shown = strings.ReplaceAll(shown, "${", "$${")
		}
		fmt.Fprintf(&params, ", %s: %s", k, shown)
	}
	suite := func(connection, dataset string) string {
		path := filepath.Join(dir, "suite.yaml")
		text := "version: 1\nsuite: secrets\nconnections:\n  far: {driver: " + b.driver + params.String() + connection + "}\ndatasets:\n" +
			"  far: {connection: far, " + map[string]string{"elasticsearch": "index"}[b.driver] + dataset + ", expectations: [not_null: id]}\n"
		if b.driver != "elasticsearch" {
			text = strings.Replace(text, "connection: far, : ", "connection: far, table: ", 1)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := suite("", ": nothing_of_the_kind")
	for _, args := range [][]string{
		{"run", "--out", dir, "--state", dir, good}, {"run", "--out", dir, "--state", dir, "--format", "json", "--format", "html", "--format", "text", good}, {"lint", good}, {"explain", good},
	} {
		want := exitError
		if b.usage {
			want = exitUsage
		}
		b.command(t, dir, password, want, args...)
	}
	// A finding on the connection's own line, whose source is quoted.
	b.command(t, dir, password, exitUsage, "lint", suite(", nonsense: 1", ": x"))
	b.command(t, dir, password, exitUsage, "run", "--out", dir, "--state", dir, suite("", ": x, timezone: Nowhere/Land"))
	b.command(t, dir, password, exitUsage, "run", "--out", dir, "--state", dir, suite("", ": x}, {"))
}

// command runs the program and looks for the secret in what it says and in every file that it wrote.
func (b *breach) command(t *testing.T, dir, secret string, want int, args ...string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := Do(args, strings.NewReader(""), &out, &errs)
	if code != want && (!b.either || code != exitError) {
		t.Errorf("%s: assay %s: exit code %d, want %d", b.name, args[0], code, want)
	}
	if out.Len()+errs.Len() == 0 {
		t.Errorf("%s: assay %s says nothing", b.name, args[0])
	}
	seen := map[string]string{"stdout": out.String(), "stderr": errs.String()}
	for _, name := range []string{"report.json", "report.html"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			seen[name] = string(text)
		} else if args[0] == "run" && code == exitError {
			t.Errorf("%s: no %s", b.name, name)
		}
	}
	for where, text := range seen {
		for _, f := range forms(secret) {
			if f != "" && strings.Contains(text, f) {
				t.Errorf("%s: assay %s: %s holds %q:\n%.2000s", b.name, args[0], where, f, around(text, f))
				break
			}
		}
	}
}

func around(text, part string) string {
	at := strings.Index(text, part)
	return text[max(0, at-200):min(len(text), at+200)]
}
