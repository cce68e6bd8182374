package diff

import (
	"context"
	"errors"

	"github.com/assay-dev/assay/connectors"
)

// Of a source that lets several read one snapshot, so many hash ranges at the same time, where it has so many rows and is found by ranges.
const (
	hashers      = 4
	parallelRows = 500_000
)

// share opens up to most sources that hash beside the first. The caller closes them.
func (d *digestSide) share(ctx context.Context, most int) (closing func() error, err error) {
	var more []connectors.Source
	closing = func() error {
		var err error
		for _, s := range more {
			err = errors.Join(err, s.Close())
		}
		return d.in.failed(err)
	}
	snapshot, ok := d.in.source.(connectors.SharedSnapshot)
	if !ok || !d.in.owned || d.server == nil || !d.seeks() || max(d.rows, d.in.from.Schema.Rows) < parallelRows {
		return closing, nil
	}
	if more, err = snapshot.Share(ctx, most); err != nil {
		return closing, d.in.failed(err)
	}
	for _, s := range more {
		if by, ok := s.(connectors.Digester); ok {
			d.helpers = append(d.helpers, by)
		}
	}
	return closing, nil
}

// parallel has f asked for all segments, those of each of its calls being one behind the other.
func (d *digestSide) parallel(ctx context.Context, segs []segment, f func(ctx context.Context, by connectors.Digester, from, to int) error) error {
	n := min(len(d.helpers)+1, len(segs))
	if n <= 1 {
		return f(ctx, d.server, 0, len(segs))
	}
	t := newTask(ctx)
	defer t.cancel()
	for i := range n {
		by := d.server
		if i > 0 {
			by = d.helpers[i-1]
		}
		t.spawn(func(ctx context.Context) error { return f(ctx, by, i*len(segs)/n, (i+1)*len(segs)/n) })
	}
	return t.wait()
}
