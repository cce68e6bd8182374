package files

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/assay-dev/assay/connectors"
)

// site is what is being done, and to which file or pattern of files; errors name both.
type site struct{ verb, name string }

// fail makes an error of that kind. The cause names the file, since it is what people are shown.
func (here site) fail(kind connectors.ErrorKind, err error) error {
	if here.name != "" {
		err = connectors.Within(here.name, err)
	}
	return &connectors.Error{Kind: kind, Op: here.verb + " files", Err: err}
}

// failed wraps what the operating system or a decoder said. The path that the system repeats is left out.
func (here site) failed(err error) error {
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
	return here.fail(kind, err)
}

// line wraps what is wrong at a line of the file.
func (here site) line(n int64, err error) error {
	return here.failed(connectors.Within(fmt.Sprintf("line %d", n), err))
}

// malformed says what is wrong with the content of a file.
func (here site) malformed(format string, args ...any) error {
	return here.fail(connectors.Failed, fmt.Errorf(format, args...))
}

// misconfigured says what is wrong with a connection or a dataset.
func (here site) misconfigured(format string, args ...any) error {
	return here.fail(connectors.Misconfigured, fmt.Errorf(format, args...))
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

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
