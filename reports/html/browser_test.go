package html_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// browser is one page in a headless Chromium, spoken to over the DevTools protocol on a pipe.
type browser struct {
	t       *testing.T
	in      *os.File
	session string

	mu      sync.Mutex
	id      int
	waiting map[int]chan answer
	events  []event
	arrived *sync.Cond
}

type answer struct {
	Result json.RawMessage
	Err    string
}

type event struct {
	Method string
	Params json.RawMessage
}

// patience bounds everything that the browser is asked for.
const patience = 60 * time.Second

// openBrowser starts Chromium with a profile of its own. Where there is none the test is skipped, or failed when
// ASSAY_TEST_REQUIRE names chromium.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		if connectortest.Required("chromium") {
			t.Fatal("chromium is required and not installed")
		}
		t.Skip("chromium is not installed")
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "assay-chromium") //nolint:usetesting // t.TempDir fails while the browser's children still write to it
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe", "--user-data-dir="+profile)
	cmd.ExtraFiles = []*os.File{theirs, to}
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	_, _ = theirs.Close(), to.Close()
	b := &browser{t: t, in: ours, waiting: map[int]chan answer{}}
	b.arrived = sync.NewCond(&b.mu)
	go b.read(bufio.NewReaderSize(from, 1<<20))
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		_ = ours.Close()
		for range 50 {
			if os.RemoveAll(profile) == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

func (b *browser) read(r *bufio.Reader) {
	for {
		text, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
			Method string
			Params json.RawMessage
		}
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			continue
		}
		b.mu.Lock()
		if m.Method != "" {
			b.events = append(b.events, event{m.Method, m.Params})
			b.arrived.Broadcast()
		} else if c := b.waiting[m.ID]; c != nil {
			a := answer{Result: m.Result}
			if m.Error != nil {
				a.Err = m.Error.Message
			}
			delete(b.waiting, m.ID)
			c <- a
		}
		b.mu.Unlock()
	}
}

// call asks the browser and decodes its answer into out.
func (b *browser) call(method string, params map[string]any, out any) {
	b.t.Helper()
	c := make(chan answer, 1)
	b.mu.Lock()
	b.id++
	msg := map[string]any{"id": b.id, "method": method}
	b.waiting[b.id] = c
	b.mu.Unlock()
	if params != nil {
		msg["params"] = params
	}
	if b.session != "" {
		msg["sessionId"] = b.session
	}
	text, err := json.Marshal(msg)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(text, 0)); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	select {
	case a := <-c:
		if a.Err != "" {
			b.t.Fatalf("%s: %s", method, a.Err)
		}
		if out != nil {
			if err := json.Unmarshal(a.Result, out); err != nil {
				b.t.Fatalf("%s: %v", method, err)
			}
		}
	case <-time.After(patience):
		b.t.Fatalf("%s: no answer", method)
	}
}

// look is how a page is looked at.
type look struct {
	width  int
	dark   bool
	media  string // "" or "print"
	script bool
}

// load shows a file and waits until it is there. What happened before is forgotten.
func (b *browser) load(path string, l look) {
	b.t.Helper()
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": l.width, "height": 900, "deviceScaleFactor": 1, "mobile": l.width < 500}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{"media": l.media, "features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	b.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": !l.script}, nil)
	b.call("Page.navigate", map[string]any{"url": "about:blank"}, nil)
	b.await("Page.loadEventFired")
	b.mu.Lock()
	b.events = nil
	b.mu.Unlock()
	b.call("Page.navigate", map[string]any{"url": "file://" + path}, nil)
	b.await("Page.loadEventFired")
}

// await waits for an event since the last load.
func (b *browser) await(method string) {
	b.t.Helper()
	late := time.AfterFunc(patience, b.arrived.Broadcast)
	defer late.Stop()
	began := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		for i, e := range b.events {
			if e.Method == method {
				b.events = append(b.events[:i:i], b.events[i+1:]...)
				return
			}
		}
		if time.Since(began) >= patience {
			b.t.Fatalf("%s did not happen", method)
		}
		b.arrived.Wait()
	}
}

// eval evaluates JavaScript and decodes its value into out.
func (b *browser) eval(script string, out any) {
	b.t.Helper()
	var got struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	b.call("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true, "awaitPromise": true}, &got)
	if got.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", script, got.ExceptionDetails.Exception.Description)
	}
	if out != nil {
		if err := json.Unmarshal(got.Result.Value, out); err != nil {
			b.t.Fatalf("%s: %v: %s", script, err, got.Result.Value)
		}
	}
}

// complaints are console messages, exceptions and policy violations since the load, and requests other than for the page itself.
func (b *browser) complaints() (said, requested []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		switch e.Method {
		case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded":
			said = append(said, fmt.Sprintf("%s %s", e.Method, e.Params))
		case "Network.requestWillBeSent":
			var p struct {
				Type    string
				Request struct{ URL string }
			}
			if json.Unmarshal(e.Params, &p) != nil || p.Type != "Document" {
				requested = append(requested, string(e.Params))
			}
		}
	}
	return said, requested
}

// shot is a picture of the whole page, or of its upper part when height is given.
func (b *browser) shot(width, height int) []byte {
	b.t.Helper()
	if height == 0 {
		b.eval("document.documentElement.scrollHeight", &height)
	}
	var got struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{
		"format": "png", "captureBeyondViewport": true, "clip": map[string]any{"x": 0, "y": 0, "width": width, "height": min(height, 6000), "scale": 1},
	}, &got)
	png, err := base64.StdEncoding.DecodeString(got.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	return png
}
