package reports

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// Findings below the sum of a comparison, and columns there, are bounded: a table may have hundreds.
const (
	shownFindings = 6
	shownCounts   = 12
)

// Tally is a comparison's counts in one line, those of no key left out: "5 changed, 2 missing, 1,000 identical".
func Tally(c *result.CompareCounts) string {
	var parts []string
	for _, x := range []struct {
		n    int64
		what string
	}{
		{c.Changed, "changed"},
		{c.Missing, "missing"},
		{c.Extra, "extra"},
		{c.DuplicateKey, "with a duplicate key"},
		{c.Unsettled, "unsettled"},
		{c.InFlight, "in flight"},
		{c.Identical, "identical"},
	} {
		if x.n > 0 {
			parts = append(parts, diag.Group(x.n)+" "+x.what)
		}
	}
	if len(parts) == 0 {
		return "no rows on either side"
	}
	return strings.Join(parts, ", ")
}

// ColumnCount is a compared column with the number of rows in which it differs.
type ColumnCount struct {
	Name string
	N    int64
}

// DifferingColumns are the columns that differ anywhere, the most often first.
func DifferingColumns(c *result.Compare) []ColumnCount {
	var out []ColumnCount
	for name, n := range c.Columns {
		if n > 0 {
			out = append(out, ColumnCount{name, n})
		}
	}
	slices.SortFunc(out, func(a, b ColumnCount) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(slices.Index(c.Order, a.Name), slices.Index(c.Order, b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// ColumnsText is DifferingColumns in one line: "total 3, status 2".
func ColumnsText(c *result.Compare) string {
	var parts []string
	list := DifferingColumns(c)
	for i, x := range list {
		if i == shownCounts {
			parts = append(parts, "… and "+diag.Plural(int64(len(list)-i), "more column"))
			break
		}
		parts = append(parts, Clip(diag.Visible(x.Name), cellWidth)+" "+diag.Group(x.N))
	}
	return strings.Join(parts, ", ")
}

// Bound says how sure a comparison by digests is, "" where every row was read.
func Bound(c *result.Compare) string {
	if c.Bound == 0 {
		return ""
	}
	return "a digest hides a difference with probability at most " + strconv.FormatFloat(c.Bound, 'g', 2, 64)
}

// Sampled reports whether a comparison was judged by rows drawn at random.
func Sampled(c *result.Compare) bool {
	return c.Sample != nil && c.Sample.Source != nil && c.Sample.Target != nil
}

// DrawnText says how rows were drawn where the comparison was judged by them: "10,000 of 1,500,000 source rows by page and line, …; seed 42", else "".
func DrawnText(c *result.Compare) string {
	if !Sampled(c) {
		return ""
	}
	var parts []string
	for _, x := range []struct {
		name string
		way  *result.CompareWay
	}{{"source", c.Sample.Source}, {"target", c.Sample.Target}} {
		w := x.way
		text := drawn(w.Drawn, w.Rows, w.RowsExact, x.name+" row", w.Method, w.Linear)
		if strings.HasPrefix(w.Lookup, "among all rows") {
			text += ", looked up " + diag.Visible(w.Lookup) + " of the other side"
		}
		parts = append(parts, text)
	}
	return "drawn: " + strings.Join(parts, "; ") + "; seed " + diag.Visible(c.Sample.Seed)
}

// SampleText says how rows were drawn where an expectation was judged by them and they were not all: "drawn: 500 of about 30,000 rows by random key; seed 42",
// else "".
func SampleText(e *result.Expectation) string {
	s := e.Sample
	if s == nil || s.All {
		return ""
	}
	text := "drawn: " + drawn(s.Drawn, s.Rows, s.RowsExact, "row", s.Method, s.Linear)
	if n := int64(len(s.Strata)); n == 1 {
		text += " in 1 stratum"
	} else if n > 1 {
		text += " in " + diag.Group(n) + " strata"
	}
	return text + "; seed " + diag.Visible(s.Seed)
}

// drawn says how many rows were drawn, of how many where that is known, and how.
func drawn(n int64, rows *int64, exact bool, noun, method string, linear bool) string {
	text := diag.Group(n)
	switch {
	case rows != nil && exact:
		text += " of " + diag.Plural(*rows, noun)
	case rows != nil:
		text += " of about " + diag.Plural(*rows, noun)
	default:
		text = diag.Plural(n, noun)
	}
	if method != "" {
		text += " by " + diag.Visible(method)
	}
	if linear {
		text += " (reads them all)"
	}
	return text
}

// Estimates are what the rows drawn say of all rows, a line each: "changed: 0.08 % of source rows (between 0.03 % and 0.17 %), with 99 % confidence".
func Estimates(c *result.Compare) []string {
	if !Sampled(c) {
		return nil
	}
	var out []string
	for i := range c.Sample.Estimates {
		out = append(out, diag.Visible(c.Sample.Estimates[i].Sentence))
	}
	return out
}

// Pick chooses n differences of a list in order, so that every class is among them if there is room.
func Pick(list []result.Failure, n int) []result.Failure {
	if len(list) <= n {
		return list
	}
	const classes = 4
	share := max(n/classes, 1)
	taken := make([]bool, len(list))
	of := map[result.Class]int{}
	left := max(n, 0)
	for round := range 2 {
		for i := range list {
			if left > 0 && !taken[i] && (round > 0 || of[list[i].Class] < share) {
				taken[i] = true
				of[list[i].Class]++
				left--
			}
		}
	}
	var out []result.Failure
	for i := range list {
		if taken[i] {
			out = append(out, list[i])
		}
	}
	return out
}

// comparison prints what two datasets differ in.
func (p *printer) comparison(e *result.Expectation) {
	c := e.Compare
	if c == nil {
		return
	}
	if text := DrawnText(c); text != "" {
		p.printf("  %s\n", p.paint(dim, "source "+Clip(diag.Visible(c.Source), cellWidth)+"; target "+Clip(diag.Visible(c.Target), cellWidth)+"; "+text))
		for _, x := range Estimates(c) {
			p.printf("  %s\n", x)
		}
	} else {
		p.sides(c)
	}
	if text := ColumnsText(c); text != "" {
		p.printf("  columns: %s\n", text)
	}
	for i, f := range c.Findings {
		if i == shownFindings {
			p.printf("  %s\n", p.paint(dim, "… and "+diag.Plural(int64(len(c.Findings)-i), "more note")+" on columns"))
			break
		}
		p.printf("  %s\n", p.paint(dim, "note: "+Clip(diag.Visible(f.Text), messageWidth)))
	}
	if text := Bound(c); text != "" {
		p.printf("  %s\n", p.paint(dim, text))
	}
	list := Pick(e.Failures, p.o.Rows)
	if len(list) == 0 || p.err != nil {
		return
	}
	p.err = Differences(p.w, c.Key, list, DifferenceOptions{Color: p.o.Color, Indent: "    "})
}

// sides prints how many rows were compared.
func (p *printer) sides(c *result.Compare) {
	p.printf("  %s\n", p.paint(dim, "source "+Clip(diag.Visible(c.Source), cellWidth)+": "+diag.Plural(c.Counts.SourceRows, "row")+
		"; target "+Clip(diag.Visible(c.Target), cellWidth)+": "+diag.Plural(c.Counts.TargetRows, "row")+
		"; "+diag.Plural(c.Counts.Identical+c.Counts.InFlight, "key")+" of both agree"))
}
