package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites/schema"
)

// typeFlag is one --type: what a column holds, on one side or on both.
type typeFlag struct {
	sides   [2]bool
	column  string
	options query.ColumnOptions
}

// arrayType is how --type says what a suite says by `array: true`; a type of the elements may follow behind a colon.
const arrayType = "array"

// parseType reads COLUMN=TYPE, left.COLUMN=TYPE or right.COLUMN=TYPE.
func parseType(text string) (typeFlag, error) {
	column, t, ok := cutLast(text, "=")
	f := typeFlag{sides: [2]bool{true, true}, column: column}
	for i, side := range []string{leftName, rightName} {
		if name, of := strings.CutPrefix(column, side+"."); of {
			f.sides, f.column = [2]bool{i == 0, i == 1}, name
			break
		}
	}
	if !ok || f.column == "" {
		return f, fmt.Errorf("--type %q: write column=int, left.column=int or right.column=int", text)
	}
	name := t
	switch head, elem, of := strings.Cut(t, ":"); {
	case head == arrayType && of:
		f.options.Array, name = true, elem
	case t == arrayType:
		f.options.Array = true
		return f, nil
	}
	if known := schema.ColumnTypes(); !slices.Contains(known, name) {
		known = append(known, arrayType)
		hint := diag.DidYouMean(name, known)
		if hint == "" {
			hint = "there are " + strings.Join(known, ", ") + ", and array:TYPE"
		}
		return f, fmt.Errorf("--type %s: %q is not a logical type: %s", column, name, hint)
	}
	f.options.Type = name
	return f, nil
}

// declare adds what --type says to the datasets of both sides. A column that is named for both need be one of either alone; on the right it is
// sought by the name that --map gives it.
func (f *diffFlags) declare(s *spec.Suite, c *spec.Compare) error {
	for _, text := range f.types {
		t, err := parseType(text)
		if err != nil {
			return err
		}
		both := t.sides[0] && t.sides[1]
		if both {
			c.Typed = append(c.Typed, flagName("--type", t.column))
		}
		for i := range s.Datasets {
			d, name := &s.Datasets[i], t.column
			if !t.sides[i] {
				continue
			}
			if both && i == 1 {
				name = c.Mapped(name)
			}
			if d.Columns == nil {
				d.Columns = map[string]query.ColumnOptions{}
			}
			if was, twice := d.Columns[name]; twice && was != t.options {
				return fmt.Errorf("--type says two things of the column %q of the %s side", name, []string{leftName, rightName}[i])
			}
			d.Columns[name] = t.options
			if both {
				d.MayLack = append(d.MayLack, name)
				continue
			}
			d.Places["columns."+name] = diag.Span{Pos: diag.Pos{File: "--type"}}
			d.MayLack = slices.DeleteFunc(d.MayLack, func(n string) bool { return n == name })
		}
	}
	return nil
}
