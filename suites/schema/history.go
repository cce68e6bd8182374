package schema

// History returns the declaration of where runs are kept.
func History() Object {
	return Object{
		Name: "history",
		Doc:  "Where the runs are kept that later ones are held against: a file of SQLite in the state directory unless said. ${ENV} is replaced in `dsn` and `path`.",
		Fields: []Field{
			{Name: "dsn", Kind: String, Doc: "the URL or connection string of a PostgreSQL database that several machines share"},
			{Name: "path", Kind: String, Plain: true, Doc: "the SQLite file, instead of `dsn`; relative to the file that says it"},
			{Name: "keep", Kind: Duration, Plain: true, Doc: "how long runs are kept: `400d`; for ever unless said"},
			{Name: "runs", Kind: Count, Plain: true, Doc: "how many runs of a job are kept, the latest ones; all unless said"},
		},
	}
}
