package elasticsearch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/assay-dev/assay/connectors"
)

var errStatementTimeout = connectors.ErrStatementTimeout

// scrub removes the connection's secrets from a text that others wrote.
func (c *client) scrub(text string) string {
	for _, s := range c.secrets {
		text = strings.ReplaceAll(text, s, "***")
	}
	return text
}

// failure wraps an error of the network. kind is for a failure that nothing else explains.
func (c *client) failure(ctx context.Context, op string, err error, kind connectors.ErrorKind) error {
	if own, ok := errors.AsType[*connectors.Error](err); ok {
		return own
	}
	if ctx.Err() != nil {
		cause := context.Cause(ctx)
		if errors.Is(cause, errStatementTimeout) || errors.Is(cause, context.DeadlineExceeded) {
			return &connectors.Error{Kind: connectors.TimedOut, Op: op, Err: cause}
		}
		return &connectors.Error{Op: op, Err: cause}
	}
	var netErr net.Error
	if errors.As(err, &netErr) && netErr.Timeout() {
		kind = connectors.TimedOut
	}
	var opErr *net.OpError
	if errors.As(err, &opErr) && opErr.Op == "read" {
		kind = connectors.Lost
	}
	text := err.Error()
	if strings.HasSuffix(text, "EOF") {
		kind = connectors.Lost
	}
	if clean := c.scrub(text); clean != text {
		err = errors.New(clean)
	}
	return &connectors.Error{Kind: kind, Op: op, Err: err}
}

// serverError is the error object of an answer.
type serverError struct {
	Type      string        `json:"type"`
	Reason    string        `json:"reason"`
	RootCause []serverError `json:"root_cause"`
	CausedBy  *serverError  `json:"caused_by"`
	Failed    []struct {
		Reason serverError `json:"reason"`
	} `json:"failed_shards"`
}

// text is the most telling reason: the innermost cause.
func (e *serverError) text() string {
	if len(e.Failed) > 0 {
		return e.Failed[0].Reason.text()
	}
	if e.CausedBy != nil && e.CausedBy.Reason != "" {
		return e.CausedBy.text()
	}
	if len(e.RootCause) > 0 && e.RootCause[0].Reason != "" && e.RootCause[0].Reason != e.Reason {
		return e.RootCause[0].text()
	}
	if e.Reason == "" {
		return e.Type
	}
	return e.Type + ": " + e.Reason
}

// refused turns an answer that is not 2xx into an error.
func (c *client) refused(op string, status int, body []byte) error {
	var answer struct {
		Error json.RawMessage `json:"error"`
	}
	var detail serverError
	text := ""
	if json.Unmarshal(body, &answer) == nil {
		if json.Unmarshal(answer.Error, &detail) == nil {
			text = detail.text()
		} else {
			_ = json.Unmarshal(answer.Error, &text)
		}
	}
	const most = 500
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	if text == "" {
		text = http.StatusText(status)
	}
	return &connectors.Error{
		Kind: kindOf(status, detail.Type), Op: op, Err: fmt.Errorf("%s (HTTP %d)", c.scrub(text), status),
	}
}

func kindOf(status int, kind string) connectors.ErrorKind {
	switch status {
	case http.StatusUnauthorized:
		return connectors.Unauthenticated
	case http.StatusForbidden:
		return connectors.Denied
	case http.StatusNotFound:
		if kind == "search_context_missing_exception" {
			return connectors.Lost
		}
		return connectors.NotFound
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return connectors.TimedOut
	}
	return connectors.Failed
}

// shards is the part of every answer of a search that says whether all data was read.
type shards struct {
	Failed   int `json:"failed"`
	Failures []struct {
		Reason serverError `json:"reason"`
	} `json:"failures"`
}

// check returns an error for an answer over a part of the data only.
func (c *client) check(op string, timedOut bool, s shards) error {
	if timedOut {
		return &connectors.Error{Kind: connectors.TimedOut, Op: op, Err: errStatementTimeout}
	}
	if s.Failed > 0 {
		reason := "no reason given"
		if len(s.Failures) > 0 {
			reason = s.Failures[0].Reason.text()
		}
		return &connectors.Error{Op: op, Err: fmt.Errorf("%d shards failed: %s", s.Failed, c.scrub(reason))}
	}
	return nil
}
