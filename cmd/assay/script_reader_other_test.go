//go:build !unix

package main

import "github.com/rogpeppe/go-internal/testscript"

// readerVerb is for systems whose files have rights that a test can take away.
func readerVerb(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("reader: not on this system: [!unix] skip")
}
