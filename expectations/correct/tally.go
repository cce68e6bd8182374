package correct

import (
	"time"
)

// of returns the counter of an outcome.
func (t *Tally) of(o Outcome) *int64 {
	switch o {
	case Applied:
		return &t.Applied
	case Already:
		return &t.Already
	case Stale:
		return &t.Stale
	case Failed:
		return &t.Failed
	case Altered:
		return &t.Altered
	default:
		return &t.Pending
	}
}

// count counts n changes of a kind.
func (r *Report) count(k kindOf, o Outcome, n int64) {
	*r.Tally.of(o) += n
	for _, x := range []struct {
		m    map[string]Tally
		name string
	}{{r.ByTarget, k.target}, {r.ByAction, k.action}, {r.ByRisk, string(k.risk)}} {
		t := x.m[x.name]
		*t.of(o) += n
		x.m[x.name] = t
	}
}

// name keeps a row that is to be named, as long as there is room.
func (r *Report) name(row *RowOutcome, keep int) {
	if len(r.Rows) < keep {
		r.Rows = append(r.Rows, *row)
	}
}

func newReport(p *Plan, o *Options) Report {
	return Report{
		Kind: p.Header.Kind, Plan: p.Header.Sum, DryRun: o.DryRun, Left: make(map[Risk]int64),
		ByTarget: make(map[string]Tally), ByAction: make(map[string]Tally), ByRisk: make(map[string]Tally),
	}
}

func kindOfChange(c *Change) kindOf { return kindOf{c.Target, string(c.Action), c.Risk} }

// progressEvery is how often progress is told at most.
const progressEvery = 100 * time.Millisecond

// teller tells progress.
type teller struct {
	tell  func(Progress)
	began time.Time
	last  time.Time
}

func (t *teller) event(r *Report, settled int64, last bool) {
	now := time.Now()
	if t.tell == nil || !last && now.Sub(t.last) < progressEvery {
		return
	}
	t.last = now
	t.tell(Progress{Total: r.Selected, Done: settled, Applied: r.Applied, Stale: r.Stale, Failed: r.Failed, Took: now.Sub(t.began)})
}
