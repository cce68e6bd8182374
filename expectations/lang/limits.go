package lang

import (
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
)

// The bounds of an expression. They are far beyond what people write and far below what hurts.
const (
	maxCodePoints = 20_000
	maxDepth      = 100
	maxNodes      = 20_000
	// maxCost bounds cel-go's cost estimate, an upper bound of evaluation steps for one row. It is wide because the
	// estimate is: each part of a split text counts as long as the whole text, and replace as if every character
	// were replaced, so that parts split again, or two replacements by a cell, come to 10^9 and take microseconds.
	// A fifth loop over lists, or a third such replacement, is beyond it.
	maxCost = 10_000_000_000
	// A cell whose size nobody knows is estimated at these sizes.
	assumedText     = 1_000
	assumedElements = 100
	// maxRegex bounds a regular expression's text in octets.
	maxRegex = 2_000
)

// estimator tells cel-go's cost estimate the size of cells.
type estimator struct{}

// EstimateCallCost implements cost.Estimator: no opinion.
func (estimator) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

// EstimateSize implements cost.Estimator.
func (estimator) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	if n.ComputedSize() != nil {
		return nil
	}
	size := uint64(assumedText)
	switch n.Type().Kind() {
	case types.ListKind, types.MapKind:
		size = assumedElements
	}
	return &cost.SizeEstimate{Min: 0, Max: size}
}
