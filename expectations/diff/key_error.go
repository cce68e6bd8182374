package diff

import (
	"context"
	"fmt"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// KeyError says that a key holds a value that its engine could not represent, so that nothing can be said of its row.
type KeyError struct {
	Column string
	// Row is the row's place among those that were read of the side, from 1, in the order in which they came; 0 where that says nothing.
	Row int64
	// Rest is what the other columns of the key hold.
	Rest []KeyCell
}

// KeyCell is a column of a key with its value.
type KeyCell struct {
	Column string
	Value  value.Value
}

// WithoutValues is the error without what the other columns of the key hold.
func (e *KeyError) WithoutValues() string {
	bare := *e
	bare.Rest = nil
	return bare.Error()
}

// Error implements error.
func (e *KeyError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "key column %q holds a value that cannot be represented, so its rows cannot be paired", e.Column)
	sep := ": "
	if e.Row > 0 {
		fmt.Fprintf(&b, ": row %d of those read", e.Row)
		sep = ", "
	}
	for _, c := range e.Rest {
		fmt.Fprintf(&b, "%s%s %s", sep, c.Column, shortly(c.Value))
		sep = ", "
	}
	return b.String()
}

// shortly is a value as a message shows it.
func shortly(v value.Value) string {
	const most = 60 // characters
	text := []rune(v.Text())
	end := ""
	if len(text) > most {
		text, end = text[:most], "…"
	}
	switch v.Kind() {
	case value.String, value.Bytes, value.JSON, value.List:
		return fmt.Sprintf("%q", string(text)) + end
	default:
		return string(text) + end
	}
}

// represented refuses keys in error.
func (k keyOrder) represented(b *value.Batch, side canon.Side) error {
	return k.representedAfter(-1, b, side)
}

// representedAfter refuses keys in error of a batch that comes after so many rows, -1 where that says nothing.
func (k keyOrder) representedAfter(rows int64, b *value.Batch, side canon.Side) error {
	for c := range k {
		i := firstSet(b.Cols[c].Errs, b.N)
		if i == b.N {
			continue
		}
		e := &KeyError{Column: k[c].of(side).Col.Name}
		if rows >= 0 {
			e.Row = rows + int64(i) + 1
		}
		for other := range k {
			if v := &b.Cols[other]; !v.IsErr(i) {
				e.Rest = append(e.Rest, KeyCell{k[other].of(side).Col.Name, v.Value(i)})
			}
		}
		return e
	}
	return nil
}

// numbered counts the rows of a stream that is to be sorted, and refuses keys in error while their rows' places are known.
type numbered struct {
	connectors.Rows

	in *input
	n  int64
}

// Next implements connectors.Rows.
func (r *numbered) Next(ctx context.Context) (*value.Batch, error) {
	b, err := r.Rows.Next(ctx)
	if b == nil || err != nil {
		return nil, err
	}
	err = r.in.key.representedAfter(r.n, b, r.in.side)
	r.n += int64(b.N)
	return b, err
}
