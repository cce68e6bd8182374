package files

import (
	"bytes"
	"io"

	"github.com/assay-dev/assay/connectors"
)

// maxColumns bounds the fields of a record.
const maxColumns = 100_000

// csvField is a field of the record at hand, relative to its beginning.
type csvField struct {
	from, to int
	// quoted tells "" from nothing, and a quoted text from the one that stands for null.
	quoted bool
}

// csvScanner parts CSV as RFC 4180 has it into records: LF or CRLF end one, a quote within a field that does not begin with one is
// a quote. Fields stay in the buffer; nothing is allocated per record. encoding/csv would not do: it does not tell a quoted field
// from one that is not, and changes CRLF within quotes to LF.
type csvScanner struct {
	*window
	delim  byte
	fields []csvField
	start  int64 // the line at which the record begins
}

var (
	errOpenQuote = connectors.Own("a quote is not closed")
	errBehind    = connectors.Own("a closing quote is followed by text: within quotes, a quote is written twice")
	errBareCR    = connectors.Own("a carriage return stands without a line feed: lines end in LF or CRLF, and within quotes anything goes")
	errWide      = connectors.Own("more than 100000 columns")
)

// text returns the content of a field, valid until the next record.
func (s *csvScanner) text(f csvField) []byte { return s.buf[s.rec+f.from : s.rec+f.to] }

// next reads one record, io.EOF behind the last.
func (s *csvScanner) next() error {
	s.rec, s.start, s.fields = s.pos, s.line, s.fields[:0]
	b := s.bytes()
	if len(b) == 0 {
		grew, err := s.more()
		if err != nil {
			return err
		}
		if !grew {
			return io.EOF
		}
		b = s.bytes()
	}
	i := 0
	for {
		var err error
		quoted := false
		// An empty field may be all that is left.
		if i == len(b) {
			if b, err = s.grown(); err != nil {
				return err
			}
		}
		if i < len(b) && b[i] == '"' {
			quoted = true
			b, i, err = s.quoted(b, i+1)
		} else {
			b, i, err = s.plain(b, i)
		}
		if err != nil {
			return err
		}
		if len(s.fields) > maxColumns {
			return errWide
		}
		if i < len(b) && b[i] == s.delim {
			i++
			continue
		}
		return s.finish(b, i, quoted)
	}
}

// grown returns the bytes from the record's beginning on after an attempt to read more.
func (s *csvScanner) grown() ([]byte, error) {
	_, err := s.more()
	return s.bytes(), err
}

// plain reads a field without quotes from i on and returns the position of what ends it.
func (s *csvScanner) plain(b []byte, i int) ([]byte, int, error) {
	from, delim := i, s.delim
	for {
		for ; i < len(b); i++ {
			if c := b[i]; c == delim || c == '\n' || c == '\r' {
				s.fields = append(s.fields, csvField{from: from, to: i})
				return b, i, nil
			}
		}
		grew, err := s.more()
		if err != nil {
			return b, i, err
		}
		b = s.bytes()
		if !grew {
			s.fields = append(s.fields, csvField{from: from, to: i})
			return b, i, nil
		}
	}
}

// quoted reads a field behind its opening quote and returns the position behind its closing one. Doubled quotes are made single in place.
func (s *csvScanner) quoted(b []byte, i int) ([]byte, int, error) {
	from, w := i, i
	for {
		j := bytes.IndexByte(b[i:], '"')
		seg := b[i:]
		if j >= 0 {
			seg = seg[:j]
		}
		s.line += int64(bytes.Count(seg, []byte{'\n'}))
		if w != i {
			copy(b[w:], seg)
		}
		w, i = w+len(seg), i+len(seg)
		if j < 0 {
			grew, err := s.more()
			if err != nil {
				return b, i, err
			}
			if !grew {
				return b, i, errOpenQuote
			}
			b = s.bytes()
			continue
		}
		i++ // behind the quote
		if i == len(b) {
			var err error
			if b, err = s.grown(); err != nil {
				return b, i, err
			}
		}
		if i < len(b) && b[i] == '"' {
			b[w] = '"'
			w, i = w+1, i+1
			continue
		}
		s.fields = append(s.fields, csvField{from: from, to: w, quoted: true})
		return b, i, nil
	}
}

// finish reads the end of the record that b[i:] begins with.
func (s *csvScanner) finish(b []byte, i int, quoted bool) error {
	if i == len(b) {
		s.pos = s.rec + i
		return nil
	}
	if b[i] == '\r' {
		if i+1 == len(b) {
			var err error
			if b, err = s.grown(); err != nil {
				return err
			}
		}
		if i+1 == len(b) || b[i+1] != '\n' {
			return errBareCR
		}
		i++
	}
	if b[i] != '\n' {
		if quoted {
			return errBehind
		}
		return errBareCR // cannot be: a plain field ends at nothing else
	}
	s.pos = s.rec + i + 1
	s.line++
	return nil
}

// blank reports whether the record is an empty line.
func (s *csvScanner) blank() bool {
	return len(s.fields) == 1 && !s.fields[0].quoted && s.fields[0].from == s.fields[0].to
}
