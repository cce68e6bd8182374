package sample

import (
	"errors"
	"fmt"
	"math"
)

// The schedule of looks: found by simulation (docs/sampling-coverage.md has its sizes and docs/decisions its reasons).
const (
	firstLook  = 50   // rows; fewer decide nothing but a rule that none may break
	lookRatio  = 1.25 // each look is after so many times the rows of the one before
	lastShare  = 0.3  // of the chance of error, kept for the planned end
	everyShare = 1 - lastShare
)

// Looks are the sizes at which a sample of n rows is judged: geometric, the last one is n.
func Looks(n int64) []int64 {
	var looks []int64
	for x := float64(n); x >= firstLook; x /= lookRatio {
		looks = append(looks, int64(math.Ceil(x)))
	}
	if len(looks) == 0 && n > 0 {
		looks = []int64{n}
	}
	for i, j := 0, len(looks)-1; i < j; i, j = i+1, j-1 {
		looks[i], looks[j] = looks[j], looks[i]
	}
	return looks
}

// Plan is an audit whose sample is judged while it is drawn.
type Plan struct {
	// Rows is the number of rows to draw at most.
	Rows int64
	// Population is as in Count.
	Population int64
	Tolerance  Tolerance
	Confidence float64
}

// Sequential judges a sample as it grows, and keeps what it promises although it looks often: a verdict is wrong with a chance of at most
// 1 - confidence over all looks together. It spends that chance on a schedule fixed beforehand: at each of Looks an exact interval for the share
// spent there, so that all intervals hold together. Where no row may fail the first that does decides, and where none did, each look has the whole
// confidence, for the runs without failure at later looks are among those at earlier ones.
//
// The rows must come in random order, and the sizes of batches must not depend on what they show.
type Sequential struct {
	plan   Plan
	looks  []int64
	next   int // the first look not yet made
	spent  float64
	adds   int   // batches since the last look
	enough int64 // rows without a failure that decide, where none may fail
	count  Count
	ended  bool
	last   Judgement
}

// NewSequential starts an audit.
func NewSequential(p Plan) (*Sequential, error) {
	if err := CheckConfidence(p.Confidence); err != nil {
		return nil, err
	}
	if p.Rows < 1 || p.Population < 0 {
		return nil, fmt.Errorf("a sample of %d rows of %d cannot be drawn", p.Rows, p.Population)
	}
	if p.Population > 0 {
		p.Rows = min(p.Rows, p.Population)
	}
	s := &Sequential{plan: p, looks: Looks(p.Rows), count: Count{Population: p.Population}}
	if p.Tolerance.Strict() {
		s.enough = need(s.count, p.Tolerance, 1-p.Confidence)
	}
	return s, nil
}

// Next is the number of rows to draw until the next look; 0 where the audit is decided or all planned rows are drawn.
func (s *Sequential) Next() int64 {
	if s.ended {
		return 0
	}
	to := s.looks[s.next]
	if s.enough > s.count.Drawn {
		to = min(to, s.enough)
	}
	return to - s.count.Drawn
}

// Drawn is the number of rows added.
func (s *Sequential) Drawn() int64 { return s.count.Drawn }

// ErrEnded is the answer to rows added to an audit that has ended.
var ErrEnded = errors.New("the audit has ended")

// Add takes the next rows drawn and says whether the audit has ended: decided, or with all planned rows drawn. Finish tells how.
func (s *Sequential) Add(failed, drawn int64) (ended bool, err error) {
	if s.ended {
		return true, ErrEnded
	}
	c := s.count
	c.Failed += failed
	c.Drawn += drawn
	if failed < 0 || drawn < failed {
		return false, fmt.Errorf("%d failures among %d rows cannot be", failed, drawn)
	}
	if err := c.Err(); err != nil {
		return false, err
	}
	s.count = c
	s.adds++
	due := s.next
	for due < len(s.looks) && s.looks[due] <= c.Drawn {
		due++
	}
	switch {
	case certain(c, s.plan.Tolerance):
		s.last = s.fact()
	case due > s.next:
		s.next, s.adds = due, 0
		s.look(s.cumulative(due))
	case s.enough > 0 && c.Failed == 0 && c.Drawn >= s.enough:
		s.look(s.spent)
	default:
		return false, nil
	}
	s.ended = s.last.Verdict != Inconclusive || s.next == len(s.looks)
	return s.ended, nil
}

// cumulative is the share of the chance of error that may be spent by the look before number due.
func (s *Sequential) cumulative(due int) float64 {
	if due == len(s.looks) {
		return 1
	}
	return everyShare * float64(s.looks[due-1]) / float64(s.plan.Rows)
}

func (s *Sequential) look(cumulative float64) {
	share := cumulative - s.spent
	s.spent = cumulative
	s.last = glance(s.count, s.plan.Tolerance, s.plan.Confidence, share)
}

// fact judges where the rows drawn decide for certain, at whatever size. The interval beside it is a statement of its own, and holds wherever that
// happens: every look may be that one, with an equal share, and of the batches before a look the first has half of the share, the second a sixth, …
func (s *Sequential) fact() Judgement {
	share := 1 / float64(len(s.looks)) / float64(s.adds*(s.adds+1))
	return glance(s.count, s.plan.Tolerance, s.plan.Confidence, share)
}

// Finish tells how the audit ended. Where it had not ended it does so here, short of its plan (the table had fewer rows, time is up), and all of
// the chance of error that is left is spent: what ended it must not be what the rows showed.
func (s *Sequential) Finish() Judgement {
	if !s.ended {
		s.look(1)
		s.ended = true
	}
	return told(s.last, s.count)
}
