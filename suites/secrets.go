package suites

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/expectations/diag"
)

// shown returns a line (from 1) with its secrets hidden.
func (f *file) shown(line int) diag.Line {
	text := string(f.lines[line-1])
	hidden := slices.Clone(f.hides[line])
	if s, ok := f.lexical[line]; ok {
		hidden = append(hidden, s)
	}
	hidden = append(hidden, credentials(text)...)
	slices.SortFunc(hidden, func(a, b diag.Stretch) int { return cmp.Compare(a.Start, b.Start) })
	return diag.NewLine(text, hidden...)
}

// credentialPatterns find accounts within URLs and DSNs wherever they stand.
var credentialPatterns = []*regexp.Regexp{
	regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://([^\s/@]*@)`),
	regexp.MustCompile(`([^\s"':@/]+:[^\s]*@)(?:tcp|unix|[A-Za-z0-9.-]+)\(`),
	regexp.MustCompile(`(?i)\b(?:password|passwd|pwd|secret|token|api_?key)\s*=\s*([^\s&;]+)`),
}

// credentials returns the stretches of a text that look like accounts.
func credentials(text string) []diag.Stretch {
	var out []diag.Stretch
	for _, re := range credentialPatterns {
		for _, m := range re.FindAllStringSubmatchIndex(text, -1) {
			start := len([]rune(text[:m[2]]))
			out = append(out, diag.Stretch{Start: start, End: start + len([]rune(text[m[2]:m[3]]))})
		}
	}
	return out
}

// quote shows a piece of the user's text in a message: bounded, and without accounts.
func quote(s string) string {
	const most = 60
	s = diag.NewLine(s, credentials(s)...).Text
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return `"` + strings.ReplaceAll(s, `"`, `'`) + `"`
}

// onlyReferences matches a value that is nothing but ${NAME}s and separators, which give nothing away.
var onlyReferences = regexp.MustCompile(`^(?:\$\{[A-Za-z_][A-Za-z0-9_]*\}[/:]?)+$`)

// hide hides a node's scalars from every print.
func (f *file) hide(n *yaml.Node) { f.hideWithin(n, 0) }

func (f *file) hideWithin(n *yaml.Node, depth int) {
	if depth > maxDepth {
		return
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		for i, c := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 0 && plainKey.MatchString(c.Value) {
				continue
			}
			f.hideWithin(c, depth+1)
		}
		return
	}
	if onlyReferences.MatchString(n.Value) || n.Value == "" {
		return
	}
	s, ok := f.scalar(n)
	if !ok { // hide from here to the end: better too much
		s = scalarText{
			start: cursor{line: n.Line - 1, col: n.Column - 1},
			end:   cursor{line: len(f.lines) - 1, col: len(f.lines[len(f.lines)-1])},
		}
	}
	for line := s.start.line; line <= s.end.line && line < len(f.lines); line++ {
		h := diag.Stretch{End: len(f.lines[line])}
		if line == s.start.line {
			h.Start = s.start.col
		} else {
			h.Start = indentation(f.lines[line])
		}
		if line == s.end.line {
			h.End = s.end.col
		}
		if h.Start < h.End {
			f.hides[line+1] = append(f.hides[line+1], h)
		}
	}
}

// plainKey matches what may be shown of a connection's keys: a DSN in a key's place (a forgotten blank behind the colon) does not.
var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,31}$`)

var (
	connectionsWord = regexp.MustCompile(`\bconnections\b["']?\s*:?`)
	secretKey       = regexp.MustCompile(`(?i)\b(?:dsn|url|password|passwd|pwd|secret|token|api_?key|username)["']?\s*:`)
	leadingKey      = regexp.MustCompile(`^\s*(?:-\s+)?["']?[A-Za-z_][A-Za-z0-9_]*["']?\s*:(?:\s|$)`)
)

// hideByLook hides what looks like a secret in a file whose nodes are not known: everything behind the
// keys of connections, and behind keys that are called like secrets. A flow map is hidden to the end of its lines.
func (f *file) hideByLook() {
	f.lexical = map[int]diag.Stretch{}
	inside, flow := false, false
	for i, line := range f.lines {
		text := string(line)
		from := -1
		if inside && !flow && len(line) > 0 && !isBlank(line[0]) && line[0] != '#' && leadingKey.MatchString(text) {
			inside = false
		}
		switch m := connectionsWord.FindStringIndex(text); {
		case inside:
			from = indentation(line)
			if k := leadingKey.FindString(text); k != "" && !flow {
				from = len([]rune(k))
			}
		case m != nil:
			inside = true
			from = len([]rune(text[:m[1]]))
			flow = strings.ContainsAny(text, "{}")
		default:
			if m := secretKey.FindStringIndex(text); m != nil {
				from = len([]rune(text[:m[1]]))
			}
		}
		for from >= 0 && from < len(line) && isBlank(line[from]) {
			from++
		}
		if from >= 0 && from < len(line) && !safeRest(string(line[from:])) {
			f.lexical[i+1] = diag.Stretch{Start: from, End: len(line)}
		}
	}
}

// safeRest reports whether the rest of a line gives nothing away: a reference to the environment, or a comment's start.
func safeRest(s string) bool {
	s = strings.TrimSpace(s)
	if u, err := strconv.Unquote(s); err == nil {
		s = u
	}
	return s == "" || onlyReferences.MatchString(s)
}
