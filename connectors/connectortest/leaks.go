package connectortest

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

// leakPatience is how long goroutines that were told to end may take: on a machine with nothing else to do it is milliseconds.
const leakPatience = 30 * time.Second

// NoLeaks returns a function that fails the test if goroutines run on that were not there before: to be deferred ahead of what ends them.
func NoLeaks(t testing.TB) func() {
	t.Helper()
	before := goleak.IgnoreCurrent()
	return func() {
		t.Helper()
		for deadline := time.Now().Add(leakPatience); ; time.Sleep(50 * time.Millisecond) {
			err := goleak.Find(before)
			if err == nil {
				return
			}
			if time.Now().After(deadline) {
				t.Error(err)
				return
			}
		}
	}
}
