package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// oldInfix stands between a table's name and the number of the old one that is kept.
const oldInfix = "_assay_old_"

// maxIdentifier is how many bytes of a name PostgreSQL keeps.
const maxIdentifier = 63

// kept is the name of the n-th old table.
func kept(name string, n int) string {
	tail := oldInfix + strconv.Itoa(n)
	for len(name)+len(tail) > maxIdentifier {
		name = name[:len(name)-1]
	}
	return strings.ToValidUTF8(name, "") + tail
}

// lastKept returns the greatest number of an old table that is there, 0 for none.
func (r *rebuild) lastKept(ctx context.Context) (int, error) {
	last := 0
	for n := 1; ; n++ {
		b, err := r.all(ctx, statement{
			text: "SELECT to_regclass($1::text) IS NOT NULL", args: [][]byte{[]byte(qualified(r.plan.Schema, kept(r.plan.Name, n)))}, outs: []output{{typ: value.Of(value.Bool)}},
		})
		if err != nil {
			return 0, err
		}
		if b.Cols[0].Bools[0] {
			last = n
		} else if n > last+16 { // some may have been dropped by hand
			return last, nil
		}
	}
}

// Swap implements connectors.Rebuild: one transaction renames both tables, with indexes, constraints and sequences, under a lock that waits for whoever uses the
// table now. It looks once more whether anything came to point at the table meanwhile.
func (r *rebuild) Swap(ctx context.Context) (string, error) {
	n, err := r.lastKept(ctx)
	if err != nil {
		return "", err
	}
	n++
	old := kept(r.plan.Name, n)
	if err := r.exec(ctx, "BEGIN; LOCK TABLE "+r.live()+" IN ACCESS EXCLUSIVE MODE"); err != nil {
		return "", err
	}
	now, err := r.read(ctx, query.Relation{Dataset: query.Dataset{Table: r.live()}})
	if err == nil {
		if e := r.plan.same(now); e != nil {
			err = wrong(connectors.Failed, r.op, "%w", e)
		}
	}
	if err == nil {
		err = r.exec(ctx, strings.Join(r.swapping(old, n), ";\n"))
	}
	if err != nil {
		_ = r.exec(ctx, "ROLLBACK")
		return "", err
	}
	c := &correction{s: r.s, op: r.op, pg: r.pg}
	if err := c.commit(ctx); err != nil {
		if _, uncertain := errors.AsType[*connectors.UncertainError](err); uncertain {
			return r.settled(ctx, old, err)
		}
		return "", err
	}
	r.swapped = true
	return qualified(r.plan.Schema, old), nil
}

// settled looks by another connection what became of a swap whose answer was lost.
func (r *rebuild) settled(ctx context.Context, old string, cause error) (string, error) {
	b, err := r.s.all(context.WithoutCancel(ctx), r.op, statement{
		text: "SELECT to_regclass($1::text) IS NOT NULL", args: [][]byte{[]byte(qualified(r.plan.Schema, old))}, outs: []output{{typ: value.Of(value.Bool)}},
	})
	r.swapped = true // by now the shadow is the table, or nobody knows
	if err != nil || !b.Cols[0].Bools[0] {
		return "", cause
	}
	return qualified(r.plan.Schema, old), nil
}

// swapping are the statements that let the tables change places.
func (r *rebuild) swapping(old string, number int) []string {
	p, q, live, beside := r.plan, dialect{}.QuoteIdent, r.live(), r.beside()
	var sql []string
	n := 0
	named := func(kind, from, to string) {
		sql = append(sql, "ALTER "+kind+" "+qualified(p.Schema, from)+" RENAME TO "+q(to))
	}
	others := 0
	aside := func(name string) string { // of old indexes and sequences, which all stand in one schema
		others++
		return short(name + oldInfix + strconv.Itoa(number) + "_" + strconv.Itoa(others))
	}
	for i := range p.Indexes {
		named("INDEX", p.Indexes[i].Name, aside(p.Indexes[i].Name))
		named("INDEX", r.temporary(n), p.Indexes[i].Name)
		n++
	}
	for i := range p.Constraints {
		if k := &p.Constraints[i]; k.indexed() {
			sql = append(sql, "ALTER TABLE "+live+" RENAME CONSTRAINT "+q(k.Name)+" TO "+q(aside(k.Name)),
				"ALTER TABLE "+beside+" RENAME CONSTRAINT "+q(r.temporary(n))+" TO "+q(k.Name))
			n++
		}
	}
	for _, s := range p.Sequences {
		column := q(s.Column)
		// Neither goes back: the greatest number that was given, or that is there.
		next := "SELECT pg_catalog.setval(%s, greatest((SELECT last_value FROM " + qualified(s.Schema, s.Name) + "), (SELECT max(" + column + ") FROM " + beside + ")), " +
			"(SELECT is_called FROM " + qualified(s.Schema, s.Name) + ") OR EXISTS (SELECT FROM " + beside + "))"
		if !s.Identity {
			sql = append(sql, fmt.Sprintf(next, quoteText(qualified(s.Schema, s.Name))+"::regclass"), "ALTER SEQUENCE "+qualified(s.Schema, s.Name)+" OWNED BY "+beside+"."+column)
			continue
		}
		serial := "pg_catalog.pg_get_serial_sequence(" + quoteText(beside) + ", " + quoteText(s.Column) + ")::regclass"
		sql = append(sql, fmt.Sprintf(next, serial))
		// The shadow's own sequence gets the name of the table's.
		n++
		sql = append(sql, "DO $$ BEGIN EXECUTE pg_catalog.format('ALTER SEQUENCE %s RENAME TO %I', "+serial+", "+quoteText(short(r.temporary(n)+"_seq"))+"); END $$",
			"ALTER SEQUENCE "+qualified(s.Schema, s.Name)+" RENAME TO "+q(aside(s.Name)),
			"ALTER SEQUENCE "+qualified(s.Schema, short(r.temporary(n)+"_seq"))+" RENAME TO "+q(s.Name))
	}
	named("TABLE", p.Name, old)
	named("TABLE", r.shadow, p.Name)
	return sql
}

// short cuts a name to what PostgreSQL keeps, from its front: what tells names apart stands at the end.
func short(name string) string {
	for len(name) > maxIdentifier {
		_, size := firstRune(name)
		name = name[size:]
	}
	return name
}

func firstRune(s string) (rune, int) {
	for i, r := range s {
		if i > 0 {
			return r, i
		}
	}
	return 0, len(s)
}

// DropOld implements connectors.Rebuilder.
func (s *Source) DropOld(ctx context.Context, r query.Relation) (string, error) {
	op := "drop what the rebuild of " + title(r.Dataset) + " kept"
	if !s.cfg.Writable {
		return "", wrong(connectors.ReadOnly, op, "connection %s is read-only: only one that says `writable: true` is ever written to", s.cfg.Name)
	}
	c := &correction{s: s, op: op}
	if err := c.connect(ctx); err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	schema, table, err := splitTable(r.Dataset.Table)
	if err != nil {
		return "", wrong(connectors.Misconfigured, op, "%w", err)
	}
	rb := &rebuild{s: s, op: op, pg: c.pg, plan: &blueprint{}}
	b, err := rb.all(ctx, statement{
		text: "SELECT n.nspname::text, c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = " +
			"pg_catalog.to_regclass(coalesce(pg_catalog.quote_ident($1::text) || '.', '') || pg_catalog.quote_ident($2::text))",
		args: tableArgs(schema, table), outs: []output{{typ: value.Of(value.String)}, {typ: value.Of(value.String)}},
	})
	if err != nil {
		return "", err
	}
	if b.N == 0 {
		return "", wrong(connectors.NotFound, op, "%w", missing(schema))
	}
	rb.plan.Schema, rb.plan.Name = b.Cols[0].Value(0).Str(), b.Cols[1].Value(0).Str()
	n, err := rb.lastKept(ctx)
	if err != nil || n == 0 {
		return "", err
	}
	old := qualified(rb.plan.Schema, kept(rb.plan.Name, n))
	return old, rb.exec(ctx, "DROP TABLE "+old)
}

func unmarshal(b []byte, dst any) error {
	if err := json.Unmarshal(b, dst); err != nil {
		return fmt.Errorf("read the catalogue's answer: %w", err)
	}
	return nil
}

// reader reads a buffer.
type reader struct{ rest []byte }

// Read implements io.Reader.
func (r *reader) Read(b []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
