package schema

// FormatVersion is the version of the format that this program reads.
const FormatVersion = 1

// Suite returns the declaration of a suite's file; assay.yaml is one too.
func Suite() Object {
	connection, dataset, history, span := Connection(), Dataset(), History(), Excluded()
	alerts, notify, corrections := Alerts(), Notify(), Corrections()
	return Object{
		Name: "a suite",
		Doc:  "A suite of expectations about datasets.",
		Fields: []Field{
			{Name: "version", Kind: Version, Doc: "the version of this format: 1"},
			{Name: "suite", Kind: String, Doc: "the suite's name; absent, the file's"},
			{Name: "description", Kind: String, Doc: "what the suite is for"},
			{Name: "include", Kind: Strings, Doc: "other suite files to take in, relative to this one; globs are allowed"},
			{Name: "vars", Kind: Vars, Doc: "variables that expressions call vars.name and --var overrides"},
			{Name: "connections", Kind: Objects, Of: &connection, Doc: "the systems that hold data, by name; they may live in assay.yaml beside the suite"},
			{Name: "datasets", Kind: Objects, Of: &dataset, Doc: "the data that expectations are about, by name"},
			{Name: "expectations", Kind: Expectations, Doc: "expectations between datasets"},
			{Name: "history", Kind: Switch, Of: &history, Doc: "where the runs are kept that later ones are held against; it may stand in assay.yaml beside the suite"},
			{Name: "exclude", Kind: Items, Of: &span, Doc: "stretches of time whose runs no baseline of the suite learns from: `[{from: 2026-11-01, to: 2026-11-03, reason: migration}]`"},
			{Name: "alerts", Kind: Switch, Of: &alerts, Doc: "when somebody is told; rules that assay.yaml beside the suite sets hold where the suite says nothing"},
			{Name: "notify", Kind: Switch, Of: &notify, Doc: "where messages go; it may stand in assay.yaml beside the suite"},
			{Name: "corrections", Kind: Nested, Of: &corrections, Doc: "what a run may do about what expectations with a `fix` find"},
			later("schedule"), later("sample"), later("tests"),
		},
	}
}

// Connection returns the declaration of a connection.
func Connection() Object {
	return Object{
		Name: "a connection",
		Doc:  "A system that holds data. ${ENV} is replaced in its values, and nowhere else.",
		Fields: []Field{
			{Name: "driver", Kind: String, Required: true, Plain: true, Doc: "postgres, mysql, mariadb, elasticsearch, opensearch, sqlite or files"},
			{Name: "dsn", Kind: String, Param: true, Doc: "the driver's own connection string or URL"},
			{Name: "url", Kind: String, Param: true, Doc: "the URL of the server"},
			{Name: "path", Kind: String, Param: true, Plain: true, Doc: "the database file, or the folder of files"},
			{Name: "format", Kind: Enum, Enum: []string{"csv", "tsv", "jsonl", "parquet"}, Param: true, Plain: true, Doc: "how files are written, whatever their names end in"},
			{Name: "header", Kind: Bool, Param: true, Plain: true, Doc: "whether the first line of CSV files names the columns; true unless said"},
			{Name: "delimiter", Kind: String, Param: true, Plain: true, Doc: "what parts the fields of CSV files: one character, or tab"},
			{Name: "null", Kind: String, Param: true, Plain: true, Doc: "the text that stands for null in CSV files where it is not in quotes; nothing unless said"},
			{Name: "username", Kind: String, Param: true, Doc: "the account"},
			{Name: "password", Kind: String, Param: true, Doc: "its password"},
			{Name: "api_key", Kind: String, Param: true, Doc: "an API key instead of an account"},
			{Name: "ca_cert", Kind: String, Param: true, Plain: true, Doc: "the file of the authority that signed the server's certificate"},
			{Name: "insecure_skip_verify", Kind: Bool, Param: true, Plain: true, Doc: "true to accept any certificate, for trying out; false unless said"},
			{Name: "timezone", Kind: Zone, Plain: true, Doc: "the IANA zone in which the connection's naive timestamps are read"},
			{Name: "timeout", Kind: Duration, Plain: true, Doc: "the bound on one statement, at the server"},
			{Name: "max_conns", Kind: Count, Plain: true, Doc: "the most statements that run at once"},
			{Name: "writable", Kind: Bool, Plain: true, Doc: "whether correction plans may write to it; false unless said"},
			{Name: "description", Kind: String, Plain: true, Doc: "what it is"},
		},
	}
}

// Dataset returns the declaration of a dataset.
func Dataset() Object {
	column := Column()
	return Object{
		Name: "a dataset",
		Doc:  "A table, an index, a file or a query of a connection: exactly one of them.",
		Fields: []Field{
			{Name: "connection", Kind: String, Required: true, Doc: "the name of its connection"},
			{Name: "table", Kind: String, Doc: "a table or view: orders, public.orders"},
			{Name: "index", Kind: String, Doc: "an index or alias"},
			{Name: "file", Kind: String, Doc: "a file, or a pattern of several: orders.csv, orders/*.parquet"},
			{Name: "query", Kind: String, Doc: "a read-only query in the engine's own language"},
			{Name: "key", Kind: Strings, Doc: "the column or columns that identify a row"},
			{Name: "updated_at", Kind: String, Doc: "the column that says when a row last changed"},
			{Name: "mask", Kind: Masks, Enum: []string{"hash", "redact"}, Doc: "columns whose values are never shown: a list, or `{email: hash, phone: redact}`; a token that equal values share stands in their place, or nothing that tells them apart"},
			{Name: "columns", Kind: Objects, Of: &column, Doc: "what the schema does not say about columns"},
			{Name: "types", Kind: Names, Doc: "logical types by column, short for columns: {name: {type: …}}"},
			{Name: "expectations", Kind: Expectations, Doc: "what holds for every row, and for the dataset as a whole"},
			{Name: "description", Kind: String, Doc: "what it is"},
			later("partition"), later("sample"), later("schedule"),
		},
	}
}

// Column returns the declaration of a dataset's column.
func Column() Object {
	return Object{
		Name: "a column",
		Doc:  "What the schema does not say about a column.",
		Fields: []Field{
			{Name: "type", Kind: Enum, Enum: ColumnTypes(), Doc: "its logical type, where the engine's is too poor"},
			{Name: "absent", Kind: Enum, Enum: []string{"null", "error"}, Doc: "what a missing Elasticsearch field is: null (default) or an error"},
			{Name: "array", Kind: Bool, Doc: "whether an Elasticsearch field, or a key of JSON lines, holds arrays"},
		},
	}
}

// ColumnTypes are the logical types that a suite may declare for a column.
func ColumnTypes() []string {
	return []string{"bool", "int", "uint", "double", "decimal", "string", "bytes", "timestamp", "local_timestamp", "date", "duration", "json"}
}

// Expectation returns the keys that every expectation takes.
func Expectation() Object {
	fields := []Field{
		{Name: "id", Kind: String, Inside: true, Doc: "its stable name; absent, it is made from dataset, name and columns"},
		{Name: "expect", Kind: CEL, Doc: "the CEL expression that must hold"},
		{Name: "metric", Kind: CEL, Doc: "a CEL value that expect calls metric"},
		{Name: "where", Kind: Sided, Inside: true, Doc: "the rows to judge; of a comparison, on both sides, or `{source: …, target: …}`"},
		{Name: "mostly", Kind: Rate, Inside: true, Doc: "the least share of rows that must hold: 0.99 or 99%"},
		{Name: "max_failures", Kind: Count, Inside: true, Doc: "the most rows that may fail, instead of mostly"},
		{Name: "detect", Kind: Rate, Inside: true, Doc: "the failing rate that a sample must exclude for a pass, where mostly allows less: 0.1% unless said"},
		{Name: "severity", Kind: Enum, Enum: []string{"error", "warning", "info"}, Inside: true, Doc: "how a failure weighs; error unless said"},
		{Name: "on_null", Kind: Enum, Enum: []string{"skip", "fail", "pass"}, Inside: true, Doc: "what a row undecided by null counts as; skip unless said"},
		{Name: "on_empty", Kind: Enum, Enum: []string{"pass", "fail"}, Inside: true, Doc: "the verdict when no row was judged"},
		{Name: "description", Kind: String, Inside: true, Doc: "why it must hold"},
		{Name: "message", Kind: String, Inside: true, Doc: "what to say of a failing row"},
		{Name: "message_expression", Kind: CEL, Inside: true, Doc: "CEL of that message over the row"},
		{Name: "tags", Kind: Strings, Inside: true, Doc: "words to select it by"},
		{Name: "show", Kind: Strings, Inside: true, Doc: "the columns to show of failing rows"},
		{Name: "owner", Kind: String, Inside: true, Doc: "who is asked when it fails"},
	}
	base := Baseline()
	fields = append(fields, Field{Name: "baseline", Kind: Nested, Of: &base, Doc: "holds the metric's value, or the failing rate of rows, against the runs before: `{season: weekly, deviation: 3}`; the verdict is the worse of both"})
	fields = append(fields, Joining()...)
	fields = append(fields, Comparison()...)
	fields = append(fields, Fixing()...)
	fields = append(fields, later("sample"), later("schedule"))
	return Object{
		Name:   "an expectation",
		Doc:    "Something that must hold: a CEL expression, a named expectation, or a comparison of two datasets row by row.",
		Fields: fields,
	}
}

func later(name string) Field { return Field{Name: name, Kind: Any, Later: true} }
