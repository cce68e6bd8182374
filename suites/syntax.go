package suites

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/suites/schema"
)

// parse makes nodes of the text and checks their shape against the limits.
func (l *loader) parse(f *file, text string) bool {
	var docs [2]yaml.Node
	n, err := decodeDocuments(text, docs[:])
	if err != nil {
		f.hideByLook()
		l.syntaxError(f, text, err)
		return false
	}
	if n == 0 || docs[0].Kind != yaml.DocumentNode || len(docs[0].Content) == 0 || isNull(docs[0].Content[0]) {
		l.list.Errorf("empty", wholeFile(f.name), "write a suite: version, connections, datasets", "the file is empty")
		return false
	}
	root := docs[0].Content[0]
	switch {
	case n > 1:
		at := max(docs[1].Line, 2)
		l.list.Errorf("several-documents", f.at(at, 1, 3), "one file is one suite: split it",
			"the file holds several YAML documents")
		return false
	case !l.checkShape(f, root):
		f.hideByLook()
		return false
	case root.Kind != yaml.MappingNode:
		f.hideByLook()
		l.list.Errorf("not-a-suite", f.span(root), "a suite starts with keys such as version:, datasets:, expectations:",
			"%s is a map of keys, and this is %s", schema.Suite().Name, kindName(root))
		return false
	}
	f.root = root
	return true
}

// decodeDocuments parses up to len(docs) documents. A panic of the parser is an error.
func decodeDocuments(text string, docs []yaml.Node) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("unknown problem parsing YAML content")
		}
	}()
	dec := yaml.NewDecoder(strings.NewReader(text))
	for n < len(docs) {
		switch err := dec.Decode(&docs[n]); {
		case errors.Is(err, io.EOF):
			return n, nil
		case err != nil:
			return n, fmt.Errorf("parse: %w", err)
		}
		n++
	}
	return n, nil
}

func syntaxMessage(text string) string {
	var docs [2]yaml.Node
	_, err := decodeDocuments(text, docs[:])
	if err == nil {
		return ""
	}
	return err.Error()
}

// syntaxError reports a text that is not YAML where the trouble begins. The parser's own
// line is often that of the construct around it, or one off, and it tells no column. So the place is found by
// asking again: the shortest text that fails in the same words ends at the offending character.
func (l *loader) syntaxError(f *file, text string, err error) {
	want := err.Error()
	line, col := f.parserLine(want), 0
	if len(text) <= maxSearched {
		line, col = f.search(want)
	}
	for line > 0 && blank(f.lines[line]) {
		line, col = line-1, len(f.lines[line-1])
	}
	if col >= len(f.lines[line]) { // only the line as a whole is wrong
		col = indentation(f.lines[line])
	}
	if len(text) <= maxSearched {
		line, col = f.blame(want, line, col)
	}
	message, hint := explainSyntax(want)
	if at, ok := f.tag(want, line, col); ok {
		message, hint, col = tagMessage, tagHint, at
	}
	if indent := f.lines[line][:indentation(f.lines[line])]; slices.Contains(indent, '\t') {
		message, hint, col = "a tab cannot indent YAML", "indent with blanks", slices.Index(indent, '\t')
	}
	l.list.Errorf("not-yaml", f.at(line+1, col+1, 1), hint, "%s", message)
}

const (
	tagMessage = "a tag (!) means nothing in a suite"
	tagHint    = "leave it out, or put the value in quotes if the ! belongs to it"
)

// tag finds the ! that begins the value before a place, where the parser took it for a tag and choked on what follows it.
func (f *file) tag(problem string, line, col int) (int, bool) {
	if !strings.Contains(problem, "did not find expected comment or line break") && !strings.Contains(problem, "did not find expected whitespace or line break") {
		return 0, false
	}
	for c := min(col, len(f.lines[line])-1); c > 0; c-- {
		if f.lines[line][c] == '!' && (isBlank(f.lines[line][c-1]) || strings.ContainsRune("[{,", f.lines[line][c-1])) {
			return c, true
		}
	}
	return 0, false
}

// maxSearched bounds the texts that are parsed again and again to find a place.
const maxSearched = 256 << 10

var parserLine = regexp.MustCompile(`\bline (\d+):`)

// parserLine returns the line (from 0) that the parser names, which may be one off.
func (f *file) parserLine(problem string) int {
	m := parserLine.FindStringSubmatch(problem)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return min(max(n-1, 0), len(f.lines)-1)
}

// search returns the place (from 0) at which the shortest failing text ends.
func (f *file) search(want string) (line, col int) {
	prefix := func(line, col int) string {
		var b strings.Builder
		for i := range line {
			b.WriteString(string(f.lines[i]))
			b.WriteByte('\n')
		}
		if line < len(f.lines) {
			b.WriteString(string(f.lines[line][:col]))
		}
		return b.String()
	}
	line = sort.Search(len(f.lines), func(i int) bool {
		return syntaxMessage(prefix(i+1, 0)) == want
	})
	line = min(line, len(f.lines)-1)
	col = sort.Search(len(f.lines[line]), func(i int) bool {
		return syntaxMessage(prefix(line, i+1)) == want
	})
	return line, col
}

// blame moves from where the parser gave up to what a person must look at.
func (f *file) blame(problem string, line, col int) (blamedLine, blamedCol int) {
	switch {
	case strings.Contains(problem, "unknown anchor"):
		for c := min(col, len(f.lines[line])-1); c >= 0 && !isBlank(f.lines[line][c]); c-- {
			if f.lines[line][c] == '*' {
				return line, c
			}
		}
	case strings.Contains(problem, "',' or ']'"):
		return f.opener('[', ']', line, col)
	case strings.Contains(problem, "',' or '}'"):
		return f.opener('{', '}', line, col)
	case strings.Contains(problem, "'-' indicator"), strings.Contains(problem, "<document start>"):
		return line, indentation(f.lines[line])
	}
	return line, col
}

// opener finds the bracket before a place that none closes. Brackets within quotes count too: this only chooses where to point.
func (f *file) opener(open, closing rune, line, col int) (openerLine, openerCol int) {
	depth := 0
	for l := line; l >= 0; l-- {
		c := len(f.lines[l]) - 1
		if l == line {
			c = min(col, c)
		}
		for ; c >= 0; c-- {
			switch f.lines[l][c] {
			case closing:
				depth++
			case open:
				if depth == 0 {
					return l, c
				}
				depth--
			}
		}
	}
	return line, col
}

func blank(line []rune) bool { return indentation(line) == len(line) }

// indentation counts the blanks and tabs that a line begins with.
func indentation(line []rune) int {
	for i, r := range line {
		if r != ' ' && r != '\t' {
			return i
		}
	}
	return len(line)
}

// explainSyntax says what the parser means. It never repeats the user's text, which may be a secret.
func explainSyntax(problem string) (message, hint string) {
	for _, e := range []struct{ has, message, hint string }{
		{"mapping values are not allowed", "a \": \" cannot stand here", "quote the value if the colon belongs to it, or check the indentation"},
		{"found character that cannot start any token", "a value cannot begin with this character", "put the value in quotes"},
		{"found a tab character", "a tab cannot indent YAML", "indent with blanks"},
		{"unknown anchor", "an alias (*) refers to an anchor (&) that is not declared before it", "put the value in quotes if the * belongs to it"},
		{"found unexpected end of stream", "a quote or bracket is opened and never closed", ""},
		{"unexpected document indicator", "a quote is opened and never closed", ""},
		{"did not find expected ',' or ']'", "a list opened by [ lacks a comma or its ]", "close it, or put a value that holds [ ] { } or a comma in quotes"},
		{"did not find expected ',' or '}'", "a map opened by { lacks a comma or its }", "close it, or put a value that holds [ ] { } or a comma in quotes"},
		{"did not find expected '-' indicator", "a list item must begin with - under the first -", "check the indentation"},
		{"did not find expected key", "a key is expected here", "check the indentation, and quote text that starts with a quote or bracket"},
		{"could not find expected ':'", "a key lacks its colon", "write key: value"},
		{"did not find expected node content", "a value is expected here", ""},
		{"block sequence entries are not allowed", "a list item cannot stand here", "begin the list on the next line"},
		{"mapping keys are not allowed", "a key cannot stand here", "check the indentation"},
		{"unknown escape character", "unknown escape in a text in double quotes", `write \\ for a backslash, or use single quotes`},
		{"escape code", "this escape is not a character", ""},
		{"hexdecimal", "this escape needs hexadecimal digits", ""},
		{"did not find expected alphabetic", "* and & begin an alias or an anchor", "put the value in quotes if they belong to it"},
		{"exceeded max depth", "the file is nested too deeply", ""},
		{"did not find expected <document start>", "the file goes on after its end", "check the indentation"},
		{"control characters", "YAML allows no control characters", ""},
		{"comment or line break", "a text block (| or >) must begin on the next line", ""},
		{"whitespace or line break", "a blank is expected here", ""},
	} {
		if strings.Contains(problem, e.has) {
			return "this is not YAML: " + e.message, e.hint
		}
	}
	return "this is not YAML", ""
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	case yaml.ScalarNode, yaml.DocumentNode:
		if isNull(n) {
			return "nothing"
		}
		return "a single value"
	}
	return "nothing"
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// checkShape refuses what is nested too deeply, too large once its aliases are expanded (an alias bomb), or refers to itself.
func (l *loader) checkShape(f *file, root *yaml.Node) bool {
	s := shape{loader: l, file: f, done: map[*yaml.Node]extent{}, open: map[*yaml.Node]bool{}}
	e := s.measure(root)
	switch {
	case s.failed:
	case e.size > maxNodes:
		at := root
		if s.alias != nil {
			at = s.alias
		}
		s.fail(at, "limit", "", "the file holds more than %d values once its aliases are expanded", maxNodes)
	case e.height > maxDepth:
		s.fail(s.deepest(root), "limit", "", "the file is nested more than %d deep", maxDepth)
	}
	return !s.failed
}

// extent is how large a node is once its aliases are expanded.
type extent struct{ size, height int }

type shape struct {
	*loader
	file   *file
	done   map[*yaml.Node]extent
	open   map[*yaml.Node]bool
	alias  *yaml.Node // the first alias that crossed the limit
	failed bool
}

func (s *shape) fail(n *yaml.Node, code, hint, format string, args ...any) {
	s.failAt(s.file.span(n), code, hint, format, args...)
}

func (s *shape) failAt(at diag.Span, code, hint, format string, args ...any) {
	if !s.failed {
		s.list.Errorf(code, at, hint, format, args...)
	}
	s.failed = true
}

// measure walks every node once. Sizes stop growing at maxNodes+1.
func (s *shape) measure(n *yaml.Node) extent {
	if n.Kind == yaml.AliasNode {
		if s.open[n.Alias] {
			s.fail(n, "limit", "", "this alias holds itself")
			return extent{}
		}
		return s.measure(n.Alias)
	}
	if e, ok := s.done[n]; ok {
		return e
	}
	if tag := n.ShortTag(); !knownTag(tag) {
		s.failAt(s.file.at(n.Line, n.Column, len([]rune(tag))), "not-yaml", tagHint, tagMessage)
	}
	s.open[n] = true
	e := extent{size: 1, height: 1}
	for _, c := range n.Content {
		if s.failed {
			return e
		}
		ce := s.measure(c)
		e.height = max(e.height, ce.height+1)
		e.size = min(e.size+ce.size, maxNodes+1)
		if e.size > maxNodes && c.Kind == yaml.AliasNode && s.alias == nil {
			s.alias = c
		}
	}
	delete(s.open, n)
	s.done[n] = e
	return e
}

// deepest returns the first node below n that lies too deep.
func (s *shape) deepest(n *yaml.Node) *yaml.Node {
	for range maxDepth {
		next := n
		for _, c := range n.Content {
			t := c
			if t.Kind == yaml.AliasNode {
				t = t.Alias
			}
			if s.done[t].height == s.done[n].height-1 {
				next = t
				break
			}
		}
		n = next
	}
	return n
}

func knownTag(tag string) bool {
	switch tag {
	case "!!map", "!!seq", "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!merge", "":
		return true
	}
	return false
}
