package lang

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"time"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// validateLiterals checks the literal arguments of functions whose text has a grammar:
// patterns, instants, spans, decimals, zones.
func (c *compiler) validateLiterals(fn string, target celast.Expr, args []celast.Expr) {
	text := func(e celast.Expr) (string, bool) {
		if e == nil || e.Kind() != celast.LiteralKind {
			return "", false
		}
		s, ok := e.AsLiteral().(types.String)
		return string(s), ok
	}
	first := celast.Expr(nil)
	if len(args) > 0 {
		first = args[0]
	}
	switch fn {
	case overloads.Matches:
		if target == nil && len(args) == 2 {
			first = args[1]
		}
		c.pattern(first)
	case "regex.extract", "regex.extractAll", "regex.replace":
		if len(args) > 1 {
			c.pattern(args[1])
		}
	case "timestamp":
		if s, ok := text(first); ok && types.IsError(types.String(s).ConvertToType(types.TimestampType)) {
			example := "2024-01-31T00:00:00Z"
			if t := instantHint(s); t != "" {
				example = t
			}
			c.fail("bad-timestamp", c.spans[first.ID()], `as in "`+example+`"`, "%q is no instant", s)
		}
	case "duration":
		if s, ok := text(first); ok && types.IsError(types.String(s).ConvertToType(types.DurationType)) {
			c.fail("bad-duration", c.spans[first.ID()], `as in "24h" or "90s"; the longest unit is the hour`, "%q is no duration", s)
		}
	case "decimal":
		if s, ok := text(first); ok {
			if _, err := value.ParseDec(s); err != nil {
				c.fail("bad-decimal", c.spans[first.ID()], `as in "12.50"`, "%q is no decimal number", s)
			}
		}
	case overloads.TimeGetFullYear, overloads.TimeGetMonth, overloads.TimeGetDate, overloads.TimeGetDayOfMonth,
		overloads.TimeGetDayOfWeek, overloads.TimeGetDayOfYear, overloads.TimeGetHours, overloads.TimeGetMinutes,
		overloads.TimeGetSeconds, overloads.TimeGetMilliseconds:
		if s, ok := text(first); ok && !zone(s) {
			c.fail("bad-timezone", c.spans[first.ID()], `as in "Europe/Berlin" or "+02:00"`, "%q is no time zone", s)
		}
	}
}

var offsetZone = regexp.MustCompile(`^[+-]?[0-9]{2}:[0-9]{2}$`)

func zone(s string) bool {
	if offsetZone.MatchString(s) {
		return true
	}
	if s == "" || s == "Local" { // the machine's own zone would make a suite mean different things
		return false
	}
	_, err := time.LoadLocation(s)
	return err == nil
}

// pattern checks a literal regular expression and blames the part that is wrong where it can.
func (c *compiler) pattern(e celast.Expr) {
	if e == nil || e.Kind() != celast.LiteralKind {
		return
	}
	s, ok := e.AsLiteral().(types.String)
	if !ok {
		return
	}
	at := c.spans[e.ID()]
	if len(s) > maxRegex {
		c.fail("too-complex", at, "", "the regular expression is %d octets long, the limit is %d", len(s), maxRegex)
		return
	}
	_, err := syntax.Parse(string(s), syntax.Perl)
	if err == nil {
		if _, err = regexp.Compile(string(s)); err == nil {
			return
		}
	}
	msg, hint := err.Error(), ""
	msg = strings.TrimPrefix(msg, "error parsing regexp: ")
	if strings.Contains(msg, "(?=") || strings.Contains(msg, "(?!") || strings.Contains(msg, "(?<") {
		hint = "RE2 has no look-around: state the parts as separate conditions"
	}
	c.fail("bad-regex", narrow(c.tok.src, at, err), hint, "the regular expression is wrong: %s", strings.ReplaceAll(msg, "`", `"`))
}

// narrow finds the offending part within the literal, where it is written there once.
func narrow(src []rune, at query.Span, err error) query.Span {
	e, ok := err.(*syntax.Error) //nolint:errorlint // regexp/syntax returns it bare
	if !ok || e.Expr == "" || at.End > len(src) {
		return at
	}
	lit := string(src[at.Start:at.End])
	before, _, found := strings.Cut(lit, e.Expr)
	if !found || strings.Count(lit, e.Expr) != 1 {
		return at
	}
	start := at.Start + len([]rune(before))
	return query.Span{Start: start, End: start + len([]rune(e.Expr))}
}
