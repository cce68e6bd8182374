package memory_test

import (
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/memory"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// store fills one source; every table gets a name of its own.
type store struct {
	src *memory.Source
	n   atomic.Int64
}

// load puts tb into the test's source, in several batches.
func (s *store) load(t testing.TB, tb connectortest.Table) query.Dataset {
	t.Helper()
	name := tb.Name + strconv.FormatInt(s.n.Add(1), 10)
	schema := value.Schema{Key: tb.Key}
	var types []value.Type
	for _, c := range tb.Columns {
		schema.Columns = append(schema.Columns, value.Column{Name: c.Name, Type: c.Type, NotNull: c.NotNull, MayErr: true})
		types = append(types, c.Type)
	}
	var batches []*value.Batch
	for i, row := range tb.Rows {
		if i%100 == 0 {
			batches = append(batches, value.NewBatch(types...))
		}
		b := batches[len(batches)-1]
		for c, cell := range row {
			if cell.Err() {
				b.Cols[c].AppendErr()
			} else {
				b.Cols[c].AppendValue(cell.Value)
			}
		}
		b.N++
	}
	if err := s.src.Put(name, schema, batches...); err != nil {
		t.Fatal(err)
	}
	return query.Dataset{Name: tb.Name, Table: name, Key: tb.Key}
}

func TestConformance(t *testing.T) {
	s := store{src: memory.New()}
	connectortest.Run(t, connectortest.Harness{
		Name:    "memory",
		Engine:  connectortest.EngineMemory,
		Load:    s.load,
		Open:    func(testing.TB) connectors.Source { return s.src },
		Missing: &query.Dataset{Name: "missing", Table: "missing"},
	})
}
