package connectortest

import "github.com/assay-dev/assay/connectors/value"

// The engines' own types of the columns that are not a kind's default.

func nativeInt32() map[Engine]string {
	return map[Engine]string{EnginePostgres: "integer", EngineMySQL: "int", EngineElasticsearch: "integer", EngineParquet: "int32"}
}

func nativeFloat32() map[Engine]string {
	return map[Engine]string{EnginePostgres: "real", EngineMySQL: "float", EngineElasticsearch: "float", EngineParquet: "float"}
}

func nativeShortText() map[Engine]string {
	return map[Engine]string{EnginePostgres: "varchar(64)", EngineMySQL: "varchar(64)", EngineSQLite: "VARCHAR(64)"}
}

func nativeChar() map[Engine]string {
	return map[Engine]string{EnginePostgres: "char(8)", EngineMySQL: "char(8)"}
}

func nativeUUID() map[Engine]string {
	return map[Engine]string{EnginePostgres: "uuid", EngineMySQL: "char(36)", EngineParquet: "uuid"}
}

func nativeDate() map[Engine]string {
	return map[Engine]string{EnginePostgres: "date", EngineMySQL: "date", EngineCSV: "date", EngineJSONLines: "date", EngineParquet: "date"}
}

// NativeType returns the type that the engine's loader declares for c, "" where the engine has none for its kind.
func NativeType(e Engine, c Column) string {
	switch e {
	case EngineOpenSearch:
		e = EngineElasticsearch
	case EngineMariaDB:
		e = EngineMySQL
	default:
	}
	if n := c.Native[e]; n != "" {
		return n
	}
	if c.Type.Kind == value.List {
		return nativeList(e, c.Type.Elem.Kind)
	}
	return nativeScalars()[e][c.Type.Kind]
}

func nativeList(e Engine, elem value.Kind) string {
	scalar := nativeScalars()[e][elem]
	switch {
	case scalar == "":
		return ""
	case e == EnginePostgres:
		return scalar + "[]"
	case e == EngineElasticsearch || e == EngineMemory || e == EngineJSONLines || e == EngineParquet:
		return scalar
	}
	return ""
}

func nativeScalars() map[Engine]map[value.Kind]string {
	return map[Engine]map[value.Kind]string{
		EnginePostgres: {
			value.Bool: "boolean", value.Int: "bigint", value.Double: "double precision", value.Decimal: "numeric", value.String: "text", value.Bytes: "bytea",
			value.Timestamp: "timestamptz", value.LocalTimestamp: "timestamp", value.Duration: "time", value.JSON: "jsonb",
		},
		EngineMySQL: {
			value.Bool: "tinyint(1)", value.Int: "bigint", value.Uint: "bigint unsigned", value.Double: "double", value.Decimal: "decimal(65,20)",
			value.String: "text", value.Bytes: "blob", value.Timestamp: "timestamp(6)", value.LocalTimestamp: "datetime(6)", value.Duration: "time(6)", value.JSON: "json",
		},
		EngineElasticsearch: {
			value.Bool: "boolean", value.Int: "long", value.Double: "double", value.String: "keyword", value.Timestamp: "date",
		},
		EngineSQLite: {
			value.Bool: "BOOLEAN", value.Int: "INTEGER", value.Double: "REAL", value.Decimal: "TEXT", value.String: "TEXT", value.Bytes: "BLOB",
			value.Timestamp: "TEXT", value.JSON: "TEXT",
		},
		EngineCSV: {
			value.Bool: "bool", value.Int: "int", value.Uint: "uint", value.Double: "double", value.Decimal: "decimal", value.String: "string", value.Bytes: "bytes",
			value.Timestamp: "timestamp", value.LocalTimestamp: "local_timestamp", value.Duration: "duration", value.JSON: "json",
		},
		EngineJSONLines: {
			value.Bool: "bool", value.Int: "int", value.Uint: "uint", value.Double: "double", value.Decimal: "decimal", value.String: "string", value.Bytes: "bytes",
			value.Timestamp: "timestamp", value.LocalTimestamp: "local_timestamp", value.Duration: "duration", value.JSON: "json",
		},
		EngineParquet: {
			value.Bool: "boolean", value.Int: "int64", value.Uint: "uint64", value.Double: "double", value.Decimal: "decimal(76,20)", value.String: "string",
			value.Bytes: "binary", value.Timestamp: "timestamp(us,utc)", value.LocalTimestamp: "timestamp(us)", value.Duration: "time(us)", value.JSON: "json",
		},
		EngineMemory: {
			value.Bool: "bool", value.Int: "int", value.Uint: "uint", value.Double: "double", value.Decimal: "decimal", value.String: "string", value.Bytes: "bytes",
			value.Timestamp: "timestamp", value.LocalTimestamp: "local timestamp", value.Duration: "duration", value.JSON: "json",
		},
	}
}
