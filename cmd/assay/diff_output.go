package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/reports"
)

// diffPrinter writes differences in one format.
type diffPrinter interface {
	// begin is told what is compared, before any row is read.
	begin(c *plan.CompareItem) error
	// difference takes each difference.
	difference(c *plan.CompareItem, d *diff.Difference) error
	// end completes the output of a comparison that came to its end.
	end(c *result.Compare) error
	// failed completes that of one that did not.
	failed(cause error) error
}

// diffOutput is what every format needs.
type diffOutput struct {
	w     io.Writer
	color bool
	quiet bool
	sides [2]address
	limit int64 // differences printed, 0 for all
	n     int64
}

// more counts a difference and reports whether it is to be printed.
func (o *diffOutput) more() bool {
	o.n++
	return o.limit == 0 || o.n <= o.limit
}

func (o *diffOutput) printf(format string, args ...any) error {
	if _, err := fmt.Fprintf(o.w, format, args...); err != nil {
		return fmt.Errorf("write the differences: %w", err)
	}
	return nil
}

// diffFormats are the formats by name.
func diffFormats() map[string]func(diffOutput) diffPrinter {
	return map[string]func(diffOutput) diffPrinter{
		"table":    func(o diffOutput) diffPrinter { return &tableDiff{diffOutput: o} },
		"json":     func(o diffOutput) diffPrinter { return &jsonDiff{diffOutput: o} },
		"csv":      func(o diffOutput) diffPrinter { return &csvDiff{diffOutput: o} },
		"sql-keys": func(o diffOutput) diffPrinter { return &keysDiff{diffOutput: o} },
	}
}

// tableDiff prints a table for people, with every class in it.
type tableDiff struct {
	diffOutput
	sample run.Sample
}

func (t *tableDiff) begin(*plan.CompareItem) error {
	t.sample.Limit = int(t.limit)
	return nil
}

func (t *tableDiff) difference(c *plan.CompareItem, d *diff.Difference) error {
	t.sample.Take(c, d)
	return nil
}

func (t *tableDiff) end(c *result.Compare) error {
	list := t.sample.List()
	if len(list) > 0 {
		if err := reports.Differences(t.w, c.Key, list, reports.DifferenceOptions{Color: t.color, Source: leftName, Target: rightName}); err != nil {
			return err
		}
		if more := c.Counts.Different() - int64(len(list)); more > 0 {
			if err := t.printf("… and %s; --limit shows more\n", diag.Plural(more, "more difference")); err != nil {
				return err
			}
		}
		if err := t.printf("\n"); err != nil {
			return err
		}
	}
	if text := reports.ColumnsText(c); text != "" {
		if err := t.printf("columns: %s\n", text); err != nil {
			return err
		}
	}
	tally := reports.Tally(&c.Counts)
	if reports.Sampled(c) {
		if tally = "of the keys drawn: " + tally; c.Sample.Source.Judged+c.Sample.Target.Judged == 0 {
			tally = "no keys drawn"
		}
	}
	if err := t.printf("%s\n", tally); err != nil {
		return err
	}
	if c.Sample != nil {
		return t.sampled(c)
	}
	if text := reports.Bound(c); text != "" {
		return t.printf("%s\n", text)
	}
	return nil
}

// sampled says what the rows drawn tell of all.
func (t *tableDiff) sampled(c *result.Compare) error {
	lines := []string{""}
	if text := reports.DrawnText(c); text != "" {
		lines = append(lines, text)
	}
	lines = append(lines, sampleText(c))
	for _, line := range append(lines, reports.Estimates(c)...) {
		if err := t.printf("%s\n", line); err != nil {
			return err
		}
	}
	return nil
}

func (t *tableDiff) failed(error) error { return nil }

// jsonDiff writes one document, difference by difference.
type jsonDiff struct {
	diffOutput
	begun   bool
	written int64
}

// diffSchema names the form.
const diffSchema = "assay.diff/v1"

func (j *jsonDiff) begin(*plan.CompareItem) error {
	head, err := marshal(map[string]string{"left": j.sides[0].shown, "right": j.sides[1].shown})
	if err != nil {
		return err
	}
	j.begun = true
	return j.printf("{\"schema\": %q, \"sides\": %s, \"differences\": [", diffSchema, head)
}

func (j *jsonDiff) difference(c *plan.CompareItem, d *diff.Difference) error {
	if !j.more() {
		return nil
	}
	f := run.DifferenceOf(c, d, true)
	line, err := marshal(struct {
		Class     result.Class           `json:"class"`
		Key       map[string]result.Cell `json:"key"`
		Columns   []string               `json:"columns,omitempty"`
		Left      map[string]result.Cell `json:"left,omitempty"`
		Right     map[string]result.Cell `json:"right,omitempty"`
		LeftRows  int64                  `json:"left_rows,omitempty"`
		RightRows int64                  `json:"right_rows,omitempty"`
		Types     map[string]string      `json:"types,omitempty"` // of the cells whose text is escaped
	}{
		f.Class, f.Key, f.Columns, f.Before, f.After, f.SourceRows, f.TargetRows,
		result.Escapes(map[string]map[string]result.Cell{"key": f.Key, "left": f.Before, "right": f.After}),
	})
	if err != nil {
		return err
	}
	comma := ","
	if j.written == 0 {
		comma = ""
	}
	j.written++
	return j.printf("%s\n  %s", comma, line)
}

func (j *jsonDiff) end(c *result.Compare) error {
	shown := *c
	shown.Order = nil // the columns stand in the differences
	text, err := marshal(struct {
		*result.Compare
		WhereUndecided int64 `json:"where_undecided,omitempty"`
	}{&shown, c.WhereUndecided})
	if err != nil {
		return err
	}
	return j.printf("\n], \"complete\": true, \"result\": %s}\n", text)
}

func (j *jsonDiff) failed(cause error) error {
	if !j.begun {
		return nil
	}
	text, err := marshal(cause.Error())
	if err != nil {
		return err
	}
	return j.printf("\n], \"complete\": false, \"error\": %s}\n", text)
}

func marshal(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write the differences: %w", err)
	}
	return result.Inert(b), nil
}
