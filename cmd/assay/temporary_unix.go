//go:build unix

package main

import (
	"errors"
	"os"
	"syscall"
)

// hold keeps other processes from removing a temporary file until free is called or this process ends; false where one of them has removed it. On a file system
// without locks nothing is held, and nothing removed.
func hold(path string) (free func(), ok bool) {
	f, err := os.Open(path)               //nolint:gosec // this process has made it
	if errors.Is(err, os.ErrPermission) { // by the umask
		return func() {}, true
	}
	if err != nil {
		return nil, false
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	mine, e1 := f.Stat()
	there, e2 := os.Stat(path) //nolint:gosec // likewise
	if errors.Is(err, syscall.EWOULDBLOCK) || e1 != nil || e2 != nil || !os.SameFile(mine, there) {
		_ = f.Close() // it was read only
		return nil, false
	}
	return func() { _ = f.Close() }, true // which frees it
}

// removeLeft removes a temporary file that no living process holds.
func removeLeft(path string) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0) //nolint:gosec // by a name that this program makes
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }() // which frees it
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		_ = os.Remove(path) //nolint:gosec // by that name; or the next one does
	}
}
