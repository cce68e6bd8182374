// Package parity holds tests only: an expression means what cel-go says it means, in the evaluator
// and in every connector. The fuzzer draws random typed expressions and random hostile rows and compares
// interpreted cel-go with the evaluator and, in-process, with SQLite.
//
// The suite (testdata/shapes, an expression a line by operator family) holds PostgreSQL under two locales, MySQL,
// SQLite and Elasticsearch to interpreted cel-go, row by row over hostileTable; the corpus tests hold them to the CEL
// conformance corpus. What an engine refuses is pinned in testdata/*.golden.json, from which docs/parity.md is written:
// go test ./expectations/parity -run TestParity -update does all of it.
package parity
