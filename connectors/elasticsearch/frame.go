package elasticsearch

import (
	"bytes"
	"strconv"
)

// hit is where the parts of one hit stand in the page.
type hit struct{ id, source, sort []byte }

// page is one answer of a search: its hits in place, and its other parts.
type page struct {
	hits         []hit
	pit          []byte
	aggregations []byte
	timedOut     bool
	shards       []byte
	total        []byte
	failure      []byte // error of one answer of _msearch
	status       int    // and its HTTP status
	whole        bool   // _source came unfiltered
	quick        bool   // documents end where the text behind them begins, which decoding them has to prove: see framer.ends
	text         []byte // what was framed, of a quick page
	after        []byte // sort values of the page before, nil for the first
	size         int
	bytes        int
}

// frame finds the parts of an answer without decoding documents.
func frame(s *scanner, p *page) error {
	return s.object(func(key []byte) error {
		var err error
		switch string(key) {
		case "hits":
			err = s.object(func(key []byte) error {
				switch string(key) {
				case "hits":
					return frameHits(s, p)
				case "total":
					p.total, err = s.value()
					return err
				}
				_, err := s.value()
				return err
			})
		case "pit_id":
			p.pit, err = s.text()
		case "timed_out":
			var v []byte
			v, err = s.value()
			p.timedOut = string(v) == "true"
		case "_shards":
			p.shards, err = s.value()
		case "aggregations":
			p.aggregations, err = s.value()
		case "error":
			p.failure, err = s.value()
		case "status":
			var v []byte
			v, err = s.value()
			p.status, _ = strconv.Atoi(string(v)) // else 0: no status
		default:
			_, err = s.value()
		}
		return err
	})
}

func frameHits(s *scanner, p *page) error {
	f := framer{quick: p.quick}
	return s.array(func() error {
		h, ok := f.usual(s)
		if !ok {
			var err error
			if h, err = f.any(s); err != nil {
				return err
			}
		}
		p.hits = append(p.hits, h)
		return nil
	})
}

// framer finds the parts of hits. All of a page look alike around their _id, _source and sort, so that it remembers what stood there.
type framer struct {
	before  []byte // the text from the start of a hit to its _id; empty when nothing is remembered
	between []byte // from there to its _source
	behind  []byte // from there to its sort
	quick   bool   // documents are not walked through
	end     []byte // the last byte of a document and what is behind it, where quick
}

// any frames a hit of any form, and remembers it where it is of the usual one.
func (f *framer) any(s *scanner) (hit, error) {
	var h hit
	f.before = nil
	s.space()
	start, id, source, sort := s.pos, 0, 0, 0
	err := s.object(func(key []byte) error {
		var err error
		switch string(key) {
		case "_id":
			h.id, err = s.value()
			id = s.pos
		case "_source":
			h.source, err = s.value()
			source = s.pos
		case "sort":
			h.sort, err = s.value()
			sort = s.pos
		default:
			_, err = s.value()
		}
		return err
	})
	if err == nil && start < id && id < source && source < sort && sort+1 == s.pos {
		f.before = s.data[start : id-len(h.id)]
		f.between = s.data[id : source-len(h.source)]
		f.behind = s.data[source : sort-len(h.sort)]
		f.end = s.data[source-1 : sort-len(h.sort)]
	}
	return h, err
}

// usual frames a hit like the one before; else it moves nothing.
func (f *framer) usual(s *scanner) (h hit, ok bool) {
	if len(f.before) == 0 {
		return h, false
	}
	at := scanner{data: s.data, pos: s.pos}
	for _, part := range [...]struct {
		prefix []byte
		value  *[]byte
	}{{f.before, &h.id}, {f.between, &h.source}, {f.behind, &h.sort}} {
		if !bytes.HasPrefix(at.data[at.pos:], part.prefix) {
			return hit{}, false
		}
		at.pos += len(part.prefix)
		if f.quick && part.value == &h.source {
			if end := bytes.Index(at.data[at.pos:], f.end); end > 0 && !bytes.Contains(at.data[at.pos:at.pos+end], hitStart) {
				h.source = at.data[at.pos : at.pos+end+1]
				at.pos += end + 1
				continue
			}
		}
		var err error
		if *part.value, err = at.value(); err != nil {
			return hit{}, false
		}
	}
	if at.pos >= len(at.data) || at.data[at.pos] != '}' || f.quick && !f.ends(at.data[at.pos+1:]) {
		return hit{}, false
	}
	s.pos = at.pos + 1
	return h, true
}

// hitStart is how the server begins every hit.
var hitStart = []byte(`{"_index":`) //nolint:gochecknoglobals // a constant

// ends reports whether a hit may end before rest: another one begins, or there are no more. A document may hold just that text, and is then cut short: it is
// no JSON object, so that there may be more hits than there are, and never fewer. (Were a document's end missed, by a blank behind it, the next hit's start
// would lie within.) The last hit of an answer ends where it should, or the answer would go on behind its end: text within quotes has no quotes that are not
// escaped, so that brackets count alike wherever one begins.
func (f *framer) ends(rest []byte) bool {
	switch {
	case len(rest) == 0:
		return false
	case rest[0] == ',':
		return bytes.HasPrefix(rest[1:], f.before)
	}
	return rest[0] == ']'
}

// framePage frames the answer of one search, carefully where the quick way proves wrong.
func framePage(body []byte, p *page) error {
	if p.quick {
		blank := *p
		s := &scanner{data: body}
		if err := frame(s, p); err == nil && s.space() == 0 {
			p.text = body
			return nil
		}
		*p = blank
		p.hits, p.quick = p.hits[:0], false
	}
	return frame(&scanner{data: body}, p)
}

// again frames a page carefully whose documents do not end where the quick way had them end.
func (p *page) again() error {
	careful := page{hits: make([]hit, 0, len(p.hits))}
	if err := frame(&scanner{data: p.text}, &careful); err != nil {
		return err
	}
	p.hits, p.quick = careful.hits, false
	return nil
}
