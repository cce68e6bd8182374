package lang

import (
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/assay-dev/assay/connectors/query"
)

var (
	unexpected   = regexp.MustCompile(`(?s)(?:mismatched|extraneous) input '(.*?)' expecting`)
	noViable     = regexp.MustCompile(`(?s)no viable alternative at input '(.*)'`)
	unrecognized = regexp.MustCompile(`(?s)token recognition error at: '(.*)'`)
	missing      = regexp.MustCompile(`(?s)^missing '(.*?)' at '(.*)'`)
	tooMany      = regexp.MustCompile(`(?i)(recursion|nest|depth|size|node count).*(limit|exceed)`)
)

// parseErrors turns cel-go's syntax errors into ours: the first one, as the others follow from it.
func (c *compiler) parseErrors(iss *cel.Issues) {
	src := c.tok.src
	first := iss.Errors()[0]
	for _, e := range iss.Errors() {
		if e.Location.Line() > 0 && (first.Location.Line() <= 0 || e.Location.Line() < first.Location.Line() ||
			e.Location.Line() == first.Location.Line() && e.Location.Column() < first.Location.Column()) {
			first = e
		}
	}
	at := min(lineOffset(src, first.Location.Line())+max(first.Location.Column(), 0), len(src))
	end := at + 1
	if e, ok := c.tok.end[at]; ok {
		end = e
	}
	sp := query.Span{Start: at, End: end}
	msg := strings.TrimPrefix(first.Message, "Syntax error: ")
	switch {
	case tooMany.MatchString(msg):
		c.fail("too-complex", query.Span{End: 1}, "split it into several expectations", "the expression is nested too deeply or too large")
	case unexpected.MatchString(msg):
		what := unexpected.FindStringSubmatch(msg)[1]
		if what == "<EOF>" {
			c.fail("syntax", query.Span{Start: len(src), End: len(src) + 1}, "", "the expression ends too early")
			return
		}
		c.fail("syntax", sp, c.syntaxHint(at), "unexpected %q", what)
	case missing.MatchString(msg):
		m := missing.FindStringSubmatch(msg)
		if m[2] == "<EOF>" {
			c.fail("syntax", query.Span{Start: len(src), End: len(src) + 1}, "", "the expression ends without %q", m[1])
			return
		}
		c.fail("syntax", sp, "", "%q is missing before %q", m[1], m[2])
	case unrecognized.MatchString(msg):
		what := strings.TrimSpace(unrecognized.FindStringSubmatch(msg)[1])
		if esc, ok := c.badEscape(at); ok {
			c.fail("syntax", esc, `write \\ for a backslash, or r before the quote to take the text as it stands: r'\d+'`,
				"CEL has no escape %s", string(src[esc.Start:esc.End]))
			return
		}
		if strings.HasPrefix(what, "'") || strings.HasPrefix(what, `"`) {
			c.fail("syntax", sp, "close the quote", "the text that begins here does not end")
			return
		}
		c.fail("syntax", sp, c.syntaxHint(at), "unexpected %q", what)
	case noViable.MatchString(msg):
		c.fail("syntax", sp, c.syntaxHint(at), "unexpected %q", string(src[at:min(end, len(src))]))
	default:
		c.fail("syntax", sp, c.syntaxHint(at), "%s", lowerFirst(msg))
	}
}

// lineOffset returns where a line begins, counted from 1.
func lineOffset(src []rune, line int) int {
	for i := range src {
		if line <= 1 {
			return i
		}
		if src[i] == '\n' {
			line--
		}
	}
	if line <= 1 {
		return len(src)
	}
	return 0
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
