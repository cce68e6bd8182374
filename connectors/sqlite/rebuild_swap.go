package sqlite

import (
	"context"
	"database/sql/driver"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// Swap implements connectors.Rebuild: one transaction.
func (r *rebuild) Swap(ctx context.Context) (string, error) {
	if err := r.begin(ctx); err != nil {
		return "", err
	}
	old, err := r.swapWithin(ctx)
	if err != nil {
		r.rollback()
		return "", r.plain(err)
	}
	if err := r.commit(ctx); err != nil {
		return "", err
	}
	r.swapped = true
	return old, nil
}

func (r *rebuild) swapWithin(ctx context.Context) (string, error) {
	last, err := r.lastKept(ctx)
	if err != nil {
		return "", err
	}
	if err := r.obstructed(ctx); err != nil {
		return "", err
	}
	rows, err := r.schemaRows(ctx, "type = 'table' AND name = ?1", r.layout.table)
	if err != nil {
		return "", err
	}
	if len(rows) != 1 || text(rows[0][3]) != r.create {
		return "", refuse(connectors.Failed, r.op, "somebody has altered the table meanwhile")
	}
	if err := r.read(ctx); err != nil {
		return "", err
	}
	old := r.layout.table + oldInfix + strconv.Itoa(last+1)
	q := r.d.QuoteIdent
	sql := []string{"ALTER TABLE " + r.in(r.layout.table) + " RENAME TO " + q(old), "ALTER TABLE " + r.in(r.shadow) + " RENAME TO " + q(r.layout.table)}
	for i, name := range r.names {
		sql = append(sql, "DROP INDEX "+r.in(name), r.indexes[i])
	}
	for _, s := range sql {
		if _, err := r.query(ctx, s, nil); err != nil {
			return "", err
		}
	}
	return r.in(old), r.number(ctx, old)
}

// number carries the number over that AUTOINCREMENT gave last.
func (r *rebuild) number(ctx context.Context, old string) error {
	there, err := r.schemaRows(ctx, "name = 'sqlite_sequence'")
	if err != nil || len(there) == 0 {
		return err
	}
	seq := r.in("sqlite_sequence")
	if _, err := r.query(ctx, "UPDATE "+seq+" SET seq = max(seq, (SELECT o.seq FROM "+seq+" AS o WHERE o.name = ?1)) WHERE name = ?2 AND EXISTS (SELECT 1 FROM "+seq+
		" AS o WHERE o.name = ?1)", []driver.Value{old, r.layout.table}); err != nil {
		return err
	}
	_, err = r.query(ctx, "INSERT INTO "+seq+" (name, seq) SELECT ?2, o.seq FROM "+seq+" AS o WHERE o.name = ?1 AND NOT EXISTS (SELECT 1 FROM "+seq+" AS n WHERE n.name = ?2)",
		[]driver.Value{old, r.layout.table})
	return err
}

// oldInfix stands between a table's name and the number of the old one that is kept.
const oldInfix = "_assay_old_"

// lastKept returns the greatest number of an old table that is there, 0 for none.
func (r *rebuild) lastKept(ctx context.Context) (int, error) {
	rows, err := r.schemaRows(ctx, "type = 'table'")
	last := 0
	for _, row := range rows {
		name := text(row[1])
		head := r.layout.table + oldInfix
		if len(name) <= len(head) || !strings.EqualFold(name[:len(head)], head) {
			continue
		}
		if n, err := strconv.Atoi(name[len(head):]); err == nil {
			last = max(last, n)
		}
	}
	return last, err
}

// DropOld implements connectors.Rebuilder.
func (s *source) DropOld(ctx context.Context, r query.Relation) (string, error) {
	rb, err := s.rebuilder(ctx, "drop what the rebuild of "+nameOf(r.Dataset)+" kept", r)
	if err != nil {
		return "", err
	}
	defer func() { _ = rb.Close(ctx) }()
	n, err := rb.lastKept(ctx)
	if err != nil || n == 0 {
		return "", err
	}
	old := rb.in(rb.layout.table + oldInfix + strconv.Itoa(n))
	if err := rb.begin(ctx); err != nil {
		return "", err
	}
	if _, err := rb.query(ctx, "DROP TABLE "+old, nil); err != nil {
		rb.rollback()
		return "", rb.plain(err)
	}
	return old, rb.commit(ctx)
}
