//go:build !race

package suites_test

const slower = 1
