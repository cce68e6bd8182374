package elasticsearch

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/assay-dev/assay/connectors"
)

// guards is what must hold of the data for an answer to be exact, checked in the same request.
type guards struct {
	ignored []string          // no document lists these in _ignored
	doubts  []*clause         // no document matches these
	singles map[string]*field // these hold at most one value a document
}

// checks returns what the compiler gathered.
func (c *compiler) checks() guards {
	g := guards{singles: c.singles}
	g.ignored = slices.Sorted(maps.Keys(c.ignored))
	for _, text := range slices.Sorted(maps.Keys(c.guards)) {
		g.doubts = append(g.doubts, c.guards[text])
	}
	return g
}

func (g guards) empty() bool { return len(g.ignored) == 0 && len(g.doubts) == 0 && len(g.singles) == 0 }

// Names of the aggregations.
const (
	aggQueries = "queries"
	aggValues  = "values:"
	aggDocs    = "exists:"
)

// filters gathers queries to be counted, each once.
type filters struct {
	keys    map[string]string // text of the query -> key
	queries map[string]any    // key -> query
}

func newFilters() *filters { return &filters{keys: map[string]string{}, queries: map[string]any{}} }

// ask asks for the count of the clause unless it is known.
func (f *filters) ask(c *clause) {
	if c.op != clauseAll && c.op != clauseNone {
		f.key(c)
	}
}

// key returns the name under which the clause is counted.
func (f *filters) key(c *clause) string {
	text := c.text()
	if k, ok := f.keys[text]; ok {
		return k
	}
	k := "q" + strconv.Itoa(len(f.keys))
	f.keys[text] = k
	f.queries[k] = c.query()
	return k
}

func ignoredClause(name string) *clause {
	return leaf("term", map[string]any{"_ignored": map[string]any{"value": name}})
}

// into adds the guards to the filters and aggregations of a request.
func (g guards) into(f *filters, aggs map[string]any) {
	for _, name := range g.ignored {
		f.ask(ignoredClause(name))
	}
	for _, c := range g.doubts {
		f.ask(c)
	}
	for _, name := range slices.Sorted(maps.Keys(g.singles)) {
		f.ask(existsClause(name))
		aggs[aggValues+name] = map[string]any{"value_count": map[string]any{"field": name}}
	}
}

// aggs are the aggregations of a request that checks the guards and nothing else.
func (g guards) aggs() map[string]any {
	f, aggs := newFilters(), map[string]any{}
	g.into(f, aggs)
	if len(f.queries) > 0 {
		aggs[aggQueries] = map[string]any{"filters": map[string]any{"filters": f.queries}}
	}
	return aggs
}

// countsOf reads the counts of the filters and values of an answer's aggregations.
type counts struct {
	filters *filters
	docs    map[string]int64
	values  map[string]int64
	total   int64 // all documents of the dataset
}

func readCounts(op string, f *filters, raw []byte) (*counts, error) {
	c := &counts{filters: f, docs: map[string]int64{}, values: map[string]int64{}}
	if len(raw) == 0 {
		return c, nil
	}
	var aggs map[string]json.RawMessage
	if err := decodeJSON(op, raw, &aggs); err != nil {
		return nil, err
	}
	for name, body := range aggs {
		if name == aggQueries {
			var out struct {
				Buckets map[string]struct {
					DocCount int64 `json:"doc_count"`
				} `json:"buckets"`
			}
			if err := decodeJSON(op, body, &out); err != nil {
				return nil, err
			}
			for k, b := range out.Buckets {
				c.docs[k] = b.DocCount
			}
		} else if len(name) > len(aggValues) && name[:len(aggValues)] == aggValues {
			var out struct {
				Value int64 `json:"value"`
			}
			if err := decodeJSON(op, body, &out); err != nil {
				return nil, err
			}
			c.values[name[len(aggValues):]] = out.Value
		}
	}
	return c, nil
}

// count returns how many documents match the clause, which must have been asked for.
func (c *counts) count(cl *clause) int64 {
	switch cl.op {
	case clauseAll:
		return c.total
	case clauseNone:
		return 0
	}
	return c.docs[c.filters.key(cl)]
}

// verify returns an error where the guards do not hold: of kind Failed for several values, an InexactError otherwise.
func (g guards) check(op string, c *counts) error {
	for _, name := range slices.Sorted(maps.Keys(g.singles)) {
		if c.values[name] > c.count(existsClause(name)) {
			return &connectors.Error{Op: op, Err: severalValues(g.singles[name])}
		}
	}
	for _, name := range g.ignored {
		if c.count(ignoredClause(name)) > 0 {
			return &connectors.InexactError{Reason: "elasticsearch: values that the index ignored in field " + name}
		}
	}
	for _, cl := range g.doubts {
		if c.count(cl) > 0 {
			return &connectors.InexactError{Reason: "elasticsearch: values too close to a literal for the index to tell"}
		}
	}
	return nil
}

// verify checks an answer that holds the guards alone.
func (g guards) verify(op string, raw []byte) error {
	f := newFilters()
	g.into(f, map[string]any{})
	c, err := readCounts(op, f, raw)
	if err != nil {
		return err
	}
	return g.check(op, c)
}
