package diff

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
)

// SampleOptions say how many rows are drawn, and who is told of them.
type SampleOptions struct {
	// Rows is the number of rows to draw of each side, at least 1.
	Rows int
	// Seed decides which: the same seed draws the same rows of unchanged data. The two sides are drawn from independently of each other.
	Seed uint64
	// MaxTime ends the drawing of either side after so long; 0 for never. What was drawn by then is looked up all the same, unless a part of
	// it can be left.
	MaxTime time.Duration
	// Begin is told how the rows of a side are drawn, before the first; nil for nobody.
	Begin func(from canon.Side, d query.SampleDesign) error
	// Take is told what rows drawn of a side have shown, in random order; its answer ends the side: enough is known. nil for nobody. Under
	// Spec.Settle what differed at first comes at the end, and no answer ends anything.
	Take func(from canon.Side, draws []Draw) (enough bool, err error)
}

// Draw is what a row drawn at random has shown.
type Draw struct {
	// Class is that of its key: Missing is of rows drawn of the source, Extra of those of the target. A row whose key several rows of either side
	// have is a DuplicateKey, as often as one of these rows is drawn.
	Class Class
	// Alone says that the other side has no row with the key, whatever the class.
	Alone bool
	// Weight is the inverse of the probability with which a draw yields the row, where query.SampleDesign.Weighted; else 1.
	Weight float64
}

// Ending says what ended the drawing before all rows wanted had come.
type Ending string

// The endings.
const (
	EndedRows    Ending = "rows" // there were no more
	EndedTime    Ending = "time"
	EndedDecided Ending = "decided" // SampleOptions.Take had enough
)

// Way is one direction of a sampled comparison: rows drawn of one side and looked up in the other.
type Way struct {
	// Design is how the rows were drawn, with what it came to.
	Design query.SampleDesign
	// Wanted rows were asked for and Drawn came. Of them Judged meet Side.Where and were looked up; Undecided is how many the condition left
	// undecided, where it was evaluated here.
	Wanted, Drawn, Judged, Undecided int64
	// Counts tell the Judged apart. A row whose key stands for several counts by itself.
	Counts Counts
	// All says that every row of the side was drawn.
	All   bool
	Ended Ending
	// Asked says how the rows of keys were read, of the source and of the target; no Method where a side was not asked.
	Asked [2]Read
}

// SampleResult is what a sampled comparison found. Its Result is that of all the keys drawn, of either side, each counted once.
type SampleResult struct {
	Result

	// Ways are the rows drawn of the source, and those drawn of the target.
	Ways [2]Way
}

// ErrNoSampler is a side of which no rows can be drawn at random.
var ErrNoSampler = connectors.Own("it draws no rows at random")

// targetSeed keeps the draws of the two sides apart: a table and its copy would else show the same rows twice.
const targetSeed = 0x9E3779B97F4A7C15

// Sample compares rows that are drawn at random: rows of the source with what the target has of their keys, then rows of the target with what the
// source has. Within each direction it reads what it draws and the rows of these keys, not the tables, where the sources allow. Each difference is handed to
// sink once, in key order, when all are known.
//
// What is missing is found among the rows of the source only and what is extra among those of the target; the other differences are met both ways.
func Sample(ctx context.Context, s Spec, o SampleOptions, sink func(Difference) error, progress func(Progress)) (SampleResult, error) {
	var res SampleResult
	if err := s.check(); err != nil {
		return res, err
	}
	if o.Rows < 1 {
		return res, fmt.Errorf("%w: a sample of %d rows", ErrSpec, o.Rows)
	}
	res.Partial = true
	x := newSampling(&s, &o, &res, sink, progress)
	err := x.run(ctx)
	if e := x.close(); err == nil {
		err = e
	}
	x.out.tell()
	for side := range res.Reads {
		res.Reads[side].Statements = x.out.sent[side].Load()
	}
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("the comparison was ended: %w", context.Cause(ctx))
		}
		return res, err
	}
	res.Partial = false
	return res, nil
}

// PlanSample says how the rows of the two sides would be drawn, and what that would cost.
func PlanSample(ctx context.Context, s Spec, o SampleOptions) ([2]query.SampleDesign, error) {
	var designs [2]query.SampleDesign
	err := planSample(&s, func(side int, src connectors.Sampler, in *input) (err error) {
		designs[side], err = src.PlanSample(ctx, in.sample(&o, in.cols))
		return err
	})
	return designs, err
}

// ExplainSample is PlanSample with the statements that draw, of sides that show theirs. Those that look up the rows drawn on the other side are not among them.
func ExplainSample(ctx context.Context, s Spec, o SampleOptions) ([2]query.SampleDesign, [2][]query.Statement, error) {
	var designs [2]query.SampleDesign
	var sent [2][]query.Statement
	err := planSample(&s, func(side int, src connectors.Sampler, in *input) (err error) {
		if x, ok := src.(connectors.SampleExplainer); ok {
			designs[side], sent[side], err = x.ExplainSample(ctx, in.sample(&o, in.cols))
			return err
		}
		designs[side], err = src.PlanSample(ctx, in.sample(&o, in.cols))
		return err
	})
	return designs, sent, err
}

// planSample has the draws of both sides planned.
func planSample(s *Spec, plan func(side int, src connectors.Sampler, in *input) error) error {
	if err := s.check(); err != nil {
		return err
	}
	return both(func(side int) (err error) {
		in := inputOf(s, canon.Side(side), &Read{}, new(atomic.Int64)) //nolint:gosec // 0 or 1
		if err := in.placeUncounted(s.side(in.side).Where); err != nil {
			return in.failed(err)
		}
		src, ok := in.source.(connectors.Sampler)
		if !ok {
			return in.failed(ErrNoSampler)
		}
		return in.failed(plan(side, src, in))
	})
}

// sample is the request for rows of the side.
func (in *input) sample(o *SampleOptions, cols []*query.Column) query.Sample {
	seed := o.Seed
	if in.side == canon.Right {
		seed ^= targetSeed
	}
	return query.Sample{From: in.from, Columns: cols, Where: in.where, N: o.Rows, Seed: seed, BatchRows: chunk}
}

// placeUncounted decides who evaluates the condition. Rows that it leaves undecided are not counted where the source does: that would read them all.
func (in *input) placeUncounted(where query.Expr) error {
	switch {
	case where == nil:
		return nil
	case in.source.Caps().Expr(in.from, where) == nil:
		in.where = where
		return nil
	}
	return in.sift(where)
}
