package mysql

// describeHead and the rest read all that the catalogue knows of a table in one statement; each row says by its first column
// what it is about. Foreign keys are left out: they are no guarantee in either server. Each part takes the schema and the name.
const describeHead = `SELECT 'table' AS part, '' AS grp, 0 AS pos, TABLE_TYPE AS a, ENGINE AS b, CAST(TABLE_ROWS AS CHAR) AS c, NULL AS d, NULL AS e, NULL AS f
FROM information_schema.TABLES WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?
UNION ALL
SELECT 'column', COLUMN_NAME, ORDINAL_POSITION, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, CHARACTER_SET_NAME, COLLATION_NAME, CONCAT_WS(',', COALESCE(NUMERIC_PRECISION, DATETIME_PRECISION), NUMERIC_SCALE)
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?
UNION ALL
`

// describeMySQL is the statement of MySQL: what it enforces of checks holds for every row.
const describeMySQL = describeHead + `SELECT 'index', INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, CAST(NON_UNIQUE AS CHAR), IS_VISIBLE, CAST(SUB_PART AS CHAR), EXPRESSION, INDEX_TYPE
FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?
UNION ALL
SELECT 'check', CONSTRAINT_NAME, 0, NULL, NULL, NULL, NULL, NULL, NULL
FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ? AND CONSTRAINT_TYPE = 'CHECK' AND ENFORCED = 'YES'
ORDER BY pos, part, grp`

// describeMariaDB is that of MariaDB, where no index has expressions. Checks are no guarantee: check_constraint_checks=0 stores what
// violates them. But one tells which columns are JSON, which has no type of its own.
const describeMariaDB = describeHead + `SELECT 'index', INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, CAST(NON_UNIQUE AS CHAR), IF(IGNORED = 'YES', 'NO', 'YES'), CAST(SUB_PART AS CHAR), NULL, INDEX_TYPE
FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?
UNION ALL
SELECT 'clause', CONSTRAINT_NAME, 0, CHECK_CLAUSE, NULL, NULL, NULL, NULL, NULL
FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?
ORDER BY pos, part, grp`

// describeParts is the number of parts of either.
const describeParts = 4

// catalogue is the statement that describes a table.
func (f flavour) catalogue() string {
	if f == mariaDB {
		return describeMariaDB
	}
	return describeMySQL
}
