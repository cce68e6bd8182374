package elasticsearch

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// result is the server's answer for one item.
type result struct {
	status      int
	seqNo, term int64
	kind        string // of the error
	reason      string
}

// answers calls f for each item of the answer to a bulk request; f must consume it.
func (s *scanner) answers(f func(*scanner) error) error {
	return s.object(func(key []byte) error {
		if string(key) != "items" {
			_, err := s.value()
			return err
		}
		return s.array(func() error { return f(s) })
	})
}

// read reads the answer for one item.
func (r *result) read(s *scanner) error {
	return s.object(func(key []byte) error {
		raw, err := s.value()
		if err != nil {
			return err
		}
		ok := true
		switch string(key) {
		case "status":
			var n int64
			n, ok = parseInt(raw)
			r.status = int(n)
		case "_seq_no":
			r.seqNo, ok = parseInt(raw)
		case "_primary_term":
			r.term, ok = parseInt(raw)
		case "error":
			r.explain(raw)
		}
		if !ok {
			return errJSON
		}
		return nil
	})
}

// explain reads the reason of an item that failed, without the value that the server shows of it: its column may be masked.
func (r *result) explain(raw json.RawMessage) {
	if len(raw) == 0 {
		return
	}
	var e serverError
	if json.Unmarshal(raw, &e) != nil {
		r.reason = "no reason given"
		return
	}
	r.kind = e.Type
	reason := e.Reason
	for _, value := range [...]string{" Preview of field's value", " The prefix of the first immense term"} {
		reason, _, _ = strings.Cut(reason, value)
	}
	const most = 500
	if len(reason) > most {
		reason = strings.ToValidUTF8(reason[:most], "") + "…"
	}
	cause := &e
	for cause.CausedBy != nil {
		cause = cause.CausedBy
	}
	if cause.Type != e.Type { // its reason may hold the value too
		reason += " " + cause.Type
	}
	r.reason = e.Type + ": " + reason
}

// error is why the item failed.
func (r *result) error(c *client) error {
	reason := r.reason
	if reason == "" {
		reason = http.StatusText(r.status)
	}
	return fmt.Errorf("%s (HTTP %d)", c.scrub(reason), r.status)
}
