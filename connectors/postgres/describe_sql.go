package postgres

// describeSQL reads all that Describe needs of the table $1 (schema, null for the search path) and $2 (name), as one JSON document; no row when there is no such relation.
//
// What it counts as guaranteed:
//   - NOT NULL: of a table and of all its descendants, none of which is foreign, and not NOT VALID (PostgreSQL 18).
//   - unique: by a valid, immediate, plain btree index over columns alone; not of a table with children by inheritance, whose rows it does not cover.
//   - foreign key: validated, enforced, not deferrable, all of its triggers enabled, neither end written by logical replication (which skips the triggers),
//     compared bytewise, the parent not filtered by row security.
const describeSQL = `
WITH RECURSIVE rel AS (
  SELECT c.oid, c.relname, n.nspname, c.relkind, c.reltuples, c.relhassubclass
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = pg_catalog.to_regclass(coalesce(pg_catalog.quote_ident($1::text) || '.', '') || pg_catalog.quote_ident($2::text))
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
), family AS (
  SELECT oid, relkind FROM rel
  UNION
  SELECT c.oid, c.relkind
  FROM family f JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
), own AS (
  SELECT rel.relkind IN ('r', 'p', 'm')
         AND NOT EXISTS (SELECT FROM family WHERE relkind NOT IN ('r', 'p', 'm')) AS stored,
         rel.relkind = 'r' AND (SELECT count(*) FROM family) > 1 AS inherited
  FROM rel
), att AS (
  SELECT a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation,
         pg_catalog.format_type(a.atttypid, a.atttypmod) AS native,
         pg_catalog.has_column_privilege(rel.oid, a.attnum, 'SELECT') AS readable,
         own.stored AND a.attnotnull
         AND NOT EXISTS (
           SELECT FROM family f JOIN pg_catalog.pg_attribute b ON b.attrelid = f.oid AND b.attname = a.attname
           WHERE NOT b.attnotnull)
         AND NOT EXISTS (
           SELECT FROM pg_catalog.pg_constraint k JOIN family f ON f.oid = k.conrelid
             JOIN pg_catalog.pg_attribute b ON b.attrelid = f.oid AND b.attname = a.attname
           WHERE k.contype = 'n' AND NOT k.convalidated AND b.attnum = ANY (k.conkey)) AS notnull
  FROM rel CROSS JOIN own JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid
  WHERE a.attnum > 0 AND NOT a.attisdropped
), want AS (
  SELECT DISTINCT atttypid AS oid, atttypmod AS mod FROM att
), ` + baseTypesSQL + `, ix AS (
  SELECT x.indexrelid, x.indisprimary,
         x.indisunique AND x.indimmediate AND NOT x.indisexclusion AND x.indnkeyatts = array_length(k.names, 1)
         AND NOT EXISTS (
           SELECT FROM unnest(x.indclass) AS o(oid) JOIN pg_catalog.pg_opclass oc ON oc.oid = o.oid
           WHERE NOT oc.opcdefault AND oc.opcname NOT LIKE '%pattern\_ops') AS proves,
         x.indisprimary AND NOT own.inherited AS key,
         own.inherited, k.names, c.relname
  FROM rel CROSS JOIN own JOIN pg_catalog.pg_index x ON x.indrelid = rel.oid
  JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid
  JOIN pg_catalog.pg_am m ON m.oid = c.relam
  CROSS JOIN LATERAL (
    SELECT array_agg(a.attname::text ORDER BY u.ord) AS names
    FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS u(num, ord)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = u.num
    WHERE u.ord <= x.indnkeyatts
      AND u.ord < coalesce((SELECT min(z.ord) FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS z(num, ord) WHERE z.num = 0), 32767)) k
  WHERE x.indisvalid AND x.indisready AND x.indislive AND x.indpred IS NULL AND m.amname = 'btree' AND k.names IS NOT NULL
), fk AS (
  SELECT k.conname, k.conrelid, k.confrelid, k.conkey, k.confkey
  FROM rel CROSS JOIN own JOIN pg_catalog.pg_constraint k ON k.conrelid = rel.oid
  WHERE k.contype = 'f' AND k.convalidated AND NOT k.condeferrable AND own.stored AND NOT own.inherited
    AND coalesce(pg_catalog.to_jsonb(k) ->> 'conenforced', 'true') = 'true'
    AND NOT coalesce(pg_catalog.row_security_active(k.confrelid), false)
    AND NOT EXISTS (
      WITH RECURSIVE part AS (
        SELECT k.oid UNION SELECT p.oid FROM part JOIN pg_catalog.pg_constraint p ON p.conparentid = part.oid)
      SELECT FROM part JOIN pg_catalog.pg_trigger t ON t.tgconstraint = part.oid WHERE t.tgenabled NOT IN ('O', 'A'))
    AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_subscription_rel s
      WHERE s.srrelid = k.confrelid OR s.srrelid IN (SELECT oid FROM family))
    AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
      WHERE (a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) OR a.attrelid = k.confrelid AND a.attnum = ANY (k.confkey))
        AND (t.typname IN ('citext', 'float4', 'float8') OR t.typtype = 'd' OR NOT coalesce(l.collisdeterministic, true)))
)
SELECT pg_catalog.json_build_object(
  'schema', rel.nspname, 'name', rel.relname, 'kind', rel.relkind,
  'rows', CASE WHEN rel.relkind IN ('r', 'p', 'm') THEN rel.reltuples::float8 ELSE -1 END,
  'readable', pg_catalog.has_table_privilege(rel.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(rel.oid, 'SELECT'),
  'encoding', ` + encodingSQL + `,
  'usage', pg_catalog.has_schema_privilege(rel.nspname::text, 'USAGE'),
  'columns', (
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
      'name', a.attname, 'native', a.native, 'notnull', a.notnull, 'readable', a.readable, 'bytewise', ` + bytewiseSQL + `,
      'deterministic', coalesce(l.collisdeterministic, false),
      'type', pg_catalog.json_build_object('oid', b.oid::int8, 'mod', b.mod, 'name', b.name, 'kind', b.kind,
        'elem', b.elem::int8, 'elem_name', b.elem_name, 'elem_kind', b.elem_kind)) ORDER BY a.attnum)
    FROM att a JOIN base b ON b.want_oid = a.atttypid AND b.want_mod = a.atttypmod
    LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation),
  'indexes', (
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
      'name', relname, 'columns', names, 'primary', key, 'unique', proves AND NOT inherited) ORDER BY indisprimary DESC, relname)
    FROM ix),
  'references', (
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
      'name', fk.conname, 'table', pg_catalog.format('%s.%s', n.nspname, c.relname),
      'columns', (SELECT pg_catalog.json_agg(a.attname ORDER BY u.ord) FROM unnest(fk.conkey) WITH ORDINALITY AS u(num, ord)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = fk.conrelid AND a.attnum = u.num),
      'ref_columns', (SELECT pg_catalog.json_agg(a.attname ORDER BY u.ord) FROM unnest(fk.confkey) WITH ORDINALITY AS u(num, ord)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = fk.confrelid AND a.attnum = u.num)) ORDER BY fk.conname)
    FROM fk JOIN pg_catalog.pg_class c ON c.oid = fk.confrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace)
)::text
FROM rel`

// bytewiseSQL says of the collation l (null where the type has none) that it orders text bytewise.
const bytewiseSQL = `(
      l.oid IS NOT NULL AND (l.collprovider = 'b' OR l.collprovider = 'c' AND l.collcollate IN ('C', 'POSIX')
        OR l.oid = 100 AND (
          SELECT coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') = 'b'
            OR coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') = 'c' AND d.datcollate IN ('C', 'POSIX')
          FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())))`

// encodingSQL is the database's encoding.
const encodingSQL = `(SELECT pg_catalog.pg_encoding_to_char(d.encoding) FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())`

// baseTypesSQL resolves the types of want(oid, mod): domains (over domains) to their base type,
// elements of arrays that are domains likewise.
const baseTypesSQL = `chain AS (
  SELECT oid AS want_oid, mod AS want_mod, oid, mod FROM want
  UNION
  SELECT c.want_oid, c.want_mod, t.typbasetype, CASE WHEN t.typtypmod >= 0 THEN t.typtypmod ELSE c.mod END
  FROM chain c JOIN pg_catalog.pg_type t ON t.oid = c.oid WHERE t.typtype = 'd'
), elems AS (
  SELECT t.oid AS array_oid, t.typelem AS oid
  FROM chain c JOIN pg_catalog.pg_type t ON t.oid = c.oid
  WHERE t.typelem <> 0 AND t.typlen = -1 AND t.typcategory = 'A'
  UNION
  SELECT e.array_oid, t.typbasetype FROM elems e JOIN pg_catalog.pg_type t ON t.oid = e.oid WHERE t.typtype = 'd'
), base AS (
  SELECT c.want_oid, c.want_mod, t.oid, c.mod, t.typname AS name, t.typtype AS kind,
         coalesce(et.oid, 0) AS elem, coalesce(et.typname, '') AS elem_name, coalesce(et.typtype, ' ') AS elem_kind
  FROM chain c JOIN pg_catalog.pg_type t ON t.oid = c.oid AND t.typtype <> 'd'
  LEFT JOIN (elems e JOIN pg_catalog.pg_type et ON et.oid = e.oid AND et.typtype <> 'd') ON e.array_oid = t.oid
)`

// typesSQL resolves the types $1 (oid[]) with the modifiers $2 (int4[]) that a query's columns have; one JSON document a row, in their order.
const typesSQL = `
WITH RECURSIVE asked AS (
  SELECT * FROM unnest($1::oid[], $2::int4[]) WITH ORDINALITY AS u(oid, mod, ord)
), want AS (
  SELECT DISTINCT oid, mod FROM asked
), ` + baseTypesSQL + `
SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
  'native', pg_catalog.format_type(a.oid, a.mod), 'encoding', ` + encodingSQL + `,
  'type', pg_catalog.json_build_object('oid', b.oid::int8, 'mod', b.mod, 'name', b.name, 'kind', b.kind,
    'elem', b.elem::int8, 'elem_name', b.elem_name, 'elem_kind', b.elem_kind)) ORDER BY a.ord)::text
FROM asked a JOIN base b ON b.want_oid = a.oid AND b.want_mod = a.mod`
