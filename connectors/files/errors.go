package files

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/assay-dev/assay/connectors"
)

// failed wraps what the operating system or a decoder said while op was being done. The path that the system repeats is
// left out: op names the file.
func failed(op string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*connectors.Error](err); ok {
		return err
	}
	kind := connectors.Failed
	switch {
	case errors.Is(err, fs.ErrNotExist):
		kind = connectors.NotFound
	case errors.Is(err, fs.ErrPermission):
		kind = connectors.Denied
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return &connectors.Error{Kind: kind, Op: op, Err: err}
}

// atLine wraps what is wrong at a line of the file that op names.
func atLine(op string, line int64, err error) error {
	return failed(op, fmt.Errorf("line %d: %w", line, err))
}

// malformed says what is wrong with the content of a file.
func malformed(op, format string, args ...any) error {
	return &connectors.Error{Kind: connectors.Failed, Op: op, Err: fmt.Errorf(format, args...)}
}

// misconfigured says what is wrong with a connection or a dataset.
func misconfigured(op, format string, args ...any) error {
	return &connectors.Error{Kind: connectors.Misconfigured, Op: op, Err: fmt.Errorf(format, args...)}
}

// clip shortens a text of a file for a message.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && s[cut]&0xC0 == 0x80 { // not within a code point
		cut--
	}
	return s[:cut] + "…"
}
