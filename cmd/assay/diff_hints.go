package main

import (
	"slices"
	"strings"

	"github.com/assay-dev/assay/expectations/diag"
)

// flagHints says of the hints that name a suite's keys what to do on the command line. What a column holds can be declared in a suite alone.
func flagHints(found diag.List) diag.List {
	out := slices.Clone(found)
	for i := range out {
		h, leave := &out[i].Hint, "leave it out with --ignore"
		if out[i].Code == "bad-key" {
			leave = "choose another --key"
		}
		switch {
		case strings.HasPrefix(*h, "declare key:"):
			*h = "name the columns that pair the rows: --key a,b"
		case strings.HasPrefix(*h, "declare `timezone:`"):
			*h = "name the zone of times without one: --timezone, or --left-timezone and --right-timezone"
		case strings.HasPrefix(*h, "declare the type of "), strings.HasPrefix(*h, "declare `array: true`"):
			what, _, _ := strings.Cut(*h, ", or convert it in a query")
			*h = leave + "; or write a suite with compare:, and there " + what
		case *h == "ignore the column, or convert it in a query":
			*h = leave + "; or write a suite with compare:, and convert it in a query there"
		case *h == "convert one of them in a query, or ignore the column":
			*h = leave + "; or write a suite with compare:, and convert one of them in a query there"
		}
	}
	return out
}
