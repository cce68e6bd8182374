package suites

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/suites/schema"
)

// shown returns a line (from 1) with its secrets hidden.
func (f *file) shown(line int) diag.Line {
	text := string(f.lines[line-1])
	hidden := slices.Clone(f.hides[line])
	if s, ok := f.lexical[line]; ok {
		hidden = append(hidden, s)
	}
	known := len(f.hides[line]) > 0
	for _, c := range credentials(text) {
		// Where the nodes told what is secret, the references between are known to be none.
		if !known || !strings.Contains(string(f.lines[line-1][c.Start:c.End]), "${") {
			hidden = append(hidden, c)
		}
	}
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
	f.hideStretch(s.start, s.end, references(n, s, ok))
}

// hideValue hides what stands behind a key: tags, anchors and aliases with the value, whatever its form.
func (f *file) hideValue(k, v *yaml.Node) {
	f.hide(v) // where an alias leads
	key, ok := f.scalar(k)
	if k.Kind != yaml.ScalarNode || !ok {
		return
	}
	from := key.end
	for line := f.lines[from.line]; from.col < len(line) && (isBlank(line[from.col]) || line[from.col] == ':'); {
		from.col++
	}
	var except []stretch
	to := cursor{line: from.line, col: len(f.lines[from.line])}
	s, ok := f.scalar(v)
	switch {
	case v.Kind == yaml.ScalarNode && ok && v.Value != "":
		to, except = s.end, references(v, s, true)
	case v.Kind == yaml.AliasNode:
		to = cursor{line: v.Line - 1, col: v.Column + len([]rune(v.Value))}
	case len(v.Content) > 0:
		to = f.endOfLine(v, 0)
	case v.Kind == yaml.ScalarNode && v.Anchor == "" && v.Style&yaml.TaggedStyle == 0:
		return // nothing is there
	}
	f.hideStretch(from, to, except)
}

// endOfLine returns the end of the last line that a node reaches.
func (f *file) endOfLine(n *yaml.Node, depth int) cursor {
	last := min(max(n.Line-1, 0), len(f.lines)-1)
	if s, ok := f.scalar(n); ok && n.Kind == yaml.ScalarNode {
		last = max(last, s.end.line)
	}
	if depth < maxDepth {
		for _, c := range n.Content {
			last = max(last, f.endOfLine(c, depth+1).line)
		}
	}
	return cursor{line: last, col: len(f.lines[last])}
}

// references returns where the ${NAME}s of a scalar stand: they may be shown, and are what a person must look at.
func references(n *yaml.Node, s scalarText, ok bool) []stretch {
	if !ok || len(n.Value) > maxConnectionValue {
		return nil
	}
	var out []stretch
	for _, m := range reference.FindAllStringSubmatchIndex(n.Value, -1) {
		if m[2] >= 0 {
			from, to := len([]rune(n.Value[:m[0]])), len([]rune(n.Value[:m[1]]))
			last := s.places[to-1]
			out = append(out, stretch{from: s.places[from], to: cursor{line: last.line, col: last.col + 1}})
		}
	}
	return out
}

// stretch is a part of a file, from a place to the one behind it.
type stretch struct{ from, to cursor }

// hideStretch hides what stands from one place to another, but for what is excepted.
func (f *file) hideStretch(from, to cursor, except []stretch) {
	for line := from.line; line <= to.line && line < len(f.lines); line++ {
		h := diag.Stretch{Start: indentation(f.lines[line]), End: len(f.lines[line])}
		if line == from.line {
			h.Start = from.col
		}
		if line == to.line {
			h.End = to.col
		}
		for _, x := range except {
			if x.from.line != line || x.to.line != line {
				continue
			}
			f.hideRange(line, h.Start, x.from.col)
			h.Start = x.to.col
		}
		f.hideRange(line, h.Start, h.End)
	}
}

func (f *file) hideRange(line, start, end int) {
	text, known := f.lines[line], f.hides[line+1]
	if n := len(known); n > 0 && known[n-1].Start <= start && end <= known[n-1].End {
		return
	}
	for _, r := range text[min(start, len(text)):max(min(end, len(text)), min(start, len(text)))] {
		if r != '"' && r != '\'' { // quotes alone give nothing away
			f.hides[line+1] = append(known, diag.Stretch{Start: start, End: end})
			return
		}
	}
}

// plainKey matches what may be shown of a connection's keys: a DSN in a key's place (a forgotten blank behind the colon) does not.
var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,31}$`)

var (
	connectionsWord = regexp.MustCompile(`\bconnections\b["']?\s*:?`)
	secretKey       = regexp.MustCompile(`(?i)\b(?:dsn|url|password|passwd|pwd|secret|token|api_?key|username)["']?\s*:`)
	anchorMark      = regexp.MustCompile(`(?:^|[\s\[{,])&[^\s]*`)
	leadingKey      = regexp.MustCompile(`^\s*(?:-\s+)?["']?[A-Za-z_][A-Za-z0-9_]*["']?\s*:(?:\s|$)`)
)

// hideByLook hides what looks like a secret in a file whose nodes are not known: everything behind the
// keys of connections, and behind keys that are called like secrets. Where the whole file is one flow map, everything behind connections.
func (f *file) hideByLook() {
	f.lexical = map[int]diag.Stretch{}
	inside, flow, names := false, f.rootIsFlow(), -1
	decl := schema.Connection()
	for i, line := range f.lines {
		text := string(line)
		from := -1
		if inside && !flow && len(line) > 0 && !isBlank(line[0]) && line[0] != '#' && leadingKey.MatchString(text) {
			inside = false
		}
		switch m := connectionsWord.FindStringIndex(text); {
		case inside:
			from = indentation(line)
			k := leadingKey.FindString(text)
			if names < 0 && k != "" {
				names = from // the names of connections stand at the first key's indentation
			}
			_, known := decl.Field(strings.Trim(k, "\t \"':"))
			if k != "" && !flow && (known || from == names) {
				from = len([]rune(k))
			}
		case m != nil:
			inside = true
			from = len([]rune(text[:m[1]]))
		default:
			for _, re := range []*regexp.Regexp{anchorMark, secretKey} {
				if m := re.FindStringIndex(text); m != nil && (from < 0 || len([]rune(text[:m[1]])) < from) {
					from = len([]rune(text[:m[1]]))
				}
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

// rootIsFlow reports whether the file begins with {, so that indentation tells nothing.
func (f *file) rootIsFlow() bool {
	for _, line := range f.lines {
		if i := indentation(line); i < len(line) && line[i] != '#' {
			return line[i] == '{'
		}
	}
	return false
}

// safeRest reports whether the rest of a line gives nothing away: a reference to the environment, or a comment's start.
func safeRest(s string) bool {
	s = strings.TrimSpace(s)
	if u, err := strconv.Unquote(s); err == nil {
		s = u
	}
	return s == "" || onlyReferences.MatchString(s)
}
