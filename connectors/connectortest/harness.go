package connectortest

import (
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// Harness joins a connector to the suite. Name, Engine, Load and Open are owed; each of the
// others enables further tests and is left nil where the system has nothing like it.
type Harness struct {
	Name string
	// Engine says which hostile values the store can hold.
	Engine Engine
	// Load makes a real table or index of tb and returns the dataset that reads it; it registers its own cleanup.
	Load func(t testing.TB, tb Table) query.Dataset
	// Open opens the connector with its default settings; the suite closes it. A store in memory
	// returns the one that Load of the same t fills.
	Open func(t testing.TB) connectors.Source
	// OpenWith opens it with a statement timeout (0 for none) and a bound on connections.
	OpenWith func(t testing.TB, timeout time.Duration, maxConns int) connectors.Source

	// Missing is a dataset that does not exist: Describe gives NotFound.
	Missing *query.Dataset
	// Slow is a dataset whose scan takes the server at least ten seconds before or between rows
	// (a sleeping query), for timeouts and cancellation; it needs OpenWith.
	Slow *query.Dataset
	// Writes are query datasets that would change something if the server let them: each must be refused.
	Writes func(t testing.TB) []Write
	// Broken are connections that fail, each in its own way.
	Broken []Broken
	// Secrets are texts (passwords) that no error and no statement may contain.
	Secrets []string

	// Refused pins the names of the suite's cases that the connector's Caps refuse, in any order:
	// a case refused without being listed fails, and so does one listed that is not refused.
	// An order of Select that it refuses is "order by " and the key's first column.
	Refused []string
	// NoEngine says that the connector evaluates nothing: its Caps refuse every case, and Refused stays empty.
	NoEngine bool
	// Samplers are further samplers of the source that Open opens, by name: ways to draw that it would not choose for the suite's small tables.
	Samplers map[string]func(t testing.TB, src connectors.Source) connectors.Sampler
	// Extra are the columns that Describe lists beside a table's own (Elasticsearch's _id).
	Extra []string
}

// Write is an attempt to change data through a dataset.
type Write struct {
	Name    string
	Dataset query.Dataset
	// Changed reports whether the write took effect.
	Changed func(t testing.TB) bool
}

// Broken is a connection that must fail with a certain kind of error, by Open or by the first Describe of Dataset.
type Broken struct {
	Name    string
	Open    func(t testing.TB) (connectors.Source, error)
	Dataset query.Dataset
	Want    connectors.ErrorKind
}

// Run runs the conformance suite.
func Run(t *testing.T, h Harness) {
	t.Helper()
	t.Run("Describe", h.describe)
	t.Run("Select", h.selects)
	t.Run("Order", h.order)
	t.Run("Streams", h.streams)
	t.Run("Branches", h.branches)
	t.Run("Aggregate", h.aggregates)
	t.Run("Sets", h.sets)
	t.Run("Samples", h.samples)
	t.Run("Statements", h.statements)
	t.Run("Failures", h.failures)
}

// open opens the source and closes it at the end of the test.
func (h *Harness) open(t *testing.T) connectors.Source {
	t.Helper()
	s := h.Open(t)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}
