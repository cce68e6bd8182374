package correct

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// AuditError says where an audit log is not what was written.
type AuditError struct {
	Path string
	Line int64 // from 1; 0 for its end or the file as a whole
	Text string
}

// Error implements error.
func (e *AuditError) Error() string {
	if e.Line == 0 {
		return e.Path + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Text)
}

// CheckAudit holds an audit log to its chain of digests and returns its number of lines: a line that was changed, removed, added or moved is an *AuditError.
// Who can write both the log and its .head can make a false one whole: keep copies of the last sum elsewhere against that.
func CheckAudit(path string) (lineCount int64, err error) {
	f, err := os.Open(path) //nolint:gosec // the user's own file
	if err != nil {
		return 0, fmt.Errorf("audit log: %w", err)
	}
	defer func() { _ = f.Close() }() // it was read only
	size, vouched, err := readHead(path)
	if err != nil {
		return 0, err
	}
	r := &lines{path: path, r: bufio.NewReaderSize(io.NewSectionReader(f, 0, 1<<62), 1<<18), most: maxOwnLine}
	sum := zeroDigest
	var at int64
	for {
		line, err := r.next()
		if e, ok := errors.AsType[*PlanError](err); ok {
			return lineCount, &AuditError{Path: path, Line: int64(e.Line), Text: "the log ends within this line, as after a crash: what was written of it counts for nothing and is cut off by who appends next"}
		}
		if err != nil {
			return lineCount, err
		}
		if line == nil {
			break
		}
		lineCount++
		if sum, err = linked(sum, line); err != nil {
			return lineCount, &AuditError{Path: path, Line: lineCount, Text: err.Error()}
		}
		if at += int64(len(line)) + 1; at == size && string(sum) != vouched {
			return lineCount, &AuditError{Path: path, Line: lineCount, Text: "this is not the line that stood here: lines before it were removed or put in"}
		}
	}
	if at < size {
		return lineCount, &AuditError{Path: path, Text: fmt.Sprintf("its end is missing: it has %d bytes and had %d", at, size)}
	}
	return lineCount, nil
}

// linked checks that a line follows on the one with the sum before it.
func linked(before, line []byte) ([]byte, error) {
	at := len(line) - auditTail
	if at < 1 || string(line[at:at+len(sumStart)]) != sumStart || string(line[len(line)-2:]) != `"}` {
		return nil, errors.New("this line is none of an audit log")
	}
	sum := chain(before, line[:at])
	if string(sum) != string(line[at+len(sumStart):len(line)-2]) {
		return nil, errors.New("the line was changed, or one before it was removed, added or moved")
	}
	return sum, nil
}

// readHead reads how much of the log was vouched for. A log whose writer was killed before it first wrote that has none, and is short.
func readHead(path string) (size int64, sum string, err error) {
	b, err := os.ReadFile(headPath(path))
	if errors.Is(err, os.ErrNotExist) {
		return 0, "", &AuditError{Path: path, Text: "there is no " + headPath(path) + ", which says where the log ended: it was removed, or the first writer was killed"}
	}
	if err != nil {
		return 0, "", fmt.Errorf("audit log: %w", err)
	}
	if _, err := fmt.Sscanf(strings.TrimSpace(string(b)), "{\"bytes\":%d,\"sum\":%q}", &size, &sum); err != nil || len(sum) != digestDigits {
		return 0, "", &AuditError{Path: headPath(path), Text: "it is not what was written"}
	}
	if _, err := hex.DecodeString(sum); err != nil {
		return 0, "", &AuditError{Path: headPath(path), Text: "it is not what was written"}
	}
	return size, sum, nil
}
