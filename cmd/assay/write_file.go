package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// writeFile writes a file whole or not at all: it appears under its name when it is complete. A link stays one, and what it leads to is written. What is no file,
// such as /dev/stdout, /dev/null or a pipe, is written into: it must not be replaced by a file.
func writeFile(path string, write func(io.Writer) error) error {
	to := written(path)
	var err error
	if info, e := os.Stat(path); e == nil && !info.Mode().IsRegular() && !info.IsDir() {
		err = writeInto(path, write)
	} else {
		err = replaceFile(to, write)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// written is the place that a path is written to: absolute, with all links followed that lead somewhere.
func written(path string) string {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	} else if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil { // a new file
		path = filepath.Join(dir, filepath.Base(path))
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// writeInto writes to what stands there: a device or a pipe.
func writeInto(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0) //nolint:gosec // the user's own choice
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

func replaceFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone once renamed
	if err := write(f); err != nil {
		_ = f.Close() // what write says is the cause
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
