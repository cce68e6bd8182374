package sample

import "math"

// EachWay is the confidence of either direction of an audit whose two directions hold together with the confidence.
func EachWay(confidence float64) float64 { return Split(confidence, 2) }

// Direction is a judgement and what it is about: "orders of crm in shop".
type Direction struct {
	About string
	Judgement
}

// Directions is what an audit in both directions says.
type Directions struct {
	Verdict Verdict
	Certain bool
	// Confidence is that of all sentences together.
	Confidence float64
	// Need is the number of rows to draw each way that would decide, 0 where none would.
	Need     int64
	Sentence string
}

// Combine makes one verdict of judgements that are all made with a part of the chance of error (see EachWay): a fail where any failed, a pass where
// all passed, else inconclusive.
func Combine(parts ...Direction) Directions {
	out := Directions{Verdict: Pass, Certain: true, Confidence: 1}
	if len(parts) == 0 {
		return Directions{Verdict: Inconclusive, Sentence: "inconclusive: nothing was drawn"}
	}
	failed, undecidable, certainFail := false, false, false
	for i, p := range parts {
		if i > 0 {
			out.Sentence += "; "
		}
		out.Sentence += p.About + ": " + p.Sentence
		out.Confidence -= 1 - p.Judgement.Confidence
		out.Certain = out.Certain && p.Certain
		switch p.Verdict {
		case Fail:
			failed = true
			certainFail = certainFail || p.Certain
		case Inconclusive:
			out.Verdict = Inconclusive
			out.Need = max(out.Need, p.Need)
			undecidable = undecidable || p.Need == 0
		case Pass:
		}
	}
	if undecidable {
		out.Need = 0
	}
	if failed {
		out.Verdict, out.Need, out.Certain = Fail, 0, certainFail
	}
	out.Confidence = math.Round(out.Confidence*1e12) / 1e12
	return out
}
