// Package lang is assay's dialect of CEL: it types a schema's columns, compiles
// the expressions of a suite with positions, and evaluates them by interpreted
// cel-go, which is the oracle of what an expression means.
//
// Beyond standard CEL it knows exact decimals, local timestamps, the aggregate
// macros over datasets, abs and the format predicates; literals take the type of
// what they meet before anything is checked.
package lang
