package files

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// jsonFile is an open file of JSON lines.
type jsonFile struct {
	here    site // for errors
	in      *input
	win     *window
	line    []byte // the one at hand
	no      int64
	scratch []byte
}

func openJSONLines(verb string, f *file, s *stamps) (*jsonFile, error) {
	here := site{verb, f.name}
	in, err := openInput(here, f, s)
	if err != nil {
		return nil, err
	}
	w, err := newWindow(in)
	if err != nil {
		in.end()
		return nil, here.failed(err)
	}
	return &jsonFile{here: here, in: in, win: w}, nil
}

// memberPath returns the path that a declared column's name is: dots lead into objects. It is nil for a plain name.
func memberPath(name string) ([]string, error) {
	parts := strings.Split(name, ".")
	if len(parts) == 1 {
		return nil, nil
	}
	if slices.Contains(parts, "") {
		return nil, fmt.Errorf("column %s: a part of the path is empty", name)
	}
	return parts, nil
}

var errNoObject = connectors.Own("it is not one JSON object: JSON lines have an object a line")

// next moves to the next line that is not blank and hands its members to visit, io.EOF behind the last.
func (j *jsonFile) next(visit func(key, val jsonCell) error) error {
	for {
		j.no = j.win.line
		line, ok, err := j.win.nextLine()
		if err != nil {
			return j.here.line(j.no, err)
		}
		if !ok {
			return io.EOF
		}
		i := skipBlanks(line, 0)
		if i == len(line) {
			continue
		}
		j.line = line
		if line[i] != '{' {
			return j.here.line(j.no, errNoObject)
		}
		end, err := scanObject(line, i, 1, visit)
		switch {
		case err != nil && end == len(line):
			return j.here.line(j.no, connectors.Within("the object does not end on its line", err))
		case err != nil:
			return j.here.line(j.no, err)
		case skipBlanks(line, end) != len(line):
			return j.here.line(j.no, errNoObject)
		}
		return nil
	}
}

// text returns the content of a string.
func (j *jsonFile) text(c jsonCell) ([]byte, error) {
	b, err := unquote(j.line[c.from:c.to], j.scratch)
	if err == nil && cap(b) > cap(j.scratch) && c.to-c.from-2 > len(b) {
		j.scratch = b // it was made with escapes, in memory of its own
	}
	return b, err
}

// sample guesses the columns and their types from the first lines.
func (j *jsonFile) sample(limit sampleLimit) (*sampled, error) {
	s := &sampled{}
	at := map[string]int{}
	for s.rows < limit.rows && s.bytes < limit.bytes {
		err := j.next(func(key, val jsonCell) error {
			name, err := j.text(key)
			if err != nil {
				return fmt.Errorf("a key is %w", err)
			}
			i, ok := at[string(name)]
			if !ok {
				if i = len(s.names); i >= maxColumns {
					return errWide
				}
				at[string(name)] = i
				s.names, s.guesses = append(s.names, string(name)), append(s.guesses, guess{})
			}
			s.guesses[i].join(j.guess(val))
			return nil
		})
		if errors.Is(err, io.EOF) {
			s.whole = true
			break
		}
		if err != nil {
			return nil, err
		}
		s.rows++
		s.bytes += len(j.line)
	}
	s.packed, s.size = j.in.raw.n, j.in.info.Size()
	return s, nil
}

// guess says what a value is.
func (j *jsonFile) guess(c jsonCell) guess {
	switch c.kind {
	case '"':
		if b, err := j.text(c); err == nil && len(b) > 0 && b[0]-'0' <= 9 {
			return guess{classes: classifyTime(b)}
		}
		return guess{classes: classText}
	case '0':
		if _, ok := parseInt(j.line[c.from:c.to], true); ok {
			return guess{classes: classInt}
		}
		return guess{classes: classDecimal}
	case 't', 'f':
		return guess{classes: classBool}
	case '{':
		return guess{classes: classObject}
	case '[':
		g := guess{classes: classList}
		_, _ = scanArray(j.line, c.from, 1, func(e jsonCell) error { // it was checked
			switch x := j.guess(e).classes; {
			case x&classTime != 0:
				g.elems |= classText
			default:
				g.elems |= x
			}
			return nil
		})
		return g
	}
	return guess{}
}

// jsonMember is a wanted column of a line.
type jsonMember struct {
	cell  jsonCell // kind 0 where the line does not have it
	twice bool
}

// jsonReader reads the wanted columns of a file.
type jsonReader struct {
	*jsonFile
	columns []*jsonColumn
	members []jsonMember
	at      map[string]int   // of plain columns
	paths   map[string][]int // of columns within objects, by the first part of the path
	// known are all columns, where all are wanted: then a key that is none of them must not be passed over.
	known map[string]bool
}

func jsonRows(f *file, s *stamps, q query.Select) (fileRows, error) {
	j, err := openJSONLines("read", f, s)
	if err != nil {
		return nil, err
	}
	r := &jsonReader{jsonFile: j, at: map[string]int{}, paths: map[string][]int{}, members: make([]jsonMember, len(q.Columns))}
	for i, c := range q.Columns {
		p, err := newParser(c.Col)
		if err != nil {
			j.in.end()
			return nil, j.here.misconfigured("timezone: %w", err)
		}
		m := metaOf(c.Col)
		r.columns = append(r.columns, &jsonColumn{parser: p, elem: c.Col.Type.Elem})
		if len(m.path) > 0 {
			r.columns[i].path = m.path
			r.paths[m.path[0]] = append(r.paths[m.path[0]], i)
		} else {
			r.at[c.Col.Name] = i
		}
	}
	if len(q.Columns) >= len(q.From.Schema.Columns) {
		r.known = make(map[string]bool, len(q.From.Schema.Columns))
		for _, c := range q.From.Schema.Columns {
			r.known[c.Name] = true
		}
		for first := range r.paths {
			r.known[first] = true
		}
	}
	return r, nil
}

// fill implements fileRows.
func (r *jsonReader) fill(b *value.Batch, rows, bytes int) (bool, error) {
	for b.N < rows && bytes > 0 {
		clear(r.members)
		if err := r.next(r.visit); err != nil {
			if errors.Is(err, io.EOF) {
				return false, r.here.failed(r.in.unchanged())
			}
			return false, err
		}
		for i := range r.members {
			m := &r.members[i]
			switch {
			case m.twice:
				b.Cols[i].AppendErr() // which of the two is meant, nothing says
			case m.cell.kind == 0:
				b.Cols[i].AppendNull()
			default:
				r.columns[i].append(r.jsonFile, &b.Cols[i], m.cell)
				bytes -= m.cell.to - m.cell.from
			}
		}
		b.N++
	}
	return true, nil
}

// visit takes a member of the line.
func (r *jsonReader) visit(key, val jsonCell) error {
	name, err := r.text(key)
	if err != nil {
		return fmt.Errorf("a key is %w", err)
	}
	if i, ok := r.at[string(name)]; ok {
		r.take(i, val)
	} else if r.known != nil && !r.known[string(name)] {
		return fmt.Errorf("key %q is in none of the first lines, by which the columns were told: declare it under columns: of the dataset", clip(string(name)))
	}
	for _, i := range r.paths[string(name)] {
		if err := r.descend(i, r.columns[i].path[1:], val); err != nil {
			return err
		}
	}
	return nil
}

func (r *jsonReader) take(i int, val jsonCell) {
	m := &r.members[i]
	m.twice = m.twice || m.cell.kind != 0
	m.cell = val
}

// descend follows a path into an object. What is no object on the way has no such member.
func (r *jsonReader) descend(i int, path []string, val jsonCell) error {
	if len(path) == 0 {
		r.take(i, val)
		return nil
	}
	if val.kind != '{' {
		return nil
	}
	_, err := scanObject(r.line, val.from, 1, func(key, val jsonCell) error {
		name, err := r.text(key)
		if err != nil {
			return fmt.Errorf("a key is %w", err)
		}
		if string(name) == path[0] {
			return r.descend(i, path[1:], val)
		}
		return nil
	})
	return err
}

// end implements fileRows.
func (r *jsonReader) end() { r.in.end() }
