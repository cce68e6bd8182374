package notify

import (
	"crypto/x509"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The names of the channels.
const (
	ChannelWebhook = "webhook"
	ChannelSlack   = "slack"
	ChannelEmail   = "email"
)

// Config says where messages go. A nil channel is not there.
type Config struct {
	Webhook *Webhook
	Slack   *Slack
	Email   *Email
}

// Webhook takes messages as JSON by POST.
type Webhook struct {
	URL    string
	Secret string // of the signature; "" for none
}

// Slack is an incoming webhook of Slack, or of what understands its JSON.
type Slack struct{ URL string }

// Email sends by SMTP.
type Email struct {
	Server             string // host:port
	TLS                string // TLSStart, TLSFirst or TLSNone
	Username, Password string
	From               string
	To                 []string
	Roots              *x509.CertPool // of the server's certificate; nil for the system's
}

// How a connection to a mail server is encrypted.
const (
	TLSStart = "starttls" // after the greeting; a server without it is refused
	TLSFirst = "tls"      // from the first byte
	TLSNone  = "none"
)

// Options steer the sending.
type Options struct {
	Attempts  int                             // of one message at one channel
	Timeout   time.Duration                   // of one attempt
	Backoff   func(attempt int) time.Duration // before the attempt after the given one, from 1
	UserAgent string
	Now       func() time.Time
}

// withDefaults fills what is not said: five attempts of ten seconds at most, half a second, one, two and four apart.
func (o Options) withDefaults() Options {
	if o.Attempts == 0 {
		o.Attempts = 5
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Backoff == nil {
		o.Backoff = func(attempt int) time.Duration { return 250 * time.Millisecond << min(attempt, 10) }
	}
	if o.UserAgent == "" {
		o.UserAgent = "assay"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Channels are the names of the channels that are there.
func (c *Config) Channels() []string {
	var out []string
	if c.Webhook != nil {
		out = append(out, ChannelWebhook)
	}
	if c.Slack != nil {
		out = append(out, ChannelSlack)
	}
	if c.Email != nil {
		out = append(out, ChannelEmail)
	}
	return out
}

// Where says where a channel leads, without what is secret of it.
func (c *Config) Where(channel string) string {
	switch {
	case channel == ChannelWebhook && c.Webhook != nil:
		return host(c.Webhook.URL)
	case channel == ChannelSlack && c.Slack != nil:
		return host(c.Slack.URL)
	case channel == ChannelEmail && c.Email != nil:
		return strings.Join(c.Email.To, ", ")
	}
	return ""
}

// host is what may be shown of a URL.
func host(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return "an address that is no URL"
	}
	return u.Host
}

// secrets are the texts that must never be seen, the longest first.
func (c *Config) secrets() []string {
	var out []string
	for _, s := range c.addresses() {
		out = append(out, s)
		if u, err := url.Parse(s); err == nil {
			out = append(out, u.RequestURI(), strings.Trim(u.EscapedPath(), "/"), u.RawQuery)
			if p, ok := u.User.Password(); ok {
				out = append(out, p)
			}
			for part := range strings.SplitSeq(u.Path, "/") {
				out = append(out, part)
			}
		}
	}
	if c.Webhook != nil {
		out = append(out, c.Webhook.Secret)
	}
	if c.Email != nil {
		out = append(out, c.Email.Password)
	}
	const least = 4 // what is shorter is no secret, and would make words unreadable
	out = slices.DeleteFunc(out, func(s string) bool { return len(s) < least })
	slices.SortFunc(out, func(a, b string) int { return len(b) - len(a) })
	return out
}

func (c *Config) addresses() (out []string) {
	if c.Webhook != nil {
		out = append(out, c.Webhook.URL)
	}
	if c.Slack != nil {
		out = append(out, c.Slack.URL)
	}
	return out
}
