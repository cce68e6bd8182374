//go:build !race

package diff_test

// raced says that the race detector watches.
const raced = false
