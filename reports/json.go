package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/assay-dev/assay/expectations/result"
)

// JSON writes the run as assay.report/v1, indented. What is too long for a report is cut, and says so.
func JSON(w io.Writer, rep *result.Report) error {
	bounded := *rep
	bounded.Bound()
	if err := writeJSON(w, &bounded); err != nil {
		return fmt.Errorf("write the JSON report: %w", err)
	}
	return nil
}

// writeJSON writes v, indented.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(replaced{w})
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false) // expressions are full of < and &&, and people read them
	return enc.Encode(v)
}

// replaced writes the sign that stands for bytes that are no text as itself, not as the escape by which encoding/json tells that it put it there: a report
// that was read and is written again is the same, byte for byte. A Write holds whole escapes.
type replaced struct{ w io.Writer }

// Write implements io.Writer.
func (r replaced) Write(b []byte) (int, error) {
	const escape = `\ufffd`
	rest, at := result.Inert(b), 0
	for {
		i := bytes.Index(rest[at:], []byte(escape))
		if i < 0 {
			break
		}
		at += i
		slashes := 0
		for at > slashes && rest[at-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 1 { // a backslash, and then the word
			at += len(escape)
			continue
		}
		for _, part := range [][]byte{rest[:at], []byte("\ufffd")} {
			if _, err := r.w.Write(part); err != nil {
				return 0, err
			}
		}
		rest, at = rest[at+len(escape):], 0
	}
	_, err := r.w.Write(rest)
	return len(b), err
}

// Read reads a report that JSON wrote. What it says in any form is what the original said, but for bytes that are no UTF-8.
func Read(r io.Reader) (*result.Report, error) {
	var rep result.Report
	dec := json.NewDecoder(r)
	if err := dec.Decode(&rep); err != nil {
		return nil, fmt.Errorf("this is no report: %w", err)
	}
	if rep.Schema != result.SchemaName {
		return nil, fmt.Errorf("this is no report that can be read: its schema is %q, not %q", rep.Schema, result.SchemaName)
	}
	if dec.More() {
		return nil, errors.New("this is no report: something stands behind it")
	}
	return &rep, nil
}
