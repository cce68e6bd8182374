package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// receiverKey is the key of the *receiver of a script.
type receiverKey struct{}

// receiver is a webhook that verifies what it gets, and keeps it.
type receiver struct {
	mu    sync.Mutex
	codes []int // of its next answers; 200 after them
	form  *jsonschema.Schema
	lines []string
	keys  map[string]int // the keys it has accepted, with how often
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	code := http.StatusOK
	if len(r.codes) > 0 {
		code, r.codes = r.codes[0], r.codes[1:]
	}
	var m struct {
		Key   string                  `json:"key"`
		Level string                  `json:"level"`
		Rules []struct{ Rule string } `json:"rules"`
		Text  string                  `json:"text"` // of Slack
	}
	if err == nil {
		err = json.Unmarshal(body, &m)
	}
	what := "slack " + m.Text
	if m.Text == "" {
		what = m.Level
		for _, rule := range m.Rules {
			what += " " + rule.Rule
		}
		if m.Key == "" || m.Key != req.Header.Get("Idempotency-Key") {
			what += " WITHOUT KEY"
		}
		if !signed(req.Header.Get("Assay-Signature"), "hmac-secret", body) {
			what += " NOT SIGNED"
		}
		if doc, bad := jsonschema.UnmarshalJSON(bytes.NewReader(body)); bad != nil || r.form.Validate(doc) != nil {
			what += " NOT BY ITS SCHEMA"
		}
		if code == http.StatusOK {
			r.keys[m.Key]++
		}
	}
	r.lines = append(r.lines, fmt.Sprintf("%d %s %v", code, what, err))
	w.WriteHeader(code)
}

// signed verifies a signature as docs/alerts.md says.
func signed(header, secret string, body []byte) bool {
	t, sum, _ := strings.Cut(header, ",v1=")
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(strings.TrimPrefix(t, "t=") + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil)) == sum
}

// receiverVerb: receiver [CODE...] starts a webhook at $HOOK, if it is not there yet; its next answers are the codes.
func receiverVerb(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: receiver [CODE...]")
	}
	r, ok := ts.Value(receiverKey{}).(*receiver)
	if !ok {
		ts.Fatalf("not under go test")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range args {
		code, err := strconv.Atoi(a)
		ts.Check(err)
		r.codes = append(r.codes, code)
	}
	if r.keys == nil {
		r.keys = map[string]int{}
		form, err := jsonschema.NewCompiler().Compile(filepath.Join(connectortest.ModuleRoot(ts.Value(farKey{}).(*far).t), "docs", "alert.schema.json"))
		ts.Check(err)
		r.form = form
		s := httptest.NewServer(r)
		ts.Defer(s.Close)
		ts.Setenv("HOOK", s.URL+"/services/T0KEN")
		ts.Setenv("HOOK_KEY", "hmac-secret")
	}
}

// receivedVerb: received FILE puts what the webhook got since the last time into a file, a line each, and last how many keys it has ever accepted, how often.
func receivedVerb(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, "received FILE")
	r, ok := ts.Value(receiverKey{}).(*receiver)
	if !ok || r.keys == nil {
		ts.Fatalf("no receiver yet")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	times := 0
	for _, n := range r.keys {
		times += n
	}
	lines := append(slices.Clone(r.lines), fmt.Sprintf("keys %d times %d", len(r.keys), times))
	r.lines = nil
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
}
