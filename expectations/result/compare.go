package result

// Class is what a comparison shows of one key. Its values are those of package diff.
type Class string

// The classes. Missing rows are in the source only, extra ones in the target only.
const (
	Changed      Class = "changed"
	Missing      Class = "missing"
	Extra        Class = "extra"
	DuplicateKey Class = "duplicate_key"
)

// Compare is what a comparison found.
type Compare struct {
	Source   string        `json:"source"`   // the dataset that is right
	Target   string        `json:"target"`   // the dataset that should agree
	Key      []string      `json:"key"`      // the source's names
	Strategy string        `json:"strategy"` // merge, digest or sample
	Reason   string        `json:"reason"`   // why that strategy
	Counts   CompareCounts `json:"counts"`
	// Columns counts, for every compared column by the source's name, the rows in which it differs.
	Columns map[string]int64 `json:"columns"`
	// Bound is the probability, at most, that a digest hid a difference; 0 where every row was read.
	Bound float64 `json:"bound"`
	// Findings are what the schema check says of columns that can be compared, and of those that are on one side only.
	Findings []Finding `json:"findings"`
	// Sample is how the comparison was judged by rows drawn at random; null where all rows were compared without a thought of it. Counts and Columns
	// are then those of the keys drawn of either side, each once.
	Sample *CompareSample `json:"sample,omitempty"`
	// WhereUndecided counts the rows of both sides for which the condition is neither true nor false: they are not compared. A report has it
	// among the counts of the expectation.
	WhereUndecided int64 `json:"-"`
	// Order keeps the compared columns as the source has them.
	Order []string `json:"order,omitempty"`
}

// CompareCounts tells the keys of a comparison apart.
type CompareCounts struct {
	Identical    int64 `json:"identical"`
	Changed      int64 `json:"changed"`
	Missing      int64 `json:"missing"`
	Extra        int64 `json:"extra"`
	DuplicateKey int64 `json:"duplicate_key"`
	InFlight     int64 `json:"in_flight"` // differed when first read, agreed when read again
	Unsettled    int64 `json:"unsettled"` // changed whenever they were read again
	SourceRows   int64 `json:"source_rows"`
	TargetRows   int64 `json:"target_rows"`
}

// Different is the number of keys that differ.
func (c *CompareCounts) Different() int64 { return c.Changed + c.Missing + c.Extra + c.DuplicateKey }

// Finding is something that a schema check says.
type Finding struct {
	Code   string `json:"code"`
	Column string `json:"column,omitempty"` // the source's name, or the target's where only it has the column
	Text   string `json:"text"`
}
