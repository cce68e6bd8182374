package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Rights of a file that is written.
const (
	// private is for the state directory: reports hold rows of the data.
	private fs.FileMode = 0o600
	// byUmask is for a file that the user names: like what a shell's > makes, it is for whom the umask says.
	byUmask fs.FileMode = 0o666
)

// folder is the rights of a folder that such files are put into.
func folder(files fs.FileMode) fs.FileMode {
	if files == private {
		return 0o750
	}
	return 0o777 // less what the umask takes
}

// writeFile writes a file whole or not at all: it appears under its name when it is complete. One that is there already keeps its rights. A link stays one, and what it
// leads to is written. What is no file, such as /dev/stdout, /dev/null or a pipe, is written into: it must not be replaced by a file.
func writeFile(path string, rights fs.FileMode, write func(io.Writer) error) error {
	var err error
	if info, e := os.Stat(path); e == nil && !info.Mode().IsRegular() && !info.IsDir() { //nolint:gosec // the user's own choice
		err = writeInto(path, write)
	} else {
		err = replaceFile(written(path), rights, write)
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

func replaceFile(path string, rights fs.FileMode, write func(io.Writer) error) error {
	sweep(filepath.Dir(path), filepath.Base(path))
	f, free, err := newTemporary(path, rights)
	if err != nil {
		return err
	}
	defer free()
	defer func() { _ = os.Remove(f.Name()) }()                             // gone once renamed
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() { //nolint:gosec // the user's own choice
		if err := f.Chmod(info.Mode().Perm()); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			_ = f.Close() // nothing was written
			return err
		}
	}
	if err := write(f); err != nil {
		_ = f.Close() // what write says is the cause
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path) //nolint:gosec // likewise
}

// temporaryMark stands between the name of a file and a number: nobody else names files like that.
const temporaryMark = ".assay-"

// temporaryName is the name that a file has before it is complete.
func temporaryName(base string) string {
	return "." + base + temporaryMark + strconv.FormatUint(rand.Uint64(), 10)
}

// isTemporary reports whether temporaryName may have made name.
func isTemporary(name, base string) bool {
	digits, ok := strings.CutPrefix(name, "."+base+temporaryMark)
	_, err := strconv.ParseUint(digits, 10, 64)
	return ok && err == nil
}

// newTemporary makes the file that will be the one at path. Until free is called, or the process ends, no other process takes it for left behind.
func newTemporary(path string, rights fs.FileMode) (f *os.File, free func(), err error) {
	for range 100 {
		name := filepath.Join(filepath.Dir(path), temporaryName(filepath.Base(path)))
		f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, rights) //nolint:gosec // beside the user's own choice
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if free, ok := hold(name); ok {
			return f, free, nil
		}
		_ = f.Close() // another process took it for left behind before it was held
	}
	return nil, nil, errors.Join(err, errors.New("its temporary file is removed again and again"))
}

// sweep removes what processes that were killed have left in dir of a file called base. What a living one writes stays.
func sweep(dir, base string) {
	d, err := os.Open(dir) //nolint:gosec // where a file is to be written
	if err != nil {
		return // which who writes there says
	}
	names, _ := d.Readdirnames(-1) // those that could be read
	_ = d.Close()                  // likewise
	for _, name := range names {
		if isTemporary(name, base) {
			removeLeft(filepath.Join(dir, name))
		}
	}
}

// sweptRuns is the number of runs that are looked at for what was left: those that started last. A run sweeps after those before it, so that there is little to find.
const sweptRuns = 100

// sweepRuns removes from the state directory what runs that were killed have left of their reports.
func sweepRuns(state string) {
	runs := filepath.Join(state, "runs")
	names, _ := keptRuns(runs) // which who writes there says
	for _, name := range names[max(len(names)-sweptRuns, 0):] {
		for _, base := range []string{reportName, pageName} {
			sweep(filepath.Join(runs, name), base)
		}
	}
}
