package correct

import (
	"errors"
	"fmt"
	"strings"
)

// PlanError says that a plan (or its journal) is wrong in itself, or not for what it is to be applied to: nothing was read or written but the file and schemas.
type PlanError struct {
	Path string
	Line int // from 1; 0 for the file as a whole
	// Column is where in the line, in bytes from 1; 0 for the line as a whole.
	Column int
	Text   string // what is wrong
	Hint   string // what to do; "" where Text says it
}

// Error implements error: "plan.jsonl:3:17: what is wrong; what to do".
func (e *PlanError) Error() string {
	var b strings.Builder
	b.WriteString(e.Path)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
		if e.Column > 0 {
			fmt.Fprintf(&b, ":%d", e.Column)
		}
	}
	b.WriteString(": " + e.Text)
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// What Writer.Add says of a change that cannot stand in the plan: the finding belongs under Writer.Refuse.
var (
	// ErrRepeated: the plan changes this row of this target already.
	ErrRepeated = errors.New("another change of this plan is for the same row")
	// ErrTooLarge: its line would be longer than a plan's lines may be.
	ErrTooLarge = fmt.Errorf("the change takes more than %d MiB", maxLine>>20)
)
