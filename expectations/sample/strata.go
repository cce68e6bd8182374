package sample

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Stratum is a part of the table (a day, a tenant) and what its rows drawn have shown.
type Stratum struct {
	Name string
	// Share is the part of all rows that the stratum has; the shares of all strata add to 1, within 1e-6.
	Share float64
	Count
	// Out rows were drawn beside those of Count that neither hold nor fail. Where a stratum has any the number of rows that can fail is not known of
	// the others either, and their Population is 0.
	Out int64
}

// StratumJudgement is a stratum beside its own interval.
type StratumJudgement struct {
	Stratum

	// Interval holds the rate of the stratum; those of all strata hold together with the confidence.
	Interval Interval
}

// Strata is what a stratified sample says.
type Strata struct {
	// Judgement is about the table.
	Judgement

	// Worst are all strata, those first whose rate is shown to be highest.
	Worst []StratumJudgement
}

// nearlyProportional is the factor by which a stratum may be drawn more often or more rarely than its share for the table's rate to be bounded
// through that factor; beyond it bets do better.
const nearlyProportional = 1.1

// JudgeStrata decides by strata drawn each by itself, in numbers that do not depend on what they showed. Confidence is spent on the table's rate
// once, and once more on all of the strata's rates together.
//
// Where numbers drawn are in proportion to shares, or nearly, the table's rate is bounded as if rows had been drawn from all: sums of trials of
// unequal chances are less spread than the binomial (Hoeffding 1956). Else rows weigh their stratum's share by its number, and the bound is that
// of Weighted, whose capital on average grows no more with numbers fixed by stratum than with independent draws. Which of the two a bound is depends on no row
// drawn; small strata of which a row each is drawn, more than their share, leave the upper bound as it is.
//
// Where rows are left out, the rate wanted is that of failing rows among all over that of rows that hold or fail among all. Both are bounded, the second with a
// hundredth of the chance of error: it is about many rows.
func JudgeStrata(strata []Stratum, t Tolerance, confidence float64) (Strata, error) {
	if err := CheckConfidence(confidence); err != nil {
		return Strata{}, err
	}
	e, err := poolJudged(strata, t)
	if err != nil {
		return Strata{}, err
	}
	out := Strata{Judgement: judge(e, t, confidence, 1)}
	each := Split(confidence, len(strata))
	for _, s := range strata {
		out.Worst = append(out.Worst, StratumJudgement{s, s.Interval(each)})
	}
	slices.SortStableFunc(out.Worst, func(a, b StratumJudgement) int {
		if c := cmp.Compare(b.Interval.Low, a.Interval.Low); c != 0 {
			return c
		}
		return cmp.Compare(b.Rate(), a.Rate())
	})
	if worst := out.SayWorst(3); worst != "" {
		out.Sentence += "; " + worst
	}
	return out, nil
}

// SayWorst names the n worst strata that had failures: "" where none had.
func (s Strata) SayWorst(n int) string {
	var parts []string
	for _, w := range s.Worst {
		if len(parts) < n && w.Failed > 0 {
			rate := "at least " + atLeast(w.Interval.Low, -1, math.Inf(1))
			if w.whole() {
				rate = Percent(w.Rate())
			}
			parts = append(parts, fmt.Sprintf("%s (%s of %s, %s)", w.Name, Group(w.Failed), rows(w.Drawn), rate))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "worst: " + strings.Join(parts, ", ")
}

// pooled is the evidence of strata about the table.
type pooled struct {
	of   Count
	rate float64
	// the bounds of rows are as those of of, times factors, or those of bets where the factor is far from 1: high is what the upper one suffers from, strata drawn
	// more rarely than their share, and low the lower one, those drawn more often
	bets      *bets
	low, high float64
	// unseen is the share of strata of which no row was drawn
	unseen float64
}

func pool(strata []Stratum, t Tolerance) (evidence, error) {
	var p pooled
	sum, whole := 0.0, true
	for _, s := range strata {
		if err := s.Err(); err != nil {
			return nil, fmt.Errorf("stratum %s: %w", s.Name, err)
		}
		if !(s.Share >= 0 && s.Share <= 1) {
			return nil, fmt.Errorf("stratum %s: a share of %v", s.Name, s.Share)
		}
		if s.Share == 0 && s.Drawn > 0 {
			return nil, fmt.Errorf("stratum %s: %s drawn of none", s.Name, rows(s.Drawn))
		}
		sum += s.Share
		p.of.Failed += s.Failed
		p.of.Drawn += s.Drawn
		p.of.Population += s.Population
		whole = whole && (s.whole() || s.Share == 0)
		if s.Drawn == 0 {
			p.unseen += s.Share
		} else {
			p.rate += s.Share * s.Rate()
		}
	}
	if math.Abs(sum-1) > 1e-6 {
		return nil, fmt.Errorf("the shares of strata add to %v, not to 1", sum)
	}
	if whole && p.of.Drawn > 0 {
		return p.of, nil
	}
	p.of.Population = 0
	if p.of.Drawn == 0 {
		return p.of, nil
	}
	seen := 1 - p.unseen
	if p.rate /= seen; p.of.Failed == p.of.Drawn {
		p.rate = 1 // which the sum of shares may miss
	}
	p.low, p.high = math.Inf(1), 0
	for _, s := range strata {
		if s.Drawn > 0 {
			f := s.Share / seen / (float64(s.Drawn) / float64(p.of.Drawn))
			p.low, p.high = math.Min(p.low, f), math.Max(p.high, f)
		}
	}
	if p.high <= nearlyProportional && p.low >= 1/nearlyProportional {
		return p, nil
	}
	b := bets{of: p.of, rate: p.rate, strict: t.Strict()}
	for _, s := range strata {
		if s.Drawn == 0 {
			continue
		}
		share := math.Min(1, s.Share/seen/(float64(s.Drawn)/float64(p.of.Drawn))/p.high)
		b.held = append(b.held, stake{share, float64(s.Drawn - s.Failed)})
		b.failing = append(b.failing, stake{share, float64(s.Failed)})
	}
	p.bets = &b
	return p, nil
}

func (p pooled) counts() Count     { return p.of }
func (p pooled) estimate() float64 { return p.rate }

func (p pooled) method() Method {
	if p.bets != nil {
		return Betting
	}
	return ClopperPearson
}

// Upper bounds the table's rate from above.
func (p pooled) Upper(alpha float64) float64 {
	u := math.Min(1, p.of.Upper(alpha)*p.high)
	if p.bets != nil && p.high > nearlyProportional {
		u = p.bets.Upper(alpha)
	}
	return math.Min(1, u*(1-p.unseen)+p.unseen)
}

// Lower bounds the table's rate from below.
func (p pooled) Lower(alpha float64) float64 {
	if p.bets != nil && p.low < 1/nearlyProportional {
		return p.bets.Lower(alpha) * (1 - p.unseen)
	}
	return p.of.Lower(alpha) * p.low * (1 - p.unseen)
}

// grown draws of all strata in proportion, where some had no row drawn so far.
func (p pooled) grown(n int64) evidence {
	g := p
	if p.unseen > 0 {
		g.unseen, g.low, g.high, g.bets = 0, 1, 1, nil
	}
	if c, ok := p.of.grown(n).(Count); ok {
		g.of = c
	}
	if g.bets != nil {
		if b, ok := p.bets.grown(n).(bets); ok {
			g.bets = &b
		}
	}
	return g
}
