// Package eval evaluates query expressions over batches, whole columns at a time:
// the local half of every plan. What package query says an expression means is
// computed here exactly, following the source of cel-go 0.33.
//
// A compiled Program is a graph of nodes in evaluation order, equal subexpressions
// sharing one node. A node holds its values for the current batch as a typed
// vector, Bool as a bitmap, with a bitmap of nulls and one of errors. Kernels loop over typed slices; logic,
// null and error handling work on 64 rows at once. Values under a null or error bit
// are computed but never looked at, unless they would be costly.
// Buffers are kept from batch to batch.
package eval
