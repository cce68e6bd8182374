package notify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"
)

// email sends one message to all recipients.
func (c *Config) email(ctx context.Context, o Options, m *Message) error {
	e := c.Email
	body, err := e.compose(m, o.Now())
	if err != nil {
		return &failure{err: err}
	}
	from, _, err := addresses(e)
	if err != nil {
		return &failure{err: err}
	}
	if err := e.send(ctx, from.Address, body); err != nil {
		if te, ok := errors.AsType[*textproto.Error](err); ok {
			return &failure{err: err, again: te.Code >= 400 && te.Code < 500}
		}
		if f, ok := errors.AsType[*failure](err); ok {
			return f
		}
		return &failure{err: err, again: true}
	}
	return nil
}

func addresses(e *Email) (from *mail.Address, to []*mail.Address, err error) {
	if from, err = mail.ParseAddress(e.From); err != nil {
		return nil, nil, errors.New("from is no address")
	}
	for _, s := range e.To {
		a, err := mail.ParseAddress(s)
		if err != nil {
			return nil, nil, errors.New("to holds what is no address")
		}
		to = append(to, a)
	}
	if len(to) == 0 {
		return nil, nil, errors.New("nobody is named in to")
	}
	return from, to, nil
}

// compose writes the message as MIME: its text, and the same as HTML. Only ASCII without line breaks stands in a header.
func (e *Email) compose(m *Message, now time.Time) ([]byte, error) {
	from, to, err := addresses(e)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(to))
	for i, a := range to {
		names[i] = a.String()
	}
	// The same run has the same id: what is sent again can be known.
	sum := sha256.Sum256([]byte(m.Key))
	id := hex.EncodeToString(sum[:16])
	domain := "assay.invalid"
	if _, d, ok := strings.Cut(from.Address, "@"); ok && ascii(d) {
		domain = d
	}
	var b bytes.Buffer
	parts := multipart.NewWriter(&b)
	for _, h := range [][2]string{
		{"From", from.String()},
		{"To", strings.Join(names, ",\r\n ")},
		{"Subject", header(m.Title())},
		{"Date", now.Format(time.RFC1123Z)},
		{"Message-ID", "<" + id + "@" + domain + ">"},
		{"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "multipart/alternative; boundary=" + parts.Boundary()},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	for _, p := range [][2]string{{"text/plain", m.Text()}, {"text/html", m.page()}} {
		w, err := parts.CreatePart(textproto.MIMEHeader{"Content-Type": {p[0] + "; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"}})
		if err != nil {
			return nil, fmt.Errorf("write the e-mail: %w", err)
		}
		q := quotedprintable.NewWriter(w)
		_, err = io.WriteString(q, p[1])
		if err = errors.Join(err, q.Close()); err != nil {
			return nil, fmt.Errorf("write the e-mail: %w", err)
		}
	}
	if err := parts.Close(); err != nil {
		return nil, fmt.Errorf("write the e-mail: %w", err)
	}
	return b.Bytes(), nil
}

// header is a text as the value of a header: bounded, encoded where it is not printable ASCII, and never with a line break of its own.
func header(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, first(s, 150))
	// encoded words are separated by blanks: a line each
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", s), "?= =?", "?=\r\n =?")
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("<>@", r) }) < 0
}

// send speaks SMTP. The whole of it takes no longer than an attempt may.
func (e *Email) send(ctx context.Context, from string, body []byte) (err error) {
	name, _, err := net.SplitHostPort(e.Server)
	if err != nil {
		return &failure{err: errors.New("server is not host:port")}
	}
	conf := &tls.Config{ServerName: name, RootCAs: e.Roots, MinVersion: tls.VersionTLS12}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", e.Server)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // by Quit already, or of no use
	if until, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(until); err != nil {
			return err
		}
	}
	if e.TLS == TLSFirst {
		t := tls.Client(conn, conf)
		if err := t.HandshakeContext(ctx); err != nil {
			return err
		}
		conn = t
	}
	c, err := smtp.NewClient(conn, name)
	if err != nil {
		return err
	}
	if e.TLS == TLSStart {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return &failure{err: errors.New("the server has no STARTTLS; tls: tls, or tls: none for a server on this machine")}
		}
		if err := c.StartTLS(conf); err != nil {
			return err
		}
	}
	if e.Username != "" {
		if err := c.Auth(smtp.PlainAuth("", e.Username, e.Password, name)); err != nil {
			if te, ok := errors.AsType[*textproto.Error](err); ok { // its text may repeat what was sent
				return &failure{err: fmt.Errorf("the server refuses the account: %d", te.Code), again: te.Code < 500}
			}
			return &failure{err: err}
		}
	}
	if err := c.Mail(from); err != nil {
		return err
	}
	_, to, err := addresses(e)
	if err != nil {
		return &failure{err: err}
	}
	for _, a := range to {
		if err := c.Rcpt(a.Address); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(body); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = c.Quit() // it is accepted
	return nil
}
