package elasticsearch

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors"
)

// TestScannerAgainstEncodingJSON holds the scanner's strings and extents to those of encoding/json.
func TestScannerAgainstEncodingJSON(t *testing.T) {
	for _, doc := range []string{
		`{"a":"x\"}]","b":[1,{"c":"\\"}],"d":null}`, ` { "a" : "\ud83d\ude00\u00e9\n\/" , "b" : [ ] , "d" : -1.5e3 } `,
		`{"a":"\ud800x","b":{"q":"\\\\\""},"d":true}`, `{}`, `{"a":"\udc00\ud83d","d":"\ud83d\u0041"}`,
	} {
		var want map[string]json.RawMessage
		if err := json.Unmarshal([]byte(doc), &want); err != nil {
			t.Fatal(err)
		}
		s := scanner{data: []byte(doc)}
		n := 0
		err := s.object(func(key []byte) error {
			raw, err := s.value()
			if err != nil {
				return err
			}
			n++
			if strings.TrimSpace(string(want[string(key)])) != string(raw) {
				t.Errorf("%s: %s is %s, want %s", doc, key, raw, want[string(key)])
			}
			var text string
			if json.Unmarshal(raw, &text) == nil && raw[0] == '"' {
				if got, _ := inner(raw, nil, utf8.RuneError); string(got) != text {
					t.Errorf("%s: text %q, want %q", doc, got, text)
				}
			}
			return nil
		})
		if err != nil || n != len(want) {
			t.Errorf("%s: %d members, %v", doc, n, err)
		}
	}
	for _, broken := range []string{``, `{`, `{"a`, `{"a"`, `{"a":`, `{"a":1`, `{"a":"\"}`, `{"a":[1}`, `{"a":{"b":1}`} {
		s := scanner{data: []byte(broken)}
		if err := s.object(func([]byte) error { _, err := s.value(); return err }); err == nil {
			t.Errorf("%q is read without an error", broken)
		}
	}
}

// TestDates holds the reader of dates to time.Parse and to what the formats say.
func TestDates(t *testing.T) {
	read := func(format, text string) (time.Time, bool) {
		formats, err := parseFormats(format)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range formats {
			if at, ok := f([]byte(text)); ok {
				return at, true
			}
		}
		return time.Time{}, false
	}
	for _, c := range [][3]string{ // format, text, instant or nothing
		{"", "2024", "2024-01-01T00:00:00Z"},
		{"", "2024-02", "2024-02-01T00:00:00Z"},
		{"", "2024-02-29", "2024-02-29T00:00:00Z"},
		{"", "2023-02-29", ""},
		{"", "2024-13-01", ""},
		{"", "2024-01-01T24:00:00Z", ""},
		{"", "2024-01-01T10", "2024-01-01T10:00:00Z"},
		{"", "2024-01-01T10:00:00.123456789+05:30", "2024-01-01T04:30:00.123456789Z"},
		{"", "2024-01-01T10:00:00,5-0330", "2024-01-01T13:30:00.5Z"},
		{"", "-1", "1969-12-31T23:59:59.999Z"},
		{"", "1700000000000", "2023-11-14T22:13:20Z"},
		{"", "soon", ""},
		{"", "2024-01-01 10:00:00", ""},
		{"epoch_second", "1700000000.25", "2023-11-14T22:13:20.25Z"},
		{"epoch_second", "-1.5", "1969-12-31T23:59:58.5Z"},
		{"epoch_millis", "1.5", "1970-01-01T00:00:00.0015Z"},
		{"basic_date", "20240229", "2024-02-29T00:00:00Z"},
		{"yyyy-MM-dd HH:mm:ss.SSS", "2024-01-01 10:00:00.120", "2024-01-01T10:00:00.12Z"},
		{"dd/MM/yyyy", "29/02/2024", "2024-02-29T00:00:00Z"},
		{"yyyy-MM-dd'T'HH:mm:ssXXX||epoch_millis", "2024-01-01T10:00:00+02:00", "2024-01-01T08:00:00Z"},
	} {
		at, ok := read(c[0], c[1])
		got := ""
		if ok {
			got = at.UTC().Format(time.RFC3339Nano)
		}
		if got != c[2] {
			t.Errorf("format %q, text %q: %q, want %q", c[0], c[1], got, c[2])
		}
	}
	for _, format := range []string{"E", "MMM dd", "yyyy-MM-dd'Jan'", "week_date", "yy", "[yyyy]"} {
		if _, err := parseFormats(format); err == nil {
			t.Errorf("format %q is taken to be known", format)
		}
	}
}

// TestRefusedAnswers holds answers to kinds, and their texts free of the connection's secrets.
func TestRefusedAnswers(t *testing.T) {
	c := &client{secrets: []string{"s3cret"}}
	for status, want := range map[int]connectors.ErrorKind{
		http.StatusUnauthorized: connectors.Unauthenticated, http.StatusForbidden: connectors.Denied, http.StatusNotFound: connectors.NotFound,
		http.StatusTooManyRequests: connectors.Failed, http.StatusInternalServerError: connectors.Failed, http.StatusGatewayTimeout: connectors.TimedOut,
	} {
		err := c.refused("read x", status, []byte(`{"error":{"type":"t","reason":"outer","caused_by":{"type":"c","reason":"user with s3cret"}}}`))
		if connectors.KindOf(err) != want || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "c: user with ***") {
			t.Errorf("%d: %v", status, err)
		}
	}
	for _, answer := range []struct {
		timedOut bool
		failed   int
		want     connectors.ErrorKind
	}{{true, 0, connectors.TimedOut}, {false, 1, connectors.Failed}} {
		if err := c.check("x", answer.timedOut, shards{Failed: answer.failed}); err == nil || connectors.KindOf(err) != answer.want {
			t.Errorf("%+v: %v", answer, err)
		}
	}
}

// TestParams holds bad settings to Misconfigured errors that repeat no secret.
func TestParams(t *testing.T) {
	for _, p := range []map[string]string{
		{},
		{"url": "localhost:9200"},
		{"url": "http://u:s3cret@ho st"},
		{"url": "ftp://u:s3cret@h"},
		{"url": "http://h?s3cret"},
		{"url": "http://h", "apikey": "s3cret"},
		{"url": "http://h", "insecure_skip_verify": "s3cret"},
		{"url": "http://h,u:s3cret@x"},
	} {
		_, err := newClient(connectors.Config{Name: "c", Params: p})
		var e *connectors.Error
		if !errors.As(err, &e) || e.Kind != connectors.Misconfigured || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v: %v", p, err)
		}
	}
}
