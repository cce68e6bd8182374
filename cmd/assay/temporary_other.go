//go:build !unix

package main

import (
	"os"
	"time"
)

// leftAfter is far longer than a report takes to be written.
const leftAfter = 24 * time.Hour

// hold is for systems with locks on files.
func hold(string) (free func(), ok bool) { return func() {}, true }

// removeLeft removes a temporary file that nobody has written to for long.
func removeLeft(path string) {
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > leftAfter {
		_ = os.Remove(path) // or the next one does
	}
}
