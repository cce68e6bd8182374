package files

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// leafReader reads the values of a leaf within one row group.
type leafReader struct {
	pages parquet.Pages
	page  parquet.Page // the one that the values are of
	vals  parquet.ValueReader
	buf   []parquet.Value
	at, n int
	done  bool
}

// peek returns the next value, nil behind the last.
func (l *leafReader) peek() (*parquet.Value, error) {
	for l.at == l.n {
		if l.done {
			return nil, nil
		}
		if l.vals == nil {
			page, err := l.pages.ReadPage()
			if errors.Is(err, io.EOF) && page == nil {
				l.done = true
				continue
			}
			if err != nil {
				return nil, err
			}
			l.release()
			l.page, l.vals = page, page.Values()
		}
		n, err := l.vals.ReadValues(l.buf)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				return nil, err
			}
			l.vals = nil // the values may still point into the page
		}
		l.at, l.n = 0, n
	}
	return &l.buf[l.at], nil
}

func (l *leafReader) release() {
	if l.page != nil {
		parquet.Release(l.page)
		l.page = nil
	}
}

// close ends the reading of the row group.
func (l *leafReader) close() {
	if l.pages == nil {
		return
	}
	l.release()
	_ = l.pages.Close() // only read
	l.pages, l.vals, l.at, l.n, l.done = nil, nil, 0, 0, true
}

var errFew = connectors.Own("the file has fewer values than rows")

// prepare decides how the values of the column reach its vector.
func (s *parquetSink) prepare(c value.Column) error {
	s.append = s.leaf.decode
	if metaOf(c).reparse {
		p, err := newParser(c)
		if err != nil {
			return err
		}
		s.append = s.reparse(p)
		return nil
	}
	if s.leaf.typ.Kind == value.LocalTimestamp && c.Type.Kind == value.Timestamp {
		loc, err := value.LoadZone(c.Zone)
		if err != nil {
			return err
		}
		s.append = s.zoned(loc)
	}
	return nil
}

// zoned reads wall clocks as those of a zone.
func (s *parquetSink) zoned(loc *time.Location) func(*value.Vector, parquet.Value) {
	var one value.Vector
	return func(v *value.Vector, x parquet.Value) {
		one.Reset(s.leaf.typ)
		if s.leaf.decode(&one, x); one.IsErr(0) {
			v.AppendErr()
			return
		}
		v.AppendTimestamp(inZone(one.Ints[0], loc), one.Nanos[0])
	}
}

// reparse reads values of one type from the text of another.
func (s *parquetSink) reparse(p *parser) func(*value.Vector, parquet.Value) {
	var one value.Vector
	return func(v *value.Vector, x parquet.Value) {
		one.Reset(s.leaf.typ)
		s.leaf.decode(&one, x)
		switch {
		case one.IsErr(0):
			v.AppendErr()
		case len(one.Offs) == 2:
			p.append(v, one.Bytes(0))
		case s.leaf.shape == value.Date:
			p.append(v, []byte(one.Value(0).Time().Format(time.DateOnly)))
		default:
			p.append(v, []byte(one.Value(0).Text()))
		}
	}
}

// read appends n rows.
func (s *parquetSink) read(v *value.Vector, n int) error {
	for range n {
		x, err := s.peek()
		if err != nil {
			return err
		}
		if x == nil {
			return errFew
		}
		if s.list {
			if err := s.readList(v, *x); err != nil {
				return err
			}
			continue
		}
		s.at++
		if x.IsNull() {
			v.AppendNull()
			continue
		}
		if len(v.Data) > value.MaxData-maxRecord {
			return errLong
		}
		s.append(v, *x)
	}
	return nil
}

// readList appends one list, whose first value is x: definition levels tell a null from an empty list and from one with a null element.
func (s *parquetSink) readList(v *value.Vector, x parquet.Value) error {
	s.at++
	switch d := x.DefinitionLevel(); {
	case x.RepetitionLevel() != 0:
		return fmt.Errorf("a row begins in the middle of a list: %w", errDamaged)
	case d < s.listDef:
		v.AppendNull()
		return nil
	case d < s.elemDef:
		v.AppendList([]value.Value{})
		return nil
	}
	var one value.Vector
	list, bad := []value.Value{}, false
	for {
		one.Reset(s.leaf.typ)
		if x.IsNull() {
			one.AppendNull()
		} else {
			s.leaf.decode(&one, x)
		}
		bad = bad || one.IsErr(0)
		list = append(list, one.Value(0))
		next, err := s.peek()
		if err != nil {
			return err
		}
		if next == nil || next.RepetitionLevel() == 0 {
			break
		}
		x = *next
		s.at++
	}
	if bad {
		v.AppendErr()
		return nil
	}
	v.AppendList(list)
	return nil
}
