package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

var _ connectors.Corrector = (*Source)(nil)

// correction changes rows of one table by a session of its own.
type correction struct {
	lookup

	s      *Source
	op     string
	layout *layout
	// writings are the columns of the table.
	writings map[string]connectors.Writing

	pg    *pgconn.PgConn
	begin string
	raw   bool // the database's encoding is SQL_ASCII
	used  bool // something has been tried since the last savepoint
}

// Correct implements connectors.Corrector.
func (s *Source) Correct(ctx context.Context, t connectors.Target) (connectors.Correction, error) {
	op := "change " + title(t.Relation.Dataset)
	if !s.cfg.Writable {
		return nil, wrong(connectors.ReadOnly, op, "connection %s is read-only: only one that says `writable: true` is ever written to", s.cfg.Name)
	}
	l, err := s.layout(ctx, t.Relation)
	if err != nil {
		return nil, err
	}
	look, err := newLookup(op, t)
	if err != nil {
		return nil, err
	}
	writings := l.writings()
	for _, col := range slices.Concat(t.Key, t.Columns) {
		w, ok := writings[col.Name]
		switch {
		case !ok:
			return nil, wrong(connectors.Misconfigured, op, "it has no column %s", col.Name)
		case col.Unusable != "":
			return nil, wrong(connectors.Misconfigured, op, "column %s can be neither guarded nor written: %s", col.Name, col.Unusable)
		case w.Generated && slices.ContainsFunc(t.Key, func(k value.Column) bool { return k.Name == col.Name }):
			return nil, wrong(connectors.Misconfigured, op, "column %s of the key is generated", col.Name)
		}
	}
	if !l.Privilege {
		return nil, wrong(connectors.Denied, op, "neither INSERT nor UPDATE nor DELETE is granted")
	}
	c := &correction{lookup: *look, s: s, op: op, layout: l, writings: writings}
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// beginWriting opens a transaction that sees what others have committed. Rows are found by the key's index where there is one: a batch is small beside its table,
// and a plan that reads the table for every batch would read it often.
func (s *Source) beginWriting(indexed bool) string {
	ms := int64(0)
	if s.cfg.Timeout > 0 {
		ms = max(1, s.cfg.Timeout.Milliseconds())
	}
	sql := "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL extra_float_digits = 1; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL statement_timeout = " +
		strconv.FormatInt(ms, 10)
	if indexed {
		sql += "; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off"
	}
	return sql + "; SET CONSTRAINTS ALL IMMEDIATE; SAVEPOINT assay"
}

// connect opens the session and asks whether it may write.
func (c *correction) connect(ctx context.Context) error {
	pg, err := pgconn.ConnectConfig(ctx, c.s.conn.Copy())
	if err != nil {
		return failure(ctx, c.op, c.s.run.hide(), err)
	}
	c.pg = pg
	var answer []byte
	r := pg.ExecParams(ctx, "SELECT pg_catalog.pg_is_in_recovery() OR pg_catalog.current_setting('transaction_read_only')::bool", nil, nil, nil, nil).Read()
	if len(r.Rows) == 1 && len(r.Rows[0]) == 1 {
		answer = r.Rows[0][0]
	}
	if r.Err != nil || string(answer) != "f" {
		_ = c.Close()
	}
	switch {
	case r.Err != nil:
		return failure(ctx, c.op, c.s.run.hide(), r.Err)
	case string(answer) != "f":
		return wrong(connectors.ReadOnly, c.op, "the server is read-only, or the account's default_transaction_read_only is on")
	}
	c.raw = pg.ParameterStatus("server_encoding") == "SQL_ASCII"
	c.begin = c.s.beginWriting(c.indexed)
	if c.raw {
		c.begin += "; SET LOCAL client_encoding = 'SQL_ASCII'"
	}
	return nil
}

// Transactional implements connectors.Correction.
func (c *correction) Transactional() bool { return true }

// Close implements connectors.Correction. What was not committed is undone.
func (c *correction) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.pg.Close(ctx) // nothing is lost with it
	return nil
}

// rowsAtOnce is how many keys one statement looks up.
const rowsAtOnce = 5000

// Rows implements connectors.Corrector.
func (s *Source) Rows(ctx context.Context, t connectors.Target, keys [][]value.Value) ([]*connectors.Row, error) {
	op := "read " + title(t.Relation.Dataset)
	l, err := newLookup(op, t)
	if err != nil {
		return nil, err
	}
	from, err := sqlgen.From(dialect{}, t.Relation.Dataset, "t")
	if err != nil {
		return nil, wrong(connectors.Misconfigured, op, "%w", err)
	}
	out := make([]*connectors.Row, len(keys))
	for first := 0; first < len(keys); first += rowsAtOnce {
		last := min(first+rowsAtOnce, len(keys))
		st, err := l.selectRows(from, keys[first:last])
		if err != nil {
			return nil, wrong(connectors.Failed, op, "%w", err)
		}
		b, err := s.all(ctx, op, st)
		if err != nil {
			return nil, err
		}
		l.collect(b, out[first:last])
	}
	return out, nil
}

// collect sorts the rows of selectRows by their keys' positions.
func (l *lookup) collect(b *value.Batch, out []*connectors.Row) {
	for i := range b.N {
		at := b.Cols[0].Ints[i] - 1
		if at < 0 || at >= int64(len(out)) {
			continue // cannot be: the server counts what it was given
		}
		if out[at] != nil {
			out[at].Many = true
			continue
		}
		out[at] = &connectors.Row{}
		out[at].Values, out[at].Errs = cellsOf(b.Cols[1:], i)
	}
}

// cellsOf boxes the cells of row i.
func cellsOf(cols []value.Vector, i int) (values []value.Value, errs []bool) {
	values = make([]value.Value, len(cols))
	for c := range cols {
		values[c] = cols[c].Value(i)
		if cols[c].IsErr(i) {
			if errs == nil {
				errs = make([]bool, len(cols))
			}
			errs[c] = true
		}
	}
	return values, errs
}

// lookup finds rows of a target by their keys.
type lookup struct {
	target connectors.Target
	keys   []*wire
	cols   []*wire
	// indexed says that an index begins with a column of the key.
	indexed bool
}

func newLookup(op string, t connectors.Target) (*lookup, error) {
	l := &lookup{target: t}
	if len(t.Key) == 0 {
		return nil, wrong(connectors.Misconfigured, op, "no key names one of its rows")
	}
	for _, col := range t.Key {
		w, err := newWire(col)
		if err == nil && (col.Type.Kind == value.JSON || col.Type.Kind == value.List) {
			err = fmt.Errorf("column %s of type %s cannot be a key", col.Name, col.Native)
		}
		if err != nil {
			return nil, wrong(connectors.Misconfigured, op, "%w", err)
		}
		l.keys = append(l.keys, w)
		for _, index := range slices.Concat(t.Relation.Schema.Indexes, [][]string{t.Relation.Schema.Key}) {
			l.indexed = l.indexed || len(index) > 0 && index[0] == col.Name
		}
	}
	for _, col := range t.Columns {
		w, err := newWire(col)
		if err != nil {
			return nil, wrong(connectors.Misconfigured, op, "%w", err)
		}
		l.cols = append(l.cols, w)
	}
	return l, nil
}
