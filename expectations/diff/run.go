package diff

import (
	"context"
	"errors"
	"fmt"
)

// defaultMemory is Spec.MemoryBytes where it is 0.
const defaultMemory = 64 << 20

func (s *Spec) memory() int64 {
	if s.MemoryBytes <= 0 {
		return defaultMemory
	}
	return s.MemoryBytes
}

// ErrSpec is a comparison that cannot be run as it stands.
var ErrSpec = errors.New("no comparison")

// Run compares two datasets. Each difference is handed to sink, in key order, as it is found, or where Spec.Settle is set when all of
// them are known to stay; sink decides what to keep, and its error ends the comparison. progress is told now and then; either may be nil.
//
// An error says that the comparison did not come to its end; the result is then Partial. One of a side is a *SideError.
func Run(ctx context.Context, s Spec, sink func(Difference) error, progress func(Progress)) (Result, error) {
	var res Result
	if err := s.check(); err != nil {
		return res, err
	}
	out := newFindings(&res, &s, sink, progress)
	res.Partial = true
	var settle *settling
	if s.Settle > 0 {
		settle = newSettling(&s, out)
		out.candidate = func(d Difference) error { return settle.add(ctx, d) }
	}
	var err error
	switch s.Strategy {
	case Auto, Merge, Digest, "":
		err = runStrategy(ctx, &s, out)
	default:
		err = fmt.Errorf("%w: strategy %q", ErrSpec, s.Strategy)
	}
	if settle != nil {
		if err == nil {
			err = settle.run(ctx)
		}
		if e := settle.close(); err == nil {
			err = e
		}
	}
	out.tell()
	for side := range res.Reads {
		res.Reads[side].Statements = out.sent[side].Load()
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

// check refuses what Align does not make.
func (s *Spec) check() error {
	if len(s.Key) == 0 {
		return fmt.Errorf("%w: there is no key", ErrSpec)
	}
	for i := range s.Key {
		if err := s.Key[i].Form.Orderable(); err != nil {
			return fmt.Errorf("key column %s: %w", s.Key[i].Name, err)
		}
	}
	return nil
}
