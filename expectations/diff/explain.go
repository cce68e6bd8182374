package diff

import (
	"github.com/assay-dev/assay/connectors/canon"
	rowsum "github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
)

// Asked is what a comparison asks of one side, as far as that is known before anything is read.
type Asked struct {
	Method Method
	Reason string // why not in key order
	// Counts are asked first: the rows that Side.Where leaves undecided.
	Counts []query.Aggregate
	// Select reads the rows. Under ByWindows it is asked for the rows between two keys at a time, under ByDigest for those of ranges that differ.
	Select query.Select
	// Digest is what a server hashes under ByDigest, with the ranges left out; nil where the rows are read and hashed here.
	Digest *rowsum.Request
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
		in, counts, err := explained(&s, side)
		if err != nil {
			return Choice{}, [2]Asked{}, err
		}
		a := &asked[side]
		a.Counts, a.WhereHere, ins[side] = counts, in.sieve != nil, in
		caps := in.source.Caps()
		switch {
		case caps.UnorderedFaster && !windows && rangeable(&in.key[0].Form, side):
			a.Method, a.Reason, windows = ByWindows, "reading in any order is faster there, if its rows lie more or less in the order of the key", true
		case caps.UnorderedFaster && !windows:
			a.Method, a.Reason = BySort, "no range of its key agrees with the order of the comparison"
		case !caps.KeyOrder:
			a.Method, a.Reason = BySort, "the source gives no order"
		case !in.key.serverOrder(side):
			a.Method, a.Reason = BySort, "the source's order of the key is not that of the comparison"
		default:
			a.Method = ByServer
		}
		a.Select = in.selection(nil, a.Method == ByServer)
		if side == canon.Left {
			break
		}
	}
	return explainedChoice(&s, ins, &asked), asked, nil
}

// explainedChoice is the strategy as far as it is known before anything is measured.
func explainedChoice(s *Spec, ins [2]*input, asked *[2]Asked) Choice {
	if s.Strategy == Merge {
		return Choice{Strategy: Merge, Reason: askedFor}
	}
	d, why := newDigesting(s, ins, [2]bool{asked[0].WhereHere, asked[1].WhereHere}, newFindings(&Result{}, s, nil, nil))
	if s.Strategy != Digest {
		rows := int64(-1)
		if d != nil {
			rows = d.most()
		}
		if choice, ok := d.unmeasured(why, rows); ok {
			return choice
		}
		return Choice{Strategy: Auto, Reason: "merge, or digests of ranges of the key where they are faster: the rows, their width and the link are measured first"}
	}
	if d == nil {
		return Choice{Strategy: Merge, Reason: notDigests + why}
	}
	for side := range asked {
		a, ds := &asked[side], d.sides[side]
		a.Method, a.Reason = ByDigest, ds.why
		if ds.server != nil {
			q := rowsum.Request{From: ds.in.from, Cells: ds.cells, Where: ds.in.where}
			a.Digest = &q
		}
	}
	return Choice{Strategy: Digest, Reason: joined(askedFor, d.hashedHere())}
}

const (
	askedFor   = "asked for"
	notDigests = "digests were asked for, but "
)

// mergeReason is why a comparison merges.
const mergeReason = "both sides are read in key order and compared here"

// explained is a side as newInput makes it, without asking its source for anything.
func explained(s *Spec, side canon.Side) (in *input, counts []query.Aggregate, err error) {
	in = inputOf(s, side, &Read{}, nil)
	where := s.side(side).Where
	switch in.judge(where) {
	case byNobody:
	case bySourceCounted:
		counts = []query.Aggregate{{From: in.from, Measures: []query.Measure{undecidedOf(where)}}}
		in.where = where
	case bySource:
		in.where = where
	case byUs:
		err = in.failed(in.sift(where))
	}
	return in, counts, err
}
