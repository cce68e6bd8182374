package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// familySQL reads where the rows of the table $1 (schema, null for the search path) and $2 (name) lie: its leaves are the table and its descendants
// so far as they have pages or are foreign, with the pages they have at this moment.
const familySQL = `
WITH RECURSIVE family AS (
  SELECT pg_catalog.to_regclass(coalesce(pg_catalog.quote_ident($1::text) || '.', '') || pg_catalog.quote_ident($2::text))::oid AS oid, true AS root, false AS leaving
  UNION
  SELECT i.inhrelid, false, i.inhdetachpending
  FROM family f JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid
)
SELECT pg_catalog.json_build_object(
  'block', pg_catalog.current_setting('block_size')::int8,
  'kind', max(c.relkind::text) FILTER (WHERE f.root),
  'places', coalesce(bool_and(pg_catalog.has_table_privilege(c.oid, 'SELECT')) FILTER (WHERE f.root), false),
  'secured', count(*) > 1 AND bool_or(pg_catalog.row_security_active(c.oid)),
  'leaving', bool_or(f.leaving),
  'leaves', json_agg(pg_catalog.json_build_object(
    'oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind,
    'heap', coalesce(m.amname = 'heap', false),
    'readable', pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE'),
    'pages', CASE WHEN c.relkind IN ('r', 'm') THEN coalesce(pg_catalog.pg_relation_size(c.oid), 0) / pg_catalog.current_setting('block_size')::int8 ELSE 0 END
  ) ORDER BY c.oid) FILTER (WHERE c.relkind <> 'p'))::text
FROM family f JOIN pg_catalog.pg_class c ON c.oid = f.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam`

// leaf is a table whose pages hold rows.
type leaf struct {
	OID      uint32 `json:"oid"`
	Schema   string `json:"schema"`
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Heap     bool   `json:"heap"`
	Readable bool   `json:"readable"`
	Pages    uint64 `json:"pages"`
}

// tables is where the rows of a relation lie.
type tables struct {
	Block   uint64 `json:"block"`
	Kind    string `json:"kind"`
	Places  bool   `json:"places"`  // the account may ask for ctid
	Secured bool   `json:"secured"` // row security of one of several tables, which asking its leaves would not apply
	Leaving bool   `json:"leaving"` // a partition is being detached
	Leaves  []leaf `json:"leaves"`

	pages uint64
	lines uint64 // most lines of a page
}

// mostLeaves is how many tables a place can tell apart.
const mostLeaves = 1 << 15

// The sizes of a page's header, and of its smallest row with its line: what bounds the lines of a page of a heap (MaxHeapTuplesPerPage).
const (
	pageHeader = 24
	leastTuple = 24 + 4
)

// family reads where the rows of a dataset lie; nil for a query.
func (s *Source) family(ctx context.Context, ses *session, op string, d query.Dataset) (*tables, error) {
	if d.Table == "" {
		return nil, nil //nolint:nilnil // see above
	}
	schema, table, err := splitTable(d.Table)
	if err != nil {
		return nil, err
	}
	st := statement{text: familySQL, args: tableArgs(schema, table), outs: []output{{typ: value.Of(value.String)}}}
	b, err := s.ask(ctx, ses, op, st)
	if err != nil {
		return nil, err
	}
	var f tables
	if b.N != 1 || b.Cols[0].IsNull(0) {
		return nil, errNoTable
	}
	if err := json.Unmarshal(b.Cols[0].Bytes(0), &f); err != nil {
		return nil, fmt.Errorf("read the catalogue's answer: %w", err)
	}
	f.lines = (f.Block - pageHeader) / leastTuple
	for _, l := range f.Leaves {
		f.pages += l.Pages
	}
	return &f, nil
}

// unplaced says why rows have no places that tell them apart, "" where they have.
func (f *tables) unplaced() string {
	switch {
	case f == nil:
		return "a query has no pages"
	case f.Kind == "v":
		return "a view has no pages"
	case !f.Places:
		return "only some columns may be read, ctid is none of them"
	case len(f.Leaves) > mostLeaves:
		return fmt.Sprintf("it has %d partitions", len(f.Leaves))
	}
	for _, l := range f.Leaves {
		switch {
		case l.Kind == "f":
			return "the rows of the foreign table " + l.Name + " have no places"
		case !l.Heap:
			return "the rows of " + l.Name + " are not stored in a heap"
		}
	}
	return ""
}

// unprobed says why places cannot be looked up one by one, "" where they can.
func (f *tables) unprobed() string {
	if why := f.unplaced(); why != "" {
		return why
	}
	switch {
	case f.Secured:
		return "row security decides what is seen of its partitions"
	case f.Leaving:
		return "a partition is being detached"
	}
	for _, l := range f.Leaves {
		if !l.Readable {
			return "SELECT is not granted on " + l.Name + " itself"
		}
	}
	return ""
}

// ask reads a result of few rows on a session that goes on.
func (s *Source) ask(ctx context.Context, ses *session, op string, st statement) (*value.Batch, error) {
	r, err := s.queryOn(ctx, sharing(ses), op, st, 0)
	if err != nil {
		return nil, err
	}
	return r.drain(ctx)
}

// sharing is a session for one of several statements: its end is none.
func sharing(ses *session) *session { return &session{pg: ses.pg, end: func(bool) {}} }

// estimate is what the server's planner expects of the rows of a sample.
type estimate struct {
	rows float64
	cost float64 // of reading them all, in units of one page read in sequence
}

// estimateStatement has the server plan to read the rows of a sample.
func estimateStatement(q query.Sample) (sqlgen.Statement, error) {
	w := sqlgen.NewWriter(dialect{})
	from, err := sqlgen.From(dialect{}, q.From.Dataset, w.Alias())
	if err != nil {
		return sqlgen.Statement{}, err
	}
	st, err := sqlgen.Pieces(w, nil, q.Where, []sqlgen.Piece{{From: from, Outs: []string{"1"}}}, "")
	st.Text = "EXPLAIN (FORMAT JSON) " + st.Text
	return st, err
}

// estimate asks the planner. It also locks the table and its partitions against all that would move rows, until the transaction ends.
func (*Source) estimate(ctx context.Context, ses *session, q query.Sample) (estimate, error) {
	st, err := estimateStatement(q)
	if err != nil {
		return estimate{}, err
	}
	// Of a table so large that it would compile the statement the server loads the compiler even to explain it: some 40 ms.
	if err := ses.set(ctx, "SET LOCAL jit = off"); err != nil {
		return estimate{}, err
	}
	bound := bind(st, nil)
	result := ses.pg.ExecParams(ctx, bound.text, bound.args, nil, nil, nil).Read()
	if result.Err != nil {
		return estimate{}, result.Err
	}
	if err := ses.set(ctx, "SET LOCAL jit TO DEFAULT"); err != nil {
		return estimate{}, err
	}
	if len(result.Rows) != 1 || len(result.Rows[0]) != 1 {
		return estimate{}, errTruncated
	}
	var plans []struct {
		Plan struct {
			Rows float64 `json:"Plan Rows"`
			Cost float64 `json:"Total Cost"`
		} `json:"Plan"`
	}
	if err := json.Unmarshal(result.Rows[0][0], &plans); err != nil {
		return estimate{}, fmt.Errorf("read the server's plan: %w", err)
	}
	if len(plans) != 1 {
		return estimate{}, errTruncated
	}
	return estimate{rows: plans[0].Plan.Rows, cost: plans[0].Plan.Cost}, nil
}
