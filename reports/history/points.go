package history

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/result"
)

// Points implements baseline.Store. A Limit of 0 or less is none. The points of a duration are of runs of any mode: see Mode.
func (s *Store) Points(ctx context.Context, job string, before time.Time, requests []baseline.Request) ([][]baseline.Point, error) {
	return s.points(ctx, job, "", before, requests)
}

// Mode returns the history as a run of that mode sees it: how long a sample took says nothing of how long a full run takes. Rates and values are
// those of the same rows, so their points are of all runs.
func (s *Store) Mode(mode string) baseline.Store { return &ofMode{s, mode} }

type ofMode struct {
	store *Store
	mode  string
}

// Points implements baseline.Store.
func (m *ofMode) Points(ctx context.Context, job string, before time.Time, requests []baseline.Request) ([][]baseline.Point, error) {
	return m.store.points(ctx, job, m.mode, before, requests)
}

// gathering is the state of one call of Points.
type gathering struct {
	requests []*wanted
	byKey    map[uint64][]*wanted
	series   map[uint64]baseline.Series
	duration []*wanted
	open     int // requests that still take points
	first    int // runs that are read at first
	marks    marked
	mode     string // whose durations count, "" for all
}

// The runs that are read at once: as many as the longest request wants, and ever more where some series are not in all runs. What PostgreSQL has
// been asked for it sends, wanted or not.
const (
	fewestRead = 16
	mostRead   = 1024
)

func gather(requests []baseline.Request) (g *gathering, since int64) {
	g = &gathering{byKey: make(map[uint64][]*wanted, len(requests)), series: make(map[uint64]baseline.Series, len(requests)), open: len(requests), first: fewestRead}
	since = math.MaxInt64
	for _, r := range requests {
		w := &wanted{limit: r.Limit, since: math.MinInt64}
		if r.Limit <= 0 {
			w.limit, g.first = -1, mostRead
		}
		g.first = min(max(g.first, r.Limit), mostRead)
		if !r.Since.IsZero() {
			w.since = micros(r.Since)
		}
		since = min(since, w.since)
		g.requests = append(g.requests, w)
		if r.Series.Of == result.TrendDuration {
			g.duration = append(g.duration, w)
			continue
		}
		key := seriesKey(r.Series.Of, r.Series.ID)
		g.byKey[key], g.series[key] = append(g.byKey[key], w), r.Series
	}
	return g, since
}

// take gives the point to those that want it.
func (g *gathering) take(list []*wanted, started int64, p baseline.Point) {
	for _, w := range list {
		if w.full() || started < w.since {
			continue
		}
		if w.add(p); w.full() {
			g.open--
		}
	}
}

// read reads the runs that started from since up to before, the latest first, until no request takes more.
func (g *gathering) read(ctx context.Context, q querier, job string, before, since int64) error {
	last := int64(0) // of those that started at the same time as the last one read
	for batch := g.first; g.open > 0; batch = min(2*batch, mostRead) {
		n := 0
		err := each(ctx, q, func(scan func(...any) error) (bool, error) {
			n++
			var p baseline.Point
			var took int64
			var mode string
			var figures []byte
			if err := scan(&last, &p.Run, &before, &took, &p.Verdict, &mode, &figures); err != nil {
				return false, err
			}
			return g.open > 0, g.run(p, before, took, mode, figures)
		}, "SELECT seq, id, started, duration_ms, verdict, mode, figures FROM assay_runs WHERE job = $1 AND started >= $2 AND (started < $3 OR started = $3 AND seq < $4) "+
			"ORDER BY started DESC, seq DESC LIMIT $5", job, since, before, last, batch)
		if err != nil || n < batch {
			return err
		}
	}
	return nil
}

// run hands out the points of one run.
func (g *gathering) run(p baseline.Point, started, took int64, mode string, figures []byte) error {
	p.At = instant(started)
	if g.mode == "" || g.mode == mode {
		d := p
		d.Value, d.Mark = float64(took), g.marks.of(p.Run, baseline.Series{Of: result.TrendDuration})
		g.take(g.duration, started, d)
	}
	return unpack(figures, func(key uint64, v result.Verdict, figure float64) {
		if list := g.byKey[key]; list != nil {
			p.Verdict, p.Value, p.Mark = v, figure, g.marks.of(p.Run, g.series[key])
			g.take(list, started, p)
		}
	})
}

func (s *Store) points(ctx context.Context, job, mode string, before time.Time, requests []baseline.Request) ([][]baseline.Point, error) {
	out := make([][]baseline.Point, len(requests))
	if len(requests) == 0 {
		return out, nil
	}
	marks, err := s.marksOf(ctx, job)
	if err != nil {
		return nil, failed("read the marks", err)
	}
	g, since := gather(requests)
	g.marks, g.mode = marks, mode
	if err := g.read(ctx, s.db, clean(job), micros(before), since); err != nil {
		return nil, failed("read the figures of earlier runs", err)
	}
	for i, w := range g.requests {
		slices.Reverse(w.points)
		out[i] = w.points
	}
	return out, nil
}
