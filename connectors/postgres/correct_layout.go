package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// writingsSQL reads what is to be known of the table $1 (schema, null for the search path) and $2 (name) before it is written, as one JSON document.
const writingsSQL = `
WITH RECURSIVE rel AS (
  SELECT c.oid, c.relkind, c.relhasrules, n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = pg_catalog.to_regclass(coalesce(pg_catalog.quote_ident($1::text) || '.', '') || pg_catalog.quote_ident($2::text))
), family AS (
  SELECT oid FROM rel UNION SELECT i.inhrelid FROM family f JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid
)
SELECT pg_catalog.json_build_object(
  'kind', rel.relkind,
  'privilege', pg_catalog.has_any_column_privilege(rel.oid, 'INSERT') OR pg_catalog.has_any_column_privilege(rel.oid, 'UPDATE')
    OR pg_catalog.has_table_privilege(rel.oid, 'DELETE'),
  'rules', (SELECT pg_catalog.json_agg(r.rulename ORDER BY r.rulename) FROM pg_catalog.pg_rewrite r WHERE r.ev_class IN (SELECT oid FROM family) AND r.ev_type <> '1'),
  'triggers', EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid IN (SELECT oid FROM family) AND NOT t.tgisinternal AND t.tgenabled <> 'D'),
  'columns', (
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'generated', a.attgenerated <> '', 'identity', a.attidentity <> '',
      'required', (a.attnotnull OR t.typnotnull) AND NOT a.atthasdef AND a.attidentity = '' AND t.typdefault IS NULL) ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid WHERE a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'actions', (
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', k.conname, 'schema', n.nspname, 'table', c.relname,
      'on_delete', k.confdeltype IN ('c', 'n', 'd'), 'on_update', k.confupdtype IN ('c', 'n', 'd'),
      'columns', (SELECT pg_catalog.json_agg(a.attname ORDER BY u.ord) FROM unnest(k.conkey) WITH ORDINALITY AS u(num, ord)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num),
      'parent', (SELECT pg_catalog.json_agg(a.attname ORDER BY u.ord) FROM unnest(k.confkey) WITH ORDINALITY AS u(num, ord)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num)) ORDER BY k.conname)
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype = 'f' AND k.confrelid = rel.oid AND k.conparentid = 0
      AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd')))
)::text
FROM rel`

// layout is the answer of writingsSQL.
type layout struct {
	Kind      string   `json:"kind"`
	Privilege bool     `json:"privilege"`
	Rules     []string `json:"rules"`
	Triggers  bool     `json:"triggers"`
	Columns   []struct {
		Name      string `json:"name"`
		Generated bool   `json:"generated"`
		Identity  bool   `json:"identity"`
		Required  bool   `json:"required"`
	} `json:"columns"`
	// Actions are foreign keys of other tables that would change rows there.
	Actions []action `json:"actions"`
}

// action is a foreign key that refers to the table and does more than refuse.
type action struct {
	Name     string   `json:"name"`
	Schema   string   `json:"schema"`
	Table    string   `json:"table"`
	OnDelete bool     `json:"on_delete"`
	OnUpdate bool     `json:"on_update"`
	Columns  []string `json:"columns"`
	Parent   []string `json:"parent"`
}

func (l *layout) writings() map[string]connectors.Writing {
	out := make(map[string]connectors.Writing, len(l.Columns))
	for _, c := range l.Columns {
		out[c.Name] = connectors.Writing{Generated: c.Generated, Identity: c.Identity, Required: c.Required}
	}
	return out
}

func wrong(kind connectors.ErrorKind, op, format string, args ...any) error {
	return &connectors.Error{Kind: kind, Op: op, Err: fmt.Errorf(format, args...)}
}

// layout reads what is to be known of the relation's table.
func (s *Source) layout(ctx context.Context, r query.Relation) (*layout, error) {
	op := "change " + title(r.Dataset)
	if r.Dataset.Table == "" {
		return nil, wrong(connectors.ReadOnly, op, "it is a query: only a table can be changed")
	}
	schema, table, err := splitTable(r.Dataset.Table)
	if err != nil {
		return nil, wrong(connectors.Misconfigured, op, "%w", err)
	}
	var l layout
	found, err := s.document(ctx, op, writingsSQL, tableArgs(schema, table), &l)
	switch {
	case err != nil:
		return nil, failure(ctx, op, s.run.hide(), err)
	case !found:
		return nil, wrong(connectors.NotFound, op, "%w", missing(schema))
	}
	switch l.Kind {
	case "r", "p":
	case "v":
		return nil, wrong(connectors.ReadOnly, op, "it is a view: only a table can be changed")
	case "m":
		return nil, wrong(connectors.ReadOnly, op, "it is a materialized view: only a table can be changed")
	default:
		return nil, wrong(connectors.ReadOnly, op, "it is no table of this server: only such a one can be changed")
	}
	if len(l.Rules) > 0 {
		return nil, wrong(connectors.Misconfigured, op, "the rule %s makes other statements of what is to change it", strings.Join(l.Rules, ", "))
	}
	return &l, nil
}

// Writings implements connectors.Corrector.
func (s *Source) Writings(ctx context.Context, r query.Relation) (map[string]connectors.Writing, error) {
	l, err := s.layout(ctx, r)
	if err != nil {
		return nil, err
	}
	return l.writings(), nil
}
