package postgres

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/connectortest"
)

var fixedPatterns = []string{
	``, `a`, `^a`, `a$`, `^$`, `^a.c$`, `a.c`, `(?s)a.c`, `(?m)^b`, `(?m)a$`, `(?m)^$`, `\Aa`, `a\z`, `\bab\b`, `\Bb`, `a|b|`, `(a|b)+c`, `(?:)`, `(|a)b`,
	`[a-c]`, `[^a-c]`, `[^\n]`, `[\s\S]`, `\d+`, `\D`, `\w+`, `\W`, `\s`, `\S`, `[[:alpha:]]`, `[[:^digit:]]`, `\pN`, `\p{Greek}`, `\x{1F600}`, `\Qa.c\E`, `a{2,3}`, `a{2}`, `a{2,}`,
	`(?:ab){1,2}`, `a*?b`, `a+?`, `a??b`, `(?i)abc`, `(?i)É`, `(?i)[k-m]`, `(?i)ß`, `(?i)σ`, `(?i)straße`, `(?i:a)B`, `a(?i)b`, `(?P<x>a)b`, `^[a-z]+@[a-z]+\.[a-z]{2,}$`, `\.`, `\\`, `[\]\[\\^-]`, `\$`, `\{`, `\*\*\*:a`,
	`***`, `(?U)a+`, `(^a|b$)`, `(^)*a`, `(\b)*a`, `($)?`, `(?:^)+a`, `x*`, `(a*)*`, `(a|ab)(c|bcd)`, `\t`, `\n`, `\r`, `\a`, `\x00`, `[\x00-\x1f]`, `é`, `[é-ü]`, `\x{10FFFF}`, `[^\x{0}-\x{10FFFE}]`, ` `, `#`, `(?i)I`, `(?i)ı`, `(?i)s`, `a\Cb`, `^\s*$`, `(?m)^\s*$`,
	`\Bé\B`, `\b`, `\B`, `^\b`, `(?m)$\n^`, `a$b`, `a^b`, `(?:a$|b)c`, `{`, `a{,2}`, `a{1,2}{2}`, `((a{0,2}){0,2})`,
}

var subjects = []string{
	"", "a", "b", "ab", "abc", "ABC", "aBc", "a\nc", "a\nb", "\n", "\na", "a\n", "b\na", "aa", "aaa", "aab", "a.c", "a c", "é", "É", "e\u0301", "ß", "SS", "ss", "ſ", "K", "k", "σ", "ς", "Σ", "straße", "STRASSE",
	"ı", "I", "i", "İ", "😀", "a😀b", "\U0010ffff", "\uffff", "user@example.com", "12", "1a", "٣", "_", "-", "]", "[", `\`, "^", "$", "{", "}", "*", "***:a", "***", "#", " ", "\t", "\r\n", "\x01", "\u00a0", "\u2028", "αβγ", "a b", "ab ab", " ab", "ab.", "éab", "abcd", "abab", "bb\nab\nb",
	strings.Repeat("a", 300), "a{,2}", "aaaa", "{", "c", "ac", "bc",
}

// TestRegex compares what translate writes with Go's regexp on the server, for fixed patterns and random ones.
func TestRegex(t *testing.T) {
	patterns := append([]string(nil), fixedPatterns...)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for range 600 {
		patterns = append(patterns, randomPattern(r, 4))
	}
	for _, l := range []connectortest.Locale{connectortest.LocaleC, connectortest.LocaleICU} {
		c := admin(t, connectortest.PostgresDatabase(t, l))
		pairs, hits, refused := 0, 0, 0
		for _, p := range patterns {
			re, err := regexp.Compile(p)
			if err != nil {
				continue
			}
			are, why := translate(p)
			if why != "" {
				refused++
				continue
			}
			start := time.Now()
			rows, err := c.Query(t.Context(), `SELECT s COLLATE "C" ~ $1::text FROM unnest($2::text[]) WITH ORDINALITY AS u(s, n) ORDER BY n`, are, subjects)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; rows.Next(); i++ {
				var got bool
				if err := rows.Scan(&got); err != nil {
					t.Fatal(err)
				}
				pairs++
				if want := re.MatchString(subjects[i]); got != want {
					t.Errorf("%q as %q on %q: server %t, Go %t", p, are, subjects[i], got, want)
				} else if want {
					hits++
				}
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("%q as %q took %s", p, are, took)
			}
			if err := rows.Err(); err != nil {
				t.Errorf("%q as %q: %v", p, are, err)
			}
		}
		if pairs < 20_000 || hits < pairs/20 || hits > pairs*19/20 || refused > len(patterns)/2 {
			t.Errorf("%d pairs, %d hits, %d of %d patterns refused: this proves little", pairs, hits, refused, len(patterns))
		}
	}
}

func randomPattern(r *rand.Rand, depth int) string {
	atoms := []string{
		"a", "b", "c", ".", "^", "$", `\b`, `\B`, `\d`, `\w`, `\s`, `[ab]`, `[^ab]`, `[^\n]`, "é", "😀", `\n`, `\A`, `\z`, "(?i:k)", "(?i:ß)", "(?s:.)", "(?m:^)", "(?m:$)", " ", `\.`, "A", "1", `\pL`, "(?i:ab)", "_",
	}
	if depth == 0 || r.IntN(4) == 0 {
		return atoms[r.IntN(len(atoms))]
	}
	sub := func() string { return randomPattern(r, depth-1) }
	switch r.IntN(8) {
	case 0:
		return "(" + sub() + "|" + sub() + ")"
	case 1:
		return "(?:" + sub() + ")*"
	case 2:
		return "(?:" + sub() + ")+"
	case 3:
		return "(?:" + sub() + ")?"
	case 4:
		n := r.IntN(4)
		return fmt.Sprintf("(?:%s){%d,%d}", sub(), n, n+r.IntN(3))
	default:
		return sub() + sub()
	}
}
