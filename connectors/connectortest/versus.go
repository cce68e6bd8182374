package connectortest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// benchRounds is the number of times each side of a comparison is timed.
const benchRounds = 5

// Contender is one of several things that are timed in turn.
type Contender struct {
	Name string
	// Before makes what Run finds, and is not timed; nil for nothing.
	Before func() error
	Run    func() error
}

// InTurn times things in turn, after one warm-up each, logs every time and returns the medians: on a shared machine only their ratios mean
// something, within one run.
func InTurn(b *testing.B, name string, contenders ...Contender) []time.Duration {
	b.Helper()
	clock := func(c Contender) time.Duration {
		if c.Before != nil {
			if err := c.Before(); err != nil {
				b.Fatal(err)
			}
		}
		began := time.Now()
		if err := c.Run(); err != nil {
			b.Fatal(err)
		}
		return time.Since(began)
	}
	for _, c := range contenders {
		clock(c)
	}
	times := make([][]time.Duration, len(contenders))
	for round := range benchRounds {
		for i := range contenders {
			i = (i + round) % len(contenders)
			times[i] = append(times[i], clock(contenders[i]))
		}
	}
	medians := make([]time.Duration, len(contenders))
	for i, c := range contenders {
		b.Logf("%s: %s %v", name, c.Name, times[i])
		slices.Sort(times[i])
		medians[i] = times[i][benchRounds/2]
	}
	return medians
}

// Versus times two things in turn and reports both medians and their ratio, ours to theirs.
func Versus(b *testing.B, name string, ours, theirs func() error) {
	b.Helper()
	m := InTurn(b, name, Contender{Name: "ours", Run: ours}, Contender{Name: "theirs", Run: theirs})
	b.ReportMetric(float64(m[0])/float64(m[1]), name+"-ratio")
	b.ReportMetric(float64(m[0].Milliseconds()), name+"-ours-ms")
	b.ReportMetric(float64(m[1].Milliseconds()), name+"-theirs-ms")
}

// Drain reads a selection to its end; one without rows is a failure.
func Drain(ctx context.Context, src connectors.Source, sel query.Select) error {
	rows, err := src.Select(ctx, sel)
	if err != nil {
		return err
	}
	n := 0
	for {
		batch, err := rows.Next(ctx)
		if err != nil {
			return err
		}
		if batch == nil {
			break
		}
		n += batch.N
	}
	if n == 0 {
		return errors.New("nothing was read")
	}
	return rows.Close()
}

// WholeRows selects every column of a relation.
func WholeRows(rel query.Relation) query.Select {
	sel := query.Select{From: rel}
	for i, c := range rel.Schema.Columns {
		sel.Columns = append(sel.Columns, &query.Column{Index: i, Col: c})
	}
	return sel
}
