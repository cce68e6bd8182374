package elasticsearch_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/query"
)

// readerRole is the role of docs/connectors/elasticsearch.md, for the indices that connectortest makes.
const readerRole = `{"cluster": ["monitor"], "indices": [{"names": ["ct_*"], "privileges": ["read", "view_index_metadata"]}]}`

// TestOwnServer holds what needs a cluster that nobody else uses; it starts one for both.
func TestOwnServer(t *testing.T) {
	admin := connectortest.Private(t, "elasticsearch").DSN
	t.Run("accounts", func(t *testing.T) { testAccounts(t, admin) })
	t.Run("cancelled", func(t *testing.T) { testCancelled(t, admin) })
}

// testAccounts runs on a cluster that asks who calls: what a wrong account is told, what a right one needs, and that neither shows its secret.
func testAccounts(t *testing.T, admin string) {
	_, host, _ := strings.Cut(admin, "@")
	url := "http://" + host
	for name, role := range map[string]string{
		"reader": readerRole,
		"blind":  `{"indices": [{"names": ["ct_*"], "privileges": ["read"]}]}`,
		"deaf":   `{"indices": [{"names": ["ct_*"], "privileges": ["view_index_metadata"]}]}`,
	} {
		send(t, http.MethodPut, admin+"/_security/role/"+name, role)
		body, err := json.Marshal(map[string]any{"password": hostilePassword, "roles": []string{name}})
		if err != nil {
			t.Fatal(err)
		}
		send(t, http.MethodPut, admin+"/_security/user/"+name, string(body))
	}
	as := func(params map[string]string) (connectors.Source, error) {
		params["url"] = url
		return elasticsearch.Open(t.Context(), connectors.Config{Name: "search", Params: params})
	}
	user := func(t testing.TB, name string) connectors.Source {
		t.Helper()
		src, err := as(map[string]string{"username": name, "password": hostilePassword})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = src.Close() })
		return src
	}
	// A name that no role matches: nobody but the administrator may read it.
	secret := "secret_orders"
	send(t, http.MethodPut, admin+"/"+secret, `{"settings": {"number_of_replicas": 0}, "mappings": {"properties": {"id": {"type": "long"}, "k": {"type": "keyword"}}}}`)
	send(t, http.MethodPost, admin+"/"+secret+"/_doc?refresh=true", `{"id": 1, "k": "a"}`)
	hidden := query.Dataset{Name: "secret", Index: secret, Key: []string{"id"}}

	t.Run("not authenticated", func(t *testing.T) {
		key := base64.StdEncoding.EncodeToString([]byte("no_such_id:no_such_secret_of_a_key"))
		for what, c := range map[string]struct {
			params map[string]string
			want   string
		}{
			"wrong password": {
				map[string]string{"username": "reader", "password": "not:the/word"},
				"open search: security_exception: unable to authenticate user [reader] for REST request [/] (HTTP 401)",
			},
			"unknown user": {
				map[string]string{"username": "nobody", "password": hostilePassword},
				"open search: security_exception: unable to authenticate user [nobody] for REST request [/] (HTTP 401)",
			},
			"no account": {
				map[string]string{},
				"open search: security_exception: missing authentication credentials for REST request [/] (HTTP 401)",
			},
			"unknown key": {
				map[string]string{"api_key": key},
				"open search: security_exception: unable to authenticate with provided credentials and anonymous access is not allowed for this request (HTTP 401)",
			},
		} {
			_, err := as(c.params)
			refusedAs(t, what, err, connectors.Unauthenticated, c.want)
			keeps(t, err, "not:the/word", key, "no_such_secret_of_a_key", hostilePassword)
		}
	})

	t.Run("denied", func(t *testing.T) {
		// Described by one who may, so that every request after the description is refused by itself too.
		src, err := as(map[string]string{"username": "elastic", "password": "assay"})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = src.Close() }()
		rel := connectortest.Relation(t, src, hidden)
		reader := user(t, "reader")
		says := func(op, action, privileges string) string {
			return op + ": security_exception: action [" + action + "] is unauthorized for user [reader] with effective roles [reader] on indices [" + secret +
				"], this action is granted by the index privileges [" + privileges + "] (HTTP 403)"
		}
		_, err = reader.Describe(t.Context(), hidden)
		refusedAs(t, "describe", err, connectors.Denied, says("describe "+secret, "indices:admin/get", "view_index_metadata,manage,all"))
		_, err = reader.Aggregate(t.Context(), query.Aggregate{From: rel, Measures: []query.Measure{{Kind: query.MeasureCount}}})
		refusedAs(t, "aggregate", err, connectors.Denied, says("aggregate "+secret, "indices:data/read/search", "read,all"))
		cols := connectortest.Cols(t, rel, "id")
		_, err = reader.Select(t.Context(), query.Select{From: rel, Columns: cols})
		refusedAs(t, "stream", err, connectors.Denied, says("read "+secret, "indices:data/read/open_point_in_time", "read,all"))
		few := query.Branch{Where: call(query.OpEq, cols[0], integer(1)), Limit: 5}
		_, err = reader.Select(t.Context(), query.Select{From: rel, Columns: cols, Branches: []query.Branch{few, few}})
		refusedAs(t, "branches", err, connectors.Denied, says("read "+secret, "indices:data/read/search", "read,all"))
		_, err = reader.(connectors.SetChecker).CheckSet(t.Context(), &query.UniqueCheck{From: rel, Columns: connectortest.Cols(t, rel, "k")})
		refusedAs(t, "unique", err, connectors.Denied, says("check unique in "+secret, "indices:data/read/search", "read,all"))
	})

	t.Run("each privilege is needed", func(t *testing.T) {
		d := connectortest.LoadElasticsearch(t, admin, connectortest.BulkTable(3))
		for name, privilege := range map[string]string{"blind": "view_index_metadata", "deaf": "read"} {
			_, err := user(t, name).Describe(t.Context(), d)
			if connectors.KindOf(err) != connectors.Denied || !strings.Contains(err.Error(), privilege) {
				t.Errorf("without %s: %v", privilege, err)
			}
		}
		if got := connectortest.Relation(t, user(t, "reader"), d).Schema.Rows; got != 3 {
			t.Errorf("with both: %d rows", got)
		}
	})

	t.Run("api key", func(t *testing.T) {
		var key struct {
			Secret  string `json:"api_key"`
			Encoded string `json:"encoded"`
		}
		if err := json.Unmarshal(send(t, http.MethodPost, admin+"/_security/api_key", `{"name": "assay", "role_descriptors": {"reader": `+readerRole+`}}`), &key); err != nil || key.Secret == "" {
			t.Fatalf("no key: %v", err)
		}
		src, err := as(map[string]string{"api_key": key.Encoded})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = src.Close() }()
		d := connectortest.LoadElasticsearch(t, admin, connectortest.BulkTable(7))
		rel := connectortest.Relation(t, src, d)
		q := query.Select{From: rel, Columns: connectortest.Cols(t, rel, "id")}
		if got := len(connectortest.ReadAll(t, src, q, 0)); got != 7 {
			t.Errorf("%d rows by the key, want 7", got)
		}
		_, err = src.Describe(t.Context(), hidden)
		if connectors.KindOf(err) != connectors.Denied {
			t.Errorf("an index that the key does not name: %v", err)
		}
		keeps(t, err, key.Encoded, key.Secret)
		sent, err := src.(connectors.Explainer).Statements(q)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sent {
			if strings.Contains(s.Text, key.Encoded) || strings.Contains(s.Text, key.Secret) {
				t.Error("a statement holds the key")
			}
		}
	})

	t.Run("the reader suffices", func(t *testing.T) {
		connectortest.Run(t, connectortest.Harness{
			Name: "elasticsearch", Engine: connectortest.EngineElasticsearch,
			Load: func(t testing.TB, tb connectortest.Table) query.Dataset {
				return connectortest.LoadElasticsearch(t, admin, tb)
			},
			Open: func(t testing.TB) connectors.Source { return user(t, "reader") },
			OpenWith: func(t testing.TB, timeout time.Duration, conns int) connectors.Source {
				t.Helper()
				src, err := elasticsearch.Open(t.Context(), connectors.Config{
					Name: "search", Params: map[string]string{"url": url, "username": "reader", "password": hostilePassword}, Timeout: timeout, MaxConns: conns,
				})
				if err != nil {
					t.Fatal(err)
				}
				return src
			},
			Secrets: []string{hostilePassword},
			Refused: append(whereAndSkip(), refused()...),
			Extra:   []string{"_id"},
		})
	})
}

// refusedAs checks the kind and the whole text of an error.
func refusedAs(t *testing.T, what string, err error, kind connectors.ErrorKind, want string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
		return
	}
	if connectors.KindOf(err) != kind || err.Error() != want {
		t.Errorf("%s: kind %d\n %v\nwant kind %d\n %s", what, connectors.KindOf(err), err, kind, want)
	}
}

// keeps checks that an error keeps secrets to itself.
func keeps(t *testing.T, err error, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if err != nil && strings.Contains(err.Error(), s) {
			t.Errorf("the error holds %q: %v", s, err)
		}
	}
}
