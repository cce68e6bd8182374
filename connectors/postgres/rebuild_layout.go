package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// blueprintSQL reads what a table is made of, and what would break if another one took its place, as one JSON document. $1 is its schema, null for the search
// path, and $2 its name. Definitions are in the server's own words (pg_get_constraintdef, pg_get_indexdef), which name everything with its schema.
const blueprintSQL = `
WITH rel AS (
  SELECT c.*, n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = pg_catalog.to_regclass(coalesce(pg_catalog.quote_ident($1::text) || '.', '') || pg_catalog.quote_ident($2::text))
)
SELECT pg_catalog.json_build_object(
  'oid', rel.oid::int8, 'written', pg_catalog.format('%I.%I', rel.nspname, rel.relname), 'schema', rel.nspname, 'name', rel.relname, 'kind', rel.relkind, 'owner', pg_catalog.pg_get_userbyid(rel.relowner),
  'unlogged', rel.relpersistence = 'u', 'method', (SELECT m.amname FROM pg_catalog.pg_am m WHERE m.oid = rel.relam),
  'space', (SELECT s.spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = rel.reltablespace), 'options', rel.reloptions,
  'identity_of_replica', rel.relreplident, 'comment', pg_catalog.obj_description(rel.oid, 'pg_class'),
  'columns', (SELECT pg_catalog.json_agg(a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'tuned', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'target', a.attstattarget, 'options', a.attoptions))
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped AND (coalesce(a.attstattarget, -1) >= 0 OR a.attoptions IS NOT NULL)),
  'constraints', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', k.conname, 'type', k.contype, 'def', pg_catalog.pg_get_constraintdef(k.oid),
      'self', k.contype = 'f' AND k.confrelid = rel.oid, 'comment', pg_catalog.obj_description(k.oid, 'pg_constraint'),
      'replica', coalesce((SELECT x.indisreplident FROM pg_catalog.pg_index x WHERE x.indexrelid = k.conindid AND k.contype IN ('p', 'u')), false),
      'cluster', coalesce((SELECT x.indisclustered FROM pg_catalog.pg_index x WHERE x.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')), false)) ORDER BY k.contype = 'f', k.oid)
    FROM pg_catalog.pg_constraint k WHERE k.conrelid = rel.oid AND k.contype IN ('p', 'u', 'x', 'c', 'f')),
  'indexes', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', i.relname, 'written', pg_catalog.quote_ident(i.relname), 'def', pg_catalog.pg_get_indexdef(x.indexrelid), 'unique', x.indisunique,
      'comment', pg_catalog.obj_description(i.oid, 'pg_class'), 'replica', x.indisreplident, 'cluster', x.indisclustered) ORDER BY i.relname)
    FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
    WHERE x.indrelid = rel.oid AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = x.indexrelid AND k.conrelid = rel.oid AND k.contype IN ('p', 'u', 'x'))),
  'sequences', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname, 'name', s.relname, 'column', a.attname, 'identity', d.deptype = 'i',
      'type', pg_catalog.format_type(a.atttypid, a.atttypmod)))
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = rel.oid AND d.deptype IN ('a', 'i')),
  'grants', (
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object('who', CASE WHEN g.grantee = 0 THEN '' ELSE pg_catalog.pg_get_userbyid(g.grantee) END,
      'what', g.privilege_type, 'on', g.col, 'again', g.is_grantable))
    FROM (SELECT x.grantee, x.privilege_type, x.is_grantable, NULL::text AS col FROM pg_catalog.aclexplode(rel.relacl) AS x
      UNION ALL SELECT x.grantee, x.privilege_type, x.is_grantable, a.attname::text
      FROM pg_catalog.pg_attribute a CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) AS x WHERE a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped) AS g),
  'obstacles', (SELECT pg_catalog.json_agg(DISTINCT o.what) FROM (` + obstaclesSQL + `) AS o(what))
)::text
FROM rel`

// obstaclesSQL names what would stay with the old table, or break: everything that depends on it and is no part of it.
const obstaclesSQL = `
  SELECT pg_catalog.format('the foreign key %s of %s refers to it', k.conname, k.conrelid::pg_catalog.regclass)
  FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND k.confrelid = rel.oid AND k.conrelid <> rel.oid
  UNION ALL
  SELECT pg_catalog.format('the %s %s reads it', CASE v.relkind WHEN 'm' THEN 'materialized view' WHEN 'v' THEN 'view' ELSE 'rule of' END, v.oid::pg_catalog.regclass)
  FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid JOIN pg_catalog.pg_class v ON v.oid = r.ev_class
  WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = rel.oid AND v.oid <> rel.oid
  UNION ALL
  SELECT pg_catalog.format('it has the rule %s', r.rulename) FROM pg_catalog.pg_rewrite r WHERE r.ev_class = rel.oid
  UNION ALL
  SELECT pg_catalog.format('it has the trigger %s', t.tgname) FROM pg_catalog.pg_trigger t WHERE t.tgrelid = rel.oid AND NOT t.tgisinternal
  UNION ALL
  SELECT pg_catalog.format('it has the row security policy %s', p.polname) FROM pg_catalog.pg_policy p WHERE p.polrelid = rel.oid
  UNION ALL
  SELECT 'row security is enabled for it' WHERE rel.relrowsecurity OR rel.relforcerowsecurity
  UNION ALL
  SELECT pg_catalog.format('the publication %s sends it to other servers', p.pubname) FROM pg_catalog.pg_publication p
  WHERE p.puballtables OR EXISTS (SELECT FROM pg_catalog.pg_publication_tables t WHERE t.pubname = p.pubname AND t.schemaname = rel.nspname AND t.tablename = rel.relname)
  UNION ALL
  SELECT 'a subscription fills it from another server' FROM pg_catalog.pg_subscription_rel s WHERE s.srrelid = rel.oid
  UNION ALL
  SELECT pg_catalog.format('it is a partition of %s', i.inhparent::pg_catalog.regclass) FROM pg_catalog.pg_inherits i WHERE i.inhrelid = rel.oid
  UNION ALL
  SELECT pg_catalog.format('it has the partition or child %s', i.inhrelid::pg_catalog.regclass) FROM pg_catalog.pg_inherits i WHERE i.inhparent = rel.oid
  UNION ALL
  SELECT 'it is partitioned' WHERE rel.relkind = 'p'
  UNION ALL
  SELECT pg_catalog.format('%s uses it', pg_catalog.pg_describe_object(d.classid, d.objid, 0))
  FROM pg_catalog.pg_depend d
  WHERE (d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = rel.oid
      OR d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid IN (rel.reltype, (SELECT t.typarray FROM pg_catalog.pg_type t WHERE t.oid = rel.reltype)))
    AND d.deptype = 'n' AND d.classid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_class'::regclass, 'pg_catalog.pg_type'::regclass)
    AND NOT (d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = rel.oid)`

// blueprint is the answer of blueprintSQL.
type blueprint struct {
	OID      int64    `json:"oid"`
	Written  string   `json:"written"` // as the server quotes it
	Schema   string   `json:"schema"`
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`
	Owner    string   `json:"owner"`
	Unlogged bool     `json:"unlogged"`
	Method   string   `json:"method"`
	Space    string   `json:"space"`
	Options  []string `json:"options"`
	// Replica is what tells rows apart in logical replication: d, n, f or i.
	Replica     string       `json:"identity_of_replica"`
	Comment     string       `json:"comment"`
	Columns     []string     `json:"columns"` // with their types
	Tuned       []tuned      `json:"tuned"`
	Constraints []definition `json:"constraints"`
	Indexes     []definition `json:"indexes"`
	Sequences   []struct {
		Schema   string `json:"schema"`
		Name     string `json:"name"`
		Column   string `json:"column"`
		Identity bool   `json:"identity"`
		Type     string `json:"type"`
	} `json:"sequences"`
	Grants []struct {
		Who   string `json:"who"` // "" for everybody
		What  string `json:"what"`
		On    string `json:"on"` // column, "" for the table
		Again bool   `json:"again"`
	} `json:"grants"`
	Obstacles []string `json:"obstacles"`
}

// tuned is a column with settings for the planner.
type tuned struct {
	Name    string   `json:"name"`
	Target  *int     `json:"target"`
	Options []string `json:"options"`
}

// definition is an index or a constraint.
type definition struct {
	Name    string `json:"name"`
	Written string `json:"written"` // of an index, as the server quotes it
	Type    string `json:"type"`    // of a constraint: p, u, x, c, f
	Def     string `json:"def"`
	Self    bool   `json:"self"` // a foreign key that refers to its own table
	Unique  bool   `json:"unique"`
	Comment string `json:"comment"`
	Replica bool   `json:"replica"`
	Cluster bool   `json:"cluster"`
}

// indexed reports whether a constraint has an index, whose name no other one of the schema has.
func (d *definition) indexed() bool { return d.Type == "p" || d.Type == "u" || d.Type == "x" }

// blueprint reads what the relation's table is made of, and refuses one that another cannot take the place of.
func (s *Source) blueprint(ctx context.Context, op string, r query.Relation, read func(sql string, args [][]byte, dst any) (bool, error)) (*blueprint, error) {
	if r.Dataset.Table == "" {
		return nil, wrong(connectors.ReadOnly, op, "it is a query: only a table can be rebuilt")
	}
	schema, table, err := splitTable(r.Dataset.Table)
	if err != nil {
		return nil, wrong(connectors.Misconfigured, op, "%w", err)
	}
	var b blueprint
	found, err := read(blueprintSQL, tableArgs(schema, table), &b)
	switch {
	case err != nil:
		return nil, failure(ctx, op, s.run.hide(), err)
	case !found:
		return nil, wrong(connectors.NotFound, op, "%w", missing(schema))
	case b.Kind != "r" && b.Kind != "p":
		return nil, wrong(connectors.ReadOnly, op, "only a table can be rebuilt, and it is none")
	case len(b.Obstacles) > 0:
		return nil, wrong(connectors.Misconfigured, op, "another table cannot take its place: %s", strings.Join(b.Obstacles, "; "))
	}
	return &b, nil
}

// qualified is a quoted name in a schema.
func qualified(schema, name string) string {
	q := dialect{}.QuoteIdent
	return q(schema) + "." + q(name)
}

// reference replaces the table that a foreign key refers to, which is its own, by another.
func (d *definition) reference(own, other string) (string, error) {
	head, tail, ok := strings.Cut(d.Def, " REFERENCES "+own+"(")
	if !ok {
		return "", fmt.Errorf("the server defines the foreign key %s in words that are not known: %s", d.Name, d.Def)
	}
	return head + " REFERENCES " + other + "(" + tail, nil
}

// on replaces name and table of an index.
func (d *definition) on(name, own, other string) (string, error) {
	unique := ""
	if d.Unique {
		unique = "UNIQUE "
	}
	if tail, ok := strings.CutPrefix(d.Def, "CREATE "+unique+"INDEX "+d.Written+" ON "+own+" USING "); ok {
		return "CREATE " + unique + "INDEX " + dialect{}.QuoteIdent(name) + " ON " + other + " USING " + tail, nil
	}
	return "", fmt.Errorf("the server defines the index %s in words that are not known: %s", d.Name, d.Def)
}
