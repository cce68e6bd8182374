package main

import (
	"slices"
	"strings"

	"github.com/assay-dev/assay/expectations/diag"
)

// flagHints says of the hints that name a suite's keys what to do on the command line.
func flagHints(found diag.List) diag.List {
	out := slices.Clone(found)
	for i := range out {
		h, leave := &out[i].Hint, "leave it out with --ignore"
		out[i].Message = strings.ReplaceAll(out[i].Message, ": give it one under types:", ": give it one with --type")
		if out[i].Code == "bad-key" {
			leave = "choose another --key"
		}
		switch {
		case strings.HasPrefix(*h, "declare key:"):
			*h = "name the columns that pair the rows: --key a,b"
		case strings.HasPrefix(*h, "declare `timezone:`"):
			*h = "name the zone of times without one: --timezone, or --left-timezone and --right-timezone"
		case strings.HasPrefix(*h, "declare the type of "):
			name, _, _ := strings.Cut(strings.TrimPrefix(*h, "declare the type of "), " under `columns:`")
			*h = "say what it holds, if it holds such values: --type " + name + "=TYPE, or left." + name + "= or right." + name + "= for one side; or " + leave
		case strings.HasPrefix(*h, "declare `array: true`"):
			name := strings.TrimSuffix(strings.TrimPrefix(*h, "declare `array: true` for "), " if it holds arrays")
			*h = "say so if it holds arrays on both sides: --type " + name + "=array; or " + leave
		case *h == "ignore the column, or convert it in a query":
			*h = leave + "; or write a suite with compare:, and convert it in a query there"
		case *h == "convert one of them in a query, or ignore the column":
			*h = leave + "; or write a suite with compare:, and convert one of them in a query there"
		}
	}
	return out
}

// flaggedError is a failure that says by which flag it can be helped where it named a suite's key.
type flaggedError struct {
	text string
	err  error
}

// Error implements error.
func (e *flaggedError) Error() string { return e.text }

// Unwrap returns the failure itself.
func (e *flaggedError) Unwrap() error { return e.err }

// flagged returns a failure as the command line says it.
func flagged(err error) error {
	const key = "declare the column with array: true"
	text := err.Error()
	if !strings.Contains(text, key) {
		return err
	}
	return &flaggedError{strings.ReplaceAll(text, key, "declare the column with --type COLUMN=array, left.COLUMN=array or right.COLUMN=array"), err}
}
