package elasticsearch

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
)

// errReadOnly is the cause of every refusal of the allow-list.
var errReadOnly = errors.New("only requests that read are sent")

// rootEndpoints are the endpoints without an index.
var rootEndpoints = map[string][]string{
	"":               {http.MethodGet, http.MethodHead},
	"_search":        {http.MethodGet, http.MethodPost},
	"_msearch":       {http.MethodGet, http.MethodPost},
	"_mget":          {http.MethodGet, http.MethodPost},
	"_pit":           {http.MethodDelete}, // closes a point in time of Elasticsearch
	"_count":         {http.MethodGet, http.MethodPost},
	"_mapping":       {http.MethodGet},
	"_settings":      {http.MethodGet},
	"_field_caps":    {http.MethodGet, http.MethodPost},
	"_resolve/index": {http.MethodGet},
	// closes a point in time of OpenSearch
	"_search/point_in_time": {http.MethodDelete},
}

// indexEndpoints are the endpoints beneath an index.
var indexEndpoints = map[string][]string{
	"":                      {http.MethodGet, http.MethodHead},
	"_search":               {http.MethodGet, http.MethodPost},
	"_msearch":              {http.MethodGet, http.MethodPost},
	"_pit":                  {http.MethodPost},
	"_search/point_in_time": {http.MethodPost},
	"_count":                {http.MethodGet, http.MethodPost},
	"_mapping":              {http.MethodGet},
	"_settings":             {http.MethodGet},
	"_field_caps":           {http.MethodGet, http.MethodPost},
	"_alias":                {http.MethodGet},
}

// allowed reports whether the request can only read. path is decoded and without the prefix of the URL.
func allowed(method, path string) bool {
	path = strings.Trim(path, "/")
	if strings.Contains(path, "//") || strings.Contains(path, "..") || strings.ContainsAny(path, "\\%") {
		return false
	}
	index, rest, _ := strings.Cut(path, "/")
	if path == "" || strings.HasPrefix(index, "_") {
		return slices.Contains(rootEndpoints[path], method)
	}
	return slices.Contains(indexEndpoints[rest], method)
}

// readOnlyTransport is the last round tripper before the network: nothing reaches a server past it.
type readOnlyTransport struct {
	next     http.RoundTripper
	prefixes []string // path prefixes of the configured URLs, without a trailing slash
}

// RoundTrip implements http.RoundTripper.
func (t *readOnlyTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	for _, p := range t.prefixes {
		path, ok := strings.CutPrefix(r.URL.Path, p)
		if ok && (path == "" || path[0] == '/') && allowed(r.Method, path) {
			return t.next.RoundTrip(r)
		}
	}
	return nil, &connectors.Error{
		Kind: connectors.ReadOnly, Op: fmt.Sprintf("%s %s", r.Method, r.URL.Path), Err: errReadOnly,
	}
}
