package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/reports"
)

// csvDiff writes RFC 4180: class, the key's columns, column, source, target. A changed row has a line for each column that differs.
// Null is an empty field and an empty text a quoted one. Of a duplicate key, source and target are numbers of rows.
type csvDiff struct{ diffOutput }

func (c *csvDiff) begin(item *plan.CompareItem) error {
	fields := []string{csvField("class")}
	for _, k := range item.Spec.Key {
		fields = append(fields, csvField(k.Name))
	}
	return c.line(append(fields, "column", "source", "target"))
}

func (c *csvDiff) line(fields []string) error {
	return c.printf("%s\r\n", strings.Join(fields, ","))
}

func (c *csvDiff) difference(item *plan.CompareItem, d *diff.Difference) error {
	if !c.more() {
		return nil
	}
	f := run.DifferenceOf(item, d, true)
	head := []string{string(f.Class)}
	for _, k := range item.Spec.Key {
		head = append(head, csvCell(f.Key[k.Name]))
	}
	head = slices.Clip(head)
	switch f.Class {
	case result.Changed:
		for _, name := range f.Columns {
			if err := c.line(append(head, csvField(name), csvCell(f.Before[name]), csvCell(f.After[name]))); err != nil {
				return err
			}
		}
		return nil
	case result.DuplicateKey:
		return c.line(append(head, "", strconv.FormatInt(f.SourceRows, 10), strconv.FormatInt(f.TargetRows, 10)))
	case result.Missing, result.Extra:
	}
	return c.line(append(head, "", "", ""))
}

func (c *csvDiff) end(*result.Compare) error { return nil }

func (c *csvDiff) failed(error) error { return nil }

// csvCell is a value as a field.
func csvCell(c result.Cell) string {
	if c.Kind() == value.Null {
		return ""
	}
	return csvField(c.Text())
}

// csvField quotes what has to be, and an empty text, which is not null. Nothing begins a formula, by the rule of every CSV.
func csvField(s string) string {
	s = reports.NoFormula(s)
	if s == "" || strings.ContainsAny(s, "\",\r\n") || s[0] == ' ' || s[len(s)-1] == ' ' {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}
