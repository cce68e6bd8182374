package notify_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/reports/notify"
)

// mailbox is a strict server of SMTP: what is out of order, is no ASCII line, or comes before encryption is an error of the test.
type mailbox struct {
	t       *testing.T
	l       net.Listener
	conf    *tls.Config
	mode    string         // notify.TLS...
	refuse  map[string]int // a command's word to the code of its first answer, of one that is refused
	mails   chan string
	account string
}

func newMailbox(t *testing.T, mode string, refuse map[string]int) (*mailbox, *x509.CertPool) {
	t.Helper()
	https := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate, which names example.com and 127.0.0.1
	t.Cleanup(https.Close)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &mailbox{t: t, l: l, conf: &tls.Config{Certificates: https.TLS.Certificates}, mode: mode, refuse: refuse, mails: make(chan string, 10)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b.serve(c)
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	roots := x509.NewCertPool()
	roots.AddCert(https.Certificate())
	return b, roots
}

func (b *mailbox) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	secure := b.mode == notify.TLSFirst
	if secure {
		c = tls.Server(c, b.conf)
	}
	r := bufio.NewReader(c)
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(c, format+"\r\n", args...) }
	say("220 mailbox ready")
	state := ""
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		if !strings.HasSuffix(line, "\r\n") || strings.IndexFunc(line[:len(line)-2], func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
			b.t.Errorf("no line of SMTP: %q", line)
		}
		line = strings.TrimSuffix(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		if code := b.refuse[verb]; code != 0 {
			delete(b.refuse, verb)
			say("%d not now, T0KEN4 or not", code)
			continue
		}
		switch {
		case verb == "EHLO" && !secure && b.mode == notify.TLSStart:
			say("250-mailbox\r\n250 STARTTLS")
		case verb == "EHLO":
			state = "greeted"
			say("250-mailbox\r\n250 AUTH PLAIN")
		case verb == "STARTTLS" && !secure && b.mode == notify.TLSStart:
			say("220 go on")
			c = tls.Server(c, b.conf)
			r, secure, state = bufio.NewReader(c), true, ""
		case verb == "AUTH" && state == "greeted":
			plain, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			b.account = string(plain)
			say("235 welcome")
		case verb == "MAIL" && state == "greeted":
			state = "mail"
			say("250 ok")
		case verb == "RCPT" && (state == "mail" || state == "rcpt"):
			state = "rcpt"
			say("250 ok")
		case verb == "DATA" && state == "rcpt":
			say("354 go on")
			state = "greeted"
			if text, ok := data(r); ok {
				b.mails <- text
				say("250 taken")
			}
		case verb == "*": // the client gives up AUTH
			say("501 so be it")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			b.t.Errorf("%q after %q", line, state)
			say("503 out of order")
		}
	}
}

func data(r *bufio.Reader) (string, bool) {
	var text strings.Builder
	for {
		l, err := r.ReadString('\n')
		if err != nil {
			return "", false
		}
		if l == ".\r\n" {
			return text.String(), true
		}
		text.WriteString(strings.TrimPrefix(l, "."))
	}
}

func (b *mailbox) config(roots *x509.CertPool) *notify.Config {
	return &notify.Config{Email: &notify.Email{
		Server: b.l.Addr().String(), TLS: b.mode, Roots: roots, From: `"Assay" <assay@example.com>`, To: []string{"a@example.com", "Bé <b@example.com>"}, Username: "me", Password: "T0KEN4",
	}}
}

func TestEmail(t *testing.T) {
	for _, mode := range []string{notify.TLSStart, notify.TLSFirst, notify.TLSNone} {
		b, roots := newMailbox(t, mode, map[string]int{"MAIL": 451})
		box := notify.NewOutbox(t.TempDir())
		put(t, box, "run1", "email")
		done, err := box.Deliver(t.Context(), b.config(roots), "shop", "run1", notify.Options{Backoff: quick, Timeout: time.Minute})
		if err != nil || len(done) != 1 || done[0].Err != nil {
			t.Fatalf("%s: %v %v", mode, done, err)
		}
		if len(b.mails) != 1 {
			t.Fatalf("%s: %d e-mails", mode, len(b.mails))
		}
		m, parts := read(t, <-b.mails)
		if got := m.Header.Get("Subject"); got != "[assay] CRITICAL: nightly" {
			t.Errorf("subject %q", got)
		}
		to, err := m.Header.AddressList("To")
		if err != nil || len(to) != 2 || to[1].Address != "b@example.com" || b.account != "\x00me\x00T0KEN4" {
			t.Errorf("to %v, %v, account %q", to, err, b.account)
		}
		if !strings.Contains(parts["text/plain"], "0.5 % of the judged rows") || !strings.Contains(parts["text/html"], "<li>orders.total: 3 of 10 rows fail</li>") {
			t.Errorf("parts: %v", parts)
		}
	}
}

// read parses an e-mail, and what it has in text/plain and text/html.
func read(t *testing.T, text string) (*mail.Message, map[string]string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err != nil {
			return m, parts
		}
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Error(err)
		}
		parts[kind] = string(body)
	}
}

// TestEmailHostile: what stands in data makes no header, no recipient, no end of the message and no markup.
func TestEmailHostile(t *testing.T) {
	b, _ := newMailbox(t, notify.TLSNone, nil)
	box := notify.NewOutbox(t.TempDir())
	if err := box.Put(notify.Of(hostile()), "shop", []string{"email"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	done, err := box.Deliver(t.Context(), b.config(nil), "shop", "run1", notify.Options{Timeout: time.Minute})
	if err != nil || len(done) != 1 || done[0].Err != nil || len(b.mails) != 1 {
		t.Fatalf("%v %v, %d e-mails", done, err, len(b.mails))
	}
	text := <-b.mails
	m, parts := read(t, text)
	if len(m.Header) != 8 || m.Header.Get("Bcc") != "" {
		t.Errorf("headers: %v", m.Header)
	}
	for l := range strings.SplitSeq(text, "\r\n") {
		if len(l) > 998 {
			t.Errorf("a line of %d bytes", len(l))
		}
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || strings.ContainsAny(subject, "\r\n\x1b") || !strings.Contains(subject, "<!channel>") {
		t.Errorf("subject %q, %v", subject, err)
	}
	if len(parts) != 2 || strings.Contains(parts["text/html"], "<script") || !strings.Contains(parts["text/html"], "&lt;script&gt;") || strings.Contains(parts["text/plain"], "\x1b") {
		t.Errorf("parts: %.2000q", parts)
	}
}

// TestEmailRefused: a server without encryption, or with a certificate of nobody's, gets neither the account nor the message; what is refused for good
// is not tried again at once.
func TestEmailRefused(t *testing.T) {
	plain, _ := newMailbox(t, notify.TLSNone, nil)
	conf := plain.config(nil)
	conf.Email.TLS = notify.TLSStart
	strange, _ := newMailbox(t, notify.TLSFirst, nil)
	refusing, roots := newMailbox(t, notify.TLSFirst, map[string]int{"AUTH": 535})
	for text, c := range map[string]struct {
		box  *mailbox
		conf *notify.Config
	}{
		"the server has no STARTTLS":          {plain, conf},
		"certificate":                         {strange, strange.config(nil)},
		"the server refuses the account: 535": {refusing, refusing.config(roots)},
	} {
		dir := t.TempDir()
		box := notify.NewOutbox(dir)
		put(t, box, "run1", "email")
		done, err := box.Deliver(t.Context(), c.conf, "shop", "run1", notify.Options{Backoff: quick, Timeout: time.Minute})
		if err != nil || len(done) != 1 || done[0].Err == nil || !strings.Contains(done[0].Err.Error(), text) || strings.Contains(done[0].Err.Error(), "T0KEN4") {
			t.Errorf("%s: %v %v", text, done, err)
		}
		if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 1 || len(c.box.mails) != 0 {
			t.Errorf("%s: %d left, %d delivered", text, len(files), len(c.box.mails))
		}
	}
}
