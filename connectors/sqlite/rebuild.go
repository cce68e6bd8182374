package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/guarded"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

var _ connectors.Rebuilder = (*source)(nil)

// rebuild is a table that is being filled beside another one, by a connection of its own. The shadow is made by the very statement that made the table; its indexes
// are made within the transaction of the swap, since SQLite renames none. What was kept by an earlier swap has none of its own but those of its constraints.
type rebuild struct {
	*correction

	dataset query.Dataset
	shadow  string
	create  string // the statement that made the table
	indexes []string
	names   []string // of indexes
	columns []value.Column
	swapped bool
}

// Rebuild implements connectors.Rebuilder.
func (s *source) Rebuild(ctx context.Context, r query.Relation, columns []value.Column, name string) (connectors.Rebuild, error) {
	rb, err := s.rebuilder(ctx, "rebuild "+nameOf(r.Dataset), r)
	if err != nil {
		return nil, err
	}
	rb.shadow, rb.columns = name, columns
	if err := rb.make(ctx); err != nil {
		_ = rb.Close(ctx) // the cause is known
		return nil, err
	}
	return rb, nil
}

// rebuilder opens a connection that may write and reads how the table is made.
func (s *source) rebuilder(ctx context.Context, op string, r query.Relation) (*rebuild, error) {
	if !s.cfg.Writable {
		return nil, refuse(connectors.ReadOnly, op, "connection %s is read-only: only one that says `writable: true` is ever written to", s.cfg.Name)
	}
	l, err := s.layout(ctx, r)
	if err != nil {
		return nil, err
	}
	conn, err := s.pool.driver.Open(writableDSN(s.pool.path))
	if err != nil {
		return nil, wrap(ctx, op, err)
	}
	c := &correction{lookup: lookup{d: s.d, target: connectors.Target{Relation: r}}, s: s, op: op, layout: l, conn: conn}
	rb := &rebuild{correction: c, dataset: r.Dataset, swapped: true}
	// References go by name: renaming must not follow them.
	for _, sql := range []string{"PRAGMA foreign_keys = OFF", "PRAGMA legacy_alter_table = ON"} {
		if _, err = c.query(ctx, sql, nil); err != nil {
			break
		}
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return rb, nil
}

// in is a quoted table of the schema.
func (r *rebuild) in(name string) string {
	return r.d.QuoteIdent(r.layout.schema) + "." + r.d.QuoteIdent(name)
}

// schemaRows reads rows of sqlite_schema.
func (r *rebuild) schemaRows(ctx context.Context, where string, args ...driver.Value) ([][]driver.Value, error) {
	return r.query(ctx, "SELECT type, name, tbl_name, coalesce(sql, '') FROM "+r.in("sqlite_schema")+" WHERE "+where+" ORDER BY name", args)
}

// make makes the empty shadow.
func (r *rebuild) make(ctx context.Context) error {
	if err := r.begin(ctx); err != nil {
		return err
	}
	err := r.makeWithin(ctx)
	if err == nil {
		err = r.commit(ctx)
	} else {
		r.rollback()
	}
	if err == nil {
		r.swapped = false
	}
	return r.plain(err)
}

// plain is err as the contract has it.
func (r *rebuild) plain(err error) error {
	if refused, ok := errors.AsType[*guarded.RefusedError](err); ok {
		return refused.Err
	}
	return err
}

func (r *rebuild) makeWithin(ctx context.Context) error {
	rows, err := r.schemaRows(ctx, "type = 'table' AND name = ?1 COLLATE NOCASE", r.layout.table)
	if err != nil {
		return err
	}
	if len(rows) != 1 {
		return refuse(connectors.NotFound, r.op, "no table %s", r.layout.table)
	}
	r.layout.table = text(rows[0][1])
	r.create = text(rows[0][3])
	if err := r.read(ctx); err != nil {
		return err
	}
	if err := r.obstructed(ctx); err != nil {
		return err
	}
	sql, err := r.renamed()
	if err != nil {
		return err
	}
	for _, s := range []string{"DROP TABLE IF EXISTS " + r.in(r.shadow), sql} {
		if _, err := r.query(ctx, s, nil); err != nil {
			return err
		}
	}
	r.forms = nil
	for _, col := range r.columns {
		if letter(col.Type.Kind) == 0 || col.Unusable != "" {
			return refuse(connectors.Misconfigured, r.op, "column %s of type %s cannot be written: %s", col.Name, col.Type, col.Unusable)
		}
		f, err := r.formOf(ctx, col)
		if err != nil {
			return err
		}
		r.forms = append(r.forms, f)
	}
	return nil
}

// read reads the table's indexes.
func (r *rebuild) read(ctx context.Context) error {
	rows, err := r.schemaRows(ctx, "type = 'index' AND sql IS NOT NULL AND tbl_name = ?1", r.layout.table)
	r.indexes, r.names = nil, nil
	for _, row := range rows {
		r.names, r.indexes = append(r.names, text(row[1])), append(r.indexes, text(row[3]))
	}
	return err
}

// obstructed names what points at the table: SQLite itself says what it would change if the table had another name.
func (r *rebuild) obstructed(ctx context.Context) error {
	what, err := r.pointing(ctx)
	if err != nil || len(what) == 0 {
		return err
	}
	slices.Sort(what)
	return refuse(connectors.Misconfigured, r.op, "another table cannot take its place: %s", strings.Join(slices.Compact(what), "; "))
}

func (r *rebuild) pointing(ctx context.Context) (what []string, err error) {
	triggers, err := r.schemaRows(ctx, "type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE", r.layout.table)
	if err != nil {
		return nil, err
	}
	for _, t := range triggers {
		what = append(what, "it has the trigger "+text(t[1]))
	}
	references, err := r.query(ctx, strings.Replace(referencesSQL, "%s", r.d.QuoteIdent(r.layout.schema), 1), []driver.Value{r.layout.table, r.layout.schema})
	if err != nil {
		return nil, err
	}
	for _, f := range references {
		if child := text(f[0]); !strings.EqualFold(child, r.layout.table) {
			what = append(what, "a foreign key of "+child+" refers to it")
		}
	}
	others, err := r.schemaRows(ctx, "type IN ('view', 'trigger') AND tbl_name <> ?1 COLLATE NOCASE", r.layout.table)
	if err != nil || len(others) == 0 {
		return what, err
	}
	for _, sql := range []string{"SAVEPOINT assay_try", "PRAGMA legacy_alter_table = OFF", "ALTER TABLE " + r.in(r.layout.table) + " RENAME TO assay_rebuild_try"} {
		if _, err = r.query(ctx, sql, nil); err != nil {
			break
		}
	}
	var after [][]driver.Value
	if err == nil {
		after, err = r.schemaRows(ctx, "type IN ('view', 'trigger') AND tbl_name <> 'assay_rebuild_try'")
	}
	for _, sql := range []string{"ROLLBACK TO assay_try", "RELEASE assay_try", "PRAGMA legacy_alter_table = ON"} {
		if _, e := r.query(context.WithoutCancel(ctx), sql, nil); e != nil {
			return nil, e
		}
	}
	if err != nil {
		return nil, fmt.Errorf("look for what refers to the table: %w", err)
	}
	now := map[string]string{}
	for _, o := range after {
		now[text(o[1])] = text(o[3])
	}
	for _, o := range others {
		if now[text(o[1])] != text(o[3]) {
			what = append(what, "the "+text(o[0])+" "+text(o[1])+" reads it")
		}
	}
	return what, nil
}

// renamed is the statement that made the table, for the shadow.
func (r *rebuild) renamed() (string, error) {
	const head = "CREATE TABLE "
	rest, ok := strings.CutPrefix(r.create, head)
	if ok {
		if tail, ok := afterName(rest); ok {
			return head + r.in(r.shadow) + tail, nil
		}
	}
	return "", refuse(connectors.Misconfigured, r.op, "the statement that made the table cannot be read: %.40s", r.create)
}

// afterName returns what follows the name that SQL begins with, bare or in one of SQLite's four quotes.
func afterName(s string) (string, bool) {
	if s == "" {
		return "", false
	}
	closing := map[byte]byte{'"': '"', '`': '`', '\'': '\'', '[': ']'}[s[0]]
	if closing == 0 {
		i := strings.IndexAny(s, " \t\r\n(/-")
		return s[max(i, 0):], i > 0
	}
	for i := 1; i < len(s); i++ {
		if s[i] != closing {
			continue
		}
		if closing != ']' && i+1 < len(s) && s[i+1] == closing {
			i++
			continue
		}
		return s[i+1:], true
	}
	return "", false
}

// Load implements connectors.Rebuild: one transaction a call.
func (r *rebuild) Load(ctx context.Context, rows *value.Batch) error {
	if err := r.begin(ctx); err != nil {
		return err
	}
	if err := r.insert(ctx, rows); err != nil {
		r.rollback()
		return r.plain(err)
	}
	return r.commit(ctx)
}

// insert appends rows by statements of many rows.
func (r *rebuild) insert(ctx context.Context, rows *value.Batch) error {
	names := make([]string, len(r.columns))
	for i, c := range r.columns {
		names[i] = r.d.QuoteIdent(c.Name)
	}
	tuple := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", ") + ")"
	step := max(1, min(500, maxParams/len(names)))
	for from := 0; from < rows.N; from += step {
		n := min(step, rows.N-from)
		args := make([]driver.Value, 0, n*len(names))
		for i := from; i < from+n; i++ {
			for c, col := range r.columns {
				if rows.Cols[c].IsErr(i) {
					return refuse(connectors.Failed, r.op, "column %s of a row holds what cannot be represented", col.Name)
				}
				v := rows.Cols[c].Value(i)
				x, err := r.forms[c].write(v)
				if err != nil {
					return refuse(connectors.Failed, r.op, "column %s: %w", col.Name, err)
				}
				args = append(args, x)
			}
		}
		sql := "INSERT OR ABORT INTO " + r.in(r.shadow) + " (" + strings.Join(names, ", ") + ") VALUES " + strings.TrimSuffix(strings.Repeat(tuple+", ", n), ", ")
		if _, err := r.query(ctx, sql, args); err != nil {
			return err
		}
	}
	return nil
}

// Finish implements connectors.Rebuild.
func (r *rebuild) Finish(context.Context) (query.Dataset, error) {
	d := r.dataset
	d.Table = r.in(r.shadow)
	return d, nil
}

// Close implements connectors.Rebuild.
func (r *rebuild) Close(ctx context.Context) error {
	var err error
	if !r.swapped {
		if err = r.begin(ctx); err == nil {
			if _, err = r.query(ctx, "DROP TABLE IF EXISTS "+r.in(r.shadow), nil); err == nil {
				err = r.commit(ctx)
			} else {
				r.rollback()
			}
		}
	}
	return errors.Join(r.plain(err), r.correction.Close())
}
