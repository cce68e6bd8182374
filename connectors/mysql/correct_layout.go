package mysql

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
)

// layoutSQL reads what is to be known of a table before it is written; each row says by its first column what it is about. Triggers are told of
// to those alone who may make them.
const layoutSQL = `SELECT 'table' AS part, t.TABLE_TYPE AS a, t.ENGINE AS b, e.TRANSACTIONS AS c, NULL AS d, NULL AS f, 0 AS pos
FROM information_schema.TABLES AS t LEFT JOIN information_schema.ENGINES AS e ON e.ENGINE = t.ENGINE
WHERE t.TABLE_SCHEMA = COALESCE(?, DATABASE()) AND t.TABLE_NAME = ?
UNION ALL
SELECT 'column', COLUMN_NAME, EXTRA, IS_NULLABLE, COLUMN_DEFAULT, NULL, ORDINAL_POSITION
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?
UNION ALL
SELECT 'sees triggers', NULL, NULL, NULL, NULL, NULL, 0 FROM (
  SELECT GRANTEE AS who FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'TRIGGER'
  UNION ALL SELECT GRANTEE FROM information_schema.SCHEMA_PRIVILEGES WHERE PRIVILEGE_TYPE = 'TRIGGER' AND COALESCE(?, DATABASE()) LIKE TABLE_SCHEMA
  UNION ALL SELECT GRANTEE FROM information_schema.TABLE_PRIVILEGES WHERE PRIVILEGE_TYPE = 'TRIGGER' AND TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?
) AS g WHERE who = CONCAT('\'', SUBSTRING_INDEX(CURRENT_USER(), '@', 1), '\'@\'', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '\'')
UNION ALL
SELECT 'trigger', TRIGGER_NAME, EVENT_MANIPULATION, NULL, NULL, NULL, 0
FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = COALESCE(?, DATABASE()) AND EVENT_OBJECT_TABLE = ?
UNION ALL
SELECT 'reference', CONCAT(k.TABLE_SCHEMA, '.', k.TABLE_NAME, ' (', k.CONSTRAINT_NAME, ')'), CONCAT(r.DELETE_RULE, '/', r.UPDATE_RULE),
  CONCAT('` + "`', REPLACE(k.TABLE_SCHEMA, '`', '``'), '`.`', REPLACE(k.TABLE_NAME, '`', '``'), '`" + `'), k.COLUMN_NAME, k.REFERENCED_COLUMN_NAME, k.ORDINAL_POSITION
FROM information_schema.REFERENTIAL_CONSTRAINTS AS r JOIN information_schema.KEY_COLUMN_USAGE AS k
  ON k.CONSTRAINT_SCHEMA = r.CONSTRAINT_SCHEMA AND k.CONSTRAINT_NAME = r.CONSTRAINT_NAME AND k.TABLE_NAME = r.TABLE_NAME
WHERE k.REFERENCED_TABLE_SCHEMA = COALESCE(?, DATABASE()) AND k.REFERENCED_TABLE_NAME = ?
  AND (r.DELETE_RULE IN ('CASCADE', 'SET NULL', 'SET DEFAULT') OR r.UPDATE_RULE IN ('CASCADE', 'SET NULL', 'SET DEFAULT'))
ORDER BY part, a, pos`

// layout is what is known of a table that is to be written.
type layout struct {
	columns map[string]connectors.Writing
	// renewed are the columns that the server sets at every update.
	renewed map[string]bool
	// triggers says that it has some, or that the account is not told of them.
	triggers, told bool
	actions        []action

	found        bool
	kind, engine string
	bare         bool
}

// action is a foreign key of another table that would change rows there.
type action struct {
	name, table        string // name for people, table quoted
	onDelete, onUpdate bool
	columns, parent    []string
}

// row takes one row of layoutSQL.
func (l *layout) row(cells []driver.Value) error {
	a, b, c, d, f := text(cells[1]), text(cells[2]), text(cells[3]), cells[4], text(cells[5])
	switch text(cells[0]) {
	case "table":
		l.found, l.kind, l.engine, l.bare = true, a, b, c != "YES"
	case "column":
		extra := strings.ToLower(b)
		w := connectors.Writing{
			Generated: strings.Contains(extra, "virtual generated") || strings.Contains(extra, "stored generated"), Identity: strings.Contains(extra, "auto_increment"),
		}
		w.Required = c == "NO" && d == nil && !w.Generated && !w.Identity && !strings.Contains(extra, "default_generated")
		l.columns[a] = w
		l.renewed[a] = strings.Contains(extra, "on update")
	case "sees triggers":
		l.told = true
	case "trigger":
		l.triggers = true
	case "reference":
		if n := len(l.actions); n == 0 || l.actions[n-1].name != a {
			del, upd, _ := strings.Cut(b, "/")
			acts := func(rule string) bool { return rule == "CASCADE" || strings.HasPrefix(rule, "SET ") }
			l.actions = append(l.actions, action{name: a, table: c, onDelete: acts(del), onUpdate: acts(upd)})
		}
		last := &l.actions[len(l.actions)-1]
		last.columns, last.parent = append(last.columns, text(d)), append(last.parent, f)
	}
	return nil
}

func wrong(kind connectors.ErrorKind, op, format string, args ...any) error {
	return &connectors.Error{Kind: kind, Op: op, Err: fmt.Errorf(format, args...)}
}

// layout reads what is to be known of the relation's table.
func (s *Source) layout(ctx context.Context, r query.Relation) (*layout, error) {
	op := "change " + datasetName(r.Dataset)
	if r.Dataset.Table == "" {
		return nil, wrong(connectors.ReadOnly, op, "it is a query: only a table can be changed")
	}
	parts, err := sqlgen.SplitName(r.Dataset.Table)
	if err != nil || len(parts) > 2 {
		return nil, wrong(connectors.Misconfigured, op, "table name %q is not of the form name or schema.name", r.Dataset.Table)
	}
	var schema any
	if len(parts) == 2 {
		schema = parts[0]
	}
	st := statement{text: layoutSQL}
	name := parts[len(parts)-1]
	st.args = []any{schema, name, schema, name, schema, schema, name, schema, name, schema, name}
	l := &layout{columns: map[string]connectors.Writing{}, renewed: map[string]bool{}}
	if err := s.collect(ctx, st, l.row); err != nil {
		return nil, wrap(op, err)
	}
	l.triggers = l.triggers || !l.told
	switch {
	case !l.found:
		return nil, wrong(connectors.NotFound, op, "no such table in the catalogue")
	case l.kind != "BASE TABLE" && l.kind != "SYSTEM VERSIONED":
		return nil, wrong(connectors.ReadOnly, op, "it is a %s: only a table can be changed", strings.ToLower(l.kind))
	case l.bare:
		return nil, wrong(connectors.Misconfigured, op, "its engine %s has no transactions, so that a batch that fails could not be undone", l.engine)
	}
	return l, nil
}

// Writings implements connectors.Corrector.
func (s *Source) Writings(ctx context.Context, r query.Relation) (map[string]connectors.Writing, error) {
	l, err := s.layout(ctx, r)
	if err != nil {
		return nil, err
	}
	return l.columns, nil
}

// writes reports whether a change sets one of the columns.
func (a *action) touched(t *connectors.Target, ch *connectors.Change) bool {
	if ch.Action == connectors.Delete {
		return a.onDelete
	}
	return a.onUpdate && slices.ContainsFunc(ch.Set, func(set int) bool { return slices.Contains(a.parent, t.Columns[set].Name) })
}
