package correct

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// lockNote bounds what a lock says of who has it.
const lockNote = 1000

// Lock takes a file for this process alone, until release is called or the process ends, and notes in it by whom. A file that another process has is a *BusyError.
func Lock(path, by string) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // in the state directory
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	free, err := tryLock(f)
	if err == nil && !free {
		note, _ := io.ReadAll(io.LimitReader(f, lockNote)) // who has it is for people; that somebody has it is known
		err = &BusyError{Path: path, By: strings.TrimSpace(string(note))}
	}
	if err == nil {
		if err = f.Truncate(0); err == nil {
			_, err = f.WriteAt([]byte(by+"\n"), 0)
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil // which frees it
}
