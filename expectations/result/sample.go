package result

// Sample is how an expectation was judged by rows drawn at random.
type Sample struct {
	// Method names how the rows were drawn, Reason says why so.
	Method string `json:"method"`
	Reason string `json:"reason,omitempty"`
	// Seed draws the same rows again, as long as the data is the same. A string, for it has 64 bits.
	Seed string `json:"seed"`
	// Wanted is the number of rows asked for, Drawn of those that came, Judged of those that are true or false.
	Wanted int64 `json:"wanted"`
	Drawn  int64 `json:"drawn"`
	Judged int64 `json:"judged"`
	// Rows is the number of rows drawn from, as far as it is known, null where it is not; RowsExact says that it is no estimate.
	Rows      *int64 `json:"rows"`
	RowsExact bool   `json:"rows_exact"`
	// Looked is the number of rows, pages or places that were looked at for all expectations that share the sample; Linear says that it grows with the table.
	Looked int64 `json:"looked"`
	Linear bool  `json:"linear"`
	// All says that every row was read: nothing is estimated.
	All bool `json:"all"`
	// Detect is the failing rate that had to be excluded for a pass, Need the number of rows that would decide an inconclusive one; 0 where none would.
	Detect float64 `json:"detect"`
	Need   int64   `json:"need,omitempty"`
	// Ended says what ended the sample before all rows wanted were drawn: "decided", "time", "rows", or "".
	Ended string `json:"ended,omitempty"`
	// Strata are the parts that were drawn from by themselves, those shown to be worst first.
	Strata []Stratum `json:"strata,omitempty"`
}

// Stratum is the rows of one value of the column that a sample is stratified by.
type Stratum struct {
	// Name is the value, or a number where no values of rows are to be kept.
	Name Cell `json:"name"`
	// Type is the name's, where its JSON does not tell it. It is there in JSON only.
	Type string `json:"type,omitempty"`
	// Rows is the number of its rows; Drawn of them were drawn and Failed of those fail.
	Rows   int64 `json:"rows"`
	Drawn  int64 `json:"drawn"`
	Failed int64 `json:"failed"`
	// Low and High bound the failing rate of the stratum. The bounds of all strata hold together with the confidence of the expectation.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}
