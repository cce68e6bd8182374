package elasticsearch

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"

	"github.com/assay-dev/assay/connectors"
)

// client sends requests and turns answers into errors by kind.
type client struct {
	transport  *elastictransport.Client
	pool       *http.Transport
	timeout    time.Duration
	openSearch bool
	version    string
	secrets    []string
	name       string
	writable   bool
	// bare are the options of the transport without its round tripper and retries, and prefixes the paths of the configured URLs.
	bare     []elastictransport.Option
	prefixes []string
	// unseen are what corrections wrote and searches do not see yet.
	unseen *unseen
	latest *latest
}

// params are the keys of a connection.
var params = map[string]bool{
	"url": true, "api_key": true, "username": true, "password": true, "ca_cert": true, "insecure_skip_verify": true,
	// Keys that belong to the connection's description and not to this driver.
	"driver": true, "writable": true, "timezone": true,
}

// newClient reads the connection's parameters. It sends nothing.
func newClient(cfg connectors.Config) (*client, error) {
	op := "open " + cfg.Name
	bad := func(format string, args ...any) error {
		return &connectors.Error{Kind: connectors.Misconfigured, Op: op, Err: fmt.Errorf(format, args...)}
	}
	for k := range cfg.Params {
		if !params[k] {
			return nil, bad("unknown parameter %q: it takes url, api_key or username and password, and ca_cert", k)
		}
	}
	c := &client{timeout: cfg.Timeout, name: cfg.Name, writable: cfg.Writable, unseen: &unseen{}, latest: &latest{}}
	user, password := cfg.Params["username"], cfg.Params["password"]
	var urls []*url.URL
	var prefixes []string
	for i, text := range strings.Split(cfg.Params["url"], ",") {
		u, err := url.Parse(strings.TrimSpace(text))
		// url.Parse repeats the text, which may hold a password.
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, bad("url %d is not of the form http://host:port or https://host:port", i+1)
		}
		if u.RawQuery != "" || u.Fragment != "" {
			return nil, bad("url %d has a query or a fragment", i+1)
		}
		if u.User != nil {
			user = u.User.Username()
			if p, ok := u.User.Password(); ok {
				password = p
			}
			u.User = nil
		}
		u.Path = strings.TrimRight(u.Path, "/")
		u.RawPath = ""
		urls, prefixes = append(urls, u), append(prefixes, u.Path)
	}
	c.pool = &http.Transport{Proxy: http.ProxyFromEnvironment}
	if usual, ok := http.DefaultTransport.(*http.Transport); ok { // unless the program around has another
		c.pool = usual.Clone()
	}
	// Compression costs the server more than the wire gains.
	c.pool.DisableCompression = true
	c.pool.MaxConnsPerHost = cfg.MaxConns
	c.pool.ReadBufferSize = 64 << 10 // pages are megabytes: fewer calls than with the default of 4 KiB
	c.pool.MaxIdleConnsPerHost = 8
	tlsConfig, err := readTLS(cfg.Params)
	if err != nil {
		return nil, bad("%w", err)
	}
	c.pool.TLSClientConfig = tlsConfig
	options := []elastictransport.Option{elastictransport.WithURLs(urls...)}
	switch key := cfg.Params["api_key"]; {
	case key != "":
		options = append(options, elastictransport.WithAPIKey(key))
		c.secrets = append(c.secrets, key)
		// what the key encodes is id:secret
		if plain, err := base64.StdEncoding.DecodeString(key); err == nil {
			if _, secret, ok := strings.Cut(string(plain), ":"); ok && secret != "" {
				c.secrets = append(c.secrets, secret)
			}
		}
	case user != "":
		options = append(options, elastictransport.WithBasicAuth(user, password))
	}
	if password != "" {
		c.secrets = append(c.secrets, password)
	}
	c.bare, c.prefixes = options, prefixes
	c.transport, err = elastictransport.NewClient(append(slices.Clip(options),
		elastictransport.WithTransport(&readOnlyTransport{next: c.pool, prefixes: prefixes}), elastictransport.WithMaxRetries(2))...)
	if err != nil {
		return nil, bad("%s", c.scrub(err.Error()))
	}
	return c, nil
}

// readTLS reads ca_cert (a PEM file) and insecure_skip_verify.
func readTLS(p map[string]string) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if path := p["ca_cert"]; path != "" {
		pem, err := os.ReadFile(path) // #nosec G304 -- the user's own file
		if err != nil {
			return nil, fmt.Errorf("ca_cert: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("ca_cert holds no PEM certificate")
		}
	}
	if text := p["insecure_skip_verify"]; text != "" {
		skip, err := strconv.ParseBool(text)
		if err != nil {
			return nil, errors.New("insecure_skip_verify is neither true nor false")
		}
		cfg.InsecureSkipVerify = skip // #nosec G402 -- asked for
	}
	return cfg, nil
}

// request is one HTTP request: what is sent, and what explain prints.
type request struct {
	method string
	path   string // escaped, with its query
	body   []byte // JSON, or JSON lines for _msearch
	lines  bool   // JSON lines
}

// do sends r and returns the whole body of a 2xx answer. op says what is being done.
func (c *client) do(ctx context.Context, op string, r request, buf *bytes.Buffer) ([]byte, error) {
	if r.searches() {
		if err := c.unseen.show(ctx); err != nil {
			return nil, err
		}
	}
	status, body, err := c.send(ctx, op, r, buf)
	if err != nil {
		return nil, err
	}
	if status/100 != 2 {
		return nil, c.refused(op, status, body)
	}
	return body, nil
}

// send sends r and returns the status and the whole body of the answer.
func (c *client) send(ctx context.Context, op string, r request, buf *bytes.Buffer) (int, []byte, error) {
	if c.timeout > 0 {
		var cancel context.CancelFunc
		// The server gets the same bound in the body and stops first where it can; closing the connection stops it elsewhere.
		ctx, cancel = context.WithTimeoutCause(ctx, c.timeout+c.timeout/10, errStatementTimeout)
		defer cancel()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.path, bytes.NewReader(r.body))
	if err != nil {
		return 0, nil, &connectors.Error{Op: op, Err: errors.New("unusable request path")}
	}
	if len(r.body) > 0 {
		req.Header.Set("Content-Type", "application/json")
		if r.lines {
			req.Header.Set("Content-Type", "application/x-ndjson")
		}
	}
	req.Header.Set("X-Opaque-Id", "assay")
	req.Header.Set("User-Agent", "assay")
	res, err := c.transport.Perform(req)
	if err != nil {
		return 0, nil, c.failure(ctx, op, err, connectors.Unreachable)
	}
	defer func() { _ = res.Body.Close() }()
	if buf == nil {
		buf = new(bytes.Buffer)
	}
	buf.Reset()
	if _, err := io.Copy(buf, res.Body); err != nil {
		return 0, nil, c.failure(ctx, op, err, connectors.Lost)
	}
	return res.StatusCode, buf.Bytes(), nil
}

// json sends r and decodes the answer into out.
func (c *client) json(ctx context.Context, op string, r request, out any) error {
	body, err := c.do(ctx, op, r, nil)
	if err != nil {
		return err
	}
	return decodeJSON(op, body, out)
}

// decodeJSON decodes an answer, numbers as json.Number.
func decodeJSON(op string, body []byte, out any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(out); err != nil {
		return &connectors.Error{Op: op, Err: fmt.Errorf("unreadable answer: %w", err)}
	}
	return nil
}

func (c *client) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.transport.Close(ctx)
	c.pool.CloseIdleConnections()
}
