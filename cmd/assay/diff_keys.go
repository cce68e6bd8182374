package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// keysDiff writes statements that select the rows that differ, for each side in its own language and in its own form of the key: SQL,
// the query DSL of a search server, or CEL for a file.
type keysDiff struct {
	diffOutput
	item  *plan.CompareItem
	sides [2]*keySide
}

// keysAStatement bounds the keys of one statement.
const keysAStatement = 500

// keySide gathers the keys of one side.
type keySide struct {
	name    string
	from    query.Relation
	columns []*query.Column // of the key
	lang    keyLanguage
	keys    [][]value.Value
	lost    []string // what is said of keys that no statement finds
}

// keyLanguage says keys to one system.
type keyLanguage interface {
	// sayable says why a column's values have no literals that are certainly the same values, "" where they have.
	sayable(c *query.Column) string
	// literal is the value of a key's column, which is not null.
	literal(v value.Value, c *query.Column) (string, error)
	// unfindable says why no statement finds a row by the value of a key's column, "" where one does.
	unfindable(v value.Value, c *query.Column) string
	// statement selects the rows with the keys, given as literals, "" for null.
	statement(s *keySide, keys [][]string) string
}

func (k *keysDiff) begin(item *plan.CompareItem) error {
	k.item = item
	for _, c := range item.Spec.Key {
		if item.Masking(c.Left, c.Right) != spec.Shown {
			return &usageError{fmt.Errorf("--format sql-keys: the key column %s is masked, and statements would show its values", c.Name)}
		}
	}
	for i, side := range []*diff.Side{&item.Spec.Left, &item.Spec.Right} {
		s := &keySide{name: []string{leftName, rightName}[i], from: side.Relation}
		for _, c := range item.Spec.Key {
			s.columns = append(s.columns, []*query.Column{c.Left, c.Right}[i])
		}
		switch driver := k.diffOutput.sides[i].driver; driver {
		case "elasticsearch", "opensearch":
			s.lang = searchKeys{}
		case "files":
			s.lang = celKeys{}
		case "mariadb":
			s.lang = sqlKeys{driver: "mysql"}
		default:
			s.lang = sqlKeys{driver: driver}
		}
		for _, c := range s.columns {
			if why := s.lang.sayable(c); why != "" {
				return &usageError{fmt.Errorf("--format sql-keys: the key column %s of the %s side is %s: %s", c.Col.Name, s.name, c.Col.Native, why)}
			}
		}
		k.sides[i] = s
	}
	return nil
}

// unsayable says why a type's values have no literals that are certainly the same values, "" where they have.
func unsayable(c *query.Column) string {
	switch c.Col.Type.Kind {
	case value.Bool, value.Int, value.Uint, value.Decimal, value.String, value.Bytes:
		return ""
	case value.Null, value.Double, value.Timestamp, value.LocalTimestamp, value.Duration, value.JSON, value.List:
	}
	return "no literal is sure to be the same value"
}

func (k *keysDiff) difference(item *plan.CompareItem, d *diff.Difference) error {
	if !k.more() {
		return nil
	}
	for i, cells := range [2][]value.Value{d.Left, d.Right} {
		if cells == nil {
			continue
		}
		s := k.sides[i]
		s.keys = append(s.keys, slices.Clone(cells[item.Keys:item.Keys+len(item.Spec.Key)])) // the rest of the row may be large
		if len(s.keys) == keysAStatement {
			if err := k.flush(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes the statement of the keys gathered.
func (k *keysDiff) flush(s *keySide) error {
	if len(s.keys) == 0 {
		return nil
	}
	var list [][]string
	for _, key := range s.keys {
		literals, why, err := s.literals(key)
		if err != nil {
			return err
		}
		if why != "" {
			s.lost = append(s.lost, fmt.Sprintf("-- %s: no statement finds the key %s: %s", s.name, tuple(literals), why))
			continue
		}
		list = append(list, literals)
	}
	s.keys = s.keys[:0]
	if len(list) > 0 {
		if err := k.printf("-- %s: %s\n%s\n", s.name, diag.Plural(int64(len(list)), "key"), s.lang.statement(s, list)); err != nil {
			return err
		}
	}
	for _, line := range s.lost {
		if err := k.printf("%s\n", line); err != nil {
			return err
		}
	}
	s.lost = s.lost[:0]
	return nil
}

// literals are those of a key, "" for null; why says why no statement finds its rows, "" where one does.
func (s *keySide) literals(key []value.Value) (literals []string, why string, err error) {
	literals = make([]string, len(key))
	for c, v := range key {
		if v.IsNull() {
			continue
		}
		if literals[c], err = s.lang.literal(v, s.columns[c]); err != nil {
			return nil, "", fmt.Errorf("--format sql-keys: key column %s of the %s side: %w", s.columns[c].Col.Name, s.name, err)
		}
		if lost := s.lang.unfindable(v, s.columns[c]); lost != "" {
			why = lost
		}
	}
	return literals, why, nil
}

func (k *keysDiff) end(c *result.Compare) error {
	if c.Sample != nil {
		if err := k.printf("-- %s\n", sampleText(c)); err != nil {
			return err
		}
	}
	for _, s := range k.sides {
		if err := k.flush(s); err != nil {
			return err
		}
	}
	return nil
}

func (k *keysDiff) failed(error) error { return nil }

// condition joins keys by in, or spells a key with a null out: nothing is in a list with null.
func condition(names []string, keys [][]string) string {
	var plain, others []string
	for _, key := range keys {
		whole := true
		for _, c := range key {
			whole = whole && c != ""
		}
		if whole {
			plain = append(plain, tuple(key))
			continue
		}
		parts := make([]string, len(key))
		for i, c := range key {
			if parts[i] = names[i] + " = " + c; c == "" {
				parts[i] = names[i] + " IS NULL"
			}
		}
		others = append(others, "("+strings.Join(parts, " AND ")+")")
	}
	var all []string
	if len(plain) > 0 {
		all = append(all, tuple(names)+" IN ("+strings.Join(plain, ", ")+")")
	}
	return strings.Join(append(all, others...), " OR ")
}

func tuple(items []string) string {
	if len(items) == 1 {
		return items[0]
	}
	return "(" + strings.Join(items, ", ") + ")"
}
