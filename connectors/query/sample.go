package query

// Sample draws rows at random: rows of From for which Where is true.
type Sample struct {
	From    Relation
	Columns []*Column
	// Where is a condition that Caps.Expr takes; nil for all rows. Rows that do not meet it are neither drawn nor counted as drawn.
	Where Expr
	// N is the number of rows wanted, at least 1. Never more come; fewer where From has fewer, or where the source says in SampleDesign that it stopped.
	N int
	// Seed decides what is drawn: the same seed on unchanged data draws the same rows in the same order.
	Seed uint64
	// BatchRows is the number of rows a batch, 0 for the connector's default. A row is drawn no earlier than a batch before it is asked for, where the
	// method allows, so that who stops early pays for little more than was read.
	BatchRows int
}

// SampleMethod names how rows were drawn.
type SampleMethod string

// The methods.
const (
	// SampleAll reads every row, in random order or not: nothing is estimated. N was no less than the number of rows. Where Looked is as large as the
	// table anyway, or Linear is true, who wants certainty may ask for all rows at about the same cost.
	SampleAll SampleMethod = "all rows"
	// SamplePageLine draws places (page, line) uniformly and rejects the empty ones.
	SamplePageLine SampleMethod = "page and line"
	// SampleBernoulli reads the whole table and keeps each row with one probability, then as many as were wanted.
	SampleBernoulli SampleMethod = "bernoulli scan"
	// SampleRandomKey draws integer keys uniformly and rejects those that no row has.
	SampleRandomKey SampleMethod = "random key"
	// SampleNextKey draws points in the space of keys and takes the next row: a row's probability is the gap before it.
	SampleNextKey SampleMethod = "next key"
	// SampleHashScan reads all keys, by an index where there is one, and keeps those of the smallest hashes.
	SampleHashScan SampleMethod = "hash scan"
	// SampleRandomScore has Elasticsearch score every match at random and return the best.
	SampleRandomScore SampleMethod = "random score"
	// SampleReservoir reads everything once and keeps a reservoir.
	SampleReservoir SampleMethod = "reservoir"
)

// SampleDesign says how a sample is drawn, or was.
type SampleDesign struct {
	Method SampleMethod
	// Reason says in a sentence why this method, with the figures behind it.
	Reason string
	// Replacement is true where a row may be drawn more than once (each draw is then independent of the others).
	Replacement bool
	// Weighted is true where rows are not equally likely: then one non-null Double column follows Columns in every batch, the inverse of the
	// probability that one draw yields the row. Its mean over draws is an unbiased estimate of the number of rows.
	Weighted bool
	// LargestWeight bounds every weight where Weighted; +Inf where nothing is known.
	LargestWeight float64
	// Rows is the number of rows sampled from (Where applied): exact if RowsExact, else an estimate; -1 where nobody knows.
	Rows      int64
	RowsExact bool
	// Cost of the whole sample, estimated before and measured (as far as it came) after: rows, pages or places looked at, and statements.
	Looked     int64
	Statements int
	// Linear is true where the cost grows with the table and not with N.
	Linear bool
}
