package correct

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// standing is how a row stands to a change.
type standing uint8

const (
	asBefore standing = iota // the guard would hold
	asAfter                  // the change is done
	neither                  // stale
)

// stand says how a row, nil where it is not there, stands to a change whose row is to be after; columns are those in which it is not as it was seen.
func (w *worker) stand(c *Change, row *connectors.Row, after []value.Value, whole bool) (st standing, columns []int) {
	switch {
	case row == nil && c.Action == connectors.Insert:
		return asBefore, nil
	case row == nil && c.Action == connectors.Delete:
		return asAfter, nil
	case row == nil || row.Many:
		return neither, nil
	}
	// A document's version tells more than its columns.
	if c.Document != nil && row.Document != nil && c.Action != connectors.Insert &&
		c.Document.Index == row.Document.Index && c.Document.SeqNo == row.Document.SeqNo && c.Document.PrimaryTerm == row.Document.PrimaryTerm {
		return asBefore, nil
	}
	switch c.Action {
	case connectors.Insert:
		among := c.Set
		if whole {
			among = nil
		}
		if columns = w.written(w.cmp.differ(row.Values, after, row.Errs, among)); len(columns) == 0 && restored(c, row) {
			return asAfter, nil
		}
		return neither, columns
	case connectors.Update:
		if len(w.written(w.cmp.differ(row.Values, after, row.Errs, nil))) == 0 && restored(c, row) {
			return asAfter, nil
		}
	}
	if columns = w.cmp.differ(row.Values, c.Before, row.Errs, nil); len(columns) > 0 || row.Document != nil {
		return neither, columns
	}
	return asBefore, nil
}

// restored reports whether a document is the one that a change wants whole.
func restored(c *Change, row *connectors.Row) bool {
	if c.Restore == nil || row.Document == nil {
		return true
	}
	return bytes.Equal(c.Restore, row.Document.Source) || value.Equal(value.JSONValue(string(c.Restore)), value.JSONValue(string(row.Document.Source)))
}

// stale says why a change was left.
func (w *worker) stale(c *Change, row *connectors.Row, columns []int) string {
	switch {
	case row == nil:
		return "the row is gone"
	case row.Many:
		return "several rows have the key"
	case c.Action == connectors.Insert:
		return "there is such a row by now, and it is another one: " + w.names(columns)
	case len(columns) == 0:
		return "the document was written since, beside the columns of the plan"
	}
	return "changed since it was seen: " + w.names(columns)
}

func (w *worker) names(columns []int) string {
	var out []string
	for _, i := range columns {
		out = append(out, w.t.Columns[i].Name)
	}
	return strings.Join(out, ", ")
}

// read reads rows by key, in parts.
func (e *engine) read(ctx context.Context, w *worker, keys [][]value.Value) ([]*connectors.Row, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	out := make([]*connectors.Row, 0, len(keys))
	for part := range slices.Chunk(keys, 1000) {
		rows, err := w.b.corrector.Rows(ctx, w.b.target, part)
		if err != nil {
			return nil, err
		}
		if len(rows) != len(part) {
			return nil, fmt.Errorf("target %s: %d rows read by %d keys", w.t.Name, len(rows), len(part))
		}
		out = append(out, rows...)
	}
	return out, nil
}

// look reads rows again that a store without transactions says it changed, but for those of which it says what they hold. What somebody else wrote since is not
// looked at.
func (e *engine) look(ctx context.Context, s *sent, made []int) error {
	var at []int
	for _, i := range made {
		if d := s.effects[i].Document; d != nil {
			e.j.put(appendDocRecord(nil, s.changes[i].N, s.id, d))
			if s.effects[i].Row != nil {
				e.left(s, i, s.effects[i].Row, s.effects[i].RowErrs)
			} else if s.changes[i].Action != connectors.Delete {
				at = append(at, i)
			}
		}
	}
	rows, err := e.read(ctx, s.w, s.keys(at))
	if err != nil {
		return err
	}
	for x, i := range at {
		d, row := s.effects[i].Document, rows[x]
		if row == nil || row.Document == nil || row.Document.SeqNo != d.SeqNo || row.Document.PrimaryTerm != d.PrimaryTerm {
			continue
		}
		e.left(s, i, row.Values, row.Errs)
	}
	return nil
}

// unmatched says what became of a change whose guard did not hold, and of which the row is found so.
func (e *engine) unmatched(s *sent, i int, row *connectors.Row, out *RowOutcome) error {
	c := s.changes[i]
	if e.j.st.doubt.has(c.N) {
		if done, err := e.doneBefore(s, i, row, out); done || err != nil {
			return err
		}
	}
	st, columns := s.w.stand(c, row, c.After, false)
	if row != nil {
		out.Row = row.Values
	}
	switch st {
	case asAfter:
		out.Outcome = Already
	case neither:
		out.Outcome, out.Columns, out.Reason = Stale, columns, s.w.stale(c, row, columns)
	case asBefore:
		out.Outcome, out.Reason = Failed, "the row is as it was seen, and yet the server did not find it so: somebody changes it to and fro, or its values cannot be guarded"
	}
	return nil
}
