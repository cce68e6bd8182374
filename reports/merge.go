package reports

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// mergedErrors is the number of different error messages that a merged report names.
const mergedErrors = 10

// Merge makes one report of those of a run's shards, each of which read a part of the rows: rows are added up, and the verdicts formed anew, with exact
// arithmetic, from the sums. What cannot be told from the reports of parts is an error that names it: the value of a metric, the uniqueness or the order of
// rows of several shards, and samples. What only one shard has is taken as it is. Figures of baselines are those of parts and left out. id names the merged run.
// A shard may be a merged report itself: the whole is the same in whatever order it is merged, and a run that several of the reports hold is an error.
func Merge(shards []*result.Report, id string) (*result.Report, error) {
	if len(shards) < 2 {
		return nil, errors.New("a report is merged of two or more")
	}
	if err := mergeable(shards); err != nil {
		return nil, err
	}
	first := shards[0]
	out := &result.Report{
		Schema: result.SchemaName, Run: first.Run, Expectations: []result.Expectation{}, Datasets: mergedDatasets(shards), Alerts: []result.Alert{},
	}
	out.Run.ID, out.Run.Parts = id, nil
	for _, s := range shards {
		out.Run.Parts = append(out.Run.Parts, partsOf(&s.Run)...)
		if s.Run.Start.Before(out.Run.Start) {
			out.Run.Start = s.Run.Start
		}
		if s.Run.End.After(out.Run.End) {
			out.Run.End = s.Run.End
		}
		for _, a := range s.Alerts {
			if !slices.Contains(out.Alerts, a) {
				out.Alerts = append(out.Alerts, a)
			}
		}
	}
	out.Run.DurationMS = out.Run.End.Sub(out.Run.Start).Milliseconds()
	var ids []string
	parts := map[string][]*result.Expectation{}
	for _, s := range shards {
		for i := range s.Expectations {
			e := &s.Expectations[i]
			if parts[e.ID] == nil {
				ids = append(ids, e.ID)
			}
			parts[e.ID] = append(parts[e.ID], e)
		}
	}
	var refused []error
	for _, id := range ids {
		e, err := mergedExpectation(parts[id])
		if err != nil {
			refused = append(refused, fmt.Errorf("%s: %w", diag.Visible(id), err))
			continue
		}
		out.Expectations = append(out.Expectations, e)
	}
	if len(refused) > 0 {
		return nil, errors.Join(refused...)
	}
	out.Summary = mergedSummary(out, shards)
	return out, nil
}

// partsOf are the ids of the runs that a report is made of.
func partsOf(r *result.Run) []string {
	if len(r.Parts) == 0 {
		return []string{r.ID}
	}
	return r.Parts
}

// mergeable reports what keeps reports from being parts of one run.
func mergeable(shards []*result.Report) error {
	first, in := &shards[0].Run, map[string]string{} // the report that a run is in
	for _, s := range shards {
		r := &s.Run
		for _, part := range partsOf(r) {
			if other, twice := in[part]; twice {
				return givenTwice(part, other, r.ID)
			}
			in[part] = r.ID
		}
		switch {
		case r.Suite != first.Suite || r.Job != first.Job:
			return fmt.Errorf("runs %s and %s are of different suites: %s and %s", diag.Visible(first.ID), diag.Visible(r.ID), diag.Visible(first.Job), diag.Visible(r.Job))
		case r.Digest != first.Digest:
			return fmt.Errorf("runs %s and %s are of the same suite, but it was changed between them", diag.Visible(first.ID), diag.Visible(r.ID))
		case r.Mode != "full":
			return fmt.Errorf("run %s read a sample: what samples of parts tell of all rows, their reports do not say", diag.Visible(r.ID))
		}
	}
	return nil
}

// givenTwice says that the run part is in the reports a and b.
func givenTwice(part, a, b string) error {
	switch {
	case a == b:
		return fmt.Errorf("run %s is given twice: its rows would count twice", diag.Visible(a))
	case a == part || b == part:
		merged := a
		if a == part {
			merged = b
		}
		return fmt.Errorf("run %s is a part of the merged report %s: its rows would count twice; give one of the two", diag.Visible(part), diag.Visible(merged))
	}
	return fmt.Errorf("run %s is a part of both merged reports %s and %s: its rows would count twice; merge the reports that those were made of, each once",
		diag.Visible(part), diag.Visible(a), diag.Visible(b))
}

func mergedDatasets(shards []*result.Report) []result.Dataset {
	out := []result.Dataset{}
	for _, s := range shards {
		for _, d := range s.Datasets {
			d.Trend = nil
			i := slices.IndexFunc(out, func(o result.Dataset) bool { return o.Name == d.Name })
			if i < 0 {
				d.Rows = added(nil, d.Rows)
				out = append(out, d)
				continue
			}
			o := &out[i]
			o.Rows, o.MS, o.Error = added(o.Rows, d.Rows), o.MS+d.MS, cmp.Or(o.Error, d.Error)
		}
	}
	return out
}

// added is the sum of what is known.
func added(a, b *int64) *int64 {
	if a == nil && b == nil {
		return nil
	}
	sum := int64(0)
	for _, n := range []*int64{a, b} {
		if n != nil {
			sum += *n
		}
	}
	return &sum
}

// mergedExpectation is what the shards together say of one expectation.
func mergedExpectation(parts []*result.Expectation) (result.Expectation, error) {
	out := *parts[0]
	if len(parts) == 1 {
		out.Since, out.Failing = "", nil
		return out, nil
	}
	for _, p := range parts[1:] {
		if p.Kind != out.Kind || p.Expression != out.Expression || p.Where != out.Where || p.Mostly != out.Mostly || p.OnNull != out.OnNull ||
			p.Severity != out.Severity || (p.MaxFailures == nil) != (out.MaxFailures == nil) || p.MaxFailures != nil && *p.MaxFailures != *out.MaxFailures {
			return out, errors.New("the shards ask different things by that name")
		}
	}
	if err := mergeableKind(parts); err != nil {
		return out, err
	}
	out.Since, out.Failing, out.Trend, out.Interval, out.Rate = "", nil, nil, nil, nil
	out.Merged = mergedParts(parts)
	out.Failures, out.Ran = []result.Failure{}, result.Ran{Where: out.Ran.Where, Method: "merged from " + diag.Plural(int64(out.Merged.Runs), "shard")}
	for _, p := range parts {
		out.Failures = append(out.Failures, p.Failures...)
		out.Ran.Statements, out.Ran.MS = out.Ran.Statements+p.Ran.Statements, out.Ran.MS+p.Ran.MS
		if p.Ran.Where != out.Ran.Where {
			out.Ran.Where = "server+here"
		}
		for _, r := range p.Ran.Reasons {
			if !slices.Contains(out.Ran.Reasons, r) {
				out.Ran.Reasons = append(out.Ran.Reasons, r)
			}
		}
	}
	return out, judgeMerged(&out, parts)
}

// mergedParts adds up what the runs said of their parts, those of merged reports as they said it then.
func mergedParts(parts []*result.Expectation) *result.Merged {
	out := &result.Merged{}
	for _, p := range parts {
		m := p.Merged
		if m == nil {
			m = &result.Merged{Runs: 1}
			switch p.Verdict {
			case result.Skipped:
				m.Skipped = 1
			case result.Error:
				m.Errored, m.Error = 1, p.Message
			case result.Pass, result.Fail, result.Inconclusive:
			}
		}
		out.Runs, out.Skipped, out.Errored = out.Runs+m.Runs, out.Skipped+m.Skipped, out.Errored+m.Errored
		out.Error = cmp.Or(out.Error, m.Error)
	}
	return out
}

// mergeableKind refuses what sums of rows say nothing about.
func mergeableKind(parts []*result.Expectation) error {
	for _, p := range parts {
		proved := p.Ran.Where == "constraint"
		switch {
		case p.Sample != nil || p.Compare != nil && p.Compare.Sample != nil:
			return errors.New("it was judged by a sample in one of the shards, and samples of parts cannot be added up")
		case p.Kind == result.KindMetric:
			return errors.New("it is a metric, and the values of parts are not the value of the whole: evaluate it in one shard only")
		case p.Kind == result.KindSet && p.Name != "references" && !proved:
			return fmt.Errorf("%s is about rows of several shards together: evaluate it in one shard only", cmp.Or(p.Name, "a set-level check"))
		}
	}
	return nil
}

func mergedCounts(parts []*result.Expectation) (c *result.Counts, o *result.Orphans) {
	for _, p := range parts {
		if p.Counts != nil {
			if c == nil {
				c = &result.Counts{}
			}
			c.True, c.False, c.Undecided = c.True+p.Counts.True, c.False+p.Counts.False, c.Undecided+p.Counts.Undecided
			c.UndecidedByNull, c.WhereUndecided = c.UndecidedByNull+p.Counts.UndecidedByNull, c.WhereUndecided+p.Counts.WhereUndecided
			c.SkippedNull += p.Counts.SkippedNull
		}
		if p.Orphans != nil {
			if o == nil {
				o = &result.Orphans{Aliases: map[string]int64{}}
			}
			o.Failing, o.Skipped, o.NullKeys = o.Failing+p.Orphans.Failing, o.Skipped+p.Orphans.Skipped, o.NullKeys+p.Orphans.NullKeys
			for alias, n := range p.Orphans.Aliases {
				o.Aliases[alias] += n
			}
		}
	}
	return c, o
}

func mergedCompare(parts []*result.Expectation) *result.Compare {
	var out *result.Compare
	for _, p := range parts {
		c := p.Compare
		if c == nil {
			continue
		}
		if out == nil {
			m := *c
			m.Counts, m.Columns, m.Bound, m.WhereUndecided = result.CompareCounts{}, map[string]int64{}, 0, 0
			out = &m
		}
		n, m := &out.Counts, &c.Counts
		n.Identical, n.Changed, n.Missing, n.Extra = n.Identical+m.Identical, n.Changed+m.Changed, n.Missing+m.Missing, n.Extra+m.Extra
		n.DuplicateKey, n.InFlight, n.Unsettled = n.DuplicateKey+m.DuplicateKey, n.InFlight+m.InFlight, n.Unsettled+m.Unsettled
		n.SourceRows, n.TargetRows = n.SourceRows+m.SourceRows, n.TargetRows+m.TargetRows
		for column, k := range c.Columns {
			out.Columns[column] += k
		}
		out.Bound += c.Bound // that any of the digests hid something is at most as likely as all of them together
		out.WhereUndecided += c.WhereUndecided
		if c.Strategy != out.Strategy {
			out.Strategy, out.Reason = "merge", "the shards compared in different ways"
		}
	}
	return out
}

// mergedSummary counts the merged run.
func mergedSummary(out *result.Report, shards []*result.Report) result.Summary {
	s := result.Summary{TopErrors: []result.ErrorCount{}, FixesByType: map[string]int{}}
	messages := map[string]int64{}
	for _, shard := range shards {
		p := &shard.Summary
		s.RecordsChecked, s.RecordsFixed, s.ErrorCount = s.RecordsChecked+p.RecordsChecked, s.RecordsFixed+p.RecordsFixed, s.ErrorCount+p.ErrorCount
		s.Learning += p.Learning
		for kind, n := range p.FixesByType {
			s.FixesByType[kind] += n
		}
		for _, e := range p.TopErrors {
			messages[e.Message] += e.Count
		}
	}
	for _, m := range slices.Sorted(maps.Keys(messages)) {
		s.TopErrors = append(s.TopErrors, result.ErrorCount{Message: m, Count: messages[m]})
	}
	slices.SortStableFunc(s.TopErrors, func(a, b result.ErrorCount) int { return cmp.Compare(b.Count, a.Count) })
	s.TopErrors = s.TopErrors[:min(len(s.TopErrors), mergedErrors)]
	var t, f int64
	for i := range out.Expectations {
		e := &out.Expectations[i]
		s.Count(e)
		if e.Counts != nil {
			t, f = t+e.Counts.True, f+False(e)
		}
	}
	s.Learning = min(s.Learning, s.Skipped)
	if t+f > 0 {
		rate := float64(f) / float64(t+f)
		s.Inconsistency = &rate
	}
	if sec := out.Run.End.Sub(out.Run.Start).Seconds(); sec > 0 {
		s.Throughput = float64(s.RecordsChecked) / sec
	}
	s.Verdict = s.Worst()
	return s
}
