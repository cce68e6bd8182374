package correct

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// The audit log is JSON lines, one a change that was tried:
//
//	{"time":...,"who":...,"host":...,"plan":<digest>,"kind":"fix","n":17,"target":...,"action":...,"key":{...},"before":{...},"after":{...},"result":"applied","reason":...,"sum":...}
//
// "after" is what the row held then. "sum" is the SHA-256, hexadecimal, of the sum of the line before (64 zeros at the beginning) and of the line up to `,"sum"`.
// A file beside it, its name with .head, says how many bytes of it there were at least, and the last sum of these, so that its end cannot be cut off unseen.
const (
	auditTail = len(`,"sum":""}`) + digestDigits
	sumStart  = `,"sum":"`
)

// audit appends to an audit log, to which others may append too.
type audit struct {
	path   string
	mask   func(value.Value) string
	prefix []byte // who, host and plan
	buf    []byte // lines without their sums, one after the other
	ends   []int
	pos    atomic.Int64 // the log's size when it was last seen
}

func openAudit(o *Options, p *Plan) (*audit, error) {
	if o.Audit == "" {
		return nil, nil
	}
	a := &audit{path: o.Audit, mask: o.Mask}
	a.prefix = appendMember(a.prefix, "who", o.Who)
	a.prefix = appendMember(a.prefix, "host", o.Host)
	a.prefix = appendMember(a.prefix, "plan", p.Header.Sum)
	a.prefix = appendMember(a.prefix, "kind", string(p.Header.Kind))
	// It must be possible to write before anything is changed.
	f, err := os.OpenFile(a.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("audit log: %w", err)
	}
	if err = lock(f); err == nil {
		err = a.begin(f)
	}
	if err = errors.Join(err, f.Close(), syncDir(filepath.Dir(a.path))); err != nil {
		return nil, fmt.Errorf("audit log %s: %w", a.path, err)
	}
	return a, nil
}

// begin finds the log's end. From its first line on there is a head.
func (a *audit) begin(f *os.File) error {
	end, sum, err := auditEnd(f, a.path)
	if err != nil {
		return err
	}
	a.pos.Store(end)
	if end > 0 {
		return nil
	}
	return writeHead(a.path, 0, sum)
}

// size is how many bytes the log had when it was last seen; 0 without one.
func (a *audit) size() int64 {
	if a == nil {
		return 0
	}
	return a.pos.Load()
}

// add takes a change for the next flush. Row is what the row holds now, nil for none.
func (a *audit) add(now time.Time, c *Change, t *Target, row []value.Value, result Outcome, why string) {
	if a == nil {
		return
	}
	a.buf = append(a.buf, `{"time":"`...)
	b := append(now.UTC().AppendFormat(a.buf, time.RFC3339Nano), '"')
	b = append(b, a.prefix...)
	b = strconv.AppendInt(append(b, `,"n":`...), c.N, 10)
	b = appendMember(b, "target", c.Target)
	b = appendMember(b, "action", string(c.Action))
	b = a.row(append(b, `,"key":`...), t, t.Key, c.Key)
	b = a.row(append(b, `,"before":`...), t, t.Columns, c.Before)
	b = a.row(append(b, `,"after":`...), t, t.Columns, row)
	b = appendMember(b, "result", string(result))
	if why != "" {
		b = appendMember(b, "reason", a.conceal(why, c, t))
	}
	a.buf = b
	a.ends = append(a.ends, len(b))
}

// row appends cells, masked where they are to be.
func (a *audit) row(b []byte, t *Target, cols []Column, row []value.Value) []byte {
	if row == nil {
		return append(b, "null"...)
	}
	if len(t.Masked) > 0 {
		row = slices.Clone(row)
		for i := range cols {
			if slices.Contains(t.Masked, cols[i].Name) && !row[i].IsNull() {
				row[i] = value.StringValue(a.masked(row[i]))
			}
		}
	}
	return appendRow(b, cols, row, nil)
}

func (a *audit) masked(v value.Value) string {
	if a.mask == nil {
		return "redacted"
	}
	return a.mask(v)
}

// conceal leaves masked values out of a reason: servers like to quote what they refuse.
func (a *audit) conceal(why string, c *Change, t *Target) string { return Conceal(why, c, t, a.mask) }

// flush appends the lines and makes them last.
func (a *audit) flush() (err error) {
	if a == nil || len(a.ends) == 0 {
		return nil
	}
	f, err := os.OpenFile(a.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = lock(f)
	}
	if err == nil {
		err = errors.Join(a.append(f), f.Close()) // which frees it
	}
	if err != nil {
		return fmt.Errorf("audit log: %w", err)
	}
	a.buf, a.ends = a.buf[:0], a.ends[:0]
	return nil
}

func (a *audit) append(f *os.File) error {
	end, sum, err := auditEnd(f, a.path)
	if err != nil {
		return err
	}
	out := make([]byte, 0, len(a.buf)+len(a.ends)*(auditTail+1))
	from := 0
	for _, to := range a.ends {
		line := a.buf[from:to]
		sum = chain(sum, line)
		out = append(append(append(append(out, line...), sumStart...), sum...), "\"}\n"...)
		from = to
	}
	if _, err := f.WriteAt(out, end); err != nil {
		return errors.Join(err, f.Truncate(end))
	}
	if err := f.Sync(); err != nil {
		return err
	}
	end += int64(len(out))
	a.pos.Store(end)
	return writeHead(a.path, end, sum)
}

func chain(before, line []byte) []byte {
	h := sha256.New()
	_, _ = h.Write(before) // a hash never fails
	_, _ = h.Write(line)
	return hex.AppendEncode(nil, h.Sum(nil))
}

// auditEnd finds where the log's whole lines end, and the last sum. What a crash left half written is cut off: it was never vouched for. A log that has lost
// its end is refused: with lines after it nobody would see that.
func auditEnd(f *os.File, path string) (end int64, sum []byte, err error) {
	end, err = f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, nil, err
	}
	size := end
	if end, err = wholeLines(f, end); err != nil {
		return 0, nil, err
	}
	if end < size {
		if err := f.Truncate(end); err != nil {
			return 0, nil, err
		}
	}
	vouched, last, err := readHead(path)
	_, none := errors.AsType[*AuditError](err)
	switch {
	case end == 0 && none:
		return 0, zeroDigest, nil
	case err != nil:
		return 0, nil, err
	case end < vouched:
		return 0, nil, fmt.Errorf("its end is missing: it has %d bytes and had %d; put it back, or begin a new one with neither it nor its .head", end, vouched)
	case end == 0:
		return 0, zeroDigest, nil
	}
	tail := make([]byte, digestDigits+len("\"}\n"))
	if end < int64(len(tail)) {
		return 0, nil, errors.New("its last line is none of an audit log")
	}
	if _, err := f.ReadAt(tail, end-int64(len(tail))); err != nil {
		return 0, nil, err
	}
	sum = tail[:digestDigits]
	if _, err := hex.DecodeString(string(sum)); err != nil || string(tail[digestDigits:]) != "\"}\n" {
		return 0, nil, errors.New("its last line is none of an audit log")
	}
	if end == vouched && string(sum) != last {
		return 0, nil, errors.New("its last line is not the one that was written")
	}
	return end, sum, nil
}

// wholeLines returns where the last line ends.
func wholeLines(f io.ReaderAt, end int64) (int64, error) {
	buf := make([]byte, 1<<16)
	for end > 0 {
		from := max(0, end-int64(len(buf)))
		part := buf[:end-from]
		if _, err := f.ReadAt(part, from); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		end = from
	}
	return 0, nil
}

// headPath is where the end of an audit log is written down.
func headPath(path string) string { return path + ".head" }

// headText has always the same length, so that it is written at once.
func headText(size int64, sum []byte) []byte {
	return fmt.Appendf(nil, "{\"bytes\":%20d,\"sum\":%q}\n", size, sum)
}

func writeHead(path string, size int64, sum []byte) error {
	f, err := os.OpenFile(headPath(path), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(headText(size, sum), 0)
	return errors.Join(err, f.Close())
}
