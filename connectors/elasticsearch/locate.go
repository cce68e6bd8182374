package elasticsearch

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// span is a value within a document: where it stands and by which member names it was reached.
type span struct {
	start, end int
	member     int      // where its member begins: the quote of the name
	names      []string // of the members on the way: a path of several steps may be one dotted name
}

func (s span) of(doc []byte) []byte { return doc[s.start:s.end] }

// object is an object on the way of a path: what is missing of the path would be written into it.
type object struct {
	start, end int      // with its braces
	rest       []string // steps of the path that lead on from here
	depth      int      // steps that led here
	last       int      // where its last member ends, start+1 where it has none
	empty      bool
}

// found is all that a document says of a path.
type found struct {
	values []span
	// deepest is the object nearest to where the value would be; start is -1 where the document is none.
	deepest object
	null    *span    // a null where an object would be
	rest    []string // the steps below it
	array   bool     // objects in an array may hold it
	scalar  bool     // something that is no object stands on the way
	broken  bool
}

// locate finds the values that a document holds at a path, however its objects are nested or its names dotted.
func locate(doc []byte, path []string) found {
	f := found{deepest: object{start: -1}}
	s := &scanner{data: doc}
	if len(path) == 0 || s.space() != '{' {
		f.broken = true
		return f
	}
	if err := f.walk(s, path, nil); err != nil {
		f.broken = true
	}
	return f
}

// walk goes through the object that s stands before.
func (f *found) walk(s *scanner, path, names []string) error {
	o := object{start: s.pos, rest: path, depth: len(names), last: s.pos + 1, empty: true}
	var member int
	err := s.members(func(key []byte, start int) error {
		member = start
		o.empty = false
		defer func() { o.last = s.pos }()
		return f.member(s, path, names, key, member)
	})
	o.end = s.pos
	if f.deepest.start < 0 || len(path) < len(f.deepest.rest) {
		f.deepest = o
	}
	return err
}

// members calls each with the name of each member of the object that s stands before, and where the member begins; it must consume the value.
func (s *scanner) members(each func(key []byte, start int) error) error {
	if s.space() != '{' {
		return errJSON
	}
	s.pos++
	for s.space() != '}' {
		start := s.pos
		key, err := s.text()
		if err != nil {
			return err
		}
		if s.space() != ':' {
			return errJSON
		}
		s.pos++
		s.space()
		if err := each(key, start); err != nil {
			return err
		}
		switch s.space() {
		case ',':
			s.pos++
		case '}':
		default:
			return errJSON
		}
	}
	s.pos++
	return nil
}

func (f *found) member(s *scanner, path, names []string, key []byte, member int) error {
	name := string(key)
	if strings.IndexByte(name, '\\') >= 0 {
		name = string(unescape(nil, key, utf8.RuneError))
	}
	steps := 0
	for n := 1; n <= len(path); n++ {
		if name == strings.Join(path[:n], ".") {
			steps = n
			break
		}
	}
	start := s.pos
	if steps == 0 {
		_, err := s.value()
		return err
	}
	reached := append(slices.Clip(names), name)
	if steps == len(path) {
		_, err := s.value()
		f.values = append(f.values, span{start: start, end: s.pos, member: member, names: reached})
		return err
	}
	switch s.data[s.pos] {
	case '{':
		return f.walk(s, path[steps:], reached)
	case '[':
		f.array = true
	case 'n':
		at := span{start: start, member: member, names: reached}
		if _, err := s.value(); err != nil {
			return err
		}
		at.end = s.pos
		f.null, f.rest = &at, path[steps:]
		return nil
	default:
		f.scalar = true
	}
	_, err := s.value()
	return err
}
