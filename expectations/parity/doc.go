// Package parity holds tests only: an expression means what cel-go says it means, in the evaluator
// and in every connector. The fuzzer draws random typed expressions and random hostile rows and compares
// interpreted cel-go with the evaluator and, in-process, with SQLite.
package parity
