package diff

import (
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
)

// Asked is what a comparison asks of one side, as far as that is known before anything is read.
type Asked struct {
	Method Method
	Reason string // why not in key order
	// Counts are asked first: the rows that Side.Where leaves undecided.
	Counts []query.Aggregate
	// Select reads the rows. Under ByWindows it is asked for the rows between two keys at a time.
	Select query.Select
	// WhereHere says that Side.Where is evaluated here.
	WhereHere bool
}

// Explain says how Run will compare, without asking the sources for anything. What only the data tell is said with a condition: a side
// that can be read in key windows is sorted as a whole where its rows do not lie in the order of the key.
func Explain(s Spec) (Choice, [2]Asked, error) {
	if err := s.check(); err != nil {
		return Choice{}, [2]Asked{}, err
	}
	var asked [2]Asked
	var ins [2]*input
	windows := false
	for side := canon.Right; ; side-- { // as plan.open decides: the target first
		in, counts, here := explained(&s, side)
		ins[side] = in
		a := &asked[side]
		a.Counts, a.WhereHere = counts, here
		caps := in.source.Caps()
		switch {
		case !caps.KeyOrder:
			a.Method, a.Reason = BySort, "the source gives no order"
		case !in.key.serverOrder(side):
			a.Method, a.Reason = BySort, "the source's order of the key is not that of the comparison"
		case caps.UnorderedFaster && !windows && rangeable(&in.key[0].Form, side):
			a.Method, a.Reason, windows = ByWindows, "reading in any order is faster there, if its rows lie more or less in the order of the key", true
		case caps.UnorderedFaster && !windows:
			a.Method, a.Reason = BySort, "no range of its key agrees with the order of the comparison"
		default:
			a.Method = ByServer
		}
		a.Select = in.selection(nil, a.Method == ByServer)
		if side == canon.Left {
			break
		}
	}
	choice := foreseen(&s, ins)
	if choice.Strategy == Digest {
		for side := range asked {
			asked[side].Method, asked[side].Reason = ByDigest, ""
		}
	}
	return choice, asked, nil
}

// foreseen is the strategy as far as it is known before the sides are measured; Auto where it is not.
func foreseen(s *Spec, ins [2]*input) Choice {
	if s.Strategy == Merge {
		return Choice{Strategy: Merge, Reason: "asked for"}
	}
	const merged = "both sides are read in key order and compared here"
	var res Result
	d, why := newDigesting(s, ins, newFindings(&res, s, nil, nil))
	switch {
	case d == nil && s.Strategy == Digest:
		return Choice{Strategy: Merge, Reason: "digests were asked for, but " + why}
	case d == nil:
		return Choice{Strategy: Merge, Reason: merged + "; no digests: " + why}
	case s.Strategy == Digest:
		return Choice{Strategy: Digest, Reason: joined("asked for", d.hashedHere())}
	case d.sides[0].server == nil && d.sides[1].server == nil:
		return Choice{Strategy: Merge, Reason: joined(merged+"; no digests", d.hashedHere())}
	}
	for _, side := range d.sides {
		if side.in.from.Dataset.Query != "" {
			return Choice{Strategy: Merge, Reason: merged + "; no digests: a side is a query, which each of them would run again"}
		}
	}
	return Choice{Strategy: Auto, Reason: "merge, or digests of ranges of the key where they are faster: the rows, their width and the link are measured first"}
}

// explained is a side as newInput makes it, without asking its source for anything.
func explained(s *Spec, side canon.Side) (in *input, counts []query.Aggregate, here bool) {
	spec := s.Left
	if side == canon.Right {
		spec = s.Right
	}
	in = &input{side: side, name: spec.Name, key: s.Key, source: spec.Source, from: spec.Relation}
	in.from.Dataset.Key = in.key.columns(side)
	for _, list := range [2][]Column{s.Key, s.Columns} {
		for i := range list {
			in.cols = append(in.cols, list[i].of(side))
		}
	}
	if spec.Where == nil {
		return in, nil, false
	}
	caps := in.source.Caps()
	m := query.Measure{Kind: query.MeasureCount, Where: spec.Where, Nulls: query.Columns(spec.Where)}
	switch {
	case caps.Expr(in.from, spec.Where) != nil:
	case decided(spec.Where):
		in.where = spec.Where
		return in, nil, false
	case caps.Measure(in.from, m) == nil:
		in.where = spec.Where
		return in, []query.Aggregate{{From: in.from, Measures: []query.Measure{m}}}, false
	}
	for _, c := range query.Columns(spec.Where) {
		have := false
		for _, old := range in.cols {
			have = have || old.Index == c.Index
		}
		if !have {
			in.cols = append(in.cols, c)
		}
	}
	return in, nil, true
}
