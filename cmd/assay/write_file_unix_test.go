//go:build unix

package main

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// What is no file must not become one: as root a report to /dev/stdout or /dev/null would take the device's place for the whole machine.
func TestWriteFileKeepsWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := os.OpenFile(pipe, os.O_RDWR, 0) // for both, so that neither end waits for the other
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if err := writeFile(pipe, private, writing("through")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(pipe); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Fatalf("the pipe is %v now (%v)", info.Mode(), err)
	}
	got := make([]byte, len("through"))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != "through" {
		t.Fatalf("read %q, %v", got, err)
	}
}

func TestWriteFileFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(link, private, writing("after")); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(link); err != nil || to != file {
		t.Errorf("the link leads to %q (%v)", to, err)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "after" {
		t.Errorf("the file holds %q (%v)", b, err)
	}
}

func writing(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func TestParseFormatsKnowsOneFileByTwoNames(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("a", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a", "link"); err != nil {
		t.Fatal(err)
	}
	for _, second := range []string{"a", "./a", filepath.Join(dir, "a"), "link"} {
		if _, err := parseFormats([]string{"csv=a", "junit=" + second}); err == nil {
			t.Errorf("csv=a and junit=%s write to one file, and both were taken", second)
		}
	}
	if _, err := parseFormats([]string{"csv=a", "junit=b", "text=/dev/null", "html=/dev/null", "json", "github"}); err != nil {
		t.Error(err)
	}
}
