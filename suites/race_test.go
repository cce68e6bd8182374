//go:build race

package suites_test

// slower is how much longer the race detector lets code take that walks a text rune by rune.
const slower = 20
