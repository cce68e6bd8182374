// Package lower turns checked CEL into query.Expr, which every source and the evaluator understand,
// and decides how much of an expression a source can say exactly.
//
// Lowering is total: what no operator says becomes a query.Local, the smallest
// subtree that interpreted cel-go evaluates row by row.
package lower
