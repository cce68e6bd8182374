package run

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/sample"
	"github.com/assay-dev/assay/expectations/spec"
)

// errWeightedStrata says why strata are not judged.
var errWeightedStrata = connectors.Own("rows of a stratum are drawn with unequal chances, by which strata are not judged together; sample it without --stratify")

// stratum is the rows of one value of the column that a dataset is stratified by.
type stratum struct {
	value value.Value
	// sizes are its rows, for each condition that is counted (plan.SampleJob.StrataAt).
	sizes []int64

	size, wanted int64
	drawn        int64
	whole        bool
	tally        *eval.Aggregator
	counts       []result.Counts
}

// strata counts the strata of the dataset. Both statements read the column of every row.
func (x *execution) strata(ctx context.Context) ([]stratum, error) {
	j := x.d.Strata
	name := j.Column.Col.Name
	x.r.progress(Event{Dataset: x.d.Spec.Name, Step: "group", Total: x.d.Relation.Schema.Rows})
	b, err := x.source.Aggregate(ctx, j.Distinct)
	if err != nil {
		return nil, err
	}
	out := split(b, 0, j.Distinct.Measures)[0][0]
	switch errored := out[len(out)-1].Int(); {
	case errored > 0:
		return nil, plainError{fmt.Errorf("--stratify %s: its value cannot be represented in %s; sample them without --stratify", name, diag.Plural(errored, "row"))}
	case out[0].Int() > plan.MostStrata:
		return nil, plainError{fmt.Errorf("--stratify %s: it has %s different values, and at most %s strata are drawn; take a column of fewer", name, diag.Group(out[0].Int()), diag.Group(plan.MostStrata))}
	}
	if b, err = x.source.Aggregate(ctx, j.Sizes); err != nil {
		return nil, err
	}
	groups := split(b, 1, j.Sizes.Measures)
	all := make([]stratum, b.N)
	for i := range all {
		if b.Cols[0].Errs.Get(i) {
			return nil, connectors.Own("--stratify " + name + ": some of its values cannot be represented; sample the rows without --stratify")
		}
		all[i].value = b.Cols[0].Value(i)
		for m := range j.Sizes.Measures {
			all[i].sizes = append(all[i].sizes, groups[m][i][1].Int())
		}
	}
	return all, nil
}

// parts are the strata of a job, the largest first, with the rows to draw of each.
func (d *drawing) parts(all []stratum) ([]stratum, error) {
	var parts []stratum
	for i := range all {
		if size := all[i].sizes[d.job.StrataAt]; size > 0 {
			parts = append(parts, stratum{value: all[i].value, size: size})
		}
	}
	slices.SortFunc(parts, func(a, b stratum) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.value.Kind(), b.value.Kind()), strings.Compare(a.value.Text(), b.value.Text()))
	})
	sizes := make([]int64, len(parts))
	for i := range parts {
		sizes[i] = parts[i].size
	}
	wanted, err := sample.Allocate(int64(d.job.Query.N), sizes)
	if err != nil {
		return nil, connectors.Own(err.Error()) // of numbers of rows alone
	}
	for i := range wanted {
		parts[i].wanted = wanted[i]
	}
	return parts, nil
}

// runStrata draws stratum by stratum, and judges all together.
func (d *drawing) runStrata(ctx context.Context, all []stratum) error {
	src, ok := d.x.source.(connectors.Sampler)
	if !ok {
		return connectors.Own("its snapshot draws no samples")
	}
	parts, err := d.parts(all)
	if err != nil {
		return err
	}
	limited, cancel := ctx, func() {}
	if most := d.x.r.opts.Sampling.MaxTime; most > 0 {
		limited, cancel = context.WithTimeout(ctx, most)
	}
	defer cancel()
	d.x.r.progress(Event{Dataset: d.x.d.Spec.Name, Step: "sample", Total: int64(d.job.Query.N)})
	d.design = query.SampleDesign{RowsExact: true, Linear: true, Statements: 2, Method: query.SampleAll}
	for i := range parts {
		d.design.Rows += parts[i].size
	}
	d.design.Looked = d.design.Rows
	if err := d.prepare(ctx); err != nil {
		return err
	}
	for i := range parts {
		if parts[i].tally, err = eval.NewAggregator(d.job.Tallies, d.cols); err != nil {
			return err
		}
	}
	how, err := d.drawStrata(ctx, limited, src, parts)
	if err != nil {
		return err
	}
	d.design.Reason = fmt.Sprintf("by strata of %s, %s, for which that column of every row was read", d.job.Strata.Col.Name, countStrata(len(parts)))
	if how != "" {
		d.design.Reason += "; " + how
	}
	for i := range parts {
		b, err := parts[i].tally.Result()
		if err != nil {
			return err
		}
		for _, out := range split(b, 0, d.job.Tallies.Measures) {
			parts[i].counts = append(parts[i].counts, tallyCounts(out[0]))
		}
	}
	return d.finishStrata(parts)
}

// drawStrata draws the rows of all strata, and says how.
func (d *drawing) drawStrata(ctx, limited context.Context, src connectors.Sampler, parts []stratum) (how string, err error) {
	why, err := d.passing(limited, src, parts)
	if err != nil && d.late(ctx, limited) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if why != "" {
		d.design.Method = query.SampleReservoir
		_, err := d.pass(ctx, limited, parts)
		return why, err
	}
	for i := range parts {
		if d.ended == endedTime {
			break
		}
		design, err := d.drawStratum(ctx, limited, src, &parts[i])
		if err != nil {
			return "", fmt.Errorf("the stratum %s: %w", d.stratumName(parts, i), err)
		}
		d.design.Looked += design.Looked
		d.design.Statements += design.Statements
		if i == 0 || design.Method != "" && d.design.Method == query.SampleAll {
			d.design.Method = design.Method
		}
		if how == "" && design.Reason != "" {
			how = "the largest: " + design.Reason
		}
	}
	return how, nil
}

func countStrata(n int) string {
	if n == 1 {
		return "1 stratum"
	}
	return diag.Group(int64(n)) + " strata"
}

// within is the request for rows of one stratum.
func (d *drawing) within(p *stratum) (query.Sample, error) {
	q := d.job.Query
	q.N = int(p.wanted)
	q.Where = plan.Within(q.Where, plan.Stratum(d.job.Strata, p.value))
	if r := d.x.source.Caps().Expr(q.From, q.Where); r != nil {
		return q, fmt.Errorf("%w; sample it without --stratify", r)
	}
	return q, nil
}

// drawStratum draws the rows of one stratum.
func (d *drawing) drawStratum(ctx, limited context.Context, src connectors.Sampler, p *stratum) (design query.SampleDesign, err error) {
	q, err := d.within(p)
	if err != nil {
		return design, err
	}
	late := func(err error) error {
		if d.late(ctx, limited) {
			return nil
		}
		return err
	}
	rows, err := src.Sample(limited, q)
	if err != nil {
		return design, late(err)
	}
	defer func() {
		design = rows.Design()
		_ = rows.Close() // what was wanted is read, or the error that counts is returned
	}()
	if rows.Design().Weighted {
		return design, errWeightedStrata
	}
	for {
		b, err := rows.Next(limited)
		if err != nil {
			return design, late(err)
		}
		if b == nil {
			p.whole = allDrawn(rows.Design(), p.drawn) || p.drawn >= p.size
			return design, nil
		}
		p.drawn += int64(b.N)
		d.rows += int64(b.N)
		if err := p.tally.Add(b); err != nil {
			return design, err
		}
		if err := d.captured.add(b); err != nil {
			return design, err
		}
	}
}

// finishStrata judges what was drawn of all strata.
func (d *drawing) finishStrata(parts []stratum) error {
	whole := true
	for i := range parts {
		whole = whole && parts[i].whole
	}
	if !whole && d.ended == "" && d.rows < int64(d.job.Query.N) {
		d.ended = endedRows
	}
	return d.note(whole, func(i int, a *audit, s *drawn) error {
		for k := range parts {
			a.counts = plus(a.counts, parts[k].counts[i])
		}
		a.rows = d.rows
		s.rows = d.rows
		switch {
		case len(parts) == 0:
			return nil
		case a.refused != "" && !whole:
			return a.finish(s)
		}
		return d.judgeStrata(parts, i, a, s)
	})
}

// judgeStrata judges one expectation.
func (d *drawing) judgeStrata(parts []stratum, i int, a *audit, s *drawn) error {
	var out int64
	strata := make([]sample.Stratum, len(parts))
	for k := range parts {
		p := &parts[k]
		passed, failed := tallied(p.counts[i], a.item.Spec)
		strata[k] = sample.Stratum{Name: d.stratumName(parts, k), Share: float64(p.size) / float64(d.design.Rows), Count: sample.Count{Failed: failed, Drawn: passed + failed}, Out: p.drawn - passed - failed}
		out += strata[k].Out
	}
	if out == 0 && (a.population() > 0 || s.all) {
		for k := range parts {
			if parts[k].drawn <= parts[k].size {
				strata[k].Population = parts[k].size
			}
		}
	}
	judged, err := sample.JudgeStrata(strata, a.tol, a.conf)
	if err != nil {
		return err
	}
	s.judgement = judged.Judgement
	if s.all {
		s.worst = judged.SayWorst(namedStrata)
	}
	at := map[string]int{}
	for k := range strata {
		at[strata[k].Name] = k
	}
	for _, w := range judged.Worst {
		p := &parts[at[w.Name]]
		s.strata = append(s.strata, result.Stratum{
			Name: d.stratumCell(p, at[w.Name]), Rows: p.size, Drawn: p.drawn, Failed: w.Failed, Low: w.Interval.Low, High: w.Interval.High,
		})
	}
	return nil
}

// namedStrata is how many strata a sentence names.
const namedStrata = 3

// nameRunes is how much of a value a sentence shows.
const nameRunes = 60

// stratumName names a stratum in a sentence. Where no values of rows are to be kept it has a number.
func (d *drawing) stratumName(parts []stratum, i int) string {
	if d.x.r.opts.FailureRows <= 0 {
		return fmt.Sprintf("stratum %d by size", i+1)
	}
	text := "null"
	switch m := d.x.d.Spec.Mask[d.job.Strata.Col.Name]; {
	case m == spec.MaskRedact || m == spec.MaskHash && d.x.r.opts.Plan.Masker == nil:
		return fmt.Sprintf("stratum %d by size", i+1) // names tell strata apart
	case m == spec.MaskHash:
		return d.job.Strata.Col.Name + "=" + maskedAs(d.x.r.opts.Plan.Masker, m, result.Cell{Value: parts[i].value}).Text()
	}
	if v := parts[i].value; v.Kind() != value.Null {
		text = v.Text()
		if v.Kind() == value.String {
			text = `"` + text + `"`
		}
	}
	if utf8.RuneCountInString(text) > nameRunes { // the number, for others may begin alike
		text = fmt.Sprintf("%s… (stratum %d by size)", string([]rune(text)[:nameRunes]), i+1)
	}
	return d.job.Strata.Col.Name + "=" + text
}

// stratumCell is the value of a stratum for the report, shown as those of failing rows are.
func (d *drawing) stratumCell(p *stratum, i int) result.Cell {
	if d.x.r.opts.FailureRows <= 0 {
		return result.Cell{Value: value.StringValue(fmt.Sprintf("stratum %d by size", i+1))}
	}
	return clipCell(maskedAs(d.x.r.opts.Plan.Masker, d.x.d.Spec.Mask[d.job.Strata.Col.Name], result.Cell{Value: p.value}), 0)
}

// plus adds counts.
func plus(a, b result.Counts) result.Counts {
	return result.Counts{
		True: a.True + b.True, False: a.False + b.False, Undecided: a.Undecided + b.Undecided, UndecidedByNull: a.UndecidedByNull + b.UndecidedByNull,
		WhereUndecided: a.WhereUndecided + b.WhereUndecided, SkippedNull: a.SkippedNull + b.SkippedNull,
	}
}
