// Package matrix compares every type of each engine with its natural partners on the others, on live servers: rows that must be equal and
// rows that must differ, by canonical forms and by whole comparisons. docs/types.md is written from it.
//
// It holds tests only. go test ./expectations/diff/matrix -update writes docs/types.md.
package matrix
