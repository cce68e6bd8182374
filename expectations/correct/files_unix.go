//go:build unix

package correct

import (
	"errors"
	"os"
	"syscall"
)

// syncDir makes the names in a folder last.
func syncDir(path string) error {
	d, err := os.Open(path) //nolint:gosec // of our own files
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// tryLock takes a file for this process alone until it is closed or the process ends; false where another has it.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// lock waits until a file is this process's alone, until it is closed.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }
