package elasticsearch

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
)

func TestAllowed(t *testing.T) {
	for request, want := range map[string]bool{
		"GET /": true, "HEAD /": true, "GET /idx": true, "GET /idx/_mapping": true, "GET /idx/_settings": true, "POST /_search": true,
		"POST /idx/_search": true, "POST /a,b*/_search": true, "POST /idx/_msearch": true, "POST /idx/_pit": true, "DELETE /_pit": true,
		"POST /idx/_search/point_in_time": true, "DELETE /_search/point_in_time": true, "POST /idx/_count": true, "POST /idx/_field_caps": true,
		"POST /_mget": true, "POST /idx/_mget": false, "PUT /_mget": false,

		"DELETE /": false, "DELETE /idx": false, "PUT /idx": false, "POST /idx": false, "POST /idx/_doc": false, "PUT /idx/_doc/1": false,
		"POST /_bulk": false, "POST /idx/_bulk": false, "POST /idx/_delete_by_query": false, "POST /idx/_update_by_query": false,
		"POST /_reindex": false, "PUT /idx/_mapping": false, "PUT /idx/_settings": false, "POST /_aliases": false, "PUT /idx/_alias/x": false,
		"DELETE /_search/scroll": false, "DELETE /_search/point_in_time/_all": false, "DELETE /idx/_pit": false, "DELETE /idx/_search": false,
		"POST /idx/_close": false, "POST /idx/_forcemerge": false, "POST /idx/_refresh": false, "PUT /_cluster/settings": false,
		"POST /_scripts/x": false, "POST /_tasks/x/_cancel": false, "POST /idx/../other/_search": false, "POST /idx//_search": false,
		"POST /idx%2F_delete_by_query": false, "POST /idx/_search/template": false, "PATCH /idx": false, "get /idx": false,
	} {
		var method, path string
		for i := range request {
			if request[i] == ' ' {
				method, path = request[:i], request[i+1:]
			}
		}
		if got := allowed(method, path); got != want {
			t.Errorf("%s: %v, want %v", request, got, want)
		}
	}
}

// TestGrants holds what a session that corrects may send beside what reads: changes of documents of its own indices.
func TestGrants(t *testing.T) {
	for request, want := range map[string]bool{
		"POST /idx/_bulk": true, "POST /idx/_refresh": true, "POST /other/_bulk": true, "PUT /idx/_doc/1": true, "PUT /other/_doc/a-b_c": true,
		"POST /idx/_search": true, "GET /elsewhere/_mapping": true,

		"POST /_bulk": false, "PUT /idx/_bulk": false, "POST /elsewhere/_bulk": false, "POST /idx,elsewhere/_bulk": false, "POST /*/_bulk": false,
		"PUT /elsewhere/_doc/1": false, "PUT /idx/_doc": false, "PUT /idx/_doc/": false, "POST /idx/_doc/1": false, "DELETE /idx/_doc/1": false,
		"PUT /idx/_doc/../x": false, "PUT /idx/_doc/1/_update": false, "POST /idx/_update/1": false, "PUT /idx/_create/1": false,
		"DELETE /idx": false, "PUT /idx": false, "PUT /idx/_mapping": false, "PUT /idx/_settings": false, "POST /_aliases": false,
		"POST /idx/_delete_by_query": false, "POST /idx/_update_by_query": false, "POST /_reindex": false, "POST /_refresh": false, "POST /elsewhere/_refresh": false,
		"POST /idx/_bulk/x": false, "POST /idx%2F_bulk": false, "POST /x/../idx/_bulk": false,
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := correcting("idx", "other").allows(method, path); got != want {
			t.Errorf("%s: %v, want %v", request, got, want)
		}
		if got := grant(nil).allows(method, path); got != allowed(method, path) {
			t.Errorf("%s without a grant: %v", request, got)
		}
	}
}

// TestRebuildGrants holds a session that rebuilds to its shadow, to the settings of the index that it takes the place of, and to aliases.
func TestRebuildGrants(t *testing.T) {
	for request, want := range map[string]bool{
		"PUT /shadow": true, "DELETE /shadow": true, "PUT /shadow/_settings": true, "POST /shadow/_bulk": true, "POST /shadow/_refresh": true,
		"POST /_aliases": true, "PUT /live/_settings": true,

		"PUT /live": false, "DELETE /live": false, "POST /live/_bulk": false, "PUT /live/_doc/1": false, "POST /live/_refresh": false, "DELETE /shadow,live": false,
		"DELETE /*": false, "PUT /_settings": false, "PUT /other/_settings": false, "PUT /shadow/_mapping": false, "DELETE /_aliases": false, "DELETE /": false,
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := rebuilding("shadow", "live").allows(method, path); got != want {
			t.Errorf("%s: %v, want %v", request, got, want)
		}
	}
}

// refusing fails the test when a request comes through.
type refusing struct{ t *testing.T }

func (r refusing) RoundTrip(req *http.Request) (*http.Response, error) {
	r.t.Errorf("%s %s reached the network", req.Method, req.URL.Path)
	return nil, errors.New("reached")
}

func TestTransportRefuses(t *testing.T) {
	reading := &readOnlyTransport{next: refusing{t}, prefixes: []string{"/es"}}
	writing := &writeTransport{next: refusing{t}, prefixes: []string{"/es"}, grant: correcting("own")}
	for _, tr := range []http.RoundTripper{reading, writing} {
		for _, target := range []string{"/es/idx/_delete_by_query", "/idx/_search", "/esidx/_search", "/es/_bulk", "/es/a%2F_bulk", "/own/_bulk", "/es/idx/_bulk"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://host"+target, nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := tr.RoundTrip(req)
			if answer != nil {
				_ = answer.Body.Close()
			}
			if connectors.KindOf(err) != connectors.ReadOnly {
				t.Errorf("%T, %s: %v", tr, target, err)
			}
		}
	}
}
