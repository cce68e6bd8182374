package files

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/assay-dev/assay/connectors"
)

var (
	errNoMatch = errors.New("no file matches")
	errChanged = connectors.Own("the file was changed while it was being read")
)

// zstdMemory bounds what a zstd frame may ask for: windows of up to 128 MiB, as the zstd program itself takes by --long.
const zstdMemory = 128 << 20

// input is an open file, decompressed as it is read.
type input struct {
	file *os.File
	info fs.FileInfo
	// raw counts the bytes that were read of the file itself.
	raw     counter
	r       io.Reader
	packing string // "gzip", "zstd" or ""
	close   func()
}

// counter counts what is read through it.
type counter struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// stamps are the states of files that the requests to one snapshot must find.
type stamps struct {
	mu    sync.Mutex
	files map[string]fs.FileInfo
	names map[string][]*file // of each dataset's file:, so that a pattern means the same files
}

// check remembers the state of a file, or compares it with the one remembered. A nil stamps does nothing.
func (s *stamps) check(path string, now fs.FileInfo) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	was, ok := s.files[path]
	if !ok {
		s.files[path] = now
		return nil
	}
	if !os.SameFile(was, now) || changed(was, now) {
		return connectors.Own("the file was changed since it was first read")
	}
	return nil
}

func changed(a, b fs.FileInfo) bool { return a.Size() != b.Size() || !a.ModTime().Equal(b.ModTime()) }

// openFile opens a regular file for reading. Anything else may block, or give its content but once.
func openFile(here site, f *file, s *stamps) (*os.File, fs.FileInfo, error) {
	// A pipe that nobody writes would block the opening already.
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, nil, here.failed(err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, here.malformed("it is no regular file")
	}
	h, err := os.Open(f.path)
	if err != nil {
		return nil, nil, here.failed(err)
	}
	if info, err = h.Stat(); err == nil {
		err = s.check(f.path, info)
	}
	if err != nil {
		_ = h.Close() // nothing was read
		return nil, nil, here.failed(err)
	}
	return h, info, nil
}

// openInput opens a file as a stream; its first bytes tell whether it is compressed.
func openInput(here site, f *file, s *stamps) (*input, error) {
	h, info, err := openFile(here, f, s)
	if err != nil {
		return nil, err
	}
	in := &input{file: h, info: info, raw: counter{r: h}, close: func() {}}
	if err := in.unpack(); err != nil {
		_ = h.Close() // nothing was read
		return nil, here.failed(err)
	}
	return in, nil
}

func (in *input) unpack() error {
	var magic [4]byte
	n, err := io.ReadFull(&in.raw, magic[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	head := magic[:n]
	r := io.MultiReader(bytes.NewReader(head), &in.raw)
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(r)
		if err != nil {
			return fmt.Errorf("gzip: %w", in.cut(err))
		}
		in.r, in.packing = z, "gzip"
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		// One goroutine fewer to end, and the memory of one block.
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdMemory), zstd.WithDecoderLowmem(true))
		if err != nil {
			return fmt.Errorf("zstd: %w", in.cut(err))
		}
		in.r, in.packing, in.close = z, "zstd", z.Close
	default:
		in.r = r
	}
	return nil
}

// cut says in words that compressed data end too early.
func (in *input) cut(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return connectors.Own("the compressed data are cut off")
	}
	return err
}

// Read implements io.Reader.
func (in *input) Read(p []byte) (int, error) {
	n, err := in.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && in.packing != "" {
		err = fmt.Errorf("%s: %w", in.packing, in.cut(err))
	}
	return n, err
}

// unchanged fails when the file is no longer what it was when it was opened: what was read may be of two states.
func (in *input) unchanged() error { return unchanged(in.file, in.info) }

func unchanged(h *os.File, was fs.FileInfo) error {
	now, err := h.Stat()
	if err != nil {
		return err
	}
	if changed(was, now) {
		return errChanged
	}
	return nil
}

// end releases everything; a file that was only read has nothing to lose by a failing close.
func (in *input) end() {
	in.close()
	_ = in.file.Close()
}
