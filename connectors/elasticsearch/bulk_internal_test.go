package elasticsearch

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// server answers as a cluster with one index does whose documents have the key 1, 2, …; what a bulk request is told, a test says.
type server struct {
	mu    sync.Mutex
	bulks [][]string // the _ids of each bulk request
	// answer says what becomes of the n-th request, from 0: a status of the whole, 0 to break the connection, or -1 for one item each by each.
	answer func(n int) int
	each   func(n int, id string) int
	now    string // what _mget finds: documents of its answer
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	say := func(status int, body string) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
	switch {
	case r.URL.Path == "/":
		say(http.StatusOK, `{"version":{"number":"9.0.0"}}`)
	case r.URL.Path == "/i":
		say(http.StatusOK, `{"i":{"mappings":{"properties":{"k":{"type":"keyword"}}}}}`)
	case r.URL.Path == "/_mget":
		say(http.StatusOK, `{"docs":[`+s.now+`]}`)
	case strings.HasSuffix(r.URL.Path, "/_search"):
		say(http.StatusOK, `{"hits":{"total":{"value":0,"relation":"eq"},"hits":[]}}`)
	case r.URL.Path == "/i/_bulk":
		s.bulk(w, r, say)
	default:
		say(http.StatusOK, `{"_shards":{}}`)
	}
}

func (s *server) bulk(w http.ResponseWriter, r *http.Request, say func(int, string)) {
	var ids, items []string
	n := len(s.bulks)
	lines := bufio.NewScanner(r.Body)
	for lines.Scan() {
		var line map[string]struct {
			ID string `json:"_id"`
		}
		_ = json.Unmarshal(lines.Bytes(), &line)
		for action, of := range line {
			if action == actionIndex || action == actionDelete || action == actionCreate {
				if strings.HasPrefix(of.ID, "assay-") { // what asks whether it may write
					items = append(items, fmt.Sprintf(`{%q:{"status":409,"error":{"type":"version_conflict_engine_exception"}}}`, action))
					continue
				}
				ids = append(ids, of.ID)
				if s.each == nil {
					continue
				}
				switch status := s.each(n, of.ID); status {
				case http.StatusOK:
					items = append(items, fmt.Sprintf(`{%q:{"status":200,"_seq_no":7,"_primary_term":1}}`, action))
				default:
					items = append(items, fmt.Sprintf(`{%q:{"status":%d,"error":{"type":"some_exception","reason":"why. Preview of field's value: 'secret'"}}}`, action, status))
				}
			}
		}
	}
	whole := -1
	if len(ids) > 0 {
		s.bulks = append(s.bulks, ids)
		whole = s.answer(n)
	}
	switch whole {
	case -1:
		say(http.StatusOK, `{"items":[`+strings.Join(items, ",")+`]}`)
	case 0:
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	default:
		say(whole, `{"error":{"type":"some_exception","reason":"all of it"}}`)
	}
}

// TestBulkAnswers holds the outcomes of changes to what the server answered, where it was busy, failed, or did not answer at all.
func TestBulkAnswers(t *testing.T) {
	always := func(status int) func(int) int { return func(int) int { return status } }
	after := func(n, before, then int) func(int) int {
		return func(i int) int {
			if i < n {
				return before
			}
			return then
		}
	}
	each := func(f func(n int, id string) int) func(int, string) int { return f }
	ok := each(func(int, string) int { return http.StatusOK })
	written := `{"_index":"i","_id":"2","_seq_no":9,"_primary_term":1,"found":true,"_source":{"k":"new"}}`
	asSeen := `{"_index":"i","_id":"2","_seq_no":5,"_primary_term":1,"found":true,"_source":{"k":"old"}}`
	others := `{"_index":"i","_id":"2","_seq_no":9,"_primary_term":1,"found":true,"_source":{"k":"theirs"}}`
	twoIs := func(statuses ...int) func(int, string) int {
		return func(n int, id string) int {
			if id == "2" {
				return statuses[min(n, len(statuses)-1)]
			}
			return http.StatusOK
		}
	}
	for name, c := range map[string]struct {
		answer   func(int) int
		each     func(int, string) int
		now      string
		outcomes string // of the changes of three documents; "uncertain" or "failed" for the error of all
		requests int
	}{
		"all well":                       {always(-1), ok, "", "000", 1},
		"busy for one":                   {always(-1), twoIs(429, 429, 200), "", "000", 3},
		"always busy for one":            {always(-1), twoIs(429), "", "020", mostAttempts},
		"conflict":                       {always(-1), twoIs(409), "", "010", 1},
		"mapping":                        {always(-1), twoIs(400), "", "020", 1},
		"not available, done":            {always(-1), twoIs(503, 409), written, "000", 2},
		"not available, others":          {always(-1), twoIs(503, 409), others, "010", 2},
		"failed within, done":            {always(-1), twoIs(500), written, "000", 1},
		"failed within, as it was":       {always(-1), twoIs(500), asSeen, "020", 1},
		"failed within, others":          {always(-1), twoIs(500), others, "010", 1},
		"busy for all":                   {after(2, 429, -1), ok, "", "000", 3},
		"always busy":                    {always(429), ok, "", "failed", mostAttempts},
		"too large for three":            {after(1, 413, -1), ok, "", "000", 3},
		"too large":                      {always(413), ok, "", "failed", 2}, // three, then the first
		"denied":                         {always(403), ok, "", "failed", 1},
		"an answer of a proxy":           {always(502), ok, "", "uncertain", 1},
		"no answer":                      {always(0), ok, "", "uncertain", 1},
		"no answer the second time":      {after(1, -1, 0), twoIs(429), "", "uncertain", 2},
		"fewer items than were asked of": {always(-1), nil, "", "uncertain", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{answer: c.answer, each: c.each, now: c.now}
			h := httptest.NewServer(s)
			defer h.Close()
			effects, err := changeThree(t, h.URL)
			got := ""
			for _, e := range effects {
				got += fmt.Sprint(e.Outcome)
				if e.Err != nil && strings.Contains(e.Err.Error(), "secret") {
					t.Errorf("the reason shows a value: %v", e.Err)
				}
			}
			switch {
			case errors.As(err, new(*connectors.UncertainError)):
				got = "uncertain"
			case err != nil:
				got = "failed"
			}
			if got != c.outcomes || len(s.bulks) != c.requests {
				t.Errorf("%s after %d requests, %v; want %s after %d", got, len(s.bulks), err, c.outcomes, c.requests)
			}
		})
	}
}

// changeThree changes three documents of a server without waiting between attempts.
func changeThree(t *testing.T, url string) ([]connectors.Effect, error) {
	t.Helper()
	src, err := Open(t.Context(), connectors.Config{Name: "c", Params: map[string]string{"url": url}, Writable: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = src.Close() }()
	d := query.Dataset{Name: "d", Index: "i", Key: []string{"_id"}}
	schema, err := src.Describe(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	key, _ := schema.Column("_id")
	k, _ := schema.Column("k")
	fix, err := src.(connectors.Corrector).Correct(t.Context(), connectors.Target{
		Relation: query.Relation{Dataset: d, Schema: schema}, Key: []value.Column{key}, Columns: []value.Column{k},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fix.Close() }()
	fix.(*correction).pace = func(context.Context, int) error { return nil }
	var changes []connectors.Change
	for _, id := range []string{"1", "2", "3"} {
		changes = append(changes, connectors.Change{
			Action: connectors.Update, Key: []value.Value{value.StringValue(id)}, Before: []value.Value{value.StringValue("old")},
			After: []value.Value{value.StringValue("new")}, Set: []int{0},
			Document: &connectors.Document{Index: "i", ID: id, SeqNo: 5, PrimaryTerm: 1, Source: json.RawMessage(`{"k":"old"}`)},
		})
	}
	return fix.Apply(t.Context(), changes, nil) //nolint:wrapcheck // what a test holds to its kind
}
