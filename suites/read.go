package suites

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/expectations/diag"
)

// The limits on suites. They are far above what people write.
const (
	maxFileBytes    = 4 << 20
	maxFiles        = 500
	maxIncludeDepth = 16
	maxDepth        = 64        // nested maps and lists
	maxNodes        = 1_000_000 // maps, lists and scalars of a file, aliases expanded
	maxExpectations = 20_000
	maxDiagnostics  = 200 // shown of one Load

	maxConnectionValue = 16 << 10 // bytes
)

// file is one YAML file.
type file struct {
	name  string
	sum   [sha256.Size]byte
	lines [][]rune
	root  *yaml.Node // the top-level map, nil when the file could not be read
	hides map[int][]diag.Stretch
	// lexical says that what is secret could not be told from the nodes: hide by the look of the lines.
	lexical map[int]diag.Stretch
}

// expand turns the paths of the command line into files.
func (l *loader) expand(paths []string) []string {
	var out []string
	add := func(p string) {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	for _, p := range paths {
		info, err := os.Stat(p)
		switch {
		case err == nil && info.IsDir():
			found := l.folder(p)
			if len(found) == 0 {
				l.list.Errorf("no-file", wholeFile(p), "", "the folder holds no suite (*.yaml)")
			}
			for _, f := range found {
				add(f)
			}
		case err == nil || !isGlob(p):
			add(filepath.Clean(p))
		default:
			found, err := filepath.Glob(p)
			if err != nil || len(found) == 0 {
				l.list.Errorf("no-file", wholeFile(p), "", "no file matches")
			}
			slices.Sort(found)
			for _, f := range found {
				if filepath.Base(f) != ConfigName {
					add(f)
				}
			}
		}
	}
	return out
}

func (l *loader) folder(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		l.list.Errorf("no-file", wholeFile(dir), "", "cannot read the folder: %s", cause(err))
		return nil
	}
	var out []string
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		if !e.IsDir() && (ext == ".yaml" || ext == ".yml") && e.Name() != ConfigName {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out
}

func isGlob(p string) bool { return strings.ContainsAny(p, "*?[") }

func wholeFile(name string) diag.Span { return diag.Span{Pos: diag.Pos{File: name}} }

// cause is an error's text without the path, which the diagnostic names already.
func cause(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	return err.Error()
}

// open reads and parses a file once. It returns nil after reporting what is wrong at `at` (the include that named it).
func (l *loader) open(name string, at diag.Span) *file {
	if f, ok := l.files[name]; ok {
		if f.root == nil {
			return nil
		}
		return f
	}
	if at.Line == 0 {
		at = wholeFile(name)
	}
	if len(l.files) >= maxFiles {
		l.list.Errorf("limit", at, "", "more than %d files", maxFiles)
		return nil
	}
	data, ok := l.content(name, at)
	if !ok {
		return nil
	}
	f := &file{name: name, sum: sha256.Sum256(data), hides: map[int][]diag.Stretch{}}
	l.files[name] = f
	if !l.decodeText(f, data) {
		return nil
	}
	return f
}

// content reads a file, never more than the limit.
func (l *loader) content(name string, at diag.Span) ([]byte, bool) {
	info, err := os.Stat(name)
	if err != nil {
		l.list.Errorf("no-file", at, "", "cannot read %s: %s", quote(name), cause(err))
		return nil, false
	}
	if info.IsDir() {
		l.list.Errorf("no-file", at, "", "%s is a folder, not a file", quote(name))
		return nil, false
	}
	h, err := os.Open(name) //nolint:gosec // reading the files that the user names is the purpose
	if err != nil {
		l.list.Errorf("no-file", at, "", "cannot read %s: %s", quote(name), cause(err))
		return nil, false
	}
	defer func() { _ = h.Close() }() // nothing was written
	data, err := io.ReadAll(io.LimitReader(h, maxFileBytes+1))
	if err != nil {
		l.list.Errorf("no-file", at, "", "cannot read %s: %s", quote(name), cause(err))
		return nil, false
	}
	if len(data) > maxFileBytes || info.Size() > maxFileBytes {
		l.list.Errorf("limit", wholeFile(name), "split it with include:", "the file is larger than %d MB", maxFileBytes>>20)
		return nil, false
	}
	return data, true
}

// decodeText checks the encoding, splits the lines and parses.
func (l *loader) decodeText(f *file, data []byte) bool {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	text := string(data)
	at := func(line, col int) diag.Span {
		return diag.Span{Pos: diag.Pos{File: f.name, Line: line, Col: col}, Len: 1}
	}
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")):
		l.list.Errorf("not-yaml", wholeFile(f.name), "save it as UTF-8", "the file is UTF-16, not UTF-8")
		return false
	case bytes.IndexByte(data, 0) >= 0:
		l.list.Errorf("not-yaml", wholeFile(f.name), "", "this is not YAML: it holds binary data")
		return false
	case !utf8.Valid(data):
		line, col := invalidAt(text)
		f.lines = splitLines(text)
		f.hideByLook()
		l.list.Errorf("not-yaml", at(line, col), "save it as UTF-8", "this is not UTF-8 text")
		return false
	}
	f.lines = splitLines(text)
	for i, line := range f.lines {
		for j, r := range line {
			if r < 0x20 && r != '\t' || r == 0x7f {
				f.hideByLook()
				l.list.Errorf("not-yaml", at(i+1, j+1), `in double quotes it can be written as an escape such as "\e"`, "YAML allows no control characters")
				return false
			}
		}
	}
	return l.parse(f, text)
}

func invalidAt(s string) (line, col int) {
	line, col = 1, 1
	for i, r := range s {
		if _, n := utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && n == 1 {
			break
		}
		if r == '\n' {
			line, col = line+1, 1
		} else {
			col++
		}
	}
	return line, col
}

// splitLines splits where YAML's scanner does, so that its line numbers are ours.
func splitLines(s string) [][]rune {
	var out [][]rune
	rs := []rune(s)
	start := 0
	for i := 0; i < len(rs); i++ {
		switch rs[i] {
		case '\r', '\n', '\u0085', '\u2028', '\u2029':
			out = append(out, rs[start:i])
			if rs[i] == '\r' && i+1 < len(rs) && rs[i+1] == '\n' {
				i++
			}
			start = i + 1
		}
	}
	return append(out, rs[start:])
}
