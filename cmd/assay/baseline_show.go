package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// shownBaseline is a figure with what is expected of it.
type shownBaseline struct {
	ID   string          `json:"id"`
	Of   result.TrendOf  `json:"of"`
	At   time.Time       `json:"at"` // of the run that is foretold
	Band result.Baseline `json:"baseline"`
	// Points are the runs, the oldest first.
	Points []result.TrendPoint `json:"points"`
}

// showBaselines writes what is expected of the figures.
func (a *app) showBaselines(ctx context.Context, b *figures, f *baselineFlags) error {
	if err := knownFormat(f.format, "text", "json"); err != nil {
		return &flagError{err.Error()}
	}
	if f.limit < 0 {
		return &flagError{fmt.Sprintf("--limit %d: must be 0 or more", f.limit)}
	}
	at := time.Now()
	if f.at != "" {
		var err error
		if at, err = instantOf("--at", f.at, false); err != nil {
			return err
		}
	}
	requests := make([]baseline.Request, len(b.series))
	for i, s := range b.series {
		_, own := b.rules.Expectations[s.ID]
		requests[i] = baseline.RequestFor(b.settings(s), s, at, own)
	}
	points, err := b.store.Points(ctx, b.job, at, requests)
	if err != nil {
		return err
	}
	shown := make([]shownBaseline, len(b.series))
	for i, s := range b.series {
		j := baseline.Foretell(b.settings(s), points[i], baseline.Figure{Of: s.Of, At: at, Unit: b.units[s.ID]})
		out := shownBaseline{ID: s.ID, Of: s.Of, At: at.UTC(), Band: j.Baseline, Points: []result.TrendPoint{}}
		for k, p := range points[i] {
			out.Points = append(out.Points, result.TrendPoint{Run: p.Run, At: p.At, Value: p.Value, Verdict: p.Verdict, Left: j.Left[k]})
		}
		shown[i] = out
	}
	switch {
	case f.format == "json":
		enc := json.NewEncoder(a.stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(shown)
	case b.one:
		return writeBaseline(a.stdout, &shown[0], f.limit)
	}
	return writeBaselines(a.stdout, shown)
}

// writeBaselines writes a line for each figure.
func writeBaselines(w io.Writer, shown []shownBaseline) error {
	rows := [][]string{{"figure", "last", "expected", "from", "to", "learned from", ""}}
	for i := range shown {
		s := &shown[i]
		last := ""
		if n := len(s.Points); n > 0 {
			last = baseline.Spoken(s.Of, s.Points[n-1].Value)
		}
		learned := fmt.Sprintf("%d of %d", s.Band.Learned, s.Band.Needed)
		note := "learning"
		if s.Band.Expected != nil {
			learned, note = diag.Plural(int64(s.Band.Learned), "run"), s.Band.Season
		}
		rows = append(rows, []string{
			diag.Visible(seriesName(baseline.Series{Of: s.Of, ID: s.ID})), last,
			bound(s, s.Band.Expected), bound(s, s.Band.Low), bound(s, s.Band.High), learned, note,
		})
	}
	_, err := io.WriteString(w, columns(rows, 1, 2, 3, 4))
	return err
}

// writeBaseline writes one figure with its runs.
func writeBaseline(w io.Writer, s *shownBaseline, limit int) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s, of a run at %s\n", diag.Visible(seriesName(baseline.Series{Of: s.Of, ID: s.ID})), s.At.Format(time.RFC3339))
	if s.Band.Expected == nil {
		fmt.Fprintf(&text, "%s\n\n", s.Band.Message)
	} else {
		fmt.Fprintf(&text, "expected %s, from %s to %s\n%s\n", bound(s, s.Band.Expected), bound(s, s.Band.Low), bound(s, s.Band.High), s.Band.Message)
		fmt.Fprintf(&text, "learned from %s; %s\n\n", diag.Plural(int64(s.Band.Learned), "run"), s.Band.Method)
	}
	rows := [][]string{{"run", "time", "figure", "verdict", "learned from"}}
	first := 0
	if limit > 0 {
		first = max(len(s.Points)-limit, 0)
	}
	for _, p := range s.Points[first:] {
		learned := "yes"
		if p.Left != "" {
			learned = "no: " + p.Left
		}
		rows = append(rows, []string{diag.Visible(p.Run), p.At.UTC().Format("2006-01-02 15:04 Mon"), baseline.Spoken(s.Of, p.Value), string(p.Verdict), learned})
	}
	text.WriteString(columns(rows, 2))
	_, err := io.WriteString(w, text.String())
	return err
}

// bound is an end of a band. What cannot be below nothing is not said to be.
func bound(s *shownBaseline, v *float64) string {
	if v == nil {
		return ""
	}
	x := *v
	if s.Of != result.TrendObserved {
		x = max(x, 0)
	}
	if s.Of == result.TrendFailureRate {
		x = min(x, 1)
	}
	return baseline.Spoken(s.Of, x)
}
