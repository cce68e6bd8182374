package correct

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"

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

// rowHashes tell rows of targets apart by 64 bits: a plan of n rows refuses one by mistake with a probability of n²/2^65, and since whoever reads it hashes as
// the writer did, never one that was written.
type rowHashes struct {
	text []byte
	list []uint64
}

func (s *rowHashes) of(c *Change) uint64 {
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
	return binary.BigEndian.Uint64(sum[:])
}

// repeated returns which hashes are there more than once.
func (s *rowHashes) repeated() map[uint64]bool {
	slices.Sort(s.list)
	out := make(map[uint64]bool)
	for i := 1; i < len(s.list); i++ {
		if s.list[i] == s.list[i-1] {
			out[s.list[i]] = true
		}
	}
	return out
}

// rowSet holds which rows changes are for.
type rowSet struct {
	hashes rowHashes
	seen   map[uint64]struct{}
}

// add reports whether the row is new.
func (s *rowSet) add(c *Change) bool {
	if s.seen == nil {
		s.seen = make(map[uint64]struct{})
	}
	h := s.hashes.of(c)
	if _, ok := s.seen[h]; ok {
		return false
	}
	s.seen[h] = struct{}{}
	return true
}

// counter counts changes of which many in a row are alike.
type counter struct {
	kinds []kindCount
	last  int
}

type kindCount struct {
	kindOf

	class Class
	n     int64
}

func (x *counter) count(c *Change) {
	is := func(k *kindCount) bool {
		return k.target == c.Target && k.action == string(c.Action) && k.risk == c.Risk && k.class == c.Class
	}
	if x.last >= len(x.kinds) || !is(&x.kinds[x.last]) {
		x.last = slices.IndexFunc(x.kinds, func(k kindCount) bool { return is(&k) })
		if x.last < 0 {
			x.last = len(x.kinds)
			x.kinds = append(x.kinds, kindCount{kindOf: kindOfChange(c), class: c.Class})
		}
	}
	x.kinds[x.last].n++
}

// counts are what a header says of it, and the counts by target, action and risk.
func (x *counter) counts() (all Counts, by map[kindOf]int64) {
	all.fill()
	by = make(map[kindOf]int64)
	for _, k := range x.kinds {
		all.Total += k.n
		all.ByAction[k.action] += k.n
		all.ByClass[string(k.class)] += k.n
		all.ByRisk[string(k.risk)] += k.n
		all.ByTarget[k.target] += k.n
		by[k.kindOf] += k.n
	}
	return all, by
}
