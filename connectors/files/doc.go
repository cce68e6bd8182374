// Package files reads CSV, JSON lines and Parquet files, compressed or not, one or several to a dataset.
//
// There is no engine: Caps refuses every expression, rows are streamed in constant memory and evaluated by the caller.
// Nothing is written. What a file says badly is never passed over: a record of the wrong length, a quote that is not closed,
// compressed data that are cut off are errors that name the file and the line, and a cell that is not of its column's type is a
// cell in error (value.Vector.Errs), never a null.
package files
