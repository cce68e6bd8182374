package mysql

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

func regexSubjects() []string {
	out := []string{
		"", "a", "A", "abc", "ABC", "aBc", "ab\ncd", "\n", "a\n", "\na", "abc\n", "a\r\nb", "a\u2028b", "a\u0085b", "é", "É", "e\u0301", "ß", "ſ", "s", "S", "K", "k", "\u212a", "ı", "İ", "i", "I",
		"😀", "a😀b", "a\x00b", "foo bar", "foo_bar", "foo-bar", "foo.bar", "[x]", "a]b", `a\b`, "^a$", "a&&b", "a--b", "10", "2024-01-31", "user@example.com", "10.0.0.1", "aaaa", "aaab", "  x", "x  ", "\t", "\v",
		"\uffff", "\ufeffx", strings.Repeat("ab", 30), strings.Repeat("x", 64), "ΣΑΣ", "σας", "привет", "123abc456", "{}", "a{2}", "(a)", "a|b", "'", `"`, "#x", "a b c", "\u00a0",
	}
	return out
}

func regexPatterns() []string {
	out := []string{
		"", "a", "^a", "a$", "^a$", `\Aa\z`, "(?m)^a$", "(?m)a$", "(?s)a.b", "a.b", ".", "(?s).", "^.$", "[^a]", "(?i)abc", "(?i)k", "(?i)s", "(?i)[k-s]", "(?i)ß", "(?i)σ", `\d`, `\D`, `\w`, `\W`, `\s`, `\S`,
		`\bfoo`, `foo\b`, `\Bo`, `\b`, `\B`, `\pL`, `\PL`, `\p{Greek}`, `\p{Lu}`, "[[:alpha:]]", "[[:^alpha:]]", "[[:space:]]", `[\d-]`, `[\]\\]`, "[&&a]", "[a-]", `\x00`, `\x{1F600}`, "[^\\x00-\\x7f]",
		"a*", "a+", "a?", "a*b", "^a*$", "^a+b$", "a{2}", "a{2,}", "^a{2,3}$", "^a{0,2}$", "(ab)+", "^(ab)+$", "^(ab)*$", "a|b", "^(a|b)$", "^(?:foo|bar)[_-]", "foo|bar|baz", "^(abc|ABC)$", `^\d{4}-\d{2}-\d{2}$`,
		`^[^@\s]+@[^@\s]+\.[a-z]+$`, `^(\d{1,3}\.){3}\d{1,3}$`, "x*", "(?:)", "^$", "a||b", "(|a)b", `\Q[x]\E`, `\.`, "(?P<n>a)b", "(?U)a+b", `^\s*x`, `x\s*$`, `\n`, `a\nb`, "[^\n]", "é", "😀", "'", `"`, "#x", " ", "(?i)É", "[α-ω]", "(?i)[α-ω]", `[\s\S]`, `^[\w.+-]+$`,
	}
	return out
}

// randomPattern makes patterns that Go takes and that are short.
func randomPattern(r *rand.Rand) string {
	atoms := []string{"a", "b", "c", "x", ".", "[a-c]", "[^a]", `\d`, `\w`, `\s`, "é", `\.`, "-", "_", "(?i)k", "[[:upper:]]", `\b`, "\n"}
	marks := []string{"", "", "", "", "*", "+", "?", "{2}", "{1,2}"}
	var build func(depth int) string
	build = func(depth int) string {
		s := ""
		for range 1 + r.IntN(3) {
			if depth > 0 && r.IntN(4) == 0 {
				s += "(?:" + build(depth-1) + "|" + build(depth-1) + ")" + marks[r.IntN(len(marks))]
				continue
			}
			s += "(?:" + atoms[r.IntN(len(atoms))] + ")" + marks[r.IntN(len(marks))]
		}
		return s
	}
	s := build(2)
	if r.IntN(3) == 0 {
		s = "^" + s
	}
	if r.IntN(3) == 0 {
		s += "$"
	}
	return s
}

// Every pattern that is taken says of every text what Go's regexp says.
func TestRegexAsGo(t *testing.T) {
	t.Parallel()
	EachServer(t, func(t *testing.T, is TestServer) {
		t.Parallel()
		dsn := testDatabase(t, is, "")
		src := openTest(t, dsn)
		tb := connectortest.Table{Name: "texts", Key: []string{"id"}, Columns: []connectortest.Column{
			{Name: "id", Type: value.Of(value.Int), NotNull: true},
			{Name: "s", Type: value.Of(value.String), Native: map[connectortest.Engine]string{connectortest.EngineMySQL: "varchar(64)"}},
		}}
		texts := regexSubjects()
		for i, s := range texts {
			tb.Rows = append(tb.Rows, []connectortest.Cell{{Value: value.IntValue(int64(i))}, {Value: value.StringValue(s)}})
		}
		p := newParity(t, src, connectortest.LoadMySQL(t, dsn, tb))
		patterns := regexPatterns()
		r := rand.New(rand.NewPCG(1, 2))
		for range 400 {
			patterns = append(patterns, randomPattern(r))
		}
		taken, pairs, matched := 0, 0, 0
		for _, pattern := range patterns {
			re, err := regexp.Compile(pattern)
			if err != nil {
				t.Fatalf("%q: %v", pattern, err)
			}
			e := op(query.OpMatches, value.Bool, p.cols[1], lit(value.StringValue(pattern)))
			if p.src.Caps().Expr(p.rel, e) != nil {
				continue
			}
			taken++
			got, st, err := p.ask(t, []query.Expr{e})
			if err != nil {
				t.Errorf("%q as %q raises: %v", pattern, st.Shown, err)
				continue
			}
			for i, s := range texts {
				pairs++
				if re.MatchString(s) {
					matched++
				}
				if got.Cols[0].Bools[i] != re.MatchString(s) {
					t.Errorf("%q of %q is %v, the server says otherwise (%q)", pattern, s, re.MatchString(s), st.Shown)
				}
			}
		}
		t.Logf("%d of %d patterns taken, %d pairs, %d match", taken, len(patterns), pairs, matched)
		if taken < len(patterns)*7/10 || matched < pairs/20 || matched > pairs*19/20 {
			t.Errorf("%d of %d patterns taken, %d of %d pairs match: the comparison proves too little", taken, len(patterns), matched, pairs)
		}
	})
}

// What is taken never reaches the server's limit of steps, on the longest text that the column holds.
func TestRegexStaysWithinLimits(t *testing.T) {
	t.Parallel()
	EachServer(t, func(t *testing.T, is TestServer) {
		t.Parallel()
		src := openTest(t, testDatabase(t, is, ""))
		patterns := append(regexPatterns(), "a*b*c", "^(a|ab)*c", "^a*a*b", "x+y", "^(x?){5}y", "(?i)abc|def|ghi", "^x*y", `^\w+\.\w+$`)
		r := rand.New(rand.NewPCG(3, 4))
		for range 80 {
			patterns = append(patterns, randomPattern(r))
		}
		tried := 0
		for _, length := range []int{64, 255, 2000, 65535} {
			for _, pattern := range patterns {
				re := regexp.MustCompile(pattern)
				out, why := src.dialect().flavour.rewrite(pattern, length)
				if why != "" {
					continue
				}
				for _, unit := range []string{"a", "x", "ab", "aab", "foo ", "abc1.", "\n", "_-"} {
					text := strings.Repeat(unit, length/len(unit))
					tried++
					st := sqlgen.Statement{Text: is.Pick("SELECT REGEXP_LIKE(? COLLATE utf8mb4_0900_bin, ?, 'c')", "SELECT ? COLLATE utf8mb4_nopad_bin REGEXP ?"), Args: []any{text, out}}
					b, err := src.whole(t.Context(), "match", st, []value.Type{value.Of(value.Bool)})
					switch {
					case err != nil:
						t.Errorf("%q over %d times %q: %v", pattern, length/len(unit), unit, err)
					case b.Cols[0].Bools[0] != re.MatchString(text): // PCRE2 past its limit says that nothing matches
						t.Errorf("%q over %d times %q: the server says %v", pattern, length/len(unit), unit, b.Cols[0].Bools[0])
					}
				}
			}
		}
		if tried < 1000 {
			t.Errorf("only %d tried", tried)
		}
	})
}

// The bound refuses what the server could not finish.
func TestRegexRefusals(t *testing.T) {
	t.Parallel()
	for pattern, length := range map[string]int{"zx*y": 60000, `^x*x*y`: 1000, "^(a|ab)*c": 255, "^(a*)*b": 64} {
		for _, f := range []flavour{mySQL, mariaDB} {
			if _, why := f.rewrite(pattern, length); why == "" {
				t.Errorf("%s: %q over %d characters is taken", f, pattern, length)
			}
		}
	}
}

// What is taken fits into what the engines compile, PCRE2 writing repeated groups out: up to the bound, and not far below it only.
func TestRegexCompiles(t *testing.T) {
	t.Parallel()
	EachServer(t, func(t *testing.T, is TestServer) {
		t.Parallel()
		src := openTest(t, testDatabase(t, is, ""))
		parts := []string{"a", "[a-c]", "[^a]", `\w`, "[α-ωА-Я]", "(?i)k", "ab", "(?:a|bc)", "(?:x|[α-ω])", `\b`, "é", "[\\x{d7ff}-\\x{e001}]", "[\\x{d800}-\\x{dfff}x]", "(?:a[b-d]?)", "$", "(?m)^", "[α-ω]b", `[^a]\d`, "[a-c]x[d-f]"}
		r := rand.New(rand.NewPCG(5, 6))
		taken, refused, large := 0, 0, 0
		for range 3000 {
			pattern := ""
			for range 1 + r.IntN(4) {
				part := "(?:" + parts[r.IntN(len(parts))] + ")"
				for range r.IntN(2) {
					part = fmt.Sprintf("(?:%s){%d}", part, 1+r.IntN(31)*r.IntN(31))
				}
				if r.IntN(4) == 0 {
					n := 1 + r.IntN(30)
					part = fmt.Sprintf("(?:%s){%d,%d}", part, n, n+r.IntN(2))
				}
				pattern += part
			}
			re, err := syntax.Parse(pattern, syntax.Perl)
			if err != nil {
				continue // too large for Go itself
			}
			out, why := src.dialect().flavour.rewrite(pattern, 64)
			if why != "" {
				refused++
				continue
			}
			taken++
			w := regexWriter{length: 64, pcre: true}
			if w.write(trimEnds(re)).size > maxCompiled/2 {
				large++
			}
			st := sqlgen.Statement{Text: is.Pick("SELECT REGEXP_LIKE(? COLLATE utf8mb4_0900_bin, ?, 'c')", "SELECT ? COLLATE utf8mb4_nopad_bin REGEXP ?"), Args: []any{"x", out}}
			if _, err := src.whole(t.Context(), "match", st, []value.Type{value.Of(value.Bool)}); err != nil {
				t.Errorf("%q as %q: %v", pattern, out, err)
			}
		}
		t.Logf("%d taken, %d of them large, %d refused", taken, large, refused)
		if taken < 500 || refused < 100 || large < 10 {
			t.Error("the patterns prove too little")
		}
	})
}
