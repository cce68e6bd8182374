package result

// CompareSample is how a comparison was judged by rows drawn at random: rows of the source, looked up in the target, and the other way round.
type CompareSample struct {
	// Sentence says what the rows drawn show, and how sure that is.
	Sentence string `json:"sentence"`
	// All says that a sample would have been all rows of both sides: they were compared, nothing is estimated, and neither Source nor Target is set.
	All bool `json:"all"`
	// Confidence is that with which what Sentence says of the two directions holds together; 1 where All is set.
	Confidence float64 `json:"confidence"`
	// Seed draws the same rows again, as long as the data is the same. A string, for it has 64 bits.
	Seed string `json:"seed"`
	// Detect is the rate of difference that had to be excluded for a pass. Need is the number of rows to draw of each side that would decide an
	// inconclusive comparison if the rates held; 0 where no number would.
	Detect float64 `json:"detect"`
	Need   int64   `json:"need,omitempty"`
	// Source are the rows drawn of the source, Target those of the target.
	Source *CompareWay `json:"source"`
	Target *CompareWay `json:"target"`
	// Estimates are of all rows of a side. All of them hold together with their confidence.
	Estimates []ClassEstimate `json:"estimates"`
}

// CompareWay is one direction: rows drawn of one side and looked up in the other.
type CompareWay struct {
	// Method names how the rows were drawn, Reason says why so.
	Method string `json:"method"`
	Reason string `json:"reason,omitempty"`
	// Wanted is the number of rows asked for, Drawn of those that came, Judged of those that meet `where` and were looked up.
	Wanted int64 `json:"wanted"`
	Drawn  int64 `json:"drawn"`
	Judged int64 `json:"judged"`
	// Rows is the number of rows drawn from, as far as it is known, null where it is not; RowsExact says that it is no estimate.
	Rows      *int64 `json:"rows"`
	RowsExact bool   `json:"rows_exact"`
	// Looked is the number of rows, pages or places that were looked at; Linear says that it grows with the table.
	Looked int64 `json:"looked"`
	Linear bool  `json:"linear"`
	// All says that every row was drawn.
	All bool `json:"all"`
	// Lookup says how the other side's rows were found: "by key", or "among all rows" and "among all rows in key order", which read them all, for LookupReason.
	Lookup       string `json:"lookup"`
	LookupReason string `json:"lookup_reason,omitempty"`
	// Classes counts the rows judged by what they show: identical, changed, missing (of the source), extra (of the target), duplicate_key, in_flight, unsettled.
	Classes map[string]int64 `json:"classes"`
	// Interval holds the share of rows of the source that differ, or of the target that are extra; null where nothing is known.
	Interval *Interval `json:"interval"`
	// Ended says what ended the drawing before all rows wanted had come: "decided", "time", "rows", or "".
	Ended string `json:"ended,omitempty"`
}

// ClassEstimate is how many rows of a side are of a class, as rows drawn at random show.
type ClassEstimate struct {
	Class Class `json:"class"`
	// Sentence says it: "changed: 0.08 % of source rows (between 0.03 % and 0.17 %), with 99 % confidence".
	Sentence string `json:"sentence"`
	// Of is the side whose rows they are: "source" or "target".
	Of string `json:"of"`
	// Rate is the share of the side's rows. Low to High holds it, and those of the other classes theirs, with Confidence.
	Rate       float64 `json:"rate"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Confidence float64 `json:"confidence"`
	// Rows and the rest are the same in rows, where the number of the side's rows is known exactly.
	Rows     *int64 `json:"rows,omitempty"`
	RowsLow  *int64 `json:"rows_low,omitempty"`
	RowsHigh *int64 `json:"rows_high,omitempty"`
}
