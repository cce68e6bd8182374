package reports_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
)

// shard is a report with one expectation.
func shard(id string, e result.Expectation) *result.Report {
	rep := empty()
	rep.Run.ID = id
	rep.Run.End = rep.Run.Start.Add(time.Second)
	if e.ID == "" {
		e.ID = "e"
	}
	if e.Severity == "" {
		e.Severity = result.SeverityError
	}
	rep.Expectations = []result.Expectation{e}
	rows := int64(10)
	rep.Datasets = []result.Dataset{{Name: "orders", Rows: &rows, MS: 5}}
	rep.Summary.RecordsChecked = 10
	return rep
}

func rows(v result.Verdict, passed, failed int64) result.Expectation {
	return result.Expectation{Kind: result.KindRow, Verdict: v, Counts: &result.Counts{True: passed, False: failed}}
}

// with changes an expectation.
func with(e result.Expectation, f func(*result.Expectation)) result.Expectation {
	f(&e)
	return e
}

func TestMergeVerdicts(t *testing.T) {
	mostly := func(s string) func(*result.Expectation) { return func(e *result.Expectation) { e.Mostly = s } }
	most := func(n int64) func(*result.Expectation) { return func(e *result.Expectation) { e.MaxFailures = &n } }
	nulls := func(policy string, n int64) func(*result.Expectation) {
		return func(e *result.Expectation) {
			e.OnNull, e.Counts = policy, &result.Counts{True: e.Counts.True, False: e.Counts.False, Undecided: n, UndecidedByNull: n}
		}
	}
	compare := func(v result.Verdict, c result.CompareCounts) result.Expectation {
		return result.Expectation{
			Kind: result.KindCompare, Verdict: v, Counts: &result.Counts{True: c.Identical + c.InFlight, False: c.Different()},
			Compare: &result.Compare{Strategy: "merge", Counts: c, Columns: map[string]int64{"a": c.Changed}, Bound: 1e-9},
		}
	}
	said := func(v result.Verdict, kind result.Kind, where string) result.Expectation {
		return result.Expectation{Kind: kind, Verdict: v, Name: "unique", Ran: result.Ran{Where: where}, Message: "of " + string(v)}
	}
	for name, c := range map[string]struct {
		a, b    result.Expectation
		want    result.Verdict
		message string
	}{
		"all hold":        {rows(result.Pass, 3, 0), rows(result.Pass, 4, 0), result.Pass, "0 of 7 rows fail in 2 shards"},
		"one fails":       {rows(result.Pass, 3, 0), rows(result.Fail, 4, 1), result.Fail, "1 of 8 rows"},
		"mostly exact":    {with(rows(result.Fail, 2, 1), mostly("0.7")), with(rows(result.Pass, 5, 2), mostly("0.7")), result.Pass, "3 of 10 rows fail in 2 shards, a share of 0.7"},
		"mostly too few":  {with(rows(result.Pass, 69_999_998, 0), mostly("0.7")), with(rows(result.Fail, 0, 30_000_002), mostly("0.7")), result.Fail, ""},
		"a shard's pass":  {with(rows(result.Pass, 9, 1), most(1)), with(rows(result.Pass, 9, 1), most(1)), result.Fail, "at most 1 may"},
		"null fails":      {with(rows(result.Pass, 9, 0), nulls("fail", 0)), with(rows(result.Fail, 9, 0), nulls("fail", 1)), result.Fail, ""},
		"null passes":     {with(rows(result.Pass, 9, 0), nulls("pass", 1)), rows(result.Pass, 9, 0), "", ""},
		"an error":        {rows(result.Fail, 1, 1), with(rows(result.Error, 0, 0), func(e *result.Expectation) { e.Message = "no table" }), result.Error, "in 1 of 2 shards: no table"},
		"skipped twice":   {said(result.Skipped, result.KindRow, ""), said(result.Skipped, result.KindRow, ""), result.Skipped, "of skipped"},
		"skipped, holds":  {rows(result.Pass, 5, 0), result.Expectation{Kind: result.KindRow, Verdict: result.Skipped}, result.Inconclusive, "1 of 2 shards did not judge"},
		"skipped, fails":  {rows(result.Fail, 5, 1), result.Expectation{Kind: result.KindRow, Verdict: result.Skipped}, result.Fail, ""},
		"no rows":         {rows(result.Pass, 0, 0), rows(result.Pass, 0, 0), result.Pass, "no rows"},
		"no rows, skip":   {rows(result.Pass, 0, 0), result.Expectation{Kind: result.KindRow, Verdict: result.Skipped}, result.Inconclusive, "1 of 2 shards did not judge"},
		"schema, skipped": {said(result.Skipped, result.KindSchema, "schema"), said(result.Pass, result.KindSchema, "schema"), result.Inconclusive, "1 of 2 shards did not judge"},
		"no rows, failed": {rows(result.Pass, 0, 0), with(rows(result.Fail, 0, 0), func(e *result.Expectation) { e.Message = "empty" }), result.Fail, "empty"},
		"half empty":      {rows(result.Pass, 4, 0), with(rows(result.Fail, 0, 0), func(e *result.Expectation) { e.Message = "empty" }), result.Pass, "4 rows"},
		"proved":          {said(result.Pass, result.KindSet, "constraint"), said(result.Pass, result.KindSet, "constraint"), result.Pass, "of pass"},
		"schema":          {said(result.Pass, result.KindSchema, "schema"), said(result.Fail, result.KindSchema, "schema"), result.Fail, "of fail"},
		"orphans": {
			with(rows(result.Pass, 4, 0), func(e *result.Expectation) { e.Orphans = &result.Orphans{} }),
			with(rows(result.Fail, 4, 0), func(e *result.Expectation) {
				e.Orphans = &result.Orphans{Failing: 2, Aliases: map[string]int64{"c": 2}}
			}), result.Fail, "2 of 10 rows",
		},
		"compared":         {compare(result.Pass, result.CompareCounts{Identical: 5}), compare(result.Fail, result.CompareCounts{Identical: 5, Changed: 1, Extra: 1}), result.Fail, "2 of 12 keys"},
		"compared, agrees": {compare(result.Pass, result.CompareCounts{Identical: 5}), compare(result.Pass, result.CompareCounts{InFlight: 5}), result.Pass, "0 of 10 keys"},
		"never settled":    {compare(result.Pass, result.CompareCounts{Identical: 5}), compare(result.Inconclusive, result.CompareCounts{Unsettled: 1}), result.Inconclusive, "nothing is known of 1 key"},
	} {
		got, err := reports.Merge([]*result.Report{shard("a", c.a), shard("b", c.b)}, "merged")
		if c.want == "" {
			if err == nil {
				t.Errorf("%s: two shards that ask different things were merged", name)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		e := got.Expectations[0]
		if e.Verdict != c.want || !strings.Contains(e.Message, c.message) {
			t.Errorf("%s: %s, not %s: %s", name, e.Verdict, c.want, e.Message)
		}
		if s := got.Summary; s.RecordsChecked != 20 || s.Passed+s.Failed+s.Inconclusive+s.Errored+s.Skipped != 1 {
			t.Errorf("%s: %+v", name, s)
		}
		if d := got.Datasets[0]; *d.Rows != 20 || d.MS != 10 {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// TestMergeIsTheWhole splits rows at every place: the merged report says what that of all rows says.
func TestMergeIsTheWhole(t *testing.T) {
	cell := []bool{true, true, false, true, true, true, false, true, true, true}
	count := func(part []bool) result.Expectation {
		e := rows(result.Pass, 0, 0)
		for _, holds := range part {
			if holds {
				e.Counts.True++
			} else {
				e.Counts.False++
			}
		}
		e.Mostly = "0.8"
		return e
	}
	for at := range len(cell) + 1 {
		a, b := shard("a", count(cell[:at])), shard("b", count(cell[at:]))
		got, err := reports.Merge([]*result.Report{a, b}, "m")
		if err != nil {
			t.Fatal(err)
		}
		e := got.Expectations[0]
		if *e.Counts != (result.Counts{True: 8, False: 2}) || e.Verdict != result.Pass || *e.Rate != 0.8 || *got.Summary.Inconsistency != 0.2 || got.Summary.Verdict != result.Pass {
			t.Errorf("at %d: %+v %+v", at, e, got.Summary)
		}
		if a.Expectations[0].Counts.True+b.Expectations[0].Counts.True != 8 {
			t.Error("the shards were changed")
		}
	}
}

// merged is the merged report of shards, written and read again.
func merged(t *testing.T, id string, shards ...*result.Report) *result.Report {
	t.Helper()
	rep, err := reports.Merge(shards, id)
	if err != nil {
		t.Fatal(err)
	}
	return reread(t, asJSON(t, rep))
}

// TestMergeOfMerges merges three shards of every verdict in every grouping: each says what the three say when they are merged at once.
func TestMergeOfMerges(t *testing.T) {
	kinds := map[string]func(string) result.Expectation{
		"holds": func(string) result.Expectation {
			return with(rows(result.Pass, 9, 1), func(e *result.Expectation) { e.Mostly = "0.8" })
		},
		"fails": func(string) result.Expectation {
			return with(rows(result.Fail, 1, 9), func(e *result.Expectation) { e.Mostly = "0.8" })
		},
		"empty": func(string) result.Expectation {
			return with(rows(result.Pass, 0, 0), func(e *result.Expectation) { e.Mostly = "0.8" })
		},
		"skipped": func(string) result.Expectation {
			return result.Expectation{Kind: result.KindRow, Verdict: result.Skipped, Mostly: "0.8", Message: "of no rows"}
		},
		"broken": func(id string) result.Expectation {
			return result.Expectation{Kind: result.KindRow, Verdict: result.Error, Mostly: "0.8", Message: "no table in " + id}
		},
	}
	verdicts := map[result.Verdict]int{}
	for ka, a := range kinds {
		for kb, b := range kinds {
			for kc, c := range kinds {
				of := func(i int) *result.Report {
					return shard(string("abc"[i]), []func(string) result.Expectation{a, b, c}[i](string("abc"[i])))
				}
				want := asJSON(t, merged(t, "m", of(0), of(1), of(2)))
				for grouping, got := range map[string]*result.Report{
					"(ab)c": merged(t, "m", merged(t, "ab", of(0), of(1)), of(2)),
					"a(bc)": merged(t, "m", of(0), merged(t, "bc", of(1), of(2))),
				} {
					if d := cmp.Diff(want, asJSON(t, got)); d != "" {
						t.Errorf("%s, %s, %s as %s:\n%s", ka, kb, kc, grouping, d)
					}
					if !slices.Equal(got.Run.Parts, []string{"a", "b", "c"}) {
						t.Errorf("%s: its parts are %v", grouping, got.Run.Parts)
					}
					verdicts[got.Expectations[0].Verdict]++
				}
			}
		}
	}
	if len(verdicts) < 5 {
		t.Errorf("only %v came about", verdicts)
	}
}

func TestMergeRefuses(t *testing.T) {
	metric := result.Expectation{Kind: result.KindMetric, Verdict: result.Pass}
	unique := result.Expectation{Kind: result.KindSet, Name: "unique", Verdict: result.Pass, Counts: &result.Counts{}}
	sampled := with(rows(result.Pass, 1, 0), func(e *result.Expectation) { e.Sample = &result.Sample{All: true} })
	report := func(id string, f func(*result.Report)) *result.Report {
		r := shard(id, rows(result.Pass, 1, 0))
		f(r)
		return r
	}
	same := func(*result.Report) {}
	for want, list := range map[string][]*result.Report{
		"two or more":       {report("a", same)},
		"given twice":       {report("a", same), report("b", same), report("a", same)},
		"different suites":  {report("a", same), report("b", func(r *result.Report) { r.Run.Suite = "other" })},
		"was changed":       {report("a", same), report("b", func(r *result.Report) { r.Run.Digest = "other" })},
		"read a sample":     {report("a", same), report("b", func(r *result.Report) { r.Run.Mode = "sample" })},
		"e: it is a metric": {shard("a", metric), shard("b", metric)},
		"e: unique":         {shard("a", unique), shard("b", unique)},
		"samples of parts":  {shard("a", sampled), shard("b", sampled)},
		"different things":  {shard("a", rows(result.Pass, 1, 0)), shard("b", with(rows(result.Pass, 1, 0), func(e *result.Expectation) { e.Where = "x" }))},
		"run a is a part of the merged report ab:":          {merged(t, "ab", report("a", same), report("b", same)), report("a", same)},
		"run b is a part of the merged report bc:":          {report("b", same), merged(t, "bc", report("b", same), report("c", same))},
		"run b is a part of both merged reports ab and bc:": {merged(t, "ab", report("a", same), report("b", same)), merged(t, "bc", report("b", same), report("c", same))},
		"no number": {
			shard("a", with(rows(result.Pass, 1, 0), func(e *result.Expectation) { e.Mostly = "most" })),
			shard("b", with(rows(result.Pass, 1, 0), func(e *result.Expectation) { e.Mostly = "most" })),
		},
	} {
		if _, err := reports.Merge(list, "m"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	// What one shard alone has is taken as it is.
	metric.ID = "m"
	got, err := reports.Merge([]*result.Report{shard("a", rows(result.Pass, 1, 0)), shard("b", metric)}, "m")
	if err != nil || len(got.Expectations) != 2 || got.Summary.Passed != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
}
