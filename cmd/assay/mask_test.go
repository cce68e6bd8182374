package main

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// The marks of secret values: of a text, of a number and of a date.
const (
	secretWord   = "Qz9secret"
	secretNumber = "91827364"
	secretDate   = "1871-03"
)

// secretForms are the texts by which a secret could stand in a file.
func secretForms() []string {
	list := []string{secretWord, secretNumber, "91,827,364", "9.1827364", secretDate}
	for _, s := range []string{secretWord, secretNumber, secretDate} {
		list = append(list, hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s))))
		for _, before := range []string{"", "x", "xx"} { // base64 has three forms of a text, by where it begins
			whole := base64.StdEncoding.EncodeToString([]byte(before + s + "xx"))
			list = append(list, whole[(len(before)*8+5)/6:(len(before)+len(s))*8/6])
		}
	}
	return list
}

// maskTables are the statements that fill a database with what is to be masked: people, copies of them that differ, and rows to join.
func maskTables() []string {
	person := func(table string, id int, email, phone string, salary int) string {
		return fmt.Sprintf("INSERT INTO %s VALUES (%d, '%s-%s@x.org', '%s-%s', %s%d, '%s-%02d', 'Bonn')", table, id, secretWord, email, secretWord, phone, secretNumber, salary, secretDate, id)
	}
	var all []string
	for _, t := range []string{"people", "copies"} {
		all = append(all, "CREATE TABLE "+t+" (id integer primary key, email varchar(80), phone varchar(80), salary decimal(20,0), born date, city varchar(20))")
	}
	for i, name := range []string{"ada", "bob", "eve", "joe", "bob"} {
		all = append(all, person("people", i+1, name, "p"+name, i))
	}
	for i, name := range []string{"ada", "rob", "eve", "", "bob", "zoe"} {
		if name != "" {
			all = append(all, person("copies", i+1, name, "q"+name, 7+i))
		}
	}
	return append(all, "INSERT INTO people VALUES (9, NULL, NULL, NULL, NULL, NULL)")
}

// maskSuite is a suite in which every expectation fails on rows, or shows values; %s is the mask of people, and of the others.
const maskSuite = `
datasets:
  people:
    connection: c
    table: people
    key: [id]
    mask: %[1]s
    expectations:
      - not_null: [email]
      - unique: [email]
      - matches: {column: phone, pattern: "^nobody"}
      - in_set: {column: email, values: [a, b]}
      - length_between: {column: phone, max: 3}
      - between: {column: salary, max: 5}
      - monotonic: {column: salary, order_by: [born], strict: true}
      - {id: shown, expect: row.salary < 5, show: [email, phone, born]}
      - {id: told, expect: row.id > 1000, message_expression: '"who: " + row.email'}
      - {id: told-static, expect: row.id > 1000, message: call them, message_expression: '"who: " + row.phone'}
      - {id: told-plain, expect: row.id > 1000, message_expression: '"id " + string(row.id) + " of " + row.city'}
      - {id: converted, expect: int(row.email) > 0}
      - {id: filtered, expect: row.id > 1000, where: row.email.contains("ada")}
      - {id: here, expect: 'row.email.split("@").size() > 5 && row.phone.reverse() == row.email'}
      - {id: joined, expect: row.salary == copy.salary, join: {copy: {dataset: copies, key: row.id}}}
      - {id: orphaned, expect: row.id == named.id, join: {named: {dataset: names, key: {email: row.email}}}}
      - {id: joined-told, expect: row.salary == copy.salary, join: {copy: {dataset: copies, key: row.id}}, message_expression: '"was " + string(copy.salary)'}
  copies: {connection: c, table: copies, key: [id], mask: %[2]s}
  names: {connection: c, query: "select email, min(id) as id from copies group by email", key: [email], mask: %[3]s}
  mail: {connection: c, query: "select email, salary, phone from people where id in (1, 2, 3)", key: [email], mask: %[4]s}
  other: {connection: c, query: "select email, salary, phone from copies where id in (1, 2, 3)", key: [email]}
expectations:
  - {id: by-id, compare: {source: people, target: copies}, settle: 1ms}
  - {id: by-id-digest, compare: {source: people, target: copies}, strategy: digest, show: [email]}
  - {id: by-expression, compare: {source: people, target: copies}, columns: {email: {expect: 'source.email + "x" == target.email'}}}
  - {id: by-mail, compare: {source: mail, target: other}}
  - {id: max, metric: 'people.max(p, p.salary)', expect: metric < 5}
  - {id: sum, metric: 'people.sum(p, p.salary) + 1', expect: metric < 5}
  - {id: avg, expect: 'people.avg(p, p.salary) < 5'}
  - {id: min, expect: 'people.min(p, p.salary) < people.quantile(p, p.salary, 0.5) - 100'}
  - {id: latest, metric: 'people.max(p, p.email)', expect: metric == "a"}
  - {id: distinct, metric: 'people.distinct(p, p.email)', expect: metric > 100}
  - {id: grouped, expect: 'people.by(p, p.email).count().all(k, v, v > 5)'}
`

// maskBed is a database with the tables, and a directory for suites and what the program writes.
type maskBed struct {
	dir, connection string
	side            func(table string) string // as an address of diff
}

func maskBeds(t *testing.T) map[string]func(t *testing.T) maskBed {
	t.Helper()
	fill := func(t *testing.T, driver, dsn string, more ...string) {
		t.Helper()
		db, err := sql.Open(driver, dsn)
		if err != nil {
			t.Fatal("cannot open the database")
		}
		defer func() { _ = db.Close() }()
		for _, s := range append(maskTables(), more...) {
			if _, err := db.ExecContext(t.Context(), s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
	}
	return map[string]func(t *testing.T) maskBed{
		"sqlite": func(t *testing.T) maskBed {
			t.Helper()
			path := filepath.Join(t.TempDir(), "x.db")
			fill(t, "sqlite", path)
			return maskBed{connection: "{driver: sqlite, path: " + path + "}", side: func(table string) string { return "sqlite:" + path + "#" + table }}
		},
		"postgres": func(t *testing.T) maskBed {
			t.Helper()
			dsn := connectortest.PostgresDatabase(t, connectortest.LocaleC)
			fill(t, "pgx", dsn)
			return maskBed{connection: "{driver: postgres, dsn: " + asJSON(dsn) + "}", side: func(table string) string { return dsn + "#" + table }}
		},
		"mysql": func(t *testing.T) maskBed {
			t.Helper()
			dsn := connectortest.MySQLDatabase(t)
			if _, err := mysql.ParseDSN(dsn); err != nil {
				t.Fatal("unreadable " + "DSN")
			}
			fill(t, "mysql", dsn)
			return maskBed{connection: "{driver: mysql, dsn: " + asJSON(dsn) + "}", side: func(table string) string { return dsn + "#" + table }}
		},
	}
}

// do runs the program in the bed's directory and keeps what it says there.
func (b maskBed) do(t *testing.T, name string, want int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := Do(args, strings.NewReader(""), &out, &errs); code != want {
		t.Errorf("assay %s: exit code %d, want %d:\n%.1500s\n%.1500s", strings.Join(args, " "), code, want, errs.String(), out.String())
	}
	if err := os.WriteFile(filepath.Join(b.dir, name+".said"), append(out.Bytes(), errs.Bytes()...), 0o600); err != nil {
		t.Fatal(err)
	}
	return out.String() + errs.String()
}

// everything runs whatever shows values, with the masks given, in a new directory. It returns the files that were written.
func (b maskBed) everything(t *testing.T, masks [4]string, flags ...string) map[string]string {
	t.Helper()
	b.dir = t.TempDir()
	t.Chdir(b.dir)
	suite := "version: 1\nsuite: masked\nconnections: {c: " + b.connection + "}\n" + fmt.Sprintf(maskSuite, masks[0], masks[1], masks[2], masks[3])
	if err := os.WriteFile("suite.yaml", []byte(suite), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"run", "suite.yaml", "--out", "out", "--format", "text", "--failures", "100"}
	for _, f := range formats() {
		if f.name != "text" {
			args = append(args, "--format", f.name+"="+f.name+".out")
		}
	}
	b.do(t, "run", exitFailed, args...)
	b.do(t, "sampled", exitFailed, "run", "suite.yaml", "--sample", "5", "--stratify", "phone", "--seed", "1", "--out", "sampled")
	b.do(t, "explain", exitOK, "explain", "suite.yaml", "--after", "out/report.json")
	for _, format := range []string{"table", "json", "csv"} {
		b.do(t, "diff-"+format, exitFailed, append([]string{"diff", b.side("people"), b.side("copies"), "--key", "id", "--format", format}, flags...)...)
	}
	b.do(t, "diff-email", exitFailed, append([]string{"diff", b.side("people"), b.side("copies"), "--key", "id,email", "--where", "row.email != null", "--out", "diff.out", "--format", "csv"}, flags...)...)
	files := map[string]string{}
	err := filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "suite.yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, b.dir+"/")] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// leaks are the secrets in a text.
func leaks(text string) []string {
	var out []string
	for _, f := range secretForms() {
		if i := strings.Index(text, f); i >= 0 {
			out = append(out, fmt.Sprintf("%s: …%s…", f, text[max(i-200, 0):min(i+60, len(text))]))
		}
	}
	return out
}

var tokenForm = regexp.MustCompile(`masked:[a-z2-7]{16}`)

// TestMaskedValuesStayInside greps everything that the program writes for values of masked columns.
func TestMaskedValuesStayInside(t *testing.T) {
	for engine, bed := range maskBeds(t) {
		t.Run(engine, func(t *testing.T) {
			b := bed(t)
			plain := b.everything(t, [4]string{"[]", "[]", "[]", "[]"})
			loud := 0
			for name, text := range plain {
				if len(leaks(text)) > 0 {
					loud++
				} else if strings.HasSuffix(name, ".out") && name != "github.out" || strings.HasPrefix(name, "diff-") && name != "diff-email.said" || name == "out/failures.jsonl" {
					t.Errorf("%s shows nothing without masks, so that masks prove nothing", name)
				}
			}
			if loud < 14 {
				t.Errorf("%d files show values without masks", loud)
			}
			all := "[email, phone, salary, born]"
			masked := b.everything(t, [4]string{all, all, "[email]", "[email, salary, phone]"}, "--mask", "email,phone,salary,born")
			redact := strings.ReplaceAll(strings.NewReplacer("[", "{", "]", ": redact}").Replace(all), ",", ": redact,")
			redacted := masked // what stands in the place of a value does not hang on the engine
			if engine == "sqlite" {
				redacted = b.everything(t, [4]string{redact, "{salary: hash, email: redact, phone: redact, born: redact}", "{email: redact}", "{email: redact, salary: redact, phone: redact}"},
					"--mask", "email=redact,phone=redact,salary=redact,born=redact")
				if tokenForm.MatchString(redacted["diff-json.said"]) || !strings.Contains(redacted["out/report.json"], `"redacted"`) {
					t.Error("nothing is redacted")
				}
			}
			for name := range plain {
				for how, files := range map[string]map[string]string{"masked": masked, "redacted": redacted} {
					if strings.HasPrefix(name, ".assay/runs/") {
						continue
					}
					text, ok := files[name]
					if !ok {
						t.Errorf("%s: %s was not written", how, name)
					}
					for _, l := range leaks(text) {
						t.Errorf("%s: %s holds %s", how, name, l)
					}
				}
			}
			for name, text := range masked {
				for _, l := range leaks(text) {
					t.Errorf("%s holds %s", name, l)
				}
			}
			tokens(t, masked)
		})
	}
}

// tokens holds that equal values share a token, in whatever file they stand.
func tokens(t *testing.T, files map[string]string) {
	t.Helper()
	in := func(name string) []string {
		list := tokenForm.FindAllString(files[name], -1)
		slices.Sort(list)
		return slices.Compact(list)
	}
	report, table := in("out/report.json"), in("diff-json.said")
	if len(report) < 10 || len(table) < 6 {
		t.Errorf("%d tokens in the report, %d in the differences", len(report), len(table))
	}
	for _, tok := range table { // of the same rows, by the key of the same project
		if !slices.Contains(report, tok) {
			t.Errorf("the report does not know %s", tok)
		}
	}
	if text := files["out/report.json"]; !strings.Contains(text, `"id 1 of Bonn"`) || strings.Count(text, "its message_expression is not shown") < 3 || !strings.Contains(text, "call them (its") {
		t.Error("a message that reads masked columns has nothing in its place, or one that reads none is gone")
	}
	if info, err := os.Stat(filepath.Join(".assay", maskKeyName)); err != nil || info.Mode().Perm() != 0o600 && info.Mode().Perm() != 0o400 {
		t.Errorf("the key: %v, %v", info, err)
	}
}

// TestMaskKeys holds that another project has other tokens, and that a key that is given is the same everywhere.
func TestMaskKeys(t *testing.T) {
	b := maskBeds(t)["sqlite"](t)
	suite := "version: 1\nsuite: s\nconnections: {c: " + b.connection + "}\ndatasets:\n  people: {connection: c, table: people, mask: [email], expectations: [{in_set: {column: email, values: [a]}}]}\n"
	of := func(env string) []string {
		b.dir = t.TempDir()
		t.Chdir(b.dir)
		if env != "" {
			t.Setenv(maskKeyVariable, env)
		}
		if err := os.WriteFile("suite.yaml", []byte(suite), 0o600); err != nil {
			t.Fatal(err)
		}
		first := tokenForm.FindAllString(b.do(t, "a", exitFailed, "run", "suite.yaml"), -1)
		if again := tokenForm.FindAllString(b.do(t, "b", exitFailed, "run", "suite.yaml"), -1); len(first) < 5 || !slices.Equal(first, again) {
			t.Errorf("tokens %v, then %v", first, again)
		}
		if first[1] != first[4] || first[0] == first[1] { // bob is there twice
			t.Errorf("equal values have different tokens, or different ones the same: %v", first)
		}
		return first
	}
	one, two := of(""), of("")
	if one[0] == two[0] {
		t.Error("two projects share a token")
	}
	three, four := of("a key of sixteen"), of("a key of sixteen")
	if three[0] != four[0] || three[0] == one[0] {
		t.Error("the key that is given makes other tokens elsewhere")
	}
	if _, err := os.Stat(filepath.Join(".assay", maskKeyName)); err == nil {
		t.Error("a key was made although one was given")
	}
	t.Setenv(maskKeyVariable, "short")
	if said := b.do(t, "c", exitUsage, "run", "suite.yaml"); !strings.Contains(said, "has 5 bytes") {
		t.Error(said)
	}
}

// TestMaskedQuery holds that what is wrong with a query's text is told of an engine without codes too.
func TestMaskedQuery(t *testing.T) {
	b := maskBeds(t)["sqlite"](t)
	b.dir = t.TempDir()
	t.Chdir(b.dir)
	suite := "version: 1\nsuite: s\nconnections: {c: " + b.connection + "}\ndatasets:\n  d: {connection: c, query: \"select nosuchcolumn from people\", mask: [x], expectations: [not_null: x]}\n"
	if err := os.WriteFile("suite.yaml", []byte(suite), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := b.do(t, "bad", exitError, "run", "suite.yaml"); !strings.Contains(said, "nosuchcolumn") {
		t.Error(said)
	}
}

// TestMaskedErrors holds that errors that quote data are not told, and others are.
func TestMaskedErrors(t *testing.T) {
	b := maskBeds(t)["postgres"](t)
	b.dir = t.TempDir()
	t.Chdir(b.dir)
	for mask, want := range map[string]string{"[]": secretWord, "[x]": "SQLSTATE 22P02"} {
		suite := "version: 1\nsuite: s\nconnections: {c: " + b.connection + "}\ndatasets:\n" +
			"  bad: {connection: c, query: \"select id, cast(email as integer) as x from people\", key: [id], mask: " + mask + ", expectations: [{expect: row.x > 5}]}\n" +
			"  other: {connection: c, table: copies, key: [id]}\n" +
			"  wrong: {connection: c, query: \"select id, nosuchcolumn as x from people\", key: [id], mask: " + mask + ", expectations: [{expect: row.x > 5}]}\n" +
			"  gone: {connection: c, table: nowhere, mask: " + mask + ", expectations: [not_null: id]}\n" +
			"expectations: [{id: compared, compare: {source: bad, target: other}, map: {x: city}}, {id: metric, metric: 'bad.max(b, b.x)', expect: metric > 0}]\n"
		suite = strings.Replace(suite, ", map: {x: city}", "", 1)
		if err := os.WriteFile("suite.yaml", []byte(suite), 0o600); err != nil {
			t.Fatal(err)
		}
		said := b.do(t, "bad", exitError, "run", "suite.yaml", "--format", "json", "--format", "text")
		if !strings.Contains(said, want) || mask != "[]" && len(leaks(said)) > 0 {
			t.Errorf("mask %s: no %q, or a value:\n%.5000s", mask, want, said)
		}
		if !strings.Contains(said, "connection c has no table nowhere") || !strings.Contains(said, `column \"nosuchcolumn\" does not exist`) {
			t.Errorf("a missing table or column is not told:\n%s", said)
		}
	}
}
