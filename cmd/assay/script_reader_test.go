//go:build unix

package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// nobody is a user that owns nothing.
const nobody = 65534

// readerVerb: reader CODE ARGS... runs assay where nothing below the work folder may be written, and checks its exit code. What it said is in the files out
// and err. Root may write everything: there the command runs as nobody.
func readerVerb(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: reader CODE ARGS...")
	}
	bin, err := exec.LookPath("assay")
	ts.Check(err)
	here := ts.MkAbs(".")
	free := locked(ts, here)
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(bin, args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = here, &stdout, &stderr
	cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "HOME=/", "NO_COLOR=1"}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		passable(ts, here)
		passable(ts, filepath.Dir(bin))
	}
	err = cmd.Run()
	free()
	ts.Check(os.WriteFile(ts.MkAbs("out"), stdout.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("err"), stderr.Bytes(), 0o600))
	ts.Logf("[stdout]\n%s[stderr]\n%s", &stdout, &stderr)
	checkExit(ts, err, args)
}

// locked lets all read what is in dir, and nobody write it; free gives back what was.
func locked(ts *testscript.TestScript, dir string) (free func()) {
	modes := map[string]fs.FileMode{}
	var paths []string
	ts.Check(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		modes[path], paths = info.Mode(), append(paths, path)
		return nil
	}))
	for _, path := range slices.Backward(paths) { // what is in a folder before it
		mode := fs.FileMode(0o444)
		if modes[path].IsDir() {
			mode = 0o555
		}
		ts.Check(os.Chmod(path, mode))
	}
	return func() {
		for _, path := range paths {
			ts.Check(os.Chmod(path, modes[path].Perm()))
		}
	}
}

// passable lets all pass through this test's own folders on the way to dir.
func passable(ts *testscript.TestScript, dir string) {
	for ; dir != os.TempDir() && strings.HasPrefix(dir, os.TempDir()); dir = filepath.Dir(dir) {
		ts.Check(os.Chmod(dir, 0o755))
	}
}
