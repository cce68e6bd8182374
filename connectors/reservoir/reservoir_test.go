package reservoir_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/reservoir"
	"github.com/assay-dev/assay/connectors/value"
)

// numbers yields rows of a number and its text, n of them, and then err.
type numbers struct {
	n, at  int
	err    error
	closed int
	stall  chan struct{} // Next waits for it, or for its context, where it is set
}

func (r *numbers) Next(ctx context.Context) (*value.Batch, error) {
	if r.stall != nil {
		close(r.stall)
		r.stall = nil
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if r.at == r.n {
		return nil, r.err
	}
	b := value.NewBatch(value.Of(value.Int), value.Of(value.String))
	for range min(700, r.n-r.at) {
		b.AppendRow(value.IntValue(int64(r.at)), value.StringValue("row "+strconv.Itoa(r.at)))
		r.at++
	}
	return b, nil
}

func (r *numbers) Close() error {
	r.closed++
	return nil
}

// TestRows draws few of many rows, so that dropped ones are cleared away: rows stay whole and are drawn alike.
func TestRows(t *testing.T) {
	const rows, n, seeds, buckets = 60_000, 1000, 20, 20
	var counts [buckets]float64
	for seed := range uint64(seeds) {
		from := &numbers{n: rows}
		s := reservoir.New(t.Context(), "draw", from, query.Sample{N: n, Seed: seed, BatchRows: 300}, query.SampleDesign{Method: query.SampleReservoir})
		seen := map[int64]bool{}
		for {
			b, err := s.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if b == nil {
				break
			}
			for i := range b.N {
				k := b.Cols[0].Ints[i]
				if seen[k] || string(b.Cols[1].Bytes(i)) != "row "+strconv.FormatInt(k, 10) {
					t.Fatalf("row %d, %q", k, b.Cols[1].Bytes(i))
				}
				seen[k] = true
				counts[k*buckets/rows]++
			}
		}
		if d := s.Design(); len(seen) != n || d.Rows != rows || !d.RowsExact || d.Looked != rows || d.Method != query.SampleReservoir || from.closed != 1 {
			t.Fatalf("%d rows, %+v, closed %d times", len(seen), d, from.closed)
		}
		if err := s.Close(); err != nil || from.closed != 1 {
			t.Errorf("close: %v, %d", err, from.closed)
		}
	}
	stat := 0.0
	for _, c := range counts {
		const e = float64(n*seeds) / buckets
		stat += (c - e) * (c - e) / e
	}
	if p := connectortest.ChiSquareP(stat, buckets-1); p < 1e-6 {
		t.Errorf("chi-square %v, p = %v", stat, p)
	}
}

// TestEnds fails in the stream, is closed while it reads and is asked after that.
func TestEnds(t *testing.T) {
	bad := errors.New("gone")
	s := reservoir.New(t.Context(), "draw", &numbers{n: 10, err: bad}, query.Sample{N: 20}, query.SampleDesign{})
	for range 2 {
		if b, err := s.Next(t.Context()); b != nil || !errors.Is(err, bad) {
			t.Errorf("%v, %v: a stream that failed yields rows", b, err)
		}
	}
	from := &numbers{n: 10, stall: make(chan struct{})}
	begun := from.stall
	s = reservoir.New(t.Context(), "draw", from, query.Sample{N: 20}, query.SampleDesign{})
	ended := make(chan error, 1)
	go func() {
		_, err := s.Next(t.Context())
		ended <- err
	}()
	<-begun
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	select {
	case err := <-ended:
		if err == nil {
			t.Error("a sample closed while it reads ended as if it were whole")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Next does not end with Close")
	}
	if _, err := s.Next(t.Context()); err == nil {
		t.Error("a closed sample goes on")
	}
	s = reservoir.New(t.Context(), "draw", &numbers{n: 10}, query.Sample{N: 20}, query.SampleDesign{})
	_ = s.Close()
	if _, err := s.Next(t.Context()); connectors.KindOf(err) != connectors.Failed || err == nil {
		t.Errorf("a sample closed at once: %v", err)
	}
}
