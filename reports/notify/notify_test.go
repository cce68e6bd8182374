package notify_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports/notify"
)

const (
	secret = "the-hmac-secret"
	evil   = "<!channel> <https://evil|x> *bold* @here <script>alert(1)</script>\r\nBcc: all@example.com\r\n\r\n.\r\n\x1b[31m\xff"
)

func report(id string) *result.Report {
	start := time.Date(2026, 3, 9, 4, 5, 6, 0, time.UTC)
	return &result.Report{
		Run:     result.Run{ID: id, Suite: "shop", Job: "nightly", Mode: "full", Start: start, End: start.Add(time.Second), DurationMS: 1000},
		Summary: result.Summary{Verdict: result.Fail, Passed: 2, Failed: 1, RecordsChecked: 1234},
		Expectations: []result.Expectation{
			{ID: "orders.total", Verdict: result.Fail, Since: result.SinceNew, Message: "3 of 10 rows fail"},
			{ID: "orders.id", Verdict: result.Pass, Since: result.SinceFixed, Message: "10 rows"},
			{ID: "orders.old", Verdict: result.Fail, Since: result.SinceStill, Message: "1 row fails", Failing: &result.Failing{Runs: 4}},
		},
		Alerts: []result.Alert{
			{Rule: "inconsistency", Level: "warning", Message: "0.5 % of the judged rows are false: above 0.1 %"},
			{Rule: "errors", Level: "warning", Message: "few", Expectation: "orders.id"},
			{Rule: "errors", Level: "critical", Message: "many", Expectation: "orders.total"},
		},
		Previous: &result.Previous{ID: "before", Start: start.Add(-24 * time.Hour), Verdict: result.Pass, New: 1, Fixed: 1, Still: 1},
	}
}

// receiver counts what a webhook has accepted, by key.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	requests int
	accepted map[string]int
	bodies   map[string]string
	problems []string
}

// newReceiver answers the nth request, from 1, as answer says; what answer returns 200 for is accepted.
func newReceiver(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request) int) *receiver {
	t.Helper()
	rec := &receiver{accepted: map[string]int{}, bodies: map[string]string{}}
	rec.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		rec.mu.Lock()
		rec.requests++
		n := rec.requests
		if err != nil {
			rec.problems = append(rec.problems, err.Error())
		}
		if p := wrong(r.Header, body); p != "" {
			rec.problems = append(rec.problems, p)
		}
		rec.mu.Unlock()
		code := answer(n, w, r)
		key := r.Header.Get(notify.KeyHeader)
		if code == 0 {
			return
		}
		if code == http.StatusOK {
			rec.mu.Lock()
			rec.accepted[key]++
			rec.bodies[key] = string(body)
			rec.mu.Unlock()
		}
		w.WriteHeader(code)
	}))
	t.Cleanup(rec.Close)
	return rec
}

// wrong verifies a signature as docs/alerts.md says how to, without the package's help.
func wrong(h http.Header, body []byte) string {
	stamp, sum, ok := strings.Cut(h.Get("Assay-Signature"), ",v1=")
	stamp, named := strings.CutPrefix(stamp, "t=")
	if !ok || !named {
		return "no signature: " + h.Get("Assay-Signature")
	}
	at, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || time.Since(time.Unix(at, 0)).Abs() > time.Hour {
		return "the signature is of another time: " + stamp
	}
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write(append([]byte(stamp+"."), body...))
	if got, err := hex.DecodeString(sum); err != nil || !hmac.Equal(got, mac.Sum(nil)) {
		return "the signature is wrong"
	}
	var m struct{ Schema, Key string }
	if err := json.Unmarshal(body, &m); err != nil || m.Schema != "assay.alert/v1" || m.Key != h.Get("Idempotency-Key") || m.Key == "" {
		return "the body is wrong: " + string(body)
	}
	return ""
}

func quick(int) time.Duration { return time.Millisecond }

func left(t *testing.T, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

func put(t *testing.T, box *notify.Outbox, id string, channels ...string) {
	t.Helper()
	if err := box.Put(notify.Of(report(id)), "shop", channels, time.Now()); err != nil {
		t.Fatal(err)
	}
}

func TestWebhook(t *testing.T) {
	release := make(chan struct{})
	for name, c := range map[string]struct {
		answer   func(n int, w http.ResponseWriter, r *http.Request) int
		attempts int    // in the first delivery
		fails    string // what the first delivery says; "" where it succeeds
		accepted int    // how often the receiver took the key until all is over
	}{
		"at once": {func(int, http.ResponseWriter, *http.Request) int { return 200 }, 1, "", 1},
		"500 twice": {func(n int, _ http.ResponseWriter, _ *http.Request) int {
			if n < 3 {
				return 500
			}
			return 200
		}, 3, "", 1},
		"429": {func(n int, _ http.ResponseWriter, _ *http.Request) int {
			if n == 1 {
				return 429
			}
			return 200
		}, 2, "", 1},
		"dropped": {func(n int, w http.ResponseWriter, _ *http.Request) int {
			if n < 3 {
				conn, _, err := http.NewResponseController(w).Hijack()
				if err == nil {
					_ = conn.Close()
				}
				return 0
			}
			return 200
		}, 3, "", 1},
		"hangs once": {func(n int, _ http.ResponseWriter, r *http.Request) int {
			if n == 1 {
				select {
				case <-r.Context().Done():
				case <-release:
				}
				return 0
			}
			return 200
		}, 2, "", 1},
		"taken, but answered too late": {func(n int, _ http.ResponseWriter, r *http.Request) int {
			if n == 1 {
				select {
				case <-r.Context().Done(): // the sender has given up
				case <-release:
				}
			}
			return 200
		}, 2, "", 2}, // the same key twice: the receiver's to drop
		"down for this run": {func(n int, _ http.ResponseWriter, _ *http.Request) int {
			if n <= 4 {
				return 503
			}
			return 200
		}, 4, "it answered 503 Service Unavailable", 1},
		"asks for an hour": {func(n int, w http.ResponseWriter, _ *http.Request) int {
			if n == 1 {
				w.Header().Set("Retry-After", "3600")
				return 429
			}
			return 200
		}, 1, "it answered 429", 1},
		"refused": {func(n int, _ http.ResponseWriter, _ *http.Request) int {
			if n == 1 {
				return 401
			}
			return 200
		}, 1, "it answered 401 Unauthorized", 1},
		"redirected": {func(n int, w http.ResponseWriter, _ *http.Request) int {
			if n == 1 {
				w.Header().Set("Location", "/elsewhere")
				return 307
			}
			return 200
		}, 1, "it answered 307", 1},
	} {
		t.Run(name, func(t *testing.T) {
			rec := newReceiver(t, c.answer)
			dir := filepath.Join(t.TempDir(), "outbox")
			box := notify.NewOutbox(dir)
			conf := &notify.Config{Webhook: &notify.Webhook{URL: rec.URL + "/token-in-path", Secret: secret}}
			put(t, box, "run1", "webhook")
			timeout := time.Minute
			if strings.HasPrefix(name, "hangs") || strings.HasPrefix(name, "taken") {
				timeout = 2 * time.Second // which is waited out once
			}
			o := notify.Options{Attempts: 4, Backoff: quick, Timeout: timeout}
			done, err := box.Deliver(t.Context(), conf, "shop", "run1", o)
			if err != nil || len(done) != 1 {
				t.Fatalf("%v %v", done, err)
			}
			rec.mu.Lock()
			requests := rec.requests
			rec.mu.Unlock()
			if requests != c.attempts {
				t.Errorf("%d attempts, not %d", requests, c.attempts)
			}
			switch {
			case c.fails == "" && (done[0].Err != nil || left(t, dir) != 0):
				t.Errorf("got %v, %d left", done[0].Err, left(t, dir))
			case c.fails != "":
				if done[0].Err == nil || !strings.Contains(done[0].Err.Error(), c.fails) || left(t, dir) != 1 {
					t.Fatalf("got %v, %d left", done[0].Err, left(t, dir))
				}
				// the next run delivers it, beside its own
				put(t, box, "run2", "webhook")
				if _, err := notify.NewOutbox(dir).Deliver(t.Context(), conf, "shop", "run2", o); err != nil || left(t, dir) != 0 {
					t.Errorf("%v, %d left", err, left(t, dir))
				}
				if again, err := box.Deliver(t.Context(), conf, "shop", "run3", o); err != nil || len(again) != 0 {
					t.Errorf("once more: %v %v", again, err)
				}
			}
			rec.Close() // and so every handler has ended
			if rec.accepted["run1"] != c.accepted || len(rec.problems) > 0 {
				t.Errorf("accepted %v, wrong: %v", rec.accepted, rec.problems)
			}
			for key := range rec.accepted {
				if key != "run1" && key != "run2" {
					t.Errorf("the receiver saw the key %q", key)
				}
			}
		})
	}
	close(release)
}

// TestOutboxIsOfASuite: what another suite has left is not sent to this one's receiver, nor is what is no entry touched.
func TestOutboxIsOfASuite(t *testing.T) {
	rec := newReceiver(t, func(int, http.ResponseWriter, *http.Request) int { return 200 })
	dir := t.TempDir()
	box := notify.NewOutbox(dir)
	conf := &notify.Config{Webhook: &notify.Webhook{URL: rec.URL, Secret: secret}}
	put(t, box, "run1", "webhook", "slack")
	if err := os.WriteFile(filepath.Join(dir, "torn.json"), []byte(`{"schema":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if done, err := box.Deliver(t.Context(), conf, "other", "", notify.Options{}); err != nil || len(done) != 0 {
		t.Errorf("%v %v", done, err)
	}
	if done, err := box.Deliver(t.Context(), conf, "shop", "", notify.Options{}); err != nil || len(done) != 1 || done[0].Err != nil {
		t.Errorf("%v %v", done, err)
	}
	if n := left(t, dir); n != 2 { // that of Slack, which has no address now, and the torn one
		t.Errorf("%d files are left", n)
	}
}

// TestGivenUp: nobody takes it for a week.
func TestGivenUp(t *testing.T) {
	rec := newReceiver(t, func(int, http.ResponseWriter, *http.Request) int { return 500 })
	dir := t.TempDir()
	box := notify.NewOutbox(dir)
	conf := &notify.Config{Webhook: &notify.Webhook{URL: rec.URL, Secret: secret}}
	if err := box.Put(notify.Of(report("run1")), "shop", []string{"webhook"}, time.Now().Add(-8*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	done, err := box.Deliver(t.Context(), conf, "shop", "", notify.Options{Backoff: quick})
	if err != nil || len(done) != 1 || !done[0].Dropped || done[0].Err == nil || left(t, dir) != 0 || rec.requests != 1 {
		t.Errorf("%+v %v, %d left", done, err, left(t, dir))
	}
}

// TestTwoAtOnce: two processes of one outbox do not both send an entry (where files can be locked).
func TestTwoAtOnce(t *testing.T) {
	if os.PathSeparator == '\\' {
		t.Skip("the outbox has no locks on Windows: see lock_other.go")
	}
	var box *notify.Outbox
	var conf *notify.Config
	var second []notify.Outcome
	rec := newReceiver(t, func(n int, _ http.ResponseWriter, _ *http.Request) int {
		if n == 1 { // while the first one waits for the answer
			second, _ = box.Deliver(context.Background(), conf, "shop", "", notify.Options{})
		}
		return 200
	})
	dir := t.TempDir()
	box = notify.NewOutbox(dir)
	conf = &notify.Config{Webhook: &notify.Webhook{URL: rec.URL, Secret: secret}}
	put(t, box, "run1", "webhook")
	done, err := box.Deliver(t.Context(), conf, "shop", "run1", notify.Options{Timeout: time.Minute})
	if err != nil || len(done) != 1 || done[0].Err != nil || len(second) != 0 || rec.requests != 1 || left(t, dir) != 0 {
		t.Errorf("%v %v, the other %v, %d requests", done, err, second, rec.requests)
	}
}

// TestNoSecrets: neither errors nor the outbox have what must not be seen.
func TestNoSecrets(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	dir := t.TempDir()
	box := notify.NewOutbox(dir)
	conf := &notify.Config{
		Webhook: &notify.Webhook{URL: strings.Replace(closed.URL, "://", "://user:URLPASS@", 1) + "/T0KEN1?key=T0KEN2", Secret: secret},
		Slack:   &notify.Slack{URL: "http://%zz/services/T0KEN3"},
		Email:   &notify.Email{Server: strings.TrimPrefix(closed.URL, "http://"), Username: "u", Password: "T0KEN4", From: "a@example.com", To: []string{"b@example.com"}, TLS: notify.TLSNone},
	}
	put(t, box, "run1", conf.Channels()...)
	done, err := box.Deliver(t.Context(), conf, "shop", "run1", notify.Options{Attempts: 2, Backoff: quick})
	if err != nil || len(done) != 3 {
		t.Fatalf("%v %v", done, err)
	}
	seen := ""
	for _, d := range done {
		if d.Err == nil {
			t.Errorf("%s: delivered to nobody", d.Channel)
			continue
		}
		seen += d.Channel + " " + d.Where + " " + d.Err.Error() + "\n"
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		seen += string(b)
	}
	for _, s := range []string{"T0KEN", "URLPASS", secret} {
		if strings.Contains(seen, s) || len(files) != 3 {
			t.Errorf("%s is seen, in %d files: %s", s, len(files), seen)
		}
	}
}

func TestMessage(t *testing.T) {
	m := notify.Of(report("run1"))
	if m.Level != "critical" || len(m.Rules) != 2 || m.Rules[1].Rule != "errors" || m.Rules[1].Level != "critical" || m.Rules[1].Alerts[0].Message != "many" {
		t.Errorf("rules: %+v", m.Rules)
	}
	want := `[assay] CRITICAL: nightly

fail: 2 passed, 1 failed, 0 warned, 0 could not be evaluated, 0 inconclusive, 0 skipped
1,234 rows read, run run1 of 2026-03-09 04:05:06 UTC

warning: inconsistency
  0.5 % of the judged rows are false: above 0.1 %

critical: errors
  many
  few

since the last run, of 2026-03-08 04:05:06 UTC
  1 new, 1 fixed, 1 still failing

new
  orders.total: 3 of 10 rows fail

still failing
  orders.old: 1 row fails (4 runs)

fixed
  orders.id: 10 rows
`
	if got := m.Text(); got != want {
		t.Errorf("got\n%s", got)
	}
}

// hostile is a report whose every text is.
func hostile() *result.Report {
	rep := report("run1")
	rep.Run.Suite, rep.Run.Job = evil, evil
	for i := range rep.Expectations {
		rep.Expectations[i].ID, rep.Expectations[i].Message = evil, evil+strings.Repeat("x", 1<<20)
	}
	for i := range rep.Alerts {
		rep.Alerts[i] = result.Alert{Rule: evil, Level: evil, Message: evil, Expectation: evil, Dataset: evil}
	}
	return rep
}

func TestSlack(t *testing.T) {
	var body []byte
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { body, _ = io.ReadAll(r.Body) }))
	defer s.Close()
	box := notify.NewOutbox(t.TempDir())
	if err := box.Put(notify.Of(hostile()), "shop", []string{"slack"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	conf := &notify.Config{Slack: &notify.Slack{URL: s.URL}}
	if done, err := box.Deliver(t.Context(), conf, "shop", "run1", notify.Options{}); err != nil || len(done) != 1 || done[0].Err != nil {
		t.Fatalf("%v %v", done, err)
	}
	var got struct {
		Text, Parse string
		Mrkdwn      *bool
		Blocks      []struct {
			Type string
			Text struct{ Type, Text string }
		}
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(got.Text, "<>\n\x1b") || !strings.Contains(got.Text, "&lt;!channel&gt;") || got.Mrkdwn == nil || *got.Mrkdwn || got.Parse != "none" {
		t.Errorf("the line of notifications: %q", got.Text)
	}
	if len(got.Blocks) < 5 || len(got.Blocks) > 50 {
		t.Fatalf("%d blocks", len(got.Blocks))
	}
	for i, b := range got.Blocks {
		if most := map[string]int{"header": 150, "section": 3000}[b.Type]; b.Text.Type != "plain_text" || b.Text.Text == "" || len([]rune(b.Text.Text)) > most || strings.Contains(b.Text.Text, "\x1b") {
			t.Errorf("block %d: %+v", i, b)
		}
	}
}
