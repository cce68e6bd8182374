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

// Versus times two things in turn, after one warm-up each, logs every time and reports both medians and their ratio,
// ours to theirs: on a shared machine only the ratio within one run means something.
func Versus(b *testing.B, name string, ours, theirs func() error) {
	b.Helper()
	clock := func(f func() error) time.Duration {
		began := time.Now()
		if err := f(); err != nil {
			b.Fatal(err)
		}
		return time.Since(began)
	}
	clock(ours)
	clock(theirs)
	var a, z []time.Duration
	for i := range benchRounds {
		if i%2 == 0 {
			a = append(a, clock(ours))
			z = append(z, clock(theirs))
		} else {
			z = append(z, clock(theirs))
			a = append(a, clock(ours))
		}
	}
	b.Logf("%s: ours %v, theirs %v", name, a, z)
	slices.Sort(a)
	slices.Sort(z)
	x, y := a[benchRounds/2], z[benchRounds/2]
	b.ReportMetric(float64(x)/float64(y), name+"-ratio")
	b.ReportMetric(float64(x.Milliseconds()), name+"-ours-ms")
	b.ReportMetric(float64(y.Milliseconds()), name+"-theirs-ms")
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
