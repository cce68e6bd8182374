package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The headers of a webhook.
const (
	// SignatureHeader is "t=SECONDS,v1=HEX": the time of the attempt, and the HMAC-SHA-256, under the secret, of SECONDS, a dot and the body.
	SignatureHeader = "Assay-Signature"
	// KeyHeader holds the Key of the message.
	KeyHeader = "Idempotency-Key"
)

// Sign returns the value of SignatureHeader.
func Sign(secret string, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// failure is one attempt's error, with what to do about it.
type failure struct {
	err   error
	again bool          // another attempt may do
	after time.Duration // not before; 0 where the receiver does not say
}

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

func (c *Config) webhook(ctx context.Context, o Options, key string, body []byte) error {
	h := http.Header{KeyHeader: {key}}
	if c.Webhook.Secret != "" {
		h.Set(SignatureHeader, Sign(c.Webhook.Secret, o.Now(), body))
	}
	return post(ctx, o, c.Webhook.URL, h, body)
}

// post sends JSON. Redirections are not followed: what is signed for one receiver is not for another.
func post(ctx context.Context, o Options, to string, h http.Header, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return &failure{err: errors.New("the address is no URL")} // the cause repeats it
	}
	req.Header = h.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", o.UserAgent)
	req.GetBody = nil // nothing is sent twice but by our own count
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: o.Timeout, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		if ue, ok := errors.AsType[*url.Error](err); ok {
			err = ue.Err // without the address, which may be secret
		}
		return &failure{err: err, again: true}
	}
	defer func() { _ = resp.Body.Close() }() // nothing of it is needed
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return nil
	}
	f := &failure{err: fmt.Errorf("it answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))}
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusRequestTimeout || resp.StatusCode >= 500 {
		f.again = true
		if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
			f.after = time.Duration(min(s, 1<<20)) * time.Second
		}
	}
	return f
}

// Bounds of Slack, in characters.
const (
	slackTitle = 150
	slackText  = 2900
	slackParts = 40
)

type slackWords struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type slackBlock struct {
	Type string     `json:"type"`
	Text slackWords `json:"text"`
}

// slackBody is the message as Slack's JSON. Its blocks are plain text, in which nothing is a link, a mention or markup; the line that notifications show
// cannot be, and is escaped.
func slackBody(m *Message) ([]byte, error) {
	blocks := []slackBlock{{"header", slackWords{"plain_text", first(m.Title(), slackTitle)}}}
	for _, s := range m.sections() {
		text := strings.Join(s.lines, "\n")
		if s.head != "" {
			text = s.head + "\n• " + strings.Join(s.lines, "\n• ")
		}
		if len(blocks) < slackParts {
			blocks = append(blocks, slackBlock{"section", slackWords{"plain_text", first(text, slackText)}})
		}
	}
	line := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(first(m.Title(), slackTitle))
	b, err := json.Marshal(struct {
		Text        string       `json:"text"`
		Parse       string       `json:"parse"`
		LinkNames   bool         `json:"link_names"`
		Mrkdwn      bool         `json:"mrkdwn"`
		UnfurlLinks bool         `json:"unfurl_links"`
		UnfurlMedia bool         `json:"unfurl_media"`
		Blocks      []slackBlock `json:"blocks"`
	}{Text: line, Parse: "none", Blocks: blocks})
	if err != nil {
		return nil, fmt.Errorf("write Slack's JSON: %w", err)
	}
	return b, nil
}

// first is the first n characters of s.
func first(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
