package elasticsearch_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

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
		// those of docs/connectors/elasticsearch.md, and what they are without each of what they add to the reader
		"corrector": correctorRole("write", "maintenance"),
		"sparing":   correctorRole("index", "delete", "maintenance"),
		"hesitant":  correctorRole("maintenance"),
		"forgetful": correctorRole("index", "maintenance"),
		"impatient": correctorRole("write"),
		"rebuilder": correctorRole("write", "maintenance", "create_index", "manage", "delete_index"),
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

	t.Run("corrections", func(t *testing.T) { testCorrectors(t, admin, url) })

	t.Run("the reader suffices", func(t *testing.T) {
		boss, err := as(map[string]string{"username": "elastic", "password": "assay"})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = boss.Close() }()
		testReader(t, user(t, "reader"), boss, connectortest.LoadElasticsearch(t, admin, connectortest.BulkTable(3000)))
	})
}

// testReader sends every kind of request that the connector knows as both accounts: the reader is told what the administrator is, by the source
// and by a snapshot, whose requests go by another path. That the answers are right is what TestConformance shows.
func testReader(t *testing.T, reader, boss connectors.Source, d query.Dataset) {
	rel := connectortest.Relation(t, boss, d)
	cols := connectortest.Cols(t, rel, "id", "s", "d")
	few := query.Branch{Where: call(query.OpLt, cols[0], integer(40)), Limit: 30}
	unique := &query.UniqueCheck{From: rel, Columns: cols[1:2]}
	rows := func(q query.Select) func(*testing.T, connectors.Source) string {
		return func(t *testing.T, s connectors.Source) string {
			t.Helper()
			var lines []string
			for _, r := range connectortest.ReadAll(t, s, q, 0) {
				lines = append(lines, fmt.Sprint(r))
			}
			if q.Branches != nil && q.Branches[0].Limit > 0 { // any thirty
				return fmt.Sprint(len(lines))
			}
			slices.Sort(lines)
			return strings.Join(lines, "\n")
		}
	}
	measures := []query.Measure{{Kind: query.MeasureCount}, {Kind: query.MeasureTally, Arg: few.Where, Nulls: cols[:1]}}
	for _, k := range []query.MeasureKind{query.MeasureMin, query.MeasureMax, query.MeasureDistinct} {
		measures = append(measures, query.Measure{Kind: k, Arg: cols[0], Nulls: cols[:1]})
	}
	asked := 0
	for name, ask := range map[string]func(*testing.T, connectors.Source) string{
		"describe": func(t *testing.T, s connectors.Source) string {
			t.Helper()
			return schemaText(t, s, d)
		},
		"describe a query": func(t *testing.T, s connectors.Source) string {
			t.Helper()
			q := query.Dataset{Name: "some", Query: "POST /" + d.Index + `/_search` + "\n" + `{"query": {"range": {"id": {"lt": 40}}}}`, Key: []string{"id"}}
			return schemaText(t, s, q)
		},
		"aggregate": func(t *testing.T, s connectors.Source) string {
			t.Helper()
			b, err := s.Aggregate(t.Context(), query.Aggregate{From: rel, Measures: measures})
			if err != nil {
				t.Fatal(err)
			}
			var cells []string
			for i := range b.Cols {
				cells = append(cells, connectortest.At(&b.Cols[i], 0).String())
			}
			return strings.Join(cells, " ")
		},
		"unique": func(t *testing.T, s connectors.Source) string {
			t.Helper()
			r, err := s.(connectors.SetChecker).CheckSet(t.Context(), unique)
			if err != nil || r.True+r.False+r.Skipped == 0 {
				t.Fatal(r, err)
			}
			return fmt.Sprintf("%+v", r)
		},
		"stream":         rows(query.Select{From: rel, Columns: cols}),
		"stream by key":  rows(query.Select{From: rel, Columns: cols, OrderByKey: true}),
		"a branch":       rows(query.Select{From: rel, Columns: cols, Branches: []query.Branch{few}}),
		"branches":       rows(query.Select{From: rel, Columns: cols, Branches: []query.Branch{few, few}}),
		"all of a where": rows(query.Select{From: rel, Columns: cols, Branches: []query.Branch{{Where: few.Where}}}),
	} {
		t.Run(name, func(t *testing.T) {
			want := ask(t, boss)
			if len(want) < 2 {
				t.Fatalf("the administrator is told %q: that proves nothing", want)
			}
			if got := ask(t, reader); got != want {
				t.Errorf("the reader is told\n%.500s\nthe administrator\n%.500s", got, want)
			}
			if strings.HasPrefix(name, "describe") {
				asked++ // a snapshot is of what is described
				return
			}
			snap, err := reader.(connectors.Snapshotter).Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := ask(t, snap); got != want {
				t.Errorf("in a snapshot the reader is told\n%.500s\nthe administrator\n%.500s", got, want)
			}
			if err := snap.Close(); err != nil {
				t.Error(err)
			}
			asked++
		})
	}
	if asked != 9 {
		t.Errorf("%d kinds of requests were sent to their end, not 9", asked)
	}
}

// schemaText writes what a source says of a dataset.
func schemaText(t *testing.T, s connectors.Source, d query.Dataset) string {
	t.Helper()
	schema := connectortest.Relation(t, s, d).Schema
	out := []string{fmt.Sprint(schema.Rows)}
	for _, c := range schema.Columns {
		out = append(out, fmt.Sprintf("%s %s %s %v %v %s", c.Name, c.Type, c.Native, c.NotNull, c.MayErr, c.Unusable))
	}
	return strings.Join(out, "\n")
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
