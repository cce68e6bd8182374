package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

var _ connectors.Rebuilder = (*Source)(nil)

// rebuild is a table that is being filled beside another one, by a session of its own.
//
// Carried over are columns with their defaults, generated and identity columns, constraints, indexes, extended statistics, comments, owner and privileges, storage
// parameters, tablespace and replica identity. What other objects have to do with the table is an obstacle: see obstaclesSQL.
type rebuild struct {
	s       *Source
	op      string
	dataset query.Dataset
	plan    *blueprint
	shadow  string // its bare name
	pg      *pgconn.PgConn
	wires   []*wire
	buffer  []byte
	swapped bool
}

// Rebuild implements connectors.Rebuilder.
func (s *Source) Rebuild(ctx context.Context, r query.Relation, columns []value.Column, name string) (connectors.Rebuild, error) {
	op := "rebuild " + title(r.Dataset)
	rb, err := s.rebuilder(ctx, op, r)
	if err != nil {
		return nil, err
	}
	rb.shadow = name
	if err := rb.make(ctx, columns); err != nil {
		_ = rb.Close(ctx) // the cause is known
		return nil, err
	}
	return rb, nil
}

// rebuilder opens a session that may write and reads what the table is made of.
func (s *Source) rebuilder(ctx context.Context, op string, r query.Relation) (*rebuild, error) {
	if !s.cfg.Writable {
		return nil, wrong(connectors.ReadOnly, op, "connection %s is read-only: only one that says `writable: true` is ever written to", s.cfg.Name)
	}
	c := &correction{s: s, op: op}
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	rb := &rebuild{s: s, op: op, dataset: r.Dataset, pg: c.pg}
	err := rb.exec(ctx, "SET statement_timeout = 0; SET lock_timeout = '60s'; SET extra_float_digits = 1; SET IntervalStyle = 'postgres'")
	if err == nil {
		rb.plan, err = rb.read(ctx, r)
	}
	if err == nil {
		// Without a search path the server names everything with its schema.
		if err = rb.exec(ctx, "SET search_path = ''"); err == nil {
			rb.plan, err = rb.read(ctx, query.Relation{Dataset: query.Dataset{Table: rb.live()}})
		}
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return rb, nil
}

// read reads the blueprint by the rebuild's own session.
func (r *rebuild) read(ctx context.Context, rel query.Relation) (*blueprint, error) {
	return r.s.blueprint(ctx, r.op, rel, func(sql string, args [][]byte, dst any) (bool, error) {
		b, err := r.all(ctx, statement{text: sql, args: args, outs: []output{{typ: value.Of(value.String)}}})
		if err != nil || b.N == 0 {
			return false, err
		}
		return true, unmarshal(b.Cols[0].Bytes(0), dst)
	})
}

func (r *rebuild) exec(ctx context.Context, sql string) error {
	return failure(ctx, r.op, r.s.run.hide(), r.pg.Exec(ctx, sql).Close())
}

func (r *rebuild) all(ctx context.Context, st statement) (*value.Batch, error) {
	rows, err := r.s.queryOn(ctx, &session{pg: r.pg, end: func(bool) {}}, r.op, st, 0)
	if err != nil {
		return nil, err
	}
	return rows.drain(ctx)
}

// live and beside are the quoted names of the table and of its shadow.
func (r *rebuild) live() string   { return qualified(r.plan.Schema, r.plan.Name) }
func (r *rebuild) beside() string { return qualified(r.plan.Schema, r.shadow) }

// make makes the empty shadow, without what is cheaper to make once it is full.
func (r *rebuild) make(ctx context.Context, columns []value.Column) error {
	for _, col := range columns {
		w, err := newWire(col)
		if err != nil {
			return wrong(connectors.Misconfigured, r.op, "%w", err)
		}
		r.wires = append(r.wires, w)
	}
	if err := r.alone(ctx); err != nil {
		r.swapped = true // the shadow is another's
		return err
	}
	p := r.plan
	q := dialect{}.QuoteIdent
	create := "CREATE TABLE "
	if p.Unlogged {
		create = "CREATE UNLOGGED TABLE "
	}
	create += r.beside() + " (LIKE " + r.live() + " INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING IDENTITY INCLUDING STORAGE INCLUDING COMPRESSION" +
		" INCLUDING COMMENTS INCLUDING STATISTICS)"
	if p.Method != "" {
		create += " USING " + q(p.Method)
	}
	if len(p.Options) > 0 {
		options, err := storage(p.Options)
		if err != nil {
			return wrong(connectors.Misconfigured, r.op, "%w", err)
		}
		create += " WITH (" + options + ")"
	}
	if p.Space != "" {
		create += " TABLESPACE " + q(p.Space)
	}
	sql := []string{"BEGIN", "DROP TABLE IF EXISTS " + r.beside(), create}
	for i := range p.Constraints {
		if k := &p.Constraints[i]; k.Type == "c" {
			sql = append(sql, "ALTER TABLE "+r.beside()+" ADD CONSTRAINT "+q(k.Name)+" "+k.Def)
		}
	}
	sql = append(sql, "COMMIT")
	return r.exec(ctx, strings.Join(sql, ";\n"))
}

// patience is how long to wait for the end of another rebuild of the table: a server takes a moment to notice that a program was killed.
const patience = 30 * time.Second

// alone sees to it that this is the only rebuild of the table: another one would drop what this one fills.
func (r *rebuild) alone(ctx context.Context) error {
	st := statement{
		text: "SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended($1::text, 0))", args: [][]byte{[]byte("assay rebuild " + r.beside())}, outs: []output{{typ: value.Of(value.Bool)}},
	}
	for until := time.Now().Add(patience); ; {
		lock, err := r.all(ctx, st)
		switch {
		case err != nil:
			return err
		case lock.N == 1 && lock.Cols[0].Bools[0]:
			return nil
		case time.Now().After(until):
			return wrong(connectors.Failed, r.op, "another rebuild of it is under way")
		}
		pause := time.NewTimer(100 * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return failure(ctx, r.op, r.s.run.hide(), ctx.Err())
		}
	}
}

// storage renders options of pg_class or pg_attribute, which are name=value.
func storage(options []string) (string, error) {
	out := make([]string, len(options))
	for i, o := range options {
		name, v, ok := strings.Cut(o, "=")
		if !ok || strings.ContainsFunc(name, func(c rune) bool { return c != '_' && c != '.' && (c < 'a' || c > 'z') && (c < '0' || c > '9') }) {
			return "", fmt.Errorf("its storage parameter %q is not known", o)
		}
		out[i] = name + " = " + quoteText(v)
	}
	return strings.Join(out, ", "), nil
}

// copyBytes is how much one COPY takes.
const copyBytes = 4 << 20

// Load implements connectors.Rebuild.
func (r *rebuild) Load(ctx context.Context, rows *value.Batch) error {
	for i := range rows.N {
		for c, w := range r.wires {
			if c > 0 {
				r.buffer = append(r.buffer, '\t')
			}
			if rows.Cols[c].IsErr(i) {
				return wrong(connectors.Failed, r.op, "column %s of a row holds what cannot be represented", w.col.Name)
			}
			var err error
			if r.buffer, err = w.copied(r.buffer, rows.Cols[c].Value(i)); err != nil {
				return wrong(connectors.Failed, r.op, "%w", err)
			}
		}
		r.buffer = append(r.buffer, '\n')
		if len(r.buffer) >= copyBytes {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush sends what has been gathered.
func (r *rebuild) flush(ctx context.Context) error {
	if len(r.buffer) == 0 {
		return nil
	}
	names := make([]string, len(r.wires))
	for i, w := range r.wires {
		names[i] = dialect{}.QuoteIdent(w.col.Name)
	}
	rows := int64(0)
	for _, c := range r.buffer {
		if c == '\n' {
			rows++
		}
	}
	tag, err := r.pg.CopyFrom(ctx, &reader{r.buffer}, "COPY "+r.beside()+" ("+strings.Join(names, ", ")+") FROM STDIN")
	r.buffer = r.buffer[:0]
	if err == nil && tag.RowsAffected() != rows {
		err = fmt.Errorf("%d rows were sent and %d were taken", rows, tag.RowsAffected())
	}
	return failure(ctx, r.op, r.s.run.hide(), err)
}

// Finish implements connectors.Rebuild.
func (r *rebuild) Finish(ctx context.Context) (query.Dataset, error) {
	if err := r.flush(ctx); err != nil {
		return query.Dataset{}, err
	}
	sql, err := r.finishing()
	if err != nil {
		return query.Dataset{}, wrong(connectors.Misconfigured, r.op, "%w", err)
	}
	for _, s := range sql {
		if err := r.exec(ctx, s); err != nil {
			return query.Dataset{}, err
		}
	}
	d := r.dataset
	d.Table = r.beside()
	return d, nil
}

// temporary is the name that an index of the shadow has until it takes the place of the other one.
func (r *rebuild) temporary(n int) string { return r.shadow + "_" + strconv.Itoa(n) }

// finishing are the statements that make of the full shadow what the table is. Its privileges come last.
func (r *rebuild) finishing() ([]string, error) {
	p, q, beside := r.plan, dialect{}.QuoteIdent, r.beside()
	alter := "ALTER TABLE " + beside + " "
	var sql []string
	said := func(kind, name, on, comment string) {
		if comment != "" {
			sql = append(sql, "COMMENT ON "+kind+" "+name+on+" IS "+quoteText(comment))
		}
	}
	n := 0
	for i := range p.Indexes {
		x := &p.Indexes[i]
		def, err := x.on(r.temporary(n), p.Written, beside)
		if err != nil {
			return nil, err
		}
		sql = append(sql, def)
		said("INDEX", qualified(p.Schema, r.temporary(n)), "", x.Comment)
		sql = append(sql, r.marks(x, r.temporary(n))...)
		n++
	}
	for i := range p.Constraints {
		k := &p.Constraints[i]
		name, def := k.Name, k.Def
		switch {
		case k.indexed():
			name = r.temporary(n)
			n++
		case k.Type == "c":
			said("CONSTRAINT", q(name), " ON "+beside, k.Comment)
			continue
		case k.Self:
			var err error
			if def, err = k.reference(p.Written, beside); err != nil {
				return nil, err
			}
		}
		sql = append(sql, alter+"ADD CONSTRAINT "+q(name)+" "+def)
		said("CONSTRAINT", q(name), " ON "+beside, k.Comment)
		sql = append(sql, r.marks(k, name)...)
	}
	switch p.Replica {
	case "f":
		sql = append(sql, alter+"REPLICA IDENTITY FULL")
	case "n":
		sql = append(sql, alter+"REPLICA IDENTITY NOTHING")
	}
	said("TABLE", beside, "", p.Comment)
	for _, c := range p.Tuned {
		if c.Target != nil && *c.Target >= 0 {
			sql = append(sql, alter+"ALTER COLUMN "+q(c.Name)+" SET STATISTICS "+strconv.Itoa(*c.Target))
		}
		if len(c.Options) > 0 {
			options, err := storage(c.Options)
			if err != nil {
				return nil, err
			}
			sql = append(sql, alter+"ALTER COLUMN "+q(c.Name)+" SET ("+options+")")
		}
	}
	return append(append(sql, "ANALYZE "+beside), r.granting()...), nil
}

// marks repeats what the table says of an index.
func (r *rebuild) marks(d *definition, name string) []string {
	var sql []string
	if d.Replica && r.plan.Replica == "i" {
		sql = append(sql, "ALTER TABLE "+r.beside()+" REPLICA IDENTITY USING INDEX "+dialect{}.QuoteIdent(name))
	}
	if d.Cluster {
		sql = append(sql, "ALTER TABLE "+r.beside()+" CLUSTER ON "+dialect{}.QuoteIdent(name))
	}
	return sql
}

// granting are the statements that give the shadow the table's privileges and owner, in place of those that new tables get.
func (r *rebuild) granting() []string {
	q, beside := dialect{}.QuoteIdent, r.beside()
	sql := []string{`DO $$ DECLARE who text; BEGIN
  FOR who IN SELECT DISTINCT CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END
    FROM pg_catalog.pg_class c CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS x WHERE c.oid = ` + quoteText(beside) + `::regclass AND x.grantee <> c.relowner
  LOOP EXECUTE 'REVOKE ALL ON TABLE ' || ` + quoteText(beside) + ` || ' FROM ' || who; END LOOP; END $$`}
	for _, g := range r.plan.Grants {
		if g.Who == r.plan.Owner {
			continue
		}
		who := "PUBLIC"
		if g.Who != "" {
			who = q(g.Who)
		}
		what := g.What
		if g.On != "" {
			what += " (" + q(g.On) + ")"
		}
		text := "GRANT " + what + " ON TABLE " + beside + " TO " + who
		if g.Again {
			text += " WITH GRANT OPTION"
		}
		sql = append(sql, text)
	}
	return append(sql, "ALTER TABLE "+beside+" OWNER TO "+q(r.plan.Owner))
}

// Close implements connectors.Rebuild.
func (r *rebuild) Close(ctx context.Context) error {
	var err error
	if !r.swapped && !r.pg.IsClosed() {
		err = r.exec(ctx, "ROLLBACK; DROP TABLE IF EXISTS "+r.beside())
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelGrace)
	defer cancel()
	_ = r.pg.Close(limited) // nothing is lost with it
	return err
}

// same reports whether two tables are made of the same.
func (b *blueprint) same(o *blueprint) error {
	if b.OID != o.OID || !slices.Equal(b.Columns, o.Columns) || !slices.Equal(b.Constraints, o.Constraints) || !slices.Equal(b.Indexes, o.Indexes) {
		return errors.New("somebody has altered the table meanwhile")
	}
	return nil
}
