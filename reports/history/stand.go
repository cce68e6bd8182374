package history

import "github.com/assay-dev/assay/expectations/result"

// bad reports whether a verdict is one that somebody must look at.
func bad(v result.Verdict) bool { return v == result.Fail || v == result.Error }

// failing says since when e fails, the last run's outcome being known; the zero Outcome stands for none. A run that left it undecided neither adds to the
// row of runs nor ends it: it is not known to have passed.
func failing(rep *result.Report, e *result.Expectation, last Outcome) *result.Failing {
	switch {
	case e.Verdict == result.Pass:
		return nil
	case !bad(e.Verdict):
		return last.Failing
	case last.Failing == nil:
		return &result.Failing{Run: rep.Run.ID, At: rep.Run.Start, Runs: 1}
	}
	f := *last.Failing
	f.Runs++
	return &f
}

// Stand says in rep how its expectations stand to the last run of the job: what Previous returned.
func Stand(rep *result.Report, last *Run, outcomes map[string]Outcome) {
	if last != nil {
		rep.Previous = &result.Previous{ID: last.ID, Start: last.Start, Verdict: last.Verdict, Gone: len(outcomes)}
	}
	seen := map[string]bool{}
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		o, had := outcomes[clean(e.ID)]
		if bad(e.Verdict) {
			e.Failing = failing(rep, e, o)
		}
		if last == nil {
			continue
		}
		if had && !seen[e.ID] {
			seen[e.ID] = true
			rep.Previous.Gone--
		}
		e.Since = since(e.Verdict, had, o.Failing != nil)
		switch e.Since {
		case result.SinceNew:
			rep.Previous.New++
		case result.SinceFixed:
			rep.Previous.Fixed++
		case result.SinceStill:
			rep.Previous.Still++
		case result.SinceUnknown, result.SinceAdded, result.SinceSame:
		}
	}
}

func since(v result.Verdict, had, failed bool) result.Since {
	switch {
	case !had:
		return result.SinceAdded
	case bad(v) && failed:
		return result.SinceStill
	case bad(v):
		return result.SinceNew
	case !failed:
		return result.SinceSame
	case v == result.Pass:
		return result.SinceFixed
	}
	return result.SinceUnknown
}
