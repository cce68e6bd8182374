package connectortest

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

// leakPatience is how long goroutines that were told to end may take: on a machine with nothing else to do it is milliseconds.
const leakPatience = 30 * time.Second

// NoLeaks fails the test if goroutines run on at its end that are not there now.
func NoLeaks(t testing.TB) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
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
	})
}
