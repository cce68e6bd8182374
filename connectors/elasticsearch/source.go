package elasticsearch

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// Source reads one cluster. It implements connectors.Source, connectors.SetChecker, connectors.Explainer and connectors.Snapshotter.
type Source struct {
	client *client
	name   string
	points *points // of a snapshot, else nil
}

var (
	_ connectors.Source      = (*Source)(nil)
	_ connectors.Opener      = Open
	_ connectors.SetChecker  = (*Source)(nil)
	_ connectors.Explainer   = (*Source)(nil)
	_ connectors.Snapshotter = (*Source)(nil)
)

// Open connects to a cluster and asks it whether it is Elasticsearch or OpenSearch.
//
// Parameters: url (several separated by commas; user and password may stand in it), api_key, or username and password,
// ca_cert (the path of a PEM file) and insecure_skip_verify (true or false).
func Open(ctx context.Context, cfg connectors.Config) (connectors.Source, error) {
	c, err := newClient(cfg)
	if err != nil {
		return nil, err
	}
	var root struct {
		Version struct {
			Distribution string `json:"distribution"`
			Number       string `json:"number"`
		} `json:"version"`
	}
	if err := c.json(ctx, "open "+cfg.Name, request{method: http.MethodGet, path: "/"}, &root); err != nil {
		c.close()
		return nil, err
	}
	c.openSearch, c.version = root.Version.Distribution == "opensearch", root.Version.Number
	return &Source{client: c, name: cfg.Name}, nil
}

// Close implements connectors.Source.
func (s *Source) Close() error {
	if s.points != nil {
		s.points.close(s)
		return nil
	}
	s.client.close()
	return nil
}

// endpoint is the path of a request to an index, "" for one that names a point in time.
func endpoint(index, verb string) string {
	if index == "" {
		return "/" + verb
	}
	return "/" + url.PathEscape(index) + "/" + verb
}

// timeoutText is the server's notation of the statement timeout, "" for none.
func (c *client) timeoutText() string {
	if c.timeout <= 0 {
		return ""
	}
	return strconv.FormatInt(max(c.timeout.Milliseconds(), 1), 10) + "ms"
}

// refuse builds a refusal of a part of a request.
func refuse(e query.Expr, reason string) *query.Refusal {
	r := &query.Refusal{Reason: "elasticsearch: " + reason}
	if e != nil {
		r.Span = e.Span()
	}
	return r
}
