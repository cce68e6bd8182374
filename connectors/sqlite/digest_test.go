package sqlite

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

func digestFile(t *testing.T) (string, *source) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "digest.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	opened, err := Open(t.Context(), connectors.Config{Name: "digest", Params: map[string]string{"path": path}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	s, ok := opened.(*source)
	if !ok {
		t.Fatal("another source")
	}
	return path, s
}

func (s *source) encodings(ctx context.Context, q digest.Request, beside *query.Column) (*value.Batch, error) {
	d, end := s.digesting()
	defer end()
	st, err := sqlgen.Encodings(d, q, beside)
	if err != nil {
		return nil, err
	}
	return s.whole(ctx, "encode", st, []value.Column{beside.Col, {Type: value.Of(value.Bytes)}})
}

func TestDigestHostile(t *testing.T) {
	path, s := digestFile(t)
	d := connectortest.LoadSQLite(t, path, connectortest.Fit(connectortest.HostileTable(), connectortest.EngineSQLite))
	r := connectortest.CheckDigest(t, s, d, "id", s.encodings)
	for k, n := range map[string]int{"0/bool": 2, "1/int": 2, "2/decimal": 10, "3/double": 4, "5/string": 2, "6/bytes": 2, "8/timestamp": 50, "11/json": 2} {
		if r.Forms[k] < n {
			t.Errorf("%d forms of %s: %v", r.Forms[k], k, r.Forms)
		}
	}
	if len(r.Refusals) != 0 {
		t.Errorf("refused: %v", r.Refusals)
	}
}

// TestDigestOddCells digests cells that are not of their column's type.
func TestDigestOddCells(t *testing.T) {
	path, s := digestFile(t)
	exec(t, path, `CREATE TABLE x (id INTEGER PRIMARY KEY, i INT, d DOUBLE, m DECIMAL, s TEXT, ts TIMESTAMP)`,
		`INSERT INTO x VALUES (1, 'one', 'two', 'three', x'00', 'four'), (2, 1.5, 1, '1.50', 'é', '2024-02-29T12:00:00Z'), (3, null, null, null, null, null), (4, 1, 9007199254740993, 1e3, 5, '2024-03-31 02:30:00')`)
	for _, zone := range []string{"", "UTC", "Europe/Berlin"} {
		r := connectortest.CheckDigest(t, s, query.Dataset{Table: "x", Timezone: zone}, "id", s.encodings)
		if r.Forms["8/timestamp"]+r.Forms["9/local timestamp"] < 50 || len(r.Refusals) != 0 {
			t.Errorf("%v, refused %v", r.Forms, r.Refusals)
		}
	}
}

// TestRepeatsAndCuts finds repeated keys, NULL among them, and the keys at which a table is cut.
func TestRepeatsAndCuts(t *testing.T) {
	path, s := digestFile(t)
	exec(t, path, `CREATE TABLE x (a INTEGER, b TEXT)`,
		`INSERT INTO x VALUES (1, 'x'), (1, 'x'), (1, 'X'), (2, null), (2, null), (2, null), (3, 'y'), (null, 'z'), (null, 'z'), (null, null), (5, 'y')`)
	d := query.Dataset{Table: "x", Key: []string{"a", "b"}}
	schema, err := s.Describe(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	rel := query.Relation{Dataset: d, Schema: schema}
	a, b := &query.Column{Index: 0, Col: schema.Columns[0]}, &query.Column{Index: 1, Col: schema.Columns[1]}
	upto := func(n int64) query.Expr {
		return &query.Call{Op: query.OpLe, Args: []query.Expr{a, &query.Literal{Val: value.IntValue(n), Typ: value.Of(value.Int)}}, Typ: value.Of(value.Bool)}
	}
	counts, err := s.Repeats(t.Context(), digest.Request{From: rel, Steps: []query.Expr{upto(1), upto(2)}})
	if err != nil {
		t.Fatal(err)
	}
	if len(counts) != 3 || counts[0] != 1 || counts[1] != 1 || counts[2] != 1 {
		t.Errorf("repeated keys %v", counts)
	}
	cuts, err := s.Cut(t.Context(), digest.Cut{From: rel, Columns: []*query.Column{a, b}, Every: 4})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range cuts.N {
		got = append(got, cuts.Cols[0].Value(i).Text()+cuts.Cols[1].Value(i).Text())
	}
	if strings.Join(got, " ") != "2null 5y" {
		t.Errorf("cuts %v", got)
	}
}

func exec(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}
