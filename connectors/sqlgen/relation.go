package sqlgen

import (
	"errors"
	"fmt"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
)

// SplitName splits a qualified name at its dots. Parts may be quoted with double quotes or
// backticks, doubled inside: `a."b.c"` is a and b.c.
func SplitName(name string) ([]string, error) {
	var parts []string
	for rest := name; ; {
		part, tail, err := nextPart(rest)
		if err != nil || part == "" {
			return nil, fmt.Errorf("table name %q is not of the form name or schema.name", name)
		}
		parts = append(parts, part)
		if tail == "" {
			return parts, nil
		}
		if tail[0] != '.' {
			return nil, fmt.Errorf("table name %q has text behind a quoted part", name)
		}
		rest = tail[1:]
	}
}

func nextPart(s string) (part, tail string, err error) {
	if s == "" {
		return "", "", errors.New("empty part")
	}
	q := s[0]
	if q != '"' && q != '`' {
		if i := strings.IndexByte(s, '.'); i >= 0 {
			return s[:i], s[i:], nil
		}
		return s, "", nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != q {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == q {
			b.WriteByte(q)
			i++
			continue
		}
		return b.String(), s[i+1:], nil
	}
	return "", "", errors.New("unterminated quote")
}

// QuoteName quotes a qualified name part by part.
func QuoteName(d Dialect, name string) (string, error) {
	parts, err := SplitName(name)
	if err != nil {
		return "", err
	}
	for i, p := range parts {
		if strings.Contains(p, mark) {
			return "", fmt.Errorf("table name %q holds a NUL", name)
		}
		parts[i] = d.QuoteIdent(p)
	}
	return strings.Join(parts, "."), nil
}

// From renders a dataset as an item of FROM under an alias: a table, or a query in parentheses.
func From(d Dialect, ds query.Dataset, alias string) (string, error) {
	switch {
	case ds.Table != "":
		name, err := QuoteName(d, ds.Table)
		if err != nil {
			return "", err
		}
		return name + " AS " + alias, nil
	case ds.Query != "":
		q := strings.TrimSpace(ds.Query)
		q = strings.TrimSpace(strings.TrimSuffix(q, ";"))
		if strings.Contains(q, mark) {
			return "", errors.New("the query holds a NUL")
		}
		// The line break ends a comment on the query's last line.
		return "(" + q + "\n) AS " + alias, nil
	default:
		return "", fmt.Errorf("dataset %q names neither a table nor a query", ds.Name)
	}
}
