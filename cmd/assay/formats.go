package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
	"github.com/assay-dev/assay/reports/html"
)

// keysFormat is the form that holds the key of every failing row, one a line.
const keysFormat = "jsonl"

// format is a form in which a run is written.
type format struct {
	name  string
	write func(w io.Writer, rep *result.Report) error // nil for the text, which a terminal has a part in, and for the keys, which stand in a file already
}

// formats are all forms, in the order in which they are named.
func formats() []format {
	return []format{
		{"text", nil},
		{"json", reports.JSON},
		{"html", html.Write},
		{"junit", reports.JUnit},
		{"sarif", reports.SARIF},
		{"markdown", func(w io.Writer, rep *result.Report) error {
			return reports.Markdown(w, rep, reports.MarkdownOptions{})
		}},
		{"github", reports.GitHub},
		{"openlineage", reports.OpenLineage},
		{"csv", reports.CSV},
		{keysFormat, nil},
	}
}

// output is one --format.
type output struct{ format, path string }

// parseFormats reads what --format says: a form, or form=path; text where it says nothing.
func parseFormats(list []string) ([]output, error) {
	if len(list) == 0 {
		return []output{{format: "text"}}, nil
	}
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	var out []output
	for _, s := range list {
		name, path, named := strings.Cut(s, "=")
		if err := knownFormat(name, names...); err != nil {
			return nil, err
		}
		if named && path == "" {
			return nil, fmt.Errorf("--format %s: there is no path after the equals sign; without the sign it is written to standard output", s)
		}
		if path != "" && slices.ContainsFunc(out, func(o output) bool { return o.path != "" && sameFile(o.path, path) }) {
			return nil, fmt.Errorf("--format %s: another format is written to %s already", s, path)
		}
		out = append(out, output{name, path})
	}
	return out, nil
}

// knownFormat refuses a format that is none of the names, and says which was likely meant.
func knownFormat(format string, names ...string) error {
	if slices.Contains(names, format) {
		return nil
	}
	last := len(names) - 1
	return fmt.Errorf("--format %q: there are %s and %s%s", format, strings.Join(names[:last], ", "), names[last], meant(format, names))
}

// sameFile reports whether both paths are written to one file, of which the first text would be lost. A device or a pipe takes both.
func sameFile(a, b string) bool {
	if written(a) != written(b) {
		return false
	}
	info, err := os.Stat(a)
	return err != nil || info.Mode().IsRegular()
}

// meant is what to add of the name that is likely meant.
func meant(name string, names []string) string {
	if best := diag.Nearest(name, names); best != "" {
		return "; did you mean " + best + "?"
	}
	return ""
}

// wantsKeys reports whether the key of every failing row is asked for.
func wantsKeys(outs []output) bool {
	return slices.ContainsFunc(outs, func(o output) bool { return o.format == keysFormat })
}

// report writes the run in every format that was asked for. keys is the file that holds the key of every failing row; "" where none fails.
func (a *app) report(rep *result.Report, outs []output, shown int, keys string) error {
	for _, o := range outs {
		if o.format == keysFormat {
			if err := a.writeKeys(o, keys); err != nil {
				return &worldError{err}
			}
			continue
		}
		if o.path == "" {
			if err := a.render(a.stdout, rep, o.format, shown); err != nil {
				return &worldError{err}
			}
			if o.format == "github" {
				if err := summarise(rep); err != nil {
					return &worldError{err}
				}
			}
			continue
		}
		if err := writeFile(o.path, byUmask, func(w io.Writer) error { return a.render(w, rep, o.format, shown) }); err != nil {
			return &worldError{err}
		}
	}
	return nil
}

// keysBeside is the file of keys that a kept report has beside it, "" for none.
func keysBeside(report string) string {
	path := filepath.Join(filepath.Dir(report), failuresName)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// writeKeys copies the file of keys to where it is asked for.
func (a *app) writeKeys(o output, keys string) error {
	write := func(w io.Writer) error {
		if keys == "" {
			return nil
		}
		f, err := os.Open(keys) //nolint:gosec // the run's own file
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // it was read
		_, err = io.Copy(w, f)
		return err
	}
	if o.path == "" {
		return write(a.stdout)
	}
	return writeFile(o.path, byUmask, write)
}

// render writes the run in one format; shown is the number of failing rows of each expectation in the text form.
func (a *app) render(w io.Writer, rep *result.Report, name string, shown int) error {
	for _, f := range formats() {
		if f.name == name && f.write != nil {
			return f.write(w, rep)
		}
	}
	return reports.Text(w, rep, reports.TextOptions{Color: a.color(w), Quiet: a.quiet, Rows: shown, Width: width(w)})
}

// stepSummary names the file that a step of a GitHub workflow appends its summary to.
const stepSummary = "GITHUB_STEP_SUMMARY"

// summarise appends the run to the summary of the workflow's step, where there is one. What other commands of the step have written counts against
// the size that GitHub takes.
func summarise(rep *result.Report) error {
	path := os.Getenv(stepSummary)
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600) //nolint:gosec // the file that the workflow names
	if err != nil {
		return fmt.Errorf("write the step summary: %w", err)
	}
	room := int64(reports.StepSummaryBytes)
	if info, err := f.Stat(); err == nil {
		room -= info.Size()
	}
	err = reports.Markdown(f, rep, reports.MarkdownOptions{Limit: int(max(room, 1))})
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the step summary: %w", err)
	}
	return nil
}
