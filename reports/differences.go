package reports

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

const (
	// valueWidth bounds a value in the table of differences.
	valueWidth = 40
	// keyWidth bounds a key there: a UUID is whole.
	keyWidth = 40
	// nameWidth bounds the name of a column, and a cell of a row that only one side has.
	nameWidth = 24
	// rowWidth bounds a row that only one side has.
	rowWidth = 56
	// keyColumns is how many columns of a key have a column of their own.
	keyColumns = 3
	// shownColumns is how many differing columns are shown of one row.
	shownColumns = 8
)

// DifferenceOptions steer the table of differences.
type DifferenceOptions struct {
	Color  bool
	Indent string
	// Source and Target head the values' columns; "source" and "target" when empty.
	Source, Target string
	// Head heads the first column, "class" when empty, and Names are what stands there for a class, the class itself when absent.
	Head  string
	Names map[result.Class]string
}

// Differences prints the rows in which two datasets differ as a table: class, key, column, and the values of both sides with the
// differing part marked, by colour and underline, or by brackets where there are no colours.
func Differences(w io.Writer, key []string, list []result.Failure, o DifferenceOptions) error {
	d := differences{o: o, key: key, joined: len(key) > keyColumns}
	d.header()
	for i := range list {
		d.row(&list[i])
	}
	_, err := io.WriteString(w, d.text())
	if err != nil {
		return fmt.Errorf("print differences: %w", err)
	}
	return nil
}

type differences struct {
	o      DifferenceOptions
	key    []string
	joined bool // the key's columns share one column
	lines  [][]string
}

// ClassText names a class for people.
func ClassText(c result.Class) string {
	return strings.ReplaceAll(string(c), "_", " ")
}

func (d *differences) header() {
	line := []string{cmp.Or(d.o.Head, "class")}
	if d.joined {
		line = append(line, "key")
	} else {
		for _, k := range d.key {
			line = append(line, Clip(diag.Visible(k), nameWidth))
		}
	}
	source, target := "source", "target"
	if d.o.Source != "" {
		source, target = Clip(diag.Visible(d.o.Source), valueWidth), Clip(diag.Visible(d.o.Target), valueWidth)
	}
	d.lines = append(d.lines, append(line, "column", source, target))
}

// start is the class and the key of a row.
func (d *differences) start(f *result.Failure) []string {
	line := []string{cmp.Or(d.o.Names[f.Class], ClassText(f.Class))}
	var parts []string
	for _, k := range d.key {
		c := f.Key[k]
		if d.joined {
			parts = append(parts, Clip(diag.Visible(k), nameWidth)+"="+CellText(c, keyWidth))
		} else {
			line = append(line, CellText(c, keyWidth))
		}
	}
	if d.joined {
		line = append(line, Clip(strings.Join(parts, " "), 2*rowWidth))
	}
	return line
}

func (d *differences) row(f *result.Failure) {
	line := d.start(f)
	blank := make([]string, len(line))
	switch f.Class {
	case result.Changed:
		for i, c := range f.Columns {
			if i == shownColumns {
				d.lines = append(d.lines, append(slices.Clip(blank), "… and "+diag.Plural(int64(len(f.Columns)-i), "more column"), "", ""))
				break
			}
			x, y := Differing(f.Before[c], f.After[c], valueWidth)
			d.lines = append(d.lines, append(line, Clip(diag.Visible(c), nameWidth), d.marked(red, x), d.marked(green, y)))
			line = slices.Clip(blank)
		}
		d.alsoShown(f, blank)
	case result.Missing:
		d.lines = append(d.lines, append(line, "", d.whole(f, f.Before), "–"))
	case result.Extra:
		d.lines = append(d.lines, append(line, "", "–", d.whole(f, f.After)))
	case result.DuplicateKey:
		d.lines = append(d.lines, append(line, "", diag.Plural(f.SourceRows, "row"), diag.Plural(f.TargetRows, "row")))
	}
}

// alsoShown adds the columns that `show` asks for and that do not differ.
func (d *differences) alsoShown(f *result.Failure, blank []string) {
	differ := map[string]bool{}
	for _, c := range f.Columns {
		differ[c] = true
	}
	for _, c := range f.Order {
		before, ok := f.Before[c]
		if _, isKey := f.Key[c]; isKey || differ[c] || !ok {
			continue
		}
		after := "–" // the target has no such column
		if v, ok := f.After[c]; ok {
			after = CellText(v, valueWidth)
		}
		d.lines = append(d.lines, append(slices.Clip(blank), Clip(diag.Visible(c), nameWidth), CellText(before, valueWidth), after))
	}
}

// marked is a value with its differing part marked.
func (d *differences) marked(color string, p Part) string {
	switch {
	case p.Marked == "":
		return p.String()
	case d.o.Color:
		return p.Before + color + underline + p.Marked + plain + p.After
	case p.Before == "" && p.After == "" || p.Before+p.After == `""`:
		return p.String() // all of it differs
	}
	return p.Before + "[" + p.Marked + "]" + p.After
}

// whole is a row that only one side has, on one line.
func (d *differences) whole(f *result.Failure, cells map[string]result.Cell) string {
	var parts []string
	used := 0
	for _, c := range f.Order {
		v, ok := cells[c]
		if _, isKey := f.Key[c]; isKey || !ok {
			continue
		}
		text := Clip(diag.Visible(c), nameWidth) + "=" + CellText(v, nameWidth)
		if used += textWidth(text) + 1; used > rowWidth && len(parts) > 0 {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "(the row)"
	}
	return strings.Join(parts, " ")
}

// text lays the lines out in columns.
func (d *differences) text() string {
	widths := make([]int, len(d.lines[0]))
	for _, l := range d.lines {
		for i, c := range l {
			widths[i] = max(widths[i], textWidth(c))
		}
	}
	var b strings.Builder
	for n, l := range d.lines {
		var line strings.Builder
		line.WriteString(d.o.Indent)
		for i, c := range l {
			line.WriteString(c)
			line.WriteString(strings.Repeat(" ", widths[i]-textWidth(c)+gap))
		}
		text := strings.TrimRight(line.String(), " ")
		if n == 0 && d.o.Color {
			text = dim + text + plain
		}
		b.WriteString(text + "\n")
	}
	return b.String()
}
