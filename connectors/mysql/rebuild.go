package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

var _ connectors.Rebuilder = (*Source)(nil)

// obstaclesMySQL names what would stay with the old table, or break, by its kind and its name. Each of its parts takes the schema and the name.
const obstaclesMySQL = `SELECT CONCAT('the foreign key ', CONSTRAINT_NAME, ' of ', TABLE_SCHEMA, '.', TABLE_NAME, ' refers to it')
FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_SCHEMA = ? AND REFERENCED_TABLE_NAME = ?
UNION
SELECT CONCAT('it has the foreign key ', CONSTRAINT_NAME, ', whose name no other table of the schema can have') FROM information_schema.TABLE_CONSTRAINTS
WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND CONSTRAINT_TYPE = 'FOREIGN KEY'
UNION
SELECT CONCAT('it has the trigger ', TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = ? AND EVENT_OBJECT_TABLE = ?
UNION
SELECT CONCAT('it has the partition ', PARTITION_NAME) FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND PARTITION_NAME IS NOT NULL
UNION
`

// obstacleParts is the number of its parts, with that of views.
const obstacleParts = 5

// viewsSQL names the views that read a table. MariaDB does not keep which, but spells all names out in what it stores of a view.
func (f flavour) viewsSQL() string {
	if f == mariaDB {
		return "SELECT CONCAT('the view ', TABLE_SCHEMA, '.', TABLE_NAME, ' reads it') FROM information_schema.VIEWS\n" +
			"WHERE LOCATE(CONCAT('`', REPLACE(?, '`', '``'), '`.`', REPLACE(?, '`', '``'), '`'), VIEW_DEFINITION) > 0"
	}
	return "SELECT CONCAT('the view ', VIEW_SCHEMA, '.', VIEW_NAME, ' reads it') FROM information_schema.VIEW_TABLE_USAGE WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?"
}

// rebuild is a table that is being filled beside another one, by a session of its own. Carried over is what CREATE TABLE … LIKE carries over: columns with defaults
// and comments, generated columns, indexes, checks (MySQL gives these names of its own) and the options of the table, and the next number of AUTO_INCREMENT.
// Privileges and views go by a table's name.
type rebuild struct {
	*correction

	dataset      query.Dataset
	schema, name string
	shadow       string
	swapped      bool
}

// Rebuild implements connectors.Rebuilder.
func (s *Source) Rebuild(ctx context.Context, r query.Relation, columns []value.Column, name string) (connectors.Rebuild, error) {
	rb, err := s.rebuilder(ctx, "rebuild "+datasetName(r.Dataset), r)
	if err != nil {
		return nil, err
	}
	rb.shadow = name
	if err := rb.make(ctx, columns); err != nil {
		_ = rb.Close(ctx) // the cause is known
		return nil, wrap(rb.op, err)
	}
	return rb, nil
}

// rebuilder opens a session that may write.
func (s *Source) rebuilder(ctx context.Context, op string, r query.Relation) (*rebuild, error) {
	if s.writer == nil {
		return nil, wrong(connectors.ReadOnly, op, "connection %s is read-only: only one that says `writable: true` is ever written to", s.cfg.Name)
	}
	if r.Dataset.Table == "" {
		return nil, wrong(connectors.ReadOnly, op, "it is a query: only a table can be rebuilt")
	}
	parts, err := sqlgen.SplitName(r.Dataset.Table)
	if err != nil || len(parts) > 2 {
		return nil, wrong(connectors.Misconfigured, op, "table name %q is not of the form name or schema.name", r.Dataset.Table)
	}
	c := &correction{s: s, op: op}
	c.d, c.unique = s.dialect(), true
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	rb := &rebuild{correction: c, dataset: r.Dataset, name: parts[len(parts)-1], swapped: true} // nothing to drop yet
	if len(parts) == 2 {
		rb.schema = parts[0]
	}
	_, err = c.exec(ctx, "SET SESSION lock_wait_timeout = 60, transaction_isolation = 'READ-COMMITTED'")
	if err != nil && c.d.flavour == mariaDB {
		if _, err = c.exec(ctx, "SET SESSION lock_wait_timeout = 60"); err == nil {
			_, err = c.exec(ctx, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
		}
	}
	if err == nil && rb.schema == "" {
		err = c.query(ctx, statement{text: "SELECT DATABASE()"}, func(row []driver.Value) error {
			rb.schema = text(row[0])
			return nil
		})
	}
	if err != nil {
		_ = c.Close()
		return nil, wrap(op, err)
	}
	return rb, nil
}

// qualified quotes a table of the schema.
func (r *rebuild) qualified(name string) string { return ident(r.schema) + "." + ident(name) }

// obstructed says why another table cannot take the place.
func (r *rebuild) obstructed(ctx context.Context) error {
	st := statement{text: obstaclesMySQL + r.d.flavour.viewsSQL()}
	for range obstacleParts {
		st.args = append(st.args, r.schema, r.name)
	}
	var what []string
	err := r.query(ctx, st, func(row []driver.Value) error {
		what = append(what, text(row[0]))
		return nil
	})
	if err != nil || len(what) == 0 {
		return err
	}
	slices.Sort(what)
	return wrong(connectors.Misconfigured, r.op, "another table cannot take its place: %s", strings.Join(what, "; "))
}

// one reads a single number.
func (r *rebuild) one(ctx context.Context, sql string, args ...any) (n int64, err error) {
	err = r.query(ctx, statement{text: sql, args: args}, func(row []driver.Value) error {
		if row[0] != nil {
			n, err = strconv.ParseInt(text(row[0]), 10, 64)
		}
		return err
	})
	return n, err
}

// make makes the empty shadow.
func (r *rebuild) make(ctx context.Context, columns []value.Column) error {
	if _, err := r.s.layout(ctx, query.Relation{Dataset: r.dataset}); err != nil {
		return err
	}
	if err := r.obstructed(ctx); err != nil {
		return err
	}
	for _, col := range columns {
		w, err := newWire(r.d, col)
		if err != nil {
			return wrong(connectors.Misconfigured, r.op, "%w", err)
		}
		r.cols = append(r.cols, w)
	}
	// One at a time: another one would drop what this one fills. A server takes a moment to notice that a program was killed.
	got, err := r.one(ctx, "SELECT GET_LOCK(SUBSTRING(SHA2(CONCAT('assay rebuild ', ?, '.', ?), 256), 1, 60), 30)", r.schema, r.shadow)
	if err != nil {
		return err
	}
	if got != 1 {
		return wrong(connectors.Failed, r.op, "another rebuild of it is under way")
	}
	r.swapped = false
	r.table = r.qualified(r.shadow)
	for _, sql := range []string{"DROP TABLE IF EXISTS " + r.table, "CREATE TABLE " + r.table + " LIKE " + r.qualified(r.name)} {
		if _, err := r.exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// Load implements connectors.Rebuild.
func (r *rebuild) Load(ctx context.Context, rows *value.Batch) error {
	t := &table{}
	var names, news []string
	for i, w := range r.cols {
		name := "a" + strconv.Itoa(i)
		t.add(name, w)
		names, news = append(names, ident(w.col.Name)), append(news, w.read("u."+name))
	}
	sql := "INSERT INTO " + r.table + " (" + strings.Join(names, ", ") + ")\nSELECT " + strings.Join(news, ", ") + "\nFROM " + t.from()
	for from := 0; from < rows.N; {
		doc, took, err := document(rows.N-from, r.packet, r.most, func(b []byte, i int) ([]byte, error) { return r.row(b, rows, from+i) })
		if err != nil {
			return wrong(connectors.Failed, r.op, "%w", err)
		}
		if n, err := r.exec(ctx, sql, doc); err != nil || n != int64(took) {
			if err == nil {
				err = fmt.Errorf("%d rows were sent and %d were taken", took, n)
			}
			return wrap(r.op, err)
		}
		from += took
	}
	return nil
}

// row writes row i as JSON.
func (r *rebuild) row(b []byte, rows *value.Batch, i int) ([]byte, error) {
	for c, w := range r.cols {
		if rows.Cols[c].IsErr(i) {
			return b, fmt.Errorf("column %s of a row holds what cannot be represented", w.col.Name)
		}
		v := rows.Cols[c].Value(i)
		if err := w.check(v); err != nil {
			return b, err
		}
		if c > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = w.append(b, v); err != nil {
			return b, fmt.Errorf("column %s: %w", w.col.Name, err)
		}
	}
	return b, nil
}

// numbering is the next number that a table gives, 0 for none.
func (r *rebuild) numbering(ctx context.Context, name string) (int64, error) {
	if r.d.flavour == mySQL {
		// Else the catalogue tells what it knew a day ago.
		if _, err := r.exec(ctx, "SET SESSION information_schema_stats_expiry = 0"); err != nil {
			return 0, err
		}
	}
	return r.one(ctx, "SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", r.schema, name)
}

// Finish implements connectors.Rebuild.
func (r *rebuild) Finish(ctx context.Context) (query.Dataset, error) {
	err := r.query(ctx, statement{text: "ANALYZE TABLE " + r.table}, func([]driver.Value) error { return nil })
	if err != nil {
		return query.Dataset{}, wrap(r.op, err)
	}
	d := r.dataset
	d.Table = r.table
	return d, nil
}

// Swap implements connectors.Rebuild: one RENAME TABLE, which the server does whole or not at all, also when it crashes.
func (r *rebuild) Swap(ctx context.Context) (string, error) {
	last, err := r.lastKept(ctx)
	if err == nil {
		err = r.obstructed(ctx)
	}
	if err != nil {
		return "", wrap(r.op, err)
	}
	next, err := r.numbering(ctx, r.name)
	if err != nil {
		return "", wrap(r.op, err)
	}
	if next > 1 {
		// The server takes the greatest number of the shadow's rows where that is above.
		if _, err := r.exec(ctx, "ALTER TABLE "+r.table+" AUTO_INCREMENT = "+strconv.FormatInt(next, 10)); err != nil {
			return "", wrap(r.op, err)
		}
	}
	old := kept(r.name, last+1)
	_, err = r.exec(ctx, "RENAME TABLE "+r.qualified(r.name)+" TO "+r.qualified(old)+", "+r.table+" TO "+r.qualified(r.name))
	if err != nil && serverError(err) == nil {
		return r.settled(ctx, old, err)
	}
	if err != nil {
		return "", wrap(r.op, err)
	}
	r.swapped = true
	return r.qualified(old), nil
}

// settled looks by another connection what became of a swap whose answer was lost.
func (r *rebuild) settled(ctx context.Context, old string, cause error) (string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	r.swapped = true // by now the shadow is the table, or nobody knows
	done := false
	err := r.s.collect(ctx, statement{text: existsSQL, args: []any{r.schema, old}}, func([]driver.Value) error {
		done = true
		return nil
	})
	if err != nil || !done {
		return "", &connectors.UncertainError{Err: wrap(r.op, errors.Join(cause, err))}
	}
	return r.qualified(old), nil
}

const existsSQL = "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?"

// Close implements connectors.Rebuild.
func (r *rebuild) Close(ctx context.Context) error {
	var err error
	if !r.swapped && r.conn != nil {
		_, err = r.exec(ctx, "DROP TABLE IF EXISTS "+r.table)
	}
	_ = r.correction.Close() // nothing is lost with it
	return wrap(r.op, err)
}

// oldInfix stands between a table's name and the number of the old one that is kept; maxIdentifier is how many characters a name has at most.
const (
	oldInfix      = "_assay_old_"
	maxIdentifier = 64
)

// kept is the name of the n-th old table.
func kept(name string, n int) string {
	tail := oldInfix + strconv.Itoa(n)
	runes := []rune(name)
	return string(runes[:min(len(runes), maxIdentifier-len(tail))]) + tail
}

// lastKept returns the greatest number of an old table that is there, 0 for none.
func (r *rebuild) lastKept(ctx context.Context) (int, error) {
	last := 0
	for n := 1; n <= last+17; n++ { // some may have been dropped by hand
		there, err := r.one(ctx, existsSQL, r.schema, kept(r.name, n))
		if err != nil {
			return 0, err
		}
		if there == 1 {
			last = n
		}
	}
	return last, nil
}

// DropOld implements connectors.Rebuilder.
func (s *Source) DropOld(ctx context.Context, r query.Relation) (string, error) {
	rb, err := s.rebuilder(ctx, "drop what the rebuild of "+datasetName(r.Dataset)+" kept", r)
	if err != nil {
		return "", err
	}
	defer func() { _ = rb.Close(ctx) }()
	n, err := rb.lastKept(ctx)
	if err != nil || n == 0 {
		return "", wrap(rb.op, err)
	}
	old := rb.qualified(kept(rb.name, n))
	if _, err := rb.exec(ctx, "DROP TABLE "+old); err != nil {
		return "", wrap(rb.op, err)
	}
	return old, nil
}
