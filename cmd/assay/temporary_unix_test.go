//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// TestSweepSparesTheLiving: what a process that was killed has left goes, what one is writing stays, and what nobody but its owner calls by such a name.
func TestSweepSparesTheLiving(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, reportName)
	living, free, err := newTemporary(path, private)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = living.Close() }()
	left, letGo, err := newTemporary(path, private)
	if err != nil {
		t.Fatal(err)
	}
	letGo() // as the end of a process does
	_ = left.Close()
	for _, name := range []string{".report.json.bak", ".report.json.1", ".report.json.assay-", ".report.json.assay-1x", ".report.html.assay-1"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, ".report.json.assay-7"), 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := writeFile(path, private, writing("whole")); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	want := []string{".report.html.assay-1", ".report.json.1", ".report.json.assay-", ".report.json.assay-1x", ".report.json.assay-7", ".report.json.bak", filepath.Base(living.Name()), reportName}
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("there are %q, not %q", names, want)
	}
	free()
	sweep(dir, reportName)
	if _, err := os.Stat(living.Name()); err == nil {
		t.Error("what is left was not removed")
	}
}

// TestSweepOfTheKilled kills a process that writes a report: the kernel lets go of what it held.
func TestSweepOfTheKilled(t *testing.T) {
	if dir := os.Getenv("ASSAY_TEST_LEAVE"); dir != "" {
		if err := writeFile(filepath.Join(dir, reportName), private, writingForEver(dir)); err != nil {
			t.Fatal(err)
		}
		return
	}
	dir := t.TempDir()
	ready := filepath.Join(dir, "ready")
	if err := syscall.Mkfifo(ready, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSweepOfTheKilled$")
	cmd.Env = append(os.Environ(), "ASSAY_TEST_LEAVE="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(ready); err != nil { // it is in the midst of it
		t.Fatal(err)
	}
	temporaries := func() int {
		t.Helper()
		list, err := filepath.Glob(filepath.Join(dir, "."+reportName+temporaryMark+"*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	sweep(dir, reportName)
	if n := temporaries(); n != 1 {
		t.Errorf("%d files while it writes", n)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if n := temporaries(); n != 1 {
		t.Errorf("%d files after it was killed: there is nothing to sweep", n)
	}
	sweep(dir, reportName)
	if n := temporaries(); n != 0 {
		t.Errorf("%d files are left", n)
	}
}

// writingForEver says that it has begun, and ends with the process.
func writingForEver(dir string) func(io.Writer) error {
	return func(w io.Writer) error {
		if _, err := io.WriteString(w, "a half"); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "ready"), []byte("now"), 0o600); err != nil {
			return err
		}
		time.Sleep(time.Hour) // it is killed long before
		return nil
	}
}

// TestWriteFileRights: what a user names is for whom the umask says, the state is private, and a file keeps its rights.
func TestWriteFileRights(t *testing.T) {
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	dir := t.TempDir()
	for name, c := range map[string]struct{ before, rights, want os.FileMode }{
		"named": {0, byUmask, 0o640}, "private": {0, private, 0o600}, "kept": {0o604, byUmask, 0o604}, "kept private": {0o600, byUmask, 0o600}, "kept open": {0o644, private, 0o644},
	} {
		path := filepath.Join(dir, name)
		if c.before != 0 {
			if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.before); err != nil {
				t.Fatal(err)
			}
		}
		if err := writeFile(path, c.rights, writing("after")); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(path); err != nil || !bytes.Equal(text, []byte("after")) || info.Mode().Perm() != c.want {
			t.Errorf("%s: %q with rights %o, not %o (%v)", name, text, info.Mode().Perm(), c.want, err)
		}
	}
}
