package result

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/value"
)

// Bounds of what a report keeps, in bytes: a value or a sentence of a megabyte is of no use to a reader, and ten thousand of them are to no program.
const (
	// MaxCell bounds a value. A longer one is cut to KeptCell bytes and says its length and its SHA-256, so that two values never become one by being cut.
	MaxCell  = 4200
	KeptCell = 4096
	// MaxSentence bounds a message, MaxExpression an expression.
	MaxSentence   = 8 << 10
	MaxExpression = 32 << 10
)

// BoundCell cuts a value that is longer than MaxCell. What is cut is a text.
func BoundCell(c Cell) Cell {
	if len(c.Str()) <= MaxCell && c.Kind() != value.List {
		return c
	}
	text := c.Text()
	if len(text) <= MaxCell {
		return c
	}
	return Cell{value.StringValue(cut(text, KeptCell))}
}

// BoundText cuts a sentence of more than most bytes, and says how long it was.
func BoundText(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return cut(s, most-cutMark)
}

// cutMark is more than what cut adds: a text that was cut is not cut again when a report is read and written anew.
const cutMark = 64

// cut keeps the head of s and says what s was. The head is a copy, or all of s would stay in memory.
func cut(s string, keep int) string {
	for range utf8.UTFMax {
		if keep > 0 && !utf8.RuneStart(s[keep]) {
			keep--
		}
	}
	sum := sha256.Sum256([]byte(s))
	return strings.Clone(s[:keep]) + "… (" + strconv.Itoa(len(s)) + " bytes, SHA-256 " + hex.EncodeToString(sum[:8]) + ")"
}

// Bound cuts every value and every sentence of the report that is too long for its readers. It changes maps and lists of the report in copies only.
func (r *Report) Bound() {
	r.Expectations = append([]Expectation{}, r.Expectations...)
	for i := range r.Expectations {
		r.Expectations[i].bound()
	}
	r.Summary.TopErrors = append([]ErrorCount{}, r.Summary.TopErrors...)
	for i := range r.Summary.TopErrors {
		r.Summary.TopErrors[i].Message = BoundText(r.Summary.TopErrors[i].Message, MaxSentence)
	}
	r.Datasets = append([]Dataset{}, r.Datasets...)
	for i := range r.Datasets {
		r.Datasets[i].Error = BoundText(r.Datasets[i].Error, MaxSentence)
	}
	r.Plan = r.Plan.bounded()
}

func (e *Expectation) bound() {
	e.Message, e.Description = BoundText(e.Message, MaxSentence), BoundText(e.Description, MaxSentence)
	e.Expression, e.Where = BoundText(e.Expression, MaxExpression), BoundText(e.Where, MaxExpression)
	e.Observed = BoundCell(e.Observed)
	e.Metrics = append([]Metric(nil), e.Metrics...)
	for i := range e.Metrics {
		e.Metrics[i].Value = BoundCell(e.Metrics[i].Value)
	}
	if e.Sample != nil && len(e.Sample.Strata) > 0 {
		s := *e.Sample
		s.Strata = append([]Stratum{}, s.Strata...)
		for i := range s.Strata {
			s.Strata[i].Name = BoundCell(s.Strata[i].Name)
		}
		e.Sample = &s
	}
	e.Failures = append([]Failure{}, e.Failures...)
	for i := range e.Failures {
		e.Failures[i] = BoundFailure(e.Failures[i])
	}
}

// BoundFailure cuts the values and the message of a failing row, in a copy.
func BoundFailure(f Failure) Failure {
	f.Message = BoundText(f.Message, MaxSentence)
	f.Key, f.Values, f.Before, f.After = boundCells(f.Key), boundCells(f.Values), boundCells(f.Before), boundCells(f.After)
	return f
}

// boundCells is cells itself where none is too long.
func boundCells(cells map[string]Cell) map[string]Cell {
	var out map[string]Cell
	for name, c := range cells {
		if b := BoundCell(c); b.Kind() != c.Kind() || len(b.Str()) != len(c.Str()) {
			if out == nil {
				out = maps.Clone(cells)
			}
			out[name] = b
		}
	}
	if out == nil {
		return cells
	}
	return out
}
