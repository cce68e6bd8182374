package catalog

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
)

// Bind makes a use of the entry from what stands behind its name in YAML: a map of arguments, or the one
// argument that may stand alone. Aliases of arguments are resolved. The arguments are checked too.
func (e Entry) Bind(at diag.Span, behind spec.Arg) (*spec.Named, diag.List) {
	n := &spec.Named{Name: e.Name, Args: map[string]spec.Arg{}, At: at}
	var list diag.List
	if behind.Kind != "map" {
		p, ok := e.short()
		if !ok || behind.Kind == "null" {
			problem := "takes a map of arguments, not " + describe(behind)
			if behind.Kind == "null" {
				problem = "has no arguments"
			}
			list.Errorf("bad-argument", span(behind, at), "write "+e.usage(), "%s %s", e.Name, problem)
			return n, list
		}
		n.Args[p.Name] = behind
		return n, append(list, e.Check(n)...)
	}
	for _, name := range sortedKeys(behind.Map) {
		a := behind.Map[name]
		p, ok := e.Param(name)
		if !ok {
			n.Args[name] = a // Check says so
			continue
		}
		if _, twice := n.Args[p.Name]; twice {
			list.Errorf("duplicate-key", span(a, at), "", "%s is given twice, as %s and as %s", p.Name, p.Name, name)
			continue
		}
		if _, twice := behind.Map[p.Name]; twice && name != p.Name {
			list.Errorf("duplicate-key", span(a, at), "", "%s is given twice, as %s and as %s", p.Name, p.Name, name)
			continue
		}
		n.Args[p.Name] = a
	}
	return n, append(list, e.Check(n)...)
}

func sortedKeys(m map[string]spec.Arg) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (e Entry) short() (Param, bool) {
	for _, p := range e.Params {
		if p.Short {
			return p, true
		}
	}
	return Param{}, false
}

// usage shows how the entry is written, its required arguments only.
func (e Entry) usage() string {
	var parts []string
	for _, p := range e.Params {
		if p.Required || len(parts) == 0 {
			parts = append(parts, p.Name+": "+p.Kind.example())
		}
	}
	return e.Name + ": {" + strings.Join(parts, ", ") + "}"
}

func (k ParamKind) example() string {
	switch k {
	case ParamColumns, ParamColumn:
		return "COLUMN"
	case ParamScalars, ParamTexts:
		return "[…]"
	case ParamCount:
		return "N"
	case ParamBool:
		return "true"
	case ParamDuration:
		return "2h"
	case ParamScalar, ParamText, ParamEnum, ParamDataset:
		return "…"
	}
	return "…"
}

// Check checks the arguments of a use against the entry's parameters: unknown, missing, of the wrong form.
func (e Entry) Check(n *spec.Named) diag.List {
	var list diag.List
	meant := map[string]bool{} // arguments that are there, misspelt
	for _, name := range sortedKeys(n.Args) {
		a := n.Args[name]
		p, ok := e.Param(name)
		if !ok {
			meant[diag.Nearest(name, e.argumentNames())] = true
			list.Errorf("bad-argument", span(a, n.At), e.argumentHint(name), "%s has no argument %q", e.Name, name)
			continue
		}
		if what := p.mismatch(a); what != "" {
			list.Errorf("bad-argument", span(a, n.At), p.hint(), "%s: %s must be %s, not %s", e.Name, p.Name, what, describe(a))
		}
	}
	for _, p := range e.Params {
		if _, ok := n.Args[p.Name]; !ok && p.Required && !meant[p.Name] {
			list.Errorf("bad-argument", n.At, "write "+e.usage(), "%s lacks its argument %q", e.Name, p.Name)
		}
	}
	return list
}

func (e Entry) argumentNames() []string {
	var names []string
	for _, p := range e.Params {
		names = append(names, p.Name)
		names = append(names, p.Aliases...)
	}
	return names
}

func (e Entry) argumentHint(name string) string {
	names := e.argumentNames()
	if h := diag.DidYouMean(name, names); h != "" {
		return h
	}
	return "it takes " + strings.Join(names, ", ")
}

func (p Param) hint() string {
	if p.Kind == ParamScalars {
		return p.Name + ": [a, b, c]"
	}
	return ""
}

// mismatch returns what the argument should have been, or "" where it is well-formed.
func (p Param) mismatch(a spec.Arg) string {
	switch p.Kind {
	case ParamColumns:
		if !isColumn(a) && !listOf(a, isColumn) {
			return "a column or a list of columns"
		}
	case ParamColumn:
		if !isColumn(a) {
			return "one column"
		}
	case ParamScalar:
		if !isScalar(a) {
			return "one value"
		}
	case ParamScalars:
		if a.Kind != "list" {
			return "a list of values"
		}
		for _, x := range a.List {
			if !isScalar(x) {
				return "a list of single values"
			}
		}
	case ParamText:
		if a.Kind != "string" {
			return "a text"
		}
	case ParamTexts:
		isText := func(x spec.Arg) bool { return x.Kind == "string" }
		if !isText(a) && !listOf(a, isText) {
			return "a text or a list of texts"
		}
	case ParamCount:
		if i, err := strconv.ParseInt(a.Text, 10, 64); a.Kind != "int" || err != nil || i < 0 {
			return "a whole number, 0 or more"
		}
	case ParamBool:
		if a.Kind != "bool" {
			return "true or false"
		}
	case ParamEnum:
		if a.Kind != "string" || !slices.Contains(p.Enum, a.Text) {
			return "one of " + strings.Join(p.Enum, ", ")
		}
	case ParamDuration:
		if _, err := ParseDuration(a.Text); err != nil || a.Kind != "string" {
			return "a span of time such as 90s, 15m, 2h or 1d"
		}
	case ParamDataset:
		if a.Kind != "string" {
			return "the name of a dataset"
		}
	}
	return ""
}

// isColumn accepts every scalar but null, since a column may be called 1 or true, and the text is kept.
func isColumn(a spec.Arg) bool {
	return isScalar(a) && a.Kind != "null" && a.Text != ""
}

func isScalar(a spec.Arg) bool { return a.Kind != "list" && a.Kind != "map" }

func listOf(a spec.Arg, is func(spec.Arg) bool) bool {
	if a.Kind != "list" || len(a.List) == 0 {
		return false
	}
	return !slices.ContainsFunc(a.List, func(x spec.Arg) bool { return !is(x) })
}

// describe names an argument for a message.
func describe(a spec.Arg) string {
	switch a.Kind {
	case "null":
		return "nothing"
	case "list":
		if len(a.List) == 0 {
			return "an empty list"
		}
		return "a list"
	case "map":
		return "a map"
	case "string":
		return strconv.Quote(clip(a.Text))
	}
	return clip(a.Text)
}

func clip(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// span is the argument's place, or at where it has none.
func span(a spec.Arg, at diag.Span) diag.Span {
	if a.At.Line == 0 {
		return at
	}
	return a.At
}

// texts returns the texts of a scalar or of a list of scalars.
func texts(a spec.Arg) []string {
	if a.Kind != "list" {
		return []string{a.Text}
	}
	out := make([]string, len(a.List))
	for i := range a.List {
		out[i] = a.List[i].Text
	}
	return out
}

// maxDuration keeps a duration within what CEL's duration holds (about 292 years).
const maxDuration = 100_000 * 24 * time.Hour

// ParseDuration reads a span of time: Go's units ms, s, m and h, and d for 24 hours, as in 1d12h. It must be positive
// and at most 100,000 days.
func ParseDuration(s string) (time.Duration, error) {
	days, rest, found := strings.Cut(s, "d")
	var total time.Duration
	if found {
		n, err := strconv.ParseUint(days, 10, 31)
		if err != nil {
			return 0, fmt.Errorf("%q is not a span of time such as 90s, 15m, 2h or 1d", clip(s))
		}
		if n > uint64(maxDuration/(24*time.Hour)) {
			return 0, fmt.Errorf("%q is more than 100000 days", clip(s))
		}
		total = time.Duration(n) * 24 * time.Hour
	} else {
		rest = s
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 {
			return 0, fmt.Errorf("%q is not a span of time such as 90s, 15m, 2h or 1d", clip(s))
		}
		total += d
	}
	if total <= 0 || total > maxDuration {
		return 0, fmt.Errorf("%q is not between 0 and 100000 days", clip(s))
	}
	return total, nil
}

// expansion is the state of one Expand.
type expansion struct {
	Use
	entry Entry
	list  diag.List
}

func (x *expansion) errorf(at diag.Span, code, hint, format string, args ...any) {
	x.list.Errorf(code, at, hint, format, args...)
}

func (x *expansion) arg(name string) (spec.Arg, bool) {
	a, ok := x.Named.Args[name]
	return a, ok
}

func (x *expansion) flag(name string) bool {
	a, ok := x.arg(name)
	return ok && a.Kind == "bool" && strings.EqualFold(a.Text, "true")
}

// text returns a text argument, or otherwise when it is absent.
func (x *expansion) text(name, otherwise string) string {
	if a, ok := x.arg(name); ok {
		return a.Text
	}
	return otherwise
}

func (x *expansion) columns(name string) []string {
	a, ok := x.arg(name)
	if !ok {
		return nil
	}
	return texts(a)
}

// at returns where an argument stands, the name's place when it is absent.
func (x *expansion) at(name string) diag.Span {
	if a, ok := x.arg(name); ok {
		return span(a, x.Named.At)
	}
	return x.Named.At
}

// columnAt returns where the i-th column of an argument stands.
func (x *expansion) columnAt(name string, i int) diag.Span {
	a, ok := x.arg(name)
	if ok && a.Kind == "list" && i < len(a.List) {
		return span(a.List[i], x.at(name))
	}
	return x.at(name)
}

// column finds a column in the live schema. Offline it is nil and true.
func (x *expansion) column(name string, at diag.Span) (*value.Column, bool) {
	if x.Schema == nil {
		return nil, true
	}
	col, i := x.Schema.Column(name)
	if i >= 0 {
		if col.Unusable != "" {
			x.errorf(at, "unusable-column", "", "column %q cannot be used: %s", name, col.Unusable)
			return nil, false
		}
		return &col, true
	}
	names := make([]string, len(x.Schema.Columns))
	for j := range x.Schema.Columns {
		names[j] = x.Schema.Columns[j].Name
	}
	x.errorf(at, "unknown-column", diag.DidYouMean(name, names), "dataset %s has no column %q", x.Dataset, name)
	return nil, false
}

// checkPattern reports a pattern that is not a regular expression of Go's dialect.
func (x *expansion) checkPattern(a spec.Arg, at diag.Span) {
	if _, err := syntax.Parse(a.Text, syntax.Perl); err != nil {
		x.errorf(span(a, at), "bad-regex", "patterns are RE2 expressions: github.com/google/re2/wiki/Syntax",
			"%s: %s", x.entry.Name, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
}
