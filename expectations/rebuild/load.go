package rebuild

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct/convert"
)

// pair is a column that is read and the one that it is written to.
type pair struct {
	from, to *query.Column
	convert  *convert.Converter
	key      bool
}

// targets are the columns that are written.
func (r *rebuilding) targets() []value.Column {
	out := make([]value.Column, len(r.columns))
	for i := range r.columns {
		out[i] = r.columns[i].to.Col
	}
	return out
}

// load fills the shadow, and returns the number of rows.
func (r *rebuilding) load(ctx context.Context, to connectors.Rebuild) (n int64, err error) {
	total, err := r.count(ctx)
	if err != nil {
		return 0, err
	}
	columns := make([]*query.Column, len(r.columns))
	types := make([]value.Type, len(r.columns))
	for i := range r.columns {
		columns[i], types[i] = r.columns[i].from, r.columns[i].to.Col.Type
	}
	rows, err := r.from.Select(ctx, query.Select{From: r.read, Columns: columns, Beside: true})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out := value.NewBatch(types...)
	began := time.Now()
	for {
		in, err := rows.Next(ctx)
		if err != nil {
			return n, err
		}
		if in == nil {
			return n, nil
		}
		out.Clear()
		for i := range in.N {
			if err := r.row(out, in, i); err != nil {
				return n, err
			}
		}
		if err := to.Load(ctx, out); err != nil {
			return n, err
		}
		n += int64(in.N)
		r.progress(StepLoad, n, total, began)
		if err := r.pace(ctx, n, began); err != nil {
			return n, err
		}
	}
}

// row converts one row.
func (r *rebuilding) row(out, in *value.Batch, i int) error {
	row := make([]value.Value, len(r.columns))
	for c := range r.columns {
		p := &r.columns[c]
		if in.Cols[c].IsErr(i) {
			return fmt.Errorf("column %s of a row%s holds what cannot be represented", p.from.Col.Name, r.keyOf(in, i))
		}
		v, err := p.convert.Convert(in.Cols[c].Value(i))
		if err != nil {
			return fmt.Errorf("column %s of a row%s: %w", p.from.Col.Name, r.keyOf(in, i), err)
		}
		row[c] = v
	}
	out.AppendRow(row...)
	return nil
}

// keyOf names a row by its key, but for what is masked.
func (r *rebuilding) keyOf(in *value.Batch, i int) string {
	var text strings.Builder
	for c := range r.columns {
		p := &r.columns[c]
		if !p.key || in.Cols[c].IsErr(i) {
			continue
		}
		if r.item.Compare.Masking(p.from, nil) != "" || r.item.Compare.Masking(nil, p.to) != "" {
			return ""
		}
		text.WriteString(" " + p.from.Col.Name + "=" + in.Cols[c].Value(i).Text())
	}
	return text.String()
}

// count is the number of rows to be loaded.
func (r *rebuilding) count(ctx context.Context) (int64, error) {
	b, err := r.from.Aggregate(ctx, query.Aggregate{From: r.read, Measures: []query.Measure{{Kind: query.MeasureCount}}})
	if err != nil {
		return -1, err
	}
	if b.N != 1 || len(b.Cols) == 0 {
		return -1, errors.New("counting the rows gave no number")
	}
	return b.Cols[0].Value(0).Int(), nil
}

// pace waits until no more rows than the rate allows were loaded.
func (r *rebuilding) pace(ctx context.Context, n int64, began time.Time) error {
	if r.o.Rate <= 0 {
		return nil
	}
	wait := time.Until(began.Add(time.Duration(float64(n) / r.o.Rate * float64(time.Second))))
	if wait <= 0 {
		return nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
