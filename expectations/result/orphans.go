package result

// Orphan is the class of a failing row that lacks a partner.
const Orphan Class = "orphan"

// Orphans are the rows of an expectation with joins that lack a partner.
type Orphans struct {
	Failing  int64 `json:"failing"`   // rows that lack a partner they must have: they count as false
	Skipped  int64 `json:"skipped"`   // rows that lack optional partners only
	NullKeys int64 `json:"null_keys"` // rows whose key is null, so that they have no partner to lack: counted as on_null says
	// Aliases counts the rows without a partner, by the partner's alias.
	Aliases map[string]int64 `json:"aliases"`
}
