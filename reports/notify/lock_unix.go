//go:build unix

package notify

import (
	"os"
	"syscall"
)

// lock takes an entry for this process alone, until free is called or the process ends; false where another has it, or it is gone.
func lock(path string) (free func(), ok bool) {
	f, err := os.Open(path) //nolint:gosec // of our own folder
	if err != nil {
		return nil, false
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	_, gone := os.Stat(path)
	if err != nil || gone != nil {
		_ = f.Close() // it was read only
		return nil, false
	}
	return func() { _ = f.Close() }, true // which frees it
}
