package main

import (
	"bytes"
	"database/sql"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestCompareExamples runs the commands of docs/compare.md in the demo's folder: a console block is a command, and what it prints.
func TestCompareExamples(t *testing.T) {
	blocks := examples(t)
	dir := t.TempDir()
	if err := makeDemo(t.Context(), dir, time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	t.Setenv("NO_COLOR", "1")
	ran := 0
	for _, b := range blocks {
		if b.page == "docs/compare.md" && b.lang == "sql" {
			db, err := sql.Open("sqlite", "shop.db")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.ExecContext(t.Context(), b.text); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if b.page != "docs/compare.md" || b.lang != "console" {
			continue
		}
		command, want, _ := strings.Cut(b.text, "\n")
		args, err := words(t, strings.TrimPrefix(command, "$ assay "))
		if err != nil {
			t.Fatalf("%s:%d: %v", b.page, b.line, err)
		}
		var out, errs bytes.Buffer
		code := Do(args, nil, &out, &errs)
		if got := strings.ReplaceAll(out.String()+errs.String(), "\r\n", "\n"); got != want {
			t.Errorf("%s:%d: exit code %d, got\n%s\nwant\n%s", b.page, b.line, code, got, want)
		}
		ran++
	}
	if ran < 3 {
		t.Errorf("%d commands were run", ran)
	}
}

// words splits a command line as a shell does.
func words(t *testing.T, line string) ([]string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "sh", "-c", `printf '%s\0' `+line).Output()
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"), err
}
