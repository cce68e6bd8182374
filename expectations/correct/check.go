package correct

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// check says what is wrong with a change of the target, "" for nothing.
func (c *Change) check(t *Target) string {
	switch {
	case c.N < 1:
		return fmt.Sprintf("n is %d, and counts from 1", c.N)
	case !c.Class.known():
		return fmt.Sprintf("unknown class %s", clip(string(c.Class)))
	case !c.Risk.known():
		return fmt.Sprintf("unknown risk %s", clip(string(c.Risk)))
	case len(c.Key) != len(t.Key):
		return fmt.Sprintf("%d values of a key of %d columns", len(c.Key), len(t.Key))
	}
	for i, v := range c.Key {
		if v.IsNull() {
			return fmt.Sprintf("key: %q is null, and names no row", t.Key[i].Name)
		}
	}
	if text := fits(c.Key, t.Key, "key"); text != "" {
		return text
	}
	if text := c.shape(t); text != "" {
		return text
	}
	if text := fits(c.Before, t.Columns, "before"); text != "" {
		return text
	}
	if c.Restore != nil && (c.Document == nil || !json.Valid(c.Restore)) {
		return "restore: it is no document"
	}
	return fits(c.After, t.Columns, "after")
}

// shape checks what goes with the action.
func (c *Change) shape(t *Target) string {
	last := -1
	for _, i := range c.Set {
		if i <= last || i >= len(t.Columns) {
			return "the columns that it sets are not in order"
		}
		last = i
	}
	n := len(t.Columns)
	switch c.Action {
	case connectors.Insert:
		if c.Before != nil || len(c.After) != n {
			return "an insert has no before, and an after"
		}
	case connectors.Update:
		if len(c.Before) != n || len(c.After) != n {
			return "an update has a before and an after"
		}
		if len(c.Set) == 0 && c.Restore == nil {
			return "an update that sets no column"
		}
	case connectors.Delete:
		if len(c.Before) != n || c.After != nil || c.Set != nil || c.Restore != nil {
			return "a delete has a before, and no after"
		}
	default:
		return fmt.Sprintf("unknown action %s: there are insert, update and delete", clip(string(c.Action)))
	}
	return ""
}

// fits checks that cells have the types of their columns.
func fits(row []value.Value, cols []Column, where string) string {
	for i, v := range row {
		if !v.IsNull() && !ofType(v, cols[i].typ) {
			return fmt.Sprintf("%s: %q is a %s, not a %s", where, cols[i].Name, cols[i].typ, v.Type())
		}
	}
	return ""
}

func ofType(v value.Value, t value.Type) bool {
	if v.Kind() != t.Kind {
		return false
	}
	switch t.Kind {
	case value.List:
		if t.Elem == nil {
			return false
		}
		for _, e := range v.List() {
			if !e.IsNull() && !ofType(e, *t.Elem) {
				return false
			}
		}
	case value.Timestamp, value.LocalTimestamp:
		s := v.Time().Unix()
		return s >= value.MinUnix && s <= value.MaxUnix
	default:
	}
	return true
}

func (c Class) known() bool {
	switch c {
	case Missing, Extra, Changed, Duplicate, Violation:
		return true
	}
	return false
}

func (r Risk) known() bool {
	switch r {
	case Low, Medium, High, Manual:
		return true
	}
	return false
}

// rowSet holds which rows changes are for, by 64 bits of a hash: a plan of n rows refuses one by mistake with a probability of n²/2^65, and since whoever reads
// it hashes as the writer did, never one that was written.
type rowSet struct {
	seen map[uint64]struct{}
	text []byte
}

// add reports whether the row is new.
func (s *rowSet) add(c *Change) bool {
	if s.seen == nil {
		s.seen = make(map[uint64]struct{})
	}
	s.text = append(append(s.text[:0], c.Target...), 0)
	for _, v := range c.Key {
		if v.Kind() == value.Double && v.Double() == 0 {
			v = value.DoubleValue(math.Abs(v.Double()))
		}
		at := len(s.text)
		s.text = v.AppendText(append(s.text, 0, 0, 0, 0))
		binary.BigEndian.PutUint32(s.text[at:], uint32(len(s.text)-at)) //nolint:gosec // lines are far shorter
	}
	sum := sha256.Sum256(s.text)
	h := binary.BigEndian.Uint64(sum[:])
	if _, ok := s.seen[h]; ok {
		return false
	}
	s.seen[h] = struct{}{}
	return true
}

// count counts a change.
func (n *Counts) count(c *Change) {
	n.Total++
	for _, x := range []struct {
		m    *map[string]int64
		name string
	}{{&n.ByAction, string(c.Action)}, {&n.ByClass, string(c.Class)}, {&n.ByRisk, string(c.Risk)}, {&n.ByTarget, c.Target}} {
		if *x.m == nil {
			*x.m = make(map[string]int64)
		}
		(*x.m)[x.name]++
	}
}
