package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// csvFile is an open file of CSV, its header read.
type csvFile struct {
	here  site // for errors
	in    *input
	scan  *csvScanner
	null  []byte
	names []string
	// held says that the record at hand was read to count the columns and is the first of the data.
	held bool
}

func (o *options) openCSV(verb string, f *file, s *stamps) (*csvFile, error) {
	here := site{verb, f.name}
	in, err := openInput(here, f, s)
	if err != nil {
		return nil, err
	}
	c := &csvFile{here: here, in: in, null: []byte(o.null)}
	if err := c.begin(o, f); err != nil {
		in.end()
		return nil, err
	}
	return c, nil
}

func (c *csvFile) begin(o *options, f *file) error {
	w, err := newWindow(c.in)
	if err != nil {
		return c.here.failed(err)
	}
	c.scan = &csvScanner{window: w, delim: ','}
	if f.format == formatTSV {
		c.scan.delim = '\t'
	}
	if o.delim != 0 {
		c.scan.delim = o.delim
	}
	for {
		err := c.scan.next()
		if errors.Is(err, io.EOF) {
			return c.here.malformed("the file is empty: it has no header")
		}
		if err != nil {
			return c.here.line(c.scan.start, err)
		}
		if !c.scan.blank() {
			break
		}
	}
	if !o.header {
		c.held = true
		for i := range c.scan.fields {
			c.names = append(c.names, "c"+strconv.Itoa(i+1))
		}
		return nil
	}
	return c.header(o)
}

// header takes the names of the columns from the record at hand.
func (c *csvFile) header(o *options) error {
	if only := c.scan.text(c.scan.fields[0]); len(c.scan.fields) == 1 && o.delim == 0 && bytes.ContainsAny(only, ";\t|,") {
		return c.here.malformed("line %d: the header is the one column %q: set delimiter: on the connection to what parts the columns, or to what does not",
			c.scan.start, clip(string(bytes.ToValidUTF8(only, []byte("\uFFFD")))))
	}
	seen := make(map[string]bool, len(c.scan.fields))
	for i, f := range c.scan.fields {
		name := string(c.scan.text(f))
		switch {
		case !utf8.ValidString(name):
			return c.here.malformed("line %d: the name of column %d is not UTF-8", c.scan.start, i+1)
		case name == "":
			name = "c" + strconv.Itoa(i+1) // as tools write the numbers of rows
		}
		if seen[name] {
			return c.here.malformed("line %d: the header names column %q twice", c.scan.start, clip(name))
		}
		seen[name] = true
		c.names = append(c.names, name)
	}
	return nil
}

// next moves to the next record, io.EOF behind the last. An empty line is no record, but where there is one column: there it is a null.
func (c *csvFile) next() error {
	if c.held {
		c.held = false
		return nil
	}
	for {
		err := c.scan.next()
		switch {
		case errors.Is(err, io.EOF):
			return err
		case err != nil:
			return c.here.line(c.scan.start, err)
		case c.scan.blank() && len(c.names) > 1:
			continue
		case len(c.scan.fields) != len(c.names):
			return c.here.line(c.scan.start, connectors.Own(fmt.Sprintf("%s instead of %d", plural(len(c.scan.fields), "field"), len(c.names))))
		}
		return nil
	}
}

// isNull reports whether a field stands for null: the null text (nothing, unless the connection says otherwise), not quoted.
func (c *csvFile) isNull(f csvField) bool {
	return !f.quoted && f.to-f.from == len(c.null) && bytes.Equal(c.scan.text(f), c.null)
}

// sample guesses the columns' types from the first records.
func (c *csvFile) sample(limit sampleLimit) (*sampled, error) {
	s := &sampled{names: c.names, guesses: make([]guess, len(c.names))}
	for s.rows < limit.rows && s.bytes < limit.bytes {
		err := c.next()
		if errors.Is(err, io.EOF) {
			s.whole = true
			break
		}
		if err != nil {
			return nil, err
		}
		s.rows++
		for i, f := range c.scan.fields {
			s.bytes += f.to - f.from
			if g := &s.guesses[i]; g.classes&classText == 0 && !c.isNull(f) {
				g.classes |= classify(c.scan.text(f))
			}
		}
		s.bytes += len(c.scan.fields)
	}
	s.packed, s.size = c.in.raw.n, c.in.info.Size()
	return s, nil
}

// csvRows reads the wanted columns of a file.
type csvRows struct {
	*csvFile
	at      []int // of each wanted column, its field
	parsers []*parser
}

func (o *options) csvRows(f *file, s *stamps, q query.Select) (fileRows, error) {
	c, err := o.openCSV("read", f, s)
	if err != nil {
		return nil, err
	}
	r := &csvRows{csvFile: c}
	if err := r.bind(q); err != nil {
		c.in.end()
		return nil, err
	}
	return r, nil
}

// bind finds the columns in this file's header, which may have them in an order of its own.
func (r *csvRows) bind(q query.Select) error {
	at, err := sameColumns(r.here, q.From.Schema.Columns, r.names)
	if err != nil {
		return err
	}
	for _, col := range q.Columns {
		r.at = append(r.at, at[col.Col.Name])
	}
	if r.parsers, err = newParsers(q.Columns); err != nil {
		return r.here.misconfigured("timezone: %w", err)
	}
	return nil
}

// fill implements fileRows.
func (r *csvRows) fill(b *value.Batch, rows, bytes int) (bool, error) {
	for b.N < rows && bytes > 0 {
		if err := r.next(); err != nil {
			if errors.Is(err, io.EOF) {
				return false, r.here.failed(r.in.unchanged())
			}
			return false, err
		}
		for i, at := range r.at {
			f := r.scan.fields[at]
			if r.isNull(f) {
				b.Cols[i].AppendNull()
				continue
			}
			r.parsers[i].append(&b.Cols[i], r.scan.text(f))
			bytes -= f.to - f.from
		}
		b.N++
	}
	return true, nil
}

// end implements fileRows.
func (r *csvRows) end() { r.in.end() }
